"""Placing an icicle: a row of boxes a level, each as long as its share of the whole."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.layer_labels import label_layer_briefly
from resviz.figures.part_names import name_layer, name_part
from resviz.figures.tints import choose_layers_tint, explain_tints
from resviz.figures.title_facts import list_title_facts
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.icicle.shares import Shares
    from resviz.readings.part_tree import NetworkPart
    from resviz.record import Architecture

USUAL_WIDTH = 960
"""Width of an icicle that hangs down, where nobody asks for another, in pixels."""

ROW_HEIGHT = 34
"""Height of one of its rows: two lines of letters."""

COLUMN_WIDTH = 132
"""Width of a column of an icicle that grows to the right."""

LAYER_HEIGHT, HEIGHTS = 14, (320, 1280)
"""Height of such a one for each layer, and the least and the greatest."""

NARROWEST = 2
"""Length of a box that is told from its neighbours, in pixels."""

MARGIN, WORDS_MARGIN = 12, 6
"""Beside an icicle, and what words need beside them in a box, in pixels."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A length of a row for one part, or for several that are too narrow alone.

    Attributes:
        parts: in order.
        row: which one, from 0 on.
        start: where it begins along the row, as `stop` where it ends.
        around: the name of the part that they belong to; "" where theirs are not
            shortened by it.
    """

    parts: tuple[NetworkPart, ...]
    row: int
    start: float
    stop: float
    around: str = ""


class IciclePlacing:
    """Places the boxes of an icicle on a canvas.

    Attributes:
        arch: the network.
        shares: what each of its parts has.
        hangs: whether its root lies above, else at the left.
        narrow: parts that share boxes.
        shared: how many boxes they share.
        mute: boxes that have no room for words.
    """

    def __init__(self, arch: Architecture, shares: Shares, direction: str) -> None:
        self.arch = arch
        self.shares = shares
        self.hangs = direction == "TB"
        self.canvas = Canvas()
        self.narrow = self.shared = self.mute = 0

    def draw_picture(self) -> Picture:
        """Draw the title, the boxes, and what they mean."""
        room = min(find_sheet().room, USUAL_WIDTH)
        levels = count_levels(self.shares)
        layers = len(list_leaves(self.shares))
        if self.hangs:
            width, thickness, length = room, ROW_HEIGHT, room - 2 * MARGIN
        else:
            width = min(room, levels * COLUMN_WIDTH + 2 * MARGIN)
            thickness = (width - 2 * MARGIN) / levels
            length = min(max(LAYER_HEIGHT * layers, HEIGHTS[0]), HEIGHTS[1])
        facts = list_title_facts(read_structure(self.arch))
        top = self.canvas.add_title(
            width / 2, self.arch.label, facts, width - 2 * MARGIN
        )
        top += 6
        tints = {self.add_box(slot, thickness, top) for slot in self.iter_slots(length)}
        bottom = top + (levels * ROW_HEIGHT if self.hangs else length) + 8
        bottom = self.canvas.add_notes(
            width / 2,
            bottom,
            [self.explain_lengths(), *explain_tints(tints)],
            width,
            omissions=[*self.list_narrow(), *self.shares.list_missing()],
        )
        title = f"{self.arch.label}, {self.shares.heat.name} as an icicle"
        return self.canvas.build_picture(title, (width, bottom + 6))

    def explain_lengths(self) -> str:
        """Explain what is to scale."""
        side = "width" if self.hangs else "height"
        heat, suffix = self.shares.heat, self.shares.suffix
        return f"{side}: share of {heat.name}{suffix}"

    def list_narrow(self) -> Iterator[str]:
        """Yield what is too narrow to be told apart, or for its words."""
        if self.narrow:
            boxes = "a box" if self.shared == 1 else f"{self.shared} boxes"
            yield f"{self.narrow} parts of less than {NARROWEST} px share {boxes}"
        if self.mute:
            boxes = "1 box" if self.mute == 1 else f"{self.mute} boxes"
            more = ", more fit with --direction LR" if self.hangs else ""
            yield f"{boxes} too narrow for words{more}"

    def iter_slots(self, length: float) -> Iterator[Slot]:
        """Yield the boxes of all rows, row by row."""
        scale = length / self.shares.amounts[self.shares.root.key]
        pending = deque([Slot((self.shares.root,), 0, 0.0, length)])
        while pending:
            slot = pending.popleft()
            yield slot
            first, *others = slot.parts
            if others or slot.stop - slot.start < NARROWEST:
                continue
            inner = self.shares.list_shown(first)
            start, row = slot.start, slot.row + 1
            around = name_part(self.arch, first)
            if not self.have_short_names_room(inner, around, scale):
                around = ""
            for parts in self.group_narrow(inner, scale):
                amount = sum(self.shares.amounts[part.key] for part in parts)
                stop = start + scale * amount
                pending.append(Slot(parts, row, start, stop, around))
                start = stop

    def have_short_names_room(
        self, parts: Sequence[NetworkPart], around: str, scale: float
    ) -> bool:
        """Tell whether all blocks of a part have room for their short names.

        "_1" says little where the others beside it have none.
        """
        letters = LOOKS["layer"].size
        return not self.hangs or all(
            metrics.text_width(
                shorten_name(name_part(self.arch, part), around), letters
            )
            <= scale * self.shares.amounts[part.key] - WORDS_MARGIN
            for part in parts
            if part.kind in {"block", "call"}
        )

    def group_narrow(
        self, parts: Sequence[NetworkPart], scale: float
    ) -> Iterator[tuple[NetworkPart, ...]]:
        """Yield parts one by one, but those in a row that are too narrow together."""

        def is_narrow(part: NetworkPart) -> bool:
            return scale * self.shares.amounts[part.key] < NARROWEST

        for narrow, run in groupby(parts, is_narrow):
            if narrow:
                yield tuple(run)
            else:
                yield from ((part,) for part in run)

    def add_box(self, slot: Slot, thickness: float, top: float) -> str:
        """Add the box of a slot; return its tint."""
        along = (slot.start + slot.stop) / 2
        length = slot.stop - slot.start
        if self.hangs:
            at = (MARGIN + along, top + (slot.row + 0.5) * thickness)
            size = (length, thickness)
        else:
            at = (MARGIN + (slot.row + 0.5) * thickness, top + along)
            size = (thickness, length)
        first, *others = slot.parts
        if others:
            self.narrow += len(slot.parts)
            self.shared += 1
            lines = ()
        else:
            lines = self.choose_words(first, size, slot.around)
            self.mute += not lines
        inside = (index for part in slot.parts for index in part.layer_indices)
        layers = [self.arch.stored_layers[index] for index in inside]
        tint = choose_layers_tint(self.arch, layers) if slot.row else "stem"
        self.canvas.add_node("layer", at, size, lines, tint=tint)
        return tint

    def choose_words(
        self, part: NetworkPart, size: tuple[float, float], around: str
    ) -> tuple[str, ...]:
        """Choose the most of a part's words for which its box has room; () for none.

        Args:
            part: whose words.
            size: of its box.
            around: the name of the part that it belongs to, which need not be repeated.
        """
        letters = LOOKS["layer"].size
        room, spacing = size[0] - WORDS_MARGIN, letters * metrics.LINE_SPACING
        amounts = (
            f"{self.shares.write(part)} · {self.shares.write_percent(part)}",
            self.shares.write(part),
        )
        names = [metrics.fit_text(n, 300, letters) for n in self.list_part_names(part)]
        by_path = find_sheet().names == "path"
        if part.kind in {"block", "call"} or (part.kind == "layer" and by_path):
            names.append(shorten_name(names[0], around))
        most = int((size[1] - 1) / spacing)
        for words in list_wordings(names, amounts, most):
            if metrics.max_text_width(words, letters) <= room:
                return words
        return (*metrics.break_word(names[-1], room, letters, limit=most),)

    def list_part_names(self, part: NetworkPart) -> Iterator[str]:
        """Yield the names of a part, the longest first."""
        if part.kind == "network":
            yield f"{part.name}, {self.shares.heat.name}"
            yield self.shares.heat.name
        elif part.kind == "layer":
            layer = self.arch.stored_layers[part.layer_indices[0]]
            if find_sheet().names != "paper":
                yield name_layer(layer)
                return
            label = " + ".join(label_layer_briefly(layer)) or layer.type
            yield label
            yield label.partition(",")[0]
        else:
            yield name_part(self.arch, part)


def shorten_name(name: str, around: str) -> str:
    """Shorten the name of a part by that of the part around it.

    Example:
        >>> [shorten_name("blocks.2.0", "blocks.2"), shorten_name("conv2_1", "conv2_x")]
        ['.0', '_1']
    """
    shared = around.removesuffix("_x")
    rest = name.removeprefix(shared)
    return rest if shared and rest[:1] in {".", "_"} else name


def list_wordings(
    names: Sequence[str], amounts: Sequence[str], lines: int
) -> Iterable[tuple[str, ...]]:
    """List what a box of some lines may say, the most telling first."""
    if lines >= 2:
        yield from ((name, amount) for name in names for amount in amounts)
    if lines >= 1:
        yield from ((f"{name}: {amounts[1]}",) for name in names)
        yield from ((name,) for name in names)


def count_levels(shares: Shares) -> int:
    """Count the rows of an icicle."""
    level, parts = 0, [shares.root]
    while parts:
        level += 1
        parts = [inner for part in parts for inner in shares.list_shown(part)]
    return level


def list_leaves(shares: Shares) -> list[NetworkPart]:
    """List the layers that have anything of the cost."""
    leaves, parts = [], [shares.root]
    while parts:
        leaves += [part for part in parts if part.kind == "layer"]
        parts = [inner for part in parts for inner in shares.list_shown(part)]
    return leaves
