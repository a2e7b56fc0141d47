"""What is done to weights before they are used, told however a network does it."""

import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.compare import compare_records
from tests.forwards import Function


def standardise(conv, x):
    """Convolve by a weight of mean 0 and variance 1."""
    var, mean = torch.var_mean(conv.weight, (1, 2, 3), keepdim=True)
    return F.conv2d(x, (conv.weight - mean) * (var + 1e-5).rsqrt(), padding=1)


class Standardised(nn.Conv2d):
    """A convolution whose weight is made of its parameter."""

    def forward(self, input):  # noqa: A002 - torch's own name for it
        return standardise(self, input)


def test_a_weight_that_is_worked_on_is_another():
    """By a module or by functions, which are alike; a plain convolution is not."""
    conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
    plain = nn.Sequential(conv, nn.ReLU())
    module = nn.Sequential(Standardised(3, 8, 3, bias=False), nn.ReLU())
    function = Function(lambda x: F.relu(standardise(conv, x)))
    plain, module, function = (
        resviz.trace(net, (3, 16, 16)) for net in (plain, module, function)
    )
    assert () == compare_records(module, function).every
    for other in (module, function):
        (change,) = compare_records(plain, other).every
        assert "the convolutions are standardised" in change.sentence
        assert plain.macs == other.macs
