"""Views at other sizes: the same values in the same order, along other axes.

The record holds shapes before and after a view, and not what the code asked for. Axes
are matched in order by their recorded sizes. An axis whose size changes goes as a whole
into one axis of the result; where it would have to be cut, as a map into windows, or
where it could go into two, nothing is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from resviz.operations.size_rules import (
    BY_CODE,
    SizeStep,
    SizeUnknown,
    equals_any,
    replace_axis,
)
from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Operation, Shape


class ResizedAxis(NamedTuple):
    """An axis, or what is left of one: its size as recorded, and now."""

    before: int
    now: int
    is_rest: bool = False

    @property
    def parts(self) -> tuple[ResizedAxis, ...]:
        """The axes of which it was made, () where that is not known."""
        return getattr(self.now, "parts", ())


class MergedSize(int):
    """The new size of an axis that knows of which it was made, as tokens of a map."""

    parts: tuple[ResizedAxis, ...]

    def __new__(cls, size: int, parts: tuple[ResizedAxis, ...]) -> Self:
        """Make a size that knows its parts."""
        merged = super().__new__(cls, size)
        merged.parts = parts
        return merged


def remember_parts(size: int, parts: tuple[ResizedAxis, ...]) -> int:
    """Return a size, be it a number or a formula, that knows its parts."""
    attach = getattr(size, "with_parts", None)
    return attach(parts) if attach else MergedSize(size, parts)


def resize_view(step: SizeStep) -> list[Shape]:
    """Follow each axis into that of the result."""
    if not step.is_changed:
        return [*step.op.outputs]
    return [match_axes(step, step.op.outputs[0])]


def match_axes(step: SizeStep, after: Shape) -> Shape:
    """Return the new sizes of a shape that holds a step's values in order.

    Raises:
        SizeUnknown: if an axis whose size changes is cut, or its place is not clear.
    """
    sizes = zip(step.before, step.shape, strict=True)
    pending = [ResizedAxis(before, now) for before, now in sizes][::-1]
    shape = tuple(take_axes(step, pending, size) for size in after)
    if len(after) == 2 < len(step.before) and may_be_cut(after[1], shape):
        refuse_view(step)
    if any(axis.before != 1 or axis.now != 1 for axis in pending):
        refuse_view(step)
    return shape


def may_be_cut(length: int, shape: Shape) -> bool:
    """Tell whether rows of another length are also whole rows of the recorded one.

    That is what `view(-1, length)` makes of them, and `flatten(1)` does not.
    """
    rows, now = shape
    return not equals_any(length, 0, now) and rows * now % length == 0


def take_axes(step: SizeStep, pending: list[ResizedAxis], size: int) -> int:
    """Take the next axes, whose recorded sizes make `size`; return what they make now.

    An axis of one position takes the next of one, and is new if there is none.
    """
    if size == 1:
        split_merged_axis(pending, 1)
        is_next = bool(pending) and pending[-1].before == 1
        return pending.pop().now if is_next else 1
    need, made, parts = size, 1, list[ResizedAxis]()
    while need > 1:
        split_merged_axis(pending, need)
        if not pending:
            refuse_view(step)
        axis = pending.pop()
        before, now, _ = axis
        if before and need % before == 0:
            if now != before and any(part.is_rest for part in parts):
                refuse_view(step)  # a part of an axis before one that changes
            need //= before
        elif before == now and before and before % need == 0:
            pending.append(ResizedAxis(before // need, now // need, is_rest=True))
            axis, need = ResizedAxis(need, need), 1
        else:
            refuse_view(step)
        made *= axis.now
        parts += axis.parts or (axis,)
    changes = len(parts) > 1 and any(part.before != part.now for part in parts)
    return remember_parts(made, tuple(parts)) if changes else made


def split_merged_axis(pending: list[ResizedAxis], need: int) -> None:
    """Put the axes of which the next one was made in its place, if it has to be cut."""
    axis = pending[-1] if pending else None
    if axis is None or not axis.parts or axis.before == 0:
        return
    is_whole = axis.parts[0].before != 1 if need == 1 else need % axis.before == 0
    if not is_whole:
        pending[-1:] = axis.parts[::-1]


def refuse_view(step: SizeStep) -> None:
    """Refuse a view that may be another one at this size.

    Raises:
        SizeUnknown: always.
    """
    before, after = format_sizes(step.before), format_sizes(step.op.outputs[0])
    raise SizeUnknown(
        f"{before} became {after}; what {format_sizes(step.shape)} becomes is worked "
        "out in the forward's code, which no record holds"
    )


def resize_squeeze(step: SizeStep) -> list[Shape]:
    """Leave out axes of one position, where none of those has another size now.

    Older records do not say of which axes that was asked.
    """
    rank, dims = len(step.before), step.op.arguments.get("dim")
    if dims is not None and rank:
        chosen = {dim % rank for dim in ([dims] if isinstance(dims, int) else dims)}
        pairs = [(step.before[place], step.shape[place]) for place in chosen]
        if any(1 in pair and pair[0] != pair[1] for pair in pairs):
            refuse_view(step)
        kept = [k for k in range(rank) if k not in chosen or step.before[k] != 1]
        return [tuple(step.shape[k] for k in kept)]
    crossing = [1 in pair for pair in list_changes(step.before, step.shape)]
    if any(crossing):
        refuse_view(step)
    return resize_view(step)


def list_changes(before: Shape, now: Shape) -> list[tuple[int, int]]:
    """List the sizes of axes that change, as recorded and now."""
    return [pair for pair in zip(before, now, strict=True) if pair[0] != pair[1]]


def resize_unsqueeze(step: SizeStep) -> list[Shape]:
    """Put in an axis of one position, where the record says which it is.

    Older records have the result alone.
    """
    after = step.op.outputs[0]
    if "dim" in step.op.arguments:
        place = step.op.arguments["dim"] % len(after)
        return [(*step.shape[:place], 1, *step.shape[place:])]
    shapes = [
        (*step.shape[:place], 1, *step.shape[place:])
        for place in range(len(after))
        if (*step.before[:place], 1, *step.before[place:]) == after
    ]
    if any(shape != shapes[0] for shape in shapes):
        refuse_view(step)
    return shapes[:1]


def resize_permuted(step: SizeStep) -> list[Shape]:
    """Put the axes into another order."""
    return [tuple(step.shape[d] for d in list_order(step.op))]


PERMUTING = {"permute", "transpose", "t"}
"""Operations that put axes into another order."""


def list_order(op: Operation) -> Sequence[int]:
    """List from where each axis of a permuted tensor comes.

    Raises:
        SizeUnknown: if the record does not say.
    """
    rank, arguments = len(op.inputs[0]), op.arguments
    if "dims" in arguments:
        return [d % rank for d in arguments["dims"]]
    order = [*range(rank)]
    if op.name == "t":
        return order[::-1]
    if "dim0" not in arguments:
        raise SizeUnknown("the record does not say which axes change places")
    a, b = arguments["dim0"] % max(rank, 1), arguments["dim1"] % max(rank, 1)
    if rank:
        order[a], order[b] = b, a
    return order


def resize_expanded(step: SizeStep) -> list[Shape]:
    """Repeat nothing: what is only passed on, as the operand of a product, is followed.

    How often a value is repeated is told by code. A size of one may be the batch.
    """
    after = step.op.outputs[0]
    is_passed_on = after == step.before
    if not is_passed_on or not (step.op.flowing[0] or 1 not in step.changed_sizes):
        refuse_view(step)
    return [step.shape]


def resize_copied(step: SizeStep) -> list[Shape]:
    """Copy one operand over another, whose size stays."""
    wanted, got = step.shapes[0], step.shapes[-1]
    pairs = zip(wanted[::-1], got[::-1], strict=False)
    if len(got) > len(wanted) or not all(equals_any(b, 1, a) for a, b in pairs):
        refuse_view(step)
    return [wanted]


def resize_slice(step: SizeStep) -> list[Shape]:
    """Take every so many positions, up to the end or one counted from there.

    A number of positions that lies inside the map may be one of the input's sizes.
    """
    axis = step.find_axis()
    if not step.changes_along(axis):
        size = step.op.outputs[0][axis]
        return [replace_axis(step.shape, axis, size)]
    start = step.arguments.get("start") or 0
    end, stride = step.arguments.get("end"), step.arguments.get("step") or 1
    before, now = step.before[axis], step.shape[axis]
    is_open = end is None or end > 2**31 or end < 0
    if not is_open or not (start <= max(stride - 1, 1)):
        raise SizeUnknown("it takes positions up to a number that code may work out")
    for size in (before, now):
        if start >= size or (start < 0 and -start > size):
            raise SizeUnknown("it takes positions that are not there")
    first = start if start >= 0 else now + start
    last = now + end if end and end < 0 else now
    size = max((last - first + stride - 1) // stride, 0)
    return [replace_axis(step.shape, axis, size)]


def resize_selected(step: SizeStep) -> list[Shape]:
    """Take one position of an axis, or each of as many as there were."""
    axis = step.find_axis()
    if step.changes_along(axis):
        index = step.arguments.get("index")
        if step.op.name != "select" or index not in {0, -1}:
            raise SizeUnknown("it takes positions that code may count")
    kept = (*step.shape[:axis], *step.shape[axis + 1 :])
    return [kept] * len(step.op.outputs)


def resize_pieces(step: SizeStep) -> list[Shape]:
    """Cut an axis that has the size it had."""
    if not step.is_changed:
        return [*step.op.outputs]
    axis = step.find_axis()
    if step.changes_along(axis):
        raise SizeUnknown("into how many pieces an axis is cut, code may work out")
    return [replace_axis(step.shape, axis, old[axis]) for old in step.op.outputs]


def resize_shuffled(step: SizeStep) -> list[Shape]:
    """Trade channels for positions, or back, by the factor that was given."""
    *before, c, h, _ = step.before
    *_, c_after, h_after, _ = step.op.outputs[0]
    *lead, channels, height, width = step.shape
    if 0 in step.before or channels != c:
        raise SizeUnknown(f"{len(before)} axes of samples, and another channel count")
    if h_after >= h:
        factor = h_after // h
        return [(*lead, c_after, height * factor, width * factor)]
    factor = h // h_after
    if height % factor or width % factor:
        raise SizeUnknown(f"{height}×{width} positions are no multiple of {factor}")
    return [(*lead, c_after, height // factor, width // factor)]


def resize_strided(step: SizeStep) -> list[Shape]:
    """Keep a size that torch's own pooling sees in other strides; refuse all others.

    Its global average of a map whose channels lie last ends so.

    Raises:
        SizeUnknown: for what the forward's code sees so.
    """
    if step.before != step.op.outputs[0] or not step.module.startswith("AdaptiveAvg"):
        raise SizeUnknown(BY_CODE)
    return [step.shape]
