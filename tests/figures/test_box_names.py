"""What boxes are called by: words of papers, paths of modules, or classes."""

import pytest

import resviz
from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.readings.contraction import SCREEN, contract

from .conftest import faults, texts
from .editable import read_network
from .test_depth import list_words

HAVING = [name for name in FIGURES if "names" in FIGURES[name].options]


def test_paths_are_those_of_the_code():
    """Blocks in a row by their first and their last number."""
    words = list_words("resnet50", names="path")
    assert [("conv1",), ("maxpool",), ("layer1.0",), ("layer1.1–2",)] == words[1:5]
    assert ("fc",) == words[-1]


def test_classes_are_counted():
    """As often as they are called in a row; a stage is what holds its blocks."""
    words = list_words("resnet50", names="class")
    assert [("Conv2d",), ("MaxPool2d",), ("Bottleneck",), ("Bottleneck ×2",)] == (
        words[1:5]
    )
    assert ("Sequential",) == list_words("resnet50", names="class", depth=1)[3]


def test_a_turn_that_is_drawn_for_others_has_their_count():
    """And a long path is broken behind a point, its numbers left where they are."""
    words = list_words("hrnet_w18_small", names="path")
    assert "stage2.0.branches.0" in ["".join(lines) for lines in words]
    assert not any(line.isdecimal() for lines in words for line in lines)


@pytest.mark.parametrize("naming", ["path", "class"])
@pytest.mark.parametrize("name", ["resnet50", "toy_unet", "densenet121", "googlenet"])
def test_names_change_no_box(name, naming):
    """Which layers a box holds, and what it reads, is the same by any name."""
    arch = read_network(name)
    graph, other = contract(arch, SCREEN), contract(arch, SCREEN, naming=naming)
    assert graph.lines == other.lines
    assert [n.ends for n in graph.nodes.values()] == [
        n.ends for n in other.nodes.values()
    ]
    types = {part.type for part in (*arch.calls, *arch.stored_layers)}
    paths = {part.path for part in (*arch.calls, *arch.stored_layers)}
    paths |= {layer.name for layer in arch.stored_layers}
    for node in other.nodes.values():
        if node.role in {"block", "run", "region", "pool"}:
            first, *_ = "".join(node.lines).split(" ×")[0].split("…")
            assert any(first.startswith(known) for known in types | paths if known)


@pytest.mark.parametrize("figure", HAVING)
@pytest.mark.parametrize("naming", ["path", "class"])
def test_hostile_names_are_cut_and_stay_text(hostile, figure, naming):
    """Those of modules and classes, in every syntax."""
    drawn = draw_diagram(hostile[0], figure, names=naming)
    assert [] == sorted(set(faults(drawn.picture)))
    assert "<b>" not in drawn.to_svg()
    assert drawn.to_tikz()
    if FIGURES[figure].is_graph:
        assert drawn.to_dot()
        assert drawn.to_mermaid()


@pytest.mark.parametrize("figure", sorted({*FIGURES} - {*HAVING}))
def test_others_refuse_them(figure):
    """In words that name those which take them; the usual names are no question."""
    with pytest.raises(RenderError, match=r"names: got 'path' for .*want figure lanes"):
        draw_diagram(read_network("resnet18"), figure, names="path")
    assert draw_diagram(read_network("resnet18"), figure, names="paper")


def test_every_door_takes_them():
    """The command, the fence and Python; what is no such word is refused."""
    _, request, _ = parse_fence_line("diagram 18 --names class")
    assert "class" == request.options["names"]
    assert "layer1.0" in resviz.describe("50", "lanes", names="path")
    assert "layer2.0" in texts(resviz.diagram("50", "volumes", names="path").picture)
    with pytest.raises(RenderError, match=r"unknown names 'module': .*path"):
        resviz.diagram("18", "lanes", names="module")
