"""Which fields are shown: of the middle position of each stage, in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures.layer_labels import arrange_output
from resviz.figures.part_names import name_layer, name_stage
from resviz.figures.tints import choose_tint
from resviz.readings.receptive import Axis, compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.stems import find_stems
from resviz.record import Source
from resviz.units import format_sizes

if TYPE_CHECKING:
    from resviz.record import Architecture

TO = " to "
"""Stands between the first and the last of equal fields."""

Span = tuple[int, int]
"""The first and the last pixel along an axis; negative ones are padding."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """What the middle position of one layer sees.

    Attributes:
        name: of the stage whose last layer it is, or of the layer; of several that see
            the same, the first and the last.
        spans: along height and width; None where it sees all of the input.
        tint: that of the layer's resolution.
        varies: whether other positions see more or less, as after upsampling.
    """

    name: str
    spans: tuple[Span, Span] | None
    tint: str
    varies: bool = False

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the field, in pixels; 0 where it is all of the input."""
        if self.spans is None:
            return 0, 0
        (top, bottom), (left, right) = self.spans
        return bottom - top + 1, right - left + 1


def say_field(view: FieldView) -> str:
    """Say the size of a field, as "35×35 pixels"."""
    if view.spans is None:
        return "all of the input"
    return f"{format_sizes(view.sides)} pixels"


def select_sides(arch: Architecture) -> tuple[int, int]:
    """Select height and width of the input.

    Raises:
        RenderError: for an input that is no image.
    """
    axes = compute_receptive_fields(arch).axes
    if len(axes) != 2:
        shape = arch.input_shape if arch.inputs else ()
        raise RenderError(
            f"{arch.label}: an input of shape {shape} has {len(axes)} axes of "
            "positions, and the figure 'field' shows those of an image, two: want "
            "figure growth"
        )
    height, width = (arch.input_shape[axis] for axis in axes)
    return height, width


def list_views(arch: Architecture) -> list[FieldView]:
    """List the fields of stem, stages and head; those in a row that are equal, once."""
    fields = compute_receptive_fields(arch)
    views: list[FieldView] = []
    for name, index in list_ends(arch):
        seen = fields.layers[index]
        if seen is None or None in seen:
            continue
        spans = None
        axes = [axis for axis in seen if isinstance(axis, Axis)]
        if len(axes) == len(seen):
            sides = select_sides(arch)
            found = [find_middle(*each) for each in zip(axes, sides, strict=True)]
            height, width = found
            if height is None or width is None:
                continue  # no position sees anything
            spans = (height, width)
        tint = choose_tint(arch, arrange_output(arch, Source(index)))
        if views and spans == views[-1].spans:
            last = views.pop()
            names = f"{last.name.partition(TO)[0]}{TO}{name}"
        else:
            names = name
        varies = any(axis.size > min_size(axis) for axis in axes)
        views.append(FieldView(names, spans, tint, varies))
    return views


def min_size(axis: Axis) -> int:
    """Return the least field along an axis, of positions that see anything."""
    return min(span[1] - span[0] + 1 for span in axis.intervals if span)


def find_middle(axis: Axis, side: int) -> Span | None:
    """Find the field whose centre is nearest to the middle of an axis of the input.

    Where positions lie in gaps of a transposed convolution, it is the next that sees
    something; None if there is none.

    Example:
        >>> find_middle(Axis(1, 2, ((-3, 3),)), 224)  # a 7×7 convolution with stride 2
        (109, 115)
    """
    middle = Fraction(side - 1, 2)
    first = round((middle - axis.offset) / axis.stride) if axis.stride else 0
    places = range(first - axis.period, first + axis.period + 1)
    spans = [span for place in places if (span := axis.interval_at(max(place, 0)))]
    return min(spans, key=lambda span: abs(sum(span) - side + 1), default=None)


def list_ends(arch: Architecture) -> list[tuple[str, int]]:
    """List the last layers of stem and stages, or of each resolution without these."""
    structure = read_structure(arch)
    if structure.stages:
        ends = [(stem.name, stem.end) for stem in find_stems(structure)[:1]]
        ends += [
            (name_stage(stage), stage.layer_indices[-1]) for stage in structure.stages
        ]
        if structure.head:
            ends.append(("head", structure.head_end))
        return [(name, index) for name, index in ends if index >= 0]
    graph, path = build_graph(arch), structure.main_path
    counts = [graph.count_positions(index) for index in path]
    lasts = [
        index
        for k, index in enumerate(path)
        if k + 1 == len(path) or counts[k + 1] != counts[k]
    ]
    return [
        (name_layer(arch.stored_layers[index]), index) for index in lasts if index >= 0
    ]
