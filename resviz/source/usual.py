"""The inputs that models of other packages were published for, as these say."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from resviz.inputs import DEFAULT_INPUT, Given

if TYPE_CHECKING:
    from torch import nn

    from resviz.inputs import InputSize

Options = dict[str, Any]

FRAMES = 16
"""Of a clip, where nothing else is said. Source: torchvision's video references."""

TOKENS = 128
"""Of a text, if the model takes so many."""

SECOND = 16_000
"""Samples of a second of speech, as the models of transformers take it."""


def usual_inputs(model: nn.Module) -> InputSize:
    """What a model that somebody built was published for, if it says so."""
    if isinstance(getattr(model, "default_cfg", None), dict):
        return timm_inputs(model, "", {})
    named = isinstance(getattr(model, "main_input_name", None), str)
    if named and hasattr(model, "config"):
        return transformers_inputs(model, "", {})
    return DEFAULT_INPUT


def timm_inputs(model: nn.Module, name: str, options: Options) -> InputSize:
    """The `input_size` that timm publishes with each model, or that was asked for."""
    del name
    published = getattr(model, "default_cfg", None) or {}
    channels, *sides = published.get("input_size", DEFAULT_INPUT)
    asked = options.get("img_size")
    if asked is not None:
        sides = pair(asked)
    return options.get("in_chans", channels), *sides


def torchvision_inputs(model: nn.Module, name: str, options: Options) -> InputSize:
    """The crop of a model's first published weights.

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
        return cropped(weights.transforms(), weights.meta)
    return DEFAULT_INPUT


def cropped(transform: Any, meta: dict[str, Any]) -> InputSize:
    """What a transform of torchvision makes of an image or a clip."""
    kind = type(transform).__name__
    if kind == "ObjectDetection":
        return Given((3, 800, 800), "float32", ("0", "0"))
    if kind == "OpticalFlow":
        return (3, 520, 960), (3, 520, 960)
    crop = getattr(transform, "crop_size", None) or transform.resize_size
    sides = pair(crop)
    if kind == "VideoClassification":
        return 3, max(FRAMES, meta.get("min_temporal_size", 0)), *sides
    return 3, *sides


def pair(size: Any) -> tuple[int, int]:
    """Height and width of 224, [224] or (224, 224)."""
    sides = tuple(size) if isinstance(size, (list, tuple)) else (size,)
    return sides[0], sides[-1]


def transformers_inputs(model: nn.Module, name: str, options: Options) -> InputSize:
    """What a model's configuration names: an image, a clip, ids, or sound."""
    del name, options
    config: Any = getattr(model, "config", None)
    main = getattr(model, "main_input_name", "pixel_values")
    vision = getattr(config, "vision_config", None)
    text = getattr(config, "text_config", None)
    if vision and text:
        return (ids(text, "input_ids"), pixels(vision, "pixel_values"))
    if main == "input_ids":
        own = [ids(config, main)]
        if getattr(config, "is_encoder_decoder", False):
            own.append(ids(config, "decoder_input_ids"))
        return own
    if main == "input_values":
        return Given((None, SECOND), None, (main,))
    if main == "input_features" and hasattr(config, "num_mel_bins"):
        frames = 2 * getattr(config, "max_source_positions", 1500)
        mel = Given((None, config.num_mel_bins, frames), None, (main,))
        return [mel, ids(config, "decoder_input_ids")]
    return pixels(config)


def ids(config: Any, name: str) -> Given:
    """The tokens of a text."""
    longest = getattr(config, "max_position_embeddings", None) or TOKENS
    return Given((None, min(TOKENS, longest)), "int64", (name,))


def pixels(config: Any, *place: str) -> Given:
    """An image, or a clip whose frames stand before the channels."""
    side = pair(getattr(config, "image_size", None) or DEFAULT_INPUT[1])
    frames = getattr(config, "num_frames", None)
    clip = () if frames is None else (frames,)
    return Given((None, *clip, getattr(config, "num_channels", 3), *side), None, place)
