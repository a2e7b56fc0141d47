"""Nets whose weights all come aside, and what is said where the depth is 0."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.structure import count_depth, read_structure
from resviz.readings.structure.remarks import find_remarks

from .random_graphs import diffuse, update_coordinates
from .random_parts import Run
from .toys import Basic, conv

MAP = torch.zeros(1, 8, 16, 16)
ROWS = torch.zeros(10, 16), torch.zeros(10, 3)
ENDS = (torch.zeros(24, dtype=torch.long),) * 2


def body(wide, out):
    """Two linear layers."""
    return nn.Sequential(nn.Linear(wide, 16), nn.SiLU(), nn.Linear(16, out))


def read(net, *inputs):
    """Return the depth, the numbers of blocks of stages, and all remarks."""
    built = read_structure(resviz.trace(net.eval(), inputs=inputs))
    stages = [len(stage.blocks) for stage in built.stages]
    return count_depth(built), stages, find_remarks(built)


def coordinates(adds, returned):
    """Three layers as EGNN's, of rows that are added to or not."""
    layers = [
        Run(update_coordinates, edge=body(33, 16), place=body(16, 1), node=body(32, 16))
        for _ in range(3)
    ]
    for layer in layers:
        vars(layer).update(gates=False, means=False, adds=adds, speed=None)

    def run(self, rows, places, start, end):
        for layer in self.layers:
            rows, places, _ = layer(rows, places, None, start, end)
        return {"rows": rows, "places": places, "both": (rows, places)}[returned]

    return Run(run, layers=layers)


@pytest.mark.parametrize("adds", [True, False])
@pytest.mark.parametrize("returned", ["rows", "places", "both"])
def test_messages_make_the_depth_of_coordinates(adds, returned):
    """Each layer has four weights in a row, whatever of it is returned."""
    depth, stages, _ = read(coordinates(adds, returned), *ROWS, *ENDS)
    assert (12, [3]) == (depth, stages)


def test_gates_carry_only_where_nothing_else_is_a_block():
    """Beside blocks their sum stays weightless, and the depth leaves them out."""
    step = Run(diffuse, body=nn.Sequential(conv(3), nn.ReLU(), conv(3)))
    vars(step).update(turned=False, means=False)
    assert (3, [1]) == read(nn.Sequential(conv(3), step), MAP)[:2]
    depth, stages, remarks = read(nn.Sequential(conv(3), step, Basic(8, 8)), MAP)
    assert (3, [1]) == (depth, stages)
    assert "2 weightless sums: 1:sub, 1:add" in remarks


@pytest.mark.parametrize("scaled", [lambda x: x, lambda x: 0.5 * x, torch.relu])
def test_a_gate_of_the_fork_itself_carries_nothing(scaled):
    """As squeeze-and-excitation, whose product is added."""
    gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(1), nn.ReLU(), conv(1))
    net = Run(lambda self, x: x + scaled(x) * self.gate(x).sigmoid(), gate=gate)
    assert (1, []) == read(nn.Sequential(conv(3), net), MAP)[:2]


def warp(self, x, y):
    """Warp one image to another."""
    flow = self.net(torch.cat([x, y], 1)).permute(0, 2, 3, 1)
    return F.grid_sample(x, flow, align_corners=False)


def predict_kernels(self, x):
    """Weigh the neighbours of every position."""
    kernels = self.net(x).softmax(1)
    neighbours = F.unfold(x, 3, padding=1).view(len(x), 8, 9, *x.shape[2:])
    return (neighbours * kernels[:, None]).sum(2)


def select_rows(self, x):
    """Take the rows that score best."""
    best = self.net(x).topk(3, 0).indices
    return x.gather(0, best.expand(-1, x.shape[1]))


def blocks(c, o):
    """A stem, two blocks and a head, four weights and two in a row."""
    return nn.Sequential(conv(3, c), Basic(8, 8), Basic(8, 8), conv(3, 8, o))


ASIDE = {
    "index": (Run(warp, net=blocks(16, 2)), [MAP, MAP], 6, "grid_sampler_2d"),
    "gate": (Run(predict_kernels, net=blocks(8, 9)), [MAP], 6, "mul"),
    "index of rows": (Run(select_rows, net=body(16, 1)), ROWS[:1], 2, "gather"),
}
"""Nets, their inputs, their depth, and where what has weights comes in."""


@pytest.mark.parametrize("kind", ASIDE)
def test_the_depth_follows_what_alone_has_weights(kind):
    """A grid, kernels or places, and says so."""
    net, inputs, deep, place = ASIDE[kind]
    depth, _, remarks = read(net, *inputs)
    said = f"all weights come aside ({kind.split()[0]}), so that the main path follows"
    assert (deep, f"{said} them: {place}") == (depth, remarks[0])


def test_gathered_points_keep_what_weighs_them():
    """Their kernel is dropped only where the values have weights."""

    def move(self, x):
        difference = x[:, self.near] - x[:, :, None]
        weight = self.net(difference.norm(dim=-1, keepdim=True))
        return x + (difference * weight).sum(2)

    net = Run(move, net=body(1, 1))
    net.register_buffer("near", torch.zeros(9, 4, dtype=torch.long))
    assert (2, [1]) == read(net, torch.zeros(2, 9, 3))[:2]


def test_an_output_with_weights_is_the_main_one():
    """Whatever is added for the other."""
    net = Run(lambda self, x: (x + x.mean() + x.amax(0), self.net(x)), net=body(16, 2))
    assert 2 == read(net, ROWS[0])[0]


SILENT = {
    "the output is made of no weighted layer: net.0, net.2": (
        lambda self, x: (self.net(x), x.mean(0))[1]
    ),
    "weighted layers read constants alone: net.0, net.2": (
        lambda self, x: x + self.net(self.row)
    ),
    "no parameter is of a convolution or a linear layer": lambda self, x: x * self.row,
}
"""What is said of nets of depth 0, and their forwards."""


@pytest.mark.parametrize("reason", SILENT)
def test_no_depth_is_told_of(reason):
    """A 0 has its reason, in words."""
    net = Run(SILENT[reason], net=body(16, 16))
    net.row = nn.Parameter(torch.zeros(16))
    assert (0, [], (f"depth 0, {reason}",)) == read(net, ROWS[0])


def test_what_has_no_parameters_may_have_no_depth():
    """A function of the input alone has no remark."""
    assert (0, [], ()) == read(nn.AvgPool2d(2), MAP)
