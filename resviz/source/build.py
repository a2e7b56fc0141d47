"""From a SPEC to a module, without allocating or filling its weights."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from inspect import getattr_static
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

from resviz.errors import (
    BuildError,
    ResvizError,
    describe_error,
    first_error_line,
    suggest_nearest,
)
from resviz.models import catalogue
from resviz.source.hubs import HUBS, import_hub_module, list_model_names, name_model
from resviz.source.importing import (
    ArgumentResolver,
    find_attribute,
    import_target,
)
from resviz.source.wrong_calls import (
    advise_on_download,
    explain_refused_option,
    explain_wrong_call,
)
from resviz.tracing.process import PreservedProcess, Result, restores_modes
from resviz.units import format_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.source.spec import Spec

INITIALISERS = frozenset(
    function
    for name, function in vars(nn.init).items()
    if name.endswith("_") and not name.startswith("_")
) | {
    torch.Tensor.uniform_,
    torch.Tensor.normal_,
    torch.Tensor.fill_,
    torch.Tensor.zero_,
}
"""What fills a fresh parameter; on meta tensors it only takes time."""


class WeightlessMode(TorchFunctionMode):
    """A mode in which new tensors are made on meta and stay unfilled.

    Building ResNet-152 takes 20 ms this way, and 100 ms with initialisers.

    Attributes:
        copies_prototypes: whether blocks that were built before are copied, which
            `resviz.models.prototypes` asks for.
    """

    constructors = _device_constructors()

    def __init__(self, *, copies_prototypes: bool = True) -> None:
        super().__init__()
        self.copies_prototypes = copies_prototypes

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Answer an initialiser with its tensor; send a constructor to meta."""
        kwargs = kwargs or {}
        if func in INITIALISERS:
            return args[0] if args else kwargs["tensor"]
        if func in self.constructors and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


FETCHING_OPTIONS = ("weights", "weights_backbone", "pretrained")
"""Options with which packages load weights, for which there has to be a place."""


@restores_modes
def build_own_network(
    spec: Spec, *, filled: bool = False, fast: bool = True
) -> nn.Module:
    """Build one of resviz' own networks, on the meta device unless it is `filled`.

    Raises:
        SpecError: for a name, depth or option that cannot be built.
        BuildError: if torch refuses, as a width that no tensor can have.
    """
    build = partial(catalogue.build_network, spec.name, *spec.args, **spec.options)
    try:
        if filled:
            return call_seeded(build)
        if "weights" in spec.options:
            return build()
        with WeightlessMode(copies_prototypes=fast):
            return build()
    except (RuntimeError, ValueError) as error:
        if isinstance(error, ResvizError):
            raise
        raise BuildError(
            f"{spec.text}: torch refuses, {first_error_line(error)}"
        ) from error


def build_own_part(
    spec: Spec, *, filled: bool = False, fast: bool = True
) -> TracedPart:
    """Build one of resviz' own networks, and choose the part that a SPEC names.

    Raises:
        SpecError: as `build_own_network`.
        BuildError: as that, or if there is no such part.
    """
    return choose_part(build_own_network(spec, filled=filled, fast=fast), spec)


def make_spec_title(spec: Spec) -> str:
    """Return the title of one of resviz' own networks, with its options."""
    named_apart = {"depth", "block", "layers"}
    title = catalogue.resolve_network(spec.name, *spec.args, **spec.options).title
    other_options = [
        f"{k}={v!r}" for k, v in spec.options.items() if k not in named_apart
    ]
    part = f".{spec.attribute}" if spec.attribute else ""
    return ", ".join((title, *other_options)) + part


def find_published_input(spec: Spec) -> tuple[int, int, int]:
    """Return the input that one of resviz' networks was published for."""
    channels = spec.options.get("in_channels", 3)
    side = 32 if spec.name.startswith("cifar") else 224
    return channels, side, side


class TracedPart(NamedTuple):
    """What is traced of a model: a module, and its method, "" for its forward."""

    module: nn.Module
    method: str = ""


def choose_part(model: nn.Module, spec: Spec) -> TracedPart:
    """Return the part or the method of a model that a SPEC names after its call.

    Raises:
        BuildError: if there is no such part.
    """
    module, names = model, spec.attribute.split(".") if spec.attribute else []
    for number, name in enumerate(names):
        if spec.own and name.startswith("_"):
            raise BuildError(f"{spec.text}: {name!r} is private to {spec.module!r}")
        part = getattr(module, name, None)
        if isinstance(part, nn.Module):
            module = part
        elif callable(part) and number == len(names) - 1:
            return TracedPart(module, name)
        else:
            place = ".".join(names[:number]) or "the model"
            where = f"{spec.text}: {place} ({type(module).__name__})"
            if part is not None:
                raise BuildError(
                    f"{where}: want a module or a method, {name!r} is "
                    f"of type {type(part).__name__}"
                )
            public = [each for each in dir(module) if each[0] != "_"]
            children = [child for child, _ in module.named_children()]
            near = suggest_nearest(name, [*children, *public])
            there = f", want one of {format_names(children, 8)}" if children else ""
            raise BuildError(
                f"{where} has no module and no method {name!r}{near or there}"
            )
    return TracedPart(module)


@restores_modes
def import_model(spec: Spec, *, wants_class: bool = False) -> TracedPart:
    """Import a callable and call it with the arguments of the SPEC.

    A module that stands where a callable is expected is taken as it is, if no arguments
    were given; so is a method of one, and one of a class, which is called then. What a
    class makes its models by, a class method or a static one, is called itself.

    Args:
        spec: what to import.
        wants_class: refuse what is no class of modules.

    Raises:
        BuildError: if the import or the call fails, or gives no module.
    """
    with import_target(spec) as (module, named):
        target = named
        if isinstance(target, (FunctionType, MethodType)) and not spec.has_call:
            name, _, method = spec.name.rpartition(".")
            owner = find_attribute(name, module) if name else None
            if isinstance(owner, nn.Module) or (
                is_module_class(owner) and not is_factory(owner, method)
            ):
                spec = replace(spec, name=name, attribute=method)
                target = owner
        if isinstance(target, nn.Module) and not spec.has_call:
            return choose_part(target, spec)
        if not callable(target) or (wants_class and not is_module_class(target)):
            got = "a module" if isinstance(target, ModuleType) else repr(target)[:80]
            raise BuildError(
                f"{spec.text}: {spec.name!r} is no callable, got {got}, want a class "
                "or a function that builds the network"
            )
        resolver = ArgumentResolver(spec, module, target)
        try:
            return call_for_module(lambda: resolver.call(spec, target), spec)
        except BuildError as error:
            remedy = explain_wrong_call(error.__cause__, target, spec)
            error.args = (f"{error}{remedy}",)
            raise


def is_module_class(value: Any) -> bool:
    """Tell whether something is a class of modules."""
    return isinstance(value, type) and issubclass(value, nn.Module)


def is_factory(owner: Any, name: str) -> bool:
    """Tell whether a method of a class needs no object of it."""
    return isinstance(getattr_static(owner, name), (classmethod, staticmethod))


def call_seeded(build: Callable[[], Result]) -> Result:
    """Build with the same values each time, and leave the generators alone."""

    def build_after_seed() -> Result:
        torch.default_generator.manual_seed(0)
        return build()

    return PreservedProcess(0).call_within(build_after_seed)


@restores_modes
def build_hub_model(spec: Spec, *, filled: bool = False) -> TracedPart:
    """Build a hub's model: without values, or `filled` with seeded ones.

    Raises:
        BuildError: if the package is not there, or cannot build it.
    """
    hub = HUBS[spec.module or ""]
    named = name_model(spec)
    if hub.factory and named.name.rpartition(".")[2][:1].isupper():
        return import_model(replace(named, module=hub.module), wants_class=spec.own)

    fetches = any(map(named.options.get, FETCHING_OPTIONS))

    def build_from_hub() -> Any:
        module = import_hub_module(spec.module or "")
        resolver = ArgumentResolver(spec, module, module)
        build = partial(hub.build_model, module, named, resolver)
        if not filled and not fetches:
            with suppress(Exception), WeightlessMode():  # some cannot be built so
                return build()
        return call_seeded(build)

    try:
        return call_for_module(build_from_hub, spec)
    except BuildError as error:
        refused = explain_refused_option(error.__cause__)
        remedy = "; leave out the weights, shapes need none" if fetches else ""
        with suppress(Exception):  # a package may list its models otherwise
            names = list_model_names(spec.module or "")
            if named.name not in names:
                remedy = suggest_nearest(named.name, names)
        error.args = (f"{error}{refused or remedy}",)
        raise


def call_for_module(call: Callable[[], Any], spec: Spec) -> TracedPart:
    """Call what builds a SPEC's model and return that, or the part that it names.

    Raises:
        BuildError: with the reason if the call raises, or makes no module.
    """
    try:
        result = call()
    except ResvizError:
        raise
    except (Exception, SystemExit) as error:
        raise BuildError(
            f"{spec.text}: the call failed, {describe_error(error)}"
            f"{advise_on_download(error)}"
        ) from error
    if not isinstance(result, nn.Module):
        got = type(result).__name__
        raise BuildError(
            f"{spec.text}: want a torch.nn.Module, the call gave {got}; "
            "return the network"
        )
    return choose_part(result, spec)
