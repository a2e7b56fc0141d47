"""The record of one forward: frozen facts that obey laws.

Facts only. What a layer costs, which block it belongs to and why a shortcut
projects are judgements; they are computed from the record and never stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from resviz.errors import RenderError
from resviz.files import compress_for_path, write_atomically
from resviz.record.cached import cache_reading
from resviz.record.invariants import MODEL_INPUT, check_invariants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd

__all__ = [
    "MODEL_INPUT",
    "Architecture",
    "Call",
    "Layer",
    "Operation",
    "Parameter",
    "Shape",
    "Source",
    "Storage",
    "Tensor",
    "Uncalled",
    "Window",
]

FORMAT = "resviz.architecture"
VERSION = 1
"""Raised whenever an old reader would misread a new record."""

Shape = tuple[int, ...]


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """Shape and dtype of one tensor, as (N, C, H, W) and "float32"."""

    shape: Shape
    dtype: str = "float32"


class Parameter(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One parameter tensor, by the first name under which the model holds it.

    `frozen` says that it asks for no gradient.
    """

    name: str
    shape: Shape
    dtype: str = "float32"
    frozen: bool = False

    @property
    def numel(self) -> int:
        """Number of elements."""
        count = 1
        for size in self.shape:
            count *= size
        return count


class Source(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where an input comes from: output number `output` of layer `layer`.

    `layer` is `MODEL_INPUT` for the model's own inputs.
    """

    layer: int
    output: int = 0


LEARNED = -1
"""In place of a storage's number: that of a parameter which asks for a gradient."""

CONSTANT = -2
"""The same for a buffer, a frozen parameter, or a tensor of no bytes."""


class Storage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Memory that one tensor or several lie in, but no parameter or buffer.

    Attributes:
        bytes: its size.
        dtype: of the tensor that it was made for.
        released: how many of the record's operations had run when the forward let
            go of it; all of them for what it returned or was given.
    """

    bytes: int
    dtype: str
    released: int


class Window(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The sliding window of a convolution or a pool, one number per axis.

    Units: pixels of the layer's input.
    """

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape
    groups: int = 1
    transposed: bool = False
    ceil_mode: bool = False


class Operation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One tensor operation that torch ran, by its ATen name.

    Attributes:
        name: as "convolution", "native_batch_norm", "add".
        inputs: shapes of its tensor operands, in the order of the call.
        flowing: for each operand, whether it depends on the model's input
            (a parameter and what is computed from parameters alone do not).
        outputs: shapes of what it gives.
        window: of a convolution or a pool.
        arguments: those of its other arguments that change a shape's meaning.
        reads: for each operand, the number of the storage that it lies in, or
            `LEARNED` or `CONSTANT`; () in a record that holds no storages.
        writes: the same for what it gives, each storage once, statistics that it
            gives beside its outputs included.
        sources: where each operand comes from, within its layer: an output of an
            earlier operation, by number, or one of the layer's own inputs, under
            `MODEL_INPUT`; None for parameters and constants. Left out where each
            operand that flows is the layer's next input.
    """

    name: str
    inputs: tuple[Shape, ...]
    flowing: tuple[bool, ...]
    outputs: tuple[Shape, ...]
    window: Window | None = None
    arguments: dict[str, Any] = {}
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    sources: tuple[Source | None, ...] = ()


class Layer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One call of a leaf module, or one operation that no leaf module owns.

    Attributes:
        index: position in execution order.
        name: unique; `layer1.0.conv1`, `layer1.0:add`, the second call of a
            module `layer1.0.relu#2`.
        path: the module's path, or that of the module whose forward ran it.
        type: the module's class, or the operation's everyday name.
        call: index of the innermost `Call` in which it ran.
        sources: where its inputs come from, aligned with `inputs`.
        inputs: the tensors that went in.
        outputs: the tensors that came out.
        operations: what torch ran for it, in order.
        parameters: those first read here; each tensor is counted once.
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

    @property
    def window(self) -> Window | None:
        """The window of its convolution, or of its first operation that has one."""
        windowed_ops = (op for op in self.operations if op.window)
        # A hook may pool before it; of equals, the first is the least.
        operation = min(
            windowed_ops, key=lambda op: op.name != "convolution", default=None
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
        """Number of parameters first read here."""
        return sum(parameter.numel for parameter in self.parameters)


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


class Architecture(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    dict=True,
    tag_field="format",
    tag=FORMAT,
):
    """What one forward of one network did: the record that everything reads.

    Attributes:
        version: of the record's schema.
        name: as given, "resnet50".
        title: as printed, "ResNet-50".
        torch: version of torch that ran it.
        training: whether training mode was followed.
        mode: "shapes" if no value was computed, "run" if the forward was run for
            real, on seeded input.
        inputs: the model's inputs.
        input_names: of arguments of the forward, or of keys in them, "batch.ids";
            () where a lone tensor needs none.
        batch_size: how many samples, where the first axis of the first input does
            not say so.
        outputs: which layers' outputs the model returned.
        calls: calls of non-leaf modules; the first is the model's own.
        layers: in execution order.
        uncalled: parameters that no layer read.
        buffers: bytes of the model's buffers by dtype, each tensor once.
        storages: memory that the forward took, in the order in which it was first
            used, that of the inputs first.
        unseen: layers with an operand that was made where nothing can be followed,
            as in another thread.
    """

    version: Literal[1]
    name: str
    title: str = ""
    torch: str = ""
    training: bool = False
    mode: Literal["shapes", "run"] = "shapes"
    inputs: tuple[Tensor, ...]
    input_names: tuple[str, ...] = ()
    batch_size: int | None = None
    outputs: tuple[Source, ...]
    calls: tuple[Call, ...]
    layers: tuple[Layer, ...]
    uncalled: tuple[Uncalled, ...] = ()
    buffers: dict[str, int] = {}
    storages: tuple[Storage, ...] = ()
    unseen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the laws of a record.

        Raises:
            ValueError: naming the layer at which a law is broken.
        """
        check_invariants(self)

    def __getitem__(self, name: str) -> Layer:
        """The layer called `name`."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @property
    def label(self) -> str:
        """What to print for it: its title, or its name."""
        return self.title or self.name

    @property
    def input_shape(self) -> Shape:
        """Shape of the first input; () if it has no axes, or there is none."""
        return self.inputs[0].shape if self.inputs else ()

    @property
    def batch(self) -> int:
        """How many samples it was traced with."""
        leading = self.input_shape[0] if self.input_shape else 1
        return leading if self.batch_size is None else self.batch_size

    @property
    def named_inputs(self) -> Iterator[tuple[str, Tensor]]:
        """Each input and its name, "" where it has none."""
        names = self.input_names or ("",) * len(self.inputs)
        return zip(names, self.inputs, strict=True)

    @property
    def params(self) -> int:
        """Number of parameters, those that no layer read included."""
        return count_parameters(self)

    def to_json(self) -> bytes:
        """The record as JSON text.

        Raises:
            RenderError: if a name holds half of a surrogate pair.
        """
        try:
            return msgspec.json.format(json_encoder.encode(self), indent=1)
        except UnicodeEncodeError as error:
            raise RenderError(f"{self.name!r}: a name is no text, {error}") from error

    def save(self, path: str | Path) -> None:
        """Write the record as JSON to `path`, whole or not at all.

        A name that ends in .gz, as "r50.json.gz", is compressed, to a twentieth.

        Raises:
            RenderError: if the file cannot be written.
        """
        write_atomically(path, compress_for_path(path, self.to_json() + b"\n"))

    def to_pandas(self) -> pd.DataFrame:
        """One row a layer, with its parameters and MACs."""
        from resviz.tables.layers import layer_table

        return layer_table(self).to_pandas()

    def __repr__(self) -> str:
        shapes = ", ".join(str(tensor.shape) for tensor in self.inputs)
        return f"<Architecture {self.name}: {len(self.layers)} layers of {shapes}>"

    def _repr_html_(self) -> str:
        from resviz.tables.summary import summary_table

        return summary_table(self).styled()


@cache_reading
def count_parameters(arch: Architecture) -> int:
    """Number of parameters of a record."""
    called = sum(layer.params for layer in arch.layers)
    idle = (p.numel for group in arch.uncalled for p in group.parameters)
    return called + sum(idle)


json_encoder = msgspec.json.Encoder()
