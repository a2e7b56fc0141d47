"""Random nets of many forms, read and compared with what they know of themselves."""

import pytest

from .random_forms import FORMS, compare, draw


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_net_of_a_form_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw(form, seed))
    assert truth == read
