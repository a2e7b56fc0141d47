"""Checks that option values share; each fails in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resviz.errors import OptionError, SpecError, suggest_nearest

OPTION_SYNONYMS = tuple(
    frozenset(words.split())
    for words in (
        "in_channels in_chans input_channels in_ch channels num_channels",
        "num_classes n_classes nb_classes classes class_num num_labels",
        "img_size image_size input_size",
        "base_channels width inplanes planes",
        "groups cardinality num_groups",
        "width_per_group base_width",
        "output_stride dilations dilation dilate replace_stride_with_dilation",
        "zero_init_residual zero_init_last",
        "drop_rate dropout dropout_rate drop p_dropout",
        "drop_path_rate drop_path stochastic_depth_prob drop_connect_rate",
        "norm_layer norm",
        "act_layer activation activation_layer act hidden_act",
        "weights pretrained",
    )
)
"""What torchvision, timm, transformers and others call one option."""

TIMM_OPTIONS = (
    *("act_layer", "aa_layer", "attn_layer", "block_args", "block_reduce_first"),
    "down_kernel_size",
)
"""Options of timm's ResNet that change what is built, and have no like here."""

SHAPELESS_OPTIONS = (
    *("drop_rate", "dropout", "dropout_rate", "drop_path_rate", "drop_path"),
    *("drop_block_rate", "stochastic_depth_prob", "init_weights"),
)
"""Options of others that change neither a shape nor a cost."""

MEANT_OPTIONS = {
    "pretrained": "weights='IMAGENET1K_V1', or neither: shapes need no weights",
    "features_only": "out_indices=[0, 1, 2], the stages to return, counted from 0",
    "global_pool": (
        "head='adaptive', 'fixed' or 'strided'; num_classes=0 gives pooled features"
    ),
    "stem_type": "stem='imagenet', 'deep' or 'cifar'",
    "stem_width": "stem_channels, twice as much, beside stem='deep'",
    **dict.fromkeys(
        SHAPELESS_OPTIONS, "it left out: it changes neither a shape nor a cost"
    ),
    **dict.fromkeys(
        ("input", "input_size", "img_size", "image_size"),
        "--input 3,64,64 beside the SPEC, in Python input_size=(3, 64, 64)",
    ),
    **dict.fromkeys(
        ("batch", "batch_size"), "--batch 8 beside the SPEC, in Python batch=8"
    ),
}
"""What options of other code bases are here, where no one option is the same."""


def find_synonyms(name: str, legal: Iterable[str]) -> list[str]:
    """Find the legal options that others call by a name.

    Example:
        >>> find_synonyms("in_chans", ["num_classes", "in_channels"])
        ['in_channels']
    """
    alike = [words for words in OPTION_SYNONYMS if name in words]
    return [option for option in legal if any(option in words for words in alike)]


def suggest_option(name: str, legal: Sequence[str], most: int = 3) -> str:
    """Suggest the options that a wrong one may mean, as a clause of a message.

    Another's word for a legal one counts for more than how it is spelt.

    Example:
        >>> suggest_option("in_chans", ["in_channels", "num_classes"])
        ", did you mean 'in_channels'"
        >>> suggest_option("num_class", ["in_channels", "num_classes"])
        ", did you mean 'num_classes'"
    """
    meant = find_synonyms(name, legal)[:most]
    if meant:
        return f", did you mean {' or '.join(map(repr, meant))}"
    return suggest_nearest(name, legal, most)


def check_one_of(where: str, value: Any, legal: Iterable[Any]) -> None:
    """Refuse a value that is not among the legal ones.

    Raises:
        SpecError: with all legal values listed.
    """
    legal = tuple(legal)
    if value not in legal:
        want = ", ".join(repr(choice) for choice in legal)
        near = suggest_nearest(value, legal, 1) if isinstance(value, str) else ""
        hint = f"{near}?" if near else ","
        raise SpecError(f"{where}: got {value!r}{hint} want one of {want}")


def check_at_least(where: str, value: Any, minimum: int = 1) -> None:
    """Refuse anything but a whole number of at least ``minimum``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        want = f"a whole number of at least {minimum}"
        raise SpecError(f"{where}: got {value!r}, want {want}")


def check_callable(where: str, value: Any, example: str) -> None:
    """Refuse what cannot be called, as the name of a class in quotes."""
    if not callable(value):
        raise SpecError(
            f"{where}: got {value!r}, want what makes it, in Python {where}={example}; "
            "a SPEC names a function of yours that does so, net.py:build"
        )


def check_per_stage(where: str, values: Any, count: int) -> tuple[int, ...]:
    """Check for one positive whole number per stage; return a tuple."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise SpecError(f"{where}: got {values!r}, want one number for each stage")
    if len(values) != count:
        raise SpecError(
            f"{where}: got {len(values)} values, {tuple(values)!r}, for {count} stages:"
            f" give {count}, or num_stages={len(values)}"
        )
    for value in values:
        check_at_least(where, value)
    return tuple(values)


def check_counts(layers: Any) -> tuple[int, ...]:
    """Check the blocks of each stage, as [3, 4, 6, 3]; return a tuple."""
    if not isinstance(layers, Sequence) or not layers:
        raise SpecError(f"layers: got {layers!r}, want counts such as [3, 4, 6, 3]")
    return check_per_stage("layers", layers, len(layers))


def check_option_names(
    network: str, options: Iterable[str], legal: Sequence[str]
) -> None:
    """Refuse an option that is none of the legal ones.

    Raises:
        OptionError: naming the one that is meant, or all.
    """
    for name in options:
        if name in legal:
            continue
        where = f"{network}: unknown option {name!r}"
        meant = MEANT_OPTIONS.get(name) or " or ".join(find_synonyms(name, legal))
        if meant:
            raise OptionError(f"{where}, want {meant}")
        if name in TIMM_OPTIONS:
            remedy = f"want such a network, timm:resnet50({name}=…)"
            raise OptionError(f"{where}, which timm's ResNets have: {remedy}")
        near = suggest_nearest(name, legal)
        raise OptionError(f"{where}{near}; options are {', '.join(legal)}")
