"""A record at another input: what a trace there would write down, without a trace.

Shapes are followed through the operations by the rules of size in their table, and
storages with them. A record holds what was run, not the code that chose it: so what
code may have worked out from the size of the input is refused, by the name of its
layer, and never guessed. Checks in a forward, as an `assert` of its input's size, are
in no record; neither is a branch that was not taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from resviz.errors import ResizeError
from resviz.operations.size_rules import (
    SizesDisagree,
    SizeStep,
    SizeUnknown,
)
from resviz.operations.table import find_display_name
from resviz.readings.batch_axes import list_ends
from resviz.readings.matrix_products import list_operand_sources
from resviz.readings.resized_expansions import SIZE_RULES, find_expanded_size
from resviz.readings.resized_inputs import find_input_shapes
from resviz.readings.resized_storages import resize_new_storage
from resviz.readings.stored_orders import ValueOrders
from resviz.record import MODEL_INPUT, Source
from resviz.units import count_tensor_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.inputs import InputSize
    from resviz.record import Architecture, Layer, Operation, Shape, Storage, Tensor

TRACE_AGAIN = "trace it again"
"""The remedy where a record does not tell."""

NEAR_SIDES = (*range(1, 17), *range(20, 65, 4))
"""By how many positions other sides are tried where some do not work."""


def resize_record(
    arch: Architecture, input_size: InputSize | None = None, batch: int | None = None
) -> Architecture:
    """Return what a trace with another input would have recorded.

    Args:
        arch: the record.
        input_size: of one sample, as a trace takes it; as recorded if left out.
        batch: how many samples; as recorded if left out.

    Raises:
        SpecError: if that is no input of the record.
        ResizeError: if the input does not work, or the record does not tell; names the
            layer, and sizes nearby that do.
    """
    shapes = find_input_shapes(arch, input_size, batch)
    if shapes == tuple(tensor.shape for tensor in arch.inputs):
        return arch
    place = f"{arch.name} at {' and '.join(map(str, shapes))}"
    reason = explain_no_resize(arch)
    if reason:
        raise ResizeError(f"{place}: {reason}; {TRACE_AGAIN}")
    resized = ResizedRecord(arch, shapes)
    try:
        resized.follow_layers()
    except (SizesDisagree, SizeUnknown) as error:
        fails = isinstance(error, SizesDisagree)
        remedy = suggest_near_sizes(arch, shapes) if fails else TRACE_AGAIN
        raise ResizeError(f"{place}: {error}; {remedy}", fails=fails) from None
    return resized.make_record(batch)


def explain_no_resize(arch: Architecture) -> str:
    """Say why nothing is known of a record at any other input; "" if it may be."""
    if arch.mode == "run":
        return "its forward looked at values"
    if arch.unseen:
        return f"{arch.unseen[0]} reads what was made where nothing is followed"
    return ""


def suggest_near_sizes(arch: Architecture, shapes: tuple[Shape, ...]) -> str:
    """Suggest sizes of the first input near some that do not work."""
    first, *others = shapes
    recorded = ",".join(map(str, arch.input_shape[1:]))
    axes = range(2, len(first))
    found: list[str] = []
    for sign in (-1, 1):
        for change in NEAR_SIDES:
            sides = [size + sign * change * (k in axes) for k, size in enumerate(first)]
            near = (tuple(sides), *others)
            if axes and min(sides) > 0 and works_at(arch, near):
                found.append(",".join(map(str, sides[1:])))
                break
    if found:
        return f"near it, {' and '.join(found)} work"
    return f"it works at {recorded}, with which it was recorded"


def works_at(arch: Architecture, shapes: tuple[Shape, ...]) -> bool:
    """Tell whether a record is known to work with some inputs."""
    try:
        ResizedRecord(arch, shapes).follow_layers()
    except (SizesDisagree, SizeUnknown):
        return False
    return True


class ChangedSizes:
    """Sizes of the input that are no more what they were, looked up one by one."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self.pairs = pairs

    def __contains__(self, size: object) -> bool:
        return any(old == size and old != now for old, now in self.pairs)


class ResizedRecord:
    """What is known so far of a record at another input.

    Attributes:
        arch: the record.
        inputs: the new inputs.
        shapes: new shapes of inputs and of what layers give.
        layers: those that were followed.
        sizes: bytes of each storage.
        made: numbers of the storages of inputs and of what ran so far.
    """

    def __init__(self, arch: Architecture, shapes: tuple[Shape, ...]) -> None:
        self.arch = arch
        pairs = [*zip(arch.inputs, shapes, strict=True)]
        self.inputs = tuple(replace(tensor, shape=shape) for tensor, shape in pairs)
        self.shapes = {
            Source(MODEL_INPUT, number): shape for number, shape in enumerate(shapes)
        }
        self.changed_sizes = ChangedSizes(
            [both for t, shape in pairs for both in zip(t.shape, shape, strict=True)]
        )
        self.layers: list[Layer] = []
        self.orders = ValueOrders()
        self.made: set[int] = set()
        self.sizes = [storage.bytes for storage in arch.storages]

    def follow_layers(self) -> None:
        """Follow the shapes through every layer.

        Raises:
            SizesDisagree: naming the layer that does not work at these sizes.
            SizeUnknown: naming the layer of which the record does not tell.
        """
        self.resize_input_storages()
        for layer in self.arch.stored_layers:
            self.layers.append(self.follow_layer(layer))

    def make_record(self, batch: int | None) -> Architecture:
        """Return the record of what was followed."""
        arch, pairs = self.arch, zip(self.arch.storages, self.sizes, strict=True)
        has_size = arch.batch_size is not None and batch is not None
        return replace(
            arch,
            inputs=self.inputs,
            batch_size=batch if has_size else arch.batch_size,
            stored_layers=tuple(self.layers),
            storages=tuple(resize_storage(storage, size) for storage, size in pairs),
        )

    def resize_input_storages(self) -> None:
        """Resize the storages of the inputs, which are the first."""
        if not self.arch.storages:
            return
        number = 0
        for old, new in zip(self.arch.inputs, self.inputs, strict=True):
            size = count_tensor_bytes(old.shape, old.dtype)
            if not size:
                continue
            if number >= len(self.sizes) or self.sizes[number] != size:
                raise SizeUnknown("input: it lies in the memory of another tensor")
            self.sizes[number] = count_tensor_bytes(new.shape, new.dtype)
            self.made.add(number)
            number += 1

    def follow_layer(self, layer: Layer) -> Layer:
        """Return a layer with new shapes, and note what it gives."""
        given = [self.shapes[source] for source in layer.sources]
        operations, outputs = self.follow_operations(layer, given)
        return replace(
            layer,
            inputs=tuple(map(replace_shape, layer.inputs, given)),
            outputs=tuple(map(replace_shape, layer.outputs, outputs)),
            operations=operations,
        )

    def follow_operations(
        self, layer: Layer, given: Sequence[Shape]
    ) -> tuple[tuple[Operation, ...], list[Shape]]:
        """Return the operations of a layer with new shapes, and what it gives.

        Args:
            layer: whose operations they are.
            given: the new shapes of what it reads.
        """
        shapes = {Source(MODEL_INPUT, k): shape for k, shape in enumerate(given)}
        self.orders.enter_layer(layer.sources)
        operations: list[Operation] = []
        followed: set[Source | None] = set()
        for number, op in enumerate(layer.operations):
            sources = list_operand_sources(op)
            flowing = op.flowing
            if followed and False in flowing:
                pairs = zip(flowing, sources, strict=True)
                flowing = tuple([flows or end in followed for flows, end in pairs])
            if True in flowing:
                followed.update(Source(number, k) for k in range(len(op.outputs)))
            operands = [
                old if source is None else shapes[source]
                for source, old in zip(sources, op.inputs, strict=True)
            ]
            try:
                self.check_constants(op, sources)
                outputs = self.apply_rule(layer, number, shapes, flowing, operands)
                self.orders.note_order(op, number, sources, operands, outputs)
                self.resize_storages(op, operands, outputs)
            except (SizesDisagree, SizeUnknown) as error:
                where = f"{layer.name}: "
                if layer.type != find_display_name(op):
                    where += f"{find_display_name(op)}: "
                raise type(error)(f"{where}{error}") from None
            except (ArithmeticError, LookupError, ValueError) as error:
                raise SizeUnknown(
                    f"{layer.name}: what the record says of {op.name} does not hold "
                    "together"
                ) from error
            for k, shape in enumerate(outputs):
                shapes[Source(number, k)] = shape
            operations.append(replace_shapes(op, operands, outputs))
        return tuple(operations), self.find_outputs(layer, shapes)

    def find_outputs(self, layer: Layer, shapes: dict[Source, Shape]) -> list[Shape]:
        """Find the new shapes of what a layer gives."""
        outputs: list[Shape] = []
        for number, (end, tensor) in enumerate(
            zip(list_ends(layer), layer.outputs, strict=True)
        ):
            if tensor.shape and (end is None or end not in shapes):
                raise SizeUnknown(f"{layer.name}: it gives what no operation made")
            shape = tensor.shape if end is None else shapes.get(end, ())
            outputs.append(shape)
            self.shapes[Source(layer.index, number)] = shape
            self.orders.leave_layer(Source(layer.index, number), end, shape)
        return outputs

    def apply_rule(
        self,
        layer: Layer,
        number: int,
        shapes: dict[Source, Shape],
        flowing: tuple[bool, ...],
        operands: list[Shape],
    ) -> list[Shape]:
        """Return the shapes that operation `number` of a layer gives.

        Args:
            layer: whose operation it is.
            number: of the operation.
            shapes: new shapes of what the layer reads, and of its operations so far.
            flowing: which operands are as large as the input makes them, as a mask of
                dropout is, too.
            operands: their new shapes.

        Raises:
            SizesDisagree: if it does not work at these sizes.
            SizeUnknown: if it has no rule, or that does not tell.
        """
        op = layer.operations[number]
        rule = SIZE_RULES.get(op.name)
        if rule is not None:
            module = layer.type if layer.module else ""
            if flowing != op.flowing:
                op = replace(op, flowing=flowing)
            step = SizeStep(op, operands, module, self.changed_sizes)
            expanded = None
            if op.name == "expand":
                expanded = find_expanded_size(self, layer, number, shapes, operands[0])
            return [*rule(step)] if expanded is None else [expanded]
        if tuple(operands) != op.inputs:
            raise SizeUnknown("no rule tells the size of what it gives")
        return [*op.outputs]

    def check_constants(self, op: Operation, sources: Sequence[Source | None]) -> None:
        """Refuse operands that the forward made of sizes, as positions or a mask."""
        for number, source, shape in zip(op.reads, sources, op.inputs, strict=False):
            if source is None and number >= 0 and number not in self.made and shape:
                raise SizeUnknown(
                    f"it reads a constant of {shape} that the forward makes, and whose "
                    "size at this input is not in the record"
                )

    def resize_storages(
        self, op: Operation, operands: Sequence[Shape], outputs: Sequence[Shape]
    ) -> None:
        """Find the bytes of the storages that an operation makes."""
        new = [
            number for number in op.writes if number >= 0 and number not in self.made
        ]
        self.made.update(new)
        if tuple(operands) == op.inputs and tuple(outputs) == op.outputs:
            return
        pending = [*zip(op.outputs, outputs, strict=True)]
        for number in new:
            size = self.sizes[number]
            self.sizes[number] = resize_new_storage(op, operands, pending, size)


def replace_shapes(
    op: Operation, operands: Sequence[Shape], outputs: Sequence[Shape]
) -> Operation:
    """Return an operation with other shapes."""
    inputs = tuple(map(make_plain, operands))
    return replace(op, inputs=inputs, outputs=tuple(map(make_plain, outputs)))


def make_plain(shape: Shape) -> Shape:
    """Return a shape of plain numbers, which know nothing of their parts."""
    return tuple(+size for size in shape)


def replace_shape(tensor: Tensor, shape: Shape) -> Tensor:
    """Return a tensor of another shape."""
    same = tensor.shape == shape
    return tensor if same else replace(tensor, shape=make_plain(shape))


def resize_storage(storage: Storage, size: int) -> Storage:
    """Return a storage of another size."""
    return storage if storage.bytes == size else replace(storage, bytes=size)
