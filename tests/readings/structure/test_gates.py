"""Gates on the main branch of a block, and which of them is squeeze-and-excitation."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.gates import is_squeeze_excitation, split_gates
from resviz.record.storage import load

from .golden.networks import record_file
from .random_parts import Run
from .toys import conv

GATES = {
    "seresnet50": (16, True),
    "efficientnet_b0": (16, True),
    "ecaresnet26t": (8, False),
    "gcresnext26ts": (8, False),
    "skresnet18": (8, False),
    "resnest14d": (4, False),
}
"""How many gates a network has, and whether its paper calls them by that name.

ECA's has one weight, GC's a product of positions; selective kernels and split attention
choose between branches by a softmax.
"""


@pytest.mark.parametrize("name", GATES)
def test_squeeze_and_excitation_is_told_from_other_gates(name):
    """Two weights, one after the other, and no softmax."""
    structure = read_structure(load(record_file(name)))
    gates = [
        is_squeeze_excitation(run)
        for block in structure.blocks
        for is_gate, run in split_gates(block)
        if is_gate
    ]
    count, is_named_so = GATES[name]
    assert [is_named_so] * count == gates


@pytest.mark.parametrize("pair", [torch.sub, torch.add, torch.mul])
def test_pairs_of_rows_are_no_gate(pair):
    """x_i - x_j has a value for each pair, as what weighs it has."""

    def run(self, x):
        rows = self.stem(x)
        pairs = pair(rows[:, :, None], self.other(rows)[:, None])
        return self.body(pairs) + self.gate(pairs).sigmoid() * pairs

    parts = {name: nn.Linear(8, 8) for name in ("stem", "other", "gate")}
    body = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
    net = Run(run, **parts, body=body)
    (block,) = read_structure(resviz.trace(net, inputs=torch.zeros(2, 5, 8))).blocks
    assert "identity" == block.shortcut.kind


def test_gates_over_two_axes_may_be_multiplied_first():
    """Source: Hou et al. 2021, coordinate attention, equation 7."""

    def run(self, x):
        y = self.body(x)
        high, wide = (self.gates[k](y.mean(3 - k, keepdim=True)) for k in (0, 1))
        return x + y * (high.sigmoid() * wide.sigmoid())

    gates = [nn.Sequential(conv(1), nn.ReLU(), conv(1)) for _ in range(2)]
    block = Run(run, body=nn.Sequential(conv(3), nn.ReLU(), conv(3)), gates=gates)
    net = nn.Sequential(conv(3, 3), block)
    (block,) = read_structure(resviz.trace(net, (3, 8, 8))).blocks
    assert "basic" == block.type
    assert {"1.gates.0.0", "1.gates.1.2"} <= {
        block.arch.layers[index].path for index in block.units[0].gate_indices
    }
