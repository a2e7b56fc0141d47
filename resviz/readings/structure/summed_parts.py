"""Sums of what was put together: a `stack` or a `cat` whose parts are added again.

The parts are followed along the axes of what lies between, as of a view or a
permutation, to the sum over all of them and nothing else.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from resviz.operations.families import RESHAPES
from resviz.operations.layouts import NO_AXIS, make_plain_run
from resviz.operations.reductions import list_reduced_dims
from resviz.operations.reshapes import reshape_layout
from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.layouts import AxisRun
    from resviz.record import Layer, Operation

SUMMING_PRODUCT = "summing_product"
"""What a graph calls a product that only adds parts, so that it weighs nothing."""

TOTALS = {"sum", "mean", SUMMING_PRODUCT}
"""Operations that make one value of all along an axis by adding."""

SCALINGS = {"mul", "div", "neg", "clone", "alias"}
"""Operations that only scale what flows, if that is one tensor."""

REORDERING = {"copy", "as_strided", "unfold", "diagonal"}
"""Views of which the shapes do not tell what lies where."""

KEEPING = RESHAPES - REORDERING | SCALINGS
"""Operations between parts that are put together and their sum."""

PARTS = 0
"""What the axis of the parts is called in a layout."""


class SummedParts(NamedTuple):
    """Where parts that are added were put together.

    Attributes:
        reader: the number of the layer that did, a `stack` or a `cat`.
        between: the numbers of those on the way from there to the sum.
    """

    reader: int
    between: tuple[int, ...]


def mark_summing_products(layers: Sequence[Layer]) -> Sequence[Layer]:
    """Call products that only add parts by a name of their own.

    As those of a stack with a row of ones, or of weights that flow from nothing.
    """
    marked: list[Layer] | None = None
    for layer in layers:
        if (
            len(layer.operations) != 1
            or layer.operations[0].name not in MATRIX_PRODUCTS
        ):
            continue
        if find_summed_parts(layers, layer.index) is None:
            continue
        marked = [*layers] if marked is None else marked
        (op,) = layer.operations
        adding = msgspec.structs.replace(op, name=SUMMING_PRODUCT)
        marked[layer.index] = msgspec.structs.replace(layer, operations=(adding,))
    return layers if marked is None else marked


MATRIX_PRODUCTS = {"mv", "mm", "bmm"}
"""Operations that may multiply with a row of numbers."""


def find_summed_axes(op: Operation) -> set[int]:
    """Find the axes that a reduction adds up, or a product with one row of numbers."""
    if op.name not in MATRIX_PRODUCTS | {SUMMING_PRODUCT}:
        return list_reduced_dims(op)
    if sum(op.flowing) != 1:
        return set()
    place = op.flowing.index(True)
    flowing, row = op.inputs[place], op.inputs[1 - place]
    axis = len(flowing) - (2 if place and len(flowing) > 1 else 1)
    batch = prod(flowing[:-2])  # of a bmm
    return {axis} if prod(row) == batch * flowing[axis] else set()


def find_summed_parts(layers: Sequence[Layer], number: int) -> SummedParts | None:
    """Find where the parts that a layer adds were put together; None if it adds none.

    Args:
        layers: of the record.
        number: of the layer that adds.
    """
    summed = find_summed_axes(layers[number].operations[-1])
    if len(summed) != 1:
        return None
    layer = layers[number]
    chain: list[Layer] = []
    above = find_flowing_source(layers, layer)
    while above is not None and keeps_parts(above):
        chain.append(above)
        above = find_flowing_source(layers, above)
    layout = above and put_together(above)
    if above is None or not layout:
        return None
    chain.reverse()
    for each in chain:
        layout = lay_out_anew(each.operations[0], layout)
        if layout is None:
            return None
    parts = [part for part in layout[summed.pop()] if part[0] != 1]
    if [name for _, name in parts] != [PARTS]:
        return None
    return SummedParts(above.index, tuple(each.index for each in chain))


def find_flowing_source(layers: Sequence[Layer], layer: Layer) -> Layer | None:
    """Find the only layer from which what flows comes to a layer of one operation."""
    ops = layer.operations
    if len(ops) != 1 or sum(ops[0].flowing) != 1:
        return None
    source = layer.sources[0] if len(layer.sources) == 1 else None
    if source is None and len(layer.sources) == len(ops[0].flowing):
        source = layer.sources[ops[0].flowing.index(True)]
    return layers[source.layer] if source and source.layer >= 0 else None


def keeps_parts(layer: Layer) -> bool:
    """Tell whether a layer only lays out anew or scales the one tensor that flows."""
    ops = layer.operations
    return len(ops) == 1 and ops[0].name in KEEPING


def put_together(layer: Layer) -> list[AxisRun] | None:
    """Lay out what a `stack` or a `cat` puts together of equal parts; else None."""
    ops = layer.operations
    if len(ops) != 1 or ops[0].name not in {"stack", "cat"}:
        return None
    (op,) = ops
    count, after = len(op.inputs), op.outputs[0]
    if len({*op.inputs}) != 1 or not after:
        return None
    place = op.arguments.get("dim", 0) % len(after)
    layout = [make_plain_run(n) for n in after]
    layout[place] = ((count, PARTS), (after[place] // count, NO_AXIS))
    return layout


def lay_out_anew(op: Operation, layout: list[AxisRun]) -> list[AxisRun] | None:
    """Lay out what an operation on one tensor gives; None if the parts are cut."""
    before, after = op.inputs[op.flowing.index(True)], op.outputs[0]
    move = OPERATIONS[op.name].moves_axis
    if move:
        places = [move(op, axis) for axis in range(len(before))]
        order = {place: axis for axis, place in enumerate(places)}
        return [layout[order[axis]] for axis in range(len(after))]
    if prod(before) != prod(after):
        return None
    return reshape_layout(layout, before, after)
