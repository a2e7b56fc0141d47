"""The laws of a record, each with a message that names the layer that breaks it.

1. Layers are numbered in execution order, and every source is earlier, so a cycle
   cannot be written down.
2. The shapes along each edge agree.
3. Names are unique, and a parameter is counted once, where it is first read.
4. Calls nest.
5. A storage is released after its last use.
6. Operations have the operands that rules read, and their sources are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.vocabulary import ATTENTIONS

if TYPE_CHECKING:
    from resviz.record import Architecture, Call, Layer, Operation, Source, Tensor

MODEL_INPUT = -1
"""The layer index that stands for the model's own inputs in a `Source`."""


def check(arch: Architecture) -> None:
    """Check every law.

    Raises:
        ValueError: naming the layer or call at which one is broken.
    """
    if arch.input_names and len(arch.input_names) != len(arch.inputs):
        counts = f"{len(arch.input_names)} names for {len(arch.inputs)} inputs"
        raise ValueError(f"inputs: {counts}")
    check_layers(arch)
    check_calls(arch)
    check_parameters(arch)
    check_storages(arch)


def check_layers(arch: Architecture) -> None:
    """Check every layer, and that the outputs are of some.

    Raises:
        ValueError: naming the layer.
    """
    made = [layer.outputs for layer in arch.layers]
    made.append(arch.inputs)  # number `MODEL_INPUT` of a list is its last
    names: set[str] = set()
    for position, layer in enumerate(arch.layers):
        try:
            check_layer(layer, position, made, len(arch.calls))
        except ValueError as error:
            raise ValueError(f"{named(position, layer)}: {error}") from None
        if layer.name in names:
            raise ValueError(f"{named(position, layer)}: the name stands twice")
        names.add(layer.name)
    for source in arch.outputs:
        try:
            origin(source, len(arch.layers), made)
        except ValueError as error:
            raise ValueError(f"outputs: {error}") from None


def named(position: int, layer: Layer) -> str:
    """Which layer a message is about."""
    return f"layers[{position}] {layer.name!r}"


Made = list[tuple["Tensor", ...]]
"""What each layer gives, and last the model's own inputs."""


def check_layer(layer: Layer, position: int, made: Made, calls: int) -> None:
    """Check that a layer is in its place, and agrees in shape with earlier ones.

    Raises:
        ValueError: saying what is wrong with it.
    """
    if layer.index != position:
        raise ValueError(f"its index is {layer.index}, want {position}")
    if not 0 <= layer.call < calls:
        raise ValueError(f"it ran in call {layer.call}, which is not there")
    sources, inputs = layer.sources, layer.inputs
    if len(sources) != len(inputs):
        raise ValueError(f"{len(sources)} sources for {len(inputs)} inputs")
    for source, tensor in zip(sources, inputs, strict=True):
        given = origin(source, position, made).shape
        if given != tensor.shape:
            raise ValueError(
                f"source {source.layer} gives {given}, input is {tensor.shape}"
            )
    said: tuple[object, ...] = layer.ends
    for operation in layer.operations:
        check_operation(operation)
        said = said or operation.sources
    if said:
        check_wiring(layer)


def origin(source: Source, before: int, made: Made) -> Tensor:
    """The tensor that `source` names, which must exist before layer `before`.

    Raises:
        ValueError: if it does not.
    """
    number, output = source.layer, source.output
    if not MODEL_INPUT <= number < before:
        raise ValueError(f"source {number} is not an earlier layer")
    tensors = made[number]
    if not 0 <= output < len(tensors):
        raise ValueError(f"source {number} has no output {output}")
    return tensors[output]


OPERANDS = {
    "quantized.linear_dynamic": 1,
    "quantized.linear_relu_dynamic": 1,
    **dict.fromkeys(("convolution", "mm", "bmm", "mv", "dot"), 2),
    **dict.fromkeys(
        ("_int_mm", "_scaled_mm", "_trilinear", "_cudnn_rnn", "miopen_rnn"), 2
    ),
    **dict.fromkeys(("addmm", "addbmm", "baddbmm", "addmv", "_addmm_activation"), 3),
    **dict.fromkeys((*ATTENTIONS, "mkldnn_rnn_layer"), 3),
    "_native_multi_head_attention": 7,
    "_transformer_encoder_layer_fwd": 13,
}
"""How many operands an operation has at least, where rules count on it."""


def check_operation(operation: Operation) -> None:
    """Check the operands of an operation, its storages, its outputs and its window.

    Raises:
        ValueError: saying what it lacks.
    """
    name, given, wanted = operation.name, len(operation.inputs), 0
    if name in OPERANDS:
        wanted = OPERANDS[name]
        if not all(operation.inputs[:wanted]):
            raise ValueError(f"{name} has an operand without axes")
    if given < wanted or len(operation.flowing) != given:
        raise ValueError(f"{name} has {given} operands, too few or too many")
    if operation.sources and len(operation.sources) != given:
        raise ValueError(f"{name} has {given} operands, not all with sources")
    if len(operation.reads) not in {0, given}:
        raise ValueError(
            f"{name} reads {len(operation.reads)} storages, for {given} operands"
        )
    if not operation.outputs:
        raise ValueError(f"{name} gives nothing")
    window = operation.window
    if window is None:
        if name == "convolution":
            raise ValueError("a convolution without a window")
        return
    axes = len(window.kernel)
    even = axes == len(window.stride) == len(window.padding) == len(window.dilation)
    if not even or not operation.inputs or axes > len(operation.inputs[0]):
        raise ValueError(f"the window of {name} has uneven axes")


def check_wiring(layer: Layer) -> None:
    """Check that the operations of a layer read what is there before them.

    Raises:
        ValueError: naming the operation that is not.
    """
    wired = [(number, op.sources) for number, op in enumerate(layer.operations)]
    wired.append((len(wired), layer.ends))
    given = [len(operation.outputs) for operation in layer.operations]
    for before, sources in wired:
        for source in sources:
            if source is None:
                continue
            inner = source.layer != MODEL_INPUT
            if not MODEL_INPUT <= source.layer < before:
                raise ValueError(f"operation {source.layer} is not earlier")
            there = given[source.layer] if inner else len(layer.inputs)
            if not 0 <= source.output < there:
                raise ValueError(f"operation {source.layer} gives less")
    if layer.ends and len(layer.ends) != len(layer.outputs):
        raise ValueError(f"{len(layer.ends)} ends, not one an output")


def check_calls(arch: Architecture) -> None:
    """Check that calls nest: each lies inside an earlier parent.

    Raises:
        ValueError: naming the call, or a layer that lies outside of its own.
    """
    if not arch.calls:
        raise ValueError("calls: want at least the model's own call")
    for position, call in enumerate(arch.calls):
        try:
            check_call(arch, position, call)
        except ValueError as error:
            raise ValueError(f"calls[{position}] {call.path!r}: {error}") from None
    bounds = [(call.start, call.stop) for call in arch.calls]
    for position, layer in enumerate(arch.layers):
        start, stop = bounds[layer.call]
        if not start <= position < stop:
            path = arch.calls[layer.call].path
            raise ValueError(
                f"{named(position, layer)}: it lies outside of its call {path!r}"
            )


def check_call(arch: Architecture, position: int, call: Call) -> None:
    """Check that a call lies inside its parent; the model's own holds everything.

    Raises:
        ValueError: saying where it lies instead.
    """
    start, stop = 0, len(arch.layers)
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
    """Check that no parameter is counted twice, called or not.

    Raises:
        ValueError: naming both places.
    """
    owners: dict[str, str] = {}
    called = [(layer.name, layer.parameters) for layer in arch.layers]
    idle = [(group.path, group.parameters) for group in arch.uncalled]
    for owner, parameters in (*called, *idle):
        for parameter in parameters:
            if parameter.name in owners:
                raise ValueError(
                    f"{owner!r}: parameter {parameter.name!r} is already in "
                    f"{owners[parameter.name]!r}"
                )
            owners[parameter.name] = owner


OLDER = 2
"""How many numbers below 0 stand for tensors that are older than the forward."""


def check_storages(arch: Architecture) -> None:
    """Check that storages in use are there, and are released after their last use.

    Raises:
        ValueError: naming the layer or the storage.
    """
    count = len(arch.storages)
    ran = [(layer, one) for layer in arch.layers for one in layer.operations]
    last: dict[int, int] = {}  # operation that uses each
    for number, (layer, operation) in enumerate(ran, 1):
        for used in operation.reads + operation.writes:
            last[used] = number
            if not -OLDER <= used < count:
                raise ValueError(
                    f"{named(layer.index, layer)}: {operation.name} uses storage "
                    f"{used}, which is not there"
                )
    for place, storage in enumerate(arch.storages):
        until = last.get(place, 0)
        if storage.bytes < 0 or not until <= storage.released <= len(ran):
            raise ValueError(
                f"storages[{place}]: released after {storage.released} of {len(ran)} "
                f"operations, it is used up to {until}"
            )
