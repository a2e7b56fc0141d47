"""One operation as rules see it, and the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.receptive.axis import Axis, apart, covers, union
from resviz.receptive.maps import PLAIN, WHOLE, Map, Run, Seen, axes, cleared
from resviz.registry import registrar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from resviz.record import Operation, Shape


@dataclass(slots=True)
class Step:
    """One operation, what its operands see, and what there is to say of it.

    Attributes:
        op: the operation.
        maps: of each operand; None for what does not see the input.
        why: in words, why something is known no more.
        gated: whether a factor that sees the whole input was left out.
        apart: by how many pixels the centres of branches differ that meet here.
    """

    op: Operation
    maps: tuple[Map | None, ...]
    why: str = ""
    gated: bool = False
    apart: dict[int, Fraction] = field(default_factory=dict)

    @property
    def seeing(self) -> list[Map]:
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


Given = Sequence[Map | None]
"""What the outputs of an operation see, as many as the rule knows of."""

Rule = Callable[[Step], Given | None]
"""Gives what outputs see; None if it cannot tell."""

RULES: dict[str, Rule] = {}
"""The rule of each ATen operation."""

rule = registrar(RULES, "rule of receptive fields")
"""Makes a function the rule of some operations."""


def unruled(step: Step) -> Given:
    """What outputs see after an operation without a rule: positions are lost.

    What saw the whole input before still does.
    """
    return [
        meet(step, [it.lost(shape) for it in step.seeing], shape)
        for shape in step.op.outputs
    ]


def meet(step: Step, maps: Sequence[Map], shape: Shape, *, factor: bool = False) -> Map:
    """What is seen where some maps meet position by position, the union.

    Shapes broadcast to `shape`. A `factor` that sees the whole input, as the gate of
    squeeze-and-excitation, is left out, and the step says so: it weighs channels and
    carries no place.
    """
    first, *others = maps
    if first.distinct and first.shape == shape and all(it == first for it in others):
        return first
    if first.shape == shape and laid_alike(maps):
        fields = zip(*[it.seen for it in maps], strict=True)
        both: list[Seen] = [united(step, k, met) for k, met in enumerate(fields)]
        if None not in both:
            return Map(first.layout, tuple(both), first.pixels)
    laid = [it.lay(broadcast(it.layout, shape)) for it in maps]
    layout, torn = shared_layout(laid, shape)
    if torn:
        step.why = "axes meet that run over other positions"
    result = Map(layout, laid[0].seen, laid[0].pixels)
    for k in range(len(result.pixels)):
        seen = None if k in torn else seen_together(step, k, laid, factor=factor)
        result = result.know(k, seen)
    known = result.seen
    gone = {k for k in result.carried if not isinstance(known[k], Axis)}
    return result.lay(cleared(run, gone) for run in result.layout)


def laid_alike(maps: Sequence[Map]) -> bool:
    """Whether maps have every axis of the input at the same place, as most that meet.

    None is spread then, and none torn.
    """
    first = maps[0]
    whole = len(first.carried) == len(first.seen)
    return whole and all(it.distinct and it.layout == first.layout for it in maps)


def broadcast(layout: tuple[Run, ...], shape: Shape) -> list[Run]:
    """A layout stretched to a shape; what is repeated tells no positions apart."""
    missing = len(shape) - len(layout)
    stretched: list[Run] = [((size, PLAIN),) for size in shape[:missing]]
    for run, size in zip(layout, shape[missing:], strict=True):
        stretched.append(run if prod(n for n, _ in run) == size else ((size, PLAIN),))
    return stretched


def shared_layout(
    maps: Sequence[Map], shape: Shape
) -> tuple[tuple[Run, ...], set[int]]:
    """The layout that some maps agree on, and the input axes on which they do not."""
    layout: list[Run] = []
    torn: set[int] = set()
    met: list[int] = []
    for place, size in enumerate(shape):
        runs = {it.layout[place] for it in maps if axes(it.layout[place])}
        met += {k for run in runs for k in axes(run)}
        if len(runs) > 1:
            torn.update(k for run in runs for k in axes(run))
        layout.append(runs.pop() if len(runs) == 1 else ((size, PLAIN),))
    torn.update(k for k in met if met.count(k) > 1)
    return tuple(layout), torn


def seen_together(step: Step, k: int, maps: Sequence[Map], *, factor: bool) -> Seen:
    """What some maps see together along input axis `k`."""
    if any(it.seen[k] is None for it in maps):
        return None
    placed: list[Seen] = [it.seen[k] for it in maps if k in it.carried]
    spread: list[Seen] = [it.seen[k] for it in maps if k not in it.carried]
    if not placed:
        return WHOLE if WHOLE in spread else united(step, k, spread)
    pixels = maps[0].pixels[k]
    for seen in spread:
        if isinstance(seen, Axis) and not covers(seen, 1, pixels):
            step.why = "a part of the input is spread over all positions"
            return None
    if spread and not factor:
        return WHOLE
    step.gated = step.gated or bool(spread)
    return united(step, k, placed)


def united(step: Step, k: int, fields: Iterable[Seen]) -> Seen:
    """The union of some fields; what keeps them apart is noted."""
    first, *others = [field for field in fields if isinstance(field, Axis)]
    for other in others:
        both = union(first, other)
        if both is None:
            met = f"{first.stride} and {other.stride}"
            step.why = f"branches with total strides of {met} pixels meet"
            return None
        gap = apart(first, other)
        step.apart[k] = max(gap, step.apart.get(k, gap))
        first = both
    return first
