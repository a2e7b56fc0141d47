"""Where operations move an axis, read off real tensors whose sizes all differ."""

import pytest
import torch

import resviz
from resviz.operations.table import OPERATIONS
from tests.forwards import Function

SIZES = (2, 3, 5, 7, 11)

MOVES = {
    "mean": lambda x: x.mean(1),
    "mean of two axes": lambda x: x.mean((1, 3)),
    "mean that keeps its axis": lambda x: x.mean((-1, 2), keepdim=True),
    "sum": lambda x: x.sum(2),
    "sum of all axes": lambda x: x.sum(),
    "permute": lambda x: x.permute(0, 3, 1, 4, 2),
    "transpose": lambda x: x.transpose(1, -1),
    "select": lambda x: x.select(2, 1),
    "select from behind": lambda x: x.select(-2, 1),
    "unbind": lambda x: x.unbind(3)[0],
    "stack": lambda x: torch.stack([x, x, x, x], 2),
}
"""Operations that lay axes out anew or take some away."""


@pytest.mark.parametrize("name", MOVES)
def test_an_axis_is_where_its_size_is(name):
    """None where it was averaged away, or one of its positions was taken.

    An averaged axis that is kept lies where it did, of one position.
    """
    arch = resviz.trace(Function(MOVES[name]), inputs=torch.zeros(SIZES))
    (op,) = arch.layers[0].operations
    sizes = MOVES[name](torch.zeros(SIZES)).shape
    expected = [[*sizes].index(n) if n in sizes else None for n in SIZES]
    if name.endswith("keeps its axis"):
        expected = [*range(len(SIZES))]
    rule = OPERATIONS[op.name].moves_axis
    assert expected == [rule(op, axis) for axis in range(len(SIZES))]
