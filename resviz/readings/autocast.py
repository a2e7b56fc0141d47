"""A record as it would be under autocast: mixed precision, by torch's rules on a CPU.

Convolutions and products of matrices run in the lower dtype, whose copies of float32
operands autograd keeps; a copy of a parameter is made once and lives as long as the
forward. Norms take what comes and keep statistics in float32; where dtypes meet, the
wider one is given. What autocast does to other operations is not followed but refused.

Source: aten/src/ATen/autocast_mode.h, its lists for the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from resviz.errors import SpecError
from resviz.operations.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    CREATIONS,
    NORMS,
    PRODUCTS,
    RESHAPES,
    SELECTIONS,
)
from resviz.operations.table import find_display_name
from resviz.record.facts import LEARNED, Operation, Storage
from resviz.units import count_tensor_bytes, format_names

if TYPE_CHECKING:
    from resviz.record import Architecture, Layer, Shape

LOWER_DTYPES = ("bfloat16", "float16")
"""Dtypes that autocast can run convolutions and products in."""

FULL = "float32"
"""The dtype that it casts from."""

LOWERED = CONVOLUTIONS | PRODUCTS
"""Operations that run in the lower dtype."""

MEETING = {
    "add", "sub", "rsub", "mul", "div", "cat", "stack", "maximum", "minimum", "where",
    "addcmul", "lerp",
}  # fmt: skip
"""Operations of several operands, which give the widest of their dtypes."""

FOLLOWING = (
    ACTIVATIONS | NORMS | RESHAPES | SELECTIONS | CREATIONS | {
        "_softmax", "_log_softmax", "softmax", "log_softmax",
        "max_pool2d_with_indices", "max_pool2d", "avg_pool2d", "_adaptive_avg_pool2d",
        "adaptive_max_pool2d", "avg_pool1d", "mean", "sum", "amax", "sigmoid", "tanh",
        "neg", "bernoulli", "native_dropout", "dropout", "clamp", "pow", "sqrt",
        "rsqrt", "exp", "abs", "reciprocal", "square", "constant_pad_nd", "fill",
        "zero", "eq", "ne", "gt", "ge", "lt", "le", "upsample_nearest2d",
        "upsample_bilinear2d",
    }
)  # fmt: skip
"""Operations that give the dtype of their first operand."""

WIDER_ON_GPUS = {
    "_softmax", "_log_softmax", "softmax", "log_softmax", "native_layer_norm",
    "native_group_norm", "exp", "pow", "rsqrt", "reciprocal", "sum", "log", "log1p",
    "softplus",
}  # fmt: skip
"""Operations that run in float32 under autocast on CUDA, and keep more there."""


def cast_record(arch: Architecture, dtype: str) -> Architecture:
    """Return a record as of a forward under autocast, for readings of memory.

    Operations in the lower dtype begin with the casts of what they read; layers keep
    the dtypes that they were traced with.

    Args:
        arch: the record, of a forward in float32.
        dtype: the lower dtype.

    Raises:
        SpecError: for another dtype, or operations of which it is not known what
            autocast does to them, by name.
    """
    if dtype not in LOWER_DTYPES:
        want = " or ".join(LOWER_DTYPES)
        raise SpecError(f"autocast: got {dtype!r}, want {want}")
    check_dtypes(arch)
    check_followed(arch)
    return RecordCaster(arch, dtype).cast()


def check_dtypes(arch: Architecture) -> None:
    """Check that parameters and inputs are of the dtype that autocast casts from.

    Raises:
        SpecError: if some are not.
    """
    parameters = (p.dtype for layer in arch.stored_layers for p in layer.parameters)
    dtypes = {*parameters, *(tensor.dtype for tensor in arch.inputs)}
    others = sorted(each for each in dtypes if "float" in each and each != FULL)
    if others:
        raise SpecError(
            f"autocast: {arch.label} was traced in {', '.join(others)}, want {FULL}, "
            "which autocast casts from"
        )


def check_followed(arch: Architecture) -> None:
    """Check that it is known what autocast does to each operation.

    Raises:
        SpecError: with the names of the others.
    """
    others = {
        find_display_name(op): layer.name
        for layer in arch.stored_layers
        for op in layer.operations
        if op.name not in LOWERED | MEETING | FOLLOWING
    }
    if others:
        raise SpecError(
            f"autocast: {next(iter(others.values()))}: it is not known what becomes of "
            f"{format_names([*others], 3)}; want {FULL}, without autocast"
        )


def list_wider_on_gpus(arch: Architecture) -> list[str]:
    """List the operations of a record that autocast on CUDA runs in float32."""
    names = {
        find_display_name(op)
        for layer in arch.stored_layers
        for op in layer.operations
        if op.name in WIDER_ON_GPUS
    }
    return sorted(names)


class RecordCaster:
    """Follows a record, storage by storage, as autocast would.

    Args:
        arch: the record.
        dtype: the lower dtype.
    """

    def __init__(self, arch: Architecture, dtype: str) -> None:
        self.arch, self.dtype = arch, dtype
        self.storages = list(arch.storages)
        self.parameters = {
            (layer.path, parameter.shape): parameter.name
            for layer in reversed(arch.stored_layers)
            for parameter in layer.parameters
        }
        self.copies: dict[str, int] = {}
        self.unmade = set(range(len(arch.storages)))
        self.counts = [0]

    def cast(self) -> Architecture:
        """Return the record with casts."""
        layers = tuple(map(self.cast_layer, self.arch.stored_layers))
        end = self.counts[-1]
        kept = {*self.copies.values()}
        known = len(self.arch.storages)
        storages = tuple(
            Storage(each.bytes, each.dtype, self.counts[each.released])
            if number < known
            else Storage(each.bytes, each.dtype, end)
            if number in kept
            else each
            for number, each in enumerate(self.storages)
        )
        return replace(self.arch, stored_layers=layers, storages=storages)

    def cast_layer(self, layer: Layer) -> Layer:
        """Return a layer whose operations begin with the casts that they need."""
        operations = [
            each for op in layer.operations for each in self.cast_operation(layer, op)
        ]
        return replace(layer, operations=tuple(operations), ends=())

    def cast_operation(self, layer: Layer, op: Operation) -> list[Operation]:
        """Return the casts of an operation's operands, and the operation."""
        reads = list(op.reads)
        casts: list[Operation] = []
        copies: list[int] = []
        if op.name in LOWERED:
            for place, (number, shape) in enumerate(
                zip(op.reads, op.inputs, strict=True)
            ):
                if self.find_dtype(number) != FULL:
                    continue
                name = self.name_parameter(layer, shape) if number == LEARNED else ""
                copy = self.copies.get(name)
                if copy is None:
                    copy = self.make_copy(shape)
                    casts.append(make_cast(op, place, copy))
                    if name:
                        self.copies[name] = copy
                    else:
                        copies.append(copy)
                reads[place] = copy
        end = self.counts[-1] + len(casts) + 1
        self.counts.append(end)
        for copy in copies:
            self.storages[copy] = replace(self.storages[copy], released=end)
        self.give_dtype(op, self.choose_dtype(op))
        return [*casts, replace(op, reads=tuple(reads), sources=())]

    def name_parameter(self, layer: Layer, shape: Shape) -> str:
        """Name the parameter that an operation of a layer reads, by its shape.

        Raises:
            SpecError: if the record does not tell.
        """
        for each in (shape, shape[::-1]):
            if (layer.path, each) in self.parameters:
                return self.parameters[layer.path, each]
        raise SpecError(
            f"autocast: {layer.name} reads a parameter {list(shape)} that the record "
            "does not name: whether autocast copies it once is not known"
        )

    def find_dtype(self, number: int) -> str:
        """Return the dtype of a storage; parameters and buffers are float32."""
        return self.storages[number].dtype if number >= 0 else FULL

    def choose_dtype(self, op: Operation) -> str:
        """Return the dtype that an operation gives: the widest of those that count.

        A number without axes widens nothing.
        """
        if op.name in LOWERED:
            return self.dtype
        dtypes = [
            dtype
            for number, shape in zip(op.reads, op.inputs, strict=True)
            if shape and "float" in (dtype := self.find_dtype(number))
        ]
        if op.name in FOLLOWING:
            dtypes = dtypes[:1]
        return self.dtype if {*dtypes} == {self.dtype} else FULL

    def give_dtype(self, op: Operation, dtype: str) -> None:
        """Give what an operation makes a dtype; statistics of a norm keep theirs."""
        made = [number for number in op.writes if number in self.unmade]
        self.unmade.difference_update(op.writes, op.reads)
        for number in made[:1] if op.name in NORMS else made:
            storage = self.storages[number]
            if storage.dtype == FULL and dtype != FULL:
                self.storages[number] = Storage(
                    storage.bytes // 2, dtype, storage.released
                )

    def make_copy(self, shape: Shape) -> int:
        """Make the storage of a copy in the lower dtype."""
        size = count_tensor_bytes(shape, self.dtype)
        self.storages.append(Storage(size, self.dtype, 0))
        return len(self.storages) - 1


def make_cast(op: Operation, place: int, copy: int) -> Operation:
    """Return the cast of an operand into its copy."""
    shape = (op.inputs[place],)
    flowing = (op.flowing[place],)
    reads = (op.reads[place],)
    return Operation("_to_copy", shape, flowing, shape, reads=reads, writes=(copy,))
