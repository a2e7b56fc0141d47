"""Words for blocks and stages that come or go, and for what comes and goes in them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.readings.compare.phrases import (
    add_article,
    count_blocks,
    count_more_blocks,
    list_numbers,
    spell_number,
)
from resviz.readings.compare.places import list_span
from resviz.units import format_feature_map, format_plural, join_words

if TYPE_CHECKING:
    from collections.abc import Collection

    from resviz.readings.compare.changes import Draft
    from resviz.readings.compare.ledger import Place
    from resviz.readings.compare.parts import NetworkParts, RowOfItems
    from resviz.readings.compare.streams import Cause


def tell_stages(draft: Draft) -> None:
    """Tell of stages that come or go."""
    walk = draft.walk
    sides: tuple[tuple[str, NetworkParts, str], ...] = (
        ("stage added", walk.after, "more"),
        ("stage removed", walk.before, "less"),
    )
    for what, network, sign in sides:
        for cause in draft.take(what):
            name = str(cause.place[0])
            blocks = next(s for s in network.stages if s[0].stage == name)
            shape = blocks[-1].block.output_shape
            give = "give" if len(blocks) > 1 else "gives"
            draft.tell(
                "stage",
                f"a stage {sign}: {count_blocks(len(blocks))} that {give} "
                f"{format_feature_map(shape)}, {name}",
                [cause],
                where=name,
            )


def tell_depths(draft: Draft) -> None:
    """Tell of more blocks or fewer, in one sentence."""
    taken = draft.take("blocks added", "blocks removed")
    if not taken:
        return
    counts = {
        str(c.place[0]): (int(str(c.detail[0])), int(str(c.detail[1]))) for c in taken
    }
    names = draft.places.sort_stages(counts)
    pairs = [counts[name] for name in names]
    before, after = pairs[0]
    if len(set(pairs)) == 1 and len(names) > 1:
        sentence = (
            f"{list_span(names)} have {count_more_blocks(before, after)} each "
            f"({after} instead of {before})"
        )
    elif len(names) > 2:
        sentence = (
            f"{list_span(names)} have {list_numbers(b for _, b in pairs)} blocks "
            f"instead of {list_numbers(a for a, _ in pairs)}"
        )
    else:
        sentence = " and ".join(
            f"{name} {'' if k else 'has '}{count_more_blocks(*pairs[k])} "
            f"({pairs[k][1]} instead of {pairs[k][0]})"
            for k, name in enumerate(names)
        )
    sentence += describe_odd_blocks(draft, counts)
    added = [b.name for a, b in draft.walk.pairs if b and not a and b.stage in counts]
    draft.tell("depth", sentence, taken, where=join_words(names), marks=added or names)


def describe_odd_blocks(draft: Draft, stages: Collection[str]) -> str:
    """Say what blocks come or go that are built unlike all that stay in their stage."""
    pairs = draft.walk.pairs
    stay = {(b.stage, b.sort, b.kernels) for a, b in pairs if a and b}
    stay |= {(b.stage, a.sort, a.kernels) for a, b in pairs if a and b}
    moved = [block for a, b in pairs if not (a and b) and (block := a or b)]
    moved = [block for block in moved if block.stage in stages]
    odd = [b for b in moved if (b.stage, b.sort, b.kernels) not in stay]
    words = [
        *dict.fromkeys(
            b.block.type if "attention" in b.sort else b.weights_in_words for b in odd
        )
    ]
    if not words:
        return ""
    some = ""
    if len(odd) < len(moved):
        some = f"{spell_number(len(odd))} of them "
    others = len(words) - 1
    more = f", and {format_plural(others, 'other kind')}" if others else ""
    return f", {some}built as {words[0]}{more}"


def tell_orders(draft: Draft) -> None:
    """Tell that norms and activations stand before the weights now, or after."""
    taken = draft.take("order")
    if not taken:
        return
    where = draft.places.describe_places(taken)
    is_first = taken[0].detail[1]
    followers = [
        cause
        for cause in draft.left
        if cause.what in {"added", "removed"}
        and cause.detail[0] in {"norm", "act"}
        and cause.place[0] in {"stem", "head"}
    ]
    kinds = {(cause.what, cause.place[0]) for cause in followers}
    followers = [
        cause
        for cause in followers
        if not kinds >= {("added", cause.place[0]), ("removed", cause.place[0])}
    ]
    draft.drop(followers)
    spots = {
        ("added", "head"): "before the pool of the head",
        ("removed", "head"): "no longer before the pool of the head",
        ("removed", "stem"): "no longer in the stem",
        ("added", "stem"): "in the stem",
    }
    more = [
        spot
        for (what, place), spot in spots.items()
        if any((c.what, c.place[0]) == (what, place) for c in followers)
    ]
    now, then = ("before", "after") if is_first else ("after", "before")
    draft.tell(
        "order",
        f"norm and activation stand {now} the weights, not {then} them, in {where}"
        + "".join(f", and {spot}" for spot in more),
        [*taken, *followers],
        where=where,
    )


def tell_loose_items(draft: Draft) -> None:
    """Tell of items that are there in addition or no more; those of a place at once."""
    taken = draft.take("added", "removed")
    spots: dict[tuple[str, str], list[Cause]] = defaultdict(list)
    words: dict[tuple[str, str, str], list[Cause]] = defaultdict(list)
    for cause in taken:
        word = str(cause.detail[1])
        if cause.detail[0] == "gate":
            spots[cause.what, word].append(cause)
            continue
        first = str(cause.place[0])
        region = first if first in {"head", "before"} else "body"
        region = "shortcut" if cause.place[-1] == "shortcut" else region
        words[cause.what, word, region].append(cause)
    for (what, word), causes in spots.items():
        where = draft.places.describe_places(causes)
        gate = add_article(word) if what == "added" else f"no {word}"
        draft.tell("gate", f"{gate} in {where}", causes, where=where)
    rows: dict[tuple[str, str], list[tuple[str, list[Cause]]]] = defaultdict(list)
    for (what, word, region), causes in words.items():
        where = draft.places.describe_places(causes)
        where = f"the shortcut of {where}" if region == "shortcut" else where
        rows[what, where].append((word, causes))
    tell_moved_items(draft, rows)
    for (what, where), members in rows.items():
        if not members:
            continue
        causes = [cause for _, some in members for cause in some]
        sentence = describe_loose(draft, what, where, members)
        draft.tell(what, sentence, causes, where=where)


def tell_moved_items(
    draft: Draft, rows: dict[tuple[str, str], list[tuple[str, list[Cause]]]]
) -> None:
    """Tell of what goes and comes in the same places: it stands elsewhere."""
    for where in [where for what, where in rows if what == "removed"]:
        gone, come = rows["removed", where], rows.get(("added", where), [])
        for word, causes in [*gone]:
            same = [new for new in come if new[0] == word]
            if not same or len(same[0][1]) != len(causes):
                continue
            gone.remove((word, causes))
            come.remove(same[0])
            sentence = f"the {word} stands elsewhere in {where}"
            draft.tell("order", sentence, [*causes, *same[0][1]], where=where)


def describe_loose(
    draft: Draft, what: str, where: str, members: list[tuple[str, list[Cause]]]
) -> str:
    """Say which items a place has more or less."""
    names: list[str] = []
    is_even = True
    for word, causes in members:
        times = {draft.walk.times[cause] for cause in causes}
        is_even &= len(times) == 1
        number = max(times)
        names.append(
            add_article(word) if number < 2 else f"{spell_number(number)} {word}"
        )
    if not is_even:  # not as many in each of the places
        names = [word for word, _ in members]
    if what == "added":
        return f"{join_words(names)} more in {where}"
    pieces = [
        f"{name} less" if has_such_items(draft, word, causes) else f"no {word}"
        for name, (word, causes) in zip(names, members, strict=True)
    ]
    if all(piece.endswith(" less") for piece in pieces):
        return f"{join_words(names)} less in {where}"
    return f"{join_words(pieces)} in {where}"


def has_such_items(draft: Draft, word: str, causes: list[Cause]) -> bool:
    """Tell whether items like those that went are still in one of the places."""
    rows = (find_row(draft, cause.place) for cause in causes)
    return any(item.word == word for row in rows if row for item in row.items)


def find_row(draft: Draft, place: Place) -> RowOfItems | None:
    """Find the row of B's items at a place."""
    if place == ("stem",):
        return draft.walk.after.stem
    if place == ("head",):
        return draft.walk.after.head
    is_before = place[0] == "before"
    pair = draft.places.partners.get(place[1:3] if is_before else place[:2])
    if pair is None:
        return None
    if is_before:
        return pair[1].before
    return pair[1].side if place[-1] == "shortcut" else pair[1].main
