"""Coordinates with velocities, which layers of features move: Satorras et al. 2021."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_graphs import scatter
from .random_parts import Run

ENDS = torch.zeros(24, dtype=torch.long)
FEATURES = torch.zeros(10, 5)
COORDINATES, VELOCITIES = torch.zeros(10, 3), torch.zeros(10, 3)


def mlp(wide, count):
    """Two linear layers."""
    return nn.Sequential(nn.Linear(wide, 16), nn.SiLU(), nn.Linear(16, count))


def move(self, rows, places, speed, start, end):
    """Messages move coordinates by a velocity; features are added to, or stay."""
    difference = places[start] - places[end]
    distance = difference.pow(2).sum(1, keepdim=True)
    if self.features:
        message = self.edge(torch.cat([rows[start], rows[end], distance], 1))
        read = rows
    else:
        message = self.edge(distance)
        read = scatter(message, start, len(places))
    moved = scatter(difference * self.place(message), start, len(places))
    speed = self.slow(read) * speed + moved
    if self.adds:
        total = scatter(message, start, len(rows))
        rows = rows + self.node(torch.cat([rows, total], 1))
    return rows, places + speed, speed


def make_net(run, *, features, adds):
    """Three such layers."""
    wide = 33 if features else 1
    layers = [
        Run(
            move,
            edge=mlp(wide, 16), place=mlp(16, 1), slow=mlp(16, 1), node=mlp(32, 16),
        )
        for _ in range(3)
    ]  # fmt: skip
    for layer in layers:
        layer.features, layer.adds = features, adds
    return Run(run, layers=layers, stem=nn.Linear(5, 16))


def run_all(self, rows, places, speed, start, end):
    """Give what `pick` takes of features and coordinates."""
    rows = self.stem(rows)
    for layer in self.layers:
        rows, places, speed = layer(rows, places, speed, start, end)
    return self.pick(rows, places)


def run_places(self, places, speed, start, end):
    """Coordinates alone."""
    for layer in self.layers:
        _, places, speed = layer(places, places, speed, start, end)
    return places


def read(net, inputs):
    """The types of the blocks of a net, and its depth."""
    built = read_structure(resviz.trace(net, inputs=(*inputs, ENDS, ENDS)))
    return [block.type for block in built.blocks], count_depth(built)


PICKS = {
    "both": lambda rows, places: (rows, places),
    "coordinates": lambda rows, places: places,
    "features": lambda rows, places: rows.mean(0),
}


@pytest.mark.parametrize("pick", PICKS)
def test_features_are_the_stream_beside_velocities(pick):
    """A stem and three layers of four weights, or that move in the last one."""
    net = make_net(run_all, features=True, adds=True)
    net.pick = PICKS[pick]
    assert (["MLP"] * 3, 13) == read(net, (FEATURES, COORDINATES, VELOCITIES))


@pytest.mark.parametrize("pick", ["both", "coordinates"])
def test_velocities_are_moved_where_features_stay(pick):
    """What weighs the differences is the branch then, in every layer."""
    net = make_net(run_all, features=True, adds=False)
    net.pick = PICKS[pick]
    kinds, depth = read(net, (FEATURES, COORDINATES, VELOCITIES))
    assert (["MLP"] * 3, True) == (kinds, depth in {12, 13})


def test_velocities_are_moved_where_there_are_no_features():
    """Four weights a layer lie between coordinates and the next ones."""
    net = make_net(run_places, features=False, adds=False)
    assert (["MLP"] * 3, 12) == read(net, (COORDINATES, VELOCITIES))
