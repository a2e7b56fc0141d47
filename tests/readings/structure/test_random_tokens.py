"""Random nets whose tokens part and meet, read and compared with what they know."""

import pytest

from .random_forms import compare
from .random_tokens import TOKEN_FORMS, draw_token_form


@pytest.mark.parametrize("form", TOKEN_FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_net_of_tokens_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_token_form(form, seed))
    assert truth == read
