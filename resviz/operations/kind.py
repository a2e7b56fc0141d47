"""A row of the table of operations: what is known of one kind, and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape

    OutputMaps = Sequence[FieldMap | None]
    """What the outputs of an operation see, as far as they do."""


@dataclass(frozen=True, slots=True)
class Family:
    """What some kinds of operations are to a residual network.

    Attributes:
        name: in the singular.
        is_free: whether its operations are known to have no MACs.
        is_elementwise: whether they work on values one by one, so that their values
            are counted; what only moves values is no work.
        is_linear: whether they are linear in what flows; a norm is, once its statistics
            are fixed.
    """

    name: str
    is_free: bool = True
    is_elementwise: bool = False
    is_linear: bool = False


CONVOLUTION = Family("convolution", is_free=False, is_linear=True)

ACTIVATED_CONVOLUTION = Family("convolution with an activation", is_free=False)
"""The same and an activation in one operation."""

PRODUCT = Family("product", is_free=False, is_linear=True)
"""Matrix products; with one operand that is a parameter, a linear layer."""

ATTENTION = Family("attention", is_free=False)
"""The two products of attention, and the softmax between them, as one operation."""

CREATION = Family("creation")
"""Operations that read only the shape of their operand: nothing flows through."""

AVERAGE_POOL = Family("average pool", is_elementwise=True, is_linear=True)

MAX_POOL = Family("max pool", is_elementwise=True)

NORM = Family("norm", is_elementwise=True, is_linear=True)

ACTIVATION = Family("activation", is_elementwise=True)

SOFTMAX = Family("softmax", is_elementwise=True)

RESHAPE = Family("reshape", is_linear=True)
"""Operations that change how values lie, and none of them."""

SELECTION = Family("selection", is_linear=True)
"""Operations that copy some of the values, and none of them."""

INTERPOLATION = Family("interpolation", is_elementwise=True, is_linear=True)
"""Operations that weigh a few neighbours by where they lie."""

ELEMENTWISE = Family("elementwise", is_elementwise=True)
"""All others that work on values one by one, or reduce them."""


class MacRule(Protocol):
    """A rule of costs."""

    def __call__(self, op: Operation, /) -> int:
        """Count an operation's multiply-accumulates, for the whole batch."""
        ...


class SavedTensors(NamedTuple):
    """Operands and results that autograd saves, by position."""

    operands: tuple[int, ...] = ()
    results: tuple[int, ...] = ()


OperandLearns = tuple[bool, ...]
"""For each operand, whether it is a parameter or was computed from one."""


class SavedRule(Protocol):
    """A rule of memory.

    Source: torch's own formulas, tools/autograd/derivatives.yaml.
    """

    def __call__(self, op: Operation, learns: OperandLearns, /) -> SavedTensors:
        """Tell what an operation's derivative reads, by which operands learn."""
        ...


class FieldRule(Protocol):
    """A rule of receptive fields."""

    def __call__(self, step: FieldStep, /) -> OutputMaps | None:
        """Tell what outputs see, as many as are known; None if it cannot be told."""
        ...


class SizeRule(Protocol):
    """A rule of size."""

    def __call__(self, step: SizeStep, /) -> Sequence[Shape]:
        """Return the shapes of the outputs, for operands of other shapes.

        Raises:
            SizesDisagree: if operands do not go together at these sizes.
            SizeUnknown: if the record does not tell what comes out.
        """
        ...


class AxisRule(Protocol):
    """A rule of where an operation moves an axis."""

    def __call__(self, op: Operation, axis: int, /) -> int | None:
        """Return the place of the input's channel axis; None if it is mixed."""
        ...


class ChannelRule(Protocol):
    """A rule of where an operation lays out its channels anew."""

    def __call__(self, op: Operation, /) -> int | None:
        """Return the channel axis of the output; None if it has none."""
        ...


NamedArguments = dict[str, Any]

WindowNumbers = tuple["Shape", "Shape", "Shape", "Shape", int, bool, bool]
"""The fields of a `Window`, in their order."""


class WindowReader(Protocol):
    """A reader of sliding windows."""

    def __call__(self, bound: NamedArguments, /) -> WindowNumbers:
        """Read a window off an operation's arguments, defaults filled in."""
        ...


@dataclass(frozen=True, slots=True)
class OperationKind:
    """What is known of one kind of operation; what is left out is not known.

    Attributes:
        name: of ATen, as the record has it; also of what works in place.
        family: what it is to a residual network; None if it is none of them.
        aliases: other names under which torch dispatches it.
        display_name: what people call it where that is not its name.
        label: how a figure spells it where that is not its name in words.
        tool_kind: what counting tools tell apart, "batch norm"; its name otherwise.
        is_quiet: whether it has no label in the overview.
        is_join: whether a shortcut meets its main branch by it.
        weights: how many layers with weights it runs one after another, where that is
            told by its name alone.
        is_factor: whether it weighs one operand by the other, as a gate does.
        is_squashing: whether its results lie between 0 and 1, so that they weigh what
            they multiply.
        is_lookup: whether its later operands only say where to look in the first.
        is_linear: whether it is linear in what flows though its family is not.
        pads_channels: whether it may append channels to what flows.
        min_operands: how many operands it has at least, where rules count on it; a
            record with fewer is refused.
        arguments: names of those without which its shapes cannot be read; the record
            keeps them.
        window: reads its sliding window.
        macs: counts its MACs; None if it has none, or they are not known.
        convention: what is counted by which convention, in words, where its MACs are
            not those of a product.
        saved: tells what autograd saves of it.
        is_differentiable: whether a gradient flows through its results.
        saves_result_in_place: whether it keeps its operand, and in place the result
            that took its place. All others copy what they keep before they write
            over it.
        field: tells what its outputs see of the input.
        sizes: tells the shapes of its outputs for operands of others; what has none
            is refused at another input.
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
    weights: int = 0
    is_factor: bool = False
    is_squashing: bool = False
    is_lookup: bool = False
    is_linear: bool = False
    pads_channels: bool = False
    min_operands: int = 0
    arguments: tuple[str, ...] = ()
    window: WindowReader | None = None
    macs: MacRule | None = None
    convention: str = ""
    saved: SavedRule | None = None
    is_differentiable: bool = True
    saves_result_in_place: bool = False
    field: FieldRule | None = None
    sizes: SizeRule | None = None
    moves_axis: AxisRule | None = None
    sets_axis: ChannelRule | None = None

    @property
    def is_free(self) -> bool:
        """Whether it is known to have no MACs."""
        return self.family is not None and self.family.is_free
