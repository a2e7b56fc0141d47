"""Words for strides that move, stages that keep their resolution, dilation, groups."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.readings.compare.phrases import (
    is_one_subject,
    list_groups,
)
from resviz.units import join_words

if TYPE_CHECKING:
    from resviz.readings.compare.changes import Draft
    from resviz.readings.compare.parts import BlockParts
    from resviz.readings.compare.streams import Cause

StageStride = tuple[int, int, bool, bool]
"""By how much a stage shrank and shrinks, and whether it dilates now, and did."""

StageRates = tuple[str, int, int]
"""A stage, and how its kernels were dilated and are."""


def tell_strides(draft: Draft) -> None:
    """Tell of strides and dilation."""
    moves: dict[tuple[str, str], list[Cause]] = defaultdict(list)
    stages: dict[str, list[Cause]] = defaultdict(list)
    others: dict[tuple[str, tuple[object, ...]], list[Cause]] = defaultdict(list)
    for cause in draft.take("stride", "dilation"):
        pair = draft.places.pair_of(cause)
        if pair is None:
            others[cause.what, cause.detail].append(cause)
            continue
        a, b = pair
        if cause.what == "stride" and a.shrink == b.shrink and a.strides != b.strides:
            moves[name_striding(a), name_striding(b)].append(cause)
        else:
            stages[b.stage].append(cause)
    for (old, new), causes in moves.items():
        where = draft.places.describe_places(causes)
        sentence = f"the stride moves from {old} to {new} in {where}"
        if old == new:
            sentence = f"the strides are otherwise in {where}"
        draft.tell("stride", sentence, causes, where=where)
    tell_resolutions(draft, stages)
    for (what, detail), causes in others.items():
        where = draft.places.describe_places(causes)
        sentence = f"the map's size changes otherwise in {where}"
        if detail:
            kernel, old, new = detail
            verb = "strides" if what == "stride" else "is dilated"
            sentence = f"the {kernel} of {where} {verb} by {new} instead of {old}"
        draft.tell("stride", sentence, causes, where=where)


def tell_resolutions(draft: Draft, stages: dict[str, list[Cause]]) -> None:
    """Tell which stages keep their resolution, stride, or are dilated."""
    alike: dict[StageStride, list[StageRates]] = defaultdict(list)
    for stage in draft.places.sort_stages(stages):
        causes = stages[stage]
        pairs = [
            pair
            for cause in causes
            if cause.what == "stride" and (pair := draft.places.pair_of(cause))
        ]
        before = max((a.shrink for a, _ in pairs), default=1)
        after = max((b.shrink for _, b in pairs), default=1)
        rates = [cause.detail[1:] for cause in causes if cause.what == "dilation"]
        old = max((int(str(rate[0])) for rate in rates), default=1)
        new = max((int(str(rate[1])) for rate in rates), default=1)
        alike[before, after, new > 1, old > 1].append((stage, old, new))
    for key, rows in alike.items():
        names = [stage for stage, _, _ in rows]
        causes = [cause for stage in names for cause in stages[stage]]
        blocks = [pair[1] for c in causes if (pair := draft.places.pair_of(c))]
        keeps = not any(block.is_led_by_stride for block in blocks)
        sentence = describe_resolution(key, rows, keeps=keeps)
        draft.tell("resolution", sentence, causes, where=join_words(names), marks=names)


def describe_resolution(
    key: StageStride, rows: list[StageRates], *, keeps: bool
) -> str:
    """Say of stages by how much they stride and are dilated.

    Args:
        key: what they have in common.
        rows: the stages.
        keeps: whether nothing that leads into them strides.
    """
    before, after, is_dilated, was_dilated = key
    names = join_words(stage for stage, _, _ in rows)
    is_one = len(rows) == 1
    old = join_words(str(n) for n in dict.fromkeys(rate for _, rate, _ in rows))
    new = join_words(str(n) for n in dict.fromkeys(rate for _, _, rate in rows))
    be = "is" if is_one else "are"
    if before == after:
        if is_dilated:
            was = f" instead of {old}" if was_dilated else ""
            return f"{names} {be} dilated by {new}{was}"
        if was_dilated:
            return f"{names} {be} dilated by {old} no longer"
        return f"the map's size changes otherwise in {names}"
    if after == 1 and not keeps:
        sentence = f"the blocks of {names} stride no longer"
    elif after == 1:
        keep = "keeps its" if is_one else "keep their"
        sentence = f"{names} {keep} resolution, stride 1 instead of {before}"
    else:
        was = f" instead of {before}" if before > 1 else ""
        sentence = f"{names} {'strides' if is_one else 'stride'} by {after}{was}"
    if is_dilated:
        was = f" instead of {old}" if was_dilated else ""
        whose = "its" if is_one else "their"
        return f"{sentence}, {whose} kernels dilated by {new}{was}"
    return f"{sentence}, dilated by {old} no longer" if was_dilated else sentence


def name_striding(block: BlockParts) -> str:
    """Name the first kernel of a block that strides."""
    for item in block.striding:
        if item.stride > 1:
            equal = [other for other in block.striding if other.word == item.word]
            if len(equal) < 2:
                return f"the {item.word}"
            which = "first" if item is equal[0] else "last"
            which = which if item in {equal[0], equal[-1]} else "inner"
            return f"the {which} {item.word}"
    return "nowhere"


def tell_groups(draft: Draft) -> None:
    """Tell which kernels have other groups."""
    sets: dict[str, list[Cause]] = defaultdict(list)
    for cause in draft.take("groups"):
        sets[str(cause.detail[0])].append(cause)
    for kernel, causes in sets.items():
        where = draft.places.describe_places(causes)
        old, new = (
            [*dict.fromkeys(str(cause.detail[k]) for cause in causes)] for k in (1, 2)
        )
        was = "" if old == ["ungrouped"] else f" instead of {describe_groups(old)}"
        if new == ["ungrouped"]:
            verb = f"is not grouped,{was}"
        elif new == ["depthwise"]:
            verb = f"is depthwise{was}"
        else:
            verb = f"has {describe_groups(new)}{was}"
        subject = f"the {kernel}"
        if is_one_subject(where):
            sentence = f"{subject} of {where} {verb}"
        else:
            sentence = f"{subject} {verb} in {where}"
        draft.tell("groups", sentence, causes, where=where)


def describe_groups(words: list[str]) -> str:
    """Write numbers of groups, "2 and 5 groups", and what is none."""
    numbers = [word for word in words if word.endswith("groups")]
    others = [
        "no groups" if w == "ungrouped" else "depthwise"
        for w in words
        if w not in numbers
    ]
    return join_words([*([list_groups(numbers)] if numbers else []), *others])
