"""A network traced on other inputs: on many, and built once, or on that of another."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from resviz.errors import ResvizError
from resviz.inputs import parse_inputs
from resviz.readings.compare import takes_maps
from resviz.record import Architecture
from resviz.source import TraceRequest, build_model, resolve_architecture, trace_model
from resviz.source.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from resviz.record import Shape
    from resviz.source import TraceableSource

OTHER_OPTIONS = ("kwargs", "batch", "training", "mode", "method")
"""Options of a trace that stay as they are."""


def make_retracer(
    network: TraceableSource, tracing: Mapping[str, Any]
) -> Callable[[Shape], Architecture] | None:
    """Return what traces a network on another size of its input; None for a record.

    Args:
        network: a record, a model or a SPEC.
        tracing: other options of `resviz.trace`; with tensors for `inputs` no other
            size can be traced.
    """
    traceable = find_traceable(network)
    if tracing.get("inputs") is not None or traceable is None:
        return None
    fast = tracing.get("fast") is not False
    if isinstance(traceable, Spec):
        trace = build_model(traceable, fast=fast).trace_with
    else:
        trace = partial(trace_model, traceable)
    others = {key: tracing.get(key) for key in OTHER_OPTIONS}

    def trace_at(size: Shape) -> Architecture:
        return trace(TraceRequest(parse_inputs(size), None, fast=fast, **others))

    return trace_at


def find_traceable(network: TraceableSource) -> Spec | nn.Module | None:
    """Find the model of a network, or the SPEC of one; None for a record."""
    if isinstance(network, Architecture):
        return None
    spec = parse_spec(network) if isinstance(network, (str, int)) else network
    return None if isinstance(spec, Spec) and spec.record else spec


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
    if arch.inputs == other.inputs or not takes_maps(arch) or not takes_maps(other):
        return None
    if tracing.get("inputs") is not None or tracing.get("kwargs") is not None:
        return None
    traceable = find_traceable(network)
    if traceable is None:
        return None
    options = {**tracing, "input_size": other.input_shape[1:], "batch": other.batch}
    with suppress(ResvizError):
        resized = resolve_architecture(traceable, **options)
        return resized if resized.inputs == other.inputs else None
    return None
