"""A network traced anew on the input of another, so that both can be compared."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from resviz.errors import ResvizError
from resviz.record import Architecture
from resviz.source import resolve_architecture
from resviz.source.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.source import TraceableSource


def trace_on_input_of(
    network: TraceableSource,
    arch: Architecture,
    other: Architecture,
    tracing: Mapping[str, Any],
) -> Architecture | None:
    """Trace a network on the input of another; None where it has it, or cannot.

    Args:
        network: a model or a SPEC; a record is traced no more.
        arch: its record on its own input.
        other: that of the network whose input it gets.
        tracing: as for `resolve_architecture`.
    """
    if arch.inputs == other.inputs or not are_maps(arch) or not are_maps(other):
        return None
    if tracing.get("inputs") is not None or tracing.get("kwargs") is not None:
        return None
    if isinstance(network, Architecture):
        return None
    spec = parse_spec(network) if isinstance(network, (str, int)) else network
    if isinstance(spec, Spec) and spec.record:
        return None
    options = {**tracing, "input_size": other.input_shape[1:], "batch": other.batch}
    with suppress(ResvizError):
        resized = resolve_architecture(spec, **options)
        return resized if resized.inputs == other.inputs else None
    return None


def are_maps(arch: Architecture) -> bool:
    """Tell whether the only input of a record is a batch of maps, (N, C, H, W)."""
    return len(arch.inputs) == 1 and len(arch.input_shape) == 4
