"""Random nets whose streams part, read and compared with what they know."""

import pytest

import resviz

from .random_forms import compare
from .random_streams import STREAM_FORMS, draw_stream


@pytest.mark.parametrize("form", STREAM_FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_net_of_streams_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_stream(form, seed))
    assert truth == read


@pytest.mark.parametrize("seed", range(8))
def test_weights_that_are_read_early_stay_the_blocks_own(seed):
    """Whatever the forward does to all of them first."""
    drawn = draw_stream("penalized", seed)
    arch = resviz.trace(drawn.net.eval(), inputs=drawn.inputs)
    assert drawn.net.block_params == sum(block.params for block in arch.blocks)
