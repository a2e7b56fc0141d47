"""The invariants of a record; a ValueError names the layer that breaks one.

1. Layers are numbered in execution order, and every source is earlier, so a cycle
   cannot be written down.
2. The shapes along each edge agree.
3. Names are unique, and a parameter is counted once, in one layer.
4. Calls nest.
5. A storage is released after its last use.
6. Operations have the operands that rules read, and their sources are there.
"""

from __future__ import annotations

from itertools import compress
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import (
        Architecture,
        Call,
        Layer,
        Operation,
        Shape,
        Source,
        Tensor,
        Window,
    )

MODEL_INPUT = -1
"""The layer index that stands for the model's own inputs in a `Source`."""


def check_invariants(arch: Architecture) -> None:
    """Check every invariant of a record.

    Raises:
        ValueError: naming the layer or call at which one is broken.
    """
    if arch.input_names and len(arch.input_names) != len(arch.inputs):
        counts = f"{len(arch.input_names)} names for {len(arch.inputs)} inputs"
        raise ValueError(f"inputs: {counts}")
    if arch.input_draws and len(arch.input_draws) != len(arch.inputs):
        counts = f"{len(arch.input_draws)} draws for {len(arch.inputs)} inputs"
        raise ValueError(f"inputs: {counts}")
    if arch.batch_axes and len(arch.batch_axes) != len(arch.inputs):
        counts = f"{len(arch.batch_axes)} batch axes for {len(arch.inputs)} inputs"
        raise ValueError(f"inputs: {counts}")
    check_layers(arch)
    check_calls(arch)
    check_parameters(arch)
    check_storages(arch)


def check_layers(arch: Architecture) -> None:
    """Check every layer, and that the outputs are of some."""
    layer_outputs = [layer.outputs for layer in arch.stored_layers]
    layer_outputs.append(arch.inputs)  # number `MODEL_INPUT` of a list is its last
    names: set[str] = set()
    for position, layer in enumerate(arch.stored_layers):
        try:
            check_layer(layer, position, layer_outputs, len(arch.calls))
        except ValueError as error:
            raise ValueError(
                f"{format_layer_place(position, layer)}: {error}"
            ) from None
        if layer.name in names:
            raise ValueError(
                f"{format_layer_place(position, layer)}: the name stands twice"
            )
        names.add(layer.name)
    for source in arch.outputs:
        try:
            find_source_tensor(source, len(arch.stored_layers), layer_outputs)
        except ValueError as error:
            raise ValueError(f"outputs: {error}") from None


def format_layer_place(position: int, layer: Layer) -> str:
    """Name a layer by index and name, for a message."""
    return f"layers[{position}] {layer.name!r}"


LayerOutputs = list[tuple["Tensor", ...]]
"""What each layer gives, and last the model's own inputs."""


def check_layer(
    layer: Layer, position: int, layer_outputs: LayerOutputs, calls: int
) -> None:
    """Check that a layer is in its place, and agrees in shape with earlier ones."""
    if layer.index != position:
        raise ValueError(f"its index is {layer.index}, want {position}")
    if not 0 <= layer.call < calls:
        raise ValueError(f"it ran in call {layer.call}, which is not there")
    sources, inputs = layer.sources, layer.inputs
    if len(sources) != len(inputs):
        raise ValueError(f"{len(sources)} sources for {len(inputs)} inputs")
    for source, tensor in zip(sources, inputs, strict=True):
        source_shape = find_source_tensor(source, position, layer_outputs).shape
        if source_shape != tensor.shape:
            raise ValueError(
                f"source {source.layer} gives {source_shape}, input is {tensor.shape}"
            )
    wiring: tuple[object, ...] = layer.ends
    for operation in layer.operations:
        check_operation(operation)
        wiring = wiring or operation.sources
    if wiring:
        check_inner_sources(layer)


def find_source_tensor(
    source: Source, before: int, layer_outputs: LayerOutputs
) -> Tensor:
    """Return the tensor that `source` names, which must exist before layer `before`."""
    number, output = source.layer, source.output
    if not MODEL_INPUT <= number < before:
        raise ValueError(f"source {number} is not an earlier layer")
    tensors = layer_outputs[number]
    if not 0 <= output < len(tensors):
        raise ValueError(f"source {number} has no output {output}")
    return tensors[output]


MIN_OPERANDS = {
    row.name: row.min_operands for row in OPERATIONS.values() if row.min_operands
}
"""How many operands an operation has at least, where rules count on it."""


def check_operation(operation: Operation) -> None:
    """Check the operands of an operation, its storages, its outputs and its window."""
    name, operand_count, min_count = operation.name, len(operation.inputs), 0
    if name in MIN_OPERANDS:
        min_count = MIN_OPERANDS[name]
        if not all(operation.inputs[:min_count]):
            raise ValueError(f"{name} has an operand without axes")
    if operand_count < min_count or len(operation.flowing) != operand_count:
        raise ValueError(f"{name} has {operand_count} operands, too few or too many")
    if operation.sources and len(operation.sources) != operand_count:
        raise ValueError(f"{name} has {operand_count} operands, not all with sources")
    if len(operation.reads) not in {0, operand_count}:
        raise ValueError(
            f"{name} reads {len(operation.reads)} storages, "
            f"for {operand_count} operands"
        )
    if not operation.outputs:
        raise ValueError(f"{name} gives nothing")
    if operation.window is not None:
        check_window(operation, operation.window)
    elif name == "convolution":
        raise ValueError("a convolution without a window")


def check_window(operation: Operation, window: Window) -> None:
    """Check that a window has the axes of a map, and moves over it."""
    name, axes = operation.name, len(window.kernel)
    has_even_axes = (
        axes == len(window.stride) == len(window.padding) == len(window.dilation)
    )
    if not has_even_axes or not operation.inputs or axes > len(operation.inputs[0]):
        raise ValueError(f"the window of {name} has uneven axes")
    steps = (*window.kernel, *window.stride, *window.dilation, window.groups)
    if min(steps) < 1:
        raise ValueError(f"the window of {name} does not move, or holds nothing")


def check_inner_sources(layer: Layer) -> None:
    """Check that the operations of a layer read what is there before them."""
    wiring = [(number, op.sources) for number, op in enumerate(layer.operations)]
    wiring.append((len(wiring), layer.ends))
    output_counts = [len(operation.outputs) for operation in layer.operations]
    for before, sources in wiring:
        for source in sources:
            if source is None:
                continue
            is_inner = source.layer != MODEL_INPUT
            if not MODEL_INPUT <= source.layer < before:
                raise ValueError(f"operation {source.layer} is not earlier")
            available = output_counts[source.layer] if is_inner else len(layer.inputs)
            if not 0 <= source.output < available:
                raise ValueError(f"operation {source.layer} gives less")
    if layer.ends and len(layer.ends) != len(layer.outputs):
        raise ValueError(f"{len(layer.ends)} ends, not one an output")


def check_file(arch: Architecture) -> None:
    """Check what only a file can have wrong; a trace writes down what there was.

    Operations read as many elements as reach them, arguments are of their kind, and
    either all operations name the storages that they read or none does.

    Raises:
        ValueError: naming the layer where that is not so.
    """
    for layer in arch.stored_layers:
        try:
            check_inner_shapes(layer)
            for operation in layer.operations:
                check_arguments(operation)
                if arch.storages:
                    check_reads(operation)
        except ValueError as error:
            place = format_layer_place(layer.index, layer)
            raise ValueError(f"{place}: {error}") from None


def check_reads(operation: Operation) -> None:
    """Check that an operation names a storage for each of its operands."""
    if len(operation.reads) != len(operation.inputs):
        raise ValueError(f"{operation.name} does not say what it reads")


def check_inner_shapes(layer: Layer) -> None:
    """Check that what is read in a layer has the elements of what is there.

    Not its shape: what turns the axes for a kernel, as in a GRU, may be no operation.
    Nothing says what feeds what in older records of several operations.
    """
    given = [tensor.shape for tensor in layer.inputs]
    made: list[Sequence[Shape]] = []
    for operation in layer.operations:
        if operation.sources:
            check_edges(operation.sources, operation.inputs, given, made)
        elif len(layer.operations) == 1:
            check_elements([*compress(operation.inputs, operation.flowing)], given)
        made.append(operation.outputs)
    outputs = [tensor.shape for tensor in layer.outputs]
    if layer.ends:
        check_edges(layer.ends, outputs, given, made)
    elif len(made) == 1:
        check_elements(outputs, made[0])


def check_edges(
    sources: Sequence[Source | None],
    shapes: Sequence[Shape],
    given: Sequence[Shape],
    made: Sequence[Sequence[Shape]],
) -> None:
    """Check shapes against those of where they come from, within a layer.

    Args:
        sources: of each tensor, None for a constant.
        shapes: of each tensor.
        given: shapes of the layer's inputs.
        made: shapes of what each of its operations gives.
    """
    for source, shape in zip(sources, shapes, strict=True):
        if source is not None:
            there = given if source.layer == MODEL_INPUT else made[source.layer]
            check_elements([shape], [there[source.output]])


def check_elements(shapes: Sequence[Shape], there: Sequence[Shape]) -> None:
    """Refuse shapes that are more than there are, or hold other elements."""
    if len(shapes) > len(there):
        raise ValueError(f"{shapes} is read, where there is {there}")
    for shape, other in zip(shapes, there, strict=False):
        if shape != other and prod(shape) != prod(other):
            raise ValueError(f"{shape} is read, where there is {other}")


AXES = {"dim", "dims", "dim0", "dim1"}
"""Arguments that are axes."""

WHOLE_NUMBERS = {"end", "index", "num_head", "split_size", "step"}
"""Arguments that are a whole number each."""


def check_arguments(operation: Operation) -> None:
    """Check that arguments are of their kind: axes, whole numbers, numbers or words."""
    for name, value in operation.arguments.items():
        values: list[object] = [*value] if isinstance(value, (list, tuple)) else [value]
        kinds: tuple[type, ...] = (int, float, str, bool, type(None))
        if name in AXES or name in WHOLE_NUMBERS:
            kinds = (int, type(None))
        is_fit = all(isinstance(each, kinds) for each in values)
        if not is_fit or (name in WHOLE_NUMBERS and value is not values[0]):
            raise ValueError(f"{operation.name} has {name}={value!r}")


def check_calls(arch: Architecture) -> None:
    """Check that calls nest: each lies inside an earlier parent."""
    if not arch.calls:
        raise ValueError("calls: want at least the model's own call")
    for position, call in enumerate(arch.calls):
        try:
            check_call(arch, position, call)
        except ValueError as error:
            raise ValueError(f"calls[{position}] {call.path!r}: {error}") from None
    bounds = [(call.start, call.stop) for call in arch.calls]
    for position, layer in enumerate(arch.stored_layers):
        start, stop = bounds[layer.call]
        if not start <= position < stop:
            path = arch.calls[layer.call].path
            raise ValueError(
                f"{format_layer_place(position, layer)}: "
                f"it lies outside of its call {path!r}"
            )


def check_call(arch: Architecture, position: int, call: Call) -> None:
    """Check that a call lies inside its parent; the model's own holds everything."""
    start, stop = 0, len(arch.stored_layers)
    if position:
        if call.parent is None or not 0 <= call.parent < position:
            raise ValueError(f"parent {call.parent} is not earlier")
        outer = arch.calls[call.parent]
        start, stop = outer.start, outer.stop
    elif (call.parent, call.start, call.stop) != (None, start, stop):
        raise ValueError("the model's own call holds every layer")
    if not start <= call.start <= call.stop <= stop:
        raise ValueError(f"layers {call.start} to {call.stop} leave its parent's")


def check_parameters(arch: Architecture) -> None:
    """Check that no parameter is counted twice, called or not."""
    owners: dict[str, str] = {}
    called = [(layer.name, layer.parameters) for layer in arch.stored_layers]
    idle = [(group.path, group.parameters) for group in arch.uncalled]
    for owner, parameters in (*called, *idle):
        for parameter in parameters:
            if parameter.name in owners:
                raise ValueError(
                    f"{owner!r}: parameter {parameter.name!r} is already in "
                    f"{owners[parameter.name]!r}"
                )
            owners[parameter.name] = owner


RESERVED_NUMBERS = 2
"""How many numbers below 0 stand for tensors that are older than the forward."""


def check_storages(arch: Architecture) -> None:
    """Check that storages in use are there, and are released after their last use."""
    count = len(arch.storages)
    executed = [
        (layer, layer_operation)
        for layer in arch.stored_layers
        for layer_operation in layer.operations
    ]
    last_use: dict[int, int] = {}  # operation that uses each
    for number, (layer, operation) in enumerate(executed, 1):
        for used in operation.reads + operation.writes:
            last_use[used] = number
            if not -RESERVED_NUMBERS <= used < count:
                raise ValueError(
                    f"{format_layer_place(layer.index, layer)}: "
                    f"{operation.name} uses storage {used}, which is not there"
                )
    for place, storage in enumerate(arch.storages):
        until = last_use.get(place, 0)
        if storage.bytes < 0 or not until <= storage.released <= len(executed):
            raise ValueError(
                f"storages[{place}]: released after {storage.released} of "
                f"{len(executed)} operations, it is used up to {until}"
            )
