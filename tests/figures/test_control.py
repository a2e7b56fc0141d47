"""What a reader asks of any figure: its title, its legend."""

import pytest

import resviz
from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.sheet import PLAIN_SHEET, find_sheet

from .conftest import faults, texts

PARALLEL_LINE = "parallel branches stand one"


@pytest.mark.parametrize("figure", FIGURES)
def test_a_title_stands_in_place_of_the_name(network, figure):
    """Above every figure, and in what a screen reader calls it."""
    drawn = draw_diagram(network("resnet50"), figure, title="Ours & <more>")
    assert 1 == texts(drawn.picture).count("Ours & <more>")
    assert "resnet50" not in texts(drawn.picture)
    assert "Ours & <more>" == drawn.picture.title
    assert "<title" in drawn.to_svg()
    assert "Ours &amp; &lt;more&gt;" in drawn.to_svg()


@pytest.mark.parametrize("figure", FIGURES)
def test_without_a_title_nothing_is_lost_but_the_heading(network, figure):
    """What follows moves up, and lies as it lay."""
    whole = draw_diagram(network("resnet50"), figure).picture
    bare = draw_diagram(network("resnet50"), figure, no_title=True).picture
    lost = {*texts(whole)} - {*texts(bare)}
    assert any("resnet50" in line or "Bottleneck" in line for line in lost)
    assert 1 <= len(lost) <= 3
    assert bare.size[1] < whole.size[1]
    assert len(bare.edges) == len(whole.edges)
    assert [] == [*faults(bare)] or {*faults(bare)} == {*faults(whole)}
    assert 0 <= min(node.top for node in bare.nodes)


@pytest.mark.parametrize("figure", ["overview", "block", "lanes", "layers"])
def test_a_graph_for_others_to_place_has_the_same_heading(network, figure):
    """DOT has the title of a figure in its graph's label."""
    titled = draw_diagram(network("resnet50"), figure, title="Our net").to_dot()
    bare = draw_diagram(network("resnet50"), figure, no_title=True).to_dot()
    assert "Our net" in titled
    assert "parameters" in titled
    assert "25.6 M parameters" not in bare


@pytest.mark.parametrize("figure", FIGURES)
def test_without_a_legend_no_sign_is_explained(network, figure):
    """It has those words less; a block explains none."""
    whole = draw_diagram(network("resnet50"), figure).picture
    bare = draw_diagram(network("resnet50"), figure, no_legend=True).picture
    assert {*texts(bare)} <= {*texts(whole)} | {
        line for line in texts(bare) if "connections" in line
    }
    assert "colour: resolution" not in " ".join(texts(bare))
    assert (figure == "block") == (texts(bare) == texts(whole))
    assert bare.size[1] <= whole.size[1]


@pytest.mark.parametrize("figure", ["overview", "stack", "flow"])
def test_what_is_not_shown_is_said_without_a_legend_too(network, figure):
    """Parallel branches in a row are no sign, but a thing left out."""
    drawn = draw_diagram(network("split"), figure, no_legend=True)
    whole = draw_diagram(network("split"), figure)
    said = PARALLEL_LINE in " ".join(texts(whole.picture))
    assert said == (PARALLEL_LINE in " ".join(texts(drawn.picture)))


def test_lanes_declare_their_connections_without_a_legend(network):
    """Where each edge of the record is belongs to the figure."""
    drawn = draw_diagram(network("resnet50"), "lanes", no_legend=True)
    said = " ".join(texts(drawn.picture))
    assert f"of {drawn.coverage.edges} connections" in said
    assert "a lane: one resolution" not in said


def test_several_networks_keep_their_names(network):
    """A title stands above them all."""
    archs = [network("resnet18"), network("resnet50")]
    titled = draw_diagram(archs, "stack", title="Two nets").picture
    assert {"Two nets", "resnet18", "resnet50"} <= {*texts(titled)}
    assert [] == [*faults(titled)]
    bare = draw_diagram(archs, "stack", no_title=True).picture
    assert {"resnet18", "resnet50"} <= {*texts(bare)}


def test_a_title_and_none_are_two_wishes(network):
    """The error says so."""
    with pytest.raises(RenderError, match="got 'Ours' and no title, want one of them"):
        draw_diagram(network("resnet18"), title="Ours", no_title=True)


def test_a_hostile_title_stays_text(network, hostile):
    """In every format it is cleaned as a name is."""
    drawn = draw_diagram(network("resnet18"), title=hostile[1])
    for form in ("svg", "tikz", "mermaid", "dot"):
        assert "\x1b" not in drawn.render(form)
    for form in ("svg", "mermaid"):
        assert "</script>" not in drawn.render(form)


def test_a_sheet_is_put_away(network):
    """Also where a figure cannot be drawn."""
    with pytest.raises(RenderError):
        draw_diagram(network("plain"), "block", title="Ours")
    assert find_sheet() is PLAIN_SHEET


def test_a_fence_takes_them():
    """As the command line does."""
    line = 'resnet50 --title "Our net" --no-legend'
    assert {"title": "Our net", "no_legend": True} == {
        name: value
        for name, value in parse_fence_line(line)[1].options.items()
        if name in {"title", "no_legend"}
    }


def test_python_takes_them(record):
    """As keywords, with the figure's other options."""
    drawn = resviz.diagram(record("resnet18"), title="Ours", no_legend=True)
    assert "Ours" in texts(drawn.picture)
