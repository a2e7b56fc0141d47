"""Placing a stack: its rows in columns, their wires, shortcuts, frames and sizes."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.declaring import WHOLE_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import (
    ARROW_LENGTH,
    Canvas,
    frame_nodes,
    straight_segment,
)
from resviz.figures.drawing.elements import Edge, Node
from resviz.figures.drawing.fitting import warn_of_zooming
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.shifting import shift_picture
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.stack.bands import (
    BAND_GAP,
    BOX_HEIGHT,
    BRANCH_GAP,
    JOIN_PITCH,
    PLATE_ABOVE,
    ROW_PITCH,
    measure_plate_below,
)
from resviz.figures.stack.side_lines import (
    LANE_PITCH,
    LINE_SHIFT,
    draw_side_lines,
    plan_lanes,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.stack.bands import Band, BandItem
    from resviz.figures.stack.rows import ShortcutArc, Stack, StackPiece

NOTES_HEIGHT = 50
"""Pixels of the notes below a stack, about."""

MIN_BOX_WIDTH, MAX_BOX_WIDTH, NARROW_BOX_WIDTH = 116, 190, 80
"""Widths of the boxes, at least and at most, and at least on a sheet of some width."""

MIN_PICTURE_WIDTH = 320
"""Width of the picture, at least; its title and legend want it."""

COUNT_WIDTH, MARGIN = 30, 8
"""Width of a fold's count, and of what is around the picture."""


class StackSpacing(NamedTuple):
    """Pixels between what stands in stacks.

    Attributes:
        arc_reach: of shortcuts beside the boxes.
        gutter: between columns.
        sizes_width: of the output sizes; sizes_gap behind them.
        fact_lines: in which what a network costs stands.
        first_band: y at which the first band begins.
    """

    arc_reach: float = 24
    gutter: float = 24
    sizes_width: float = 66
    sizes_gap: float = 10
    fact_lines: int = 1
    first_band: float = 54


WIDE, NARROW = StackSpacing(), StackSpacing(14, 5, 44, 4, 2, 67)
"""What stacks usually have, and where a column is too narrow for many of them."""

JOIN_SIZE = (9, 9)
"""Width and height of an addition's circle between two boxes."""

FACT_HEIGHT = 13
"""Height of a line of what a network costs."""

TITLE_HEIGHT = 22
"""Height of a title above the names of several networks."""


def name_piece(piece: StackPiece) -> str:
    """Name a piece by its first layer."""
    return f"piece {min(piece.piece_layers, default=MODEL_INPUT)}"


def list_turns(arc: ShortcutArc, piece: StackPiece) -> list[ShortcutArc]:
    """List an arc of a piece in each of its turns."""
    return [turn.arcs[piece.arcs.index(arc)] for turn in piece.turns] or [arc]


class PlacedPiece(NamedTuple):
    """A piece with the nodes of its rows, and of additions by the row above each."""

    piece: StackPiece
    rows: list[Node]
    sums: dict[int, Node]


class StackPlacing:
    """Places stacks on a canvas, column by column."""

    def __init__(
        self,
        shown: Sequence[Stack],
        column_bands: Sequence[Sequence[Band]],
        spacing: StackSpacing = WIDE,
    ) -> None:
        self.shown = shown
        self.spacing = spacing
        self.column_bands = column_bands
        self.canvas = Canvas()
        self.side_lanes = [
            [
                plan_lanes([item for band in column for item in band.items[number]])
                for column in column_bands
            ]
            for number in range(len(shown))
        ]
        lanes = max(len(lanes) for columns in self.side_lanes for lanes in columns)
        self.sizes_room = spacing.sizes_width + spacing.sizes_gap
        self.aside = self.sizes_room + max(lanes - 1, 0) * LANE_PITCH
        labels = (row.label for stack in shown for row in stack.rows)
        width = metrics.widen_for_fonts(metrics.max_text_width(labels, 11)) + 8
        least = MIN_BOX_WIDTH if find_sheet().width is None else NARROW_BOX_WIDTH
        self.box = min(max(width, least), MAX_BOX_WIDTH)
        counted = any(piece.count > 1 for stack in shown for piece in stack.pieces)
        self.lane = spacing.arc_reach + (COUNT_WIDTH if counted else 0)
        self.place_sizes_heading()
        self.below = 0.0
        self.tops = [*map(self.place_output_sizes, range(len(column_bands)))]

    def place_sizes_heading(self) -> None:
        """Place what stands above the output sizes, right above the first of them."""
        lines = metrics.wrap_words(
            ["output", "size"], " ", self.spacing.sizes_width, LOOKS["note"].size
        )
        x, y = MARGIN + self.spacing.sizes_width / 2, self.spacing.first_band - 8
        for number, line in enumerate(reversed(lines)):
            self.canvas.add_text("note", (x, y - FACT_HEIGHT * number), line)

    def column_left(self, number: int) -> float:
        """Return the x at which a column begins, its own output sizes included."""
        is_alone = len(self.column_bands) > 1
        own = self.aside if is_alone else self.aside - self.sizes_room
        return MARGIN + number * (own + self.box + self.lane + self.spacing.gutter)

    def column_centre(self, number: int) -> float:
        """Return the x of a column's boxes."""
        return self.column_left(number) + self.aside + self.box / 2

    @property
    def picture_width(self) -> float:
        """Width of the picture."""
        last = max(len(self.shown), len(self.column_bands)) - 1
        width = self.column_centre(last) + self.box / 2 + self.lane + 2 * MARGIN
        return max(width, min(MIN_PICTURE_WIDTH, find_sheet().room))

    def place_output_sizes(self, number: int) -> list[float]:
        """Place a column's output sizes; return the y at which each band begins."""
        width = self.spacing.sizes_width
        x, tops = self.column_left(number) + width / 2, [self.spacing.first_band]
        for band in self.column_bands[number]:
            gap = BRANCH_GAP * all(items and items[0].row.apart for items in band.items)
            at = (x, tops[-1] + gap + ROW_PITCH / 2)
            self.canvas.add_text("note", at, band.size, room=width)
            tops.append(tops[-1] + band.height + BAND_GAP)
        return tops

    def place_network(self, number: int) -> None:
        """Place one network."""
        self.place_heading(number)
        arch = self.shown[number].arch
        part = self.shown[number].part
        self.book = SeatBook(arch, part and part.scope) if arch else None
        placed: dict[int, Node] = {}
        last: Node | None = None
        placed_pieces: list[PlacedPiece] = []
        for column_number, (column, tops) in enumerate(
            zip(self.column_bands, self.tops, strict=True)
        ):
            x = self.column_centre(number + column_number)
            rows: list[tuple[Node, Node]] = []
            for band, top in zip(column, tops, strict=False):
                y = top
                for item in band.items[number]:
                    last, y = self.place_row(item, (x, y), last)
                    box = last
                    folds = item.piece.count > 1
                    self.below = measure_plate_below(item.piece) if folds else 0.0
                    if item.number == 0:
                        placed_pieces.append(PlacedPiece(item.piece, [], {}))
                    placed_pieces[-1].rows.append(last)
                    self.seat_row(item, last)
                    for arc in item.piece.arcs:
                        if arc.last == item.number:
                            last = self.place_addition(arc, last)
                            placed_pieces[-1].sums[item.number] = last
                    for turn in item.piece.turns or (item.piece,):
                        placed[turn.rows[item.number].end] = last
                    rows.append((box, last))
            lanes = self.side_lanes[number][column_number]
            draw_side_lines(self.canvas, lanes, rows, x - self.box / 2)
        self.place_shortcuts(placed_pieces, placed)
        if self.book:
            self.book.seat_outputs_with_sources()
            self.canvas.books.append(self.book)

    def seat_row(self, item: BandItem, node: Node) -> None:
        """Seat the layers of a row, in all turns of its piece."""
        turns = [piece.rows[item.number].layers for piece in item.piece.turns]
        turns = turns or [item.row.layers]
        if self.book and item.row.end == MODEL_INPUT:
            self.book.seat_inputs(node.key)
        elif self.book:
            self.book.seat_turns(node.key, name_piece(item.piece), turns)

    def seat_arc(self, arc: ShortcutArc, each: PlacedPiece) -> str:
        """Seat what an arc stands for; return its key."""
        via = f"{each.sums[arc.last].key} shortcut"
        if self.book:
            layers = [turn.layers for turn in list_turns(arc, each.piece)]
            self.book.seat_turns(via, name_piece(each.piece), layers)
        return via

    def seat_join(self, arc: ShortcutArc, each: PlacedPiece) -> None:
        """Seat what the addition that ends an arc does."""
        if self.book:
            layers = [turn.join_layers for turn in list_turns(arc, each.piece)]
            key = each.sums[arc.last].key
            self.book.seat_turns(key, name_piece(each.piece), layers)

    def place_heading(self, number: int) -> None:
        """Place a network's name and costs, over all its columns."""
        shown_stack, x = self.shown[number], self.column_centre(number)
        facts = [shown_stack.facts]
        if self.spacing.fact_lines > 1:
            facts = shown_stack.facts.split(" · ")
        heading: tuple[str, ...] = (shown_stack.title, *facts)
        room = self.box + self.lane + max(self.spacing.gutter - 8, 1)
        if len(self.shown) == 1:
            x, room = self.picture_width / 2, self.picture_width - 2 * MARGIN
            heading = find_sheet().write_heading(*heading)
        for line_number, line in enumerate(heading):  # there may be none
            role, y, kept = "title", 14.0, room * 0.94
            if line_number:
                role, y, kept = "note", 31 + FACT_HEIGHT * (line_number - 1), room
            self.canvas.add_text(role, (x, y), line, room=kept)

    def place_row(
        self, item: BandItem, at: tuple[float, float], last: Node | None
    ) -> tuple[Node, float]:
        """Place a row below the last; return its node and the y below it."""
        folded = item.piece.count > 1
        lead = PLATE_ABOVE if folded and item.number == 0 else 0
        x, y = at[0], at[1] + lead + item.row.apart * BRANCH_GAP + ROW_PITCH / 2
        fit = metrics.fit_name if find_sheet().names == "path" else metrics.fit_text
        label = fit(item.row.label, self.box - 6, 11)
        if item.piece.hidden or last is None:
            role = "note" if last else "small"
            node = self.canvas.add_text(role, (x, y), label)
        else:
            role = "layer" if item.row.boxed else "small plain"
            width = self.box if item.row.boxed else self.box - 24
            if metrics.max_text_width([label], 11) > width - 6:
                width = self.box
            node = self.canvas.add_node(
                role, (x, y), (width, BOX_HEIGHT), [label], tint=item.row.tint
            )
        if last is not None:
            points = [(last.at[0], last.bottom), (x, node.top)]
            if last.at[0] != x:
                between = x - self.box / 2 - self.aside - self.spacing.gutter / 2
                under, over = last.bottom + 12 + self.below, self.spacing.first_band - 8
                points[1:1] = [(last.at[0], under), (between, under)]
                points[3:3] = [(between, over), (x, over)]
            self.canvas.add_wire(last, node, "main", *points)
        return node, at[1] + item.height

    def place_addition(self, arc: ShortcutArc, box: Node) -> Node:
        """Place the addition that ends a shortcut, on the wire below a box."""
        at = (box.at[0], box.bottom + (ROW_PITCH - BOX_HEIGHT + JOIN_PITCH) / 2)
        join = self.canvas.add_node("small sum", at, JOIN_SIZE, [arc.sign])
        ends = [(box.at[0], box.bottom), (box.at[0], join.top)]
        self.canvas.add_wire(box, join, "main", *ends, arrow=False)
        return join

    def place_shortcuts(
        self, placed_pieces: list[PlacedPiece], placed: dict[int, Node]
    ) -> None:
        """Place the shortcuts and the plates of one network."""
        ends = sorted(placed)
        for each in placed_pieces:
            if each.piece.count > 1:
                self.frame_folded_piece(each)
            for arc in each.piece.arcs:
                known = max(bisect_right(ends, arc.fork) - 1, 0)
                before = placed[ends[known]]
                first = arc.first == 0 and each.piece.count > 1
                apart = before.at[0] != each.rows[0].at[0]
                self.seat_join(arc, each)
                if not each.piece.rows[arc.first].apart:
                    self.draw_arc(arc, each, before, is_apart=first or apart)
                elif not apart:  # from another column there is no wire to leave
                    self.draw_arc(arc, each, before, is_apart=False)

    def draw_arc(
        self, arc: ShortcutArc, each: PlacedPiece, before: Node, *, is_apart: bool
    ) -> None:
        """Draw a shortcut, from what is before it; in a plate, from the wire above."""
        first, join = each.rows[arc.first], each.sums[arc.last]
        edge, down = join.at[0] + self.box / 2, join.at[1] - LINE_SHIFT
        if is_apart:
            start = (first.at[0], first.top - 5)
        else:
            inside = 1 if before.role == "small sum" else 0
            start = (before.right - inside, before.at[1] + LINE_SHIFT)
        turn, end = (edge, start[1]), (edge, down)
        base = (join.right + ARROW_LENGTH, down)
        reach = edge + self.spacing.arc_reach / 0.75 - 4
        path = [start, *straight_segment(start, turn)]
        path += [(reach, turn[1]), (reach, down), end, *straight_segment(end, base)]
        via, tip = self.seat_arc(arc, each), (join.right, down)
        self.canvas.edges.append(
            Edge(before.key, join.key, arc.kind, tuple(path), tip, via)
        )

    def frame_folded_piece(self, each: PlacedPiece) -> None:
        """Frame a folded piece, and write how many it stands for."""
        piece, nodes = each.piece, [*each.rows, *each.sums.values()]
        top = nodes[0].top - PLATE_ABOVE + 5
        bottom = max(node.bottom for node in nodes) + measure_plate_below(piece)
        left = nodes[0].at[0] - self.box / 2 - 5
        right = nodes[0].at[0] + self.box / 2 + self.lane + 2
        key, corners = f"f{len(self.canvas.groups)}", ((left, top), (right, bottom))
        self.canvas.groups.append(frame_nodes(key, "fold", corners, nodes))
        at = (right - COUNT_WIDTH / 2 - 2, (top + bottom) / 2)
        self.canvas.add_text("name", at, f"×{piece.count}")

    def finish_picture(
        self, name: str, lines: list[str], omissions: list[str]
    ) -> Picture:
        """Return the picture, with its legend."""
        width = self.picture_width
        below = max(tops[-1] for tops in self.tops) + (8 if len(self.tops) > 1 else 0)
        omissions = [*omissions, *warn_of_zooming((width, below + NOTES_HEIGHT))]
        bottom = self.canvas.add_notes(
            width / 2, below + 4, lines, width, omissions=omissions, see=WHOLE_GRAPH
        )
        size = (width, bottom + 6)
        title = find_sheet().title
        if len(self.shown) == 1 or not title:
            return self.canvas.build_picture(name, size)
        at, room = (width / 2, 14 - TITLE_HEIGHT), width - 2 * MARGIN
        self.canvas.add_text("title", at, title, room=room)
        picture = self.canvas.build_picture(name, size)
        return shift_picture(
            picture, (0, TITLE_HEIGHT), (width, size[1] + TITLE_HEIGHT)
        )
