"""Packages that publish many models, and how each builds one by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

Options = dict[str, Any]
Size = tuple[int, ...]


class Hub(NamedTuple):
    """One package.

    Attributes:
        module: what to import from it.
        build: makes a model without weights, from that module, a name and options.
        size: of the input that a model was published for, (C, H, W).
    """

    module: str
    build: Callable[[Any, str, Options], nn.Module]
    size: Callable[[nn.Module], Size]


def usual(model: nn.Module) -> Size:
    """The ImageNet crop of He et al. 2015."""
    del model
    return 3, 224, 224


def torchvision_model(module: Any, name: str, options: Options) -> nn.Module:
    """One of `torchvision.models.list_models()`."""
    return module.get_model(name, weights=None, **options)


def timm_model(module: Any, name: str, options: Options) -> nn.Module:
    """One of `timm.list_models()`."""
    return module.create_model(name, pretrained=False, **options)


def timm_size(model: nn.Module) -> Size:
    """What timm publishes with each model."""
    published = getattr(model, "default_cfg", None) or {}
    return tuple(published.get("input_size", (3, 224, 224)))


def transformers_model(module: Any, name: str, options: Options) -> nn.Module:
    """The base model of a configuration class, as `ResNetConfig`."""
    return module.AutoModel.from_config(getattr(module, name)(**options))


def transformers_size(model: nn.Module) -> Size:
    """Channels and side that a vision model's configuration names."""
    config: Any = getattr(model, "config", None)
    side = getattr(config, "image_size", 224)
    height, width = side if isinstance(side, (list, tuple)) else (side, side)
    return getattr(config, "num_channels", 3), height, width


HUBS = {
    "torchvision": Hub("torchvision.models", torchvision_model, usual),
    "timm": Hub("timm", timm_model, timm_size),
    "transformers": Hub("transformers", transformers_model, transformers_size),
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
