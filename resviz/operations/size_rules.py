"""Rules of size: the shapes that an operation gives for operands of other shapes.

What the record does not tell, as a size that the code of a forward works out, is
refused and never guessed. A number that was given to an operation is kept where it can
hardly be a size of the input: a stride, a factor, a number of channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from resviz.record import Operation, Shape


class SizesDisagree(ValueError):  # noqa: N818 - an answer, as StopIteration is
    """Operands do not go together at these sizes; torch would refuse them."""


class SizeUnknown(ValueError):  # noqa: N818 - likewise
    """The record does not tell what comes out at these sizes."""


BY_CODE = "its size is worked out in the forward's code, which no record holds"


@dataclass(frozen=True, slots=True)
class SizeStep:
    """One operation with its operands' new shapes.

    Attributes:
        op: the operation as recorded.
        shapes: of each operand, the new ones.
        module: class of the leaf module that ran it, "" where none did.
        changed_sizes: sizes of the input that are no more what they were.
    """

    op: Operation
    shapes: Sequence[Shape]
    module: str = ""
    changed_sizes: Container[int] = ()

    @property
    def before(self) -> Shape:
        """Shape of the first operand as recorded."""
        return self.op.inputs[0]

    @property
    def shape(self) -> Shape:
        """Shape of the first operand now."""
        return self.shapes[0]

    @property
    def arguments(self) -> dict[str, Any]:
        """Those that the record keeps."""
        return self.op.arguments

    @property
    def is_changed(self) -> bool:
        """Whether an operand has another shape, or an axis was made of others.

        20 · 3 rows are as many as 30 · 2.
        """
        sizes = chain.from_iterable(self.shapes)
        return tuple(self.shapes) != self.op.inputs or any(
            getattr(size, "parts", ()) for size in sizes
        )

    def find_axis(self, name: str = "dim") -> int:
        """Return an argument that is an axis of the first operand.

        Raises:
            SizeUnknown: if the record does not say.
        """
        if name not in self.arguments:
            raise SizeUnknown("the record does not say along which axis")
        return self.arguments[name] % max(len(self.before), 1)

    def changes_along(self, axis: int) -> bool:
        """Tell whether an axis of the first operand has another size."""
        return self.before[axis] != self.shape[axis]


def keep_size(step: SizeStep) -> list[Shape]:
    """Give each output that was as large as the first operand its new size."""
    return [step.shape if old == step.before else old for old in step.op.outputs]


def keep_outputs(step: SizeStep) -> list[Shape]:
    """Give what was recorded: no size of an operand matters."""
    return [*step.op.outputs]


def broadcast_sizes(step: SizeStep) -> list[Shape]:
    """Give what operands broadcast to, if constants go with any size."""
    check_constants_fit(step)
    shape = broadcast_shapes(step, step.shapes)
    return [shape] * len(step.op.outputs)


def broadcast_shapes(step: SizeStep, shapes: Sequence[Shape]) -> Shape:
    """Return the shape to which shapes broadcast.

    Raises:
        SizesDisagree: if they do not, and all come from the input.
        SizeUnknown: if a constant has a size of its own there.
    """
    rank = max(map(len, shapes), default=0)
    shape: list[int] = []
    for place in range(-rank, 0):
        size, *others = (s[place] for s in shapes if len(s) >= -place)
        for other in others:
            if other == size:
                continue
            if size == 1:
                size = other
            elif other != 1:
                refuse_operands(step)
        shape.append(size)
    return tuple(shape)


def equals_any(size: int, *others: int) -> bool:
    """Tell whether a size equals one of others.

    It may be a formula, which has no hash to be looked for in a set.
    """
    return any(size == other for other in others)


def check_constants_fit(step: SizeStep) -> None:
    """Refuse constants along axes whose size changes, as they may be made for it.

    A parameter of one position goes with any number; another constant may have one for
    each sample of a batch of one.

    Raises:
        SizeUnknown: if there is one.
    """
    if all(step.op.flowing):
        return
    pairs = [*zip(step.op.flowing, step.op.inputs, step.shapes, strict=True)]
    rank = max(map(len, step.shapes))
    for place in range(-rank, 0):
        old_sizes = {
            old[place]
            for flows, old, now in pairs
            if flows and len(old) >= -place and old[place] != now[place]
        }
        if not old_sizes:
            continue
        for number, (flows, old, _) in enumerate(pairs):
            if flows or len(old) < -place:
                continue
            is_learned = step.op.reads[number : number + 1] == (LEARNED,)
            if old[place] != 1 or (old_sizes == {1} and not is_learned):
                refuse_operands(step)


LEARNED = -1
"""What a record has in place of the storage of a parameter that is trained."""


def refuse_operands(step: SizeStep) -> None:
    """Refuse operands that do not go together.

    Raises:
        SizesDisagree: if all come from the input.
        SizeUnknown: if a constant is among them.
    """
    sizes = " and ".join(format_sizes(shape) for shape in step.shapes)
    if all(step.op.flowing):
        raise SizesDisagree(f"operands of {sizes} do not go together")
    raise SizeUnknown(
        f"operands of {sizes} meet, of which one is a constant: whether it has "
        "another size at this input is not in the record"
    )


def refuse_change(step: SizeStep) -> list[Shape]:
    """Give what was recorded while no operand has another size.

    Raises:
        SizeUnknown: if one has.
    """
    if step.is_changed:
        raise SizeUnknown(BY_CODE)
    return [*step.op.outputs]


def refuse_always(step: SizeStep) -> list[Shape]:
    """Refuse what is as large as the forward's code says.

    Raises:
        SizeUnknown: always, but for what has no axes.
    """
    if any(step.op.outputs):
        raise SizeUnknown(BY_CODE)
    return [*step.op.outputs]


def check_weight_size(wanted: int, got: int, what: str = "channels") -> None:
    """Check that a size is what weights take.

    Raises:
        SizesDisagree: if it is not.
    """
    if wanted != got:
        raise SizesDisagree(f"its weights take {wanted:,} {what}, {got:,} arrive")


def replace_axis(shape: Shape, axis: int, size: int) -> Shape:
    """Return a shape with another size on an axis."""
    return (*shape[:axis], size, *shape[axis + 1 :])
