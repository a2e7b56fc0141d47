"""Attention to neighbours: vectors weigh what an index gathers, and are no gate."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_parts import Run

WIDTH, NEIGHBOURS = 16, 4


def find_neighbours(places):
    """(N, L, 3) to the numbers (N, L, K) of the nearest."""
    return torch.cdist(places, places).topk(NEIGHBOURS, largest=False)[1]


def gather(x, index):
    """(N, L, C) to (N, L, K, C), by an index of the samples too."""
    return x[torch.arange(len(x))[:, None, None], index]


def gather_rows(x, index):
    """The same by `gather`."""
    n, length, count = index.shape
    rows = index.reshape(n, -1, 1).expand(-1, -1, x.shape[-1])
    return x.gather(1, rows).view(n, length, count, -1)


def weigh_vectors(self, x, places, pick=gather):
    """Each channel has a weight of its own, of differences and places."""
    index = find_neighbours(places)
    offsets = self.place(places.unsqueeze(2) - pick(places, index))
    difference = self.query(x).unsqueeze(2) - pick(self.key(x), index)
    weights = self.weigh(difference + offsets).softmax(2)
    return (weights * (pick(self.value(x), index) + offsets)).sum(2)


def weigh_rows(self, x, places):
    return weigh_vectors(self, x, places, gather_rows)


def weigh_groups(self, x, places):
    """Channels share a weight two by two."""
    index = find_neighbours(places)
    difference = self.query(x).unsqueeze(2) - gather(self.key(x), index)
    weights = self.weigh(difference)[..., : WIDTH // 2].softmax(2).unsqueeze(3)
    values = gather(self.value(x), index).unflatten(-1, (2, -1))
    return (weights * values).sum(2).flatten(2)


def weigh_once(self, x, places):
    """One weight a neighbour."""
    index = find_neighbours(places)
    difference = self.query(x).unsqueeze(2) - gather(self.key(x), index)
    weights = self.weigh(difference).mean(-1, keepdim=True).softmax(2)
    return (weights * gather(self.value(x), index)).sum(2)


def weigh_windows(self, x, places):
    """Neighbours along the row, by `unfold`."""
    del places
    values = F.pad(self.value(x), (0, 0, 1, 1)).unfold(1, 3, 1).transpose(2, 3)
    keys = F.pad(self.key(x), (0, 0, 1, 1)).unfold(1, 3, 1).transpose(2, 3)
    weights = self.weigh(self.query(x).unsqueeze(2) - keys).softmax(2)
    return (weights * values).sum(2)


WAYS = [weigh_vectors, weigh_rows, weigh_groups, weigh_once, weigh_windows]


def make_blocks(way):
    """Blocks of a linear layer, what attends, and another."""

    def run(self, x, places):
        return x + self.last(way(self, self.first(x), places))

    names = ("first", "last", "query", "key", "value")
    return [
        Run(
            run,
            weigh=nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, WIDTH)),
            place=nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, WIDTH)),
            **{name: nn.Linear(WIDTH, WIDTH) for name in names},
        )
        for _ in range(3)
    ]


def run_points(self, places):
    x = self.stem(places)
    for block in self.blocks:
        x = block(x, places)
    return x


def read_types(way):
    """The types of three blocks on nine points."""
    net = Run(run_points, stem=nn.Linear(3, WIDTH), blocks=make_blocks(way))
    built = read_structure(resviz.trace(net, inputs=torch.zeros(2, 9, 3)))
    return [block.type for block in built.blocks]


@pytest.mark.parametrize("way", WAYS)
def test_vectors_that_weigh_neighbours_attend(way):
    """A softmax over what an index gathers, and the sum of what it weighs."""
    assert ["attention"] * 3 == read_types(way)


def choose_branch(self, x, places):
    """A softmax over two layers weighs these, as selective kernels do."""
    del places
    branches = torch.stack([self.query(x), self.key(x)], 1)
    weights = self.weigh(branches.sum(1).mean(1, keepdim=True)).unsqueeze(1)
    return (torch.cat([weights, -weights], 1).softmax(1) * branches).sum(1)


def test_a_softmax_over_branches_is_no_attention():
    """Nothing is gathered there."""
    assert "attention" not in read_types(choose_branch)
