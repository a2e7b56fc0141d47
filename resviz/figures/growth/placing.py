"""Placing: the panels of growth, their axes, curves and names."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels, sentences
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas, straight_segment
from resviz.figures.drawing.elements import Edge, Picture
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import LOOKS, SERIES_ROLES
from resviz.figures.growth.axes import (
    PlotArea,
    box_around,
    choose_clear_place,
    choose_depth_ticks,
    hides_lines,
    place_end_labels,
    place_labels_in_column,
    round_ticks,
    sample_path,
)
from resviz.figures.growth.series import (
    FIELD,
    MEASURES,
    Line,
    Measure,
    declare_parts_of,
    explain_numbers,
    list_omissions,
)
from resviz.figures.title_facts import list_title_facts
from resviz.readings.receptive import compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Align, Point
    from resviz.figures.growth.axes import LabelBox
    from resviz.readings.growth import DepthPoint
    from resviz.record import Architecture

PANEL = (470, 268)
"""Width and height of one of the four plots."""


NARROW_PANEL = (300, 204)
"""Width at least, and height, of a plot on a sheet that is narrower than two."""


TOP = 30
"""Y at which the first plots begin."""


LONGEST_NAME = 110
"""Greatest width of a network's name beside its line, in pixels."""


END_WEIGHT = 12
"""How much worse it is to hide a line's end than another point of it."""


class GrowthPlacing:
    """Places the plots on a canvas.

    Attributes:
        archs: the networks.
        all_series: the points of each.
        stages: those that are plotted; None for all.
        names: of the networks, as short as they are told apart.
    """

    def __init__(
        self,
        archs: Sequence[Architecture],
        all_series: list[tuple[DepthPoint, ...]],
        stages: str | None,
    ) -> None:
        self.archs, self.stages = archs, stages
        self.all_series = all_series
        self.canvas = Canvas()
        self.names = shorten_names([arch.label for arch in archs])
        self.panel, self.columns = choose_panel(find_sheet().room)
        self.width = self.columns * self.panel[0]
        self.label = sentences.join_with_and([arch.label for arch in archs])
        facts = list_title_facts(read_structure(archs[0])) if len(archs) == 1 else ()
        below = self.canvas.add_title(
            self.width / 2, self.label, facts, self.width - 24
        )
        self.top = max(TOP if self.panel == PANEL else TOP + 16, below + 6)

    def place_panel(self, number: int, measure: Measure) -> None:
        """Place one plot."""
        panel_width, panel_height = self.panel
        left = 12 + panel_width * (number % self.columns)
        top = self.top + panel_height * (number // self.columns)
        title_at, title = (left, top + 12), measure.title
        name = self.canvas.add_text("name", title_at, title, align="start")
        unit_at = (name.right + 12, top + 12)  # TeX's bold is wide
        self.canvas.add_text("text", unit_at, measure.unit, align="start")
        lines = self.list_lines(measure)
        if not lines:
            at = (left + panel_width / 2 - 20, top + panel_height / 2)
            self.canvas.add_text("note", at, "not known: no rule follows this network")
            return
        largest = max(value for _, line in lines for _, value in line)
        labels = self.list_labels(lines, measure)
        area = PlotArea(
            left + 44, left + panel_width - 24 - self.label_room, top + 34,
            top + panel_height - 52,
            max(points[-1].depth for points in self.all_series), largest * 1.03 or 1,
            min(points[0].depth for points in self.all_series),
        )  # fmt: skip
        grid = self.draw_grid(area, round_ticks(largest), measure)
        right, bottom = left + panel_width - 14, top + panel_height - 53
        bounds = (left + 44, top + 24, right, bottom)
        taken = self.draw_input_sizes(area, lines, grid) if measure is FIELD else []
        self.draw_lines(area, lines, labels, bounds, taken, grid)

    @cached_property
    def label_room(self) -> float:
        """Room for labels beside each plot: of all alike, so that depths align."""
        labels = [
            label
            for measure in MEASURES
            for label in self.list_labels(self.list_lines(measure), measure)
        ]
        return metrics.max_text_width(labels, 11) * metrics.BOLD_FACTOR + 20

    def list_labels(self, lines: list[Line], measure: Measure) -> list[str]:
        """List what stands at the ends of lines."""
        return [self.format_end(k, line[-1][1], measure) for k, line in lines]

    def list_lines(self, measure: Measure) -> list[Line]:
        """List the line of each network, where it has a known value."""
        lines: list[Line] = []
        for number, points in enumerate(self.all_series):
            pairs = ((point.depth, measure.value(point)) for point in points)
            known = [(depth, value) for depth, value in pairs if value is not None]
            if known:
                lines.append((number, known))
        return lines

    def format_end(self, number: int, value: int, measure: Measure) -> str:
        """Return what stands at the end of a line."""
        exact = measure is FIELD
        shown = units.group_digits(value) if exact else units.format_count(value)
        if len(self.archs) == 1:
            return shown
        return f"{metrics.fit_text(self.names[number], LONGEST_NAME, 11)}: {shown}"

    def draw_grid(
        self, area: PlotArea, values: Sequence[float], measure: Measure
    ) -> list[LabelBox]:
        """Draw the ticks of both axes, and a faint line at each value.

        Returns:
            The boxes of those lines.
        """
        grid: list[LabelBox] = []
        for value in values:
            y = area.point(area.min_depth, value)[1]
            exact = measure is FIELD
            text = f"{value:,g}" if exact else format_tick(value, values[-1])
            node = self.canvas.add_text("note", (area.left - 6, y), text, align="end")
            self.draw_curve(node.key, "grid", [(area.left, y), (area.right, y)])
            grid.append((area.left, y - 0.5, area.right, y + 0.5))
        depths = [points[-1].depth for points in self.all_series]
        room = 26 * area.depth_span / (area.right - area.left)
        for depth in choose_depth_ticks(depths, room, area.min_depth):
            at = (area.point(depth, 0)[0], area.bottom + 12)
            self.canvas.add_text("note", at, str(depth))
        middle = (area.left + area.right) / 2
        words = "depth: weighted layers on the main path"
        self.canvas.add_text("note", (middle, area.bottom + 27), words)
        return grid

    def draw_input_sizes(
        self, area: PlotArea, lines: list[Line], grid: Sequence[LabelBox]
    ) -> list[LabelBox]:
        """Draw a dotted line where a field is as large as the input.

        Returns:
            The boxes of its labels.
        """
        points = [p for _, line in lines for p in sample_path(area.points(line))]
        sizes = {
            max(layer_labels.arrange_output(arch, Source(MODEL_INPUT))[2:], default=0)
            for arch in self.archs
            if arch.inputs
        } - {0}
        taken: list[LabelBox] = []
        for pixels in sorted(sizes):
            if pixels > area.max_value:
                continue
            left, y = area.point(area.min_depth, pixels)
            words = f"input: {pixels}"
            size = (metrics.text_width(words, 11) + 2, 11 * metrics.LINE_SPACING)
            most, least = area.right - size[0] / 2, left + size[0] / 2 + 2
            shares = (1, 0, 0.8, 0.6, 0.4, 0.2)
            steps = [least + share * (most - least) for share in shares]
            places = [(x, y + up) for up in (-9, 9, -13, 13) for x in steps]
            at = choose_clear_place(places, size, points, grid)
            node = self.canvas.add_text("note", at, words)
            self.draw_curve(node.key, "limit", [(left, y), (area.right, y)])
            taken.append(box_around(at, size))
        return taken

    def draw_lines(
        self,
        area: PlotArea,
        lines: list[Line],
        labels: Sequence[str],
        bounds: LabelBox,
        taken: list[LabelBox],
        grid: Sequence[LabelBox],
    ) -> None:
        """Draw the line of each network, its end, and what stands there.

        Where labels would lie over lines they stand in a column right of the plot.
        """
        paths = [area.points(line) for _, line in lines]
        points = [point for path in paths for point in sample_path(path)]
        points += END_WEIGHT * [path[-1] for path in paths]
        roles = [SERIES_ROLES[number % len(SERIES_ROLES)] for number, _ in lines]
        ends = [path[-1] for path in paths]
        look = LOOKS[f"{SERIES_ROLES[0]} label"]
        sizes = [
            (
                metrics.text_width(words, look.size, bold=True) + 2,
                look.size * metrics.LINE_SPACING,
            )
            for words in labels
        ]
        places = place_end_labels(ends, sizes, taken, points, bounds, grid)
        boxes = [box_around(*place) for place in zip(places, sizes, strict=True)]
        if any(hides_lines(box, paths, taken) for box in boxes):
            places = place_labels_in_column(ends, sizes, area)
            for end, (x, y), (width, _) in zip(ends, places, sizes, strict=True):
                path = [end, (area.right + 3, end[1]), (x - width / 2 - 2, y)]
                self.draw_curve("", "grid", path)
        for role, path in zip(roles, paths, strict=True):
            end = self.canvas.add_node(f"{role} end", path[-1], (6, 6))
            self.draw_curve(end.key, role, path)
        for role, words, end, at, size in zip(
            roles, labels, ends, places, sizes, strict=True
        ):
            beside = at[0] - end[0]
            align: Align = "middle"
            if abs(beside) > size[0] / 2:
                align = "start" if beside > 0 else "end"
            self.canvas.add_node(f"{role} label", at, size, [words], align=align)

    def draw_curve(self, key: str, role: str, path: Sequence[Point]) -> None:
        """Draw a line through some points, which belongs to the node of a key."""
        points = [path[0]]
        for a, b in pairwise(path if len(path) > 1 else [*path, *path]):
            points += straight_segment(a, b)
        self.canvas.edges.append(Edge(key, key, role, tuple(points)))

    def finish_picture(self) -> Picture:
        """Return the picture, with its notes."""
        width = self.width
        missing = declare_parts_of(self.archs, self.stages)
        if missing:
            notes = ["counted from the input on; at the end of a line its value there"]
        else:
            notes = ["at the end of a line its total"] * (len(self.archs) > 1)
            notes += list_field_ends(self.archs, self.all_series)
        notes += explain_numbers(self.archs)
        bottom = self.top + len(MEASURES) // self.columns * self.panel[1]
        omissions = [*list_omissions(self.archs), *missing]
        bottom = self.canvas.add_notes(
            width / 2, bottom, notes, width - 24, omissions=omissions
        )
        title = f"{self.label}, growth by depth"
        return self.canvas.build_picture(title, (width, bottom + 6))


def list_field_ends(
    archs: Sequence[Architecture], all_series: Sequence[Sequence[DepthPoint]]
) -> list[str]:
    """Say where the lines of the receptive field end, those that are known to an end.

    A field may be larger than the input, of which each position sees but a part.
    """
    ends: dict[str, None] = {}
    for arch, points in zip(archs, all_series, strict=True):
        known = [point.depth for point in points if point.field is not None]
        if known and known[-1] == points[-1].depth:
            ends["at the last layer"] = None
        elif known and not compute_receptive_fields(arch).unknown:
            ends["before a layer of which each value sees all of the input"] = None
    return [f"the field ends {' or '.join(ends)}"] if ends else []


def choose_panel(room: float) -> tuple[Point, int]:
    """Choose the size of a plot, and how many stand side by side."""
    if room >= 2 * PANEL[0]:
        return PANEL, 2
    if room >= 2 * NARROW_PANEL[0]:
        return (room / 2, NARROW_PANEL[1]), 2
    return (max(room, NARROW_PANEL[0]), NARROW_PANEL[1]), 1


def shorten_names(names: Sequence[str]) -> list[str]:
    """Return names without the words that all begin with: "18" and "34" of ResNets.

    Equal ones are numbered.

    Example:
        >>> shorten_names(["ResNet-18", "ResNet-34", "ResNet-18"])
        ['18 (1)', '34', '18 (2)']
    """
    shared = names[0] if len(names) > 1 else ""
    while shared and not all(name.startswith(shared) for name in names):
        shared = shared[:-1]
    cut = max(map(shared.rfind, "- _")) + 1
    shorter = [name[cut:] for name in names]
    shorter = shorter if all(shorter) else list(names)
    return [
        f"{name} ({shorter[: k + 1].count(name)})" if shorter.count(name) > 1 else name
        for k, name in enumerate(shorter)
    ]


def format_tick(value: float, most: float) -> str:
    """Write a round value as "20 M", with no more digits than it has."""
    if not value:
        return "0"
    for size, prefix in units.UNIT_PREFIXES:
        if most >= size:
            return f"{value / size:g} {prefix}"
    return f"{value:g}"
