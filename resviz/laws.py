"""The laws of a record, each with a message that names the layer that breaks it.

1. Layers are numbered in execution order, and every source is earlier, so a cycle
   cannot be written down.
2. The shapes along each edge agree.
3. Names are unique, and a parameter is counted once, where it is first read.
4. Calls nest.
5. A storage is released after its last use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.vocabulary import ATTENTIONS

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Operation, Source, Tensor

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
    for layer in arch.layers:
        for operation in layer.operations:
            check_operation(layer, operation)
        check_wiring(layer)
    check_storages(arch)


def named(layer: Layer) -> str:
    """Which layer a message is about."""
    return f"layers[{layer.index}] {layer.name!r}"


def check_layers(arch: Architecture) -> None:
    """Check that layers are ordered, named once, and agree in shape.

    Raises:
        ValueError: naming the layer.
    """
    names: set[str] = set()
    for position, layer in enumerate(arch.layers):
        where = f"layers[{position}] {layer.name!r}"
        if layer.index != position:
            raise ValueError(f"{where}: its index is {layer.index}, want {position}")
        if layer.name in names:
            raise ValueError(f"{where}: the name stands twice")
        names.add(layer.name)
        if not 0 <= layer.call < len(arch.calls):
            raise ValueError(
                f"{where}: it ran in call {layer.call}, which is not there"
            )
        if len(layer.sources) != len(layer.inputs):
            raise ValueError(
                f"{where}: {len(layer.sources)} sources for {len(layer.inputs)} inputs"
            )
        for source, tensor in zip(layer.sources, layer.inputs, strict=True):
            check_edge(arch, where, position, source, tensor)
    for source in arch.outputs:
        origin(arch, "outputs", len(arch.layers), source)


def check_edge(
    arch: Architecture, where: str, position: int, source: Source, tensor: Tensor
) -> None:
    """Check one edge of the graph: its source is earlier and its shapes agree.

    Raises:
        ValueError: naming the layer.
    """
    given = origin(arch, where, position, source).shape
    if given != tensor.shape:
        raise ValueError(
            f"{where}: source {source.layer} gives {given}, input is {tensor.shape}"
        )


def origin(arch: Architecture, where: str, before: int, source: Source) -> Tensor:
    """The tensor that `source` names, which must exist before layer `before`.

    Raises:
        ValueError: naming `where`.
    """
    if not MODEL_INPUT <= source.layer < before:
        raise ValueError(f"{where}: source {source.layer} is not an earlier layer")
    given = source.layer == MODEL_INPUT
    tensors = arch.inputs if given else arch.layers[source.layer].outputs
    if not 0 <= source.output < len(tensors):
        raise ValueError(
            f"{where}: source {source.layer} has no output {source.output}"
        )
    return tensors[source.output]


def check_calls(arch: Architecture) -> None:
    """Check that calls nest: each lies inside an earlier parent.

    Raises:
        ValueError: naming the call.
    """
    if not arch.calls:
        raise ValueError("calls: want at least the model's own call")
    for position, call in enumerate(arch.calls):
        where = f"calls[{position}] {call.path!r}"
        start, stop = 0, len(arch.layers)
        if position:
            if call.parent is None or not 0 <= call.parent < position:
                raise ValueError(f"{where}: parent {call.parent} is not earlier")
            outer = arch.calls[call.parent]
            start, stop = outer.start, outer.stop
        elif (call.parent, call.start, call.stop) != (None, start, stop):
            raise ValueError(f"{where}: the model's own call holds every layer")
        if not start <= call.start <= call.stop <= stop:
            raise ValueError(
                f"{where}: layers {call.start} to {call.stop} leave its parent's"
            )
    for layer in arch.layers:
        call = arch.calls[layer.call]
        if not call.start <= layer.index < call.stop:
            where = f"layers[{layer.index}] {layer.name!r}"
            raise ValueError(f"{where}: it lies outside of its call {call.path!r}")


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


def check_wiring(layer: Layer) -> None:
    """Check that the operations of a layer read what is there before them.

    Raises:
        ValueError: naming the layer.
    """
    wired = [(number, op.sources) for number, op in enumerate(layer.operations)]
    wired.append((len(wired), layer.ends))
    if not any(sources for _, sources in wired):
        return
    given = [len(operation.outputs) for operation in layer.operations]
    for before, sources in wired:
        for source in sources:
            if source is None:
                continue
            inner = source.layer != MODEL_INPUT
            if not MODEL_INPUT <= source.layer < before:
                raise ValueError(
                    f"{named(layer)}: operation {source.layer} is not earlier"
                )
            there = given[source.layer] if inner else len(layer.inputs)
            if not 0 <= source.output < there:
                raise ValueError(f"{named(layer)}: operation {source.layer} gives less")
    if layer.ends and len(layer.ends) != len(layer.outputs):
        raise ValueError(f"{named(layer)}: {len(layer.ends)} ends, not one an output")


OLDER = 2
"""How many numbers below 0 stand for tensors that are older than the forward."""


def check_storages(arch: Architecture) -> None:
    """Check that storages in use are there, and are released after their last use.

    Raises:
        ValueError: naming the layer or the storage.
    """
    count = len(arch.storages)
    last = [0] * (count + OLDER)  # the places from the end are those of older tensors
    number = 0
    for layer in arch.layers:
        for operation in layer.operations:
            number += 1
            reads = operation.reads
            if len(reads) not in {0, len(operation.inputs)}:
                raise ValueError(
                    f"{named(layer)}: {operation.name} reads "
                    f"{len(reads)} storages, for {len(operation.inputs)} operands"
                )
            every = reads + operation.writes
            if every and (min(every) < -OLDER or max(every) >= count):
                used = next(one for one in every if not -OLDER <= one < count)
                raise ValueError(
                    f"{named(layer)}: {operation.name} uses "
                    f"storage {used}, which is not there"
                )
            for used in every:
                last[used] = number
    for place, (storage, used) in enumerate(zip(arch.storages, last, strict=False)):
        if storage.bytes < 0 or not used <= storage.released <= number:
            raise ValueError(
                f"storages[{place}]: released after {storage.released} of {number} "
                f"operations, it is used up to {used}"
            )


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


def check_operation(layer: Layer, operation: Operation) -> None:
    """Check that an operation has the operands that rules read.

    Raises:
        ValueError: naming the layer.
    """
    name, given = operation.name, len(operation.inputs)
    if given < OPERANDS.get(name, 0) or len(operation.flowing) != given:
        raise ValueError(
            f"{named(layer)}: {name} has {given} operands, too few or too many"
        )
    if operation.sources and len(operation.sources) != given:
        raise ValueError(
            f"{named(layer)}: {name} has {given} operands, not all with sources"
        )
    if not operation.outputs:
        raise ValueError(f"{named(layer)}: {name} gives nothing")
    if name in OPERANDS and not all(operation.inputs[: OPERANDS[name]]):
        raise ValueError(f"{named(layer)}: {name} has an operand without axes")
    window = operation.window
    if name == "convolution" and window is None:
        raise ValueError(f"{named(layer)}: a convolution without a window")
    if window is not None:
        axes = (window.kernel, window.stride, window.padding, window.dilation)
        rank = len(operation.inputs[0]) if operation.inputs else 0
        if len({*map(len, axes)}) != 1 or len(window.kernel) > rank:
            raise ValueError(f"{named(layer)}: the window of {name} has uneven axes")
