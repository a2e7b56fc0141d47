"""Why a forward failed: at which layer, with which shapes, and what would work.

`explain_failure` is the only entrance.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from resviz.errors import describe_error, first_error_line
from resviz.inputs import ForwardArguments, InputSpec
from resviz.operations.table import DISPLAY_NAMES, find_display_name
from resviz.record import MODEL_INPUT
from resviz.tracing.dispatched import describe_overload
from resviz.tracing.events import CallEnd, CallStart
from resviz.tracing.explain.input_proposals import (
    complains_of_shape,
    find_unbatched_convolution,
)
from resviz.tracing.explain.input_search import (
    describe_working_inputs,
    find_working_inputs,
)
from resviz.tracing.explain.joined_shapes import Mismatch
from resviz.tracing.explain.lacking_inputs import takes_names_alone
from resviz.tracing.explain.mismatches import (
    find_holder_mismatch,
    find_module_mismatch,
    find_operation_mismatch,
)
from resviz.tracing.explain.missing_forwards import (
    MISSING_FORWARD,
    explain_missing_forward,
)
from resviz.tracing.explain.remedies import (
    explain_plain_inputs,
    explain_wrong_arguments,
    find_batch_of_two,
    find_rounded_size,
    find_working_batch,
    find_working_sizes,
    shorten_names,
)
from resviz.tracing.modules import find_class_name, list_forward_parameters
from resviz.tracing.origins import describe_tensor
from resviz.tracing.recorder import FailedForward
from resviz.tracing.tensors import holds_tensors, tensors_in

if TYPE_CHECKING:
    import torch

    from resviz.record import Source, Tensor
    from resviz.tracing.explain.input_search import Attempt
    from resviz.tracing.plan import TracePlan
    from resviz.tracing.recorder import Recorder

MAX_OPERANDS_SHOWN = 4
"""Operands that are told of one by one."""


HIGHER_ORDER = re.compile(r"HigherOrderOperator (\w+)")
"""How torch names an operator that no mode can follow."""

HIGHER_ORDER_REMEDY = "trace a forward that does the same by plain operations"
"""What to do about it; torch's own words show an address."""


class FailurePlace(NamedTuple):
    """Where a forward stopped, in words, and what went in there."""

    words: str
    got: str
    mismatch: Mismatch | None


def explain_failure(
    error: Exception,
    recorder: Recorder,
    plan: TracePlan,
    attempt: Attempt,
) -> tuple[str, bool]:
    """Explain in one line where and why a forward failed, and what works.

    Returns:
        The line, and whether it says what was wanted of a shape, dtype or argument.

    Args:
        error: what the forward raised.
        recorder: what was seen up to there.
        plan: what was run.
        attempt: runs the forward again on other arguments, where an input may be what
            is wrong, and returns how that failed.
    """
    try:
        return describe_failure(error, recorder, plan, attempt)
    except Exception:  # noqa: BLE001 - an odd module must not hide the reason
        return describe_error(error), False


def describe_failure(
    error: Exception,
    recorder: Recorder,
    plan: TracePlan,
    attempt: Attempt,
) -> tuple[str, bool]:
    """Return what `explain_failure` does, unless a module is too odd to describe."""
    for_inputs = f"for {describe_inputs(recorder)}"
    if not recorder.calls.open_calls:
        return f"{describe_error(error)}, {for_inputs}", False
    place = locate_failed_module(recorder)
    if isinstance(error, NotImplementedError) and MISSING_FORWARD in str(error):
        module, root = recorder.calls.open_calls[-1].module, recorder.clone.root
        remedy = explain_missing_forward(module, is_root=module is root)
        place = place._replace(mismatch=Mismatch("has no forward", remedy=remedy))
    operator = HIGHER_ORDER.search(str(error))
    if operator:
        words = (
            f"{place.words}: {operator[1]} takes functions, which cannot be followed"
        )
        return f"{words}, {for_inputs}; {HIGHER_ORDER_REMEDY}", True
    if place.mismatch is None:
        place = locate_failed_operation(recorder, error) or place
    mismatch = place.mismatch
    got = f", got {place.got}" if place.got else ""
    words = mismatch.words if mismatch else ""
    if words in {"", first_error_line(error)}:  # torch's own, which says no place
        words = describe_error(error)
    message = f"{place.words}: {words}{got}, {for_inputs}"
    remedy = (
        mismatch.remedy
        if mismatch
        else explain_plain_inputs(error, plan.arguments)
        or explain_wrong_arguments(error, recorder, plan.arguments)
    )
    is_explained = bool(mismatch or remedy)
    remedy = find_tried_remedy(error, recorder, plan, attempt, mismatch) or remedy
    is_explained |= bool(remedy) and complains_of_shape(FailedForward(error, recorder))
    return f"{message}; {remedy}" if remedy else message, is_explained


def find_tried_remedy(
    error: Exception,
    recorder: Recorder,
    plan: TracePlan,
    attempt: Attempt,
    mismatch: Mismatch | None,
) -> str | None:
    """Find another size of the only input, or other inputs, that work when tried."""
    found = find_tried_size(recorder, plan, attempt, mismatch)
    if found:
        return found
    shape = plan.sole_input_shape
    remedy, search = (mismatch.remedy, mismatch.size_search) if mismatch else ("", "")
    if (
        mismatch
        and mismatch.input_sizes
        and not shape
        and holds_tensors(plan.arguments)
    ):
        sizes = ", ".join(map(str, mismatch.input_sizes))
        return f"give a tensor of (N, {sizes})"
    if mismatch and mismatch.input_sizes:
        sizes = InputSpec((plan.batch, *mismatch.input_sizes))
        is_settled = attempt(ForwardArguments((sizes,), {})) is None
    else:
        is_settled = bool(remedy) and search not in {"window", "inputs"}
    is_late = mismatch is not None and search != "window" and has_weighed(recorder)
    is_misread = find_unbatched_convolution(recorder) is not None
    if (is_settled or is_late) and not is_misread:
        return None
    specs = find_working_inputs(error, recorder, plan.arguments, attempt)
    if not specs:
        return None
    names = list_forward_parameters(recorder.clone.root, recorder.clone.method)
    if search == "window" and remedy:
        return f"{remedy}: {describe_working_inputs(specs)}"
    takes = f"it takes ({shorten_names(names)}): " if names and len(specs) > 1 else ""
    return takes + describe_working_inputs(specs, named=takes_names_alone(recorder))


def find_tried_size(
    recorder: Recorder, plan: TracePlan, attempt: Attempt, mismatch: Mismatch | None
) -> str | None:
    """Find sides of the only input, or a batch, that work when tried."""
    shape, found = plan.sole_input_shape, None

    def accepts_shape(shape: tuple[int, ...]) -> bool:
        return attempt(ForwardArguments((InputSpec(shape),), {})) is None

    search = mismatch.size_search if mismatch else ""
    if mismatch and shape and search == "window":
        found = find_working_sizes(shape, accepts_shape, mismatch.ratio)
    elif shape and search == "rounding":
        found = find_rounded_size(shape, accepts_shape)
        found = found or find_working_batch(recorder, shape, accepts_shape)
    if found is None and plan.batch == 1 and not holds_tensors(plan.arguments):
        found = find_batch_of_two(recorder, plan.arguments, attempt)
    return found


def has_weighed(recorder: Recorder) -> bool:
    """Tell whether a layer with weights has run, whose output no input changes."""
    open_calls = recorder.calls.open_calls
    return any(
        isinstance(event, CallStart)
        and event not in open_calls
        and any(p is not None for p in vars(event.module)["_parameters"].values())
        for event in recorder.list_events()
    )


def describe_inputs(recorder: Recorder) -> str:
    """Describe the model's inputs, as "an input of (1, 3, 224, 224)"."""
    pairs = zip(recorder.input_names, recorder.inputs, strict=True)
    sizes = [
        " ".join(filter(None, (name, format_shape_and_dtype(tensor))))
        for name, tensor in pairs
    ]
    if not sizes:
        return "no input"
    return f"{'an input' if len(sizes) == 1 else 'inputs'} of {' and '.join(sizes)}"


def format_shape_and_dtype(tensor: Tensor) -> str:
    """Format a shape, with its dtype unless that is float32."""
    dtype = "" if tensor.dtype == "float32" else f" {tensor.dtype}"
    return f"{tensor.shape}{dtype}"


def locate_failed_module(recorder: Recorder) -> FailurePlace:
    """Describe the innermost module that was being called."""
    call = recorder.calls.open_calls[-1]
    arguments = list(tensors_in(call.args))
    words = f"{call.path or 'the model'} ({find_class_name(call.module)})"
    got = " and ".join(
        format_shape_and_dtype(describe_tensor(tensor))
        for tensor in arguments[:MAX_OPERANDS_SHOWN]
    )
    mismatch = find_holder_mismatch(
        call.module, call.args, find_maker(recorder, arguments)
    )
    if mismatch is None and arguments:
        mismatch = find_module_mismatch(call.module, arguments, recorder)
    return FailurePlace(words, got, mismatch)


def locate_failed_operation(
    recorder: Recorder, error: Exception
) -> FailurePlace | None:
    """Describe the operation that raised outside of any leaf module."""
    call = recorder.calls.open_calls[-1]
    failed = recorder.failed_operation
    if failed is None or failed.error is not error:
        return None
    name = describe_overload(failed.func).name
    origins = recorder.origins
    constant = [origins.find_source(tensor) is None for tensor in failed.operands]
    reason = first_error_line(error)
    mismatch = find_operation_mismatch(
        name, failed.operands, failed.args, reason, constant
    )
    if mismatch is None:
        return None
    display_name = DISPLAY_NAMES.get(name, name)
    words = f"{call.path}:{display_name}" if call.path else display_name
    operand_texts = (
        describe_operand(recorder, tensor)
        for tensor in failed.operands[:MAX_OPERANDS_SHOWN]
    )
    return FailurePlace(words, " and ".join(operand_texts), mismatch)


def describe_operand(recorder: Recorder, tensor: torch.Tensor) -> str:
    """Describe an operand by its shape and the layer it comes from."""
    shape = str(tuple(tensor.shape))
    source = recorder.origins.find_source(tensor)
    layer_name = None if source is None else find_layer_name(recorder, source)
    return f"{shape} of {layer_name}" if layer_name else shape


def find_maker(recorder: Recorder, tensors: list[torch.Tensor]) -> str | None:
    """Return the path of what made a holder of tensors; None if the user did."""
    given = recorder.calls.open_calls[0].args
    if not tensors or any(isinstance(value, (tuple, list, dict)) for value in given):
        return None
    source = recorder.origins.find_source(tensors[0])
    name = None if source is None else find_layer_name(recorder, source)
    is_input = source is None or source.layer == MODEL_INPUT
    return "the forward" if is_input or not name else name.partition(":")[0]


def find_layer_name(recorder: Recorder, source: Source) -> str | None:
    """Return the path of the layer that made a tensor, if there is one."""
    if source.layer == MODEL_INPUT:
        return recorder.input_names[source.output] or "the input"
    calls: list[CallStart] = []
    for event in recorder.list_events():
        if isinstance(event, CallStart):
            calls.append(event)
        elif isinstance(event, CallEnd):
            calls.pop()
        elif event.number == source.layer:
            path, module = calls[-1].path, calls[-1].module
            if path and not module._modules:  # noqa: SLF001 - a leaf is one layer
                return path
            name = find_display_name(event.operation)
            return f"{path}:{name}" if path else name
    return None
