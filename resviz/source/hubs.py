"""Packages that publish many models, and how each builds one by name."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import BuildError, SpecError
from resviz.source.usual import timm_inputs, torchvision_inputs, transformers_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from resviz.inputs import InputSize

Options = dict[str, Any]


class Hub(NamedTuple):
    """One package.

    Attributes:
        module: what to import from it.
        build: makes a model without weights, from that module, a name and options.
        inputs: what a model was published for, from it, its name and options.
        names: gives the names of all models, from that module, if it has a list.
    """

    module: str
    build: Callable[[Any, str, Options], nn.Module]
    inputs: Callable[[nn.Module, str, Options], InputSize]
    names: Callable[[Any], Sequence[str]] | None = None


def torchvision_model(module: Any, name: str, options: Options) -> nn.Module:
    """One of `torchvision.models.list_models()`.

    A detector would fetch weights of its backbone if it were not told not to.
    """
    with suppress(Exception):  # an unknown name is told of by `get_model`
        wanted = signature(module.get_model_builder(name)).parameters
        if "weights_backbone" in wanted:
            options = {"weights_backbone": None, **options}
    return module.get_model(name, weights=None, **options)


def timm_model(module: Any, name: str, options: Options) -> nn.Module:
    """One of `timm.list_models()`."""
    return module.create_model(name, pretrained=False, **options)


def transformers_model(module: Any, name: str, options: Options) -> nn.Module:
    """The base model of a configuration class, as `ResNetConfig`."""
    return module.AutoModel.from_config(getattr(module, name)(**options))


def listed(module: Any) -> Sequence[str]:
    """All names, of a package that has `list_models`."""
    return module.list_models()


HUBS = {
    "torchvision": Hub(
        "torchvision.models", torchvision_model, torchvision_inputs, listed
    ),
    "timm": Hub("timm", timm_model, timm_inputs, listed),
    "transformers": Hub("transformers", transformers_model, transformers_inputs),
}
"""The packages by name. To add one, add a row."""


def package(name: str) -> Any:
    """The module of a hub.

    Raises:
        BuildError: if it is not installed, or cannot be imported.
    """
    try:
        return import_module(HUBS[name].module)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == name:
            raise BuildError(f"{name} is not installed: pip install {name}") from error
        raise


def names(hub: str) -> tuple[str, ...]:
    """The names of all models of a hub; of resviz' own for "".

    Raises:
        SpecError: if there is no such hub, or it has no list.
        BuildError: if it is not installed, or cannot be imported.
    """
    if not hub:
        from resviz.models.catalogue import names as own

        return own()
    if hub not in HUBS or HUBS[hub].names is None:
        known = ", ".join(name for name, it in HUBS.items() if it.names)
        raise SpecError(f"{hub}: has no list of models, want one of {known}")
    listing = HUBS[hub].names
    assert listing
    return tuple(listing(package(hub)))
