"""Costs: closed forms written out, torch's own counter, published figures."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resviz import trace
from resviz.models import catalogue
from resviz.readings import costs
from resviz.record import Operation, Window
from resviz.record.invariants import MIN_OPERANDS

PUBLISHED = json.loads(
    (Path(__file__).parents[2] / "data" / "torchvision_published.json").read_text()
)["networks"]
"""Parameters and GMACs that torchvision publishes with its weights."""

PAPER = {18: 1.795, 34: 3.644, 50: 3.858, 101: 7.570, 152: 11.282}
"""GMACs of the paper's own nets. Source: the authors' layer files, counted."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_parameters_and_macs(record, name):
    """Parameters to the unit and MACs to three decimals of G are torchvision's."""
    arch = record(name)
    params, gmacs = PUBLISHED[name]
    assert params == arch.params
    assert gmacs == round(costs.sum_layer_costs(arch.layers).macs / 1e9, 3)


@pytest.mark.parametrize("depth", PAPER)
def test_the_papers_own_networks(record, depth):
    """Stride in the 1×1 and option A for 18 and 34 give the paper's FLOPs row."""
    macs = costs.sum_layer_costs(record(f"paper{depth}").layers).macs
    assert PAPER[depth] == round(macs / 1e9, 3)


@pytest.mark.parametrize("name", ["resnet18", "resnext50_32x4d", "cifar20"])
def test_macs_are_half_of_torchs_own_count(record, name):
    """Torch counts two FLOPs for a MAC, of convolutions and products alone."""
    side = 32 if name.startswith("cifar") else 224
    with torch.device("meta"):
        model = catalogue.build_network(name).eval()
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, 3, side, side, device="meta"))
    assert (
        counter.get_total_flops() == 2 * costs.sum_layer_costs(record(name).layers).macs
    )


def test_strided_grouped_dilated_convolution():
    """N · K · H' · W' · (C/G) · R · S, by hand: 2·6·4·4·(4/2)·3·3."""
    conv = nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2)
    arch = trace(conv, (4, 8, 8), batch=2)
    assert 2 * 6 * 4 * 4 * 2 * 9 == costs.count_macs(arch.layers[0])


def test_transposed_convolution():
    """A transposed convolution visits its input: N · C · H · W · (K/G) · R · S."""
    arch = trace(nn.ConvTranspose2d(4, 6, 3, stride=2, groups=2), (4, 5, 5))
    assert 4 * 5 * 5 * 3 * 9 == costs.count_macs(arch.layers[0])


def test_linear_over_tokens():
    """A linear layer over 7 tokens of 16 to 32 features: 7·16·32."""
    arch = trace(nn.Linear(16, 32), (7, 16))
    assert 7 * 16 * 32 == costs.count_macs(arch.layers[0])


def test_doubling_the_batch_doubles_the_macs(record):
    """MACs are those of the whole batch."""
    one = costs.sum_layer_costs(record("resnet18").layers).macs
    assert 2 * one == costs.sum_layer_costs(trace("resnet18", batch=2).layers).macs


def test_activations_are_convolution_outputs(record):
    """Of ResNet-50 11.1 M; pycls 0.1.1 adds 200,704 of the max pool and 1,000."""
    assert 11_113_984 == costs.sum_layer_costs(record("resnet50").layers).activations


def test_an_operation_without_a_rule_is_named_and_not_zero():
    """A series as long as values ask has none: its layer's MACs are unknown."""

    class Odd(nn.Module):
        def forward(self, x):
            return torch.matrix_exp(x)

    arch = trace(nn.Sequential(nn.Conv2d(3, 3, 1), Odd()), (3, 8, 8))
    gaps = costs.find_uncounted(arch)
    assert ["linalg_matrix_exp"] == [gap.operation for gap in gaps]
    assert None is costs.count_macs(arch["1"])


def test_every_rule_has_its_operands_checked():
    """A record from anywhere is refused before a rule could miss an operand."""
    assert set(costs.COST_RULES) == set(MIN_OPERANDS)


@pytest.mark.parametrize("name", sorted(costs.COST_RULES))
def test_a_rule_needs_no_more_than_the_record_promises(name):
    """As many operands of one axis as the record wants are counted without error."""
    given = ((2,),) * MIN_OPERANDS[name]
    window = Window((), (), (), ()) if name == "convolution" else None
    op = Operation(name, given, (True,) * len(given), ((2,),), window)
    assert isinstance(costs.COST_RULES[name](op), int)
