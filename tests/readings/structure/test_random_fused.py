"""Random transformers that torch runs fused, compared with what they know."""

import pytest

from .random_forms import compare
from .random_fused import FUSED_FORMS, draw_fused_form


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", FUSED_FORMS)
@pytest.mark.parametrize("seed", range(12))
def test_a_fused_transformer_is_read_as_it_is_built(form, seed):
    """Its blocks, their units, and its stages."""
    read, truth = compare(draw_fused_form(form, seed))
    assert truth == read
