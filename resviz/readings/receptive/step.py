"""One operation as rules of receptive fields see it, and how maps meet in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from resviz.operations.layouts import (
    clear_run,
    count_run,
    list_input_axes,
    make_plain_run,
)
from resviz.readings.receptive.axis import (
    Axis,
    covers_input,
    measure_centre_distance,
    unite_axes,
)
from resviz.readings.receptive.maps import WHOLE, FieldMap, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.operations.layouts import AxisRun
    from resviz.record import Operation, Shape


@dataclass(slots=True)
class FieldStep:
    """One operation with its operands' maps, and a rule's findings.

    Attributes:
        op: the operation.
        maps: of each operand; None for what does not see the input.
        why: in words, why something is known no more.
        gated: whether a factor that sees the whole input was left out.
        centre_distances: by how many pixels the centres of branches differ that meet
            here.
        blind: how many positions that see nothing of the input were put beside others,
            as a class token is; and how many positions there are then.
    """

    op: Operation
    maps: tuple[FieldMap | None, ...]
    why: str = ""
    gated: bool = False
    centre_distances: dict[int, Fraction] = field(default_factory=dict[int, Fraction])
    blind: tuple[int, int] = (0, 0)

    @property
    def seeing_maps(self) -> list[FieldMap]:
        """Maps of the operands that see the input."""
        return [field_map for field_map in self.maps if field_map is not None]

    @property
    def shape(self) -> Shape:
        """Shape of the first output."""
        return self.op.outputs[0]

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of the operation that the record keeps."""
        return self.op.arguments

    def merge_maps(
        self, maps: Sequence[FieldMap], shape: Shape, *, factor: bool = False
    ) -> FieldMap:
        """Merge maps that meet position by position: the union of their fields.

        Shapes broadcast to `shape`. A `factor` that sees the whole input, as the gate
        of squeeze-and-excitation, is left out, and the step says so: it weighs channels
        and carries no place.
        """
        first, *others = maps
        if (
            first.is_distinct
            and first.shape == shape
            and all(other == first for other in others)
        ):
            return first
        if first.shape == shape and have_same_layout(maps):
            fields = zip(*[field_map.seen for field_map in maps], strict=True)
            united_fields: list[Seen] = [
                self.unite_fields(k, met) for k, met in enumerate(fields)
            ]
            if None not in united_fields:
                return FieldMap(first.layout, tuple(united_fields), first.pixels)
        stretched_maps = [
            field_map.with_layout(broadcast_layout(field_map.layout, shape))
            for field_map in maps
        ]
        layout, conflicting = find_shared_layout(stretched_maps, shape)
        if conflicting:
            self.why = "axes meet that run over other positions"
        result = FieldMap(layout, stretched_maps[0].seen, stretched_maps[0].pixels)
        for k in range(len(result.pixels)):
            seen = (
                None
                if k in conflicting
                else self.unite_along_axis(k, stretched_maps, factor=factor)
            )
            result = result.with_seen(k, seen)
        known = result.seen
        unknown_axes = {
            k for k in result.position_axes if not isinstance(known[k], Axis)
        }
        return result.with_layout(clear_run(run, unknown_axes) for run in result.layout)

    def unite_along_axis(
        self, k: int, maps: Sequence[FieldMap], *, factor: bool
    ) -> Seen:
        """Unite what some maps see along input axis `k`."""
        if any(field_map.seen[k] is None for field_map in maps):
            return None
        placed: list[Seen] = []
        spread: list[Seen] = []
        for field_map in maps:
            seen = field_map.seen[k]
            (placed if k in field_map.position_axes else spread).append(seen)
        if not placed:
            return WHOLE if WHOLE in spread else self.unite_fields(k, spread)
        pixels = maps[0].pixels[k]
        for seen in spread:
            if isinstance(seen, Axis) and not covers_input(seen, 1, pixels):
                self.why = "a part of the input is spread over all positions"
                return None
        if spread and not factor:
            return WHOLE
        self.gated = self.gated or bool(spread)
        return self.unite_fields(k, placed)

    def unite_fields(self, k: int, fields: Iterable[Seen]) -> Seen:
        """Unite fields, and note what prevents it."""
        first, *others = [field for field in fields if isinstance(field, Axis)]
        for other in others:
            both = unite_axes(first, other)
            if both is None:
                strides = f"{first.stride} and {other.stride}"
                self.why = f"branches with total strides of {strides} pixels meet"
                return None
            distance = measure_centre_distance(first, other)
            self.centre_distances[k] = max(
                distance, self.centre_distances.get(k, distance)
            )
            first = both
        return first


def lose_all_positions(step: FieldStep) -> list[FieldMap]:
    """Return the outputs' maps for an operation without a rule: no positions.

    What saw the whole input before still does.
    """
    return [
        step.merge_maps(
            [field_map.as_unknown(shape) for field_map in step.seeing_maps], shape
        )
        for shape in step.op.outputs
    ]


def have_same_layout(maps: Sequence[FieldMap]) -> bool:
    """Tell whether maps have every input axis at the same place, as most do.

    So none is spread over all positions, and none lies on several axes.
    """
    first = maps[0]
    whole = len(first.position_axes) == len(first.seen)
    return whole and all(
        field_map.is_distinct and field_map.layout == first.layout for field_map in maps
    )


def broadcast_layout(layout: tuple[AxisRun, ...], shape: Shape) -> list[AxisRun]:
    """Broadcast a layout to a shape; repeated values carry no positions."""
    missing = len(shape) - len(layout)
    stretched: list[AxisRun] = [make_plain_run(size) for size in shape[:missing]]
    for run, size in zip(layout, shape[missing:], strict=True):
        stretched.append(run if count_run(run) == size else make_plain_run(size))
    return stretched


def find_shared_layout(
    maps: Sequence[FieldMap], shape: Shape
) -> tuple[tuple[AxisRun, ...], set[int]]:
    """Find the layout that maps share, and the input axes on which they differ."""
    layout: list[AxisRun] = []
    conflicting: set[int] = set()
    met_axes: list[int] = []
    for place, size in enumerate(shape):
        every_run = {field_map.layout[place] for field_map in maps}
        runs = {run for run in every_run if list_input_axes(run)}
        met_axes += {k for run in runs for k in list_input_axes(run)}
        if len(runs) > 1:
            conflicting.update(k for run in runs for k in list_input_axes(run))
        layout.append(runs.pop() if len(runs) == 1 else make_plain_run(size))
    conflicting.update(k for k in met_axes if met_axes.count(k) > 1)
    return tuple(layout), conflicting
