"""What is to be run: a model, how, and the arguments that its forward is fed.

A plan holds arguments as they were given; tensors of the trace's own stand for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from resviz.errors import SpecError, TraceError
from resviz.inputs import (
    ForwardArguments,
    InputSize,
    InputSpec,
    arrange_arguments,
    parse_inputs,
)
from resviz.tracing.draws import USUAL_DRAWS, Draws
from resviz.tracing.modules import list_forward_parameters
from resviz.tracing.tensors import NESTED_REFUSAL, iterate_leaves, map_leaves

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from resviz.tracing.clone import Clone

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
        real: whether its forward is run for real.
        stays_on_device: whether nothing it moves to another device gets there.
        watches_constants: whether every call of torch's functions is watched for
            tensors made from numbers, which takes longer.
        method: the one that is followed, "" for the forward.
        draws: how values are drawn that a real run is fed.
    """

    model: nn.Module
    arguments: ForwardArguments
    batch: int
    training: bool
    name: str
    title: str
    build_filled: Callable[[], nn.Module] | None
    trace_only: bool
    real: bool = False
    stays_on_device: bool = False
    watches_constants: bool = False
    method: str = ""
    draws: Draws = USUAL_DRAWS

    def with_values(self) -> TracePlan:
        """Return the same plan with values, its model rebuilt if needed."""
        model = self.build_filled() if self.build_filled else self.model
        return self._replace(
            model=model, build_filled=None, trace_only=False, real=True
        )

    def list_drawn_dtypes(self) -> list[torch.dtype]:
        """List the dtypes of the inputs whose values a real run draws."""
        dtypes = []
        for leaf in iterate_leaves(self.arguments):
            if isinstance(leaf, InputSpec):
                dtypes.append(getattr(torch, leaf.dtype or "float32"))
            elif isinstance(leaf, torch.Tensor) and leaf.is_meta:
                dtypes.append(leaf.dtype)
        return dtypes

    @property
    def is_batch_off_axis(self) -> bool:
        """Tell whether the batch axis is not the first input's first.

        One of a list of pictures has no batch axis.
        """
        leaves = iterate_leaves(self.arguments)
        sized_inputs = [leaf for leaf in leaves if isinstance(leaf, InputSpec)]
        if not sized_inputs or sized_inputs[0].sizes[:1] == (None,):
            return False
        keys = (key for sized_input in sized_inputs for key in sized_input.place[1:])
        in_list = any(key.isdecimal() for key in keys)
        return in_list or any(None in sized_input.sizes for sized_input in sized_inputs)

    def find_batch_axis(self, value: Any) -> int | None:
        """Return the axis of an input that holds the samples, None if none does."""
        if not isinstance(value, InputSpec):
            return 0
        if None in value.sizes:
            return value.sizes.index(None)
        leaves = iterate_leaves(self.arguments)
        others = any(
            isinstance(leaf, InputSpec) and None in leaf.sizes for leaf in leaves
        )
        return None if others or self.is_batch_off_axis else 0

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


SEED = 0
"""The seed of the values that a real run is fed."""


class InputPlaceholders:
    """The arguments of one forward, as tensors that are the trace's own.

    Attributes:
        args: positional arguments.
        kwargs: keyword arguments.
        fed_tensors: each tensor in them once, in order, and its name.
        batch_axes: the axis of each that holds the samples, None if none does.
        draw_names: how the values of each were drawn, "" as usual or if it was given.
        has_sole_input: whether that is the only argument, which needs no name.
    """

    def __init__(self, clone: Clone, plan: TracePlan) -> None:
        self.clone = clone
        self.plan = plan
        self.batch = plan.batch
        self.batch_axes: list[int | None] = []
        self.draw_names: list[str] = []
        arguments = plan.arguments
        self.fed_tensors: list[tuple[torch.Tensor, str]] = []
        self.placeholders: dict[int, torch.Tensor] = {}
        if clone.real:
            torch.default_generator.manual_seed(SEED)
        names = list_forward_parameters(clone.root, clone.method, positional=True)
        names += [str(number) for number in range(len(names), len(arguments.args))]
        self.args = [
            map_leaves(value, name, self.replace_leaf)
            for value, name in zip(arguments.args, names, strict=False)
        ]
        self.kwargs = map_leaves(arguments.kwargs, "", self.replace_leaf)
        self.has_sole_input = len(self.fed_tensors) == 1 and any(
            self.fed_tensors[0][0] is argument for argument in self.args
        )

    def replace_leaf(self, value: Any, name: str) -> Any:
        """Return a tensor for a described or the user's one; else `value`.

        Raises:
            TraceError: if it is nested.
        """
        if isinstance(value, InputSpec):
            dtype = getattr(torch, value.dtype) if value.dtype else self.clone.dtype
            placeholder = self.make_tensor(value.shape_for_batch(self.batch), dtype)
        elif not isinstance(value, torch.Tensor):
            return value
        elif id(value) in self.placeholders:
            return self.placeholders[id(value)]
        else:
            if value.is_nested:
                raise TraceError(f"{name}: {NESTED_REFUSAL}")
            placeholder = self.placeholders[id(value)] = self.copy_tensor_input(value)
        self.fed_tensors.append((placeholder, name))
        self.batch_axes.append(self.plan.find_batch_axis(value))
        return placeholder

    def copy_tensor_input(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return an empty tensor like the user's; with values in a real run.

        They may be ids or masks, which mean something.
        """
        if self.clone.real and tensor.is_meta:
            return self.make_tensor(tuple(tensor.shape), tensor.dtype)
        self.draw_names.append("")
        return self.clone.make_placeholder(tensor)

    def make_tensor(
        self, shape: tuple[int, ...], dtype: torch.dtype | None
    ) -> torch.Tensor:
        """Return a new tensor of a shape, with seeded values in a real run."""
        device, draws = self.clone.device, self.plan.draws
        dtype = dtype or torch.get_default_dtype()
        self.draw_names.append(draws.find_name(dtype))
        if not self.clone.real:
            return torch.empty(shape, dtype=dtype, device=device)
        return draws.draw_tensor(shape, dtype).to(device)
