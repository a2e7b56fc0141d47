"""What is said below tables of memory under autocast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.autocast import list_wider_on_gpus
from resviz.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture


def autocast_notes(arch: Architecture, dtype: str | None) -> Iterator[str]:
    """Say by which rules a forward is followed under autocast, and what they miss."""
    if dtype is None:
        return
    yield (
        f"under autocast to {dtype}, by torch's rules on a CPU: convolutions and "
        "products read copies, one of each parameter for the whole forward; casts that "
        "the network's own code makes are not seen"
    )
    wider = list_wider_on_gpus(arch)
    if wider:
        yield f"on CUDA {format_names(wider, 4)} run in float32, and keep more"
