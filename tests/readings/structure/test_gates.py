"""Gates on the main branch of a block, and which of them is squeeze-and-excitation."""

import pytest

from resviz.readings.structure import read_structure
from resviz.readings.structure.gates import is_squeeze_excitation, split_gates
from resviz.record.storage import load

from .golden.networks import record_file

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
