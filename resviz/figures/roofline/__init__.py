"""Roofline: FLOPs a byte of each layer against what a device can do with them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10, sqrt
from typing import TYPE_CHECKING

from resviz import units
from resviz.errors import RenderError
from resviz.figures.drawing.canvas import Canvas, straight_segment
from resviz.figures.drawing.elements import Edge, Picture
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import SERIES_ROLES
from resviz.figures.tints import choose_layers_tint, explain_tints
from resviz.readings import roofline
from resviz.readings.devices import USUAL_DEVICE, find_device
from resviz.units import format_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.drawing.elements import Point
    from resviz.readings.roofline import Roofline
    from resviz.record import Architecture

PLOT = (600, 330)
"""Width and height of the plot with its labels."""

NARROWEST = 300
"""Width of the plot at least, in pixels."""

DIAMETERS = (5, 18)
"""Of a point, in pixels: at least, and that of the layer that takes longest."""

MARGINS = (58, 46)
"""Pixels left of the plot and below it, for the words of its axes."""


def draw(
    arch: Architecture,
    *,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
) -> Picture:
    """Draw the roof of a device, and each layer that computes below it.

    Raises:
        RenderError: for a network without multiply-accumulates.
        SpecError: as `read_roofline` and `find_device`.
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    read = read_bounds(arch, device, precision, fused=fused)
    return RooflinePlacing(arch, read, fused=fused).place_plot()


def description(
    arch: Architecture,
    *,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
) -> str:
    """Say where the roof bends, and how many layers stand at either side of it."""
    read = read_bounds(arch, device, precision, fused=fused)
    computing = [bound for bound in read.bounds if bound.traffic.macs]
    bound = sum(each.is_memory_bound for each in computing)
    device, stand = read.device.name, units.format_plural(len(computing), "layer")
    roof = f"{units.format_count(round(read.flops))}FLOP/s at {read.ridge:.3g} FLOPs"
    batch = f" for a batch of {arch.batch}" if arch.batch > 1 else ""
    least = f"{units.format_milliseconds(read.seconds)} ms{batch}"
    lines = [
        f"Roofline of {arch.label} on {device} in {read.precision}.",
        "FLOPs a byte of each layer that multiplies, against FLOPs a second in reach.",
        f"The roof rises to {roof} a byte.",
        f"Memory bounds {bound} of {stand}, which stand left of that.",
        f"All layers take at least {least}: {roofline.BOUND}.",
    ]
    lines += map(format_sentence, name_idle_layers(read))
    return " ".join(lines)


def read_bounds(
    arch: Architecture, device: str | None, precision: str | None, *, fused: bool
) -> Roofline:
    """Read the bounds of a network on a device, the usual one if none is named.

    Raises:
        RenderError: for a network without multiply-accumulates.
    """
    chosen = find_device(device or USUAL_DEVICE)
    read = roofline.read_roofline(arch, chosen, precision, fused=fused)
    if not any(bound.traffic.macs for bound in read.bounds):
        raise RenderError(
            f"{arch.label}: no layer multiplies and accumulates, so that none has a "
            "place below a roof: want figure overview or layers"
        )
    return read


def name_idle_layers(read: Roofline) -> list[str]:
    """Say which layers have no place, as they compute nothing."""
    idle = [bound for bound in read.bounds if not bound.traffic.macs]
    if not idle:
        return []
    seconds = sum(bound.seconds for bound in idle)
    share = f"{100 * seconds / read.seconds:.0f} %" if read.seconds else "none"
    number = units.format_plural(len(idle), "layer")
    return [f"{number} that only move bytes not drawn, {share} of the time"]


DECADES = 1.3
"""Powers of ten below the roof, at least."""


@dataclass(frozen=True, slots=True)
class LogArea:
    """A plot with two logarithmic axes.

    Attributes:
        left: its x in the picture; right, top, bottom likewise.
        xs: the least and the largest power of ten across.
        ys: the same upwards.
    """

    left: float
    right: float
    top: float
    bottom: float
    xs: tuple[float, float]
    ys: tuple[float, float]

    def point(self, x: float, y: float) -> Point:
        """Return where a pair of values stands."""
        across = (log10(x) - self.xs[0]) / (self.xs[1] - self.xs[0])
        up = (log10(y) - self.ys[0]) / (self.ys[1] - self.ys[0])
        return (
            self.left + across * (self.right - self.left),
            self.bottom - up * (self.bottom - self.top),
        )


class RooflinePlacing:
    """Places the plot on a canvas."""

    def __init__(self, arch: Architecture, read: Roofline, *, fused: bool) -> None:
        self.arch, self.read, self.fused = arch, read, fused
        self.canvas = Canvas()
        self.computing = [bound for bound in read.bounds if bound.traffic.macs]
        self.width = max(min(PLOT[0], find_sheet().room), NARROWEST)

    def place_plot(self) -> Picture:
        """Return the picture."""
        read = self.read
        rates = f"{units.format_count(round(read.flops))}FLOP/s in {read.precision}"
        bandwidth = f"{units.format_count(round(read.device.bandwidth), 4)}B/s"
        facts = [read.device.name, rates, bandwidth]
        top = self.canvas.add_title(
            self.width / 2, self.arch.label, facts, self.width - 24
        )
        area = self.make_area(top + 20)
        self.draw_axes(area)
        self.draw_roof(area)
        tints = self.draw_layers(area)
        signs = [
            "area: least time of a layer",
            *explain_tints(tints),
            "a bound, no prediction",
            *[f"batch of {self.arch.batch}"] * (self.arch.batch > 1),
            *(["norms, activations and additions folded"] * self.fused),
        ]
        below = self.canvas.add_notes(
            self.width / 2,
            area.bottom + MARGINS[1],
            signs,
            self.width - 24,
            omissions=name_idle_layers(read),
        )
        title = f"{self.arch.label}, roofline on {read.device.name}"
        return self.canvas.build_picture(title, (self.width, below + 6))

    def make_area(self, top: float) -> LogArea:
        """Return the plot, large enough for the roof's bend and for every layer."""
        read = self.read
        places = [bound.traffic.intensity or read.ridge for bound in self.computing]
        least, most = min(*places, read.ridge), max(*places, read.ridge)
        xs = log10(least) - 0.2, log10(most) + 0.3
        low = min(least * read.device.bandwidth, read.flops)
        ys = (
            min(log10(low) - 0.25, log10(read.flops) - DECADES),
            log10(read.flops) + 0.2,
        )
        height = PLOT[1] * max(self.width / PLOT[0], 0.7)
        return LogArea(
            MARGINS[0], self.width - 16, top, top + height - MARGINS[1], xs, ys
        )

    def draw_axes(self, area: LogArea) -> None:
        """Draw a faint line at each tick, its value, and the words of both axes."""
        bottom, left = 10 ** area.ys[0], 10 ** area.xs[0]
        for value in list_powers(area.ys):
            y = area.point(left, value)[1]
            text = units.format_count(round(value), 1)
            node = self.canvas.add_text("note", (area.left - 6, y), text, align="end")
            self.draw_line(node.key, "grid", [(area.left, y), (area.right, y)])
        for value in list_powers(area.xs):
            x = area.point(value, bottom)[0]
            node = self.canvas.add_text("note", (x, area.bottom + 12), f"{value:g}")
            self.draw_line(node.key, "grid", [(x, area.top), (x, area.bottom)])
        middle = (area.left + area.right) / 2
        words = f"FLOPs a byte; dotted: ridge at {self.read.ridge:.3g}"
        self.canvas.add_text("note", (middle, area.bottom + 28), words)
        at = (area.left, area.top - 9)
        self.canvas.add_text("note", at, "FLOP/s within reach", align="start")

    def draw_roof(self, area: LogArea) -> None:
        """Draw the roof, and where it bends."""
        read = self.read
        least, most = 10 ** area.xs[0], 10 ** area.xs[1]
        low = 10 ** area.ys[0]
        start = max(least, low / read.device.bandwidth)
        corner = area.point(read.ridge, read.flops)
        path = [
            area.point(start, start * read.device.bandwidth),
            corner,
            area.point(most, read.flops),
        ]
        end = self.canvas.add_node(f"{SERIES_ROLES[0]} end", corner, (4, 4))
        self.draw_line(end.key, SERIES_ROLES[0], path)
        foot = (corner[0], area.bottom)
        self.draw_line(end.key, "limit", [corner, foot])

    def draw_layers(self, area: LogArea) -> list[str]:
        """Draw a point a layer, the largest first; return their tints."""
        read, tints = self.read, []
        longest = max(bound.seconds for bound in self.computing)
        for bound in sorted(self.computing, key=lambda each: -each.seconds):
            intensity = bound.traffic.intensity or 10 ** area.xs[1]
            rate = min(intensity * read.device.bandwidth, read.flops)
            least, most = DIAMETERS
            share = sqrt(bound.seconds / longest) if longest else 0
            size = max(most * share, least)
            layers = [self.arch.stored_layers[k] for k in bound.traffic.layers]
            tint = choose_layers_tint(self.arch, layers)
            tints.append(tint)
            at = area.point(intensity, rate)
            self.canvas.add_node("plot point", at, (size, size), tint=tint)
        return tints

    def draw_line(self, key: str, role: str, path: Sequence[Point]) -> None:
        """Draw a line through points, which belongs to the node of a key."""
        points = [path[0]]
        for a, b in pairwise(path):
            points += straight_segment(a, b)
        self.canvas.edges.append(Edge(key, key, role, tuple(points)))


def list_powers(powers: tuple[float, float]) -> list[float]:
    """List the powers of ten in a range; 2 and 5 times them, where they are few.

    Example:
        >>> list_powers((0.2, 2.5)), list_powers((12.6, 13.4))
        ([10, 100], [5000000000000, 10000000000000, 20000000000000])
    """
    least, most = powers
    steps = (1,) if most - least > 2 else (1, 2, 5)
    values = (k * 10**p for p in range(floor(least), ceil(most) + 1) for k in steps)
    return [value for value in values if least <= log10(value) <= most]
