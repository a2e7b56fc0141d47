"""Weights that are no parameters."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import summary, trace
from resviz.readings.constant_weights import find_constant_weights


class Net(nn.Module):
    """A net whose weight is a plain tensor, or whatever it is given."""

    def __init__(self, weight, multiply):
        super().__init__()
        if isinstance(weight, nn.Module):
            self.inner = weight
            weight = weight.weight
        self.weight, self.multiply = weight, multiply

    def forward(self, x):
        return self.multiply(x, self.weight)


def buffered(weight):
    """A module that holds a weight as a buffer."""
    module = nn.Module()
    module.register_buffer("weight", weight)
    return module


MATRIX, KERNEL = torch.zeros(8, 8), torch.zeros(8, 8, 3)

CONSTANT_WEIGHTS = {
    "a product": (MATRIX, lambda x, w: w @ x),
    "a linear layer": (MATRIX, lambda x, w: F.linear(x.mT, w)),
    "a convolution": (KERNEL, F.conv1d),
    "a buffer": (buffered(MATRIX), lambda x, w: F.linear(x.mT, w)),
    "one that is scaled": (MATRIX, lambda x, w: F.linear(x.mT, (w * 2).t())),
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", CONSTANT_WEIGHTS)
def test_a_weight_that_is_no_parameter(name, fast):
    """It is named by its layer: totals of parameters miss it."""
    weight, multiply = CONSTANT_WEIGHTS[name]
    arch = trace(Net(weight, multiply), (8, 8), fast=fast)
    (layer,) = find_constant_weights(arch)
    assert f"weights that are no parameters: {layer}" in summary(arch).notes
    assert arch.macs
    assert 0 == arch.params


def freeze(module):
    """The same module, whose parameters ask for no gradient."""
    return module.requires_grad_(requires_grad=False)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize(
    ("weight", "multiply"),
    [
        (nn.Parameter(MATRIX), lambda x, w: F.linear(x.mT, w)),
        (nn.Parameter(MATRIX), lambda x, w: F.linear(x.mT, (w * 2).t())),
        (nn.Parameter(MATRIX), lambda x, w: F.linear(x.mT, w * torch.ones(8))),
        (freeze(nn.Linear(8, 8)), lambda x, w: F.linear(x.mT, w)),
        (MATRIX, lambda x, _: x @ torch.eye(8)),
        (MATRIX, lambda x, w: x + w),
        (torch.zeros(8, 1, 3), lambda x, w: F.conv1d(x, w, groups=8)),
        (MATRIX, lambda x, _: x @ x.mT),
    ],
)
def test_what_is_a_parameter_or_no_weight(weight, multiply, fast):
    """Nothing is said of parameters, also frozen ones, of blurs and of bases."""
    arch = trace(Net(weight, multiply), (8, 8), fast=fast)
    assert () == find_constant_weights(arch)
