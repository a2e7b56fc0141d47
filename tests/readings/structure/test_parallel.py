"""Where weighted layers lie side by side, everything that lists them says so."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.parallel import has_parallel_branches


def build_conv():
    return nn.Conv2d(8, 8, 3, 1, 1)


class InRow(nn.Module):
    """Two convolutions in a row beside the shortcut, a gate over channels."""

    def __init__(self, *, gated: bool = False) -> None:
        super().__init__()
        self.first, self.second = build_conv(), build_conv()
        self.gate = nn.Conv2d(8, 8, 1) if gated else None

    def forward(self, x):
        y = self.second(self.first(x).relu())
        if self.gate is not None:
            y = y * self.gate(y.mean((2, 3), keepdim=True)).sigmoid()
        return x + y


class SideBySide(InRow):
    """The mean of two branches, as in shake-shake."""

    def forward(self, x):
        return x + 0.5 * self.first(x).relu() + 0.5 * self.second(x).relu()


class TwoHeads(InRow):
    """A classifier, and another beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(8, 4), nn.Linear(8, 2)

    def forward(self, x):
        features = super().forward(x).mean((2, 3))
        return self.one(features), self.other(features)


class TwoTowers(nn.Module):
    """Two encoders, joined behind their blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(InRow(), InRow())
        self.right = nn.Sequential(InRow(), InRow())

    def forward(self, x, y):
        return torch.cat([self.left(x), self.right(y)], 1)


IMAGE = torch.zeros(2, 8, 6, 6)


@pytest.mark.parametrize(
    ("model", "inputs", "expected"),
    [
        (InRow(), (IMAGE,), False),
        (InRow(gated=True), (IMAGE,), False),
        (nn.Sequential(build_conv(), build_conv()), (IMAGE,), False),
        (SideBySide(), (IMAGE,), True),
        (TwoHeads(), (IMAGE,), True),
        (TwoTowers(), (IMAGE, IMAGE), True),
    ],
)
def test_branches_side_by_side_are_seen(model, inputs, expected):
    """In a unit, in the head and as towers; a gate is beside its own branch."""
    structure = read_structure(resviz.trace(model, inputs=inputs))
    assert expected is has_parallel_branches(structure)


@pytest.mark.parametrize(("model", "expected"), [(SideBySide(), 1), (InRow(), 0)])
def test_everything_that_lists_layers_says_so(model, expected):
    """Table 1, the legends of overview and stack, and their words."""
    arch = resviz.trace(model, inputs=IMAGE)
    texts = [
        resviz.table(arch).render("text"),
        resviz.describe(arch, "overview"),
        resviz.diagram(arch, "overview").render("svg"),
        resviz.diagram(arch, "stack").render("svg"),
    ]
    phrases = [str(text).lower().count("parallel branches") for text in texts]
    assert [bool(expected)] * 4 == [count > 0 for count in phrases]
