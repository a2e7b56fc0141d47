"""How much memory a network takes: parameters, one forward, what training keeps.

Bytes of tensors, read off the storages that a forward was seen to make and let go of.
What a kernel takes for itself while it runs and what an allocator rounds up are facts
of a device and not counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from resviz.footprint.kept import Kept, kept
from resviz.footprint.liveness import Peak, Timeline, peak, timeline
from resviz.units import nbytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer, Parameter

__all__ = [
    "CONVENTION",
    "Kept",
    "Peak",
    "Timeline",
    "activations",
    "gradients",
    "idle",
    "kept",
    "made",
    "own",
    "parameters",
    "peak",
    "timeline",
]

CONVENTION = (
    "bytes of tensors, each storage once, as long as the forward held it; no "
    "workspace of a kernel, no rounding of an allocator; 1 MiB = 1,048,576 bytes"
)
"""What every number of bytes here counts, to be printed beside it."""


def parameters(arch: Architecture) -> dict[str, int]:
    """Bytes of all parameters by dtype, those that no layer read included."""
    return by_dtype(every_parameter(arch))


def gradients(arch: Architecture) -> dict[str, int]:
    """Bytes of the gradients by dtype: those of the parameters that ask for one."""
    return by_dtype(p for p in every_parameter(arch) if not p.frozen)


def activations(arch: Architecture) -> dict[str, int]:
    """Bytes that one forward allocates by dtype; what is done in place takes none.

    Raises:
        RecordError: as `timeline`.
    """
    sizes: Counter[str] = Counter()
    for storage, made_by in zip(arch.storages, timeline(arch).made, strict=True):
        if made_by is not None:
            sizes[storage.dtype] += storage.bytes
    return dict(sizes)


def made(arch: Architecture) -> tuple[int, ...]:
    """Bytes that each layer allocates.

    Raises:
        RecordError: as `timeline`.
    """
    line = timeline(arch)
    sizes = [0] * len(arch.layers)
    for number, storage in enumerate(arch.storages):
        layer = line.maker(number)
        if layer is not None:
            sizes[layer] += storage.bytes
    return tuple(sizes)


def own(layer: Layer) -> int:
    """Bytes of the parameters first read by one layer."""
    return sum(by_dtype(layer.parameters).values())


def idle(arch: Architecture) -> int:
    """Bytes of the parameters that no layer reads."""
    found = (p for group in arch.uncalled for p in group.parameters)
    return sum(by_dtype(found).values())


def every_parameter(arch: Architecture) -> Iterable[Parameter]:
    """All parameters of a record, each once."""
    for holder in (*arch.layers, *arch.uncalled):
        yield from holder.parameters


def by_dtype(found: Iterable[Parameter]) -> dict[str, int]:
    """Bytes of some parameters by dtype."""
    sizes: Counter[str] = Counter()
    for parameter in found:
        sizes[parameter.dtype] += nbytes(parameter.shape, parameter.dtype)
    return dict(sizes)
