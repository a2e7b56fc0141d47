"""The cheapest script: which things are partners where several could be."""

from types import SimpleNamespace

import pytest

from resviz.readings.compare.alignment import align_rows, price_item, price_item_change


def make_item(stride):
    """A convolution of some stride."""
    return SimpleNamespace(kind="conv", word="3×3", window=(3, 3), stride=stride)


@pytest.mark.parametrize(("kept", "gone"), [(0, 1), (1, 0)])
def test_layers_of_one_stride_are_partners(kept, gone):
    """Of two that differ in it alone, the one that strides otherwise goes."""
    before = [make_item(1), make_item(2)]
    after = [make_item(before[kept].stride)]
    pairs = align_rows(before, after, price_item_change, price_item)
    assert (before[kept], after[0]) in pairs
    assert (before[gone], None) in pairs
