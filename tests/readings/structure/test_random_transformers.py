"""Random transformers, read and compared with what they know of themselves."""

import pytest

from .random_forms import compare
from .random_transformers import TRANSFORMER_FORMS, draw_transformer_form


@pytest.mark.parametrize("form", TRANSFORMER_FORMS)
@pytest.mark.parametrize("seed", range(8))
def test_a_transformer_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_transformer_form(form, seed))
    assert truth == read
