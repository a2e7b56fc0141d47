"""Shape rules: each against torch's own kernel, over random arguments."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from resviz.tracing.fast import shape_rules

small = st.integers(1, 4)


@settings(max_examples=150)
@given(n=small, groups=st.integers(1, 3), width=small, size=st.integers(1, 12),
       k=small, s=small, p=st.integers(0, 3), d=st.integers(1, 3))  # fmt: skip
def test_convolution(n, groups, width, size, k, s, p, d):
    """The rule gives torch's shape, or leaves the answer to torch."""
    x = torch.zeros(n, groups * width, size, size + 1)
    weight = torch.zeros(groups * 2, width, k, k)
    given = shape_rules.convolution(
        x, weight, None, [s, s], [p, p], [d, d], False, [0, 0], groups
    )
    try:
        real = F.conv2d(x, weight, None, s, p, d, groups)
    except RuntimeError:
        assert given is None
    else:
        assert real.shape == given.shape


@settings(max_examples=150)
@given(size=st.integers(1, 12), k=small, s=small, p=st.integers(0, 2), d=small)
def test_max_pool(size, k, s, p, d):
    """So does that of max pooling."""
    x = torch.zeros(2, 3, size, size)
    given = shape_rules.max_pool2d(x, [k, k], [s, s], [p, p], [d, d])
    try:
        real = F.max_pool2d(x, k, s, p, d)
    except RuntimeError:
        assert given is None
    else:
        assert real.shape == given[0].shape


@given(dim=st.lists(st.integers(-3, 2), min_size=1, max_size=3), keep=st.booleans())
def test_mean(dim, keep):
    """Reduced axes go, or stay as 1."""
    x = torch.zeros(2, 3, 4)
    try:
        real = x.mean(dim, keepdim=keep)
    except RuntimeError:
        return
    assert real.shape == shape_rules.mean(x, dim, keep).shape


@given(n=small, k=small, j=small, m=small)
def test_addmm(n, k, j, m):
    """A product whose inner sizes differ is left to torch, which refuses it."""
    given = shape_rules.addmm(torch.zeros(m), torch.zeros(n, k), torch.zeros(j, m))
    assert (None if k != j else (n, m)) == (given if given is None else given.shape)


@pytest.mark.parametrize("training", [False, True])
def test_batch_norm(training):
    """Three outputs, as torch's."""
    x, c = torch.zeros(2, 3, 4, 4), torch.zeros(3)
    args = (x, c, c, c, c + 1, training, 0.1, 1e-5)
    real = torch.native_batch_norm(
        *(a.clone() if torch.is_tensor(a) else a for a in args)
    )
    assert [t.shape for t in real] == [
        t.shape for t in shape_rules.native_batch_norm(*args)
    ]


@pytest.mark.parametrize("dim", [-2, 0, 1])
def test_softmax(dim):
    """Any axis, counted from either end."""
    x = torch.zeros(2, 3)
    assert (
        x.softmax(dim).shape == shape_rules.softmax(x, dim, half_to_float=False).shape
    )


def channels_last():
    """A map whose channels lie next to each other."""
    return torch.zeros(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)


def test_a_softmax_lays_its_result_anew():
    """In the usual order in memory, as torch's kernel does."""
    x = channels_last()
    given = shape_rules.softmax(x, 1, half_to_float=False)
    assert x.softmax(1).stride() == given.stride()


def test_an_activation_keeps_the_order_in_memory():
    """As torch's kernels do."""
    x = channels_last()
    assert x.relu().stride() == shape_rules.activation(x).stride()


@pytest.mark.parametrize(
    "x", [torch.zeros(2, 6, 4)[:, ::2], torch.zeros(2, 1, 4).expand(2, 3, 4)]
)
def test_what_has_gaps_in_memory_is_left_to_torch(x):
    """Its kernels close them, or take another order than the rules would."""
    c = torch.zeros(3)
    assert x.relu().stride() != x.stride()
    assert None is shape_rules.activation(x)
    assert None is shape_rules.add(x, x)
    assert None is shape_rules.multiply(x, x)
    assert None is shape_rules.native_batch_norm(x, c, c, c, c, False, 0.1, 1e-5)


def test_what_broadcasts_is_left_to_torch():
    """Addition of other shapes, dtypes and numbers."""
    x = torch.zeros(2, 3)
    for other in (torch.zeros(3), torch.zeros(2, 3, dtype=torch.float64), 1):
        assert None is shape_rules.add(x, other)
        assert None is shape_rules.multiply(x, other)
        assert None is shape_rules.add_in_place(x, other)


def test_in_place_rules_give_the_same_object():
    """As torch's in-place operations do."""
    x = torch.zeros(2, 3)
    assert x is shape_rules.activation_in_place(x)
    assert x is shape_rules.add_in_place(x, torch.zeros(2, 3))


def test_a_second_rule_is_refused():
    """Two rules for one operation cannot stand side by side."""
    with pytest.raises(RuntimeError, match="a second shape rule"):
        shape_rules.shape_rule(torch.ops.aten.relu.default)(lambda x: x)


def test_a_record_without_the_rules_is_the_same(record, monkeypatch):
    """Torch's own meta kernels give the same record, only later."""
    import resviz

    expected = record("resnet18")
    monkeypatch.setattr("resviz.tracing.fast.recorder.SHAPE_RULES", {})
    assert expected == resviz.trace("resnet18")
