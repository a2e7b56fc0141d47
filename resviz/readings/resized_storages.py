"""Bytes of what an operation makes, at another size of its operands."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import NORMS
from resviz.operations.size_rules import SizeUnknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Operation, Shape

ITEM_SIZES = {1, 2, 4, 8, 16}
"""Bytes that one value may take."""


def resize_new_storage(
    op: Operation,
    operands: Sequence[Shape],
    pending: list[tuple[Shape, Shape]],
    size: int,
) -> int:
    """Return the bytes of a storage that an operation makes.

    Args:
        op: the operation as recorded.
        operands: the new shapes of its operands.
        pending: recorded and new shapes of its outputs, in order; those that lie in
            this storage, or in earlier ones, are taken out.
        size: its bytes as recorded.

    Raises:
        SizeUnknown: if it belongs to no output, and to no norm.
    """
    while pending:
        before, now = pending.pop(0)
        item, rest = divmod(size, prod(before) or size + 1)
        if not rest and item in ITEM_SIZES:
            return item * prod(now)
    return resize_statistics(op, operands, size)


def resize_statistics(op: Operation, operands: Sequence[Shape], size: int) -> int:
    """Return the bytes of what a norm gives beside its output.

    A batch norm has a value a channel, a group norm one a sample and group, a layer
    norm one for each place of the axes that it does not gather.

    Raises:
        SizeUnknown: for another operation, or where the record does not tell.
    """
    before, now = op.inputs[0], operands[0]
    if op.name not in NORMS:
        raise SizeUnknown("the record does not tell how much memory it takes")
    if "batch_norm" in op.name:
        return size if before[1] == now[1] else size // before[1] * now[1]
    if op.name == "native_group_norm":
        return size // before[0] * now[0]
    sizes = [
        size // prod(before[:axes]) * prod(now[:axes])
        for axes in list_kept_axes(op)
        if divmod(size, prod(before[:axes]) or 1) in {(4, 0), (8, 0)}
    ]
    if not sizes or any(other != sizes[0] for other in sizes):
        raise SizeUnknown("the record does not tell how much memory it takes")
    return sizes[0]


def list_kept_axes(op: Operation) -> range:
    """List how many leading axes a layer norm may keep; one, if weights say so."""
    rank = len(op.inputs[0])
    weights = op.inputs[1] if len(op.inputs) > 1 else ()
    return (
        range(rank - len(weights), rank - len(weights) + 1) if weights else range(rank)
    )
