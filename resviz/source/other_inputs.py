"""A network traced again and again on other inputs, and built once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from resviz.inputs import parse_inputs
from resviz.record import Architecture
from resviz.source import TraceRequest, build_model, trace_model
from resviz.source.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    if tracing.get("inputs") is not None or isinstance(network, Architecture):
        return None
    spec = parse_spec(network) if isinstance(network, (str, int)) else network
    fast = tracing.get("fast") is not False
    if isinstance(spec, Spec):
        if spec.record:
            return None
        trace = build_model(spec, fast=fast).trace_with
    else:
        trace = partial(trace_model, spec)
    others = {key: tracing.get(key) for key in OTHER_OPTIONS}

    def trace_at(size: Shape) -> Architecture:
        return trace(TraceRequest(parse_inputs(size), None, fast=fast, **others))

    return trace_at
