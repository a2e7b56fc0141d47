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

from resviz.once import once
from resviz.receptive import layouts, positions, windows  # they register rules
from resviz.receptive.axis import PIXELS, Axis, Extent
from resviz.receptive.maps import PLAIN, WHOLE, Map, Seen
from resviz.receptive.steps import RULES, Step, meet, unruled
from resviz.record import MODEL_INPUT, Source
from resviz.structure.graph import entry_axis
from resviz.vocabulary import CREATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture, Layer, Operation, Tensor

__all__ = ["WHOLE", "Axis", "Extent", "Fields", "Gap", "Meeting", "Seen", "fields"]

del layouts, windows


@dataclass(frozen=True, slots=True)
class Gap:
    """Why fields are known no more: how often, and at which layer first."""

    why: str
    count: int
    first: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A layer where branches meet whose centres differ, by so many pixels an axis."""

    name: str
    apart: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the layers of a record see of its first input.

    Attributes:
        layers: for each layer, what its first output sees along each axis of the
            input after batch and channels; None for a layer that does not see it.
        changed: for each layer, whether it sees otherwise than all that it reads.
        gated: names of the layers at which a factor that sees the whole input, as
            the gate of squeeze-and-excitation, was left out of the field.
        apart: the layers at which branches meet off centre.
        gaps: where fields are known no more.
    """

    layers: tuple[tuple[Seen, ...] | None, ...]
    changed: tuple[bool, ...]
    gated: tuple[str, ...]
    apart: tuple[Meeting, ...]
    gaps: tuple[Gap, ...]


@once
def fields(arch: Architecture) -> Fields:
    """What every layer of a record sees of its first input."""
    walk = Walk(arch)
    for layer in arch.layers:
        walk.pass_through(layer)
    return Fields(
        tuple(walk.seen),
        tuple(walk.changed),
        tuple(dict.fromkeys(walk.gated)),
        tuple(walk.apart),
        tuple(Gap(why, len(at), at[0]) for why, at in walk.gaps.items()),
    )


class Walk:
    """One pass over the layers, in execution order."""

    def __init__(self, arch: Architecture) -> None:
        self.maps: dict[Source, Map | None] = {}
        self.seen: list[tuple[Seen, ...] | None] = []
        self.changed: list[bool] = []
        self.gated: list[str] = []
        self.apart: list[Meeting] = []
        self.gaps: dict[str, list[str]] = {}
        usual = bool(arch.inputs) and entry_axis(arch, 0) == 1
        if usual:
            self.maps[Source(MODEL_INPUT)] = untouched(arch.inputs[0])
        elif len(arch.input_shape) > 2 and arch.layers:
            self.gaps["the input's channels do not lie in axis 1"] = [
                arch.layers[0].name
            ]

    def pass_through(self, layer: Layer) -> None:
        """Follow the fields through one layer."""
        given = [self.maps.get(source) for source in layer.sources]
        if keeps_field(layer, given):
            ends = given
        elif wired(layer):
            made: list[Sequence[Map | None]] = []
            for operation in layer.operations:
                maps = operands(operation, given, made)
                made.append(self.follow(layer, operation, maps))
            ends = [output(layer, k, made) for k in range(len(layer.outputs))]
        else:
            ends = self.guess_nothing(layer, given)
        for number, end in enumerate(ends):
            self.maps[Source(layer.index, number)] = end
        first = self.maps.get(Source(layer.index))
        before = [it.seen for it in given if it]
        self.seen.append(first and first.seen)
        self.changed.append(first is not None and first.seen not in before)

    def guess_nothing(
        self, layer: Layer, given: Sequence[Map | None]
    ) -> list[Map | None]:
        """What outputs see of a layer whose record does not say what feeds what."""
        step = Step(layer.operations[-1], tuple(given))
        if not step.seeing:
            return [None] * len(layer.outputs)
        step.why = "an older record, which does not say what feeds what"
        shapes = [tensor.shape for tensor in layer.outputs]
        lost = [meet(step, [it.lost(s) for it in step.seeing], s) for s in shapes]
        self.note(layer, step, lost)
        return [*lost]

    def follow(
        self, layer: Layer, operation: Operation, maps: Sequence[Map | None]
    ) -> list[Map | None]:
        """What the outputs of one operation see."""
        step = Step(operation, fitting(operation, maps))
        if not step.seeing or operation.name in CREATIONS:
            return [None] * len(operation.outputs)
        rule = RULES.get(operation.name)
        try:
            ruled = rule(step) if rule else None
        except (ArithmeticError, LookupError, ValueError):
            ruled = None  # ranks that no rule foresaw, as those of a scalar
        given = list(unruled(step) if ruled is None else ruled)
        # A write through a view makes one more output, of which no rule knows.
        missing = operation.outputs[len(given) :]
        if missing:
            step.why = "a part of a tensor is written over"
            given += [step.seeing[0].lost(shape) for shape in missing]
        self.note(layer, step, given)
        return given

    def note(self, layer: Layer, step: Step, given: Sequence[Map | None]) -> None:
        """Note what there is to say of a step."""
        unknown = any(it and None in it.seen for it in given)
        if unknown and not any(None in it.seen for it in step.seeing):
            here = " here" if step.op.name in RULES else ""
            why = step.why or f"no rule for {step.op.name}{here}"
            self.gaps.setdefault(why, []).append(layer.name)
        if step.gated:
            self.gated.append(layer.name)
        if any(step.apart.values()):
            axes = range(max(step.apart) + 1)
            apart = tuple(step.apart.get(k, Fraction()) for k in axes)
            self.apart.append(Meeting(layer.name, apart))


def untouched(tensor: Tensor) -> Map | None:
    """The input itself: each position sees one pixel; None if it has no map."""
    pixels = tensor.shape[2:]
    positions = (((size, k),) for k, size in enumerate(pixels))
    layout = (*(((size, PLAIN),) for size in tensor.shape[:2]), *positions)
    return Map(layout, (PIXELS,) * len(pixels), pixels) if pixels else None


def keeps_field(layer: Layer, given: Sequence[Map | None]) -> bool:
    """Whether a layer is one operation, position by position, on one input.

    Its field is its input's then, as that of most layers.
    """
    if not len(layer.operations) == len(given) == len(layer.outputs) == 1:
        return False
    (operation,), (it,) = layer.operations, given
    if it is None or RULES.get(operation.name) is not positions.pointwise:
        return False
    if operation.flowing[:1] != (True,) or True in operation.flowing[1:]:
        return False
    shape = operation.inputs[0]
    alike = it.shape == shape == operation.outputs[0] and not operation.sources
    return alike and it.distinct


def wired(layer: Layer) -> bool:
    """Whether the record says where the operands of each operation come from.

    It goes without saying where one operation reads the layer's inputs in order.
    """
    live = [operation for operation in layer.operations if any(operation.flowing)]
    alone = len(live) == 1 and sum(live[0].flowing) == len(layer.inputs)
    return alone or all(operation.sources for operation in live)


def operands(
    operation: Operation,
    given: Sequence[Map | None],
    made: Sequence[Sequence[Map | None]],
) -> list[Map | None]:
    """What the operands of an operation see.

    Args:
        operation: one of a layer's.
        given: what the layer's inputs see.
        made: what the outputs of its earlier operations see.
    """
    if operation.sources:
        return [source and found(source, given, made) for source in operation.sources]
    rest = iter(given)
    return [next(rest, None) if flows else None for flows in operation.flowing]


def found(
    source: Source,
    given: Sequence[Map | None],
    made: Sequence[Sequence[Map | None]],
) -> Map | None:
    """What one source within a layer sees."""
    if source.layer == MODEL_INPUT:
        return given[source.output]
    return made[source.layer][source.output]


def output(
    layer: Layer, number: int, made: Sequence[Sequence[Map | None]]
) -> Map | None:
    """What one output of a layer sees, by what its operations' outputs do."""
    end = layer.ends[number] if layer.ends else Source(len(made) - 1, number)
    if end is None or not 0 <= end.layer < len(made):
        return None
    outputs = made[end.layer]
    return outputs[end.output] if end.output < len(outputs) else None


def fitting(operation: Operation, maps: Sequence[Map | None]) -> tuple[Map | None, ...]:
    """Operands' maps, without the positions of one that is not laid out like it."""
    return tuple(
        it.lost(shape) if it and it.shape != shape else it
        for it, shape in zip(maps, operation.inputs, strict=True)
    )
