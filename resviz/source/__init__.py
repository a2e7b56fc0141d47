"""Finding what is to be shown: a record, or a model to trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError
from resviz.inputs import Given, InputSize, batches, given
from resviz.record import Architecture
from resviz.source.spec import Spec, parse
from resviz.storage import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    Source = Architecture | nn.Module | Spec | str | int

PAPER = ("paper18", "paper34", "paper50", "paper101", "paper152")
"""The five networks of He et al. 2015, table 1."""


def architecture(
    source: Source,
    input_size: InputSize | None = None,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
) -> Architecture:
    """The record of a SPEC or a model; a record is given back as it is.

    Args:
        source: a record, a model, or a SPEC, parsed or not.
        input_size: of one sample, (C, H, W), or text as the command line takes it, or
            several of either; what the network was published for if left out.
        inputs: the forward's own positional arguments, a tuple; anything else is
            the only one.
        kwargs: its keyword arguments.
        batch: how many samples; 1 if left out.
        training: follow the forward of training mode; not if left out.
        mode: "shapes" never runs a model for real, "run" always does; "auto", the
            default, where its forward looks at values.

    Raises:
        SpecError: if the SPEC cannot be read, or an input is given for a record.
        BuildError: if the model cannot be imported or built.
        TraceError: if its forward cannot be followed.
    """
    sizes = None if input_size is None else given(input_size)
    asked = Asked(sizes, inputs, kwargs, batch, training, mode)
    if isinstance(source, Architecture):
        return recorded(source, source.name, asked)
    check_batch(asked)
    if not isinstance(source, (Spec, str, int)):
        return traced_model(source, asked)
    spec = source if isinstance(source, Spec) else parse(source)
    if spec.record:
        return recorded(load(spec.record), spec.text, asked)
    return traced_spec(spec, asked)


class Asked(NamedTuple):
    """How a model is to be traced; None where it was left out."""

    sizes: tuple[Given, ...] | None
    inputs: Any
    kwargs: Mapping[str, Any] | None
    batch: int | None
    training: bool | None
    mode: str | None

    def options(self, usual: InputSize) -> dict[str, Any]:
        """The arguments of a trace of a model that is usually given `usual`."""
        from resviz.tracing.nests import tensors_in

        inputs = self.inputs
        if self.sizes is None and inputs is None and [*tensors_in(self.kwargs)]:
            inputs = ()
        return {
            "input_size": usual if self.sizes is None else self.sizes,
            "inputs": inputs,
            "kwargs": self.kwargs,
            "batch": 1 if self.batch is None else self.batch,
            "training": bool(self.training),
            "mode": self.mode or "auto",
        }


def check_batch(asked: Asked) -> None:
    """Check that what is asked for can be given together.

    Raises:
        SpecError: if sizes and tensors are both given, or a batch has no place.
    """
    if asked.sizes is not None and asked.inputs is not None:
        raise SpecError("input_size and inputs: want one of them")
    if asked.batch is None:
        return
    if asked.inputs is not None:
        raise SpecError("batch: the inputs have their own, give other tensors")
    if asked.sizes is not None and not batches(asked.sizes):
        raise SpecError(
            f"batch {asked.batch}: has no place in a whole shape, write N where it "
            "stands, as ids=int64:N,128"
        )


def recorded(arch: Architecture, text: str, asked: Asked) -> Architecture:
    """A record, of which nothing can be asked that it was not traced with.

    Raises:
        SpecError: if another input, batch or mode is asked for.
    """
    if asked.inputs is not None or asked.kwargs:
        raise SpecError(f"{text}: a record has its inputs, trace the model with others")
    mode = None if asked.mode == "auto" else asked.mode
    held = {
        "batch": (asked.batch, arch.batch),
        "training": (asked.training, arch.training),
        "mode": (mode, arch.mode),
    }
    if asked.sizes is not None and not fits(asked.sizes, arch):
        own = " and ".join(f"{it.shape} {it.dtype}" for it in arch.inputs) or "none"
        got = " and ".join(
            f"{one.shape(arch.batch)} {one.dtype or ''}".strip() for one in asked.sizes
        )
        raise SpecError(
            f"{text}: recorded with input {own}, got {got}: trace the model again "
            "with that"
        )
    for key, (wanted, own) in held.items():
        if wanted is not None and wanted != own:
            raise SpecError(
                f"{text}: recorded with {key} {own!r}, got {wanted!r}: trace the "
                "model again with that"
            )
    return arch


def fits(sizes: tuple[Given, ...], arch: Architecture) -> bool:
    """Whether a record's inputs are those that are described."""
    if len(sizes) != len(arch.inputs):
        return False
    for one, (name, tensor) in zip(sizes, arch.named_inputs, strict=True):
        named = not one.place or one.place[0].isdecimal() or ".".join(one.place) == name
        typed = one.dtype in {None, tensor.dtype}
        if not named or not typed or one.shape(arch.batch) != tensor.shape:
            return False
    return True


def traced_model(model: nn.Module, asked: Asked) -> Architecture:
    """Trace a model that the caller holds.

    Raises:
        SpecError: if it is no module.
    """
    from torch import nn

    from resviz.source.usual import usual_inputs
    from resviz.tracing import trace

    if not isinstance(model, nn.Module):
        raise SpecError(
            f"want a record, a torch.nn.Module or a SPEC, got {type(model).__name__}"
        )
    return trace(model, **asked.options(usual_inputs(model)))


def traced_spec(spec: Spec, asked: Asked) -> Architecture:
    """Build what a SPEC names and trace it."""
    return built(spec).traced(asked)


class Built(NamedTuple):
    """A model that a SPEC named.

    Attributes:
        model: it, without values where that can be.
        usual: the input that it was published for.
        name: of its record.
        title: what to print for it.
        filled: builds it again with values, for a forward that needs them.
        lent: whether it has no values, and nobody else has it.
    """

    model: nn.Module
    usual: InputSize
    name: str
    title: str = ""
    filled: Callable[[], nn.Module] | None = None
    lent: bool = False

    def traced(self, asked: Asked) -> Architecture:
        """The record of one forward."""
        from resviz.tracing import trace

        options = asked.options(self.usual)
        return trace(
            self.model,
            name=self.name,
            title=self.title,
            filled=self.filled,
            lent=self.lent,
            **options,
        )


def built(spec: Spec) -> Built:
    """Build what a SPEC names, but a record.

    Raises:
        SpecError: if it cannot be read.
        BuildError: if it cannot be built.
    """
    from resviz.source import build
    from resviz.source.hubs import HUBS
    from resviz.source.usual import usual_inputs

    name = f"resnet{spec.text}" if spec.text.isdigit() else spec.text
    if spec.module in HUBS:
        model = build.published(spec)
        usual = HUBS[spec.module].inputs(model, spec.name, spec.options)
        return Built(
            model, usual, name, filled=partial(build.published, spec, filled=True)
        )
    if spec.module:
        model = build.imported(spec)
        return Built(model, usual_inputs(model), name)
    filled = partial(build.network, spec, filled=True)
    usual = build.published_input(spec)
    model = build.network(spec)
    lent = "weights" not in spec.options
    return Built(model, usual, name, build.title(parse(spec.text)), filled, lent)
