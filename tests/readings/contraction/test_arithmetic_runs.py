"""Long runs of arithmetic are one node each, wherever they lie."""

import json

import pytest
import torch
from torch import nn

import resviz
from resviz.figures import draw_diagram
from resviz.readings.contraction import read_contraction
from resviz.readings.contraction.arithmetic_runs import MIN_ARITHMETIC
from resviz.readings.contraction.drawn import contract
from resviz.readings.contraction.ladder import SCREEN

from .law import find_breaches, read_edges


def work(x, steps):
    """Steps of which each reads the two before, so that nothing is a chain."""
    before, now = x, x.abs()
    for _ in range(steps):
        before, now = now, torch.maximum(before * 0.5, now)
    return now


class Detector(nn.Module):
    """Arithmetic before, between and behind two convolutions, and beside the last."""

    def __init__(self, before=0, between=0, behind=0, beside=0):
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 5, 1)
        self.steps = before, between, behind, beside

    def forward(self, x):
        before, between, behind, beside = self.steps
        x = self.first(work(x, before) if before else x)
        y = work(x, between) if between else x
        z = self.last(y)
        # What is sorted out of the first half is needed again behind the last layer.
        z = z.sum(1, keepdim=True) + y if between else z
        out = [work(z, behind) if behind else z]
        return [*out, work(x.mean(1), beside)] if beside else out


ENOUGH, FEW = MIN_ARITHMETIC // 2 + 2, 6
"""Steps of two layers that are a long run, and that are none."""


def trace(**steps):
    """The record of a detector."""
    return resviz.trace(Detector(**steps), (3, 8, 8))


def list_regions(graph):
    """The words of the nodes that are runs."""
    regions = (node for node in graph.nodes.values() if node.role == "region")
    return sorted(node.lines[0] for node in regions)


CASES = [
    ({"before": ENOUGH}, ["pre-processing"]),
    ({"between": ENOUGH}, ["arithmetic"]),
    ({"behind": ENOUGH}, ["post-processing"]),
    ({"behind": ENOUGH, "beside": ENOUGH}, ["post-processing"] * 2),
    (
        {"before": ENOUGH, "between": ENOUGH, "behind": ENOUGH},
        ["arithmetic", "post-processing", "pre-processing"],
    ),
]


@pytest.mark.parametrize(("steps", "regions"), CASES)
@pytest.mark.parametrize("depth", [None, 1])
def test_a_long_run_is_one_node(steps, regions, depth):
    """Two that do not hang together are two, and every edge is where the law has it."""
    arch = trace(**steps)
    graph = contract(arch, SCREEN, depth=depth)
    assert regions == [
        name for name in list_regions(graph) if name not in {"Conv2d", "1×1"}
    ]
    _, edges = read_edges(arch.to_json())
    found = find_breaches(
        edges, graph.owners, graph.drawn_for, graph.lines, graph.turns
    )
    assert [] == found


def test_a_short_run_is_drawn():
    """Nothing that one can look at is hidden."""
    names = list_regions(read_contraction(trace(behind=FEW)))
    assert "post-processing" not in names


def test_a_graph_of_thousands_of_steps_fits_a_screen():
    """As masks that are pasted one by one."""
    picture = draw_diagram(trace(behind=800), "lanes").picture
    assert picture.size[0] < 1280
    assert picture.size[1] < 800
    words = [line for node in picture.nodes for line in node.lines]
    assert "post-processing" in words


class Sorting(nn.Module):
    """A run that takes the best of what it reads."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return work(self.conv(x).flatten(1).topk(7)[0], ENOUGH)


def test_what_is_looked_for_in_a_run_is_said():
    """The best are taken."""
    graph = read_contraction(resviz.trace(Sorting(), (3, 8, 8)))
    (node,) = (node for node in graph.nodes.values() if node.role == "region")
    assert ("post-processing", "top k") == node.lines


class Dead(nn.Module):
    """A view of a map is taken and forgotten, as for the sizes of its anchors."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, 2, 1) for _ in range(3))

    def forward(self, x):
        for conv in self.convs:
            x = conv(x)
            _ = x[0].permute(1, 2, 0)
        return x.mean((2, 3))


@pytest.mark.parametrize("depth", [None, 1, 2])
def test_what_leads_nowhere_is_no_box(depth):
    """It lies in that of what it reads."""
    arch = resviz.trace(nn.Sequential(Dead()), (3, 32, 32))
    graph = contract(arch, SCREEN, depth=depth)
    dead = [
        node.lines
        for key, node in graph.nodes.items()
        if not graph.users[key] and node.role != "output"
    ]
    assert [] == dead
    live, _ = read_edges(arch.to_json())
    assert live <= {end for node in graph.nodes.values() for end in node.ends}
    assert len(json.loads(arch.to_json())["layers"]) == len(live)


class Images(nn.Module):
    """Takes an image without a batch, and makes one of it, as detectors do."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)

    def forward(self, image):
        return self.conv(image[None]).relu()


def test_a_batch_that_a_network_makes_is_no_position():
    """Maps read 4×4, not 1×4×4."""
    arch = resviz.trace(Images(), inputs=(torch.zeros(3, 8, 8),))
    assert {"8×8", "4×4"} == {n.place for n in read_contraction(arch).nodes.values()}
