"""What figures say in sentences, as a screen reader says them: words that all share.

Signs are spelled: "with stride 2" for "/2", "to" for an arrow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.figures import layer_labels
from resviz.figures.branch_labels import ARROW, BESIDE
from resviz.readings import costs
from resviz.readings.contraction.join_signs import JOIN_NOUNS
from resviz.readings.structure import count_depth
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import Shortcut, Structure

MAX_LISTED = 8
"""Things of one kind that are listed; more are counted."""

SPOKEN_PATTERNS = (
    (
        r"^(\d+(?:×\d+)*|k=\d+), (\d+), depthwise",
        r"\1 depthwise convolution to \2 channels",
    ),
    (r"^(\d+(?:×\d+)*|k=\d+), (\d+)", r"\1 convolution to \2 channels"),
    (r" ×(\d+)$", r", \1 times"),
    (r", g(\d+)", r" in \1 groups"),
    (r", d(\d[\d×]*)", r" with dilation \1"),
    (r", /(\d[\d×]*)", r" with stride \1"),
    (r", [×↑](\d[\d×]*)", r" that enlarges by \1"),
    (r"^fc, (\d+)→(\d+)", r"fully connected layer from \1 to \2"),
    (r"^fc, (\d+)$", r"fully connected layer to \1"),
    (r"^SE$", "squeeze-and-excitation"),
    (r"→", " to "),
)
"""How a figure's signs are said aloud, in this order."""


def spell_label(label: str) -> str:
    """Spell a label out, as "3×3 convolution to 128 channels"."""
    branches = re.fullmatch(r"\((.*‖.*)\)(?: ×(\d+))?", label)
    if branches:
        times = f", {branches[2]} times" if branches[2] else ""
        parts = split_outside(branches[1], BESIDE)
        return f"in parallel {join_with_and([*map(spell_branch, parts)])}{times}"
    repeated = re.fullmatch(r"\((.*)\) ×(\d+)", label)
    if repeated:
        inner = join_with_and([spell_label(part) for part in repeated[1].split(" → ")])
        return f"{inner}, {repeated[2]} times"
    for pattern, spoken in SPOKEN_PATTERNS:
        label = re.sub(pattern, spoken, label)
    return label


def spell_branch(branch: str) -> str:
    """Spell a branch out: its labels in series."""
    return " then ".join(map(spell_label, split_outside(branch, ARROW)))


def split_outside(text: str, separator: str) -> list[str]:
    """Split a text at separators that stand in no brackets.

    Example:
        >>> split_outside("a ‖ (b ‖ c)", " ‖ ")
        ['a', '(b ‖ c)']
    """
    parts = [""]
    for piece in text.split(separator):
        is_open = parts[-1].count("(") > parts[-1].count(")")
        if is_open:
            parts[-1] += separator + piece
        elif parts[-1]:
            parts.append(piece)
        else:
            parts[-1] = piece
    return parts


def spell_join(sign: str) -> str:
    """Spell the sign of a join out, as "concatenation"."""
    return JOIN_NOUNS[sign]


def spell_attention(label: str) -> str:
    """Spell out what a label says of attention.

    Example:
        >>> spell_attention("Q, K, V: fc"), spell_attention("q·kᵀ, 3 heads, 64 windows")
        ('fc for Q, K and V', 'q·kᵀ with 3 heads and 64 windows')
    """
    letters, colon, layer = label.partition(": ")
    if colon and {*letters.split(", ")} <= {*"QKV"}:
        return f"{layer} for {join_with_and(letters.split(', '))}"
    name, *amounts = label.split(", ")
    if amounts and all(re.fullmatch(r"\d+ (heads?|windows)", one) for one in amounts):
        return f"{name} with {join_with_and(amounts)}"
    return label


def join_with_and(things: Sequence[str], *, most: int = MAX_LISTED) -> str:
    """Join things as "a, b and c"; name only the first of many."""
    if len(things) > most:
        things = [*things[: most - 1], f"{len(things) - most + 1} more"]
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def add_article(thing: str) -> str:
    """Put "a" or "an" before a thing."""
    vowel = thing[:1] in {*"aeiouAEIO"} or thing.startswith("MLP")
    return f"{'an' if vowel else 'a'} {thing}"


def describe_totals(structure: Structure) -> str:
    """Describe a network's input and its costs."""
    arch = structure.arch
    total = costs.sum_record_costs(arch)
    gaps = costs.name_gaps(arch)
    inputs = layer_labels.label_inputs(arch)
    bound, missing = "", ""
    if gaps:
        bound, missing = "at least ", f", not counting {join_with_and(gaps)}"
    facts = layer_labels.format_costs(arch, arch.params, total.macs, bound=bound)
    deep = format_plural(count_depth(structure), "weighted layer")
    blocks = "no residual blocks"
    if structure.stages:
        stages = format_plural(len(structure.stages), "stage")
        blocks = f"{format_plural(len(structure.blocks), 'block')} in {stages}"
    return (
        f"{arch.label}, input {join_with_and(inputs)}: {', '.join(facts)}{missing}, "
        f"{deep} on the main path, {blocks}."
    )


REASON_CLAUSES = {
    "both": "because resolution and channels change",
    "channels": "because the channels change",
    "resolution": "because the resolution changes",
    "always": "although an identity would fit",
}
"""Why a shortcut is no identity."""


def describe_shortcut(shortcut: Shortcut) -> str:
    """Return a shortcut in words: what it is and why."""
    if shortcut.kind in {"identity", "none"}:
        words = "identity" if shortcut.kind == "identity" else "none"
        return words + shortcut.is_of_other_stream * " of the other stream"
    label = shortcut.label.replace(" + ", ", then ")
    what = {"projection": "projection by ", "other": "other, "}.get(shortcut.kind, "")
    why = f" {REASON_CLAUSES[shortcut.reason]}" if shortcut.reason else ""
    widths = layer_labels.read_shortcut_widths(shortcut)
    if shortcut.reason in {"both", "channels"} and widths and widths[0] != widths[1]:
        why += f", from {widths[0]} to {widths[1]}"
    return f"{what}{spell_label(label)}{why}"
