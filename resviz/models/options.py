"""Checks that option values share; each fails in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resviz.errors import OptionError, SpecError, suggest_nearest

MEANT_OPTIONS = {
    "pretrained": "weights='IMAGENET1K_V1', or neither: shapes need no weights",
    **dict.fromkeys(("in_chans", "input_channels", "channels"), "in_channels"),
    **dict.fromkeys(("n_classes", "classes", "num_labels"), "num_classes"),
    **dict.fromkeys(("width", "inplanes", "planes"), "base_channels"),
    **dict.fromkeys(("cardinality", "num_groups"), "groups"),
    **dict.fromkeys(("dilation", "dilate"), "dilations or output_stride"),
    **dict.fromkeys(
        ("input", "input_size", "img_size"),
        "--input 3,64,64 beside the SPEC, in Python input_size=(3, 64, 64)",
    ),
    **dict.fromkeys(
        ("batch", "batch_size"), "--batch 8 beside the SPEC, in Python batch=8"
    ),
}
"""What options of other code bases are called here."""


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
        if name in MEANT_OPTIONS:
            raise OptionError(f"{where}, want {MEANT_OPTIONS[name]}")
        near = suggest_nearest(name, legal)
        raise OptionError(f"{where}{near}; options are {', '.join(legal)}")
