"""How much memory a network takes: parameters, one forward, what training keeps.

Bytes of tensors, read off the storages that a forward was seen to make and let go of.
What a kernel takes for itself while it runs and what an allocator rounds up are facts
of a device and not counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from resviz.readings.memory.liveness import Peak, Timeline, build_timeline, find_peak
from resviz.readings.memory.saved_for_backward import (
    SavedForBackward,
    find_saved_for_backward,
)
from resviz.units import count_tensor_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer, Parameter

__all__ = [
    "MEMORY_CONVENTION",
    "Peak",
    "SavedForBackward",
    "Timeline",
    "build_timeline",
    "count_activation_bytes",
    "count_allocated_bytes",
    "count_gradient_bytes",
    "count_idle_bytes",
    "count_own_parameter_bytes",
    "count_parameter_bytes",
    "find_peak",
    "find_saved_for_backward",
]

MEMORY_CONVENTION = (
    "bytes of tensors, each storage once, as long as the forward held it; no "
    "workspace of a kernel, no rounding of an allocator; 1 MiB = 1,048,576 bytes"
)
"""What every number of bytes here counts, to be printed beside it."""


def count_parameter_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes of all parameters by dtype, those that no layer read included."""
    return sum_bytes_by_dtype(iterate_parameters(arch))


def count_gradient_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes of gradients by dtype: one a parameter that asks for it."""
    return sum_bytes_by_dtype(p for p in iterate_parameters(arch) if not p.frozen)


def count_activation_bytes(arch: Architecture) -> dict[str, int]:
    """Count the bytes that one forward allocates by dtype; in place takes none.

    Raises:
        RecordError: as `build_timeline`.
    """
    sizes: Counter[str] = Counter()
    for storage, made_by in zip(
        arch.storages, build_timeline(arch).made_by, strict=True
    ):
        if made_by is not None:
            sizes[storage.dtype] += storage.bytes
    return dict(sizes)


def count_allocated_bytes(arch: Architecture) -> tuple[int, ...]:
    """Count the bytes that each layer allocates.

    Raises:
        RecordError: as `build_timeline`.
    """
    line = build_timeline(arch)
    sizes = [0] * len(arch.stored_layers)
    for number, storage in enumerate(arch.storages):
        layer = line.find_maker(number)
        if layer is not None:
            sizes[layer] += storage.bytes
    return tuple(sizes)


def count_own_parameter_bytes(layer: Layer) -> int:
    """Count the bytes of the parameters first read by one layer."""
    return sum(sum_bytes_by_dtype(layer.parameters).values())


def count_idle_bytes(arch: Architecture) -> int:
    """Count the bytes of the parameters that no layer reads."""
    parameters = (p for group in arch.uncalled for p in group.parameters)
    return sum(sum_bytes_by_dtype(parameters).values())


def iterate_parameters(arch: Architecture) -> Iterable[Parameter]:
    """Yield every parameter of a record once."""
    for holder in (*arch.stored_layers, *arch.uncalled):
        yield from holder.parameters


def sum_bytes_by_dtype(parameters: Iterable[Parameter]) -> dict[str, int]:
    """Add up the bytes of some parameters by dtype."""
    sizes: Counter[str] = Counter()
    for parameter in parameters:
        sizes[parameter.dtype] += count_tensor_bytes(parameter.shape, parameter.dtype)
    return dict(sizes)
