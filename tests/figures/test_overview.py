"""The overview: what it says of known networks, and its size."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
import torch
from torch import nn

from resviz import trace
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.drawing.elements import Node, Picture
from resviz.figures.overview.arranging import (
    break_evenly,
    choose_readable,
    iter_placed,
    smallest_letter_size,
)
from resviz.figures.overview.merging import differ_by_shortcut
from resviz.figures.overview.outline import MAX_ROWS, build_outline, elide_rows
from resviz.figures.overview.placing import LANE_GAP, Lane
from resviz.figures.overview.rows import OutlineRow
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file
from tests.readings.structure.toys import conv, residual

from .conftest import NETWORKS, faults, texts


def told(arch):
    """The outline of a record."""
    return build_outline(read_structure(arch))


def rows(arch, stage):
    """The rows of one stage, the first being 0."""
    return told(arch).sections[stage].rows


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", NETWORKS)
def test_overview_is_sound(network, name, direction):
    """No text leaves its box, no wire crosses a box or a title."""
    picture = draw_diagram(network(name), "overview", direction=direction).picture
    assert [] == sorted(set(faults(picture)))


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize(
    "name",
    [
        "incre_modules",
        "an_encoder.with_stages.of_blocks",
        "encoder_of_residual_stages_without_a_dot",
        "encoder.decoder.residual_stages.first_branch.then_the_second_branch",
    ],
)
def test_a_long_name_of_a_stage_stays_beside_its_blocks(name, direction):
    """It is wrapped behind its dots, and cut in the middle where that is not enough."""
    blocks = [residual(nn.Conv2d(8, 8, 3, padding=1)) for _ in range(3)]
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Sequential(*blocks))
    for part in reversed(name.split(".")):
        net = nn.Sequential(OrderedDict({part: net}))
    picture = draw_diagram(trace(net, (3, 8, 8)), direction=direction).picture
    lines = [node for node in picture.nodes if node.role == "name"]
    assert "".join(line.lines[0] for line in lines).startswith(name[:6])
    assert [] == sorted(set(faults(picture)))
    if direction == "TB":
        boxes = [node for node in picture.nodes if node.role == "block"]
        assert max(line.right for line in lines) < min(box.left for box in boxes)


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_hostile_names_are_placed_soundly(hostile, direction):
    """Names of 20,000 characters are cut, not spilled."""
    picture = draw_diagram(hostile[0], direction=direction).picture
    assert [] == sorted(set(faults(picture)))
    assert max(map(len, texts(picture))) < 200


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet152", "resnext50"])
def test_overview_fits_one_screen(network, name):
    """At 1280×800 and full size, whatever the depth."""
    width, height = draw_diagram(network(name)).size
    assert width <= 600
    assert height <= 800


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnet152"])
def test_overview_fits_one_slide(network, name):
    """From left to right at most 1280 wide."""
    width, height = draw_diagram(network(name), direction="LR").size
    assert width <= 1280
    assert height <= 300


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", NETWORKS)
def test_overview_is_read_on_one_screen(network, name, direction):
    """Where 1280×800 show it whole, letters are 9 pixels at least."""
    assert (
        smallest_letter_size(draw_diagram(network(name), direction=direction).picture)
        >= 9
    )


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_a_long_overview_is_wrapped_at_a_stage(network, direction):
    """In two columns, or in lines; each stage whole, in order, none left out."""
    picture = draw_diagram(network("long"), direction=direction).picture
    stages = [group for group in picture.groups if group.role == "stage"]
    across, along = (0, 1) if direction == "TB" else (1, 0)
    lanes = [group.at[across] for group in stages]
    assert 8 == len(stages)
    assert 1 < len(set(lanes)) < 8
    assert sorted(lanes) == lanes
    for lane in set(lanes):
        inside = [it.at[along] for it in stages if it.at[across] == lane]
        assert sorted(inside) == inside


def test_blocks_that_are_left_out_are_counted():
    """All of a pattern's, each of its kinds."""
    rows = OutlineRow(("a",), 4, "identity"), OutlineRow(("b",), 4, "identity")
    end = (OutlineRow(("c",), 1, "identity"),)
    shown = elide_rows([(1, end), (2, rows), (0, (OutlineRow(("d",)),)), (1, end)], 3)
    assert "… 8 more blocks of 2 kinds …" == shown[1][0].labels[0]


def test_title_tells_the_papers_costs(network):
    """ResNet-50 has 25.6 M parameters; 3.8 to 4.1 G multiply-adds by variant."""
    said = "25.6 M parameters", "4.09 G multiply-adds"
    assert said == told(network("resnet50")).facts


def test_stages_are_table_1_of_the_paper(network):
    """Names, sizes and folds of ResNet-50. Source: He et al. 2015, table 1."""
    sections = told(network("resnet50")).sections
    assert ["conv2_x", "conv3_x", "conv4_x", "conv5_x"] == [s.name for s in sections]
    sizes = ["56×56×256", "28×28×512", "14×14×1024", "7×7×2048"]
    assert sizes == [section.facts[0] for section in sections]
    assert [3, 4, 6, 3] == [sum(row.count for row in s.rows) for s in sections]


def test_block_reads_as_in_the_paper(network):
    """Kernels, widths and the stride of the second stage's first block."""
    words = ("1×1, 128", "3×3, 128, /2", "1×1, 512")
    assert words == rows(network("resnet50"), 1)[0].labels


def test_projection_says_how_and_why(network):
    """Its kernel, its stride and how the width changes."""
    first = rows(network("resnet50"), 1)[0]
    assert "projection" == first.shortcut_kind
    assert ("projection", "1×1, /2, 256→512") == first.shortcut_lines


def test_pooling_projection_says_its_pool(network):
    """The D variant's shortcut pools before it projects."""
    lines = "projection", "2×2 average pool, /2", "1×1, 256→512"
    assert lines == rows(network("variant D"), 1)[0].shortcut_lines


def test_option_a_pads(network):
    """CIFAR networks have no weights on shortcuts. Source: He et al., section 4.2."""
    first = rows(network("cifar110"), 1)[0]
    assert ("pad with zeros", "stride 2, 16→32") == first.shortcut_lines


def test_option_c_projects_without_need(network):
    """An equal width is told, as it is the point."""
    assert ("projection", "1×1, 64→64") == rows(network("option C"), 0)[
        0
    ].shortcut_lines


def test_groups_and_dilation_are_named(network):
    """ResNeXt's 32 groups, and a dilation of 4."""
    assert "3×3, 128, g32" == rows(network("resnext50"), 0)[0].labels[1]
    assert "3×3, 512, d4" == rows(network("dilated"), 3)[1].labels[1]


def test_gate_is_one_word(network):
    """Squeeze-and-excitation stands at the end of the row."""
    assert "SE" == rows(network("gated"), 0)[0].labels[-1]


def test_shared_pre_activation_stands_before_the_fork(network):
    """The projection leaves below "BN, ReLU", not above. He et al. 2016, figure 4."""
    first, second = rows(network("preactivated"), 0)
    assert (("BN", "ReLU"), ()) == (first.lead, second.lead)
    picture = draw_diagram(network("preactivated")).picture
    (pill,) = (node for node in picture.nodes if node.lines == ("BN, ReLU",))
    forks = {edge.role: edge.path[0][1] for edge in picture.edges if not edge.tip}
    assert pill.bottom < forks["projection"] < forks["identity"]
    assert any(edge.tail == pill.key for edge in picture.edges if not edge.tip)


def test_shared_pre_activation_stands_before_the_fork_from_left_to_right(network):
    """There too the projection leaves behind it."""
    picture = draw_diagram(network("preactivated"), direction="LR").picture
    (pill,) = (node for node in picture.nodes if node.lines == ("BN", "ReLU"))
    forks = {edge.role: edge.path[0][0] for edge in picture.edges if not edge.tip}
    assert pill.right < forks["projection"]


def test_legend_names_pre_activation(network):
    """Where every convolution of a block reads a norm and a ReLU, and nowhere else."""
    note = "BN, ReLU before every conv of a block"
    for name, said in (("preactivated", True), ("resnet50", False)):
        shown = " ".join(texts(draw_diagram(network(name)).picture))
        assert said == (note in shown)


NORMS = {
    "BN": nn.BatchNorm2d(4),
    "IN": nn.InstanceNorm2d(4),
    "GN": nn.GroupNorm(2, 4),
    "LN": nn.LayerNorm([4, 8, 8]),
}


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("label", NORMS)
def test_each_norm_has_its_own_name(label, samples):
    """Torch runs an instance norm as a batch norm of one sample."""
    norm = NORMS[label]
    block = residual(nn.Sequential(conv(3, 4, 4), norm, nn.ReLU(), conv(3, 4, 4), norm))
    net = nn.Sequential(conv(3, 3, 4), norm, block)
    arch = trace(net, inputs=(torch.zeros(samples, 3, 8, 8),))
    shown = texts(draw_diagram(arch).picture)
    (legend,) = (words for words in shown if "after every conv" in words)
    assert legend.endswith(f"· {label} after every conv")
    said = describe_figure(arch, figure="block")
    assert f"3×3 conv, 4 to 4, {label}, ReLU, 3×3 conv, 4 to 4 and {label};" in said


def test_legend_names_only_what_occurs(network):
    """No projection, no stride and no groups in a network without them."""
    shown = " ".join(texts(draw_diagram(network("functional")).picture))
    assert "identity" in shown
    for absent in ("projection", "stride", "groups", "dilation", "BN", "after every"):
        assert absent not in shown


def test_legend_names_every_kind(network):
    """Option A's padding and identities."""
    shown = " ".join(texts(draw_diagram(network("cifar110")).picture))
    assert "dotted: zero channels added, no weights" in shown
    assert "solid: identity" in shown


class MixedEnds(nn.Module):
    """Two blocks; a ReLU follows the first sum, and a sigmoid the second."""

    def __init__(self):
        super().__init__()
        self.one, self.two = (nn.Conv2d(3, 3, 3, padding=1) for _ in range(2))

    def forward(self, x):
        x = torch.relu(x + self.one(x))
        return torch.sigmoid(x + self.two(x))


def test_legend_says_what_follows_a_sum_only_where_it_follows_all(network):
    """It would be false of the others."""
    for arch, follows in (
        (network("resnet18"), True),
        (trace(MixedEnds(), (3, 8, 8)), False),
    ):
        shown = " ".join(texts(draw_diagram(arch).picture))
        assert "+: add" in shown
        assert follows == ("+: add, then ReLU" in shown) == ("then" in shown)


def test_legend_says_what_follows_the_sums_of_a_dual_path_network():
    """What is dense is put beside them, which is no reshape."""
    shown = " ".join(texts(draw_diagram(load(record_file("dpn68"))).picture))
    assert "+: add, then concat" in shown


def test_blocks_that_read_ever_more_are_one_row():
    """A DPN's differ by the channels that they read: one row says it for all."""
    arch = load(record_file("dpn68"))
    rows = [row for section in told(arch).sections for row in section.rows]
    assert [1, 2, 1, 3, 1, 11, 1, 2] == [row.count for row in rows]
    assert [False, True] * 4 == [row.is_alike for row in rows]
    assert [row.count for row in rows] == [len(row.turns) for row in rows]
    shown = " ".join(texts(draw_diagram(arch).picture))
    assert "×n: n in a row, alike in what is written" in shown
    assert "equal" not in shown


def test_legend_explains_the_factor_of_two_equal_blocks(network):
    """As in conv2_x of a ResNet-18, the only run there is."""
    shown = texts(draw_diagram(network("resnet18")).picture)
    assert "×2" in " ".join(shown)
    assert "×n: n equal in a row" in " ".join(shown)


def test_outputs_of_a_backbone_stand_at_their_stages(network):
    """Each of four outputs is told where it leaves."""
    facts = [section.facts[-1] for section in told(network("backbone")).sections]
    assert [f"→ output {k} of 4" for k in (1, 2, 3, 4)] == facts


class Many(nn.Module):
    """Five outputs, and no block."""

    def forward(self, x):
        return tuple(x * k for k in range(5))


def test_outputs_beyond_the_third_are_counted():
    """The first three by their sizes."""
    said = told(trace(Many(), (3, 8, 9))).outputs
    assert "output 8×9×3, 8×9×3, 8×9×3 and 2 more" == said


def test_network_without_blocks_is_a_chain(network):
    """One section for each map size, repeats folded, and it says so."""
    found = told(network("plain"))
    assert "no residual blocks" == found.facts[-1]
    assert "32×32×16" == found.sections[0].facts[0]
    assert ("3×3, 16 ×2",) == found.sections[0].rows[0].labels


def test_stage_of_many_kinds_is_cut_short(network):
    """Eight unlike blocks: six rows, and how many are left out."""
    found = rows(network("varied"), 0)
    assert MAX_ROWS == len(found)
    assert "… 3 more blocks of 3 kinds …" == found[-2].labels[0]


def test_blocks_that_take_turns_are_one_group(network):
    """Ten times a block and its dilated twin, as Swin's W-MSA and SW-MSA."""
    ((one, other),) = told(network("alternating")).sections[0].groups
    assert (10, 10) == (one.count, other.count)
    assert (("3×3, 16",), ("3×3, 16, d2",)) == (one.labels, other.labels)


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_turns_have_one_plate(network, direction):
    """Both blocks and their sums lie in it, with their number once."""
    picture = draw_diagram(network("alternating"), direction=direction).picture
    (plate,) = [inner for group in picture.groups for inner in group.groups]
    lines = [node.lines for node in picture.nodes if node.key in plate.nodes]
    assert 2 == lines.count(("+",))
    assert ["×10"] == [line for line in texts(picture) if line.startswith("×10")]


def test_gaps_of_the_count_are_named(network):
    """An operation without a rule makes the sum a lower bound."""
    arch = network("functional")
    layer = next(it for it in arch if it.operations[0].name == "relu")
    strange = msgspec.structs.replace(layer.operations[0], name="strange")
    layers = list(arch.layers)
    layers[layer.index] = msgspec.structs.replace(layer, operations=(strange,))
    facts = told(msgspec.structs.replace(arch, stored_layers=tuple(layers))).facts
    assert facts[1].startswith("≥ ")
    assert "not counted: strange" == facts[2]


def test_check_of_soundness_can_fail(network):
    """It sees shortcuts that are drawn over their boxes."""
    picture = draw_diagram(network("functional")).picture
    shifted = tuple(
        replace(edge, path=tuple((x - 90, y) for x, y in edge.path))
        for edge in picture.edges
    )
    assert any("crosses" in it for it in faults(replace(picture, edges=shifted)))


@pytest.mark.parametrize("name", NETWORKS)
def test_both_directions_place_the_same_parts(network, name):
    """One lane of each holds as many boxes, sums, frames and wires of each role."""

    def count(direction):
        structure = read_structure(network(name))
        picture = next(iter_placed(build_outline(structure), [], [], direction))
        edges = Counter(edge.role for edge in picture.edges)
        groups = Counter(group.role for group in picture.groups)
        roles = {"block", "chain", "sum", "small plain", "projection", "identity"}
        nodes = Counter(node.role for node in picture.nodes if node.role in roles)
        return nodes, edges, groups

    assert count("TB") == count("LR")


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", NETWORKS)
def test_shortcuts_never_run_backwards(network, name, direction):
    """Their words have room between the fork and the addition, however many."""
    axis = int(direction == "TB")
    picture = draw_diagram(network(name), direction=direction).picture
    for edge in picture.edges:
        if edge.role != "main":
            places = [point[axis] for point in edge.path]
            assert all(b > a - 1e-6 for a, b in pairwise(places)), edge


def test_lanes_stand_a_gap_apart():
    """The next lane is as wide, its wire as far from its start."""
    lane = Lane(start=9, level=20, end=59)
    after = lane.next_lane((100, 5))
    assert Lane(59 + LANE_GAP, 70 + LANE_GAP, 109 + LANE_GAP, (100, 5)) == after


def sized(width, height):
    """A picture of this size with letters of 12 pixels."""
    node = Node("n0", "text", (9, 9), (9, 9), ("word",))
    return Picture("", "", (width, height), (node,))


@pytest.mark.parametrize(
    ("size", "pixels"),
    [((100, 100), 12), ((1280, 800), 12), ((2560, 800), 6), ((100, 1600), 6)],
)
def test_letters_shrink_with_the_picture(size, pixels):
    """Only where it is larger than the screen."""
    assert pixels == smallest_letter_size(sized(*size))


def test_the_first_that_can_be_read_is_taken():
    """Not the smallest."""
    wide, readable, small = sized(9000, 9), sized(1300, 9), sized(9, 9)
    assert readable == choose_readable([wide, readable, small])


def test_the_best_is_taken_where_none_can_be_read():
    """Rather than none."""
    assert sized(5000, 9) == choose_readable([sized(9000, 9), sized(5000, 9)])


@pytest.mark.parametrize(
    ("starts", "end", "lines", "where"),
    [
        ([0, 10, 20, 30], 40, 2, (2,)),
        ([0, 30, 35, 40], 45, 2, (1,)),
        ([0, 10, 20], 30, 3, (1, 2)),
        ([0, 10], 20, 1, ()),
        ([5, 10, 20, 30, 40], 50, 3, (2, 4)),
    ],
)
def test_runs_are_broken_into_like_parts(starts, end, lines, where):
    """Only where a part begins."""
    assert where == break_evenly(starts, end, lines)


class RowsOfTokens(nn.Module):
    """Residual layers on rows, with a classifier of each row behind them."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleList(nn.Linear(8, 8) for _ in range(2))
        self.outer = nn.Linear(8, 5)

    def forward(self, x):
        for layer in self.inner:
            x = x + layer(x).relu()
        return self.outer(x)


@pytest.mark.parametrize(
    ("shape", "size"), [((1, 10, 8), "10×"), ((1, 4, 6, 8), "4×6×")]
)
def test_channels_stand_last_everywhere(shape, size):
    """At the input, in the stage and at the output, also of rows and of NHWC."""
    outline = told(trace(RowsOfTokens(), inputs=torch.zeros(shape)))
    (section,) = outline.sections
    assert (f"{size}8", f"{size}8", f"output {size}5") == (
        outline.inputs,
        section.facts[0],
        outline.outputs,
    )


def test_modules_that_are_not_drawn_are_named():
    """The largest of which no layer is in a box, of many the first."""
    picture = draw_diagram(load(record_file("hrnet_w18_small")), "overview").picture
    told = " ".join(texts(picture)).partition("not drawn: ")[2]
    assert picture.coverage
    modules = picture.coverage.undrawn_modules
    assert told.startswith(", ".join(modules[:4]))
    assert "stage2.0.fuse_layers" in modules
    inside = [
        layer.params
        for layer in load(record_file("hrnet_w18_small")).layers
        if f"{layer.path}.".startswith(tuple(f"{module}." for module in modules))
    ]
    assert picture.coverage.undrawn_params == sum(inside)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("projection", "identity", True),
        ("zero-padded", "identity", True),
        ("identity", "identity", True),
        ("identity", "projection", False),
        ("projection", "zero-padded", False),
        ("projection", "none", False),
    ],
)
def test_only_a_block_with_an_identity_joins_the_one_before(first, second, expected):
    """The row says that the first alone has another shortcut."""
    rows = [OutlineRow(("3×3, 64",), shortcut_kind=kind) for kind in (first, second)]
    assert expected is differ_by_shortcut(*rows)
