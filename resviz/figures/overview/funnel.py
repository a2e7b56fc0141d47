"""An overview for a narrow column: blocks as funnels, a step for each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.branch_labels import ARROW, BESIDE
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import SUM_SIZE, frame_nodes
from resviz.figures.drawing.elements import Taper
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.drawing.tapers import STEP_GAP
from resviz.figures.overview.cost_bars import BAR_LENGTH
from resviz.figures.overview.downward import DownwardPlacing
from resviz.figures.overview.placing import LINE_HEIGHT, Gaps, Lane
from resviz.figures.overview.words import list_shortcut_lines

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Group, Node
    from resviz.figures.overview.placing import MeasuredBlock, MeasuredText
    from resviz.figures.overview.rows import OutlineRow, OutlineSection

MAX_STEPS = 8
"""Steps of a block at most; one of more layers is a box with its words in rows."""

STEP_PADDING = 4
"""Height of a step beside that of its lines."""

SCREEN_WIDTH = 420
"""Width of the picture where no sheet has one."""

COUNT_HEIGHT = 12
"""Height that a count takes below what is written on a shortcut, beside a block."""

IDENTITY_GAP = 9
"""From the widest step to the line of an identity."""


class FunnelPlacing(DownwardPlacing):
    """Places an overview from top to bottom, each block as a stack of steps.

    A step is as wide as the fourth root of its channels, of the widest in its block.
    What a stage is and costs stands left of its blocks, what their shortcuts are right.
    """

    max_lanes = 1
    gaps = Gaps(
        chain=10, lead=7, after_lead=-1, fork=5, block=12, addition=7, after_block=5,
        after_fold=0, after_rows=5, after_stages=6, leave=8, enter=10,
    )  # fmt: skip
    margin, pad, fold_pad = 3, 6, 5
    min_box_width = 92
    box_padding = 10

    def measure_columns(self) -> None:
        """Share the width among facts, blocks and shortcuts."""
        rows = [row for section in self.outline.sections for row in section.rows]
        sheet_room = min(find_sheet().room, SCREEN_WIDTH)
        room = sheet_room - 2 * (self.margin + self.pad)
        changed = [row.first or row for row in rows]
        lines = [line for row in changed for line in list_change_lines(row)]
        widest = metrics.max_text_width(lines) + 10
        self.shortcut_width = min(max(widest, 46), 86) if lines else 0
        is_counted = any(row.count > 1 for row in rows)
        beside = max(self.shortcut_width, 34 if is_counted else 0)
        behind = self.fold_pad + (self.count_width if is_counted else 0)
        if any(row.has_addition for row in rows):
            behind = IDENTITY_GAP + 6 + beside + 5
        is_narrow = sheet_room < SCREEN_WIDTH
        self.facts_width = 108 if is_narrow else 140
        self.bar_length = 20 if is_narrow else BAR_LENGTH
        self.box_width = max(
            room - self.facts_width - self.fold_pad - behind, self.min_box_width
        )
        start = self.margin + self.pad + self.facts_width + self.fold_pad
        level, right = start + self.box_width / 2, start + self.box_width
        self.lane = Lane(self.margin, level, right + behind + self.pad)

    def list_facts(self, section: OutlineSection) -> list[str]:
        """List a stage's facts in lines that its column has room for."""
        size, room = LOOKS["note"].size, self.facts_width - 6
        first, *rest = section.facts or ("",)
        parts = [part for fact in rest for part in fact.split(", ")]
        lines = metrics.wrap_phrases(parts, ", ", room, size)
        return [first, *(line.removesuffix(",") for line in lines)]

    def open_section(self, section: OutlineSection) -> None:
        """Place a stage's words left of its blocks, however narrow the sheet is."""
        self.place_section_facts(section)

    def close_section(self, section: OutlineSection, start: float) -> None:
        """Leave room for them."""
        self.end_facts(section, start)

    def place_chain(self, labels: tuple[str, ...], tint: str) -> Node:
        """Place a box that is no block, as wide as there is room around the wire."""
        narrow, lane = self.box_width, self.lane
        sides = lane.level - lane.start, lane.end - lane.level
        self.box_width = min(2 * min(sides) - 2 * self.pad, 235)
        node = super().place_chain(labels, tint)
        self.box_width = narrow
        return node

    def measure_block(self, row: OutlineRow) -> MeasuredBlock:
        """Stack the labels of a block, each in a step as wide as its channels."""
        room = (self.box_width - self.box_padding) / metrics.FONT_FACTOR + 0.1
        labels = row.labels
        is_long = len(labels) > MAX_STEPS or BESIDE in ARROW.join(labels)
        if is_long or not row.shortcut_kind:
            return *self.measure_box(labels, 2 * self.max_lines[0]), ()
        texts = [metrics.wrap_words(label.split(" "), " ", room) for label in labels]
        widths = [*map(read_channels, labels)]
        most = max((width for width in widths if width), default=0)
        before = next((width for width in reversed(widths) if width), most)
        steps: list[Taper] = []
        for lines, own in zip(texts, widths, strict=True):
            after = own or before
            least = metrics.widen_for_fonts(metrics.max_text_width(lines)) + 8
            ends = [
                max((width / most) ** 0.25 * self.box_width, least)
                if most
                else self.box_width
                for width in (before, after)
            ]
            above, below = (min(end, self.box_width) for end in ends)
            steps.append(Taper(len(lines), above, below))
            before = after
        lines = tuple(line for text in texts for line in text)
        height = LINE_HEIGHT * len(lines) + (STEP_PADDING + STEP_GAP) * len(steps)
        return (height - STEP_GAP, self.box_width), lines, (*steps,)

    def measure_shortcut(self, row: OutlineRow) -> MeasuredText:
        """Fit a changed shortcut into its column, a count below it."""
        changed = row.first or row
        width = self.shortcut_width
        lines = [
            piece
            for line in list_change_lines(changed)
            for piece in metrics.wrap_words(line.split(" "), " ", width - 4)
        ]
        if not lines:
            return (0, 0), ()
        count_height = COUNT_HEIGHT if row.count > 1 else 0
        return (LINE_HEIGHT * len(lines) + 6 + count_height, width), (*lines,)

    def place_shortcut(
        self, row: OutlineRow, tail: Node, fork: float, box: Node, join: Node
    ) -> Node:
        """Place a row's shortcut; of merged ones the identity, and the first's beside.

        Returns:
            What holds the layers of its shortcut.
        """
        level, side = self.lane.level, box.right + IDENTITY_GAP
        bottom, enter = join.at[1], self.lane.level + SUM_SIZE[0] / 2
        changed, holder = row.first or row, join
        (_, width), lines = self.measure_shortcut(row)
        if lines:
            height = LINE_HEIGHT * len(lines) + 6
            kind = changed.shortcut_kind
            at = (side + 6 + width / 2, fork + 6 + height / 2)
            holder = self.canvas.add_node(kind, at, (width, height), lines)
            x = holder.right - 8
            away = (level, fork), (x, fork), (x, holder.top)
            self.canvas.add_wire(tail, holder, kind, *away, arrow=False)
            back = (x, holder.bottom), (x, bottom), (enter, bottom)
            self.canvas.add_wire(holder, join, kind, *back)
        if row.shortcut_kind == "identity":
            ways = (level, fork), (side, fork), (side, bottom), (enter, bottom)
            self.canvas.add_wire(tail, join, row.shortcut_kind, *ways)
        return holder

    def frame_folded_block(
        self, row: OutlineRow, start: float, since: int, key: str
    ) -> Group:
        """Frame a folded block, and write the count beside the line of its shortcut."""
        nodes = self.canvas.nodes[since:]
        left = self.lane.level - self.box_width / 2 - self.fold_pad
        right = self.lane.end - self.pad
        corners = (left, start), (right, self.along)
        frame = frame_nodes(key, "fold", corners, nodes)
        side = self.lane.level + self.box_width / 2 + IDENTITY_GAP
        changed = [node.bottom for node in nodes if node.left > side]
        sums = [node.at[1] for node in nodes if node.role == "sum"]
        ends = (changed[-1], sums[-1] - 3) if changed else (start, self.along)
        y = sum(ends) / 2
        words = f"×{row.count}"
        self.canvas.add_text("count", (side + 6, y), words, align="start")
        return frame


def list_change_lines(row: OutlineRow) -> tuple[str, ...]:
    """List what is written on a shortcut that is no identity.

    That it projects is seen from its line.
    """
    if not row.has_addition or row.shortcut_kind == "identity":
        return ()
    lines = list_shortcut_lines(row)
    return lines[1:] if row.shortcut_kind == "projection" and lines[1:] else lines


def read_channels(label: str) -> int:
    """Read the number of channels in a label; 0 if it says none.

    Example:
        >>> read_channels("3×3, 64, /2"), read_channels("fc, 1000"), read_channels("SE")
        (64, 1000, 0)
    """
    parts = label.split(", ")[1:]
    return next((int(part) for part in parts if part.isdecimal()), 0)
