"""Words for blocks that are replaced by blocks of another sort."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from resviz.readings.compare.phrases import add_article, describe_shortcut
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.compare.changes import Draft
    from resviz.readings.compare.parts import BlockParts
    from resviz.readings.compare.streams import Cause

LIGHT_WORDS = {"norm": "no norm", "act": "no activation", "gate": "no gate"}
"""What is said of blocks that have none of a kind."""


def describe_replaced(
    draft: Draft, detail: tuple[object, ...], where: str, causes: Sequence[Cause]
) -> str:
    """Say of which sort blocks are now, and what else in them is another."""
    pairs = [(pair, cause) for cause in causes if (pair := draft.places.pair_of(cause))]
    (a, b), _ = pairs[0]
    weights = f"{b.weights_in_words} instead of {a.weights_in_words}"
    if not (a.main.weighted and b.main.weighted):
        weights = "with other weights"
    words = [f", in {b.name} {weights}" if len(causes) > 1 else f": {weights}"]
    steps: dict[int, dict[str, None]] = defaultdict(dict)
    for (x, y), _ in pairs:
        if x.shrink != y.shrink:
            steps[y.shrink][y.stage] = None
    words += [describe_step(step, [*stages]) for step, stages in sorted(steps.items())]
    shortcuts: dict[tuple[str, str], list[Cause]] = defaultdict(list)
    for (x, y), cause in pairs:
        if x.shortcut_words != y.shortcut_words:
            shortcuts[x.shortcut_words, y.shortcut_words].append(cause)
    for (old, new), some in shortcuts.items():
        place = draft.places.describe_places(some)
        words.append(describe_other_shortcut(old, new, place))
    words += list_light_changes([pair for pair, _ in pairs])
    kinds = [name for name, _ in cast("tuple[tuple[str, object], ...]", detail)]
    spot = "" if where == "every block" else f" in {where}"
    if kinds[0] == kinds[1] or not all(kinds):
        return f"other blocks{spot}" + "".join(words)
    return f"{kinds[1]} blocks instead of {kinds[0]} blocks{spot}" + "".join(words)


def describe_step(step: int, stages: list[str]) -> str:
    """Say by how much stages of replaced blocks stride."""
    is_one = len(stages) == 1
    if step == 1:
        return f"; the blocks of {join_words(stages)} stride no longer"
    return f"; {join_words(stages)} {'strides' if is_one else 'stride'} by {step}"


def describe_other_shortcut(old: str, new: str, place: str) -> str:
    """Say that the shortcut of replaced blocks is another."""
    if new == "none":
        return f"; no shortcut in {place}, before {describe_shortcut(old)}"
    if old == "none":
        return f"; a shortcut in {place}, {describe_shortcut(new)}"
    return (
        f"; the shortcut is {describe_shortcut(new)} instead of "
        f"{describe_shortcut(old)} in {place}"
    )


def list_light_changes(pairs: list[tuple[BlockParts, BlockParts]]) -> list[str]:
    """Say which norms, activations and gates replaced blocks have instead."""
    words: list[str] = []
    for kind, none in LIGHT_WORDS.items():
        sets = [
            sorted(
                {x.word for pair in pairs for x in pair[k].main.items if x.kind == kind}
            )
            for k in (0, 1)
        ]
        if sets[0] != sets[1]:
            if kind == "gate":
                sets = [[add_article(word) for word in some] for some in sets]
            old, new = (join_words(some) for some in sets)
            words.append(f"; {new or none}" + (f" instead of {old}" if old else ""))
    return words
