"""The inputs that models of other packages were published for, as these say."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from resviz.inputs import DEFAULT_INPUT, InputSpec

if TYPE_CHECKING:
    from torch import nn

    from resviz.inputs import InputSize

Options = dict[str, Any]

CLIP_FRAMES = 16
"""Frames of a clip, unless its weights say so. Source: torchvision's references."""

TEXT_TOKENS = 128
"""Tokens of a text, if the model takes so many."""

SAMPLES_PER_SECOND = 16_000
"""Samples of a second of speech, as the models of transformers take it."""


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
