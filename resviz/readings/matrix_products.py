"""Products of stacks of matrices, as torch takes `matmul` apart: expand, view, `bmm`.

A weight of two axes is expanded to the stack that it meets, so its size there is that
of the other factor. With gradients torch multiplies all rows of the stack by such a
weight at once, and copies them first where they do not lie in a row; a trace runs
without gradients, so what is recorded is the stack.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.view_sizes import PERMUTING, list_order
from resviz.readings.batch_axes import list_ends
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture, Layer, Operation, Shape


class OperationPlace(NamedTuple):
    """Where an operation is: its layer's number, and its own in that layer."""

    layer: int
    number: int


class StackProduct(NamedTuple):
    """A product of stacks, and the operations that expand its factors."""

    product: OperationPlace
    first: OperationPlace
    second: OperationPlace


def list_operand_sources(op: Operation) -> Sequence[Source | None]:
    """List where each operand comes from, within its layer; None for a constant."""
    if op.sources:
        return op.sources
    numbers = iter(range(len(op.inputs)))
    return [Source(MODEL_INPUT, next(numbers)) if f else None for f in op.flowing]


@cache_reading
def find_stack_products(arch: Architecture) -> tuple[StackProduct, ...]:
    """Find the products of stacks that `matmul` was taken apart into.

    Only it ends in an `_unsafe_view` of a `bmm`; a `bmm` of the code's own is none.
    """
    products: list[StackProduct] = []
    for layer in arch.stored_layers:
        for number, op in enumerate(layer.operations):
            if op.name != "_unsafe_view":
                continue
            place = find_producer(arch, OperationPlace(layer.index, number))
            if place is None or get_operation(arch, place).name != "bmm":
                continue
            first, second = (find_expansion(arch, place, k) for k in (0, 1))
            if first is not None and second is not None:
                products.append(StackProduct(place, first, second))
    return tuple(products)


def get_operation(arch: Architecture, place: OperationPlace) -> Operation:
    """Return the operation at a place."""
    return arch.stored_layers[place.layer].operations[place.number]


def find_producer(
    arch: Architecture, place: OperationPlace, operand: int = 0
) -> OperationPlace | None:
    """Find the operation that makes an operand; None for an input or a constant."""
    layer = arch.stored_layers[place.layer]
    sources = list_operand_sources(layer.operations[place.number])
    source = sources[operand] if operand < len(sources) else None
    if source is None:
        return None
    if source.layer != MODEL_INPUT:
        return OperationPlace(layer.index, source.layer)
    return find_end(arch, layer, source.output)


def find_end(arch: Architecture, layer: Layer, number: int) -> OperationPlace | None:
    """Find the operation that makes an input of a layer, in the layer that gives it."""
    source = layer.sources[number]
    while source.layer != MODEL_INPUT:
        giver = arch.stored_layers[source.layer]
        end = list_ends(giver)[source.output]
        if end is None:
            return None
        if end.layer != MODEL_INPUT:
            return OperationPlace(giver.index, end.layer)
        source = giver.sources[end.output]
    return None


def find_expansion(
    arch: Architecture, place: OperationPlace, operand: int
) -> OperationPlace | None:
    """Find the `expand` of a factor, behind the view that stacks it."""
    steps = [["view", "expand"], ["_unsafe_view", "clone", "expand"]]
    names: list[str] = []
    maker = find_producer(arch, place, operand)
    while maker is not None:
        names.append(get_operation(arch, maker).name)
        if names in steps:
            return maker
        maker = find_producer(arch, maker) if len(names) < len(steps[-1]) else None
    return None


@cache_reading
def find_expansion_partners(
    arch: Architecture,
) -> dict[OperationPlace, OperationPlace]:
    """Find for each `expand` of a factor that of the other factor."""
    partners: dict[OperationPlace, OperationPlace] = {}
    for _, first, second in find_stack_products(arch):
        partners[first], partners[second] = second, first
    return partners


@cache_reading
def find_copied_factors(arch: Architecture) -> dict[OperationPlace, int]:
    """Find the products of which training copies a factor, by that factor's number.

    The other factor has two axes at most; training copies only if that one learns.
    """
    copied: dict[OperationPlace, int] = {}
    for product, *expansions in find_stack_products(arch):
        ranks = [len(get_operation(arch, place).inputs[0]) for place in expansions]
        number = int(ranks[1] > ranks[0])
        view = find_producer(arch, product, number)
        if (
            min(ranks) <= 2 < max(ranks)
            and view is not None
            and get_operation(arch, view).name == "view"
            and needs_copy(arch, expansions[number], is_second=number == 1)
        ):
            copied[product] = number
    return copied


def needs_copy(arch: Architecture, place: OperationPlace, *, is_second: bool) -> bool:
    """Tell whether the rows of a stack of matrices have to be copied to lie in a row.

    Some axes of a stack that torch does not multiply at once lie in no order; for that
    it also takes axes of one position, which have none.

    Args:
        arch: the record.
        place: of the operation that expands the stack.
        is_second: whether it is the second factor, of which columns are multiplied.
    """
    shape = get_operation(arch, place).inputs[0]
    axes = [*range(len(shape) - 2), len(shape) - (1 if is_second else 2)]
    long_axes = [axis for axis in axes if shape[axis] != 1]
    if len(long_axes) < 2 or len(long_axes) == len(axes):
        return len(long_axes) >= 2
    origins, sizes = trace_axes(arch, place)
    if origins == sorted(origins):
        return True
    stored = [axis for axis, size in enumerate(sizes) if size != 1]
    ranks = [stored.index(origins[axis]) for axis in long_axes]
    return any(after != before + 1 for before, after in pairwise(ranks))


def trace_axes(arch: Architecture, place: OperationPlace) -> tuple[list[int], Shape]:
    """Trace the axes of an operand back to where they were put into another order.

    Returns:
        the axis of that tensor for each of the operand's, and its shape.
    """
    shape = get_operation(arch, place).inputs[0]
    origins = [*range(len(shape))]
    maker = find_producer(arch, place)
    while maker is not None and get_operation(arch, maker).name in PERMUTING:
        turned = list_order(get_operation(arch, maker))
        origins = [turned[axis] for axis in origins]
        shape = get_operation(arch, maker).inputs[0]
        maker = find_producer(arch, maker)
    return origins, shape
