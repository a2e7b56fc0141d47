"""Random nets whose streams read each other, compared with what they know."""

import pytest

from .random_exchanges import EXCHANGE_FORMS, draw_exchange
from .random_forms import compare


@pytest.mark.parametrize("form", EXCHANGE_FORMS)
@pytest.mark.parametrize("seed", range(12))
def test_streams_that_read_each_other_are_read_as_they_are_built(form, seed):
    """Blocks of both, their units, and their stages."""
    read, truth = compare(draw_exchange(form, seed))
    assert truth == read
