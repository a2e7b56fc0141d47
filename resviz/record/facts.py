"""The facts of which layers consist: tensors, parameters, windows, operations."""

from __future__ import annotations

from math import prod
from typing import Any

import msgspec

Shape = tuple[int, ...]


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """Shape and dtype of one tensor, as (N, C, H, W) and "float32"."""

    shape: Shape
    dtype: str = "float32"


class Parameter(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One parameter tensor, by the first name under which the model holds it.

    `frozen` says that it asks for no gradient, `unregistered` that it is none of the
    model's own, as what a global or a list holds.
    """

    name: str
    shape: Shape
    dtype: str = "float32"
    frozen: bool = False
    unregistered: bool = False

    @property
    def numel(self) -> int:
        """Number of elements."""
        return prod(self.shape)


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
