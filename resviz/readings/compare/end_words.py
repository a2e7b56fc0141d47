"""Words for stems and heads: which weights and pools they have, and had."""

from __future__ import annotations

from fractions import Fraction
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz.readings.compare.items import WEIGHTED_KINDS
from resviz.readings.compare.phrases import (
    RATIOS,
    add_article,
    spell_number,
)
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.compare.changes import Draft
    from resviz.readings.compare.parts import NetworkParts
    from resviz.readings.compare.streams import Cause

MOST_WEIGHTS = 3
"""So many weights of a head are named."""


def describe_stem(draft: Draft, causes: Sequence[Cause]) -> str:
    """Say which weights and pools a stem has, and what that makes of all maps."""
    before, after = draft.walk.before, draft.walk.after
    widths = [
        network.stem.weighted[-1].output_width if network.stem.weighted else 0
        for network in (before, after)
    ]
    given = ""
    if widths[0] != widths[1] and all(widths):
        given = f", giving {widths[1]} channels instead of {widths[0]}"
    scale = describe_scale(draft, causes)
    old, new = list_stem_words(before), list_stem_words(after)
    count = len(old) + len(new)
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    a, b = join_words(old) or "nothing", join_words(new) or "nothing"
    if len(old) + len(new) == count:  # they share nothing
        return f"the stem is {b} instead of {a}{given}{scale}"
    words = f"{b} instead of {a}"
    if not old:
        words = b
    elif not new:
        words = "no " + a.removeprefix("a ").removeprefix("an ")
    return f"{words} in the stem{given}{scale}"


def list_stem_words(network: NetworkParts) -> list[str]:
    """List weights and pools of a stem with their strides, equal ones once."""
    kinds = {"conv", "linear", "pool"}
    items = [item for item in network.stem.spoken if item.kind in kinds]
    runs: list[str] = []
    for word, group in groupby(items, key=lambda item: item.word):
        strides = [item.stride for item in group]
        many = len(strides) > 1
        name = f"{spell_number(len(strides))} {word}" if many else add_article(word)
        steps = "".join(f"/{stride}" for stride in strides if stride > 1)
        runs.append(f"{name} ({steps})" if steps else name)
    return runs


def describe_scale(draft: Draft, causes: Sequence[Cause]) -> str:
    """Say what another stem makes of the size of all maps."""
    if any(joined & {*causes} for joined in draft.walk.joined):
        return ""
    before, after = (
        prod(item.stride for item in network.stem.spoken if item.window)
        for network in (draft.walk.before, draft.walk.after)
    )
    if before == after:
        return ""
    ratio = Fraction(before, after)
    many = RATIOS.get(ratio, f"{ratio} times as")
    return f", so that every map is {many} high and wide"


def describe_head(network: NetworkParts) -> str:
    """Say which weights a head has, or how many."""
    items = [item for item in network.head.items if item.kind in WEIGHTED_KINDS]
    if len(items) > MOST_WEIGHTS:
        return f"{spell_number(len(items))} weighted layers"
    words = [
        f"a linear layer to {item.output_width}"
        if item.kind == "linear"
        else add_article(item.word)
        for item in items
    ]
    return join_words(words) or "without weights"
