"""The overview: stages, blocks and shortcuts of any depth on one screen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.branch_labels import has_serial_labels, split_labels
from resviz.figures.declaring import WHOLE_GRAPH, declare_coverage, explain_order
from resviz.figures.drawing.charts import settle_chart
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.fitting import choose_fitting
from resviz.figures.drawing.ledgers import SeatBook
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.legend import build_overview_legend
from resviz.figures.overview.cost_bars import (
    add_section_costs,
    explain_squares,
    say_costs,
    write_amount,
)
from resviz.figures.overview.downward import DownwardPlacing
from resviz.figures.overview.funnel import FunnelPlacing
from resviz.figures.overview.merging import explain_merged, merge_first_blocks
from resviz.figures.overview.outline import MAX_ROWS, build_outline
from resviz.figures.overview.part import choose_part
from resviz.figures.overview.rightward import RightwardPlacing
from resviz.readings.structure import read_structure
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.overview.outline import Outline, OutlineRow, OutlineSection
    from resviz.readings.structure import Structure
    from resviz.record import Architecture


def draw(
    arch: Architecture,
    *,
    direction: str,
    stages: str | None = None,
    costs: bool = False,
) -> Picture:
    """Draw the overview of a network, or of some of its stages, with bars of costs.

    Raises:
        RenderError: for stages that it has not; lists those it has.
    """
    structure = read_structure(arch)
    outline = build_part(structure, stages, costs=costs)
    unplaced = ChartBuilder(outline).build_chart(direction)
    shown = partial(build_part, structure, stages, costs=costs)
    pictures = iter_pictures(structure, outline, shown, direction)
    is_screen = find_sheet().width is None
    if direction == "TB" and (costs or not is_screen):
        funnels = iter_funnels(structure, outline, shown)
        pictures = chain(funnels, pictures) if costs else chain(pictures, funnels)
    picture = choose_readable(pictures) if is_screen else choose_fitting(pictures)
    return replace(picture, chart=unplaced)


MIN_ROWS = 3
"""Rows of one stage that are drawn at least: the first, what is left out, the last."""


def build_part(
    structure: Structure,
    stages: str | None,
    rows: int = MAX_ROWS,
    *,
    costs: bool = False,
) -> Outline:
    """Return the overview of some stages, with at most so many rows of each.

    With `costs` its sections know what they cost.
    """
    outline = build_outline(structure, most=rows)
    if costs:
        outline = add_section_costs(outline, structure)
    return choose_part(structure, outline, stages)


def iter_pictures(
    structure: Structure,
    whole: Outline,
    build: Callable[[int], Outline],
    direction: str,
) -> Iterator[Picture]:
    """Yield the overview in one lane of stages and in more, then with fewer rows.

    `whole` has all rows, `build` outlines it with at most so many of a stage. On a
    sheet of some width each is narrowed to it after that.
    """
    widths = (False,) if find_sheet().width is None else (False, True)
    previous, outline = None, whole
    for most in range(MAX_ROWS, MIN_ROWS - 1, -1):
        if most < MAX_ROWS:
            outline = build(most)
        if outline != previous:
            omissions = [*list_omissions(structure), *outline.missing]
            signs = build_overview_legend(structure, outline)
            signs += explain_squares(outline)
            for narrowed in widths:
                yield from iter_placed(
                    outline, signs, omissions, direction, narrowed=narrowed
                )
        previous = outline


def iter_funnels(
    structure: Structure, whole: Outline, build: Callable[[int], Outline]
) -> Iterator[Picture]:
    """Yield the overview with its blocks as funnels, then with fewer rows.

    A block and those like it behind it are one.
    """
    for most in range(MAX_ROWS, MIN_ROWS - 1, -1):
        outline = merge_first_blocks(whole if most == MAX_ROWS else build(most))
        omissions = [*list_omissions(structure), *outline.missing]
        signs = build_overview_legend(structure, outline)
        signs += [*explain_merged(outline), *explain_squares(outline)]
        yield FunnelPlacing(outline, signs, omissions, ()).place()


def list_omissions(structure: Structure) -> list[str]:
    """List what an overview shows otherwise than it is."""
    serial = ["parallel branches stand one after the other"]
    return serial * has_serial_labels(structure)


def description(
    arch: Architecture, *, stages: str | None = None, costs: bool = False
) -> str:
    """Say the overview in sentences; with `costs` also what each stage costs.

    Raises:
        RenderError: as `draw`.
    """
    whole = sentences.describe_network(arch)
    outline = build_part(read_structure(arch), stages, costs=costs)
    if costs and outline.sections:
        whole = f"{whole} {say_costs(outline)}"
    if not outline.missing:
        return whole
    drawn = sentences.join_with_and([section.name for section in outline.sections])
    verb = "is" if len(outline.sections) == 1 else "are"
    return f"{whole} Of this, {drawn} {verb} drawn."


PLACINGS = {"TB": DownwardPlacing, "LR": RightwardPlacing}
"""The way that each direction is placed."""


def iter_placed(
    outline: Outline,
    signs: list[str],
    omissions: list[str],
    direction: str,
    *,
    narrowed: bool = False,
) -> Iterator[Picture]:
    """Yield the overview placed in one lane, then in more."""
    placing = PLACINGS[direction]
    whole = placing(outline, signs, omissions, (), narrowed=narrowed).place()
    yield whole
    axis = placing.axis
    starts = [group.span(axis)[0] for group in whole.groups if group.role == "stage"]
    for lanes in range(2, min(len(starts), placing.max_lanes) + 1):
        turns = break_evenly(starts, whole.size[axis], lanes)
        yield placing(outline, signs, omissions, turns, narrowed=narrowed).place()


def break_evenly(starts: list[float], end: float, lines: int) -> tuple[int, ...]:
    """Break a run of parts into lines of like length.

    Args:
        starts: where each part begins; the first may lie behind the run's own start.
        end: where the last ends.
        lines: how many there shall be at most.
    """
    limit = (end - starts[0]) / lines
    while True:
        chosen: list[int] = []
        begin = 0.0
        for number, start in enumerate(starts[1:], start=1):
            after = starts[number + 1] if number + 1 < len(starts) else end
            if after - begin > limit:
                chosen.append(number)
                begin = start
        if len(chosen) < lines:
            return tuple(chosen)
        limit *= 1.02


SCREEN_SIZE = (1280, 800)
"""Width and height of a small laptop's screen, in pixels."""

MIN_LETTER_SIZE = 9
"""Size of the smallest letters that are read with ease, in pixels."""


def smallest_letter_size(picture: Picture) -> float:
    """Return the size of a picture's smallest letters once it fits a screen."""
    sizes = [LOOKS[node.role].size for node in picture.nodes if node.lines]
    width, height = picture.size
    scale = min(1, SCREEN_SIZE[0] / width, SCREEN_SIZE[1] / height)
    return min(sizes, default=0) * scale


def choose_readable(pictures: Iterable[Picture]) -> Picture:
    """Return the first picture that can be read on one screen, else the best."""
    too_small: list[Picture] = []
    for picture in pictures:
        if smallest_letter_size(picture) >= MIN_LETTER_SIZE:
            return picture
        too_small.append(picture)
    return max(too_small, key=smallest_letter_size)


class ChartBuilder:
    """Collects the links of one chart while its boxes are made."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.book = SeatBook(outline.arch, outline.scope)
        self.links: list[ChartLink] = []
        self.box_count = 0
        self.last_key = ""

    def build_chart(self, direction: str) -> Chart:
        """Return the whole chart, from the input to the output."""
        outline = self.outline
        facts = " · ".join(outline.facts)
        title = find_sheet().write_heading(outline.title, facts)
        heading = (*title, *outline.missing, outline.inputs)
        first = self.add_box("text", tuple(filter(None, heading)))
        self.book.seat_inputs(first.key)
        self.book.seat(first.key, outline.before_layers)
        parts: list[ChartBox | ChartFrame] = []
        if outline.stem:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.stem), "stem"))
            self.book.seat(self.last_key, outline.stem_layers)
        for number, section in enumerate(outline.sections):
            parts.append(self.add_section(number, section))
        if outline.head:
            parts.append(self.add_box("chain", wrap_chart_labels(outline.head), "head"))
            self.book.seat(self.last_key, outline.head_layers)
        if outline.outputs:
            parts.append(self.add_box("text", (outline.outputs,)))
            self.book.seat_outputs(self.last_key)
            self.book.seat(self.last_key, outline.after_layers)
        chart = settle_chart(Chart(direction, (), tuple(self.links)), [self.book])
        notes = [*explain_order(chart.links)]
        notes += declare_coverage(chart.coverage, see=WHOLE_GRAPH)
        first = replace(first, lines=(*first.lines, *notes))
        return replace(chart, parts=(first, *parts))

    def add_section(self, number: int, section: OutlineSection) -> ChartFrame:
        """Return a stage as a frame; folded blocks have one of their own in it.

        Its name is a box on the wire: wires would cross a frame's title.
        """
        tint = section.tint
        facts = [*section.facts]
        if section.costs:
            facts.append(f"{write_amount(section.costs.params)} params")
            facts.append(f"{write_amount(section.costs.macs)} MACs")
        heading = (section.name, " · ".join(facts))
        parts: list[ChartBox | ChartFrame] = [
            self.add_box("name", tuple(filter(None, heading)))
        ]
        for k, group in enumerate(section.groups):
            framed = group[0].count > 1 and any(row.has_addition for row in group)
            boxes: list[ChartBox] = []
            for row in group:
                fold = f"rows {number} {k}"
                boxes += self.add_row(row, tint, fold, counted=not framed)
            if framed:
                fold = (f"×{group[0].count}",)
                parts.append(ChartFrame(f"f{number}_{k}", fold, "", tuple(boxes)))
            else:
                parts += boxes
        return ChartFrame(f"s{number}", (), tint, tuple(parts))

    def add_row(
        self, row: OutlineRow, tint: str, fold: str, *, counted: bool
    ) -> tuple[ChartBox, ...]:
        """Return a row's box, its count if it shall say that, and its addition."""
        if row.elided:
            note = self.add_box("note", row.labels)
            self.book.seat(note.key, row.turns[0].row_layers)
            return (note,)
        seat_turns = self.book.seat_turns
        lead = (self.add_box("plain", (", ".join(row.lead),)),) if row.lead else ()
        for box in lead:
            seat_turns(box.key, fold, [turn.lead for turn in row.turns])
        fork = self.last_key
        times = (f"×{row.count}",) if counted and row.count > 1 else ()
        lines = (*wrap_chart_labels(row.labels), *times * (not row.has_addition))
        box = self.add_box("block", lines, tint)
        seat_turns(box.key, fold, [turn.box for turn in row.turns])
        if not row.has_addition:
            seat_turns(box.key, fold, [turn.shortcut + turn.join for turn in row.turns])
            return *lead, box
        join = self.add_box("sum", (row.sign,))
        seat_turns(join.key, fold, [turn.join for turn in row.turns])
        kind, lines, via = row.shortcut_kind, row.shortcut_lines, f"{join.key} shortcut"
        seat_turns(via, fold, [turn.shortcut for turn in row.turns])
        self.links.append(ChartLink(fork, join.key, kind, lines, via))
        return *lead, box, join

    def add_box(self, role: str, lines: tuple[str, ...], tint: str = "") -> ChartBox:
        """Return the next box, linked to the one before it."""
        box = ChartBox(f"n{self.box_count}", role, lines, tint)
        if self.last_key:
            self.links.append(ChartLink(self.last_key, box.key))
        self.box_count, self.last_key = self.box_count + 1, box.key
        return box


MAX_BOX_LABELS = 8
"""The most labels of one box; further ones in the middle are left out."""

MAX_LINE_CHARACTERS = 46
"""Characters of a line of words."""


def wrap_chart_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Break words in a row into lines, an arrow at the end of each but the last."""
    if len(labels) > MAX_BOX_LABELS:
        left = format_plural(len(labels) - MAX_BOX_LABELS + 1, "more step")
        half = MAX_BOX_LABELS // 2
        labels = (*labels[:half], f"… {left} …", *labels[1 - half :])
    lines = [""]
    for piece in split_labels(labels):
        if lines[-1] and len(lines[-1]) + len(piece) > MAX_LINE_CHARACTERS + 3:
            lines.append("")
        lines[-1] += piece
    return tuple(line.rstrip() for line in lines)
