"""The laws of a record, each with a message that names the layer that breaks it.

1. Layers are numbered in execution order, and every source is earlier, so a cycle
   cannot be written down.
2. The shapes along each edge agree.
3. Names are unique, and a parameter is counted once, where it is first read.
4. Calls nest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.record import Architecture, Source, Tensor

MODEL_INPUT = -1
"""The layer index that stands for the model's own inputs in a `Source`."""


def check(arch: Architecture) -> None:
    """Check every law.

    Raises:
        ValueError: naming the layer or call at which one is broken.
    """
    check_layers(arch)
    check_calls(arch)


def check_layers(arch: Architecture) -> None:
    """Check that layers are ordered, named once, and agree in shape.

    Raises:
        ValueError: naming the layer.
    """
    names: set[str] = set()
    owners: dict[str, str] = {}
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
        for parameter in layer.parameters:
            first = owners.setdefault(parameter.name, layer.name)
            if first != layer.name:
                raise ValueError(
                    f"{where}: parameter {parameter.name!r} is already in {first!r}"
                )
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
        outer_stop = len(arch.layers)
        outer_start = 0
        if position:
            if call.parent is None or not 0 <= call.parent < position:
                raise ValueError(f"{where}: parent {call.parent} is not earlier")
            outer_start = arch.calls[call.parent].start
            outer_stop = arch.calls[call.parent].stop
        if not outer_start <= call.start <= call.stop <= outer_stop:
            raise ValueError(
                f"{where}: layers {call.start} to {call.stop} leave its parent's"
            )
