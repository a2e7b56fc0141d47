"""A row of the table of operations: what is known of one kind, and its rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape


@dataclass(frozen=True, slots=True)
class Family:
    """What some kinds of operations are to a residual network.

    Attributes:
        name: in the singular.
        is_free: whether its operations are known to have no MACs.
        is_elementwise: whether they work on values one by one, so that their values
            are counted; what only moves values is no work.
    """

    name: str
    is_free: bool = True
    is_elementwise: bool = False


CONVOLUTION = Family("convolution", is_free=False)

PRODUCT = Family("product", is_free=False)
"""Matrix products; with one operand that is a parameter, a linear layer."""

ATTENTION = Family("attention", is_free=False)
"""The two products of attention, and the softmax between them, as one operation."""

CREATION = Family("creation")
"""Operations that read only the shape of their operand: nothing flows through."""

AVERAGE_POOL = Family("average pool", is_elementwise=True)

MAX_POOL = Family("max pool", is_elementwise=True)

NORM = Family("norm", is_elementwise=True)

ACTIVATION = Family("activation", is_elementwise=True)

SOFTMAX = Family("softmax", is_elementwise=True)

RESHAPE = Family("reshape")
"""Operations that change how values lie, and none of them."""

SELECTION = Family("selection")
"""Operations that copy some of the values, and none of them."""

INTERPOLATION = Family("interpolation", is_elementwise=True)
"""Operations that weigh a few neighbours by where they lie."""

ELEMENTWISE = Family("elementwise", is_elementwise=True)
"""All others that work on values one by one, or reduce them."""

MacRule = Callable[["Operation"], int]
"""Counts an operation's multiply-accumulates, for the whole batch."""


class SavedTensors(NamedTuple):
    """Operands and results that autograd saves, by position."""

    operands: tuple[int, ...] = ()
    results: tuple[int, ...] = ()


OperandLearns = tuple[bool, ...]
"""For each operand, whether it is a parameter or was computed from one."""

SavedRule = Callable[["Operation", OperandLearns], SavedTensors]
"""Tells what an operation's derivative reads.

Source: torch's own formulas, tools/autograd/derivatives.yaml.
"""

FieldRule = Callable[["FieldStep"], "Sequence[FieldMap | None] | None"]
"""Tells what outputs see of the input, as many as it knows of; None if it cannot."""

AxisRule = Callable[["Operation", int], "int | None"]
"""Tells where the input's channel axis lies in the output; None if it is mixed."""

ChannelRule = Callable[["Operation"], "int | None"]
"""Tells the output's channel axis, whatever that of the input; None if it has none."""

NamedArguments = dict[str, Any]

WindowNumbers = tuple["Shape", "Shape", "Shape", "Shape", int, bool, bool]
"""The fields of a `Window`, in their order."""

WindowReader = Callable[[NamedArguments], WindowNumbers]
"""Reads an operation's sliding window off its arguments."""


@dataclass(frozen=True, slots=True)
class OperationKind:
    """What is known of one kind of operation; what is left out is not known.

    Attributes:
        name: of ATen, as the record has it; in-place twins share it.
        family: what it is to a residual network; None if it is none of them.
        aliases: other names under which torch dispatches it.
        display_name: what people call it where that is not its name.
        label: how a figure spells it where that is not its name in words.
        tool_kind: what counting tools tell apart, "batch norm"; its name otherwise.
        is_quiet: whether it has no label in the overview.
        is_join: whether a shortcut meets its main branch by it.
        is_factor: whether it weighs one operand by the other, as a gate does.
        pads_channels: whether it may append channels to what flows.
        min_operands: how many operands it has at least, where rules count on it; a
            record with fewer is refused.
        arguments: names of those without which its shapes cannot be read; the record
            keeps them.
        window: reads its sliding window.
        macs: counts its MACs; None if it has none, or they are not known.
        saved: tells what autograd saves of it.
        is_differentiable: whether a gradient flows through its results.
        saves_result_in_place: whether it keeps its operand, and in place the result
            that took its place. All others copy what they keep before they write
            over it.
        field: tells what its outputs see of the input.
        moves_axis: tells where its input's channel axis goes; None if an axis with
            the same length, and as many values before it, is the same axis.
        sets_axis: tells where the channels lie that it makes.
    """

    name: str
    family: Family | None = None
    aliases: tuple[str, ...] = ()
    display_name: str = ""
    label: str = ""
    tool_kind: str = ""
    is_quiet: bool = False
    is_join: bool = False
    is_factor: bool = False
    pads_channels: bool = False
    min_operands: int = 0
    arguments: tuple[str, ...] = ()
    window: WindowReader | None = None
    macs: MacRule | None = None
    saved: SavedRule | None = None
    is_differentiable: bool = True
    saves_result_in_place: bool = False
    field: FieldRule | None = None
    moves_axis: AxisRule | None = None
    sets_axis: ChannelRule | None = None

    @property
    def is_free(self) -> bool:
        """Whether it is known to have no MACs."""
        return self.family is not None and self.family.is_free
