"""Coordinates with velocities, which layers of features move: Satorras et al. 2021."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

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


def scatter_ones(rows, places, count):
    """The same by a mask that ones are written to."""
    mask = torch.zeros(count, len(places)).scatter(0, places[None], 1.0)
    return mask @ rows


def take_mean(rows, places, count):
    """Their mean, by a one-hot matrix."""
    ones = F.one_hot(places, count).T.float()
    return (ones @ rows) / ones.sum(1, keepdim=True).clamp(min=1)


PRODUCTS = {
    "one-hot": lambda rows, places, count: F.one_hot(places, count).T.float() @ rows,
    "compared": lambda rows, places, count: (
        (places == torch.arange(count)[:, None]).float() @ rows
    ),
    "einsum": lambda rows, places, count: torch.einsum(
        "en,ed->nd", F.one_hot(places, count).float(), rows
    ),
    "written": scatter_ones,
    "mean": take_mean,
}
"""How rows are summed where they arrive, by a product with a matrix."""


def move(self, rows, places, speed, start, end):
    """Messages move coordinates by a velocity; features are added to, or stay."""
    difference = places[start] - places[end]
    distance = difference.pow(2).sum(1, keepdim=True)
    if self.features:
        message = self.edge(torch.cat([rows[start], rows[end], distance], 1))
        read = rows
    else:
        message = self.edge(distance)
        read = self.gather(message, start, len(places))
    moved = self.gather(difference * self.place(message), start, len(places))
    speed = self.slow(read) * speed + moved if self.slows else moved
    if self.adds:
        total = self.gather(message, start, len(rows))
        rows = rows + self.node(torch.cat([rows, total], 1))
    return rows, places + speed, speed


def make_net(run, *, features, adds, gather=scatter, slows=True):
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
        vars(layer).update(features=features, adds=adds, gather=gather, slows=slows)
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


@pytest.mark.parametrize("slows", [True, False])
@pytest.mark.parametrize("pick", ["both", "coordinates"])
@pytest.mark.parametrize("how", PRODUCTS)
def test_products_with_a_matrix_of_places_move_as_sums_do(how, pick, slows):
    """Weights of the differences are the branch, where features stay as they are."""
    net = make_net(
        run_all, features=True, adds=False, gather=PRODUCTS[how], slows=slows
    )
    net.pick = PICKS[pick]
    kinds, depth = read(net, (FEATURES, COORDINATES, VELOCITIES))
    assert (3, True) == (len(kinds), depth in {12, 13})


def test_places_may_be_read_by_products_too():
    """Differences that one-hot matrices take, and scatter again, have no weights."""

    def step(self, places, start, end):
        first, last = (F.one_hot(n, len(places)).float() for n in (start, end))
        difference = first @ places - last @ places
        weight = self.body(difference.pow(2).sum(1, keepdim=True))
        return places + first.T @ (difference * weight)

    def run(self, places, start, end):
        for layer in self.layers:
            places = layer(places, start, end)
        return places

    net = Run(run, layers=[Run(step, body=mlp(1, 1)) for _ in range(3)])
    kinds, depth = read(net, (COORDINATES,))
    assert (3, 6) == (len(kinds), depth)
