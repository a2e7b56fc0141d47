"""To which size a value is expanded, told by what it meets there.

A gate, as by `expand_as`, meets a map; a weight, in `matmul`, a stack of matrices; a
token is put beside others. Code that names a size of its own fails there at another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.size_rules import broadcast_sizes, equals_any, replace_axis
from resviz.operations.table import OPERATIONS
from resviz.readings.matrix_products import (
    OperationPlace,
    find_expansion_partners,
    get_operation,
    list_operand_sources,
)
from resviz.readings.stored_orders import check_stack_of_one
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from resviz.readings.resized import ResizedRecord
    from resviz.record import Layer, Operation, Shape

SIZE_RULES = {row.name: row.sizes for row in OPERATIONS.values() if row.sizes}
"""The rule of each operation that has one."""


def find_expanded_size(
    resized: ResizedRecord,
    layer: Layer,
    number: int,
    shapes: dict[Source, Shape],
    own: Shape,
) -> Shape | None:
    """Find to which size a value is expanded now; None where nothing tells.

    Args:
        resized: the record, followed so far.
        layer: whose operation expands it.
        number: of the operation.
        shapes: new shapes of what the layer reads, and of its operations so far.
        own: the new shape of the value.

    Raises:
        SizeUnknown: if torch may run another operation at these sizes.
    """
    op = layer.operations[number]
    readers = list_readers(resized, layer, number, shapes)
    for reader in readers:
        if reader.op.name == "cat":
            joined = find_joined_size(op, own, reader)
            if joined is not None:
                return joined
    if op.outputs == op.inputs[:1]:
        return None
    stack = find_stack(resized, layer, number, shapes, own)
    if stack is None and op.flowing[0] and len(readers) == 1:
        return find_partner(op, readers[0])
    return stack


class Reader(NamedTuple):
    """An operation that reads a value, which is one of its operands.

    Attributes:
        op: the operation.
        source: where its layer has the value from.
        shapes: new shapes of what that layer reads, as far as they are known.
    """

    op: Operation
    source: Source
    shapes: dict[Source, Shape]


def list_readers(
    resized: ResizedRecord, layer: Layer, number: int, shapes: dict[Source, Shape]
) -> list[Reader]:
    """List the operations that read what operation `number` of a layer gives.

    Those of later layers are listed where they are all that the layer does.
    """
    inner = Source(number)
    readers = [
        Reader(later, inner, shapes)
        for later in layer.operations[number + 1 :]
        if inner in list_operand_sources(later)
    ]
    if number < len(layer.operations) - 1:
        return readers
    own = Source(layer.index)
    for later in resized.arch.stored_layers[layer.index + 1 :]:
        if own in later.sources and len(later.operations) == 1:
            given = enumerate(map(resized.shapes.get, later.sources))
            known = {Source(MODEL_INPUT, k): shape for k, shape in given if shape}
            source = Source(MODEL_INPUT, later.sources.index(own))
            readers.append(Reader(later.operations[0], source, known))
    return readers


def find_joined_size(op: Operation, own: Shape, reader: Reader) -> Shape | None:
    """Find the new shape of a value that is expanded and put beside others.

    Along all axes but one it is as large as they are, as a token of a class is given to
    each sample; None where that is not known of them.
    """
    after = op.outputs[0]
    for source, flows, before in zip(
        list_operand_sources(reader.op),
        reader.op.flowing,
        reader.op.inputs,
        strict=True,
    ):
        other = reader.shapes.get(source) if source and flows else None
        if other is None or source == reader.source or len(before) != len(after):
            continue
        place = int(reader.op.arguments.get("dim", 0)) % len(after)
        wanted = replace_axis(other, place, after[place])
        lead = len(after) - len(own)
        pairs = zip(own, wanted[lead:], strict=True)
        if lead > place or own[place - lead] != after[place]:
            return None
        return wanted if all(equals_any(size, 1, to) for size, to in pairs) else None
    return None


def find_stack(
    resized: ResizedRecord,
    layer: Layer,
    number: int,
    shapes: dict[Source, Shape],
    own: Shape,
) -> Shape | None:
    """Find the new shape of a factor that `matmul` expands to meet the other.

    None where operation `number` of a layer expands something else.

    Args:
        resized: the record, followed so far.
        layer: whose operation it is.
        number: of the operation.
        shapes: new shapes of what the layer reads, and of its operations so far.
        own: the new shape of the factor.

    Raises:
        SizeUnknown: if torch may run another operation at these sizes.
    """
    place = OperationPlace(layer.index, number)
    partner = find_expansion_partners(resized.arch).get(place)
    if partner is None:
        return None
    other = find_operand(resized, partner, layer, shapes)
    if other is None:
        return None
    check_stack_of_one(layer.operations[number], own)
    check_stack_of_one(get_operation(resized.arch, partner), other)
    stacks = [shape[:-2] for shape in (own, other)]
    rank = max(map(len, stacks))
    pairs = zip(*((*[1] * (rank - len(s)), *s) for s in stacks), strict=True)
    sizes = [b if a == 1 else a for a, b in pairs]
    return (*sizes, *own[-2:])


def find_operand(
    resized: ResizedRecord,
    place: OperationPlace,
    layer: Layer,
    shapes: dict[Source, Shape],
) -> Shape | None:
    """Find the new shape of what an operation reads first; None if not yet known.

    Args:
        resized: the record, followed so far.
        place: of the operation.
        layer: the one that is followed.
        shapes: new shapes of what that reads, and of its operations so far.
    """
    op = get_operation(resized.arch, place)
    source = list_operand_sources(op)[0]
    if source is None:
        return op.inputs[0]
    if place.layer == layer.index:
        return shapes.get(source)
    if source.layer == MODEL_INPUT:
        reader = resized.arch.stored_layers[place.layer]
        return resized.shapes.get(reader.sources[source.output])
    return None


def find_partner(op: Operation, reader: Reader) -> Shape | None:
    """Find the new shape of a map to which a gate is expanded, as by `expand_as`.

    It is that of the same recorded shape, which the one operation that reads the
    gate reads, too; None where there is no such, or it has one position now, which
    would go with any size that the code names.
    """
    after, later = op.outputs[0], reader.op
    if SIZE_RULES.get(later.name) is not broadcast_sizes or later.name == "where":
        return None
    others = [s for s in list_operand_sources(later) if s != reader.source]
    is_pair = len(others) == 1 and set(later.inputs) == {after}
    partner = reader.shapes.get(others[0]) if is_pair and others[0] else None
    if partner is None or any(
        new == 1 != old for old, new in zip(after, partner, strict=True)
    ):
        return None
    return partner
