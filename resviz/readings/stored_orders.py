"""In which order the values of a tensor lie in memory, while its sizes change.

Whether torch copies values for a view depends on that order, and an axis of one
position has none: `(1, 196, 3, 64)`, transposed, may be seen in another shape where
`(2, 196, 3, 64)` has to be copied first. A record of the one then has operations that
a record of the other has not. Such changes, to one position and from one, are refused
where they meet values that do not lie in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.size_rules import SizeUnknown
from resviz.operations.view_sizes import PERMUTING, list_changes, list_order
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Operation, Shape

REORDERING = PERMUTING | {
    "slice", "select", "unbind", "split",
    "split_with_sizes", "expand", "as_strided", "diagonal", "unfold",
}  # fmt: skip
"""Operations whose results lie in the memory of their operand, in another order."""

ORDERING = {"_unsafe_view", "mm", "bmm", "addmm", "baddbmm", "native_layer_norm", "cat"}
"""Operations whose results lie in order, whatever they read."""

VIEWS = {"view", "reshape", "_reshape_alias", "flatten", "_unsafe_view"}
"""Operations that see values in another shape, the last of a copy of them."""


class ValueOrders:
    """Which tensors may lie in memory otherwise than in order."""

    def __init__(self) -> None:
        self.loose: set[Source] = set()
        self.inner: set[Source] = set()

    def enter_layer(self, sources: Sequence[Source]) -> None:
        """Begin with what a layer reads."""
        self.inner = {
            Source(MODEL_INPUT, number)
            for number, source in enumerate(sources)
            if source in self.loose
        }

    def leave_layer(self, output: Source, end: Source | None, shape: Shape) -> None:
        """Note what a layer gives."""
        if end in self.inner and shape:
            self.loose.add(output)

    def note_order(
        self,
        op: Operation,
        number: int,
        sources: Sequence[Source | None],
        operands: Sequence[Shape],
        outputs: Sequence[Shape],
    ) -> None:
        """Note whether the results of an operation lie in order.

        Raises:
            SizeUnknown: if torch may run another operation at these sizes.
        """
        is_loose = any(source in self.inner for source in sources)
        if op.name in VIEWS and is_loose:
            check_axes_of_one(op, operands[0], outputs[0])
        if op.name in PERMUTING and not is_loose:
            check_order(op, operands[0])
        if op.name in ORDERING or not (is_loose or op.name in REORDERING):
            return
        self.inner.update(Source(number, k) for k in range(len(outputs)))


def check_axes_of_one(op: Operation, before: Shape, after: Shape) -> None:
    """Refuse a view that merges an axis which has one position, or has had.

    Raises:
        SizeUnknown: if it does.
    """
    crossing = [p for p in list_changes(op.inputs[0], before) if 1 in p]
    kept = [p for p in list_changes_of_equal(op.outputs[0], after) if 1 in p]
    if len(crossing) > len(kept):
        refuse_order()


def list_changes_of_equal(before: Shape, after: Shape) -> list[tuple[int, int]]:
    """List the sizes that change of two shapes of one rank."""
    return list_changes(before, after) if len(before) == len(after) else []


def check_order(op: Operation, shape: Shape) -> None:
    """Refuse axes in another order which lie in order at one of the sizes.

    Raises:
        SizeUnknown: if they do.
    """
    if not any(1 in pair for pair in list_changes(op.inputs[0], shape)):
        return
    order = list_order(op)
    states = {
        is_in_order([d for d in order if sizes[d] != 1])
        for sizes in (op.inputs[0], shape)
    }
    if len(states) > 1:
        refuse_order()


def check_stack_of_one(op: Operation, shape: Shape) -> None:
    """Refuse a factor of which an axis has one position, or has had.

    Whether torch multiplies all its matrices at once depends on that.

    Raises:
        SizeUnknown: if there is one.
    """
    if any(1 in pair for pair in list_changes(op.inputs[0], shape)):
        refuse_order()


def is_in_order(order: Sequence[int]) -> bool:
    """Tell whether axes lie in order."""
    return list(order) == sorted(order)


def refuse_order() -> None:
    """Refuse to say which operations torch runs.

    Raises:
        SizeUnknown: always.
    """
    raise SizeUnknown(
        "an axis of one position lies otherwise in memory than one of several, and "
        "torch may copy values for it, or not"
    )
