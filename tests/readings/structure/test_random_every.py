"""Random nets of all items, and of forms without a test of their own."""

import pytest

from .random_every import ITEMS, compare_form
from .random_graphs import GRAPH_FORMS
from .random_injections import INJECTION_FORMS
from .random_sums import SUM_FORMS

FORMS = (*GRAPH_FORMS, *INJECTION_FORMS, *SUM_FORMS)


@pytest.mark.parametrize("form", [*ITEMS, *FORMS])
@pytest.mark.parametrize("seed", range(20))
def test_a_net_is_read_as_it_is_built(form, seed):
    """Its blocks, and its stages; of items its shortcuts and its depth too."""
    read, truth = compare_form(form, seed)
    assert truth == read
