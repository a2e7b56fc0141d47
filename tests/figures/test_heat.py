"""Heat: boxes filled by their share of a cost, in sums that agree with the totals."""

import re

import pytest
import torch
from torch import nn

import resviz
from resviz.embed.fence import parse_fence_line
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import ChartBox
from resviz.figures.drawing.marks import mark_node
from resviz.figures.drawing.palettes import PALETTES, choose_heat_style
from resviz.figures.drawing.styles import HEAT_TINTS, LOOKS
from resviz.figures.heat import HEATS, is_fillable, measure_picture
from resviz.formats.pictures.mermaid import MERMAID_FIGURES
from resviz.readings.costs import sum_record_costs
from resviz.readings.memory import count_activation_bytes
from resviz.tracing import trace

from .conftest import faults, texts
from .editable import read_network
from .test_styles import contrast, luminance

FILLED = [name for name in FIGURES if FIGURES[name].shows_connections]

NETWORKS = (
    "resnet50", "resnet101", "toy_unet", "hrnet_w18_small", "dpn68", "dla34",
)  # fmt: skip

TOTALS = {
    "params": lambda arch: arch.params,
    "macs": lambda arch: arch.macs,
    "activations": lambda arch: sum_record_costs(arch).activations,
    "memory": lambda arch: sum(count_activation_bytes(arch).values()),
}
"""What the tables say of a whole record."""


def measure(picture, heat):
    """The amounts of a finished picture, its scale left out."""
    return measure_picture(HEATS[heat], picture)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("figure", FILLED)
def test_the_boxes_sum_to_the_total(name, figure):
    """With what is told to lie in none; in volumes opened too."""
    arch = read_network(name)
    for options in ({}, {"each": True}) if figure == "volumes" else ({},):
        picture = draw_diagram(arch, figure, heat="macs", **options).picture
        for heat, total in TOTALS.items():
            heats = measure(picture, heat)
            assert total(arch) == sum(heats.boxes.values()) + heats.unplaced
            assert total(arch) == heats.total


def test_blocks_of_one_network_have_one_total():
    """What lies in neither of two is in no box."""
    arch = read_network("resnet50")
    picture = draw_diagram(arch, "block", heat="params", at=["conv2_1", "conv3_2"])
    heats = measure(picture.picture, "params")
    blocks = 75_008 + 280_064
    assert arch.params == heats.total == sum(heats.boxes.values()) + heats.unplaced
    assert blocks == sum(heats.boxes.values())


def test_lines_of_a_row_sum_to_the_total():
    """Where a column is too narrow for one."""
    arch = read_network("resnet50")
    picture = draw_diagram(arch, "volumes", heat="params", width="column").picture
    heats = measure(picture, "params")
    assert (arch.params, 0) == (sum(heats.boxes.values()), heats.unplaced)


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_of_lanes_is_left_out(name):
    """Every layer of a network is in one of its boxes or signs."""
    arch = read_network(name)
    heats = measure(draw_diagram(arch, "lanes", heat="params").picture, "params")
    assert (arch.params, 0) == (sum(heats.boxes.values()), heats.unplaced)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("figure", FILLED)
def test_every_box_with_words_is_filled(name, figure):
    """But the input: no box's share is given to a sign beside it."""
    picture = draw_diagram(read_network(name), figure, heat="params").picture
    boxes = [node for node in picture.nodes if is_fillable(node) and node.lines]
    white = [node for node in boxes if node.tint not in HEAT_TINTS]
    assert {"tint"}.isdisjoint({LOOKS[node.role].fill for node in white})
    assert len(picture.solids[1:]) == sum(
        solid.tint in HEAT_TINTS for solid in picture.solids
    )


def find_amounts(picture, heat):
    """The amounts of a picture's boxes, by their words."""
    heats = measure(picture, heat)
    return {
        " ".join(node.lines): (heats.boxes[node.key], node.tint)
        for node in picture.nodes
        if node.key in heats.boxes
    }


def test_a_box_has_what_its_layers_cost():
    """A 3×3 convolution of 64 channels on 56² positions, and what follows it."""
    arch = read_network("resnet50")
    amounts = find_amounts(draw_diagram(arch, "block", heat="macs").picture, "macs")
    assert 56**2 * 9 * 64 * 64 == amounts["3×3 conv, 64→64"][0]
    assert 56**2 * 64 * 256 == amounts["1×1 conv, 64→256"][0]
    assert 0 == amounts["BN, ReLU"][0]
    assert "heat 7" == amounts["3×3 conv, 64→64"][1]
    assert "heat 1" == amounts["BN, ReLU"][1] == amounts["+"][1]
    stack = draw_diagram(arch, "stack", heat="params").picture
    assert 9 * 512**2 + 2 * 512 == find_amounts(stack, "params")["3×3 conv, 512"][0]


def test_a_box_of_equal_ones_has_all_of_them():
    """It says so; a field is that of the last."""
    arch = read_network("resnet101")
    picture = draw_diagram(arch, "lanes", heat="params").picture
    block = 1024 * 256 + 9 * 256**2 + 256 * 1024 + 2 * (256 + 256 + 1024)
    assert 22 * block == max(measure(picture, "params").boxes.values())
    assert "colour of ×n: all n together" in texts(picture)
    fields = draw_diagram(arch, "lanes", heat="field").picture
    assert "colour of ×n: the largest of n" in texts(fields)
    row = draw_diagram(arch, "volumes", heat="params").picture
    assert "colour of ×n" not in " ".join(texts(row))


def test_blocks_that_are_left_out_lie_in_no_box():
    """Of the 22 equal ones of ResNet-101 a row shows eight, each with its own share."""
    arch = read_network("resnet101")
    heats = measure(draw_diagram(arch, "volumes", heat="params").picture, "params")
    block = 1024 * 256 + 9 * 256**2 + 256 * 1024 + 2 * (256 + 256 + 1024)
    assert 14 * block == heats.unplaced
    assert 8 == [*heats.boxes.values()].count(block)


def test_a_share_fills_what_is_else_empty():
    """A projection has the ground's colour where no cost is asked for."""
    drawn = draw_diagram(read_network("resnet50"), heat="params", style="light")
    (node,) = (
        n for n in drawn.picture.nodes if n.lines[-1:] == ("1×1, /2, 1024→2048",)
    )
    fills = {
        mark.paint.fill for mark in mark_node(node, drawn.style) if mark_is_box(mark)
    }
    assert {drawn.style.tints[node.tint].fill} == fills
    assert node.tint in HEAT_TINTS


def mark_is_box(mark):
    """Whether a mark is no text."""
    return hasattr(mark, "paint")


def test_a_field_is_no_sum():
    """Of ResNet-18 what its last convolution sees; behind the pool it is all."""
    arch = read_network("resnet18")
    picture = draw_diagram(arch, "stack", heat="field").picture
    amounts = find_amounts(picture, "field")
    assert (7, "heat 1") == amounts["7×7 conv, 64, /2"]
    assert 435 == max(a for a, _ in amounts.values() if a != float("inf"))
    assert (float("inf"), "heat 7") == amounts["fc, 1000"]
    assert "435 px, or all of the input" in texts(picture)


@pytest.mark.parametrize("figure", FILLED)
def test_the_scale_stands_below_with_numbers(figure):
    """Its shades are in order; without a legend it is gone, what is left out is not."""
    arch = read_network("resnet50")
    drawn = draw_diagram(arch, figure, heat="params")
    scale = [node for node in drawn.picture.nodes if node.key.startswith("heat ")]
    shades = [node.tint for node in scale if node.role == "layer"]
    assert [*HEAT_TINTS] == shades
    assert "colour: parameters of a box, 0" in texts(drawn.picture)
    most = measure(drawn.picture, "params").write_scale()[1]
    assert most in texts(drawn.picture)
    assert most in drawn.description
    assert "colour: resolution" not in " ".join(texts(drawn.picture))
    assert drawn.picture.size[1] >= max(node.bottom for node in scale)
    bare = draw_diagram(arch, figure, heat="params", no_legend=True).picture
    assert "colour: parameters" not in " ".join(texts(bare))
    said = [line for line in texts(bare) if "in no box" in line]
    assert (figure in {"stack", "block"}) == bool(said)
    assert [] == [*faults(drawn.picture)]


class Odd(nn.Module):
    """A matrix exponential, whose work has no rule."""

    def forward(self, x):
        return torch.matrix_exp(x)


@pytest.mark.parametrize("figure", ["lanes", "volumes", "layers"])
def test_what_is_not_counted_is_white_and_told(figure):
    """Its parameters are known."""
    net = nn.Sequential(nn.Conv2d(3, 3, 1), Odd(), nn.Conv2d(3, 8, 3, 2))
    arch = trace(net, (3, 8, 8))
    picture = draw_diagram(arch, figure, heat="macs").picture
    said = " ".join(texts(picture))
    assert "white: not counted (1 box, linalg_matrix_exp" in said
    heats = measure(picture, "macs")
    (white,) = [key for key, amount in heats.boxes.items() if amount is None]
    tints = {part.key: part.tint for part in (*picture.nodes, *picture.solids)}
    assert tints[white] not in HEAT_TINTS
    known = sum(amount or 0 for amount in heats.boxes.values())
    assert arch.macs == known + heats.hidden + heats.unplaced
    params = draw_diagram(arch, figure, heat="params").picture
    assert "white" not in " ".join(texts(params))


def test_a_plain_twin_is_no_record():
    """Its boxes are white, and the figure says why."""
    arch = read_network("resnet18")
    picture = draw_diagram(arch, "stack", heat="macs", plain=True).picture
    assert "no record of a network without its shortcuts" in " ".join(texts(picture))
    alone = draw_diagram(arch, "stack", heat="macs").picture
    assert "white" not in " ".join(texts(alone))


def test_parameters_that_no_layer_reads_lie_in_no_box():
    """They are part of the total."""

    class Idle(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.idle = nn.Conv2d(3, 8, 3), nn.Linear(10, 10)

        def forward(self, x):
            return self.conv(x)

    picture = draw_diagram(trace(Idle(), (3, 8, 8)), "lanes", heat="params").picture
    assert "in no box: 110 of 334 parameters" in " ".join(texts(picture))


def test_a_batch_is_told():
    """Counts are those of the whole batch."""
    arch = resviz.trace("resnet18", batch=2)
    said = " ".join(texts(draw_diagram(arch, "lanes", heat="macs").picture))
    assert "colour: MACs of a box, batch of 2, 0" in said
    said = " ".join(texts(draw_diagram(arch, "lanes", heat="params").picture))
    assert "batch of 2, 0" not in said


def test_growth_has_no_boxes():
    """The error says which figures have."""
    with pytest.raises(RenderError, match=re.escape("'growth', a plot without boxes")):
        draw_diagram(read_network("resnet18"), "growth", heat="macs")
    with pytest.raises(RenderError, match="unknown heat 'flops': want one of params"):
        draw_diagram(read_network("resnet18"), heat="flops")


STYLED = [(name, each) for name in styles.STYLES for each in (None, *PALETTES)]


@pytest.mark.parametrize(("name", "palette"), STYLED)
def test_shares_are_a_ramp_that_text_is_read_on(name, palette):
    """Darker on white, lighter in the dark, none like an empty box; no other colour."""
    style = choose_heat_style(styles.find_style(name), palette)
    fills = [style.tints[tint].fill for tint in HEAT_TINTS]
    assert all(contrast(style.colours["text"], fill) >= 6.5 for fill in fills)
    ground = style.colours["background"]
    shades = [*map(luminance, (ground, *fills))]
    assert sorted({*shades}, reverse=name != "dark") == shades
    lines = [style.tints[tint].line for tint in HEAT_TINTS]
    assert all(contrast(line, ground) >= 4.5 for line in lines)
    others = {style.tints[tint].fill for tint in (*styles.LEVEL_TINTS, "stem", "head")}
    assert {ground} == others


def test_the_usual_ramp_has_one_hue():
    """Blue is the largest part of each shade, red the smallest, on white and dark."""
    for name in ("light", "dark"):
        style = choose_heat_style(styles.find_style(name), None)
        for tint in HEAT_TINTS:
            code = style.tints[tint].fill
            red, green, blue = (int(code[k : k + 2], 16) for k in (1, 3, 5))
            assert red < green < blue


def test_dark_mode_knows_every_shade():
    """SVG that follows its reader has a rule for each fill."""
    pairs = choose_heat_style(styles.SCREEN_STYLE, None).pair_with_dark()
    dark = choose_heat_style(styles.DARK_STYLE, None)
    screen = choose_heat_style(styles.SCREEN_STYLE, None)
    for tint in HEAT_TINTS:
        assert dark.tints[tint].fill == pairs[screen.tints[tint].fill]


@pytest.mark.parametrize("figure", [name for name in FILLED if FIGURES[name].is_graph])
def test_graphs_for_others_to_place_are_filled_too(figure):
    """The hottest box of DOT and Mermaid has the deepest shade; the scale is told."""
    drawn = draw_diagram(read_network("resnet50"), figure, heat="macs", style="light")
    deepest = drawn.style.tints[HEAT_TINTS[-1]].fill
    sources = [drawn.to_dot()]
    if figure in MERMAID_FIGURES:
        sources.append(drawn.to_mermaid())
    for source in sources:
        assert deepest in source
        assert "MACs of a box, 0" in source
    tints = {
        box.tint
        for box in drawn.picture.chart.iter_parts()
        if isinstance(box, ChartBox)
    }
    assert {"heat 1", "heat 7"} <= tints


def test_every_format_has_the_fills():
    """They are marks as any other."""
    drawn = resviz.diagram(read_network("resnet50"), heat="macs", style="light")
    deepest = drawn.style.tints[HEAT_TINTS[-1]].fill
    assert deepest in drawn.to_svg()
    assert deepest in drawn.to_drawio()
    assert deepest[1:].upper() in drawn.to_tikz().upper()


def test_documents_take_it():
    """As the command line does."""
    parsed = parse_fence_line("resnet18 --figure lanes --heat macs")
    assert "macs" in str(parsed)


@pytest.mark.parametrize(
    ("name", "figure", "told"),
    [
        ("resnet50", "stack", "3×3 conv, 512 with stride 2 in layer4.0: 2.36 M"),
        ("resnet50", "lanes", "bottleneck, 2 times, 2048 in layer4: 8.93 M"),
        ("toy_unet", "layers", "3×3 convolution to 32 channels in down3.0.b: "),
    ],
)
def test_the_box_with_most_is_told(name, figure, told):
    """By its words and the module around its layers, spelled."""
    said = resviz.describe(read_network(name), figure, heat="params")
    assert f"The largest is that of {told}" in said, said
    assert "→" not in said.partition("Boxes are filled")[2]
