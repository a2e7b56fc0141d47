"""What only moves values, or works on them one by one, has no MACs."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from resviz import trace
from resviz.readings import costs
from tests.forwards import Function
from tests.operations.dispatcher import list_overloads

ROWS_OF_FOUR = torch.tensor([[0], [2], [1], [0]])

WITHOUT_PRODUCTS = {
    "written by an index of two axes": lambda x: torch.zeros_like(x).index_put(
        (ROWS_OF_FOUR, torch.arange(6)), x
    ),
    "added to nodes by edges": lambda x: torch.zeros_like(x).scatter_add(
        0, ROWS_OF_FOUR.expand(4, 6), x
    ),
    "overlapped and added": lambda x: torch.zeros_like(x).index_add(
        0, ROWS_OF_FOUR.flatten(), x
    ),
    "largest of a node's edges": lambda x: x.scatter_reduce(
        0, ROWS_OF_FOUR.expand(4, 6), x, "amax"
    ),
    "a slice that is written": lambda x: torch.slice_scatter(x, x[:, :2], 1, 2, 4),
    "picked by a mask": lambda x: torch.masked_select(x, torch.eye(4, 6) > 0),
    "a running sum and its largest": lambda x: x.cumsum(1).cummax(1).values,
    "lengths halved": lambda x: (x.abs() * 8).long() >> 2,
}


@pytest.mark.parametrize("case", WITHOUT_PRODUCTS)
def test_what_only_moves_or_adds_has_no_macs(case):
    """No index is a weight, and nothing is "at least", as torch's counter has it."""
    function = WITHOUT_PRODUCTS[case]
    arch = trace(Function(function), (6,), batch=4, mode="run")
    with FlopCounterMode(display=False) as counter:
        function(torch.rand(4, 6))
    assert not costs.find_uncounted(arch)
    assert counter.get_total_flops() == costs.sum_record_costs(arch).macs == 0


def test_pointwise_work_is_known():
    """Torch tags it, and decomposes the few that are left before they are seen."""
    names = {
        name
        for name, overload in list_overloads()
        if torch.Tag.pointwise in overload.tags
        and not name.startswith("special_")
        and not name.endswith(("_", "backward"))
    }
    assert len(names) > 100
    assert set() == names - costs.FREE_OPERATIONS
