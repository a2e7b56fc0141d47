"""A roofline: bytes that layers move, FLOPs a byte, and a lower bound of their time.

Each operation reads every operand from memory once and writes its results there; views
move nothing, and of what windows or indices do not reach nothing is read. So a layer
takes at least the time of its bytes at a device's bandwidth, and at least that of its
FLOPs at the device's peak. It is a bound, and no prediction.

Source: Williams, Waterman and Patterson 2009, Roofline: an insightful visual
performance model for multicore architectures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.errors import SpecError
from resviz.operations.families import (
    ACTIVATIONS,
    CONVOLUTIONS,
    NORMS,
    PRODUCTS,
    RESHAPES,
    SELECTIONS,
    WRITES,
)
from resviz.readings.costs import count_known_macs
from resviz.readings.devices import PRECISIONS
from resviz.readings.memory import build_timeline, iterate_parameters
from resviz.record.cached import cache_reading
from resviz.units import dtype_itemsize, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from resviz.readings.devices import Device
    from resviz.record import Architecture, Layer, Operation, Shape

FLOPS_PER_MAC = 2

UNFUSED = (
    "bytes: each operation reads its operands from memory and writes its results "
    "there, unfused; what a cache keeps from one to the next takes less"
)
"""What is assumed of layers that are run one by one, to be printed below a table."""

FUSED = (
    "bytes: fused, so that norms in evaluation, activations and additions behind a "
    "convolution or a product are folded into it where nothing else reads between; "
    "what a cache keeps from one layer to the next takes less"
)
"""The same of layers that are folded."""

ARITHMETIC = (
    "FLOPs: 2 a MAC, of direct convolutions; Winograd's and Fourier's methods multiply "
    "less and can take less time"
)
"""What is assumed of arithmetic, likewise."""

BOUND = "a lower bound of time, no prediction: kernels of which this holds take longer"
"""What the times are, to be printed beside them."""

GATHERS = {"embedding": 1, "_embedding_bag": 1, "gather": 1, "index": 1,
           "index_select": 1, "take": 1}  # fmt: skip
"""Operations that read values of their first operand for so many of what they give."""

INTERPOLATED = 16
"""Values that an interpolation reads for each that it gives, at most."""

HOSTS = CONVOLUTIONS | PRODUCTS
"""Operations into which what follows is folded."""

BATCH_NORMS = frozenset(name for name in NORMS if "batch_norm" in name)
"""Norms that are a scale and a shift in evaluation."""


@dataclass(frozen=True, slots=True)
class LayerTraffic:
    """What one kernel does: a layer, and what is folded into it.

    Attributes:
        layers: their numbers, the one that computes first.
        macs: multiply-accumulates, as far as rules know them.
        read: bytes read from memory.
        written: bytes written to memory.
    """

    layers: tuple[int, ...]
    macs: int
    read: int
    written: int

    @property
    def bytes(self) -> int:
        """Bytes moved."""
        return self.read + self.written

    @property
    def flops(self) -> int:
        """FLOPs, two a MAC."""
        return FLOPS_PER_MAC * self.macs

    @property
    def intensity(self) -> float | None:
        """FLOPs for each byte; None where nothing is moved."""
        return self.flops / self.bytes if self.bytes else None


@dataclass(frozen=True, slots=True)
class LayerBound:
    """How long a layer takes at least on a device, in seconds."""

    traffic: LayerTraffic
    memory_seconds: float
    compute_seconds: float

    @property
    def seconds(self) -> float:
        """The larger of both."""
        return max(self.memory_seconds, self.compute_seconds)

    @property
    def is_memory_bound(self) -> bool:
        """Whether its bytes take longer than its FLOPs."""
        return self.memory_seconds > self.compute_seconds


@dataclass(frozen=True, slots=True)
class Roofline:
    """The bounds of all layers on a device.

    Attributes:
        device: its peaks.
        precision: in which values are kept and multiplied.
        bounds: of each layer that moves or computes something.
    """

    device: Device
    precision: str
    bounds: tuple[LayerBound, ...]

    @property
    def flops(self) -> float:
        """FLOPs a second at most."""
        return self.device.find_flops(self.precision) or 0.0

    @property
    def ridge(self) -> float:
        """FLOPs a byte from which on arithmetic can be what bounds."""
        return self.flops / self.device.bandwidth

    @property
    def seconds(self) -> float:
        """Sum of all layers."""
        return sum(bound.seconds for bound in self.bounds)

    @property
    def memory_seconds(self) -> float:
        """Sum of those that memory bounds."""
        return sum(bound.seconds for bound in self.memory_bound)

    @property
    def memory_bound(self) -> tuple[LayerBound, ...]:
        """Those that memory bounds."""
        return tuple(bound for bound in self.bounds if bound.is_memory_bound)


def read_roofline(
    arch: Architecture, device: Device, precision: str | None = None, *, fused: bool
) -> Roofline:
    """Read the bounds of a record's layers on a device.

    Args:
        arch: the record.
        device: its peaks.
        precision: one of `PRECISIONS`; as recorded if left out.
        fused: whether layers are folded, as `FUSED` says.

    Raises:
        SpecError: if the device has no published peak in that precision.
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    precision = precision or find_precision(arch)
    flops = device.find_flops(precision)
    if flops is None:
        legal = join_words(device.flops)
        raise SpecError(
            f"precision: {device.name} has no published peak in {precision}, want "
            f"{legal}, or a device of one's own"
        )
    bounds = tuple(
        LayerBound(
            each,
            each.bytes / device.find_bandwidth(each.bytes),
            each.flops / flops,
        )
        for each in list_traffic(arch, precision, fused=fused)
        if each.bytes or each.macs
    )
    return Roofline(device, precision, bounds)


@cache_reading
def find_precision(arch: Architecture) -> str:
    """Find in which precision a record's values are: that of most of its bytes."""
    sizes: Counter[str] = Counter()
    for storage in arch.storages:
        sizes[storage.dtype] += storage.bytes
    known = [dtype for dtype, _ in sizes.most_common() if dtype in PRECISIONS]
    return known[0] if known else "float32"


def list_traffic(
    arch: Architecture, precision: str | None = None, *, fused: bool = False
) -> tuple[LayerTraffic, ...]:
    """List what each layer moves and computes, in execution order.

    Args:
        arch: the record.
        precision: to which floating-point values are taken; as recorded if left out.
        fused: whether layers are folded; a folded one is part of another then.

    Raises:
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    build_timeline(arch)  # which refuses an old record
    counter = ByteCounter(arch, precision)
    hosts = find_hosts(arch) if fused else {}
    members: dict[int, list[Layer]] = {}
    for layer in arch.stored_layers:
        members.setdefault(hosts.get(layer.index, layer.index), []).append(layer)
    return tuple(make_traffic(counter, layers) for layers in members.values())


def make_traffic(counter: ByteCounter, layers: Sequence[Layer]) -> LayerTraffic:
    """Return what a layer does with those that are folded into it."""
    host, *folded = layers
    read, written = counter.count_layer(host)
    inside = {layer.index for layer in layers}
    for layer in folded:
        others = zip(layer.sources, layer.inputs, strict=True)
        read += sum(
            counter.count_values(tensor.shape, tensor.dtype)
            for source, tensor in others
            if source.layer not in inside
        )
    macs = sum(map(count_known_macs, layers))
    return LayerTraffic(tuple(la.index for la in layers), macs, read, written)


class ByteCounter:
    """Counts the bytes that operations of a record move."""

    def __init__(self, arch: Architecture, precision: str | None) -> None:
        self.arch = arch
        self.itemsize = PRECISIONS[precision] if precision else None
        self.usual = find_precision(arch)
        self.dtypes: Mapping[int, str] = {
            parameter.numel: parameter.dtype for parameter in iterate_parameters(arch)
        }

    def count_values(self, shape: Shape, dtype: str) -> int:
        """Count the bytes of a tensor."""
        return prod(shape) * self.size_of(dtype)

    def size_of(self, dtype: str) -> int:
        """Return the bytes of one value, floating-point ones in the precision."""
        is_float = dtype in PRECISIONS
        return self.itemsize if self.itemsize and is_float else dtype_itemsize(dtype)

    def count_layer(self, layer: Layer) -> tuple[int, int]:
        """Count the bytes that a layer reads, and those that it writes."""
        moved = [
            self.count_operation(op) for op in layer.operations if not moves_nothing(op)
        ]
        return sum(read for read, _ in moved), sum(written for _, written in moved)

    def count_operation(self, op: Operation) -> tuple[int, int]:
        """Count the bytes that an operation reads, and those that it writes."""
        is_in_place = bool({*op.writes} & {*op.reads})
        puts = op.name in WRITES and is_in_place
        sizes: Counter[int] = Counter()
        read = 0
        for place, (shape, number) in enumerate(zip(op.inputs, op.reads, strict=True)):
            if puts and place == 0:
                continue
            values = count_values_read(op, place, shape)
            if number >= 0:
                sizes[number] += values * self.size_of(self.arch.storages[number].dtype)
            else:
                dtype = self.dtypes.get(prod(shape), self.usual)
                read += values * self.size_of(dtype)
        read += sum(min(size, self.storage_bytes(n)) for n, size in sizes.items())
        if puts:
            return read, read
        outputs = sum(map(prod, op.outputs))
        written = 0
        for number in (n for n in op.writes if n >= 0):
            size = self.storage_bytes(number)
            if is_in_place:
                dtype = self.arch.storages[number].dtype
                size = min(size, outputs * self.size_of(dtype))
            written += size
        return read, written

    def storage_bytes(self, number: int) -> int:
        """Return the bytes of a storage, floating-point values in the precision."""
        storage = self.arch.storages[number]
        values = storage.bytes // dtype_itemsize(storage.dtype)
        return values * self.size_of(storage.dtype)


def moves_nothing(op: Operation) -> bool:
    """Tell whether an operation gives what it read, and moves nothing."""
    is_same = len(op.inputs) == 1 and {*op.writes} <= {*op.reads}
    return is_same and op.name in RESHAPES | SELECTIONS


def count_values_read(op: Operation, place: int, shape: Shape) -> int:
    """Count the values that an operation reads of an operand.

    Windows smaller than their stride leave some out, as lookups do.
    """
    values = prod(shape)
    if place or not op.outputs:
        return values
    given = sum(map(prod, op.outputs))
    if op.name in GATHERS:
        return min(values, GATHERS[op.name] * given)
    if op.name.startswith("upsample_"):
        return min(values, INTERPOLATED * given)
    window = op.window
    if window is None or window.transposed:
        return values
    axes = len(window.kernel)
    if len(shape) < axes or len(op.outputs[0]) < axes:
        return values
    reached = zip(shape[-axes:], op.outputs[0][-axes:], window.kernel, strict=True)
    return prod(shape[:-axes]) * prod(min(n, m * k) for n, m, k in reached)


@cache_reading
def find_hosts(arch: Architecture) -> dict[int, int]:
    """Find into which layer others are folded, by their numbers.

    A norm in evaluation, an activation or an addition is folded into the convolution or
    product before it, through others that are, if nothing else reads between.
    """
    readers = Counter(source for la in arch.stored_layers for source in la.sources)
    readers.update(arch.outputs)
    hosts: dict[int, int] = {}
    open_hosts: dict[int, int] = {}
    for layer in arch.stored_layers:
        ops = [op for op in layer.operations if not moves_nothing(op)]
        if any(op.name in HOSTS for op in ops) and len(layer.outputs) == 1:
            open_hosts[layer.index] = layer.index
        elif can_fold(ops, training=arch.training):
            before = [
                source.layer
                for source, tensor in zip(layer.sources, layer.inputs, strict=True)
                if source.layer in open_hosts
                and readers[source] == 1
                and prod(tensor.shape) == prod(layer.output_shape)
            ]
            if before:
                host = open_hosts[max(before)]
                hosts[layer.index] = open_hosts[layer.index] = host
    return hosts


def can_fold(ops: Iterable[Operation], *, training: bool) -> bool:
    """Tell whether operations can be done on the values that a kernel writes."""
    names = {op.name for op in ops}
    norms: frozenset[str] = frozenset() if training else BATCH_NORMS
    return bool(names) and names <= ACTIVATIONS | norms | {"add"}
