"""Where the samples of a batch lie in each tensor, and what is left for one of them.

The batch is followed from the inputs through every operation: a text tower turns
(N, L, D) to (L, N, D), a video's frames are folded into (N·T, C, H, W), windows and
heads of attention likewise. What does not come from an input has no batch.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from resviz.operations.families import LOOKUPS, PRODUCTS, REDUCTIONS
from resviz.operations.reductions import list_reduced_dims, move_axis_by_reduction
from resviz.operations.table import OPERATIONS
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from resviz.record import Architecture, Layer, Operation, Shape

VIEWS = frozenset({
    "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "squeeze",
    "unsqueeze", "view_as_real", "view_as_complex",
})  # fmt: skip
"""Operations that keep the order of values."""

AXIS_MOVES = {
    name: OPERATIONS[name].moves_axis
    for name in ("permute", "transpose", "t", "select", "unbind", "stack")
}
"""Operations that move axes, and how."""


class BatchPlace(NamedTuple):
    """Where the batch lies: in an axis whose values go over (slower, N, faster)."""

    axis: int
    slower: int = 1


class SampledShape(list[int]):
    """A shape that knows the sizes of one sample.

    Attributes:
        sample: the shape without the batch.
    """

    sample: Shape

    def __init__(self, shape: Shape, sample: Shape) -> None:
        super().__init__(shape)
        self.sample = sample


Places = dict[Source, BatchPlace]

Place = TypeVar("Place")


def is_lone_sample(arch: Architecture) -> bool:
    """Tell whether a network was given one sample, without an axis for the batch."""
    return bool(arch.batch_axes) and {*arch.batch_axes} == {None}


@cache_reading
def find_batch_places(arch: Architecture) -> Places:
    """Find where the batch lies in inputs and outputs of layers, where it is known."""
    axes: Sequence[int | None] = arch.batch_axes or (
        [find_batch_axis(arch)] * len(arch.inputs)
    )
    return follow_batch(arch, axes, arch.batch) if arch.batch else {}


@cache_reading
def find_batch_axis(arch: Architecture) -> int:
    """Find the axis of the first input that holds the samples, if it does not say so.

    It is the first, but for a model of steps in time (T, N, C, H, W) whose outputs have
    only the second.
    """
    shape = arch.input_shape
    windows = (layer.window for layer in arch.stored_layers if layer.window)
    window = next(windows, None)
    if arch.batch_size is not None:  # of a record that does not say which
        return shape.index(arch.batch_size) if arch.batch_size in shape else 0
    if window is None or len(shape) <= len(window.kernel) + 2 or len(arch.inputs) > 1:
        return 0
    for axis in (0, 1) if all(shape) else ():
        places = follow_batch(arch, (axis,), shape[axis])
        if all(source in places for source in arch.outputs):
            return axis
    return 0


def follow_batch(arch: Architecture, axes: Sequence[int | None], batch: int) -> Places:
    """Follow a batch of some size from axes of the inputs."""
    places: Places = {}
    move = partial(move_place, batch=batch)
    for number, (axis, tensor) in enumerate(zip(axes, arch.inputs, strict=True)):
        if axis is not None and tensor.shape[axis : axis + 1] == (batch,):
            places[Source(MODEL_INPUT, number)] = BatchPlace(axis)
    for layer in arch.stored_layers:
        inner = follow_layer(layer, places, move)
        for number, end in enumerate(list_ends(layer)):
            place = None if end is None else inner.get(end)
            if place is not None:
                places[Source(layer.index, number)] = place
    return places


def list_ends(layer: Layer) -> Sequence[Source | None]:
    """List which operation's output each output of a layer is, None for a constant."""
    last = len(layer.operations) - 1
    return layer.ends or [Source(last, k) for k in range(len(layer.outputs))]


def follow_layer(
    layer: Layer,
    places: Mapping[Source, Place],
    move: Callable[[Operation, int, Place, Shape], Place | None],
) -> dict[Source, Place]:
    """Follow what lies in some place through the operations of a layer.

    Args:
        layer: whose operations are followed, by what gives each.
        places: where it lies in what the layer may read.
        move: finds the place in an output, given an operation, the number of an
            operand, the place in that, and the output's shape.
    """
    inner = {
        Source(MODEL_INPUT, number): places[source]
        for number, source in enumerate(layer.sources)
        if source in places
    }
    for number, op in enumerate(layer.operations):
        for operand, source in iter_flowing(layer, number, op):
            if source not in inner:
                continue
            place = inner[source]
            moved = [move(op, operand, place, after) for after in op.outputs]
            if not moved or moved[0] is None:
                continue
            for k, output_place in enumerate(moved):
                if output_place is not None:
                    inner[Source(number, k)] = output_place
            break
    return inner


FOLDS = VIEWS - {"squeeze", "unsqueeze"}
"""Operations by which samples and other axes become one."""


class SampleFold(NamedTuple):
    """A view by which samples and other axes became one.

    Attributes:
        layer: its name.
        before: the shape that it was given.
        after: the shape that it gave.
        rows: how many rows of the model's output one sample has since; 0 where rows
            are none of one sample alone.
    """

    layer: str
    before: Shape
    after: Shape
    rows: int


@cache_reading
def find_folds(arch: Architecture) -> tuple[SampleFold, ...]:
    """Find the views after which samples have no axis, up to some output, or at all."""
    places = find_batch_places(arch)
    folds: list[SampleFold] = []
    lasting: SampleFold | None = None
    for layer, op, operand, start, place in iter_moves(arch, places):
        before, after = op.inputs[operand], op.outputs[0]
        length, end = before[start.axis], places.get(Source(layer.index))
        if op.name not in FOLDS:
            if lasting and not place and length > arch.batch > 1:
                folds.append(lasting._replace(rows=0))  # it is summed over
        elif place is None and 0 not in before:
            folds.append(SampleFold(layer.name, before, after, 0))
        elif place and end == place and after[place.axis] > length:
            rows = after[place.axis] // arch.batch
            lasting = SampleFold(layer.name, before, after, rows)
    for source in arch.outputs:
        place = places.get(source)
        if place is None or lasting is None or source.layer == MODEL_INPUT:
            continue
        shape = arch.stored_layers[source.layer].outputs[source.output].shape
        if place.axis == 0 and shape[0] == lasting.rows * arch.batch:
            return (*folds, lasting)
    return tuple(folds)


def iter_moves(
    arch: Architecture, places: dict[Source, BatchPlace]
) -> Iterator[tuple[Layer, Operation, int, BatchPlace, BatchPlace | None]]:
    """Yield each operand in which the batch lies, and where it lies before and after.

    Those of layers that may fold samples alone, or mix them.
    """
    for layer in arch.stored_layers if places else ():
        if not may_fold(layer):
            continue
        inner = follow_layer(layer, places, partial(move_place, batch=arch.batch))
        for number, op in enumerate(layer.operations):
            for operand, source in iter_flowing(layer, number, op):
                if source in inner:
                    place = inner.get(Source(number, 0))
                    yield layer, op, operand, inner[source], place


def may_fold(layer: Layer) -> bool:
    """Tell whether a layer has an operation that may fold samples, or mix them."""
    return any(op.name in FOLDS or op.name in PRODUCTS for op in layer.operations)


def iter_flowing(
    layer: Layer, number: int, op: Operation
) -> Iterator[tuple[int, Source]]:
    """Yield the flowing operands of an operation, and where each comes from."""
    if op.sources:
        for operand, source in enumerate(op.sources):
            if source is not None:
                yield operand, source
    elif number == len(layer.operations) - 1:  # what is obvious is not written down
        flowing = (operand for operand, flows in enumerate(op.flowing) if flows)
        for position, operand in enumerate(flowing):
            yield operand, Source(MODEL_INPUT, position)


def move_place(
    op: Operation, operand: int, place: BatchPlace, after: Shape, batch: int
) -> BatchPlace | None:
    """Find where the batch lies in an output, given where it does in an operand."""
    before = op.inputs[operand]
    axis: int | None = place.axis
    if op.name in VIEWS:
        return locate_batch(before, place, after, batch)
    move = find_axis_move(op, operand)
    if move:
        axis = move(place.axis)
    elif operand and op.name in LOOKUPS:
        axis = place.axis if op.name == "embedding" else None
    elif len(after) > len(before):
        axis = move_axis_by_growth(op, before, place.axis, after)
    elif len(after) < len(before):
        return locate_batch(before, place, after, batch)
    if axis is None or axis >= len(after):
        return None
    share = place.slower * batch  # batches may be put side by side
    return BatchPlace(axis, place.slower) if after[axis] % share == 0 else None


def find_axis_move(op: Operation, operand: int) -> Callable[[int], int | None] | None:
    """Find how an operation moves the axes of an operand, None where shapes tell."""
    move = AXIS_MOVES.get(op.name)
    if move:
        return partial(move, op)
    if op.name in PRODUCTS:
        return partial(move_axis_by_product, op, operand)
    if op.name in REDUCTIONS and "dim" in op.arguments and len(op.inputs) == 1:
        return partial(move_axis_unless_reduced, op)
    return None


def move_axis_unless_reduced(op: Operation, axis: int) -> int | None:
    """Return an axis's place after a reduction; None if it is gathered, or kept so."""
    is_reduced = axis in list_reduced_dims(op)
    return None if is_reduced else move_axis_by_reduction(op, axis)


def locate_batch(
    before: Shape, place: BatchPlace, after: Shape, batch: int
) -> BatchPlace | None:
    """Find the batch in the same values under another shape.

    An axis of its own comes before one in which it lies beside others. Where there are
    no values, as of an expert that no token chose, there is none.
    """
    if 0 in after:
        return None
    leading = prod(before[: place.axis]) * place.slower
    shared: list[BatchPlace] = []
    above = 1
    for axis, size in enumerate(after):
        slower, rest = divmod(leading, above)
        if not rest and slower and size % (slower * batch) == 0:
            if slower == 1 and size == batch:
                return BatchPlace(axis)
            shared.append(BatchPlace(axis, slower))
        above *= size
    return shared[0] if shared else None


def move_axis_by_product(op: Operation, operand: int, axis: int) -> int | None:
    """Return the place of a factor's axis in a product; None if it is summed over."""
    left, right = op.inputs[:2] if op.name == "linear" else op.inputs[-2:]
    first = 0 if op.name == "linear" else len(op.inputs) - 2
    if operand == first:
        return None if axis == len(left) - 1 else axis
    if operand == first + 1 and op.name != "linear":
        summed = max(len(right) - 2, 0)
        return None if axis == summed else axis
    return axis


def move_axis_by_growth(
    op: Operation, before: Shape, axis: int, after: Shape
) -> int | None:
    """Return the place of an axis in a tensor of more axes; None if that is unknown.

    It was stretched to the shape of another operand, or cut into windows.
    """
    added = len(after) - len(before)
    pairs = zip(before, after[added:], strict=True)
    if op.name != "unfold" and all(size in {1, wide} for size, wide in pairs):
        return axis + added
    return axis if after[: axis + 1] == before[: axis + 1] else None


def find_sample_shape(
    arch: Architecture, shape: Shape, source: Source | None = None
) -> SampledShape:
    """Find the sizes of one sample in what a source gives, or in some shape.

    A first axis as long as the batch is taken for it where nothing else is known.
    """
    places = find_batch_places(arch)
    place = index_shapes(arch).get(shape) if source is None else places.get(source)
    if place is None:
        place = BatchPlace(0) if shape[:1] == (arch.batch,) else None
    if place is None:
        return SampledShape(shape, shape)
    rest = shape[place.axis] // max(arch.batch, 1)
    kept = () if rest == 1 else (rest,)
    sample = (*shape[: place.axis], *kept, *shape[place.axis + 1 :])
    return SampledShape(shape, sample)


def put_batch_first(
    arch: Architecture, shape: Shape, axis: int | None, source: Source | None = None
) -> tuple[Shape, int | None]:
    """Put the batch first, and frames that lie beside it behind the channels.

    A lone sample gets an axis for its batch of one, but where the network made one
    itself: a detector puts its images together.

    Args:
        arch: the record.
        shape: of a tensor; as it is where it is not known where the batch lies.
        axis: in which its channels lie, None if unknown.
        source: what gives it, where that is known.

    Returns:
        The shape, and in which axis of it the channels lie.
    """
    if is_lone_sample(arch):
        if axis and shape[0] == 1:
            return shape, axis
        return (1, *shape), axis if axis is None else axis + 1
    places = find_batch_places(arch)
    place = index_shapes(arch).get(shape) if source is None else places.get(source)
    if place is None or arch.batch < 1:
        return shape, axis
    batch, (*before, size), behind = (
        arch.batch,
        shape[: place.axis + 1],
        shape[place.axis + 1 :],
    )
    if size == batch:
        is_behind = axis is not None and axis < place.axis
        return (batch, *before, *behind), axis if axis is None else axis + is_behind
    if not before and len(behind) >= 3 and axis == 1:
        return (batch, behind[0], size // batch, *behind[1:]), axis
    return shape, axis


@cache_reading
def index_shapes(arch: Architecture) -> dict[Shape, BatchPlace]:
    """Return where the batch lies in tensors of each shape."""
    index: dict[Shape, BatchPlace] = {}
    for source, place in find_batch_places(arch).items():
        inputs, layers = arch.inputs, arch.stored_layers
        is_input = source.layer == MODEL_INPUT
        tensors = inputs if is_input else layers[source.layer].outputs
        index[tensors[source.output].shape] = place
    return index
