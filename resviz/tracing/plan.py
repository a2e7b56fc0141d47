"""What is to be run: a model, the arguments of its forward, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import SpecError
from resviz.inputs import (
    ForwardArguments,
    InputSize,
    InputSpec,
    arrange_arguments,
    parse_inputs,
)
from resviz.tracing.tensors import iterate_leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

Shape = tuple[int, ...]


class TracePlan(NamedTuple):
    """A model to be run, its arguments, and how to run it.

    Attributes:
        model: whose forward is followed.
        arguments: of the forward.
        batch: how many samples.
        training: whether in training mode.
        name: what to call the record.
        title: what to print for it.
        build_filled: builds the model again with values, if it was built without.
        trace_only: whether the model was built for this, and may be run itself.
        fast: whether what rules can tell need not be run.
        real: whether its forward is run for real.
    """

    model: nn.Module
    arguments: ForwardArguments
    batch: int
    training: bool
    name: str
    title: str
    build_filled: Callable[[], nn.Module] | None
    trace_only: bool
    fast: bool
    real: bool = False

    def with_values(self) -> TracePlan:
        """Return the same plan with values, its model rebuilt if needed."""
        model = self.build_filled() if self.build_filled else self.model
        return self._replace(
            model=model, build_filled=None, trace_only=False, real=True
        )

    @property
    def is_batch_off_axis(self) -> bool:
        """Return whether the batch axis is not the first input's first.

        One of a list of pictures has no batch axis.
        """
        sized_inputs = [
            sized_input
            for sized_input in iterate_leaves(self.arguments)
            if isinstance(sized_input, InputSpec)
        ]
        first = sized_inputs[0].sizes if sized_inputs else ()
        in_list = any(
            key.isdecimal()
            for sized_input in sized_inputs
            for key in sized_input.place[1:]
        )
        has_batch = in_list or any(
            None in sized_input.sizes for sized_input in sized_inputs
        )
        return has_batch and first[:1] != (None,)

    @property
    def sole_input_shape(self) -> Shape | None:
        """Return the shape of the only input, if its size can be varied."""
        args, kwargs = self.arguments
        is_sole_sized = len(args) == 1 and not kwargs and isinstance(args[0], InputSpec)
        return args[0].shape_for_batch(self.batch) if is_sole_sized else None


def build_arguments(
    input_size: InputSize, inputs: Any, kwargs: dict[str, Any]
) -> ForwardArguments:
    """Return a forward's arguments: those given, or tensors of the sizes.

    Raises:
        SpecError: if the sizes cannot be read.
    """
    if inputs is not None:
        return ForwardArguments(
            inputs if isinstance(inputs, tuple) else (inputs,), kwargs
        )
    sized_arguments = arrange_arguments(parse_inputs(input_size))
    return ForwardArguments(sized_arguments.args, {**sized_arguments.kwargs, **kwargs})


def check_batch_size(batch: Any) -> int:
    """Check the batch size and return it as an int.

    Raises:
        SpecError: if it is no positive whole number.
    """
    is_whole = hasattr(batch, "__index__") and not isinstance(batch, bool)
    if not is_whole or batch < 1:
        raise SpecError(f"batch: want a whole number from 1 on, got batch {batch!r}")
    return int(batch)
