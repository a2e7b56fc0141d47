"""Words for widths: of all, of stages, inside blocks, of stem, gates and head."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.readings.compare.phrases import (
    compare_numbers,
    find_ratios,
    spell_width,
)
from resviz.readings.compare.places import list_span
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from resviz.readings.compare.changes import Draft
    from resviz.readings.compare.parts import BlockParts
    from resviz.readings.compare.phrases import Ends
    from resviz.readings.compare.streams import Cause


class WidthWriter:
    """Sentences on the widths that a walk found to change."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.places, self.walk = draft, draft.places, draft.walk
        self.roles: dict[str, dict[str, list[Cause]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for cause in draft.take("width"):
            self.roles[str(cause.place[0])][str(cause.detail[0])].append(cause)

    def find_ends(self, causes: Iterable[Cause]) -> list[Ends]:
        """Return the widths of A and B that some causes stand for."""
        widths = self.walk.widths
        return sorted({(a, b) for c in causes for _, a, b in widths.get(c, ())})

    def find_kernel(self, causes: Iterable[Cause]) -> str:
        """Return the largest kernel whose width some causes change."""
        words = {word for c in causes for word, _, _ in self.walk.widths.get(c, ())}
        return max(words, key=lambda word: (word[0], word), default="inside")

    def write(self) -> None:
        """Write them all."""
        ends = self.roles.pop("", {})
        if head := ends.get("head"):
            self.write_head(head)
        gates = [c for roles in self.roles.values() for c in roles.pop("gate", [])]
        if gates:
            self.write_gates(gates)
        stem = ends.get("stem", [])
        self.write_lone_blocks()
        if not self.write_stages(stem) and stem:
            self.write_stem(stem)

    def write_head(self, causes: list[Cause]) -> None:
        """Say how many classes there are, or how wide the head is."""
        ends = self.find_ends(causes)
        weighted = self.walk.after.head.weighted
        if len(ends) == 1 and weighted and weighted[-1].output_width == ends[0][1]:
            sentence = f"the head has {ends[0][1]} classes instead of {ends[0][0]}"
        elif ends:
            widths = (f"{b} wide instead of {a}" for a, b in ends)
            sentence = f"the head is {join_words(widths)}"
        else:
            sentence = "the widths of the head differ"
        self.draft.tell("head", sentence, causes, where="the head")

    def write_gates(self, causes: list[Cause]) -> None:
        """Say how wide gates are inside."""
        ends = self.find_ends(causes)
        ratios = find_ratios(ends)
        if len(ratios) == 1:
            first = " first" if len(ends) > 1 else ""
            example = f"({ends[0][1]} instead of {ends[0][0]}{first})"
            words = f"{spell_width(ratios[0])} inside {example}"
        elif ends:
            words = compare_numbers(ends, "wide inside")
        else:
            words = "otherwise wide inside"
        self.draft.tell("gate", f"the gates are {words}", causes, where="the gates")

    def write_stem(self, causes: list[Cause]) -> None:
        """Say how many channels the stem gives, or how wide layers are."""
        ends = self.find_ends(causes)
        walk = self.walk
        outs = [
            row.weighted[-1].output_width if row.weighted else 0
            for row in (walk.before.stem, walk.after.stem)
        ]
        if not (walk.before.blocks or walk.after.blocks):
            widths = (f"{b} wide instead of {a}" for a, b in ends)
            sentence = f"layers are {join_words(widths)}" if ends else "widths differ"
        elif outs[0] != outs[1]:
            sentence = f"the stem gives {outs[1]} channels instead of {outs[0]}"
        elif ends:
            sentence = f"inside, the stem is {compare_numbers(ends, 'wide')}"
        else:
            sentence = "the widths of the stem differ"
        self.draft.tell("stem", sentence, causes, where="the stem")

    def write_lone_blocks(self) -> None:
        """Say which blocks are wider inside, where others of their stage are not."""
        groups: dict[tuple[Ends, ...], list[Cause]] = defaultdict(list)
        for stage, roles in self.roles.items():
            inner = roles.get("inner", [])
            numbers = {int(cause.place[1]) for cause in inner}
            if not inner or roles.get("outer"):
                continue
            if numbers == {*self.places.numbers[stage]}:
                continue
            for cause in roles.pop("inner"):
                groups[(*self.find_ends([cause]),)].append(cause)
        for ends, causes in groups.items():
            where = self.places.describe_places(causes)
            ratios = find_ratios(ends)
            if len(ratios) == 1:
                sentence = (
                    f"the {self.find_kernel(causes)} of {where} is "
                    f"{spell_width(ratios[0])} ({ends[-1][1]} instead of {ends[-1][0]})"
                )
            else:
                sentence = f"the widths inside {where} differ"
            self.draft.tell("width", sentence, causes, where=where)

    def list_causes(self, stages: Iterable[str]) -> list[Cause]:
        """List the causes of some stages."""
        return [c for s in stages for causes in self.roles[s].values() for c in causes]

    def write_stages(self, stem: list[Cause]) -> bool:
        """Say how wide stages are; tell whether that says the stem's width too."""
        mine = self.places.sort_stages(
            s for s, r in self.roles.items() if any(r.values())
        )
        kinds: dict[tuple[tuple[Fraction, ...], ...], list[str]] = defaultdict(list)
        for stage in mine:
            roles = self.roles[stage]
            ratios = (
                find_ratios(self.find_ends(roles.get(r, ())))
                for r in ("inner", "outer")
            )
            kinds[(*ratios,)].append(stage)
        is_uneven = any(len(ratios) > 1 for key in kinds for ratios in key)
        if len(kinds) > 2 or is_uneven:
            causes = self.list_causes(mine)
            self.draft.tell(
                "width",
                self.describe_uneven(mine),
                causes,
                where=join_words(mine),
                marks=mine,
            )
            return False
        says_stem = False
        for (inner, outer), stages in kinds.items():
            says_stem |= self.write_even(stages, inner, outer, stem)
        return says_stem

    def write_even(
        self,
        stages: list[str],
        inner: tuple[Fraction, ...],
        outer: tuple[Fraction, ...],
        stem: list[Cause],
    ) -> bool:
        """Say by how much stages of one ratio are wider; tell if the stem is, too."""
        every = stages == self.places.sort_stages(self.places.numbers)
        whom = "every stage" if every and len(stages) > 1 else join_words(stages)
        inside, given = (
            self.format_example(stages, role) for role in ("inner", "outer")
        )
        causes = self.list_causes(stages)
        outs = find_ratios(self.find_ends(stem))
        if every and outs and inner == outer == outs:
            sentence = f"everything is {spell_width(outer[0])}{given}"
            self.draft.tell(
                "width",
                sentence,
                [*causes, *stem],
                where="everywhere",
                marks=["stem", *stages],
            )
            return True
        if not outer and not inner:
            sentence = f"the widths of {whom} differ"
        elif not outer:
            blocks = "every block" if every else f"every block of {join_words(stages)}"
            kernel = self.find_kernel(self.roles[stages[0]]["inner"])
            sentence = f"the {kernel} of {blocks} is {spell_width(inner[0])}{inside}"
        elif not inner:
            sentence = (
                f"what the blocks of {whom} give is {spell_width(outer[0])}{given}"
            )
        elif inner == outer:
            verb = "is" if whom == "every stage" or len(stages) == 1 else "are"
            sentence = f"{whom} {verb} {spell_width(outer[0])}{given}"
        else:
            sentence = (
                f"the blocks of {whom} are {spell_width(inner[0])} inside{inside} and "
                f"give what is {spell_width(outer[0])}{given}"
            )
        self.draft.tell("width", sentence, causes, where=whom, marks=stages)
        return False

    def format_example(self, stages: list[str], role: str) -> str:
        """Give the widths of the first stage that is meant."""
        ends = self.find_ends(self.roles[stages[0]].get(role, ()))
        if not ends:
            return ""
        place = f" in {stages[0]}" if len(stages) > 1 else ""
        return f" ({ends[-1][1]} instead of {ends[-1][0]}{place})"

    def describe_uneven(self, stages: list[str]) -> str:
        """Say widths that follow no one ratio, by stages."""
        pairs = [
            next((p for p in reversed(self.places.both) if p[1].stage == stage), None)
            for stage in stages
        ]
        blocks = [pair for pair in pairs if pair]
        outs = [(a.block.output_size[1], b.block.output_size[1]) for a, b in blocks]
        ins = [(find_inner_width(a), find_inner_width(b)) for a, b in blocks]
        words: list[str] = []
        if any(a != b for a, b in outs):
            given = compare_numbers(outs, "channels")
            words.append(f"the blocks of {list_span(stages)} give {given}")
        if any(a != b for a, b in ins) and ins != outs:
            subject = (
                "inside they are"
                if words
                else f"inside, the blocks of {list_span(stages)} are"
            )
            words.append(f"{subject} {compare_numbers(ins, 'wide')}")
        usual = f"the widths change from block to block in {list_span(stages)}"
        return ", and ".join(words) or usual


def find_inner_width(block: BlockParts) -> int:
    """Return the width of the widest kernel inside a block."""
    products = [item.factors for item in block.main.weighted if item.factors]
    if not products:
        return block.block.output_size[1]
    return max(products, key=lambda factors: factors.taps).cout
