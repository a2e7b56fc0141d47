"""Tracing: a record of a model or a SPEC, or of several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from resviz import source
from resviz.options.keywords import takes_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from resviz.inputs import InputSize
    from resviz.options import TraceOptions
    from resviz.record import Architecture
    from resviz.source import TraceableSource

    Networks = TraceableSource | Sequence[TraceableSource] | dict[str, TraceableSource]


@takes_options
def trace(
    model_or_spec: TraceableSource,
    input_size: InputSize | None = None,
    batch: int | None = None,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    training: bool | None = None,
    mode: str | None = None,
    method: str | None = None,
    fast: bool = True,
    name: str | None = None,
) -> Architecture:
    """Follow one forward of a model or SPEC and record it.

    No weight is read or allocated, unless the forward looks at values, and the model
    stays as it is, also when its forward raises.

    Args:
        model_or_spec: a model, or a SPEC.
        input_size: of one sample, (C, H, W); if left out, what the network was
            published for: (3, 224, 224), (3, 32, 32) for the CIFAR nets. Text is
            read as by `--input`: "ids=int64:N,128"; several are several inputs.
        inputs: the forward's own positional arguments, a tuple; anything else is
            the only one. Of tensors in them the shape and dtype are read; they are
            copied if the forward is run for real, and all else is passed on.
        kwargs: its keyword arguments, likewise.
        batch: how many samples; 1 if left out.
        training: follow the forward of training mode instead of evaluation.
        mode: "shapes" never runs a model for real, "run" always does; "auto", the
            default, only where its forward looks at values.
        method: of the model, to follow in the place of its forward: "encode_image".
        fast: work out usual layers and operations by rule, and copy blocks that were
            built before. If not, everything is built and run, which takes two to three
            times as long and gives the same record.
        name: what to call it, here and in all that is made of the record.

    Raises:
        SpecError: if the SPEC cannot be read.
        BuildError: if the model cannot be imported or built.
        TraceError: if the forward raises; its `partial` is the record up to there.

    Example:
        >>> trace("resnet50").params
        25557032
    """
    arch = source.resolve_architecture(
        model_or_spec,
        input_size,
        inputs=inputs,
        kwargs=kwargs,
        batch=batch,
        training=training,
        mode=mode,
        method=method,
        fast=fast,
    )
    return arch if name is None else source.name_record(arch, name)


def trace_networks(
    networks: Networks, **tracing: Unpack[TraceOptions]
) -> list[Architecture]:
    """Return the records of one network or of several; keys of a dictionary name them.

    Raises:
        ResvizError: as `trace`; SpecError for a key that is no name.
    """
    if isinstance(networks, dict):
        return [
            source.head_record(source.resolve_architecture(network, **tracing), heading)
            for heading, network in networks.items()
        ]
    return [
        source.resolve_architecture(network, **tracing)
        for network in list_networks(networks)
    ]


def list_networks(networks: Networks) -> list[TraceableSource]:
    """List one network or several, without their names."""
    if isinstance(networks, dict):
        return [*networks.values()]
    several = networks if isinstance(networks, (list, tuple)) else [networks]
    return [cast("TraceableSource", network) for network in several]
