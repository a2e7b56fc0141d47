"""Growth by depth: parameters, MACs, activations and receptive field, as a plot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from resviz import units
from resviz.errors import RenderError
from resviz.figures import sentences
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, straight_segment
from resviz.figures.drawing.elements import Edge, Picture
from resviz.figures.drawing.styles import LOOKS, SERIES_ROLES
from resviz.figures.growth.axes import Frame, around, clear, dense, spot, spread, ticks
from resviz.figures.growth.series import DepthPoint, build_depth_series
from resviz.figures.overview.outline import list_title_facts
from resviz.readings import costs
from resviz.readings.receptive import compute_receptive_fields
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.figures.drawing import elements
    from resviz.figures.drawing.elements import Align, Node
    from resviz.figures.growth.axes import Box
    from resviz.record import Architecture

PANEL = (470, 268)
"""Width and height of one of the four plots."""

TOP = 30
"""Y at which the first plots begin."""

MAX_NETWORKS = 10
"""Networks in one plot: their lines are told apart by colour, dash and width."""

LONGEST_NAME = 110
"""Greatest width of a network's name beside its line, in pixels."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the plots: its title, its unit, and what it shows of a point."""

    title: str
    unit: str
    of: Callable[[DepthPoint], int | None]


MEASURES = (
    Measure("Parameters", "cumulative", lambda it: it.params),
    Measure("Multiply-adds", "cumulative, one sample", lambda it: it.macs),
    Measure(
        "Activations", "conv outputs, cumulative, one sample", lambda it: it.activations
    ),
    Measure("Receptive field", "pixels", lambda it: it.field),
)
"""The plots, by rows."""

FIELD = MEASURES[-1]

END_WEIGHT = 12
"""How much worse it is to hide a line's end than another point of it."""

Line = tuple[int, list[tuple[int, int]]]
"""The number of a network, and its value at each depth."""


def draw(archs: Sequence[Architecture]) -> Picture:
    """Draw the four plots.

    Raises:
        RenderError: for a network without weighted layers, or too many networks.
    """
    found = build_all_series(archs)
    plot = Plot(archs, found)
    for number, measure in enumerate(MEASURES):
        plot.panel(number, measure)
    return plot.finish()


def build_all_series(archs: Sequence[Architecture]) -> list[tuple[DepthPoint, ...]]:
    """Build the series of each network.

    Raises:
        RenderError: for a network without weighted layers, or too many networks.
    """
    if len(archs) > MAX_NETWORKS:
        raise RenderError(
            f"growth: got {len(archs)} networks, want at most {MAX_NETWORKS}"
        )
    all_series = [build_depth_series(arch) for arch in archs]
    for arch, points in zip(archs, all_series, strict=True):
        if not points:
            raise RenderError(
                f"{arch.label}: no weighted layer on the main path, nothing grows; "
                "want figure overview or layers"
            )
    return all_series


def description(archs: Sequence[Architecture]) -> str:
    """Say the plots in sentences: what is on the axes, where each line ends."""
    titles = sentences.join_with_and([it.title.lower() for it in MEASURES])
    lines = [f"Four plots over the weighted layers on the main path: {titles}."]
    for arch, points in zip(archs, build_all_series(archs), strict=True):
        last = points[-1]
        seen = [it.field for it in points if it.field is not None]
        field = (
            f"and a receptive field of {units.group_digits(max(seen))} pixels"
            if seen
            else "and a receptive field that is not known"
        )
        lines.append(
            f"{arch.label} ends after {units.format_plural(last.depth, 'layer')} at "
            f"{units.format_count(last.params)} parameters, "
            f"{units.format_count(last.macs)} multiply-adds, "
            f"{units.format_count(last.activations)} activations {field}."
        )
    return " ".join([*lines, *(f"{it}." for it in list_omissions(archs))])


def list_omissions(archs: Sequence[Architecture]) -> list[str]:
    """List what the plots leave out."""
    lines = []
    for arch in archs:
        gaps = compute_receptive_fields(arch).unknown
        if gaps:
            lines.append(f"field of {arch.label} not known from {gaps[0].first} on")
        missing = costs.find_uncounted(arch)
        if missing:
            names = sentences.join_with_and([gap.operation for gap in missing])
            lines.append(f"multiply-adds of {arch.label} leave out {names}")
        if arch.uncalled:
            lines.append(f"parameters of {arch.label} that no layer read left out")
    return lines


class Plot:
    """Places the plots on a canvas."""

    def __init__(
        self, archs: Sequence[Architecture], found: Sequence[tuple[DepthPoint, ...]]
    ) -> None:
        self.archs = archs
        self.found = found
        self.canvas = Canvas()
        self.one = len(archs) == 1
        self.names = shorten_names([arch.label for arch in archs])
        self.width = 2 * PANEL[0]

    def panel(self, number: int, measure: Measure) -> None:
        """One plot."""
        left = 12 + PANEL[0] * (number % 2)
        top = TOP + PANEL[1] * (number // 2)
        lines = [
            (
                k,
                [
                    (it.depth, value)
                    for it in points
                    if (value := measure.of(it)) is not None
                ],
            )
            for k, points in enumerate(self.found)
        ]
        known = [line for line in lines if line[1]]
        name = self.canvas.add_text(
            "name", (left, top + 12), measure.title, align="start"
        )
        told = (name.right + 4, top + 12)
        self.canvas.add_text("text", told, measure.unit, align="start")
        if not known:
            at = (left + PANEL[0] / 2 - 20, top + PANEL[1] / 2)
            self.canvas.add_text("note", at, "not known: no rule follows this network")
            return
        most = max(value for _, line in known for _, value in line)
        labels = [self.label(k, line[-1][1], measure) for k, line in known]
        beside = metrics.max_text_width(labels, 11) * metrics.BOLD_FACTOR + 20
        marks = ticks(most)
        end = most * 1.03 or 1
        frame = Frame(
            left + 44, left + PANEL[0] - 24 - beside, top + 34, top + 216,
            max(points[-1].depth for points in self.found), end,
        )  # fmt: skip
        self.grid(frame, marks, measure)
        area = (left + 44, top + 24, left + PANEL[0] - 14, top + 215)
        taken: list[Box] = []
        if measure is FIELD:
            taken += self.input_size(frame, known)
        self.lines(frame, known, labels, area, taken)

    def label(self, number: int, value: int, measure: Measure) -> str:
        """What stands at the end of a line."""
        shown = (
            units.group_digits(value) if measure is FIELD else units.format_count(value)
        )
        if self.one:
            return shown
        return f"{metrics.fit_text(self.names[number], LONGEST_NAME, 11)}: {shown}"

    def grid(self, frame: Frame, marks: Sequence[float], measure: Measure) -> None:
        """The ticks of both axes, and a faint line at each value."""
        for value in marks:
            y = frame.at(1, value)[1]
            text = f"{value:,g}" if measure is FIELD else format_tick(value, marks[-1])
            node = self.canvas.add_text("note", (frame.left - 6, y), text, align="end")
            self.curve(node, "grid", [(frame.left, y), (frame.right, y)])
        depths = [points[-1].depth for points in self.found]
        room = 26 * max(frame.across - 1, 1) / (frame.right - frame.left)
        for depth in spread(depths, room):
            at = (frame.at(depth, 0)[0], frame.bottom + 12)
            self.canvas.add_text("note", at, str(depth))
        middle = (frame.left + frame.right) / 2
        words = "depth: weighted layers on the main path"
        self.canvas.add_text("note", (middle, frame.bottom + 27), words)

    def input_size(self, frame: Frame, known: Sequence[Line]) -> list[Box]:
        """A dotted line where a field is as large as the input; gives its label's."""
        points = [p for line in known for p in dense(frame.path(line[1]))]
        sizes = {max(it.input_shape[2:], default=0) for it in self.archs} - {0}
        taken: list[Box] = []
        for size in sorted(sizes):
            if size > frame.up:
                continue
            left, y = frame.at(1, size)
            words = f"input: {size}"
            wide = (metrics.text_width(words, 11) + 2, 11 * metrics.LINE_SPACING)
            ends = (frame.right - wide[0] / 2, left + wide[0] / 2 + 2)
            at = clear([(x, y + up) for x in ends for up in (-9, 9)], wide, points)
            node = self.canvas.add_text("note", at, words)
            self.curve(node, "limit", [(left, y), (frame.right, y)])
            taken.append(around(at, wide))
        return taken

    def lines(
        self,
        frame: Frame,
        known: Sequence[Line],
        labels: Sequence[str],
        area: Box,
        taken: list[Box],
    ) -> None:
        """The line of each network, its end, and what stands there."""
        paths = [frame.path(line) for _, line in known]
        points = [point for path in paths for point in dense(path)]
        points += END_WEIGHT * [path[-1] for path in paths]
        for (number, _), path, words in zip(known, paths, labels, strict=True):
            role = SERIES_ROLES[number % len(SERIES_ROLES)]
            end = self.canvas.add_node(f"{role} end", path[-1], (6, 6))
            self.curve(end, role, path)
            look = LOOKS[f"{role} label"]
            wide = metrics.text_width(words, look.size, bold=True) + 2
            size = (wide, look.size * metrics.LINE_SPACING)
            at = spot(path[-1], size, taken, points, area)
            beside = at[0] - path[-1][0]
            align: Align = "middle"
            if abs(beside) > size[0] / 2:
                align = "start" if beside > 0 else "end"
            self.canvas.add_node(f"{role} label", at, size, [words], align=align)
            taken.append(around(at, size))

    def curve(self, node: Node, role: str, path: Sequence[elements.Point]) -> None:
        """A line through some points; `node` stands for it in DOT."""
        points = [path[0]]
        for a, b in pairwise(path if len(path) > 1 else [*path, *path]):
            points += straight_segment(a, b)
        self.canvas.edges.append(Edge(node.key, node.key, role, tuple(points)))

    def finish(self) -> Picture:
        """The picture, with its title and notes."""
        first = self.archs[0]
        room = self.width - 24
        names = sentences.join_with_and([arch.label for arch in self.archs])
        told: tuple[str, ...] = ()
        if self.one:
            told = list_title_facts(first, residual=bool(read_structure(first).stages))
        self.canvas.add_title(self.width / 2, names, told, room)
        said = list_omissions(self.archs)
        seen = any(it.field is not None for points in self.found for it in points)
        if seen:
            said.insert(0, "the field ends where all of the input is seen")
        if not self.one:
            said.insert(0, "at the end of a line its total")
        bottom = TOP + 2 * PANEL[1]
        bottom = self.canvas.add_notes(self.width / 2, bottom, said, room)
        return self.canvas.build_picture(
            f"{names}, growth by depth", (self.width, bottom + 6)
        )


def shorten_names(names: Sequence[str]) -> list[str]:
    """Names without the words that all begin with: "18" and "34" of ResNets."""
    shared = names[0] if len(names) > 1 else ""
    while shared and not all(name.startswith(shared) for name in names):
        shared = shared[:-1]
    cut = max(map(shared.rfind, "- _")) + 1
    shorter = [name[cut:] for name in names]
    return shorter if all(shorter) else list(names)


def format_tick(value: float, most: float) -> str:
    """A round value as "20 M", with no more digits than it has."""
    if not value:
        return "0"
    for size, prefix in units.UNIT_PREFIXES:
        if most >= size:
            return f"{value / size:g} {prefix}"
    return f"{value:g}"
