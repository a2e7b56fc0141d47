"""Heads of an attention, from the shapes of its products."""

import pytest

from resviz.readings.attention import AttentionShape
from resviz.record import Operation

HEADS, TOKENS, DEPTH = 3, 7, 4
SCORES, VALUES = (HEADS, TOKENS, TOKENS), (HEADS, TOKENS, DEPTH)

PRODUCTS = (
    Operation("bmm", (VALUES, (HEADS, DEPTH, TOKENS)), (True, True), (SCORES,)),
    Operation("view", (SCORES,), (True,), ((1, *SCORES),)),
    Operation("_softmax", ((1, *SCORES),), (True,), ((1, *SCORES),)),
    Operation("bmm", (SCORES, VALUES), (True, True), (VALUES,)),
)


@pytest.mark.parametrize("read", [HEADS * DEPTH, 2 * HEADS * DEPTH, 17, None])
def test_heads_are_those_of_its_products(read):
    """Of what a projection reads beside, as a copy of the input, none is made."""
    shape = AttentionShape.measure(PRODUCTS, batch=1, read=read)
    assert (HEADS, 1, DEPTH) == (shape.heads, shape.groups, shape.depth)
    assert (TOKENS, TOKENS, True) == (shape.queries, shape.keys, shape.has_softmax)
