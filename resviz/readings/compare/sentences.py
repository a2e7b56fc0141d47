"""Sentences for all changes of a walk: equal ones at many places are one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, cast

from resviz.readings.compare.block_words import describe_replaced
from resviz.readings.compare.changes import Draft, rank_change
from resviz.readings.compare.depth_words import (
    tell_depths,
    tell_loose_items,
    tell_orders,
    tell_stages,
)
from resviz.readings.compare.end_words import describe_head, describe_stem
from resviz.readings.compare.phrases import (
    add_article,
    describe_projection,
    describe_shortcut,
    is_one_subject,
)
from resviz.readings.compare.stride_words import tell_groups, tell_strides
from resviz.readings.compare.width_words import WidthWriter
from resviz.units import format_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.readings.compare.changes import Change
    from resviz.readings.compare.streams import Cause
    from resviz.readings.compare.walk import Walk
    from resviz.record import Shape

    Detail = tuple[object, ...]


def write_changes(walk: Walk) -> list[Change]:
    """Put a walk into words: every change, each cause said once."""
    draft = Draft(walk)
    tell_stages(draft)
    tell_depths(draft)
    WidthWriter(draft).write()
    tell_strides(draft)
    tell_groups(draft)
    tell_orders(draft)
    tell_loose_items(draft)
    rest: dict[tuple[str, Detail], list[Cause]] = defaultdict(list)
    for cause in draft.left:
        rest[cause.what, cause.detail].append(cause)
    for (what, detail), causes in rest.items():
        where = draft.places.describe_places(causes)
        sentence = write_sentence(draft, what, detail, where, causes)
        where = "the input" if what in {"input", "in channels"} else where
        draft.tell(what, sentence, causes, where=where or "everywhere")
    draft.join_undone()
    return sorted(draft.changes, key=rank_change)


def write_sentence(
    draft: Draft, what: str, detail: Detail, where: str, causes: Sequence[Cause]
) -> str:
    """Say a change of one kind."""
    if what == "stem":
        return describe_stem(draft, causes)
    if what == "head":
        old, new = map(describe_head, (draft.walk.before, draft.walk.after))
        if old == new:
            return "the head has other pools"
        return f"the head is {new} instead of {old}"
    if what == "block":
        return describe_replaced(draft, detail, where, causes)
    return SENTENCES[what](detail, where)


def say_input(detail: Detail, where: str) -> str:
    """Say which input there is, or which batch."""
    del where
    a, b = cast("tuple[Shape, Shape]", detail)
    if a[:1] != b[:1] and a[1:] == b[1:]:
        return f"the batch is {b[0]} instead of {a[0]}"
    cut = 2 if a[:1] == b[:1] and len(a) == len(b) > 2 else 0
    return f"the input is {format_sizes(b[cut:])} instead of {format_sizes(a[cut:])}"


def say_input_channels(detail: Detail, where: str) -> str:
    """Say how many channels the input has."""
    del where
    before, after = detail
    return f"the input has {after} channel{'s' * (after != 1)} instead of {before}"


def say_kernel(detail: Detail, where: str) -> str:
    """Say which kernel is another."""
    if "linear" not in detail:
        new = add_article(str(detail[1]))
        if is_one_subject(where):
            return f"the {detail[0]} of {where} is {new}"
        return f"the {detail[0]} is {new} in {where}"
    a, b = (
        "a linear layer"
        if word == "linear"
        else f"{add_article(str(word))} convolution"
        for word in detail
    )
    if where == "the head":
        return f"the classifier is {b} instead of {a}"
    return f"{b} instead of {a} in {where}"


def say_shortcut(detail: Detail, where: str) -> str:
    """Say which shortcut is another."""
    a, b = map(str, detail)
    if b == "none":
        return f"no shortcut in {where}, before {describe_shortcut(a)}"
    if a == "none":
        return f"a shortcut in {where}, {describe_shortcut(b)}"
    if a.startswith("projection by ") and b.startswith("projection by "):
        return (
            f"the projection is {describe_projection(b)} instead of "
            f"{describe_projection(a)} in {where}"
        )
    return (
        f"the shortcut is {describe_shortcut(b)} instead of {describe_shortcut(a)} "
        f"in {where}"
    )


def say_gate(detail: Detail, where: str) -> str:
    """Say which gate is another, or stands elsewhere."""
    a, b, *spots = map(str, detail)
    if a == b and spots and spots[0] != spots[1]:
        return f"the {b} stands {spots[1]} instead of {spots[0]} in {where}"
    if a == b:
        return f"the {b} is otherwise in {where}"
    moved = (
        f", {spots[1]} instead of {spots[0]}" if spots and spots[0] != spots[1] else ""
    )
    return f"{add_article(b)} instead of {add_article(a)} in {where}{moved}"


def say_light(detail: Detail, where: str) -> str:
    """Say which norm, activation, pool or other operation is another."""
    if detail[0] == detail[1]:
        return f"the {detail[0]} differs in {where}"
    return f"{detail[1]} instead of {detail[0]} in {where}"


def say_standardised(detail: Detail, where: str) -> str:
    """Say whether the weights of convolutions are normalised before they are used."""
    no_longer = "" if detail[0] else " no longer"
    return f"the convolutions are{no_longer} standardised in {where}"


def say_bias(detail: Detail, where: str) -> str:
    """Say whether weights have biases."""
    subject = "linear layers" if detail[0] == "linear" else "convolutions"
    return f"the {subject} have {'biases' if detail[1] else 'no biases'} in {where}"


def say_unread(detail: Detail, where: str) -> str:
    """Say how many parameters nothing reads, or that these are others."""
    del where
    before, after = cast("tuple[int, int]", detail)
    if before == after:
        return "the parameters that no layer reads have other shapes"
    if not after:
        return f"all parameters are read, where {before:,} were not"
    words = f"{after:,} parameter{'s' * (after != 1)} that no layer reads"
    return f"{words} instead of {before:,}" if before else words


def say_sharing(detail: Detail, where: str) -> str:
    """Say that weights are shared otherwise."""
    del detail
    return f"weights are shared otherwise in {where}"


def say_rest(detail: Detail, where: str) -> str:
    """Say that layers without a word are others."""
    del detail
    return f"layers without a name differ in {where}"


SENTENCES: dict[str, Callable[[Detail, str], str]] = {
    "input": say_input,
    "in channels": say_input_channels,
    "kernel": say_kernel,
    "shortcut": say_shortcut,
    "gate": say_gate,
    "norm": say_light,
    "activation": say_light,
    "pool": say_light,
    "other": say_light,
    "standardised": say_standardised,
    "bias": say_bias,
    "never called": say_unread,
    "sharing": say_sharing,
    "rest": say_rest,
}
"""The sentence of each kind of change that needs no look at the networks."""
