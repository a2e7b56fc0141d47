"""One forward, followed from its plan to its record.

A clone of the model is run under a recorder, and an assembler makes the record of what
that saw.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from functools import partial
from traceback import format_exception
from typing import TYPE_CHECKING

import torch
from msgspec import structs
from torch import nn

from resviz.errors import TraceError, describe_error
from resviz.record import MODEL_INPUT, VERSION, Architecture, Source
from resviz.tracing.absent_devices import AbsentDevices
from resviz.tracing.draws import USUAL_DRAWS
from resviz.tracing.function_modes import ConstantAdopter, FixedDevice
from resviz.tracing.modules import find_module_modes
from resviz.tracing.plan import InputPlaceholders
from resviz.tracing.process import PreservedProcess
from resviz.tracing.recorder import FailedForward, Recorder
from resviz.tracing.storages import count_bytes_by_dtype
from resviz.tracing.tensors import holds_tensors, tensors_in

if TYPE_CHECKING:
    from resviz.inputs import ForwardArguments
    from resviz.record import Layer
    from resviz.tracing.plan import TracePlan


def trace_once(
    plan: TracePlan, recorder_class: type[Recorder] = Recorder
) -> Architecture:
    """Run a plan's forward once, and return its record.

    Raises:
        LostNumbersError: if a run for real gives what is not a number.
        TraceError: if the forward raises, or calls modules in other threads.
    """
    with torch.inference_mode(False):  # whose tensors no norm could write to later
        recorder, output = recorder_class.from_plan(plan), None
    try:
        output = run_forward(recorder, plan)
        error = find_thread_error(recorder)
    except Exception as raised:  # noqa: BLE001 - a user's forward may raise anything
        error = find_thread_error(recorder) or raised
    if error is None:
        arch = make_architecture(recorder, plan, output)
        if plan.real and not holds_numbers(output):
            raise LostNumbersError(f"{plan.name}: gives what is not a number", arch)
        watched = recorder.clone.makes_constants or plan.watches_constants
        recorder.release_all()
        if arch.unseen and not watched:  # a constant of code that was not read, maybe
            plan = plan._replace(watches_constants=True)
            return trace_once(plan, recorder_class)
        return arch
    if isinstance(error, TraceError):
        message, is_explained = str(error), True
    elif plan.draws is not USUAL_DRAWS:  # the failure on those is the one to explain
        message, is_explained = describe_error(error), False
    else:
        from resviz.tracing.explain import explain_failure  # not where all goes well

        attempt = partial(attempt_forward, plan, recorder_class)
        message, is_explained = explain_failure(error, recorder, plan, attempt)
    recorder.stop_recording()
    arch = None
    with suppress(Exception):  # the reason matters more than the rest
        arch = make_architecture(recorder, plan, None)
    trace_error = TraceError(f"{plan.name}: {message}", arch)
    trace_error.is_explained = is_explained
    trace_error.add_note(f"In the forward:\n{detach_traceback(error)}")
    raise trace_error from error


class LostNumbersError(TraceError):
    """A forward that was run for real and gives NaN; its `partial` is the record."""


def holds_numbers(output: object) -> bool:
    """Tell whether no value of an output is NaN."""
    with suppress(Exception):  # classes of tensors that do not tell
        return not any(bool(t.isnan().any()) for t in tensors_in(output))
    return True


def find_thread_error(recorder: Recorder) -> TraceError | None:
    """Return the error for modules called in other threads, if any."""
    if not recorder.calls.in_other_threads:
        return None
    place = recorder.calls.in_other_threads[0] or "the model"
    return TraceError(
        f"{place}: called in another thread, where nothing can be followed: let the "
        "forward call its modules one after another"
    )


def detach_traceback(error: BaseException) -> str:
    """Return an error's traceback as text, and drop the frames it holds.

    Those hold the model, and would do so as long as somebody keeps the error.
    """
    text = "".join(format_exception(error)).rstrip()
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return text


def run_forward(recorder: Recorder, plan: TracePlan) -> object:
    """Run the recorder's clone on a plan's arguments and return what it returns."""
    clone = recorder.clone
    recorder.start_recording()
    process = PreservedProcess(clone.depth, clone.guarded.values())
    if plan.stays_on_device:
        return process.call_within(
            AbsentDevices().call_within, follow_forward, recorder, plan
        )
    return process.call_within(follow_forward, recorder, plan)


def follow_forward(recorder: Recorder, plan: TracePlan) -> object:
    """Run the forward on inputs that the recorder knows, in torch's modes."""
    clone = recorder.clone
    device = FixedDevice(clone.device) if plan.stays_on_device else nullcontext()
    with torch.inference_mode(False), device:
        samples = InputPlaceholders(clone, plan)
        recorder.batch_axes = samples.batch_axes
        recorder.input_draws = samples.draw_names
        for tensor, name in samples.fed_tensors:
            recorder.add_input(tensor, "" if samples.has_sole_input else name)
        constants = nullcontext()
        if clone.makes_constants or plan.watches_constants:
            constants = ConstantAdopter(recorder.adopt_constant)
        with torch.no_grad(), recorder, constants:
            return recorder.calls.call_root(*samples.args, **samples.kwargs)


def attempt_forward(
    plan: TracePlan, recorder_class: type[Recorder], arguments: ForwardArguments
) -> FailedForward | None:
    """Run the model's forward on other arguments; return how it failed, if it did."""
    other_plan = plan._replace(arguments=arguments, trace_only=False)
    recorder = recorder_class.from_plan(other_plan)
    try:
        run_forward(recorder, other_plan)
    except Exception as error:  # noqa: BLE001 - a user's forward may raise anything
        return FailedForward(error.with_traceback(None), recorder)
    return None


def make_architecture(
    recorder: Recorder, plan: TracePlan, output: object
) -> Architecture:
    """Return the record of what the recorder saw."""
    sources = recorder.origins.find_sources(output)
    for tensor in tensors_in(output):
        if recorder.origins.find_source(tensor) is None:
            numbers = recorder.storages.numbers
            recorder.untracked.note_read(len(recorder.steps), tensor, numbers)
    fields = recorder.assemble_record(sources)
    batch, batch_axes = find_batch(recorder, plan, fields["stored_layers"])
    arch = Architecture(
        version=VERSION,
        name=plan.name,
        title=plan.title,
        torch=str(torch.__version__),
        training=recorder.clone.training,
        mode="run" if recorder.clone.real else "shapes",
        inputs=tuple(recorder.inputs),
        input_names=tuple(recorder.input_names) if any(recorder.input_names) else (),
        input_draws=tuple(recorder.input_draws) if any(recorder.input_draws) else (),
        batch_size=batch,
        batch_axes=batch_axes if any(axis != 0 for axis in batch_axes) else (),
        buffers=count_bytes_by_dtype(recorder.clone.list_buffers()),
        module_modes=(
            find_module_modes(plan.model) if recorder.clone.may_mix_modes else {}
        ),
        **fields,
    )
    if holds_tensors(plan.arguments):
        batch, batch_axes = arch._given_batch  # noqa: SLF001 - a reading of its own
        arch = structs.replace(arch, batch_size=batch, batch_axes=batch_axes)
    return arch


def find_batch(
    recorder: Recorder, plan: TracePlan, layers: tuple[Layer, ...]
) -> tuple[int | None, tuple[int | None, ...]]:
    """Find the size of the batch, where the first axis does not say so, and its axes.

    Tensors of the user's have it first, but for a lone sample and for modules of torch
    that want the sequence first.
    """
    axes = list(recorder.batch_axes)
    if not holds_tensors(plan.arguments):  # sizes say where it is
        return plan.batch if plan.is_batch_off_axis else None, tuple(axes)
    if any(map(reads_one_sample, layers)):
        return 1, (None,) * len(axes)
    clone = recorder.clone
    modules = {clone.paths[id(module)]: module for module in clone.modules}
    for layer in layers:
        for source in layer.sources:
            is_input = source.layer == MODEL_INPUT
            if is_input and len(recorder.inputs[source.output].shape) == 3:
                parts = layer.path.split(".")
                outer = (".".join(parts[:k]) for k in range(len(parts) + 1))
                holders = (modules[path] for path in outer if path in modules)
                is_time_first = any(op.name == "conv_tbc" for op in layer.operations)
                if is_time_first or any(map(wants_sequence_first, holders)):
                    axes[source.output] = 1
    batch = plan.batch if plan.is_batch_off_axis else None
    if axes[:1] == [1]:
        batch = recorder.inputs[0].shape[1]
    return batch, tuple(axes)


def wants_sequence_first(module: nn.Module) -> bool:
    """Tell whether a module of torch's reads sequences as (L, N, D)."""
    if isinstance(module, (nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)):
        module = module.self_attn
    classes = (nn.RNNBase, nn.MultiheadAttention, nn.Transformer)
    return isinstance(module, classes) and not module.batch_first


def reads_one_sample(layer: Layer) -> bool:
    """Tell whether a layer slides a window over an input without a batch axis."""
    if layer.window is None or layer.sources[:1] != (Source(MODEL_INPUT),):
        return False
    return len(layer.input_shape) == len(layer.window.kernel) + 1
