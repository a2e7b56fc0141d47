"""Finding what is to be shown: a record, or a model to trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.record import Architecture
from resviz.source.spec import Spec, parse
from resviz.storage import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    Source = Architecture | nn.Module | str | int

PAPER = ("paper18", "paper34", "paper50", "paper101", "paper152")
"""The five networks of He et al. 2015, table 1."""


def architecture(
    source: Source,
    input_size: Sequence[int] | None = None,
    *,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
) -> Architecture:
    """The record of a SPEC or a model; a record is given back as it is.

    Args:
        source: a record, a model, or a SPEC.
        input_size: of one sample, (C, H, W); what the network was published for
            if left out.
        batch: how many samples; 1 if left out.
        training: follow the forward of training mode; not if left out.
        mode: "shapes" never runs a model for real, "run" always does; "auto", the
            default, where its forward looks at values.

    Raises:
        SpecError: if the SPEC cannot be read, or an input is given for a record.
        BuildError: if the model cannot be imported or built.
        TraceError: if its forward cannot be followed.
    """
    asked = {
        "input_size": input_size,
        "batch": batch,
        "training": training,
        "mode": None if mode == "auto" else mode,
    }
    options: dict[str, Any] = {
        "batch": 1 if batch is None else batch,
        "training": bool(training),
        "mode": mode or "auto",
    }
    if isinstance(source, Architecture):
        return recorded(source, source.name, asked)
    if not isinstance(source, (str, int)):
        return traced_model(source, input_size, options)
    spec = parse(source)
    if spec.record:
        return recorded(load(spec.record), spec.text, asked)
    return traced_spec(spec, input_size, options)


def recorded(arch: Architecture, text: str, asked: dict[str, Any]) -> Architecture:
    """A record, of which nothing can be asked that it was not traced with.

    Raises:
        SpecError: if another input, batch or mode is asked for.
    """
    batch, *sizes = arch.inputs[0].shape
    size = asked["input_size"]
    if isinstance(size, (list, tuple)):
        asked = asked | {"input_size": tuple(size)}
    held = {
        "input_size": tuple(sizes),
        "batch": batch,
        "training": arch.training,
        "mode": arch.mode,
    }
    for key, value in asked.items():
        if value is not None and value != held[key]:
            raise SpecError(
                f"{text}: recorded with {key} {held[key]!r}, got {value!r}: trace the "
                "model again with that"
            )
    return arch


def traced_model(
    model: nn.Module, input_size: Sequence[int] | None, options: dict[str, Any]
) -> Architecture:
    """Trace a model that the caller holds.

    Raises:
        SpecError: if it is no module.
    """
    from torch import nn

    from resviz.tracing import DEFAULT_INPUT, trace

    if not isinstance(model, nn.Module):
        raise SpecError(
            f"want a record, a torch.nn.Module or a SPEC, got {type(model).__name__}"
        )
    size = DEFAULT_INPUT if input_size is None else input_size
    return trace(model, size, **options)


def traced_spec(
    spec: Spec, input_size: Sequence[int] | None, options: dict[str, Any]
) -> Architecture:
    """Build what a SPEC names and trace it."""
    from resviz.source import build
    from resviz.source.hubs import HUBS
    from resviz.tracing import DEFAULT_INPUT, trace

    if spec.module in HUBS:
        model, usual = build.published(spec)
        title = ""
    elif spec.module:
        model, title, usual = build.imported(spec), "", DEFAULT_INPUT
    else:
        model, title = build.network(spec), build.title(spec)
        usual = build.published_input(spec)
    size = usual if input_size is None else input_size
    name = f"resnet{spec.text}" if spec.text.isdigit() else spec.text
    return trace(model, size, name=name, title=title, **options)
