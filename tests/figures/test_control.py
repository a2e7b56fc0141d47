"""What a reader asks of any figure: its title, its legend."""

import io
import re

import pytest
from PIL import Image

import resviz
from resviz.embed.fence import parse_fence_line
from resviz.errors import FontWarning, RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.metrics import text_width
from resviz.figures.drawing.palettes import PALETTES
from resviz.figures.drawing.sheet import PLAIN_SHEET, Sheet, find_sheet, lay_out_on
from resviz.figures.stage_parts import find_stage
from resviz.readings.structure import read_structure

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
    said, more = (
        {phrase for line in texts(it) for phrase in line.split(" · ")}
        for it in (whole, bare)
    )
    assert {phrase for phrase in more - said if "connections" not in phrase} == set()
    assert "colour: resolution" not in " ".join(texts(bare))
    assert (figure == "block") == (texts(bare) == texts(whole))
    assert bare.size[1] <= whole.size[1]


@pytest.mark.parametrize("figure", ["overview", "stack"])
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


@pytest.mark.parametrize(
    ("options", "fill"),
    [
        ({}, "#ffffff"),
        ({"style": "light"}, None),
        ({"style": "paper"}, None),
        ({"style": "dark"}, None),
        ({"background": "none"}, None),
        ({"background": "#FFF8E7"}, "#fff8e7"),
        ({"style": "dark", "background": "style"}, "#12161c"),
        ({"style": "dark", "background": "white"}, "#ffffff"),
    ],
)
def test_the_ground_is_none_where_it_cannot_be_misread(network, options, fill):
    """What follows its reader keeps one: else letters could be dark on dark."""
    drawn = draw_diagram(network("resnet18"), **options)
    width, height = (f"{side:.2f}".rstrip("0").rstrip(".") for side in drawn.size)
    grounds = re.findall(
        f'<rect width="{width}" height="{height}" fill="(.*?)"/>', drawn.to_svg()
    )
    assert ([] if fill is None else [fill]) == grounds


def corner(png):
    """The first pixel of a PNG, with its opacity."""
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGBA").getpixel((0, 0))


def test_pixels_have_a_ground_unless_it_is_asked_away(network):
    """A viewer may be dark."""
    arch = network("resnet18")
    assert (255, 255, 255, 255) == corner(draw_diagram(arch).to_png())
    assert (18, 22, 28, 255) == corner(draw_diagram(arch, style="dark").to_png())
    assert 0 == corner(draw_diagram(arch, background="none").to_png())[3]
    cream = draw_diagram(arch, background="#fff8e7").to_png()
    assert (255, 248, 231, 255) == corner(cream)


def test_a_notebook_has_a_ground(network):
    """It may be dark, and its figures are light."""
    drawn = draw_diagram(network("resnet18"), style="light")
    bundle, _ = drawn._repr_mimebundle_()
    assert 'fill="#ffffff"/>' in bundle["image/svg+xml"].partition("<text")[0]


@pytest.mark.parametrize("font", ["Times New Roman", "Courier", "helvetica"])
def test_boxes_hold_the_letters_of_a_font(network, font):
    """Its widths are known, and it stands in the SVG before those like it."""
    drawn = draw_diagram(network("resnet50"), font=font)
    assert f'font-family="{font},' in drawn.to_svg()
    with lay_out_on(Sheet(font=font)):
        assert [] == [*faults(drawn.picture)]
        widest = text_width("conv5_x, 1024 MMM")
    assert (font == "helvetica") == (widest == text_width("conv5_x, 1024 MMM"))


def test_a_font_of_unknown_widths_is_said(network):
    """Its letters are taken for wider ones."""
    with pytest.warns(FontWarning, match="widths of Inter are not known") as caught:
        drawn = draw_diagram(network("resnet18"), font="Inter")
    assert [__file__] == [warning.filename for warning in caught]
    assert 'font-family="Inter,Helvetica' in drawn.to_svg()
    assert 'fontname="Inter,' in drawn.to_dot()
    with pytest.raises(RenderError, match="LaTeX may lack 'Inter', leave it out"):
        drawn.to_tikz()
    with pytest.raises(RenderError, match="font: mermaid has the font of the program"):
        drawn.to_mermaid()


def test_latex_has_the_families_of_every_installation(network):
    """By their codes."""
    drawn = draw_diagram(network("resnet18"), font="Times New Roman")
    assert r"font=\normalfont\fontfamily{ptm}\selectfont]" in drawn.to_tikz()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"font": 'a"b'}, "font: got 'a\"b', want one family"),
        ({"font": "Arial, Times"}, "want one family, as 'Times New Roman'"),
        ({"background": "mauve"}, "background: got 'mauve', want none, style, white"),
        ({"palette": "rainbow"}, "unknown palette 'rainbow': want one of blues, safe"),
    ],
)
def test_wrong_looks_are_refused(network, options, message):
    """With what is legal."""
    with pytest.raises(RenderError, match=re.escape(message)):
        draw_diagram(network("resnet18"), **options)


@pytest.mark.parametrize("form", ["tikz", "mermaid"])
def test_what_stands_in_a_page_has_no_ground(network, form):
    """It is that of the page."""
    drawn = draw_diagram(network("resnet18"), background="white")
    with pytest.raises(RenderError, match=f"background: {form} stands on the ground"):
        drawn.render(form)


@pytest.mark.parametrize("palette", PALETTES)
def test_a_palette_colours_every_form(network, palette):
    """Its third shade is that of the first stage."""
    drawn = draw_diagram(network("resnet50"), palette=palette)
    shade = PALETTES[palette].light[0].split()[2]
    assert f'fill="#{shade}"' in drawn.to_svg()
    assert f"rv{shade.upper()}" in drawn.to_tikz()
    assert f"#{shade}" in drawn.to_dot()
    assert f"#{shade}" in drawn.to_mermaid()


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


PARTS = {
    "conv3_x..conv4_x": (
        "conv2_x, 56×56×256",
        "conv5_x",
        "stem, conv2_x, conv5_x, head",
    ),
    "CONV5_X": ("conv4_x, 14×14×1024", None, "stem, conv2_x, conv3_x, conv4_x"),
    "..conv3_x": (None, "conv4_x", "conv4_x, conv5_x, head"),
    "conv2_x": (None, "conv3_x", "conv3_x, conv4_x, conv5_x, head"),
}
"""Stages of ResNet-50: where they come from and lead to, and what is left out."""


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("stages", PARTS)
def test_a_part_says_what_it_leaves_out(network, stages, direction):
    """Without a legend too, in the picture, in words and for other programs."""
    before, after, missing = PARTS[stages]
    drawn = draw_diagram(
        network("resnet50"), stages=stages, direction=direction, no_legend=True
    )
    said = " ".join(texts(drawn.picture)).replace(" ·", "")
    assert f"left out: {missing}" in said
    assert (f"from {before.replace(', ', ' ' if direction == 'LR' else ', ')}" in said
            if before else "224×224×3" in said)  # fmt: skip
    assert (f"to {after}" if after else "output 1000") in said
    assert "drawn. Of 192 connections" in drawn.description
    assert f"left out: {missing}" in drawn.to_dot()
    assert [] == [*faults(drawn.picture)]


@pytest.mark.parametrize("name", ["resnet50", "backbone", "preactivated", "long"])
def test_the_law_holds_for_each_stage(network, name):
    """What is drawn and declared are all; a stage's own edges are not elsewhere."""
    arch = network(name)
    total = 0
    for stage in read_structure(arch).stages:
        coverage = draw_diagram(arch, stages=stage.name).coverage
        assert coverage.drawn + coverage.declared == coverage.edges
        total += coverage.edges - coverage.elsewhere
    whole = draw_diagram(arch, "overview").coverage
    joints = len(read_structure(arch).stages) * 4
    assert whole.edges <= total <= whole.edges + joints


def test_all_stages_are_the_whole(network):
    """Nothing is said to be left out."""
    arch = network("resnet50")
    assert draw_diagram(arch).to_svg() == draw_diagram(arch, stages="..").to_svg()


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (
            "conv6_x",
            "got 'conv6_x', did you mean 'conv5_x'? want one of conv2_x, conv3_x",
        ),
        ("conv4_x..conv3_x", "conv3_x comes before conv4_x: want conv3_x..conv4_x"),
        ("conv3_x..", None),
    ],
)
def test_stages_are_named_as_the_figure_names_them(network, stages, message):
    """Others are refused with those there are."""
    if message is None:
        drawn = draw_diagram(network("resnet50"), stages=stages)
        assert {"conv3_x", "conv4_x", "conv5_x"} <= {*texts(drawn.picture)}
        return
    with pytest.raises(RenderError, match=re.escape(message)):
        draw_diagram(network("resnet50"), stages=stages)


def test_a_single_stage_is_not_said_to_be_several():
    """Two or more are."""
    with pytest.raises(RenderError, match=r"or several in a row as conv2_x..conv5_x$"):
        find_stage("conv6_x", ["conv2_x", "conv5_x"], [])
    with pytest.raises(RenderError, match=r"got 'conv3_x', want one of blocks$"):
        find_stage("conv3_x", ["blocks"], [])


def test_stages_of_what_has_none_are_refused(network):
    """And of a figure that draws no part."""
    with pytest.raises(RenderError, match="stages: plain has none, leave the"):
        draw_diagram(network("plain"), stages="conv3_x")
    legal = "only overview, block, lanes, layers, volumes, stack and growth draw a part"
    for figure in ("icicle", "field"):
        with pytest.raises(RenderError, match=legal):
            draw_diagram(network("resnet18"), figure, stages="conv3_x")
