"""Attention: which products it is made of, between which projections, of what sizes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import ACTIVATIONS, ATTENTIONS, SOFTMAXES
from resviz.readings.structure.weights import is_live_product, is_spatial, is_weighted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.record import Operation


@dataclass(frozen=True, slots=True)
class AttentionShape:
    """The sizes of one attention.

    Attributes:
        queries: positions of a group that ask.
        keys: positions of a group that answer.
        summed: over how many values the first product sums.
        depth: channels that a head gives.
        heads: how many; None if that cannot be told.
        groups: into how many groups of positions a sample is split.
        has_softmax: whether one lies between its products.
    """

    queries: int
    keys: int
    summed: int
    depth: int
    heads: int | None
    groups: int
    has_softmax: bool

    @classmethod
    def measure(
        cls, ops: Sequence[Operation], *, batch: int, read: int | None
    ) -> AttentionShape:
        """Measure the operations from its first product to its last.

        Args:
            ops: those.
            batch: how many samples there are.
            read: channels that its output projection reads; None if it has none.
        """
        first, last = ops[0], ops[-1]
        if first.name in ATTENTIONS:
            left, right = first.inputs[0], first.inputs[1]
            queries, keys, summed = left[-2], right[-2], left[-1]
            scores = [left]
        else:
            left, right = first.inputs[-2:]
            queries, keys, summed = left[-2], right[-1], left[-1]
            scores = [s for op in ops for s in op.outputs if s[-2:] == (queries, keys)]
        own_heads = count_own_heads(first)
        *_, rows, depth = (1, 1, *last.outputs[0])
        if depth == queries != rows:  # it gives channels before positions
            depth = rows
        depth //= own_heads or 1
        leading = prod(left[:-2]) * (own_heads or 1)
        by_axis = next((s[-3] for s in scores if len(s) > 3), None)
        by_width = read // depth if read and read % depth == 0 else None
        heads = by_width if by_width and leading % by_width == 0 else by_axis
        heads = own_heads or heads
        return cls(
            queries,
            keys,
            summed,
            depth,
            heads,
            max(leading // (heads * batch), 1) if heads else 1,
            has_softmax=first.name in ATTENTIONS
            or any(op.name in SOFTMAXES for op in ops),
        )


def count_heads(ops: Sequence[Operation], first: int, last: int) -> int | None:
    """Count the heads of an attention among operations that follow each other.

    Args:
        ops: those, with the projections around.
        first: the number of its first product.
        last: that of its last.
    """
    after = find_projection_after(ops, last)
    read = None if after is None else read_width(ops[after])
    if count_own_heads(ops[first]):
        read = None
    return AttentionShape.measure(ops[first : last + 1], batch=1, read=read).heads


def count_own_heads(op: Operation) -> int:
    """Return the heads of attention that is one operation, projections and all.

    0 for any other, whose heads are an axis of what it reads.
    """
    return op.arguments.get("num_head", 0)


def find_attentions(ops: Sequence[Operation]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of the first and the last product of each attention.

    What a weight parts are two, unless it only mixes the scores of several heads.
    """
    first = last = None
    for k, op in enumerate(ops):
        if is_live_product(op):
            first, last = (k if first is None else first), k
        elif first is not None and is_weighted(op) and not mixes_heads(op, ops[first]):
            yield first, last or first
            first = None
    if first is not None:
        yield first, last or first


def mixes_heads(op: Operation, product: Operation) -> bool:
    """Tell whether a weight reads as many values as a product gives, head by head."""
    scores = product.outputs[0]
    return (
        prod(op.outputs[0]) == prod(scores)
        and op.outputs[0][channel_axis(op)] == read_width(op)
        and prod(scores[:-2]) % read_width(op) == 0
    )


def find_projections_before(ops: Sequence[Operation], first: int) -> Iterator[int]:
    """Yield the numbers of the weights that make queries, keys and values."""
    for k in reversed(range(first)):
        if ops[k].name in ACTIVATIONS or is_live_product(ops[k]):
            return
        if is_weighted(ops[k]) and not is_spatial(ops[k]):
            yield k


def find_projection_after(ops: Sequence[Operation], last: int) -> int | None:
    """Return the number of the weight that reads what attention gives, or None."""
    for k in range(last + 1, len(ops)):
        if ops[k].name in ACTIVATIONS or is_live_product(ops[k]) or is_spatial(ops[k]):
            return None
        if is_weighted(ops[k]):
            return k
    return None


def read_width(op: Operation) -> int:
    """Return how many channels a weighted operation reads."""
    read = next(shape for k, shape in enumerate(op.inputs) if op.flowing[k])
    return read[channel_axis(op)]


def channel_axis(op: Operation) -> int:
    """Return the axis of the channels of what a weighted operation reads and gives."""
    return -1 if op.window is None else 1
