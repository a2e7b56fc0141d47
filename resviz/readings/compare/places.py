"""Places in words: "every block of conv4_x", "the stem", "conv4_4"."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.compare.ledger import Place
    from resviz.readings.compare.parts import BlockParts
    from resviz.readings.compare.streams import Cause
    from resviz.readings.compare.walk import Walk

MOST_NAMES = 5
"""So many blocks are named one by one."""

BLOCK_PHRASES = {
    "all": "every block of ",
    "first": "the first block of ",
    "rest": "all but the first block of ",
}


class Places:
    """The places of a walk: blocks that both have, by B's names."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.both = [(a, b) for a, b in walk.pairs if a and b]
        self.partners: dict[Place, tuple[BlockParts, BlockParts]] = {
            (b.stage, b.number): (a, b) for a, b in self.both
        }
        self.numbers: dict[str, list[int]] = defaultdict(list)
        for _, b in self.both:
            self.numbers[b.stage].append(b.number)
        self.stages = [stage[0].stage for stage in walk.after.stages]
        self.counts = {stage[0].stage: len(stage) for stage in walk.after.stages}

    def rank_stage(self, stage: str) -> int:
        """Return the place of a stage among B's."""
        return self.stages.index(stage) if stage in self.stages else len(self.stages)

    def sort_stages(self, stages: Iterable[str]) -> list[str]:
        """Return stages once, in B's order."""
        return sorted(dict.fromkeys(stages), key=self.rank_stage)

    def pair_of(self, cause: Cause) -> tuple[BlockParts, BlockParts] | None:
        """Return the pair of blocks in which a change is; None elsewhere."""
        return self.partners.get(cause.place[:2])

    def describe_places(self, causes: Iterable[Cause]) -> str:
        """Say where some changes are."""
        places = {cause.place for cause in causes if cause.place}
        blocks: dict[str, set[int]] = defaultdict(set)
        fronts: set[str] = set()
        for place in places:
            if place[0] == "before":
                fronts.add(str(place[1]))
            elif len(place) > 1:
                blocks[str(place[0])].add(int(place[1]))
        has_blocks = self.walk.before.blocks or self.walk.after.blocks
        words = ["the stem" if has_blocks else "the network"] * (("stem",) in places)
        if blocks:
            words.append(self.describe_blocks(blocks))
        if fronts:
            words.append(f"the step before {join_words(self.sort_stages(fronts))}")
        if ("head",) in places:
            words.append("the head")
        return join_words(words)

    def describe_blocks(self, blocks: dict[str, set[int]]) -> str:
        """Say which blocks: all, the first of some stages, all but these, or a list."""
        stages = self.sort_stages(blocks)
        numbers = {stage: sorted(blocks[stage]) for stage in stages}
        if all(numbers.get(stage) == n for stage, n in self.numbers.items()):
            return "every block" if len(self.both) > 1 else "the block"
        kinds: dict[str, list[str]] = defaultdict(list)
        for stage, mine in numbers.items():
            kinds[self.classify(stage, mine)].append(stage)
        lone = kinds.pop("lone", [])  # stages of one block, which is all and the first
        if lone:
            near = "first" if "first" in kinds else "all" if "all" in kinds else ""
            kinds[near or ("all" if len(lone) > 1 else "some")] += lone
        words = [
            phrase + self.describe_stages(kinds[kind], numbers, kind)
            for kind, phrase in BLOCK_PHRASES.items()
            if kinds.get(kind)
        ]
        names = [
            self.name_block(stage, number)
            for stage in kinds.get("some", ())
            for number in numbers[stage]
        ]
        if len(names) > MOST_NAMES:
            names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} more"]
        return join_words([*words, *([join_words(names)] if names else [])])

    def classify(self, stage: str, numbers: list[int]) -> str:
        """Tell which blocks of a stage are meant."""
        every = self.numbers[stage]
        if numbers == every and len(every) > 1:
            return "all"
        if numbers == every and self.counts[stage] == 1:
            return "lone"
        if numbers == every[:1]:
            return "first"
        return "rest" if numbers == every[1:] else "some"

    def describe_stages(
        self, stages: list[str], numbers: dict[str, list[int]], kind: str
    ) -> str:
        """Write stages as a list, or as every stage."""
        names = self.sort_stages(stages)
        if kind == "first":
            covered, needed = {*names}, {*self.numbers}
        else:
            covered = {*names, *(s for s, n in self.numbers.items() if len(n) == 1)}
            needed = {*self.numbers}
        del numbers
        is_whole = covered >= needed and len(names) > 1 and kind != "all"
        return "every stage" if is_whole else join_words(names)

    def name_block(self, stage: str, number: int) -> str:
        """Return the name of one of B's blocks, "conv4_4"."""
        pair = self.partners.get((stage, number))
        return pair[1].name if pair else f"{stage} {number}"

    def mark_cause(self, cause: Cause) -> str:
        """Return the name of what a change is seen in, "" for nothing of B."""
        if cause.what == "width" and cause.detail[0] in {"stem", "head"}:
            return str(cause.detail[0])
        return self.mark(cause.place) if cause.place else ""

    def mark(self, place: Place) -> str:
        """Return the name of a place for a figure of B: a block, a stage, "stem"."""
        words = place[1:] if place[0] == "before" else place
        if len(words) == 1 or not isinstance(words[1], int):
            return str(words[0])
        return self.name_block(str(words[0]), words[1])


def list_span(stages: Sequence[str]) -> str:
    """Write stages in a row: "conv2_x to conv5_x"."""
    digits = ["".join(ch for ch in stage if ch.isdigit()) for stage in stages]
    numbers = [int(text or -1) for text in digits]
    first = numbers[0] if numbers else 0
    if len(stages) > 2 and numbers == [*range(first, first + len(stages))]:
        return f"{stages[0]} to {stages[-1]}"
    return join_words(stages)
