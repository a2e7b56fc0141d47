"""Parallel branches in an overview of networks without blocks, as Inception."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.figures import draw_diagram
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import texts

FORM = "(1×1 ‖ 1×1 → 3×3 ‖ 3×3 max pool → 1×1) → concat"
SERIAL = "parallel branches stand one after the other"


class Inception(nn.Module):
    """Three branches, of which the middle one and the last have two layers."""

    def __init__(self, channels, width):
        super().__init__()
        self.one = nn.Conv2d(channels, width, 1)
        self.two = nn.Sequential(
            nn.Conv2d(channels, 4, 1), nn.ReLU(), nn.Conv2d(4, width, 3, padding=1)
        )
        self.three = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, width, 1))

    def forward(self, x):
        return torch.relu(torch.cat([self.one(x), self.two(x), self.three(x)], 1))


class Reduction(nn.Module):
    """Two convolutions, the last with a stride, beside a pool."""

    def __init__(self, channels):
        super().__init__()
        self.first, self.last = nn.Conv2d(channels, 5, 1), nn.Conv2d(5, 8, 3, 2, 1)
        self.pool = nn.MaxPool2d(3, 2, 1)

    def forward(self, x):
        return torch.cat([self.last(self.first(x)), self.pool(x)], 1)


def build_tower(modules, start=3):
    """Some Inception modules in a row, each wider than the one before."""
    widths = [start, *(3 * (8 + k) for k in range(modules))]
    return [Inception(widths[k], 8 + k) for k in range(modules)], widths[-1]


def read_overview(*layers):
    """The words of an overview, its boxes in one line each."""
    arch = resviz.trace(nn.Sequential(*layers), (3, 32, 32))
    return [
        " ".join(node.lines)
        for node in draw_diagram(arch, "overview").picture.nodes
        if node.lines
    ]


@pytest.mark.parametrize("modules", [4, 12])
def test_long_runs_have_their_form(modules):
    """However many layers there are: modules of other widths are one form."""
    words = read_overview(*build_tower(modules)[0])
    assert f"({FORM}) ×{modules}" in words
    assert not any(SERIAL in line for line in words)


def test_a_short_run_has_its_channels():
    """As one module has."""
    words = read_overview(*build_tower(1)[0])
    assert "(1×1, 8 ‖ 1×1, 4 → 3×3, 8 ‖ 3×3 max pool → 1×1, 8) → concat" in words


def test_what_stands_behind_two_entrances_has_its_form():
    """A reduction's branches stand in a row, and it is said; all else is parallel."""
    words = read_overview(
        nn.Conv2d(3, 3, 1), Reduction(3), *build_tower(4, start=11)[0]
    )
    form = f"(concat → {FORM.removesuffix(' → concat')}) ×4 → concat"
    assert f"3×3, /2 → 3×3 max pool, /2 → {form}" in words
    assert any(SERIAL in line for line in words)
    assert not any("further back" in line for line in words)


def test_a_chain_is_no_run_of_branches():
    """Nothing is said of branches."""
    arch = resviz.trace(nn.Sequential(*[nn.Conv2d(3, 3, 3)] * 5), (3, 32, 32))
    assert not any(SERIAL in line for line in texts(draw_diagram(arch).picture))


FURTHER_BACK = "some layers of a box read maps from further back too"


class Dense(nn.Module):
    """Convolutions of which each reads all maps before it, by a join."""

    def __init__(self, join, count=4):
        super().__init__()
        self.join = join
        widths = [3 + 3 * k for k in range(count)]
        if join == "add":
            widths = [3] * count
        self.convs = nn.ModuleList(nn.Conv2d(c, 3, 3, padding=1) for c in widths)

    def forward(self, x):
        maps = [x]
        for conv in self.convs:
            whole = sum(maps[1:], maps[0]) if self.join == "add" else torch.cat(maps, 1)
            maps.append(conv(whole))
        return torch.cat(maps, 1)


@pytest.mark.parametrize("join", ["add", "concat"])
def test_a_dense_block_has_no_branches(join):
    """Its layers do follow one another; that ways lead past them is said instead."""
    arch = resviz.trace(Dense(join), (3, 8, 8))
    drawn = draw_diagram(arch, "overview")
    words = " ".join(texts(drawn.picture))
    assert FURTHER_BACK in words
    assert SERIAL not in words
    assert f"{FURTHER_BACK[1:]}." in drawn.description


def test_densenet_has_no_branches():
    """Nor has the real one."""
    words = " ".join(texts(draw_diagram(load(record_file("densenet121"))).picture))
    assert FURTHER_BACK in words
    assert SERIAL not in words
