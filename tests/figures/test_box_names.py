"""What boxes are called by: words of papers, paths of modules, or classes."""

import pytest

import resviz
from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.readings.contraction.drawn import contract
from resviz.readings.contraction.ladder import SCREEN

from .conftest import faults, texts
from .editable import read_network
from .test_depth import list_words


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


STAGE_NAMES = {
    "path": ("layer1", "layer2", "layer3", "layer4"),
    "class": ("Bottleneck ×3", "Bottleneck ×4", "Bottleneck ×6", "Bottleneck ×3"),
}


@pytest.mark.parametrize("naming", STAGE_NAMES)
@pytest.mark.parametrize("figure", ["overview", "layers", "icicle", "field"])
def test_stages_are_called_by_their_modules(figure, naming):
    """Those of a ResNet, in the picture, in its graph and in its sentences."""
    drawn = draw_diagram(read_network("resnet50"), figure, names=naming)
    shown = [texts(drawn.picture), [drawn.picture.description]]
    if FIGURES[figure].is_graph:
        shown.append([drawn.to_dot()])
    for words in map(" ".join, shown):
        assert all(name in words for name in STAGE_NAMES[naming])
        assert "conv3_" not in words


def test_boxes_of_a_stack_are_layers():
    """By path equal ones are told from first to last; a class says what it does too."""
    archs = [read_network(name) for name in ("resnet50", "resnet101")]
    paths, classes = (
        texts(draw_diagram(archs, "stack", names=naming).picture)
        for naming in STAGE_NAMES
    )
    assert {"maxpool", "layer3.0.conv2", "layer3.1–5.conv2", "fc"} <= {*paths}
    assert {"MaxPool2d", "Conv2d: 3×3, 256", "Linear: fc, 1000"} <= {*classes}


def test_a_block_is_found_by_any_of_its_names():
    """Its steps have the names of modules in it; a class is told once."""
    arch = read_network("resnet50")
    for at in ("conv3_2", "layer2.1"):
        shown = texts(draw_diagram(arch, "block", at=at, names="path").picture)
        assert {"layer2.1, bottleneck", "equal: layer2.2, layer2.3"} <= {*shown}
        assert "conv2: 3×3 conv, 128→128" in shown
    assert "Bottleneck" in texts(draw_diagram(arch, "block", names="class").picture)


def test_stages_are_asked_for_by_any_name():
    """What is left out is called as what is drawn."""
    arch = read_network("resnet50")
    drawn = draw_diagram(arch, "stack", stages="layer2..conv4_x", names="path")
    shown = texts(drawn.picture)
    assert {"from layer1", "to layer4"} <= {*shown}
    assert "Left out: stem, layer1, layer4, head" in drawn.picture.description


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "googlenet", "toy_unet"])
@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("naming", STAGE_NAMES)
def test_any_network_is_called_so(figure, name, naming):
    """Nothing lies over anything else, whatever its modules are called."""
    try:
        usual = draw_diagram(read_network(name), figure).picture
    except RenderError:
        return
    picture = draw_diagram(read_network(name), figure, names=naming).picture
    assert {*faults(picture)} <= {*faults(usual)}


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("naming", ["path", "class"])
def test_hostile_names_are_cut_and_stay_text(hostile, figure, naming):
    """Those of modules and classes, in every syntax."""
    drawn = draw_diagram(hostile[0], figure, names=naming)
    assert [] == sorted(set(faults(drawn.picture)))
    assert "<b>" not in drawn.to_svg()
    assert drawn.to_tikz()
    if FIGURES[figure].is_graph:
        assert drawn.to_dot()
        assert figure == "layers" or drawn.to_mermaid()


def test_every_door_takes_them():
    """The command, the fence and Python; what is no such word is refused."""
    _, request, _ = parse_fence_line("diagram 18 --names class")
    assert "class" == request.options["names"]
    assert "layer1.0" in resviz.describe("50", "lanes", names="path")
    assert "layer2.0" in texts(resviz.diagram("50", "volumes", names="path").picture)
    with pytest.raises(RenderError, match=r"unknown names 'module': .*path"):
        resviz.diagram("18", "lanes", names="module")
