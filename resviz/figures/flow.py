"""Feature maps as solids to scale, with what turns each into the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels, sentences, tints
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import Node, Picture, Point, Solid
from resviz.figures.legend import explain_gates
from resviz.figures.overview.outline import list_title_facts
from resviz.readings.structure import Stage, Structure, read_structure
from resviz.readings.structure.parallel import has_parallel_branches
from resviz.readings.structure.stems import list_stems_before
from resviz.record import MODEL_INPUT, Source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture, Layer, Shape

MAX_MAP_HEIGHT = 168
"""Height of the largest map, in pixels: 0.75 px a pixel at 224."""

MAX_MAP_LENGTH = 126
"""Length of the widest map, in pixels."""

OBLIQUE_OFFSET = (0.42, 0.30)
"""Shift of the far side to the right and up, as shares of the width."""

MIN_SIDE = 2
"""The least length of any side, in pixels."""

MAX_MAPS = 18
"""The most maps that are drawn; further ones in the middle are left out."""

ARROW_TEXT_WIDTH = 77
"""Width of a line of words over an arrow, at most."""

MARGIN = 14


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """One feature map and what gives it.

    Attributes:
        name: of the stage, or of the layer.
        shape: (N, C, H, W), or any other.
        operation_lines: what turns the map before into this one, in lines.
        tint: its colours.
    """

    name: str
    shape: Shape
    operation_lines: tuple[str, ...]
    tint: str

    @property
    def channel_height_width(self) -> tuple[int, int, int]:
        """Channels, height and width; what a shape lacks is 1."""
        _, channels, *rest = (*self.shape, 1, 1)[: max(len(self.shape), 2)]
        height, width = ([1, *rest][-2:]) if rest else (1, 1)
        return channels, height, width


def draw(arch: Architecture) -> Picture:
    """Draw a network's maps from left to right."""
    structure = read_structure(arch)
    drawn_maps = elide_feature_maps(list_feature_maps(structure))
    sides = [feature_map.channel_height_width for feature_map in drawn_maps]
    per_pixel = MAX_MAP_HEIGHT / max(max(height, width) for _, height, width in sides)
    per_channel = min(MAX_MAP_LENGTH / max(channels for channels, _, _ in sides), 0.5)
    canvas = Canvas()
    centre = 52 + MAX_MAP_HEIGHT * (1 + OBLIQUE_OFFSET[1]) / 2
    scale = (per_pixel, per_channel)
    end: PlacedMap | None = None
    for feature_map in drawn_maps:
        end = place_feature_map(canvas, feature_map, centre, scale, end)
    right = max(node.right for node in canvas.nodes)
    width = max(right, end.right if end else 0, 500) + MARGIN
    title_facts = list_title_facts(structure)
    canvas.add_title(width / 2, arch.label, title_facts, width - 2 * MARGIN)
    note = (
        f"to scale: {per_pixel:.2g} px per pixel, {per_channel:.2g} px per channel, "
        f"at least {MIN_SIDE} px"
    )
    lines = [line for each in drawn_maps for line in each.operation_lines]
    operations = [word for line in lines for word in line.split(" · ")]
    note_lines = [note, *explain_gates(operations)]
    note_lines += tints.explain_tints(each.tint for each in drawn_maps)
    serial = ["parallel branches stand one after the other"]
    omissions = serial * has_parallel_branches(structure)
    top = name_level_y(centre) + 52
    bottom = canvas.add_notes(width / 2, top, note_lines, width, omissions=omissions)
    return canvas.build_picture(f"{arch.label}, feature maps", (width, bottom + 6))


def description(arch: Architecture) -> str:
    """Say the maps, and what gives each, in sentences."""
    first, *rest = elide_feature_maps(list_feature_maps(read_structure(arch)))
    steps = []
    for feature_map in rest:
        operations = [*map(sentences.spell_label, feature_map.operation_lines)]
        steps.append(
            f"{feature_map.name} gives {units.format_feature_map(feature_map.shape)}"
            f" by {sentences.join_with_and(operations)}"
        )
    input_shape = units.format_feature_map(first.shape)
    then = f" {'; '.join(steps)}." if steps else ""
    parallel = (
        f" {sentences.PARALLEL_SENTENCE}"
        if has_parallel_branches(read_structure(arch))
        else ""
    )
    return (
        f"{arch.label}: feature maps drawn to scale. The input is {input_shape};{then}"
        f"{parallel}"
    )


def list_feature_maps(structure: Structure) -> list[FeatureMap]:
    """List a network's maps: its input, each size in the stem, stages, the head."""
    arch = structure.arch
    result = [
        FeatureMap(
            "input", layer_labels.arrange_output(arch, Source(MODEL_INPUT)), (), "stem"
        )
    ]
    if not structure.stages:
        result += list_layer_maps(arch, structure.stem)
    for number, stage in enumerate(structure.stages):
        for stem in list_stems_before(structure, number):
            result += list_layer_maps(arch, stem.layers)
        last = stage.blocks[-1]
        shape = layer_labels.arrange_axes(arch, stage.output_shape, last.channel_axis)
        lines = summarize_stage(stage, result[-1].shape, shape)
        tint = tints.choose_tint(arch, shape)
        result.append(FeatureMap(stage.name, shape, lines, tint))
    return result + list_layer_maps(arch, structure.head)


def list_layer_maps(arch: Architecture, layers: Iterable[Layer]) -> list[FeatureMap]:
    """List a map for each run of layers of one output size, by its last layer."""
    result: list[FeatureMap] = []
    for _, run in groupby(layers, key=lambda layer: map_size_key(arch, layer)):
        members = list(run)
        named = [layer for layer in members if layer_labels.label_layer_briefly(layer)]
        if named:
            labels = layer_labels.label_layer_run(members)
            shape = layer_labels.arrange_output(arch, Source(members[-1].index))
            tint = tints.choose_layers_tint(arch, named)
            result.append(FeatureMap(named[-1].name, shape, labels, tint))
    return result


def map_size_key(arch: Architecture, layer: Layer) -> tuple[Shape, int]:
    """Return the positions of a layer's output, of a vector also its length."""
    shape = layer_labels.arrange_output(arch, Source(layer.index))
    sizes = tuple(size for size in shape[2:] if size > 1)
    return sizes, 0 if sizes else prod(shape[1:])


def summarize_stage(stage: Stage, before: Shape, after: Shape) -> tuple[str, ...]:
    """Return a stage's block count, its stride and its main branch's kernels."""
    step = ""
    if min(len(before), len(after)) >= 4:
        changes = (
            pair
            for pair in zip(before[2:], after[2:], strict=False)
            if len({*pair}) > 1
        )
        step = describe_scale(*next(changes, (1, 1)))
    labels = layer_labels.label_main_branch(stage.blocks[0])
    kernels = [word.split(",")[0] for word in labels[:4]]
    blocks = f"{units.format_plural(len(stage.blocks), 'block')}{step}"
    return (blocks, " · ".join(kernels) + (" …" if len(labels) > 4 else ""))


def describe_scale(before: int, after: int) -> str:
    """Say by what a map shrinks, ", /2", or grows, ", ↑8"; "" for less than half."""
    small, large = sorted((max(before, 1), max(after, 1)))
    factor = round(large / small)
    sign = "/" if before > after else "↑"
    return f", {sign}{factor}" if factor > 1 else ""


def elide_feature_maps(feature_maps: list[FeatureMap]) -> list[FeatureMap]:
    """Leave maps in the middle out where there are more than `MAX_MAPS`."""
    if len(feature_maps) <= MAX_MAPS:
        return feature_maps
    half = MAX_MAPS // 2
    after = feature_maps[-half]
    note = f"… {len(feature_maps) - 2 * half} more …"
    noted = replace(after, operation_lines=(note, *after.operation_lines))
    return [*feature_maps[:half], noted, *feature_maps[-half + 1 :]]


@dataclass(frozen=True, slots=True)
class PlacedMap:
    """A placed map's right side, that of its words, and the node of its name."""

    right: float
    text_right: float
    name_node: Node


def place_feature_map(
    canvas: Canvas,
    feature_map: FeatureMap,
    centre: float,
    scale: tuple[float, float],
    end: PlacedMap | None,
) -> PlacedMap:
    """Place a map right of the one before it."""
    channels, height, width = feature_map.channel_height_width
    front = (max(channels * scale[1], MIN_SIDE), max(height * scale[0], MIN_SIDE))
    depth = max(width * scale[0], MIN_SIDE)
    total_width = front[0] + OBLIQUE_OFFSET[0] * depth
    name = metrics.fit_name(feature_map.name, 90, bold=True)
    values = prod(feature_map.shape[1:])
    format_number = units.format_count if values >= 10_000 else units.group_digits
    lines = [
        units.format_feature_map(feature_map.shape),
        f"{format_number(values)} values",
    ]
    overhang = (max(metrics.max_text_width([name, *lines]) * 1.06, 0) - total_width) / 2
    x = MARGIN + max(overhang, 0)
    arrow_lines = wrap_arrow_text(feature_map.operation_lines)
    if end is not None:
        arrow_end = end.right + max(metrics.max_text_width(arrow_lines, 11) + 10, 44)
        x = max(arrow_end, end.text_right + 8 + overhang)
    canvas.solids.append(build_solid((x, centre), front, depth, feature_map.tint))
    middle, y = x + total_width / 2, name_level_y(centre)
    node = canvas.add_text("name", (middle, y), name)
    canvas.add_text("text", (middle, y + 15), lines[0])
    canvas.add_text("note", (middle, y + 30), lines[1])
    if end is not None:
        points = (end.right + 5, centre), (x - 5, centre)
        canvas.add_wire(end.name_node, node, "main", *points)
        for number, line in enumerate(reversed(arrow_lines)):
            at = ((end.right + x) / 2, centre - 11 - 13 * number)
            canvas.add_text("small", at, line)
    return PlacedMap(x + total_width, x + total_width + overhang, node)


def name_level_y(centre: float) -> float:
    """Return the y at which the maps' names stand."""
    return centre + MAX_MAP_HEIGHT * (1 + OBLIQUE_OFFSET[1]) / 2 + 14


def wrap_arrow_text(operation_lines: tuple[str, ...]) -> tuple[str, ...]:
    """Break what is written over an arrow into lines."""
    lines = [
        line
        for word in operation_lines
        for line in metrics.wrap_words(word.split(), " ", ARROW_TEXT_WIDTH, 11)
    ]
    return metrics.cap_lines(lines, 7)


def build_solid(at: Point, front: Point, deep: float, tint: str) -> Solid:
    """Build a solid from the x of its left end and the y of its middle."""
    (x, centre), (long, height) = at, front
    right, up = OBLIQUE_OFFSET[0] * deep, OBLIQUE_OFFSET[1] * deep
    low = centre + (height + up) / 2
    high = low - height
    a, b, c, d = (x, low), (x + long, low), (x + long, high), (x, high)
    c2, d2, b2 = (
        (c[0] + right, c[1] - up),
        (d[0] + right, d[1] - up),
        (b[0] + right, b[1] - up),
    )
    return Solid(((a, b, c, d), (d, c, c2, d2), (b, b2, c2, c)), tint)
