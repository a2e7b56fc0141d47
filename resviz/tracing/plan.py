"""What is to be run: a model, the arguments of its forward, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError
from resviz.inputs import Arguments, Given, InputSize, arguments, given
from resviz.tracing.nests import leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

Shape = tuple[int, ...]


class Plan(NamedTuple):
    """What is to be run, and how.

    Attributes:
        model: whose forward is followed.
        arguments: of the forward.
        batch: how many samples.
        training: whether in training mode.
        filled: builds the model again with values, if it was built without.
        lent: whether the model was built for this, and may be run itself.
        real: whether its forward is run for real.
        bypass: whether usual modules need not be run.
    """

    model: nn.Module
    arguments: Arguments
    batch: int
    training: bool
    filled: Callable[[], nn.Module] | None
    lent: bool = False
    real: bool = False
    bypass: bool = True

    def for_real(self) -> Plan:
        """The same with values, for which a model without is built again."""
        made = self.filled() if self.filled else self.model
        return self._replace(model=made, filled=None, lent=False, real=True)

    @property
    def off_axis(self) -> bool:
        """Whether the batch is told, and not by the first axis of the first input.

        One of a list of pictures has no batch axis.
        """
        described = [one for one in leaves(self.arguments) if isinstance(one, Given)]
        first = described[0].sizes if described else ()
        listed = any(key.isdecimal() for one in described for key in one.place[1:])
        told = listed or any(None in one.sizes for one in described)
        return told and first[:1] != (None,)

    @property
    def lone(self) -> Shape | None:
        """The shape of its input if that is one tensor of a size that can be varied."""
        args, kwargs = self.arguments
        sized = len(args) == 1 and not kwargs and isinstance(args[0], Given)
        return args[0].shape(self.batch) if sized else None


def called_with(
    input_size: InputSize, inputs: Any, kwargs: dict[str, Any]
) -> Arguments:
    """The arguments of a forward: those given, or tensors of the sizes given.

    Raises:
        SpecError: if the sizes cannot be read.
    """
    if inputs is not None:
        return Arguments(inputs if isinstance(inputs, tuple) else (inputs,), kwargs)
    described = arguments(given(input_size))
    return Arguments(described.args, {**described.kwargs, **kwargs})


def samples_of(batch: Any) -> int:
    """How many samples, checked.

    Raises:
        SpecError: if it is no positive whole number.
    """
    whole = hasattr(batch, "__index__") and not isinstance(batch, bool)
    if not whole or batch < 1:
        raise SpecError(f"batch: want a whole number from 1 on, got batch {batch!r}")
    return int(batch)
