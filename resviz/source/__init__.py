"""Finding what is to be shown: a record, or a model to trace."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from resviz.errors import SpecError, TraceError
from resviz.inputs import InputSize, InputSpec, has_batch_axis, parse_inputs
from resviz.record import Architecture
from resviz.record.storage import load
from resviz.source.spec import Spec, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    TraceableSource = Architecture | nn.Module | Spec | str | int

PAPER_NAMES = ("paper18", "paper34", "paper50", "paper101", "paper152")
"""The five networks of He et al. 2015, table 1."""


def resolve_architecture(
    source: TraceableSource,
    input_size: InputSize | None = None,
    *,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
    method: str | None = None,
    fast: bool = True,
) -> Architecture:
    """Return the record of a SPEC or a model; a record as it is.

    Args:
        source: a record, a model, or a SPEC, parsed or not; "Ours=SPEC" heads it.
        input_size: of one sample, (C, H, W), or text as the command line takes it, or
            several of either; what the network was published for if left out.
        inputs: the forward's own positional arguments, a tuple; anything else is
            the only one.
        kwargs: its keyword arguments.
        batch: how many samples; 1 if left out.
        training: follow the forward of training mode; not if left out.
        mode: "shapes" never runs a model for real, "run" always does; "auto", the
            default, where its forward looks at values.
        method: of the model, to follow in the place of its forward.
        fast: work out usual layers and operations by rule; the record is the same.

    Raises:
        SpecError: if the SPEC cannot be read, or an input is given for a record.
        BuildError: if the model cannot be imported or built.
        TraceError: if its forward cannot be followed.
    """
    sizes = None if input_size is None else parse_inputs(input_size)
    request = TraceRequest(sizes, inputs, kwargs, batch, training, mode, fast, method)
    if isinstance(source, Architecture):
        return check_record(source, source.name, request)
    check_request(request)
    if not isinstance(source, (Spec, str, int)):
        return trace_model(source, request)
    spec = source if isinstance(source, Spec) else parse_spec(source)
    if spec.own and method and method.startswith("_"):
        raise SpecError(f"{spec.text}: method {method!r} is private")
    if spec.record:
        arch = check_record(load(spec.record), spec.text, request)
    else:
        arch = build_model(spec, fast=request.fast).trace_with(request)
    return head_record(arch, spec.heading) if spec.heading else arch


def head_record(arch: Architecture, heading: str) -> Architecture:
    """Return a record that is printed under a heading; its name stays.

    Raises:
        SpecError: if the heading is no text, or empty.
    """
    if not isinstance(heading, str) or not heading.strip():
        raise SpecError(f"name: got {heading!r}, want text that is not empty")
    return msgspec.structs.replace(arch, title=heading.strip())


def name_record(arch: Architecture, name: str) -> Architecture:
    """Return a record under another name, which is also its heading.

    Raises:
        SpecError: if the name is no text, or empty.
    """
    headed = head_record(arch, name)
    return msgspec.structs.replace(headed, name=headed.title, title="")


class TraceRequest(NamedTuple):
    """Options of a trace as the user gave them; None where left out."""

    sizes: tuple[InputSpec, ...] | None
    inputs: Any
    kwargs: Mapping[str, Any] | None
    batch: int | None
    training: bool | None
    mode: str | None
    fast: bool = True
    method: str | None = None

    def to_trace_options(self, usual: InputSize) -> dict[str, Any]:
        """Return the arguments of a trace, with the model's usual input."""
        from resviz.tracing.tensors import tensors_in

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
            "fast": self.fast,
            "method": self.method or "",
        }


def check_request(request: TraceRequest) -> None:
    """Check that what is asked for can be given together.

    Raises:
        SpecError: if sizes and tensors are both given, or a batch has no place.
    """
    if request.sizes is not None and request.inputs is not None:
        raise SpecError(
            "input_size and inputs: want one of them: inputs= holds the tensors "
            "themselves, input_size= their sizes alone, of which some are made"
        )
    if request.batch is None:
        return
    if request.inputs is not None:
        raise SpecError("batch: the inputs have their own, give other tensors")
    if request.sizes is not None and not has_batch_axis(request.sizes):
        raise SpecError(
            f"batch {request.batch}: has no place in a whole shape, write N where it "
            "stands, as ids=int64:N,128"
        )


def check_record(arch: Architecture, text: str, request: TraceRequest) -> Architecture:
    """Return a record, at another input or batch if that is asked for.

    Raises:
        SpecError: if inputs of another kind are asked for, another method or mode.
        ResizeError: if it cannot be followed at that input.
    """
    if request.inputs is not None or request.kwargs:
        raise SpecError(f"{text}: a record has its inputs, trace the model with others")
    if request.method:
        raise SpecError(f"{text}: a record has its forward, trace the model by another")
    mode = None if request.mode == "auto" else request.mode
    remedy = "trace the model again with that"
    if request.sizes is not None and not fits_record(request.sizes, arch):
        recorded = [
            f"{name} {tensor.shape} {tensor.dtype}".strip()
            for name, tensor in arch.named_inputs
        ]
        got = " and ".join(
            f"{'.'.join(wanted.place)} {wanted.shape_for_batch(arch.batch)} "
            f"{wanted.dtype or ''}".strip()
            for wanted in request.sizes
        )
        inputs = " and ".join(recorded) or "none"
        raise SpecError(f"{text}: recorded with input {inputs}, got {got}: {remedy}")
    for key, wanted, recorded in (
        ("training", request.training, arch.training),
        ("mode", mode, arch.mode),
    ):
        if wanted is not None and wanted != recorded:
            raise SpecError(
                f"{text}: recorded with {key} {recorded!r}, got {wanted!r}: {remedy}"
            )
    return arch.resized(request.sizes, request.batch)


def fits_record(sizes: tuple[InputSpec, ...], arch: Architecture) -> bool:
    """Tell whether a record's inputs are of the kind that is described.

    That is their number, names, dtypes and axes; their sizes may be others.
    """
    return len(sizes) == len(arch.inputs) and all(
        (
            not wanted.place
            or wanted.place[0].isdecimal()
            or ".".join(wanted.place) == name
        )
        and wanted.dtype in {None, tensor.dtype}
        and len(wanted.sizes) == len(tensor.shape)
        for wanted, (name, tensor) in zip(sizes, arch.named_inputs, strict=True)
    )


def trace_model(
    model: nn.Module, request: TraceRequest, **options: Any
) -> Architecture:
    """Trace a model that the caller holds, with further options of a trace.

    Raises:
        SpecError: if it is no module.
    """
    from torch import nn

    from resviz.source.hubs import find_usual_inputs
    from resviz.source.wrong_calls import format_call

    if not isinstance(model, nn.Module):
        remedy = f": call it, {format_call(model)}" if callable(model) else ""
        if isinstance(model, dict):
            remedy = ": build the network, weights tell no shapes"
        raise SpecError(
            "want a record, a torch.nn.Module or a SPEC, "
            f"got {type(model).__name__}{remedy}"
        )
    return trace_request(model, request, find_usual_inputs(model), **options)


def trace_request(
    model: nn.Module, request: TraceRequest, usual_input: InputSize, **options: Any
) -> Architecture:
    """Trace a model as a user asked, with further options of a trace.

    Raises:
        TraceError: if its forward cannot be followed; what the inputs may lack is said.
    """
    from resviz.tracing import trace

    try:
        return trace(model, **request.to_trace_options(usual_input), **options)
    except TraceError as error:
        remedies = [
            f"{spec.text} is a whole shape, want {spec.with_batch.text} for samples"
            for spec in request.sizes or ()
            if spec.is_like_sample
        ]
        error.args = ("; ".join((str(error), *remedies)),)
        raise


def choose_inputs(
    usual_input: InputSize, model: nn.Module, method: str | None
) -> InputSize:
    """Return those of a model's usual inputs that one of its methods takes by name."""
    from resviz.tracing.modules import list_forward_parameters

    if not method:
        return usual_input
    names = list_forward_parameters(model, method)
    specs = parse_inputs(usual_input)
    chosen = [spec for spec in specs if not spec.place or spec.place[0] in names]
    return chosen or specs


class BuiltModel(NamedTuple):
    """A model that a SPEC named, with its usual input and title.

    Attributes:
        model: the module, without values where that can be.
        usual_input: the input that it was published for.
        name: of its record.
        title: what to print for it.
        build_filled: builds it again with values, for a forward that needs them.
        trace_only: whether it has no values, and nobody else has it.
        method: the one that is followed, "" for its forward.
    """

    model: nn.Module
    usual_input: InputSize
    name: str
    title: str = ""
    build_filled: Callable[[], nn.Module] | None = None
    trace_only: bool = False
    method: str = ""

    def trace_with(self, request: TraceRequest, **options: Any) -> Architecture:
        """Trace one forward, with further options of a trace; return its record.

        Raises:
            SpecError: if the SPEC names a method, and the request another.
        """
        name, title = self.name, self.title
        asked = None if request.method == "forward" else request.method
        if self.method:
            if asked not in {None, self.method}:
                raise SpecError(f"{name}: names a method, got method {asked!r} as well")
            request = request._replace(method=self.method)
        elif asked:
            name, title = f"{name}.{asked}", title and f"{title}.{asked}"
        return trace_request(
            self.model,
            request,
            choose_inputs(self.usual_input, self.model, request.method),
            name=name,
            title=title,
            build_filled=self.build_filled,
            trace_only=self.trace_only,
            **options,
        )


def build_model(spec: Spec, *, fast: bool = True) -> BuiltModel:
    """Build what a SPEC names, but a record; if `fast`, from blocks built before.

    Raises:
        SpecError: if it cannot be read.
        BuildError: if it cannot be built.
    """
    from resviz.source import build
    from resviz.source.hubs import HUBS, find_usual_inputs, name_model

    if spec.file:
        return build_from_file(spec)
    name = f"resnet{spec.text}" if spec.text.isdigit() else spec.text
    if spec.module in HUBS:
        part = build.build_hub_model(spec)
        usual_input = find_usual_inputs(part.module)
        if spec.attribute in {"", part.method}:  # else it is of the part alone
            named, find_inputs = name_model(spec), HUBS[spec.module].find_inputs
            usual_input = find_inputs(part.module, named.name, named.options)
        build_filled = partial(build.build_hub_model, spec, filled=True)
    elif spec.module:
        part, build_filled = build.import_model(spec), None
        usual_input = find_usual_inputs(part.module)
    else:
        part = build.build_own_part(spec, fast=fast)
        usual_input = build.find_published_input(spec)
        build_filled = partial(build.build_own_part, spec, filled=True)
    return BuiltModel(
        part.module,
        usual_input,
        name,
        "" if spec.module else build.make_spec_title(parse_spec(spec.text)),
        build_filled and (lambda: build_filled().module),
        trace_only=not spec.module and "weights" not in spec.options,
        method=part.method,
    )


def build_from_file(spec: Spec) -> BuiltModel:
    """Read the network that a file holds, or build the one that its weights are of.

    Raises:
        SpecError: if the file can run code, and the SPEC does not trust it, or its
            weights are of no network that is known.
        BuildError: if no network can be read from it.
    """
    from resviz.source import network_files

    assert spec.file
    name = spec.file.name
    if network_files.find_file_kind(spec.file) == "weights":
        text, certainty = network_files.identify_spec(spec)
        built_model = build_model(parse_spec(text))
        title = f"{built_model.title} (by {name}{certainty})"
        return built_model._replace(name=name, title=title)
    found = network_files.read_network_file(spec)
    title = f"{name}, {found.remark}" if found.remark else ""
    return BuiltModel(found.model, found.usual_input, name, title, found.build_filled)
