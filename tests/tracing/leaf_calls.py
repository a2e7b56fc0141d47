"""Order and output shapes of a real forward's leaf calls, beside those of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from resviz.tracing.tensors import tensors_in

if TYPE_CHECKING:
    from torch import nn

    from resviz.record import Architecture

Shapes = tuple[tuple[int, ...], ...]


class LeafCall(NamedTuple):
    """One call of a module that called no other.

    `shapes` are those of what it gave; None where a record keeps its operations
    apart.
    """

    path: str
    shapes: Shapes | None


def seen(model: nn.Module, *inputs: Any) -> list[LeafCall]:
    """The leaf calls of a real forward, by hooks on the model itself.

    What a call hands on beside what it made is no output of its own.
    """
    paths = {id(module): path for path, module in model.named_modules()}
    calls: list[LeafCall] = []
    inner: list[int] = []

    def enter(module: nn.Module, args: Any) -> None:
        inner.append(0)

    def leave(module: nn.Module, args: Any, output: Any) -> None:
        if not inner.pop():
            every, given = list(tensors_in(output)), {id(x) for x in tensors_in(args)}
            made = [tensor for tensor in every if id(tensor) not in given] or every
            shapes = tuple(tuple(tensor.shape) for tensor in made)
            calls.append(LeafCall(paths[id(module)], shapes))
        if inner:
            inner[-1] += 1

    handles = []
    for module in model.modules():
        handles.append(module.register_forward_pre_hook(enter))
        handles.append(module.register_forward_hook(leave))
    try:
        with torch.no_grad():
            model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def recorded(arch: Architecture) -> list[LeafCall]:
    """The leaf calls of a record: leaf layers, and calls that hold no module's call."""
    outer = {call.parent for call in arch.calls}
    outer |= {layer.call for layer in arch.layers if layer.module}
    found = [
        (call.start, 0, number, LeafCall(call.path, None))
        for number, call in enumerate(arch.calls)
        if number not in outer
    ]
    for layer in arch.layers:
        if layer.module:
            shapes = tuple(tensor.shape for tensor in layer.outputs)
            found.append((layer.index, 1, 0, LeafCall(layer.path, shapes)))
    return [call for *_, call in sorted(found, key=lambda row: row[:3])]


def difference(real: list[LeafCall], arch: Architecture) -> str:
    """The first call in which a record differs from a real forward; "" if in none.

    A layer may have further outputs, which later operations read.
    """
    told = recorded(arch)
    for place, (want, got) in enumerate(zip(real, told, strict=False)):
        given = want.shapes if got.shapes is None else got.shapes
        if (want.path, want.shapes) != (got.path, (given or ())[: len(want.shapes)]):
            return f"leaf call {place}: got {got}, want {want}"
    if len(real) != len(told):
        return f"got {len(told)} leaf calls, want {len(real)}"
    return ""
