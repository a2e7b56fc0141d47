"""What tests/structure/golden froze of timm's and torchvision's networks is current."""

import pytest

from tests.readings.structure.golden.description import describe_structure
from tests.readings.structure.golden.networks import FOREIGN, record, text_file


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_the_structure_of_a_network_traced_now(name):
    """A trace is read as the kept record, or the golden texts are to be rewritten."""
    frozen = text_file(name).read_text(encoding="utf-8")
    assert frozen == describe_structure(record(name))
