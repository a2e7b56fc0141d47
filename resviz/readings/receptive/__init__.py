"""What each layer sees of the input: receptive field, total stride, padding, centre.

A reading of the record: fields are followed through every operation of the real
graph, exactly, position by position, all channels together; where branches meet, their
union is taken. Borders do not cut them, as in r = 1 + Σ (k − 1) · Π s.

Left out are gates that see the whole input, and the statistics of norms. Source:
Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional Neural
Networks, whose definition ends before global pooling.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from resviz.operations.families import CREATIONS, LOOKUPS
from resviz.operations.layouts import make_plain_run
from resviz.operations.shared_rules import POINTWISE_RULES
from resviz.operations.table import OPERATIONS
from resviz.readings.batch_axes import find_batch_axis
from resviz.readings.receptive.axis import INPUT_PIXELS, Axis, PixelInterval
from resviz.readings.receptive.maps import WHOLE, FieldMap, Seen
from resviz.readings.receptive.step import FieldStep, lose_all_positions
from resviz.readings.structure.channel_axes import find_input_axis
from resviz.record import MODEL_INPUT, Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.kind import FieldRule
    from resviz.operations.layouts import AxisRun
    from resviz.record import Architecture, Layer, Operation, Tensor

__all__ = [
    "WHOLE",
    "Axis",
    "OffCentreJoin",
    "PixelInterval",
    "ReceptiveFields",
    "Seen",
    "UnknownField",
    "compute_receptive_fields",
]

FIELD_RULES: dict[str, FieldRule] = {
    row.name: row.field for row in OPERATIONS.values() if row.field
}
"""The rule of each operation."""


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A reason why fields are unknown: how often, and at which layer first."""

    why: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class OffCentreJoin:
    """A layer where branches meet whose centres differ, by so many pixels an axis."""

    name: str
    apart: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class BlindPositions:
    """A layer that puts positions that see nothing, as a class token, beside others.

    Attributes:
        name: of the layer.
        count: how many of its positions see nothing of the input.
        positions: how many there are.
    """

    name: str
    count: int
    positions: int


@dataclass(frozen=True, slots=True)
class ReceptiveFields:
    """Receptive fields of a record's layers on its first input.

    Attributes:
        axes: the axes of the input along which positions lie: all but those of the
            batch and the channels.
        layers: for each layer, what its first output sees along each of them; None
            for a layer that does not see it.
        changed: for each layer, whether it sees otherwise than all that it reads.
        gated: names of the layers at which a factor that sees the whole input, as
            the gate of squeeze-and-excitation, was left out of the field.
        off_centre: the layers at which branches meet off centre.
        unknown: where fields are known no more.
        blind: where positions come in that see nothing of it, as a class token;
            the field is that of the others.
    """

    axes: tuple[int, ...]
    layers: tuple[tuple[Seen, ...] | None, ...]
    changed: tuple[bool, ...]
    gated: tuple[str, ...]
    off_centre: tuple[OffCentreJoin, ...]
    unknown: tuple[UnknownField, ...]
    blind: tuple[BlindPositions, ...]


@cache_reading
def compute_receptive_fields(arch: Architecture) -> ReceptiveFields:
    """Compute what every layer of a record sees of its first input."""
    walk = FieldWalk(arch)
    for layer in arch.stored_layers:
        walk.follow_layer(layer)
    return ReceptiveFields(
        walk.axes,
        tuple(walk.seen),
        tuple(walk.changed),
        tuple(dict.fromkeys(walk.gated)),
        tuple(walk.off_centre),
        tuple(UnknownField(why, len(at), at[0]) for why, at in walk.unknown.items()),
        tuple(walk.blind),
    )


class FieldWalk:
    """One pass over the layers, in execution order."""

    def __init__(self, arch: Architecture) -> None:
        self.maps: dict[Source, FieldMap | None] = {}
        self.seen: list[tuple[Seen, ...] | None] = []
        self.changed: list[bool] = []
        self.gated: list[str] = []
        self.off_centre: list[OffCentreJoin] = []
        self.blind: list[BlindPositions] = []
        self.unknown: dict[str, list[str]] = {}
        self.axes = find_position_axes(arch)
        if self.axes:
            input_map = make_input_map(arch.inputs[0], self.axes)
            self.maps[Source(MODEL_INPUT)] = input_map
        elif len(arch.input_shape) > 2 and arch.stored_layers:
            why = "nothing says in which axis of the input its channels lie"
            self.unknown[why] = [arch.stored_layers[0].name]

    def follow_layer(self, layer: Layer) -> None:
        """Follow the fields through one layer."""
        input_maps = [self.maps.get(source) for source in layer.sources]
        if keeps_field_unchanged(layer, input_maps):
            output_maps = input_maps
        elif is_wired(layer):
            maps_within: MapsWithin = {MODEL_INPUT: input_maps}
            for number, operation in enumerate(layer.operations):
                maps = find_operand_maps(operation, maps_within)
                maps_within[number] = self.follow_operation(layer, operation, maps)
            output_maps = [
                find_output_map(layer, k, maps_within)
                for k in range(len(layer.outputs))
            ]
        else:
            output_maps = self.lose_fields(layer, input_maps)
        for number, end in enumerate(output_maps):
            self.maps[Source(layer.index, number)] = end
        first = self.maps.get(Source(layer.index))
        before = [field_map.seen for field_map in input_maps if field_map]
        self.seen.append(first and first.seen)
        self.changed.append(first is not None and first.seen not in before)

    def lose_fields(
        self, layer: Layer, input_maps: Sequence[FieldMap | None]
    ) -> list[FieldMap | None]:
        """Mark a layer's fields as unknown where the record lacks its wiring."""
        step = FieldStep(layer.operations[-1], tuple(input_maps))
        if not step.seeing_maps:
            return [None] * len(layer.outputs)
        step.why = "an older record, which does not say what feeds what"
        shapes = [tensor.shape for tensor in layer.outputs]
        lost_maps = [
            step.merge_maps(
                [field_map.as_unknown(shape) for field_map in step.seeing_maps], shape
            )
            for shape in shapes
        ]
        self.note_findings(layer, step, lost_maps)
        return [*lost_maps]

    def follow_operation(
        self, layer: Layer, operation: Operation, maps: Sequence[FieldMap | None]
    ) -> list[FieldMap | None]:
        """Return the maps of one operation's outputs."""
        step = FieldStep(operation, fit_maps(operation, maps))
        if not step.seeing_maps or operation.name in CREATIONS:
            return [None] * len(operation.outputs)
        rule = FIELD_RULES.get(operation.name)
        try:
            ruled = rule(step) if rule else None
        except (ArithmeticError, LookupError, ValueError):
            ruled = None  # ranks that no rule foresaw, as those of a scalar
        output_maps = list(lose_all_positions(step) if ruled is None else ruled)
        # A write through a view makes one more output, of which no rule knows.
        missing = operation.outputs[len(output_maps) :]
        if missing:
            step.why = "a part of a tensor is written over"
            output_maps += [step.seeing_maps[0].as_unknown(shape) for shape in missing]
        self.note_findings(layer, step, output_maps)
        return output_maps

    def note_findings(
        self, layer: Layer, step: FieldStep, output_maps: Sequence[FieldMap | None]
    ) -> None:
        """Record unknown fields, gates, blind positions and off-centre joins."""
        is_unknown = any(
            field_map and None in field_map.seen for field_map in output_maps
        )
        was_unknown = any(None in field_map.seen for field_map in step.seeing_maps)
        if is_unknown and not was_unknown:
            here = " here" if step.op.name in FIELD_RULES else ""
            why = step.why or f"no rule for {step.op.name}{here}"
            self.unknown.setdefault(why, []).append(layer.name)
        if step.gated:
            self.gated.append(layer.name)
        count, positions = step.blind
        if count and not is_unknown:
            self.blind.append(BlindPositions(layer.name, count, positions))
        if any(step.centre_distances.values()):
            axes = range(max(step.centre_distances) + 1)
            apart = tuple(step.centre_distances.get(k, Fraction()) for k in axes)
            self.off_centre.append(OffCentreJoin(layer.name, apart))


def find_position_axes(arch: Architecture) -> tuple[int, ...]:
    """Find the axes of the first input that hold neither samples nor channels.

    Words that are looked up have no channels. () where both seem to lie in one axis.
    """
    if not arch.inputs:
        return ()
    channels, samples = find_channel_axis(arch), find_first_batch_axis(arch)
    if channels is not None and channels == samples:
        return ()
    rank = len(arch.inputs[0].shape)
    return tuple(axis for axis in range(rank) if axis not in {channels, samples})


def find_channel_axis(arch: Architecture) -> int | None:
    """Find the axis of the first input's channels, None if they are looked up."""
    for layer in arch.stored_layers:
        if Source(MODEL_INPUT) not in layer.sources:
            continue
        live = [op for op in layer.operations if any(op.flowing)]
        if live and live[0].name in LOOKUPS and not live[0].flowing[0]:
            return None
        break
    return find_input_axis(arch, 0)


def find_first_batch_axis(arch: Architecture) -> int | None:
    """Find the axis of the first input that holds the samples, if one does."""
    return arch.batch_axes[0] if arch.batch_axes else find_batch_axis(arch)


def make_input_map(tensor: Tensor, axes: Sequence[int]) -> FieldMap:
    """Make the map of the input, one pixel a position along some of its axes."""
    layout: list[AxisRun] = [*map(make_plain_run, tensor.shape)]
    for k, axis in enumerate(axes):
        layout[axis] = ((tensor.shape[axis], k),)
    pixels = tuple(tensor.shape[axis] for axis in axes)
    return FieldMap(tuple(layout), (INPUT_PIXELS,) * len(pixels), pixels)


def keeps_field_unchanged(layer: Layer, input_maps: Sequence[FieldMap | None]) -> bool:
    """Tell whether a layer is one operation, position by position, on one input.

    Its field is its input's then, as that of most layers.
    """
    if not len(layer.operations) == len(input_maps) == len(layer.outputs) == 1:
        return False
    (operation,), (field_map,) = layer.operations, input_maps
    if field_map is None or FIELD_RULES.get(operation.name) not in POINTWISE_RULES:
        return False
    if operation.flowing[:1] != (True,) or True in operation.flowing[1:]:
        return False
    shape = operation.inputs[0]
    is_alike = (
        field_map.shape == shape == operation.outputs[0] and not operation.sources
    )
    return is_alike and field_map.is_distinct


def is_wired(layer: Layer) -> bool:
    """Tell whether the record says where the operands of each operation come from.

    It goes without saying where one operation reads the layer's inputs in order.
    """
    live = [operation for operation in layer.operations if any(operation.flowing)]
    is_alone = len(live) == 1 and sum(live[0].flowing) == len(layer.inputs)
    return is_alone or all(operation.sources for operation in live)


MapsWithin = dict[int, "Sequence[FieldMap | None]"]
"""What the outputs of a layer's operations see, and under `MODEL_INPUT` its inputs."""


def find_operand_maps(
    operation: Operation, maps_within: MapsWithin
) -> list[FieldMap | None]:
    """Find the maps of an operation's operands, among those of its layer so far."""
    if operation.sources:
        return [
            source and maps_within[source.layer][source.output]
            for source in operation.sources
        ]
    rest = iter(maps_within[MODEL_INPUT])
    return [next(rest, None) if flows else None for flows in operation.flowing]


def find_output_map(
    layer: Layer, number: int, maps_within: MapsWithin
) -> FieldMap | None:
    """Find the map of a layer's output among those of its operations."""
    last = Source(len(layer.operations) - 1, number)
    source = layer.ends[number] if layer.ends else last
    if source is None or source.layer == MODEL_INPUT:
        return None
    outputs = maps_within[source.layer]
    return outputs[source.output] if source.output < len(outputs) else None


def fit_maps(
    operation: Operation, maps: Sequence[FieldMap | None]
) -> tuple[FieldMap | None, ...]:
    """Drop the positions of maps whose shape is not that of their operand."""
    return tuple(
        field_map.as_unknown(shape)
        if field_map and field_map.shape != shape
        else field_map
        for field_map, shape in zip(maps, operation.inputs, strict=True)
    )
