"""One block in full."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.figures.block.lanes import assign_lanes
from resviz.figures.block.steps import build_block_steps
from resviz.figures.overview.arranging import smallest_letter_size
from resviz.readings.structure import read_structure

from .conftest import NETWORKS, faults, texts

RESIDUAL = [name for name in NETWORKS if name != "plain"]


def said(arch, at=None):
    """The texts of a block's figure."""
    return texts(draw_diagram(arch, "block", at=at).picture)


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", RESIDUAL)
def test_block_is_sound(network, name, direction):
    """No text leaves its box, no wire crosses a box, whatever the branches."""
    picture = draw_diagram(network(name), "block", direction=direction).picture
    assert [] == sorted(set(faults(picture)))


@pytest.mark.parametrize("name", RESIDUAL)
def test_both_directions_say_the_same(network, name):
    """The boxes have the same words, but for where lines break."""
    down, right = (
        [
            re.findall(r"[^\s,]+", " ".join(node.lines))
            for node in draw_diagram(network(name), "block", direction=it).picture.nodes
            if node.role not in {"title", "note"}
        ]
        for it in ("TB", "LR")
    )
    assert down == right


def test_from_left_to_right_the_main_branch_is_level(network):
    """And the shortcut arches over it."""
    picture = draw_diagram(network("resnet50"), "block", direction="LR").picture
    main = {node.at[1] for node in picture.nodes if node.role == "conv"}
    (side,) = (node for node in picture.nodes if node.role == "projected")
    assert 1 == len(main)
    assert side.bottom < min(main) - 20


def test_a_shape_is_said_where_it_changes(network):
    """Beside the wires of a bottleneck that strides: once each; in and out once."""
    found = [line for line in said(network("resnet50"), "conv3_1") if "×" in line]
    shapes = [line for line in found if "conv" not in line]
    assert ["x 56×56×256", "y 28×28×512", "56×56×128", "28×28×128"] == shapes


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("name", RESIDUAL)
def test_block_is_read_on_one_screen(network, name, direction):
    """Where 1280×800 show it whole, letters are 9 pixels at least."""
    assert (
        smallest_letter_size(
            draw_diagram(network(name), "block", direction=direction).picture
        )
        >= 9
    )


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_hostile_names_are_placed_soundly(hostile, direction):
    """Names of 20,000 characters are cut, not spilled."""
    picture = draw_diagram(hostile[0], "block", direction=direction).picture
    assert [] == sorted(set(faults(picture)))


def test_bottleneck_in_full(network):
    """Figure 5 of the paper, with what its text adds: BN, ReLU, the projection."""
    read = read_structure(network("resnet50"))
    found = build_block_steps(read.arch, read.stages[1].blocks[0])
    assert [
        "x", "1×1 conv, 256→128", "BN, ReLU", "3×3 conv, 128→128, /2", "BN, ReLU",
        "1×1 conv, 128→512", "BN", "+", "ReLU", "y",
    ] == [step.lines[0] for step in found if not step.shortcut]  # fmt: skip
    shortcut = ["projection shortcut:", "1×1 conv, 256→512, /2", "BN"]
    assert shortcut == [step.lines[0] for step in found if step.shortcut]


def test_shared_pre_activation_stands_before_the_fork(network):
    """Both branches read the first ReLU; an identity leaves before it."""
    read = read_structure(network("preactivated"))
    flow = build_block_steps(read.arch, read.blocks[0])
    assert ["x", "BN, ReLU"] == [step.lines[0] for step in flow[:2]]
    side = next(step for step in flow if step.shortcut)
    assert [1] == side.sources
    flow = build_block_steps(read.arch, read.blocks[1])
    assert [0] == next(step for step in flow if step.shortcut).sources


def test_reason_of_a_projection_is_told(network):
    """Resolution and channels change in the first block of conv3_x."""
    assert "resolution and channels change" in said(network("resnet50"), "conv3_1")


def test_default_is_the_first_that_projects(network):
    """For ResNet-18 that is conv3_1; conv2_x has identities alone."""
    assert "conv3_1, basic" in said(network("resnet18"))


def test_default_without_projections_is_the_first(network):
    """Option A never projects."""
    assert "conv2_1, basic" in said(network("cifar110"))


def test_module_path_names_a_block(network):
    """Both names lead to one block, which says which are equal to it."""
    assert said(network("resnet50"), "layer3.2") == said(network("resnet50"), "conv4_3")
    assert "equal: conv4_2, conv4_4 to conv4_6" in said(network("resnet50"), "conv4_3")


def test_unknown_block_lists_the_legal_ones(network):
    """The error names each stage's first and last block."""
    legal = "conv2_1 to conv2_3, conv3_1 to conv3_4, conv4_1 to conv4_6"
    with pytest.raises(RenderError, match=f"unknown block 'conv9_1': want {legal}"):
        draw_diagram(network("resnet50"), "block", at="conv9_1")


def test_network_without_blocks_is_refused(network):
    """The error says what is missing."""
    with pytest.raises(RenderError, match="plain: there are no residual blocks"):
        draw_diagram(network("plain"), "block")


def test_gate_has_its_own_wire(network):
    """Squeeze-and-excitation multiplies what it reads: a second way past it."""
    read = read_structure(network("gated"))
    flow = build_block_steps(read.arch, read.blocks[0])
    product = next(step for step in flow if step.lines == ["×"])
    assert 2 == len(product.sources)
    assert "sum" == product.role


class ScaledByTime(nn.Module):
    """A residual block whose branch a time scales and shifts, as in diffusion."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1)
        self.time = nn.Linear(4, 16)

    def forward(self, x, time):
        scale, shift = self.time(time)[:, :, None, None].chunk(2, 1)
        return x + self.second((self.first(x) * scale + shift).relu())


class GivesTime(nn.Module):
    """A network of one such block."""

    def __init__(self) -> None:
        super().__init__()
        self.block = ScaledByTime()

    def forward(self, x, time):
        return self.block(x.relu(), time)


def test_what_comes_in_aside_is_an_input_of_its_own():
    """No wire leads from x to what a time scales: the time and its layers do."""
    arch = resviz.trace(
        GivesTime(), inputs=(torch.zeros(1, 8, 6, 6), torch.zeros(1, 4))
    )
    (block,) = arch.blocks
    steps = build_block_steps(arch, block)
    (product,) = (step for step in steps if step.lines == ["×"])
    words = [[steps[at].words[0] for at in product.sources]]
    while steps[product.sources[-1]].sources:
        product = steps[product.sources[-1]]
        words.append([steps[at].words[0] for at in product.sources])
    assert [["3×3 conv, 8→8", "split"], ["fc, 4→16"], ["time 4"]] == words


def test_the_first_input_keeps_the_first_column():
    """Also where what comes in aside has the longer way to their sum."""
    layout = assign_lanes([(), (), (1,), (2,), (3, 0), (4,)], frozenset())
    assert (0, 1, 1, 1, 0, 0) == layout.column


def test_chain_takes_one_column():
    """Steps that follow one another stand below each other."""
    laid = assign_lanes([[], [0], [1], [2]], frozenset())
    assert (0, 0, 0, 0) == laid.column
    assert (0, 1, 2, 3) == laid.level


def test_shortcut_takes_the_last_column():
    """Step 1 is on the shortcut, though it comes first."""
    laid = assign_lanes([[], [0], [0], [2], [1, 3]], frozenset({1}))
    assert (0, 1, 0, 0, 0) == laid.column


def test_wires_over_the_same_levels_have_columns_of_their_own():
    """Two wires that pass the same step are drawn apart."""
    laid = assign_lanes([[], [0], [1], [2, 0], [3, 1, 0]], frozenset())
    assert 3 == len(set(laid.edge_columns.values()))


def test_many_equal_blocks_are_a_range(network):
    """Nothing of the line is cut, however many there are."""
    words = said(network("cifar110"), None)
    assert ["equal: conv2_2 to conv2_18"] == [it for it in words if "equal" in it]


class FusedBlock(nn.Module):
    """A block of 8-bit integers whose ReLUs are part of other operations."""

    def __init__(self):
        super().__init__()
        quantised = torch.ao.nn.quantized
        self.before = quantised.Quantize(0.1, 0, torch.quint8)
        self.first = torch.ao.nn.intrinsic.quantized.ConvReLU2d(8, 8, 3, padding=1)
        self.second = quantised.Conv2d(8, 8, 3, padding=1)
        self.sum = quantised.QFunctional()
        self.after = quantised.DeQuantize()

    def forward(self, x):
        x = self.before(x)
        return self.after(self.sum.add_relu(self.second(self.first(x)), x))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(
    not torch.backends.quantized.supported_engines, reason="this torch has none"
)
def test_a_relu_that_is_part_of_a_convolution_is_drawn():
    """Of the first alone, and that of the sum."""
    words = said(resviz.trace(FusedBlock(), input_size=(8, 8, 8)))
    assert {"3×3 conv, 8→8, ReLU", "3×3 conv, 8→8", "+, ReLU"} <= {*words}
