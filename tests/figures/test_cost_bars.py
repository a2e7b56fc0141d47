"""Costs in sight: bars and squares of an overview, against the stages' own totals."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.overview.cost_bars import BAR_LENGTH

from .conftest import NETWORKS, Gated, faults, sequential, texts

LAYOUTS = ({}, {"direction": "LR"}, {"width": "column"})


def is_inside(node, frame):
    """Whether a node lies in a frame."""
    return all(
        abs(node.at[k] - frame.at[k]) + node.size[k] / 2 <= frame.size[k] / 2
        for k in (0, 1)
    )


@pytest.mark.filterwarnings("ignore:.* tall, and a page has:UserWarning")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=["TB", "LR", "column"])
def test_bars_stand_clear(network, name, layout):
    """Whatever is unsound with bars is without them; they lie on no words."""
    arch = network(name)
    without = draw_diagram(arch, "overview", **layout).picture
    picture = draw_diagram(arch, "overview", costs=True, **layout).picture
    assert {*faults(picture)} <= {*faults(without)}
    shown = [node for node in picture.nodes if node.lines]
    for bar in picture.nodes:
        if bar.role in {"bar track", "bar fill", "changed block"}:
            assert any(is_inside(bar, frame) for frame in picture.groups)
            for node in shown:
                across = min(bar.right, node.right) - max(bar.left, node.left)
                down = min(bar.bottom, node.bottom) - max(bar.top, node.top)
                assert across <= 0.5 or down <= 0.5, node.lines


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "cifar110"])
def test_bars_are_to_scale(network, name):
    """Of two in each stage the longest is full, the others have their share of it."""
    arch = network(name)
    picture = draw_diagram(arch, "overview", costs=True).picture
    lengths = [node.size[0] for node in picture.nodes if node.role == "bar fill"]
    for number, key in enumerate(("params", "macs")):
        amounts = [
            sum(getattr(layer, key) for layer in stage.layers) for stage in arch.stages
        ]
        expected = [BAR_LENGTH * amount / max(amounts) for amount in amounts]
        assert pytest.approx([max(0.8, n) for n in expected]) == lengths[number::2]


def test_the_papers_costs_are_written(network):
    """Those of conv2_x, counted here: nine kernels and one projection."""
    convs = 64 * 64 + 3 * 9 * 64 * 64 + 3 * 64 * 256 + 2 * 256 * 64 + 64 * 256
    norms = 2 * (3 * (64 + 64 + 256) + 256)
    assert (215_808, 212_992) == (convs + norms, convs)
    said = texts(draw_diagram(network("resnet50"), "overview", costs=True).picture)
    assert {"216 k", "668 M"} <= {*said}
    assert f"{convs * 56 * 56 / 1e6:.0f} M" in said


def test_squares_are_blocks(network):
    """One each, hollow where the shortcut is no identity."""
    for name, blocks, changed in (("resnet50", 16, 4), ("resnet18", 8, 3)):
        nodes = draw_diagram(network(name), "overview", costs=True).picture.nodes
        small = [node for node in nodes if not node.lines and node.size[0] < 7]
        roles = [node.role for node in small if node.role in {"layer", "changed block"}]
        assert (blocks, changed) == (len(roles), roles.count("changed block"))
    assert ("background", "tint") == (LOOKS["changed block"].fill, LOOKS["layer"].fill)


def test_bars_leave_no_connection_out(network):
    """They are no layers, and hold none."""
    coverage = draw_diagram(
        network("resnet50"), "overview", costs=True
    ).picture.coverage
    assert 0 == coverage.left_out == coverage.undrawn_params


def test_sentences_and_charts_say_costs(network):
    """Stage by stage."""
    arch = network("resnet50")
    said = describe_figure(arch, "overview", costs=True)
    assert "conv2_x 216 k parameters and 668 M MACs" in said
    assert "668 M MACs" not in describe_figure(arch, "overview")
    drawn = draw_diagram(arch, "overview", costs=True)
    assert "668 M MACs" in drawn.to_mermaid()
    assert "668 M MACs" in drawn.to_dot()


def test_sizes_that_are_not_drawn_are_told_by_their_number():
    """Of a network without blocks that has more than there is room for."""
    net = nn.Sequential(*(nn.Conv2d(3, 3, 3) for _ in range(16)))
    said = resviz.describe(resviz.trace(net, (3, 64, 64)), "overview", costs=True)
    assert "Bars show what stages cost: 62×62×3 84 parameters and " in said


def test_a_part_has_bars_of_the_same_scale(network):
    """So that two parts of one network can be laid side by side."""
    arch = network("resnet50")
    whole, part = (
        [
            node.size[0]
            for node in draw_diagram(
                arch, "overview", costs=True, stages=stages
            ).picture.nodes
            if node.role == "bar fill"
        ]
        for stages in (None, "conv3_x")
    )
    assert whole[2:4] == part


class Uncounted(nn.Module):
    """A block with an operation that no rule counts."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x) * torch.linalg.svd(x)[1].sum()


def test_what_is_not_counted_has_no_bar():
    """It says so in place of a number."""
    arch = resviz.trace(sequential(Uncounted(), Gated()), (3, 16, 16))
    picture = draw_diagram(arch, "overview", costs=True).picture
    assert "unknown" in texts(picture)
    fills = [node for node in picture.nodes if node.role == "bar fill"]
    words = [node for node in picture.nodes if node.lines in {("params",), ("MACs",)}]
    assert len(fills) < len(words)


def test_a_batch_is_told_of_bars():
    """MACs are those of all samples."""
    arch = resviz.trace("resnet18", batch=2)
    said = " ".join(texts(draw_diagram(arch, "overview", costs=True).picture))
    assert "bars: of stages, the longest has most, batch of 2" in said


def test_other_figures_refuse_costs(network):
    """The error names the one that has them."""
    with pytest.raises(RenderError, match="only the figure 'overview' has bars"):
        draw_diagram(network("resnet18"), "stack", costs=True)
