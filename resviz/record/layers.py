"""The layers and calls of a record; a layer knows its costs, its stage, its block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from resviz.errors import (
    RecordError,
    make_attribute_refusal,
    suggest_nearest,
)
from resviz.operations.families import CONVOLUTIONS
from resviz.record.cached import cache_reading
from resviz.record.facts import (
    Operation,
    Parameter,
    Shape,
    Source,
    Tensor,
    Window,
)

if TYPE_CHECKING:
    from resviz.readings.structure import Block, BlockPlace, Stage
    from resviz.record.architecture import Architecture

LAYER_PLACES = {
    "flops": "layer.macs; FLOPs are 2 × MACs",
    "input_size": "layer.input_shape",
    "output_size": "layer.output_shape",
    "in_channels": "layer.input_shape[1]",
    "out_channels": "layer.output_shape[1]",
    "kernel_size": "layer.window.kernel",
    **{key: f"layer.window.{key}" for key in Window.__struct_fields__},
    "receptive_field": "resviz.receptive(arch)",
    "trainable_parameters": "layer.trainable_params",
    "frozen_parameters": "layer.frozen_params",
}
"""Where a layer has what is guessed under other names."""


class Layer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One call of a leaf module, or one operation that no leaf module owns.

    Attributes:
        index: position in execution order.
        name: unique; `layer1.0.conv1`, `layer1.0:add`, the second call of a
            module `layer1.0.relu#2`.
        path: the module's path, or that of the module whose forward ran it.
        type: the module's class, or the operation's display name.
        call: index of the innermost `Call` in which it ran.
        sources: where its inputs come from, aligned with `inputs`.
        inputs: the tensors that went in.
        outputs: the tensors that came out.
        operations: what torch ran for it, in order.
        parameters: those of its module, and those that no called module owns and that
            it reads first; each tensor is counted once.
        module: whether it is a module's call.
        ends: which operation's output each output is, None for a constant; left out
            where they are those of the last operation.
    """

    index: int
    name: str
    path: str
    type: str
    call: int
    sources: tuple[Source, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operations: tuple[Operation, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    module: bool = True
    ends: tuple[Source | None, ...] = ()

    if not TYPE_CHECKING:
        __getattr__ = make_attribute_refusal("Layer", LAYER_PLACES)

    @property
    def window(self) -> Window | None:
        """The window of its convolution, or of its first operation that has one."""
        windowed_ops = (op for op in self.operations if op.window)
        # A hook may pool before it; of equals, the first is the least.
        operation = min(
            windowed_ops, key=lambda op: op.name not in CONVOLUTIONS, default=None
        )
        return operation and operation.window

    @property
    def input_shape(self) -> Shape:
        """Shape of its first input; () if it has none."""
        return self.inputs[0].shape if self.inputs else ()

    @property
    def output_shape(self) -> Shape:
        """Shape of its first output; () if it has none."""
        return self.outputs[0].shape if self.outputs else ()

    @property
    def params(self) -> int:
        """Number of parameters that belong to it."""
        return sum([parameter.numel for parameter in self.parameters])

    @property
    def trainable_params(self) -> int | None:
        """Number of those that ask for a gradient; None if the record does not say."""
        return sum(p.numel for p in self.parameters if not p.frozen)

    @property
    def frozen_params(self) -> int | None:
        """Number of those that ask for no gradient; None likewise."""
        trainable = self.trainable_params
        return None if trainable is None else self.params - trainable

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates; None if one of its operations has no rule."""
        from resviz.readings.costs import count_macs

        return count_macs(self)

    @property
    def macs_at_least(self) -> int:
        """Multiply-accumulates of those of its operations that have a rule."""
        from resviz.readings.costs import count_known_macs

        return count_known_macs(self)

    @property
    def elements(self) -> int | None:
        """Elements of element-wise work; None if an operation has no rule."""
        from resviz.readings.costs import count_elements

        return count_elements(self)

    @property
    def elements_at_least(self) -> int:
        """Elements of element-wise work of its known operations."""
        from resviz.readings.costs import count_known_elements

        return count_known_elements(self)

    @property
    def activations(self) -> int:
        """Output elements of its convolutions, the RegNet paper's activations."""
        from resviz.readings.costs import count_activations

        return count_activations(self)

    @property
    def arch(self) -> Architecture:
        """The record that it is a layer of.

        Raises:
            RecordError: for a layer that was taken out of a file by hand.
        """
        raise RecordError(f"layer {self.name!r} is part of no record: want arch.layers")

    @property
    def block(self) -> Block | None:
        """The residual block in which it lies; None between blocks."""
        place = self._place
        return place and place.block

    @property
    def stage(self) -> Stage | None:
        """The stage of its block; None in the stem, the head and between blocks."""
        place = self._place
        return place and place.stage

    @property
    def _place(self) -> BlockPlace | None:
        """The place of its block among the blocks of its record."""
        from resviz.readings.structure import index_block_layers

        return index_block_layers(self.arch).get(self.index)

    def __repr__(self) -> str:
        shapes = [str(tensor.shape) for tensor in self.inputs]
        return (
            f"<Layer {self.name}: {self.type} of {', '.join(shapes) or 'no input'}, "
            f"gives {self.output_shape}>"
        )


class LinkedLayer(Layer, frozen=True, gc=True, dict=True):
    """A layer that knows its record, as `Architecture.layers` gives them.

    What is stored knows nothing of the record around it: so a trace makes no cycles,
    and a layer can stand in two records.
    """

    @property
    def arch(self) -> Architecture:
        """The record that it is a layer of."""
        return vars(self)["arch"]

    @property
    def trainable_params(self) -> int | None:
        """Number of those that ask for a gradient; None if the record does not say."""
        return super().trainable_params if self.arch.knows_frozen else None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it with its record."""
        return _select_layer, (self.arch, self.index)


def link_layer(layer: Layer, arch: Architecture) -> Layer:
    """Return a layer that knows its record."""
    linked = LinkedLayer(*msgspec.structs.astuple(layer))
    vars(linked)["arch"] = arch
    return linked


def _select_layer(arch: Architecture, index: int) -> Layer:
    """Return a layer of a record by its number."""
    return arch.layers[index]


class Call(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One call of a module that is not a leaf: layers `start` up to `stop`."""

    path: str
    type: str
    start: int
    stop: int
    parent: int | None = None


class Uncalled(msgspec.Struct, frozen=True, gc=False):
    """Parameters that no layer read, under the module that owns them."""

    path: str
    type: str
    parameters: tuple[Parameter, ...]


@cache_reading
def index_layer_names(arch: Architecture) -> dict[str, int]:
    """Return the number of each layer by its name."""
    return {layer.name: layer.index for layer in arch.stored_layers}


def explain_missing_layer(arch: Architecture, name: object) -> str:
    """Explain that a record has no layer of a name, and which it may be instead."""
    if not isinstance(name, str):
        return f"{arch.name} has no layer {name!r}: want a name, or arch.layers[{name}]"
    for noun, parts in (("stage", arch.stages), ("block", arch.blocks)):
        for number, part in enumerate(parts):
            if part.name == name:
                return f"{name!r} is a {noun}: want arch.{noun}s[{number}].layers"
    names = list(index_layer_names(arch))
    inner_names = [inner for inner in names if inner.startswith(f"{name}.")]
    if inner_names:
        return (
            f"{name!r} is a module of {len(inner_names)} layers: "
            f"want one of them, as {inner_names[0]!r}"
        )
    nearest = suggest_nearest(name, names)
    some = nearest or f": want one of {len(names)}, as {names[0]!r}" if names else ""
    return f"{arch.name} has no layer {name!r}{some}"


@cache_reading
def count_parameters(arch: Architecture) -> int:
    """Count the parameters of a record."""
    called = sum(layer.params for layer in arch.stored_layers)
    idle = (p.numel for group in arch.uncalled for p in group.parameters)
    return called + sum(idle)


@cache_reading
def count_frozen_parameters(arch: Architecture) -> int:
    """Count the parameters of a record that ask for no gradient."""
    holders = (*arch.stored_layers, *arch.uncalled)
    parameters = (p for holder in holders for p in holder.parameters)
    return sum(parameter.numel for parameter in parameters if parameter.frozen)
