"""Random nets of 8-bit integers, compared with what they know and with their twins."""

import pytest
import torch

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_forms import compare
from .random_quantised import draw_quantised_twins

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # torch has moved its quantisation elsewhere
    pytest.mark.skipif(
        not torch.backends.quantized.supported_engines, reason="this torch has none"
    ),
]

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_net_of_integers_is_read_as_it_is_built(seed):
    """Its blocks, their types, and its stages, as those of floating point."""
    read, truth = compare(draw_quantised_twins(seed).drawn)
    assert truth == read


@pytest.mark.parametrize("seed", SEEDS)
def test_twins_are_alike(seed):
    """Integers change no shortcut, no depth and no count of MACs."""
    twins = draw_quantised_twins(seed)
    described = []
    for net in (twins.drawn.net, twins.floating):
        arch = resviz.trace(net, inputs=twins.drawn.inputs)
        labels = [block.shortcut.label for block in arch.blocks]
        depth = count_depth(read_structure(arch))
        described.append((labels, depth, arch.macs, arch.uncounted))
    assert described[0] == described[1]
