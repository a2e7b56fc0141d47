"""Sizes that windows give, against torch's own kernels over random arguments."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from resviz.operations.windows import compute_sizes_by_window
from resviz.record import Window

small = st.integers(1, 5)


@settings(max_examples=300, deadline=None)
@given(size=st.integers(1, 24), k=small, s=small, p=st.integers(0, 2), d=small,
       ceil=st.booleans())  # fmt: skip
def test_a_pool_gives_what_torchs_gives(size, k, s, p, d, ceil):
    """Rounded up too, but for a window that would begin in the padding at the end."""
    window = Window((k,), (s,), (p,), (d,), ceil_mode=ceil)
    try:
        real = F.max_pool1d(torch.zeros(1, 1, size), k, s, p, d, ceil_mode=ceil)
    except RuntimeError:
        if 2 * p <= k:  # else torch refuses what would fit
            assert compute_sizes_by_window((size,), window) is None
    else:
        assert [*real.shape[2:]] == compute_sizes_by_window((size,), window)
