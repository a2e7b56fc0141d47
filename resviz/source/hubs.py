"""Packages of models: how each builds one by name, and which input that one takes."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import BuildError, SpecError
from resviz.inputs import DEFAULT_INPUT, InputSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from resviz.inputs import InputSize
    from resviz.source.importing import ArgumentResolver
    from resviz.source.spec import Spec

Options = dict[str, Any]

CLIP_FRAMES = 16
"""Frames of a clip, unless its weights say so. Source: torchvision's references."""

TEXT_TOKENS = 128
"""Tokens of a text, if the model takes so many."""

SAMPLES_PER_SECOND = 16_000
"""Samples of a second of speech, as the models of transformers take it."""


class ModelHub(NamedTuple):
    """A package of models, and how it builds one by name.

    Attributes:
        module: what to import from it.
        build_model: makes a model without weights, from that module, a SPEC that names
            the model, and what resolves its arguments.
        find_inputs: what a model was published for, from it, its name and options.
        factory: its own function that builds a model by name; "" if it has none.
    """

    module: str
    build_model: Callable[[Any, Spec, ArgumentResolver], nn.Module]
    find_inputs: Callable[[nn.Module, str, Options], InputSize]
    factory: str = ""


def name_model(spec: Spec) -> Spec:
    """Return the SPEC of a hub's model by its name alone.

    Packages document several ways: `models.resnet50()`, `get_model('resnet50')`.

    Raises:
        SpecError: if a function that builds by name is given none.
    """
    factory = HUBS[spec.module or ""].factory
    parts = spec.name.split(".")
    if not factory or (len(parts) > 1 and parts[0] != "models"):
        return spec
    name = parts[-1]
    if "quantization" in parts:
        name = f"quantized_{name}"
    if name[:1].isupper():
        name = spec.name.removeprefix("models.")
    if name != factory:
        return replace(spec, name=name)
    args, options = list(spec.args), dict(spec.options)
    keys = [key for key in ("name", "model_name") if key in options]
    model = args.pop(0) if args else options.pop(keys[0]) if keys else None
    if not isinstance(model, str):
        want = f"{factory}('resnet50')"
        raise SpecError(f"{spec.text}: want the name of a model in quotes, as {want}")
    return replace(spec, name=model, args=tuple(args), options=options)


def resolve_options(spec: Spec, resolver: ArgumentResolver) -> Options:
    """Return the options of a model that is built by name.

    Raises:
        SpecError: if an argument has no name.
    """
    if spec.args:
        got = ", ".join(map(str, spec.args))
        raise SpecError(f"{spec.text}: want options by name, got {got}")
    return resolver.resolve(spec.options)


def build_torchvision_model(
    module: Any, spec: Spec, resolver: ArgumentResolver
) -> nn.Module:
    """Build one of `torchvision.models.list_models()`.

    A detector would fetch weights of its backbone if it were not told not to.

    Raises:
        SpecError: for `pretrained=True`, which torchvision is going to drop.
    """
    options = {"weights": None, **resolve_options(spec, resolver)}
    if options.pop("pretrained", None):
        remedy = "want weights='DEFAULT', or neither: shapes need no weights"
        raise SpecError(f"{spec.text}: unknown option 'pretrained', {remedy}")
    with suppress(Exception):  # an unknown name is told of by `get_model`
        parameters = signature(module.get_model_builder(spec.name)).parameters
        if "weights_backbone" in parameters:
            options = {"weights_backbone": None, **options}
    return module.get_model(spec.name, **options)


def build_timm_model(module: Any, spec: Spec, resolver: ArgumentResolver) -> nn.Module:
    """Build one of `timm.list_models()`.

    Raises:
        SpecError: for weights by name, which timm has in a model's own name.
    """
    options = {"pretrained": False, **resolve_options(spec, resolver)}
    if options.pop("weights", None) is not None:
        remedy = "want pretrained=True, or neither: shapes need no weights"
        raise SpecError(f"{spec.text}: unknown option 'weights', {remedy}")
    return module.create_model(spec.name, **options)


def build_transformers_model(
    module: Any, spec: Spec, resolver: ArgumentResolver
) -> nn.Module:
    """Build a model of a class, or the base model of a configuration class.

    A class without a configuration has its own, with the options that are given:
    `ResNetForImageClassification(depths=[2, 2, 2, 2])`.

    Raises:
        SpecError: if transformers has no such class.
    """
    from resviz.source.importing import MISSING, find_attribute, make_name_error

    target = find_attribute(spec.name, module)
    if target is MISSING:
        raise make_name_error(spec, spec.text, [module])
    if spec.name.endswith("Config"):
        return module.AutoModel.from_config(resolver.call(spec, target))
    make_config = getattr(target, "config_class", None)
    if spec.own and make_config is None:
        raise SpecError(f"{spec.text}: {spec.name!r} is no class of models")
    if make_config is None or spec.args or "config" in spec.options:
        return resolver.call(spec, target)
    return target(make_config(**resolver.resolve(spec.options)))


def find_usual_inputs(model: nn.Module) -> InputSize:
    """Return the input that a model was published for, if it says so."""
    if isinstance(getattr(model, "default_cfg", None), dict):
        return find_timm_inputs(model, "", {})
    names_main_input = isinstance(getattr(model, "main_input_name", None), str)
    if names_main_input and hasattr(model, "config"):
        return find_transformers_inputs(model, "", {})
    return DEFAULT_INPUT


def find_timm_inputs(model: nn.Module, name: str, options: Options) -> InputSize:
    """Return the `input_size` that timm publishes, or `img_size` if given."""
    del name
    published = getattr(model, "default_cfg", None) or {}
    channels, *sides = published.get("input_size", DEFAULT_INPUT)
    img_size = options.get("img_size")
    if img_size is not None:
        sides = height_and_width(img_size)
    return options.get("in_chans", channels), *sides


def find_torchvision_inputs(model: nn.Module, name: str, options: Options) -> InputSize:
    """Return the crop of a model's first published weights.

    A clip has a time axis, a detector takes a list of images, and optical flow two,
    in its documentation of 520×960.
    """
    del options
    models: Any = sys.modules["torchvision.models"]
    side = getattr(model, "image_size", None)  # what a ViT was built for
    if isinstance(side, int):
        return 3, side, side
    with suppress(Exception):  # a name without weights is published for no size
        weights = next(iter(models.get_model_weights(name)))
        return find_crop_inputs(weights.transforms(), weights.meta)
    return DEFAULT_INPUT


def find_crop_inputs(transform: Any, meta: dict[str, Any]) -> InputSize:
    """Return the size that a transform of torchvision makes."""
    kind = type(transform).__name__
    if kind == "ObjectDetection":
        return InputSpec((3, 800, 800), "float32", ("0", "0"))
    if kind == "OpticalFlow":
        return (3, 520, 960), (3, 520, 960)
    crop = getattr(transform, "crop_size", None) or transform.resize_size
    sides = height_and_width(crop)
    if kind == "VideoClassification":
        return 3, max(CLIP_FRAMES, meta.get("min_temporal_size", 0)), *sides
    return 3, *sides


def height_and_width(size: Any) -> tuple[int, int]:
    """Return height and width of 224, [224] or (224, 224)."""
    sides = tuple(size) if isinstance(size, (list, tuple)) else (size,)
    return sides[0], sides[-1]


def find_transformers_inputs(
    model: nn.Module, name: str, options: Options
) -> InputSize:
    """Return what a model's configuration names: image, clip, ids or sound."""
    del name, options
    config: Any = getattr(model, "config", None)
    main_input = getattr(model, "main_input_name", "pixel_values")
    vision = getattr(config, "vision_config", None)
    text = getattr(config, "text_config", None)
    if vision and text:
        return (
            make_token_input(text, "input_ids"),
            make_pixel_input(vision, "pixel_values"),
        )
    if main_input == "input_ids":
        token_inputs = [make_token_input(config, main_input)]
        if getattr(config, "is_encoder_decoder", False):
            token_inputs.append(make_token_input(config, "decoder_input_ids"))
        return token_inputs
    if main_input == "input_values":
        return InputSpec((None, SAMPLES_PER_SECOND), None, (main_input,))
    if main_input == "input_features" and hasattr(config, "num_mel_bins"):
        frames = 2 * getattr(config, "max_source_positions", 1500)
        mel = InputSpec((None, config.num_mel_bins, frames), None, (main_input,))
        return [mel, make_token_input(config, "decoder_input_ids")]
    return make_pixel_input(config)


def make_token_input(config: Any, name: str) -> InputSpec:
    """Return the input for the tokens of a text."""
    longest = getattr(config, "max_position_embeddings", None) or TEXT_TOKENS
    return InputSpec((None, min(TEXT_TOKENS, longest)), "int64", (name,))


def make_pixel_input(config: Any, *place: str) -> InputSpec:
    """Return the input for an image, or for a clip of several frames."""
    side = height_and_width(getattr(config, "image_size", None) or DEFAULT_INPUT[1])
    frames = getattr(config, "num_frames", None)
    clip = () if frames is None else (frames,)
    return InputSpec(
        (None, *clip, getattr(config, "num_channels", 3), *side), None, place
    )


HUBS = {
    "torchvision": ModelHub(
        "torchvision.models",
        build_torchvision_model,
        find_torchvision_inputs,
        "get_model",
    ),
    "timm": ModelHub("timm", build_timm_model, find_timm_inputs, "create_model"),
    "transformers": ModelHub(
        "transformers",
        build_transformers_model,
        find_transformers_inputs,
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
    listing_hubs = [name for name, candidate in HUBS.items() if candidate.factory]
    if hub not in listing_hubs:
        want = ", ".join(listing_hubs)
        raise SpecError(f"{hub}: has no list of models, want one of {want}")
    return tuple(import_hub_module(hub).list_models())
