"""Element-wise work: published term sizes, and closed forms written out."""

import pytest
import torch
import torch.nn.functional as F

from resviz import trace
from resviz.readings import costs
from tests.forwards import Function

TERMS = {
    "native_batch_norm": 11_113_984,
    "relu": 9_608_704,
    "add": 5_519_360,
    "max_pool2d_with_indices": 802_816,
    "mean": 100_352,
}
"""Elements of ResNet-50 at 224×224: written, but for the pools, which read."""


@pytest.mark.parametrize("name", TERMS)
def test_the_terms_of_resnet50(record, name):
    """Batch norm, ReLU, residual additions, and what the two pools read."""
    arch = record("resnet50")
    layers = [la for la in arch if name in {op.name for op in la.operations}]
    assert TERMS[name] == sum(costs.count_elements(layer) for layer in layers)


def test_the_terms_are_all(record):
    """Nothing else in ResNet-50 is element-wise work."""
    assert sum(TERMS.values()) == costs.sum_record_costs(record("resnet50")).elements


def test_elements_are_no_macs(record):
    """A norm has elements and no MACs; a convolution has MACs and no elements."""
    arch = record("resnet18")
    conv, norm = arch["conv1"], arch["bn1"]
    assert (118_013_952, 0) == (costs.count_macs(conv), costs.count_elements(conv))
    assert (0, 64 * 112 * 112) == (costs.count_macs(norm), costs.count_elements(norm))


CLOSED = {
    "softmax, its output": (lambda x: x.softmax(1), 2 * 6 * 4 * 4),
    "a sum, its input": (lambda x: x.sum((2, 3)), 2 * 6 * 4 * 4),
    "a gate, the larger": (lambda x: x * x.mean((2, 3), keepdim=True), 2 * 2 * 96),
    "bilinear resizing, its output": (
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        2 * 6 * 8 * 8,
    ),
    "nearest resizing, nothing": (lambda x: F.interpolate(x, scale_factor=2), 0),
    "reshaping, nothing": (lambda x: torch.cat([x, x], 1).flatten(1), 0),
    "padding, nothing": (lambda x: F.pad(x, (1, 1)), 0),
}


@pytest.mark.parametrize("case", CLOSED)
def test_closed_forms(case):
    """What an operation writes, or reads where that is more, for two samples."""
    function, expected = CLOSED[case]
    arch = trace(Function(function), (6, 4, 4), batch=2)
    assert expected == costs.sum_record_costs(arch).elements


def test_unknown_work_is_not_zero():
    """A layer with an operation that no rule knows has no element count."""
    arch = trace(Function(torch.matrix_exp), (3, 3))
    assert None is costs.count_elements(arch.layers[-1])


def test_doubling_the_batch_doubles_the_elements(record):
    """They are those of the whole batch."""
    twice = costs.sum_record_costs(trace("resnet18", batch=2)).elements
    assert 2 * costs.sum_record_costs(record("resnet18")).elements == twice
