"""What would work instead: other arguments, or a size near the given one."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import signature
from math import sqrt
from typing import TYPE_CHECKING, Any

import torch

from resviz.errors import first_error_line, suggest_nearest
from resviz.inputs import DEFAULT_INPUT, InputSpec
from resviz.tracing.dispatched import describe_overload
from resviz.tracing.explain.input_proposals import VIEW_OPERATIONS
from resviz.tracing.explain.input_search import name_inputs
from resviz.tracing.explain.lacking_inputs import (
    list_lacking_inputs,
    takes_names_alone,
)
from resviz.tracing.modules import list_forward_parameters
from resviz.tracing.tensors import iterate_leaves, map_leaves

if TYPE_CHECKING:
    from torch import nn

    from resviz.inputs import ForwardArguments
    from resviz.tracing.explain.input_search import Attempt
    from resviz.tracing.recorder import Recorder

Shape = tuple[int, ...]
AcceptsShape = Callable[[Shape], bool]

LARGEST_SIDE = 2048
"""Side in pixels above which no working input is looked for."""

LARGEST_BATCH = 64
"""Samples above which no working batch is looked for."""

ROUNDING_FACTORS = (2, 4, 8, 16, 32, 64, 128, 7, 14, 28, 56, 112, 3, 6, 12, 24, 48, 5)
"""By how much networks that halve and double their maps make them smaller, and sides of
the windows into which they are cut."""

MAX_PARAMETERS_NAMED = 6
"""Parameters of a forward that are named; some of transformers take twenty."""


CALL_THAT_DOES_NOT_FIT = re.compile(r"\(\) (got|missing|takes)\b")
"""How Python complains of a call with other arguments than a function takes."""


def explain_plain_inputs(error: Exception, given: ForwardArguments) -> str | None:
    """Explain what `inputs` wants where none of it is a tensor, which a layer needs."""
    values = [value for value in given.args if value is not None]
    is_about_type = isinstance(error, (TypeError, AttributeError))
    if not values or not is_about_type or any(map(holds_leaves, values)):
        return None
    got = ", ".join(f"{value!r:.40}" for value in values[:MAX_PARAMETERS_NAMED])
    if all(hasattr(value, "__array__") for value in values):
        got = " and ".join(type(value).__name__ for value in values)
        return f"inputs=: got {got}, want tensors, as inputs=torch.from_numpy(x)"
    sizes = values if len(values) > 1 else DEFAULT_INPUT
    is_size = all(type(size) is int and size > 0 for size in sizes)
    shape = tuple(sizes if is_size else DEFAULT_INPUT)
    return (
        f"inputs=: got {got}, which holds no tensor: want one, as inputs=torch.empty"
        f"{(1, *shape)}, or sizes alone, input_size={shape}"
    )


def holds_leaves(value: Any) -> bool:
    """Tell whether a value holds a tensor, or the sizes of one."""
    leaves = iterate_leaves(value)
    return any(isinstance(leaf, (torch.Tensor, InputSpec)) for leaf in leaves)


def explain_wrong_arguments(
    error: Exception, recorder: Recorder, given: ForwardArguments
) -> str | None:
    """Explain which arguments a model's forward lacks or does not know."""
    reason = first_error_line(error)
    root = recorder.clone.root
    method = recorder.clone.method or "forward"
    parameter_names = list_forward_parameters(root, method)
    if isinstance(error, TypeError) and CALL_THAT_DOES_NOT_FIT.search(reason):
        if fits_forward(root, method, given):
            return explain_inner_call(reason, recorder)
        wrong_name = reason.rpartition("keyword argument ")[2].split(".")[0].strip("'")
        near = ""
        if "unexpected" in reason:
            near = suggest_nearest(wrong_name, parameter_names, 1).removeprefix(", ")
        hint = f"{near}? " if near else ""
        give = explain_giving(recorder, given, parameter_names)
        give = f": {give}" if "missing" in reason or "positional" in reason else ""
        return f"{hint}it takes ({shorten_names(parameter_names)}){give}"
    mentions = ("_" in name and name in reason for name in parameter_names)
    lacks_argument = "NoneType" in reason or any(mentions)
    if lacks_argument and len(recorder.input_names) < len(parameter_names):
        names = shorten_names(parameter_names)
        give = explain_giving(recorder, given, parameter_names)
        return f"its forward takes ({names}): {give}"
    return None


def explain_giving(
    recorder: Recorder, given: ForwardArguments, names: list[str]
) -> str:
    """Say how several inputs are given, with the names and sizes that are known."""
    is_known = not given.args or not takes_names_alone(recorder)
    specs = name_inputs(given, recorder) if is_known else ()
    known = {spec.place[0]: spec.text for spec in specs}
    lacking = list_lacking_inputs(recorder, [*known]) or [
        name for name in names if name not in known
    ]
    texts = [*known.values(), *(f"{name}=…" for name in lacking)]
    options = [f"--input {text}" for text in texts[:MAX_PARAMETERS_NAMED]]
    return f"give each as {' '.join(options)}, in Python inputs=(…) or kwargs={{…}}"


def fits_forward(root: nn.Module, method: str, given: ForwardArguments) -> bool:
    """Tell whether a model's forward can be called with some arguments."""
    try:
        signature(getattr(root, method)).bind(*given.args, **given.kwargs)
    except (TypeError, ValueError) as error:
        return isinstance(error, ValueError)  # it has no signature to tell by
    return True


def explain_inner_call(reason: str, recorder: Recorder) -> str | None:
    """Say what a module inside takes that its caller gave something else."""
    call = recorder.calls.open_calls[-1]
    if call.module is recorder.clone.root or "forward()" not in reason:
        return None
    names = shorten_names(list_forward_parameters(call.module))
    return f"it takes ({names}), which is for what calls it to give"


def shorten_names(names: list[str]) -> str:
    """Join the first few names, and mark that more follow."""
    return ", ".join(names[:MAX_PARAMETERS_NAMED]) + (
        ", …" if len(names) > MAX_PARAMETERS_NAMED else ""
    )


def find_working_sizes(
    shape: Shape, accepts_shape: AcceptsShape, ratio: float = 0
) -> str | None:
    """Describe the square inputs near `shape` that work; None if none do.

    Those that work form one range for any stack of windows; where some between do not,
    one that works is named alone. `ratio` is that of wanted by given positions, if it
    is known.
    """
    if len(shape) != 4:
        return None
    batch, channels, *sides = shape

    def accepts_side(side: int) -> bool:
        return accepts_shape((batch, channels, side, side))

    near = round(max(sides) * sqrt(ratio)) if ratio else 0
    nearest = [near + step for step in (0, 1, -1, 2, -2) if near + step > 0 < near]
    candidates = [side for side in nearest if side <= LARGEST_SIDE]
    candidates += [224, 32, *(2**k for k in range(3, 12) if 2**k <= LARGEST_SIDE)]
    inside = next((side for side in candidates if accepts_side(side)), None)
    if inside is None:
        return None
    least = find_last_working_side(0, inside, accepts_side)
    largest = (
        None
        if accepts_side(LARGEST_SIDE)
        else find_last_working_side(LARGEST_SIDE, inside, accepts_side)
    )
    is_between = least <= min(sides) and max(sides) <= (largest or LARGEST_SIDE)
    if is_between and min(sides) < max(sides):
        return f"a square input works, as {max(sides)}×{max(sides)}"
    between = range(least, largest or LARGEST_SIDE)
    if not all(map(accepts_side, (*between[1:3], *between[:: len(between) // 4 + 1]))):
        return f"{inside}×{inside} works"
    return describe_range(least, largest)


def describe_range(least: int, largest: int | None) -> str:
    """Describe the square inputs that work; `largest` is None where none is too large.

    Example:
        >>> describe_range(224, 239)
        'inputs from 224×224 to 239×239 work'
    """
    if largest is None:
        return f"the least input that works is {least}×{least}"
    if least == largest:
        return f"the only square input that works is {least}×{least}"
    return f"inputs from {least}×{least} to {largest}×{largest} work"


def find_rounded_size(shape: Shape, accepts_shape: AcceptsShape) -> str | None:
    """Describe the nearest larger input whose sides halve evenly enough.

    Of what all its multiples are, the next is tried too: 320 is one of 64, and halves
    six times, but no seventh time, as 256 does.
    """
    if len(shape) != 4:
        return None

    def accepts_multiple(factor: int, more: int = 0) -> list[int]:
        sides = [(-(-side // factor) + more) * factor for side in shape[2:]]
        return sides if accepts_shape((*shape[:2], *sides)) else []

    for number, factor in enumerate(ROUNDING_FACTORS):
        sides = accepts_multiple(factor)
        if sides:
            works = f"{'×'.join(map(str, sides))} works"
            factors = (each for each in ROUNDING_FACTORS[number:] if each % factor == 0)
            for each in factors:
                if accepts_multiple(each) and accepts_multiple(each, 1):
                    return f"{works}, multiples of {each}"
            return works
    return None


def find_working_batch(
    recorder: Recorder, shape: Shape, accepts_shape: AcceptsShape
) -> str | None:
    """Describe a batch that a failed view divides into parts, as frames of clips."""
    failed = recorder.failed_operation
    if failed is None or describe_overload(failed.func).name not in VIEW_OPERATIONS:
        return None
    whole, *others = failed.args[1] or (1,)
    for size in sorted(set(others)) if whole < 1 else ():
        is_batch = shape[0] < size <= LARGEST_BATCH
        if is_batch and accepts_shape((size, *shape[1:])):
            return f"--batch {size} works, in Python batch={size}"
    return None


def find_batch_of_two(
    recorder: Recorder, arguments: ForwardArguments, attempt: Attempt
) -> str | None:
    """Say that two samples work where a squeeze takes away the batch of a lone one."""
    takes_batch = any(
        step.operation.name == "squeeze"
        and step.operation.inputs[0][:1] == (1,)
        and step.operation.outputs[0][:1] != (1,)
        for step in recorder.steps
    )
    if not takes_batch:
        return None

    def fill_batch(value: Any, _: str) -> Any:
        is_sized = isinstance(value, InputSpec)
        return InputSpec(value.shape_for_batch(2), value.dtype) if is_sized else value

    args, kwargs = arguments
    two = arguments._replace(
        args=tuple(map_leaves(value, "", fill_batch) for value in args),
        kwargs=map_leaves(kwargs, "", fill_batch),
    )
    if attempt(two) is not None:
        return None
    return "--batch 2 works, in Python batch=2: squeeze() takes away a batch of one"


def find_last_working_side(
    outside: int, inside: int, accepts_side: Callable[[int], bool]
) -> int:
    """Return the last side that works on the way from inside to outside."""
    while abs(inside - outside) > 1:
        middle = (inside + outside) // 2
        if accepts_side(middle):
            inside = middle
        else:
            outside = middle
    return inside
