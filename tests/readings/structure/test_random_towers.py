"""Random nets of towers, read and compared with what they know."""

import random

import pytest

import resviz
from resviz.readings.structure import read_structure

from .random_forms import compare
from .random_towers import TOWER_FORMS, draw_momentum_encoder


@pytest.mark.parametrize("form", TOWER_FORMS)
@pytest.mark.parametrize("seed", range(10))
def test_a_net_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(TOWER_FORMS[form](random.Random(f"{form} {seed}")))
    assert truth == read


@pytest.mark.parametrize("seed", range(6))
def test_weights_that_follow_others_belong_to_their_own_layers(seed):
    """Though an update reads and writes them all before anything else does."""
    drawn = draw_momentum_encoder(random.Random(seed))
    before = [parameter.clone() for parameter in drawn.net.parameters()]
    arch = resviz.trace(drawn.net, inputs=drawn.inputs)
    first, second = (
        [block.params for block in arch.blocks if block.path.startswith(name)]
        for name in ("first.", "second.")
    )
    assert min(first) > 0
    assert first == second
    size = sum(parameter.numel() for parameter in drawn.net.first.parameters())
    assert 2 * size == arch.params
    after = drawn.net.parameters()
    assert all(map(lambda a, b: a.equal(b), before, after))
    assert {0, 1} == {stage.tower for stage in read_structure(arch).stages}
