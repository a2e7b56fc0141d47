"""Feature maps as solids to scale, with what turns each into the next."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import sentences, words
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.parts import Node, Picture, Point, Solid
from resviz.figures.drawing.styles import stage_tint
from resviz.figures.legend import gate_words
from resviz.figures.overview.outline import facts
from resviz.structure import Stage, Structure, structure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer, Shape

TALLEST = 168
"""Height of the largest map, in pixels: 0.75 px a pixel at 224."""

LONGEST = 126
"""Length of the widest map, in pixels."""

OBLIQUE = (0.42, 0.30)
"""How far the far side lies to the right and up, in sides."""

THINNEST = 2
"""Of any side, in pixels."""

MOST = 18
"""Maps that are drawn; those in the middle are left out."""

ARROW_TEXT = 77
"""Width of a line of words over an arrow, at most."""

MARGIN = 14


@dataclass(frozen=True, slots=True)
class Map:
    """One feature map and what gives it.

    Attributes:
        name: of the stage, or of the layer.
        shape: (N, C, H, W), or any other.
        by: what turns the map before into this one, in lines.
        tint: its colours.
    """

    name: str
    shape: Shape
    by: tuple[str, ...]
    tint: str

    @property
    def sides(self) -> tuple[int, int, int]:
        """Channels, height and width; what a shape lacks is 1."""
        _, channels, *rest = (*self.shape, 1, 1)[: max(len(self.shape), 2)]
        height, width = ([1, *rest][-2:]) if rest else (1, 1)
        return channels, height, width


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """The maps of a network, left to right; `at` and `direction` mean nothing here."""
    del at, direction
    read = structure(arch)
    shown = elided(maps(read))
    per_pixel = TALLEST / max(max(it.sides[1:]) for it in shown)
    per_channel = min(LONGEST / max(it.sides[0] for it in shown), 0.5)
    canvas = Canvas()
    centre = 52 + TALLEST * (1 + OBLIQUE[1]) / 2
    end: End | None = None
    for it in shown:
        end = place(canvas, it, centre, (per_pixel, per_channel), end)
    right = max(node.right for node in canvas.nodes)
    width = max(right, end.x if end else 0, 500) + MARGIN
    known = facts(arch, residual=bool(read.stages))
    canvas.title(width / 2, arch.label, known, width - 2 * MARGIN)
    note = (
        f"to scale: {per_pixel:.2g} px per pixel, {per_channel:.2g} px per channel, "
        f"at least {THINNEST} px"
    )
    said = [word for it in shown for by in it.by for word in by.split(" · ")]
    told = [note, *gate_words(said)]
    bottom = canvas.notes(width / 2, below(centre) + 52, told, width)
    return canvas.picture(f"{arch.label}, feature maps", (width, bottom + 6))


def description(arch: Architecture, *, at: str | None) -> str:
    """The maps in sentences, each with what gives it; `at` has no meaning here."""
    del at
    first, *rest = elided(maps(structure(arch)))
    steps = [
        f"{it.name} gives {units.feature_map(it.shape)}"
        f" by {sentences.listed([sentences.spelled(word) for word in it.by])}"
        for it in rest
    ]
    given = units.feature_map(first.shape)
    then = f" {'; '.join(steps)}." if steps else ""
    return f"{arch.label}: feature maps drawn to scale. The input is {given};{then}"


def maps(read: Structure) -> list[Map]:
    """The maps of a network: its input, each size in the stem, stages, the head."""
    arch = read.arch
    found = [Map("input", arch.input_shape, (), "stem")]
    found += layer_maps(read.stem, "stem")
    for number, stage in enumerate(read.stages):
        by = stage_words(read, stage, found[-1].shape)
        found.append(Map(stage.name, stage.output_shape, by, stage_tint(number)))
    return found + layer_maps(read.head, "head")


def layer_maps(layers: Iterable[Layer], tint: str) -> list[Map]:
    """One map for each run of layers of one output size, by its last layer's name."""
    found: list[Map] = []
    for _, run in groupby(layers, key=size_key):
        members = list(run)
        said = words.chain(members)
        if said:
            named = next(layer for layer in reversed(members) if words.short(layer))
            found.append(Map(named.name, members[-1].output_shape, said, tint))
    return found


def size_key(layer: Layer) -> tuple[Shape, int]:
    """Positions of a layer's output; of a vector also its length."""
    sizes = tuple(size for size in layer.output_shape[2:] if size > 1)
    return sizes, 0 if sizes else prod(layer.output_shape[1:])


def stage_words(read: Structure, stage: Stage, before: Shape) -> tuple[str, ...]:
    """What a stage is, how it strides, and the kernels of its main branch."""
    count = len(stage.blocks)
    steps = stride(before, stage.output_shape)
    main = [read.arch.layers[index] for index in stage.blocks[0].main]
    said = words.gate(main, prod(stage.output_shape[2:]))
    kernels = [word.split(",")[0] for word in said[:4]]
    blocks = f"{count} block{'s' if count > 1 else ''}{steps}"
    return (blocks, " · ".join(kernels) + (" …" if len(said) > 4 else ""))


def stride(before: Shape, after: Shape) -> str:
    """The step between two maps as ", /2"; "" if there is none."""
    if len(before) < 4 or len(after) < 4 or before[2:] == after[2:]:
        return ""
    return f", /{round(before[2] / max(after[2], 1))}"


def elided(found: list[Map]) -> list[Map]:
    """Maps, those in the middle left out where there are more than `MOST`."""
    if len(found) <= MOST:
        return found
    half = MOST // 2
    after = found[-half]
    left = len(found) - 2 * half
    told = Map(after.name, after.shape, (f"… {left} more …", *after.by), after.tint)
    return [*found[:half], told, *found[-half + 1 :]]


@dataclass(frozen=True, slots=True)
class End:
    """Where a placed map ends: its right side, that of its words, and its name."""

    x: float
    words: float
    name: Node


def place(
    canvas: Canvas, it: Map, centre: float, scale: tuple[float, float], end: End | None
) -> End:
    """Place a map right of the one before it."""
    channels, height, width = it.sides
    front = (max(channels * scale[1], THINNEST), max(height * scale[0], THINNEST))
    deep = max(width * scale[0], THINNEST)
    whole = front[0] + OBLIQUE[0] * deep
    name = metrics.fit(it.name, 90, bold=True)
    lines = [units.feature_map(it.shape), values(it.shape)]
    overhang = (max(metrics.widest([name, *lines]) * 1.06, 0) - whole) / 2
    x = MARGIN + max(overhang, 0)
    if end is not None:
        x = max(arrow_room(end.x, it.by), end.words + 8 + overhang)
    canvas.solids.append(solid((x, centre), front, deep, it.tint))
    middle, y = x + whole / 2, below(centre)
    node = canvas.text("name", (middle, y), name)
    canvas.text("text", (middle, y + 15), lines[0])
    canvas.text("note", (middle, y + 30), lines[1])
    if end is not None:
        arrow(canvas, end.name, node, (end.x, x, centre), it.by)
    return End(x + whole, x + whole + overhang, node)


def values(shape: Shape) -> str:
    """How many values one sample's map has."""
    number = prod(shape[1:])
    return (
        f"{units.count(number) if number >= 10_000 else units.grouped(number)} values"
    )


def below(centre: float) -> float:
    """Y of the maps' names."""
    return centre + TALLEST * (1 + OBLIQUE[1]) / 2 + 14


def arrow_lines(by: tuple[str, ...]) -> list[str]:
    """What is written over an arrow, in lines."""
    lines = [
        line for word in by for line in metrics.flow(word.split(), " ", ARROW_TEXT, 11)
    ]
    return list(metrics.capped(lines, 7))


def arrow_room(x: float, by: tuple[str, ...]) -> float:
    """X behind an arrow that begins at `x`."""
    return x + max(metrics.widest(arrow_lines(by), 11) + 10, 44)


def arrow(
    canvas: Canvas,
    tail: Node,
    head: Node,
    span: tuple[float, float, float],
    by: tuple[str, ...],
) -> None:
    """An arrow with its words, over the x and at the y that `span` gives."""
    start, stop, y = span
    canvas.wire(tail, head, "main", (start + 5, y), (stop - 5, y))
    lines = arrow_lines(by)
    for number, line in enumerate(reversed(lines)):
        canvas.text("small", ((start + stop) / 2, y - 11 - 13 * number), line)


def solid(at: Point, front: Point, deep: float, tint: str) -> Solid:
    """A solid whose left end is at x and whose middle is at y."""
    (x, centre), (long, tall) = at, front
    right, up = OBLIQUE[0] * deep, OBLIQUE[1] * deep
    low = centre + (tall + up) / 2
    high = low - tall
    a, b, c, d = (x, low), (x + long, low), (x + long, high), (x, high)
    c2, d2, b2 = (
        (c[0] + right, c[1] - up),
        (d[0] + right, d[1] - up),
        (b[0] + right, b[1] - up),
    )
    return Solid(((a, b, c, d), (d, c, c2, d2), (b, b2, c2, c)), tint)
