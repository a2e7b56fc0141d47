"""One operation as rules see it, and the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.operations.registry import make_rule_decorator
from resviz.readings.receptive.axis import (
    Axis,
    covers_input,
    measure_centre_distance,
    unite_axes,
)
from resviz.readings.receptive.maps import (
    NO_AXIS,
    WHOLE,
    AxisRun,
    FieldMap,
    Seen,
    clear_run,
    list_input_axes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

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
    """

    op: Operation
    maps: tuple[FieldMap | None, ...]
    why: str = ""
    gated: bool = False
    centre_distances: dict[int, Fraction] = field(default_factory=dict)

    @property
    def seeing_maps(self) -> list[FieldMap]:
        """The operands that see the input."""
        return [it for it in self.maps if it is not None]

    @property
    def shape(self) -> Shape:
        """Shape of the first output."""
        return self.op.outputs[0]

    @property
    def arguments(self) -> dict[str, Any]:
        """The operation's arguments that the record keeps."""
        return self.op.arguments


OutputMaps = Sequence[FieldMap | None]
"""What the outputs of an operation see, as many as the rule knows of."""

FieldRule = Callable[[FieldStep], OutputMaps | None]
"""Gives what outputs see; None if it cannot tell."""

FIELD_RULES: dict[str, FieldRule] = {}
"""The rule of each ATen operation."""

field_rule = make_rule_decorator(FIELD_RULES, "rule of receptive fields")
"""Makes a function the rule of some operations."""


def lose_all_positions(step: FieldStep) -> OutputMaps:
    """Return the outputs' maps for an operation without a rule: no positions.

    What saw the whole input before still does.
    """
    return [
        merge_maps(step, [it.as_unknown(shape) for it in step.seeing_maps], shape)
        for shape in step.op.outputs
    ]


def merge_maps(
    step: FieldStep, maps: Sequence[FieldMap], shape: Shape, *, factor: bool = False
) -> FieldMap:
    """Merge maps that meet position by position: the union of their fields.

    Shapes broadcast to `shape`. A `factor` that sees the whole input, as the gate of
    squeeze-and-excitation, is left out, and the step says so: it weighs channels and
    carries no place.
    """
    first, *others = maps
    if first.is_distinct and first.shape == shape and all(it == first for it in others):
        return first
    if first.shape == shape and have_same_layout(maps):
        fields = zip(*[it.seen for it in maps], strict=True)
        united_fields: list[Seen] = [
            unite_fields(step, k, met) for k, met in enumerate(fields)
        ]
        if None not in united_fields:
            return FieldMap(first.layout, tuple(united_fields), first.pixels)
    laid_maps = [it.with_layout(broadcast_layout(it.layout, shape)) for it in maps]
    layout, conflicting = find_shared_layout(laid_maps, shape)
    if conflicting:
        step.why = "axes meet that run over other positions"
    result = FieldMap(layout, laid_maps[0].seen, laid_maps[0].pixels)
    for k in range(len(result.pixels)):
        seen = (
            None if k in conflicting else unite_seen(step, k, laid_maps, factor=factor)
        )
        result = result.with_seen(k, seen)
    known = result.seen
    unknown_axes = {k for k in result.position_axes if not isinstance(known[k], Axis)}
    return result.with_layout(clear_run(run, unknown_axes) for run in result.layout)


def have_same_layout(maps: Sequence[FieldMap]) -> bool:
    """Whether maps have every input axis at the same place, as most do.

    None is spread then, and none torn.
    """
    first = maps[0]
    whole = len(first.position_axes) == len(first.seen)
    return whole and all(
        field_map.is_distinct and field_map.layout == first.layout for field_map in maps
    )


def broadcast_layout(layout: tuple[AxisRun, ...], shape: Shape) -> list[AxisRun]:
    """Broadcast a layout to a shape; repeated values carry no positions."""
    missing = len(shape) - len(layout)
    stretched: list[AxisRun] = [((size, NO_AXIS),) for size in shape[:missing]]
    for run, size in zip(layout, shape[missing:], strict=True):
        stretched.append(run if prod(n for n, _ in run) == size else ((size, NO_AXIS),))
    return stretched


def find_shared_layout(
    maps: Sequence[FieldMap], shape: Shape
) -> tuple[tuple[AxisRun, ...], set[int]]:
    """Find the layout that maps share, and the input axes on which they differ."""
    layout: list[AxisRun] = []
    conflicting: set[int] = set()
    met_axes: list[int] = []
    for place, size in enumerate(shape):
        runs = {it.layout[place] for it in maps if list_input_axes(it.layout[place])}
        met_axes += {k for run in runs for k in list_input_axes(run)}
        if len(runs) > 1:
            conflicting.update(k for run in runs for k in list_input_axes(run))
        layout.append(runs.pop() if len(runs) == 1 else ((size, NO_AXIS),))
    conflicting.update(k for k in met_axes if met_axes.count(k) > 1)
    return tuple(layout), conflicting


def unite_seen(
    step: FieldStep, k: int, maps: Sequence[FieldMap], *, factor: bool
) -> Seen:
    """Unite what some maps see along input axis `k`."""
    if any(it.seen[k] is None for it in maps):
        return None
    placed: list[Seen] = [it.seen[k] for it in maps if k in it.position_axes]
    spread: list[Seen] = [it.seen[k] for it in maps if k not in it.position_axes]
    if not placed:
        return WHOLE if WHOLE in spread else unite_fields(step, k, spread)
    pixels = maps[0].pixels[k]
    for seen in spread:
        if isinstance(seen, Axis) and not covers_input(seen, 1, pixels):
            step.why = "a part of the input is spread over all positions"
            return None
    if spread and not factor:
        return WHOLE
    step.gated = step.gated or bool(spread)
    return unite_fields(step, k, placed)


def unite_fields(step: FieldStep, k: int, fields: Iterable[Seen]) -> Seen:
    """Unite fields, and note what prevents it."""
    first, *others = [field for field in fields if isinstance(field, Axis)]
    for other in others:
        both = unite_axes(first, other)
        if both is None:
            strides = f"{first.stride} and {other.stride}"
            step.why = f"branches with total strides of {strides} pixels meet"
            return None
        distance = measure_centre_distance(first, other)
        step.centre_distances[k] = max(distance, step.centre_distances.get(k, distance))
        first = both
    return first
