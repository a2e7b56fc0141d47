"""An overview with what changed from another network marked beside it, and listed.

Each change has a number: in discs at brackets left of the blocks where it is seen, and
before its sentence in the list. Its sign says whether something came, went or is
otherwise, so that no one needs colours.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, iter_groups, round_corners
from resviz.figures.drawing.elements import ChartBox, ChartFrame, Edge
from resviz.figures.drawing.shifting import shift_picture
from resviz.figures.drawing.styles import LOOKS
from resviz.units import SignedCount, format_count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from resviz.figures.drawing.elements import Group, Picture
    from resviz.readings.compare import Comparison
    from resviz.readings.compare.changes import Change
    from resviz.readings.compare.ledger import Place
    from resviz.readings.compare.shares import CostShare
    from resviz.readings.structure import Structure

SIGNS = {"added": "+", "removed": "−", "changed": "≠"}
"""The sign of each kind of change."""

DISC = 18
"""Width of a number's disc."""

BRACKET_WIDTH = 5
"""How far the ends of a bracket reach towards what it marks."""

COLUMN = 21
"""Between two columns of brackets."""

EDGE = 2
"""Left of the outermost column of brackets."""

LIST_WIDTH = 400
"""Width of the list beside an overview."""

LINE = 14
"""Height of a line of the list."""

JOINED = 34
"""Marks that are no further apart are one bracket."""


class MarkSpan(NamedTuple):
    """Where something is marked, along y."""

    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class MarkedChange:
    """A change with its number and where it is seen.

    Attributes:
        number: from 1 on, as in the table.
        change: with its sentence.
        layers: those of each part where it is seen, a stage whole.
    """

    number: int
    change: Change
    layers: tuple[frozenset[int], ...]

    @property
    def kind(self) -> str:
        """Whether something was "added", "removed", or "changed"."""
        if self.change.what in {"added", "removed"}:
            return self.change.what
        if self.change.what in {"stage", "depth"} and self.change.share.params:
            return "added" if self.change.share.params > 0 else "removed"
        return "changed"


def list_marked_changes(
    comparison: Comparison, structure: Structure
) -> list[MarkedChange]:
    """Number the changes, and find the layers of the second network they mark."""
    parts: dict[str, frozenset[int]] = {
        "stem": frozenset(layer.index for layer in structure.stem),
        "head": frozenset(layer.index for layer in structure.head),
    }
    for stage in structure.stages:
        blocks = [frozenset(block.layer_indices) for block in stage.blocks]
        parts[stage.name] = frozenset().union(*blocks)
        for number, layers in enumerate(blocks, start=1):
            parts[stage.block_name(number)] = layers
    steps = {
        ("before", block.stage, block.number): frozenset(
            layer.index for item in block.before.items for layer in item.layers
        )
        for block in comparison.after.blocks
    }
    return [
        MarkedChange(number, change, find_marked_layers(change, parts, steps))
        for number, change in enumerate(comparison.changes, start=1)
    ]


def find_marked_layers(
    change: Change,
    parts: Mapping[str, frozenset[int]],
    steps: Mapping[Place, frozenset[int]],
) -> tuple[frozenset[int], ...]:
    """Find the layers where a change is seen.

    Args:
        change: whose marks name parts of the second network.
        parts: layers of its stem, head, stages and blocks, by name.
        steps: layers between blocks, by the place of the block that follows; where a
            change is of these alone, the block itself has no mark.
    """
    between = [steps.get(cause.place) for cause in change.causes]
    if between and all(between):
        return tuple(dict.fromkeys(layers for layers in between if layers))
    return tuple(parts[mark] for mark in change.marks if mark in parts)


def mark_picture(
    picture: Picture,
    comparison: Comparison,
    changes: Sequence[MarkedChange],
    *,
    beside: bool,
) -> Picture:
    """Mark changes in a placed overview of the second network, and list them.

    Args:
        picture: the overview, in one column.
        comparison: of both networks.
        changes: with their numbers.
        beside: whether the list stands right of the overview, else below it.
    """
    finder = MarkFinder(picture)
    spans = [finder.find_spans(change) for change in changes]
    columns = choose_columns(spans)
    margin = COLUMN * (max(columns, default=-1) + 1) + EDGE
    width, height = picture.size
    picture = shift_picture(picture, (margin, 0), (width + margin, height))
    canvas = Canvas("change ")
    for change, own, column in zip(changes, spans, columns, strict=True):
        for span in own:
            add_bracket(canvas, change, span, margin - COLUMN * column)
    if beside:
        left, top, room = width + margin + 10, 8.0, LIST_WIDTH
    else:
        left, top, room = 8.0, height + 4, width + margin - 16
    bottom = add_list(canvas, comparison, changes, (left, top), room)
    size = (
        (left + room + 8, max(height, bottom + 8))
        if beside
        else (width + margin, bottom + 8)
    )
    return replace(
        picture,
        size=size,
        title=f"{comparison.headline}, overview",
        nodes=(*picture.nodes, *canvas.nodes),
        edges=(*picture.edges, *canvas.edges),
    )


class MarkFinder:
    """Finds where layers are in a placed overview."""

    def __init__(self, picture: Picture) -> None:
        (ledger,) = picture.ledgers
        self.holders = ledger.find_holders()
        self.nodes = {node.key: node for node in picture.nodes}
        self.stages = [group for group in picture.groups if group.role == "stage"]
        folds = (each for group in self.stages for each in group.groups)
        self.folds = [each for each in folds if each.role == "fold"]

    def find_spans(self, change: MarkedChange) -> list[MarkSpan]:
        """Find where a change is seen, one span where marks touch."""
        found = [
            span
            for layers in change.layers
            for span in [self.find_span(layers)]
            if span is not None
        ]
        spans: list[MarkSpan] = []
        for span in sorted({*found}):
            if spans and self.are_one(spans[-1], span):
                last = spans.pop()
                span = MarkSpan(last.top, max(last.bottom, span.bottom))  # noqa: PLW2901
            spans.append(span)
        return [self.widen_to_stage(span) for span in spans]

    def find_span(self, layers: Collection[int]) -> MarkSpan | None:
        """Find where some layers are; that of the fold or the stage that holds them."""
        keys = {key for layer in layers for key in self.holders.get(layer, ())}
        nodes = [self.nodes[key] for key in keys if key in self.nodes]
        if not nodes:
            return None
        spans = [MarkSpan(node.top, node.bottom) for node in nodes]
        spans += [
            MarkSpan(fold.top, fold.bottom)
            for fold in self.folds
            if keys.intersection(fold.nodes)
        ]
        return MarkSpan(min(s.top for s in spans), max(s.bottom for s in spans))

    def are_one(self, above: MarkSpan, below: MarkSpan) -> bool:
        """Tell whether two spans lie in one stage, and next to one another."""
        is_near = below.top - above.bottom <= JOINED
        return is_near and self.find_stage(above) is self.find_stage(below)

    def find_stage(self, span: MarkSpan) -> Group | None:
        """Find the stage that a span lies in."""
        inside = (s for s in self.stages if s.top <= span.top <= s.bottom)
        return next(inside, None)

    def widen_to_stage(self, span: MarkSpan) -> MarkSpan:
        """Widen a span to its stage, if that has no block beside it."""
        stage = self.find_stage(span)
        if stage is None:
            return span
        keys = [key for group in iter_groups([stage]) for key in group.nodes]
        blocks = [self.nodes[key] for key in keys if self.nodes[key].role == "block"]
        is_whole = all(
            span.top <= node.top and node.bottom <= span.bottom for node in blocks
        )
        return MarkSpan(stage.top, stage.bottom) if is_whole else span


def choose_columns(spans: Sequence[Sequence[MarkSpan]]) -> list[int]:
    """Choose a column of brackets for each change, from the overview outwards."""
    taken: list[list[MarkSpan]] = []
    columns: list[int] = []
    for own in spans:
        column = 0
        while column < len(taken) and any(
            span.top < other.bottom + 2 and other.top < span.bottom + 2
            for span in own
            for other in taken[column]
        ):
            column += 1
        if own and column == len(taken):
            taken.append([])
        if own:
            taken[column] += own
        columns.append(column if own else -1)
    return columns


def add_bracket(
    canvas: Canvas, change: MarkedChange, span: MarkSpan, inner: float
) -> None:
    """Add a bracket whose column ends at x `inner`, and its number."""
    x = inner - COLUMN / 2
    top, bottom = span.top + 1, span.bottom - 1
    corners = (
        (x + BRACKET_WIDTH, top),
        (x, top),
        (x, bottom),
        (x + BRACKET_WIDTH, bottom),
    )
    role = f"mark {change.kind}"
    canvas.edges.append(Edge("", "", role, round_corners(corners)))
    add_disc(canvas, change, (x, (top + bottom) / 2))


def add_disc(canvas: Canvas, change: MarkedChange, at: tuple[float, float]) -> None:
    """Add the number of a change."""
    role = f"mark {change.kind}"
    canvas.add_node(role, at, (DISC, DISC), (str(change.number),))


def add_list(
    canvas: Canvas,
    comparison: Comparison,
    changes: Sequence[MarkedChange],
    at: tuple[float, float],
    room: float,
) -> float:
    """Add the sentences of all changes from a place on; return the y below them."""
    left, y = at
    letters = LOOKS["name"].size
    bold_room = room / metrics.BOLD_FACTOR
    for line in metrics.wrap_words(
        comparison.headline.split(" "), " ", bold_room, letters
    ):
        canvas.add_text("name", (left, y + 8), line, align="start")
        y += LINE + 1
    y += 6
    indent = left + DISC + 6
    for change in changes:
        add_disc(canvas, change, (left + DISC / 2, y + 8))
        sign = SIGNS[change.kind]
        words = f"{sign} {change.change.sentence}"
        for line in wrap_sentence(words, room - DISC - 6):
            canvas.add_text("text", (indent, y + 8), line, align="start")
            y += LINE
        for line in write_share(change.change.share, room - DISC - 6):
            canvas.add_text("note", (indent, y + 8), line, align="start")
            y += LINE
        y += 6
    if changes:
        words = f"together: {'; '.join(list_amounts(comparison.difference))}"
        for line in wrap_sentence(words, room):
            canvas.add_text("text", (left, y + 8), line, align="start")
            y += LINE
    return y


def wrap_sentence(words: str, room: float) -> list[str]:
    """Wrap a sentence into lines."""
    return metrics.wrap_words(words.split(" "), " ", room / metrics.FONT_FACTOR)


def write_share(share: CostShare, room: float) -> list[str]:
    """Write the share of a change in lines; it may cost nothing."""
    size = LOOKS["note"].size
    amounts = list_amounts(share) or ["costs nothing"]
    return metrics.wrap_phrases(amounts, "; ", room / metrics.FONT_FACTOR, size)


def list_amounts(share: CostShare) -> list[str]:
    """List what a change adds, with signs."""
    amounts = {"parameters": share.params, "MACs": share.macs}
    return [
        f"{write_sign(count)}{format_count(abs(count))} {noun}"
        for noun, count in amounts.items()
        if count
    ]


def write_sign(count: int) -> str:
    """Write the sign of a number that is not 0."""
    return f"{SignedCount(count)}"[0]


def mark_parts(
    parts: Sequence[ChartBox | ChartFrame],
    changes: Sequence[MarkedChange],
    holders: Mapping[int, Sequence[str]],
) -> tuple[ChartBox | ChartFrame, ...]:
    """Name the changes in the boxes of a chart, for formats that place it anew."""
    numbers: dict[str, list[int]] = {}
    for change in changes:
        layers = (layer for part in change.layers for layer in part)
        for key in {key for layer in layers for key in holders.get(layer, ())}:
            numbers.setdefault(key, []).append(change.number)
    return tuple(mark_part(part, numbers) for part in parts)


def mark_part(
    part: ChartBox | ChartFrame, numbers: Mapping[str, Sequence[int]]
) -> ChartBox | ChartFrame:
    """Name the changes in a box, or in the boxes of a frame."""
    if isinstance(part, ChartFrame):
        inner = tuple(mark_part(each, numbers) for each in part.parts)
        return replace(part, parts=inner)
    own = numbers.get(part.key)
    if not own or part.role == "sum":
        return part
    noun = "change" if len(own) == 1 else "changes"
    return replace(part, lines=(*part.lines, f"{noun} {', '.join(map(str, own))}"))


def list_chart_lines(
    comparison: Comparison, changes: Sequence[MarkedChange], characters: int
) -> Iterator[str]:
    """Yield the headline and the changes in lines, for a chart's first box."""
    yield from wrap(comparison.headline, characters)
    for change in changes:
        words = f"{change.number} {SIGNS[change.kind]} {change.change.sentence}"
        yield from wrap(words, characters)


def describe_changes(comparison: Comparison, changes: Iterable[MarkedChange]) -> str:
    """Say in sentences what changed."""
    told = [f"{comparison.headline}."]
    for change in changes:
        amounts = ", ".join(list_amounts(change.change.share)) or "costs nothing"
        told.append(f"Change {change.number}: {change.change.sentence}: {amounts}.")
    return " ".join(told)
