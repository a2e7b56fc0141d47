"""Which layer each parameter belongs to."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz


class Net(nn.Module):
    """A convolution, and a matrix that its forward multiplies with itself."""

    def __init__(self):
        super().__init__()
        self.conv, self.matrix = nn.Conv2d(3, 4, 3), nn.Parameter(torch.zeros(2, 4))

    def forward(self, x):
        return F.linear(self.conv(x).mean((2, 3)), self.matrix)


class Penalty(Net):
    """What all weights weigh, worked out first."""

    def forward(self, x):
        return super().forward(x), sum(p.pow(2).sum() for p in self.parameters())[None]


class EarlyPenalty(Penalty):
    """The same, before the weights are used."""

    def forward(self, x):
        size = sum(p.pow(2).sum() for p in self.parameters())
        return Net.forward(self, x), size


class Clipped(Net):
    """Weights that are clipped in place before they are used."""

    def forward(self, x):
        with torch.no_grad():
            for p in self.parameters():
                p.clamp_(-1, 1)
        return super().forward(x)


class Summed(nn.Module):
    """A leaf that reads what it is given."""

    def forward(self, weights):
        return torch.stack([weight.sum() for weight in weights])


class ByLeaf(Net):
    """A module without weights reads those of all others."""

    def __init__(self):
        super().__init__()
        self.summed = Summed()

    def forward(self, x):
        size = self.summed(list(self.parameters()))
        return super().forward(x), size


class Momentum(nn.Module):
    """A second encoder that follows the first, weight by weight."""

    def __init__(self):
        super().__init__()
        self.one = Net()
        self.two = copy.deepcopy(self.one)

    def forward(self, x):
        for p, q in zip(self.one.parameters(), self.two.parameters(), strict=True):
            q.data = q.data * 0.9 + p.data * 0.1
        return self.one(x), self.two(x)


class Tied(nn.Module):
    """One matrix of two modules, looked at before."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (nn.Linear(4, 4, bias=False) for _ in range(2))
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x * self.second.weight.mean()))


class Unowned(nn.Module):
    """A weight that is read and never multiplied with what flows."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4))

    def forward(self, x):
        return x, self.weight.sum()


NET = {"conv": 112, "mm": 8}
OWNERS = {
    Net: NET,
    Penalty: NET,
    EarlyPenalty: NET,
    Clipped: NET,
    ByLeaf: NET,
    Momentum: {
        "one.conv": 112, "one:mm": 8, "two.conv": 112, "two:mm": 8,
    },
    Tied: {"first": 16},
    Unowned: {"Unowned": 4},
}  # fmt: skip
"""The parameters of each layer that has any."""


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("net", OWNERS)
def test_a_parameter_belongs_to_the_layer_that_owns_it(net, fast):
    """Whatever reads it before, after or beside; a free one to what it weighs."""
    size = (4,) if net in {Tied, Unowned} else (3, 8, 8)
    arch = resviz.trace(net(), size, fast=fast)
    assert OWNERS[net] == {x.name: x.params for x in arch.layers if x.params}
    assert sum(OWNERS[net].values()) == arch.params
