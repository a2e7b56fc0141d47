"""Packages that publish many models, and how each builds one by name."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import BuildError, SpecError
from resviz.source.published_inputs import (
    find_timm_inputs,
    find_torchvision_inputs,
    find_transformers_inputs,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from resviz.inputs import InputSize

Options = dict[str, Any]


class ModelHub(NamedTuple):
    """A package of models, and how it builds one by name.

    Attributes:
        module: what to import from it.
        build_model: makes a model without weights, from that module, a name and
            options.
        find_inputs: what a model was published for, from it, its name and options.
        list_names: gives the names of all models, from that module, if it has a list.
    """

    module: str
    build_model: Callable[[Any, str, Options], nn.Module]
    find_inputs: Callable[[nn.Module, str, Options], InputSize]
    list_names: Callable[[Any], Sequence[str]] | None = None


def build_torchvision_model(module: Any, name: str, options: Options) -> nn.Module:
    """Build one of `torchvision.models.list_models()`.

    A detector would fetch weights of its backbone if it were not told not to.
    """
    with suppress(Exception):  # an unknown name is told of by `get_model`
        parameters = signature(module.get_model_builder(name)).parameters
        if "weights_backbone" in parameters:
            options = {"weights_backbone": None, **options}
    return module.get_model(name, weights=None, **options)


def build_timm_model(module: Any, name: str, options: Options) -> nn.Module:
    """Build one of `timm.list_models()`."""
    return module.create_model(name, pretrained=False, **options)


def build_transformers_model(module: Any, name: str, options: Options) -> nn.Module:
    """Build the base model of a configuration class, as `ResNetConfig`."""
    return module.AutoModel.from_config(getattr(module, name)(**options))


def list_hub_models(module: Any) -> Sequence[str]:
    """List all model names of a package that has `list_models`."""
    return module.list_models()


HUBS = {
    "torchvision": ModelHub(
        "torchvision.models",
        build_torchvision_model,
        find_torchvision_inputs,
        list_hub_models,
    ),
    "timm": ModelHub("timm", build_timm_model, find_timm_inputs, list_hub_models),
    "transformers": ModelHub(
        "transformers", build_transformers_model, find_transformers_inputs
    ),
}
"""The packages by name. To add one, add a row."""


def import_hub_module(name: str) -> Any:
    """Import the module of a hub.

    Raises:
        BuildError: if it is not installed, or cannot be imported.
    """
    try:
        return import_module(HUBS[name].module)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] == name:
            raise BuildError(f"{name} is not installed: pip install {name}") from error
        raise


def list_model_names(hub: str) -> tuple[str, ...]:
    """List the names of all models of a hub; of resviz' own for "".

    Raises:
        SpecError: if there is no such hub, or it has no list.
        BuildError: if it is not installed, or cannot be imported.
    """
    if not hub:
        from resviz.models.catalogue import list_network_names as own

        return own()
    if hub not in HUBS or HUBS[hub].list_names is None:
        listing_hubs = ", ".join(
            name for name, candidate in HUBS.items() if candidate.list_names
        )
        raise SpecError(f"{hub}: has no list of models, want one of {listing_hubs}")
    listing = HUBS[hub].list_names
    assert listing
    return tuple(listing(import_hub_module(hub)))
