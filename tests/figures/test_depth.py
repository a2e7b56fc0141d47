"""Boxes at a depth of the module tree: `--depth 1` for the children of the network."""

import pytest

import resviz
from resviz.cli import main
from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.elements import ChartBox
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import faults, texts
from .editable import read_network

HAVING = [name for name in FIGURES if "depth" in FIGURES[name].options]
GRAPHS = [name for name in HAVING if FIGURES[name].shows_connections]


def list_words(name, **options):
    """The words of each box of a network in lanes, without its size."""
    chart = draw_diagram(read_network(name), "lanes", **options).picture.chart
    boxes = [part for part in chart.iter_parts() if isinstance(part, ChartBox)]
    return [box.lines[:-1] for box in boxes if box.role not in {"text", "sum"}]


def test_each_depth_opens_what_lies_above():
    """ResNet-50: its stages, their bottlenecks, and what is in those."""
    assert [("bottleneck ×3",), ("bottleneck ×4",)] == list_words("resnet50", depth=1)[
        3:5
    ]
    assert [("bottleneck",), ("bottleneck ×2",)] == list_words("resnet50", depth=2)[3:5]
    assert [("1×1",), ("3×3",), ("1×1",)] == list_words("resnet50", depth=3)[3:6]


def test_a_reshape_behind_a_module_has_no_box():
    """A ViT's blocks are norms, attentions and MLPs, and an addition behind each."""
    boxes = list_words("vit_tiny_patch16_224", depth=3)
    assert ("Attention", "fc ×2") in boxes
    assert ("reshape",) not in boxes


@pytest.mark.parametrize("figure", GRAPHS)
@pytest.mark.parametrize("name", ["resnet50", "toy_unet", "hrnet_w18_small"])
def test_its_pictures_are_whole(figure, name):
    """Nothing lies over anything else, and every connection is told."""
    for depth in (1, 2, 9):
        picture = draw_diagram(read_network(name), figure, depth=depth).picture
        assert [] == [*faults(picture)]
        assert picture.coverage.edges == (
            picture.coverage.drawn + picture.coverage.declared
        )


def list_rows(name, depth, **options):
    """The words of each row of the figure "layers", and those of its frames."""
    picture = draw_diagram(read_network(name), "layers", depth=depth, **options).picture
    boxes = [part for part in picture.chart.iter_parts() if isinstance(part, ChartBox)]
    return [box.lines for box in boxes if box.role != "text"]


def test_layers_have_a_row_a_call():
    """ResNet-50's stages with their parameters, then its blocks; all are counted."""
    stages = [("bottleneck ×3", "layer1", "56×56×256 · 215,808 parameters")]
    rows = list_rows("resnet50", 1)
    assert stages == [lines for lines in rows if lines[1:2] == ("layer1",)]
    paths = [lines[1] for lines in list_rows("resnet50", 2) if len(lines) == 3]
    assert ["layer1.0", "layer1.1", "layer1.2", "layer2.0"] == [
        path for path in paths if path.startswith("layer")
    ][:4]
    counts = [lines[2].split(" · ")[-1] for lines in rows if len(lines) == 3]
    counted = [int(c.split()[0].replace(",", "")) for c in counts if "parameter" in c]
    assert read_network("resnet50").params == sum(counted)


def test_a_row_of_several_resolutions_says_them():
    """What others read of HRNet's stages, of many the first and the last."""
    rows = list_rows("hrnet_w18_small", 1)
    outputs = {lines[1]: lines[2] for lines in rows if len(lines) == 3}
    assert "56×56×16, 28×28×32 · 51,680 parameters" == outputs["stage2"]
    assert outputs["stage4"].startswith("56×56×16, … 2 more, 7×7×128 · ")


def test_a_call_that_is_drawn_in_part_is_a_row_of_that_part():
    """MobileNet's blocks lie in one list, of which two stages are drawn."""
    rows = list_rows("mobilenetv2_050", 1, stages="blocks.1..blocks.2")
    assert 1 == [lines[1:2] for lines in rows].count(("blocks",))


def test_units_around_calls_keep_their_additions():
    """A ViT's attention and its MLP, each with its shortcut, drawn once for twelve."""
    rows = list_rows("vit_tiny_patch16_224", 3)
    assert ("Attention", "blocks.0.attn", "197×192 · 148,224 parameters") in rows
    assert 2 == rows.count(("+",))


def test_icicles_have_so_many_levels():
    """Stages, or their blocks; what lies deeper is said not to be drawn."""
    shown = [
        texts(draw_diagram(read_network("resnet50"), "icicle", depth=k).picture)
        for k in (1, 2, 9)
    ]
    assert [False, True, True] == ["conv2_1" in words for words in shown]
    told = ["drawn to a depth" in " ".join(words) for words in shown]
    assert [True, True, False] == told


def test_a_box_with_several_resolutions_says_where_it_stands():
    """HRNet's stages give one for each branch; those of ResNet-50 do not."""
    note = "a box that gives several resolutions"
    shown = {
        name: " ".join(
            texts(draw_diagram(read_network(name), "lanes", depth=1).picture)
        )
        for name in ("hrnet_w18_small", "resnet50")
    }
    assert [True, False] == [note in words for words in shown.values()]


def test_stages_and_a_depth_go_together():
    """Two stages of ResNet-50 as two boxes, between what is around them."""
    words = list_words("resnet50", stages="conv3_x..conv4_x", depth=1)
    shown = ["from conv2_x", "bottleneck ×4", "bottleneck ×6", "to conv5_x"]
    assert shown == [first for first, *_ in words]


@pytest.mark.parametrize("figure", sorted({*FIGURES} - {*HAVING}))
def test_others_refuse_it(figure):
    """In words that name those which take it."""
    with pytest.raises(RenderError, match=r"depth: got 1 for .*want figure lanes or"):
        draw_diagram(read_network("resnet18"), figure, depth=1)


@pytest.mark.parametrize("depth", [0, -1, True, 1.5, "2"])
def test_it_is_a_whole_number(depth):
    """From 1 on, in Python as on the command line."""
    with pytest.raises(RenderError, match=r"depth: got .*want a whole number from 1"):
        draw_diagram(read_network("resnet18"), "lanes", depth=depth)


def test_every_door_takes_it(tmp_path):
    """Without a figure's name lanes are drawn."""
    path = tmp_path / "net.svg"
    main(["diagram", "18", "--depth", "1", "-o", str(path)])
    assert resviz.diagram("18", "lanes", depth=1).to_svg() == path.read_text()
    _, request, _ = parse_fence_line("diagram 18 --depth 1")
    assert 1 == request.options["depth"]
    assert "bottleneck ×6" in resviz.describe(load(record_file("resnet50")), depth=1)


@pytest.mark.parametrize("figure", ["lanes", "volumes"])
def test_letters_too_small_for_a_screen_are_told_of(figure):
    """DenseNet's layers one by one are for zooming; its blocks are not."""
    note = "for zooming: letters of 2 px"
    shown = [
        " ".join(
            texts(draw_diagram(read_network("densenet121"), figure, depth=k).picture)
        )
        for k in (2, 3)
    ]
    assert [False, True] == [note in words for words in shown]
