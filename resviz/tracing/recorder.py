"""Following a forward: hooks say where, a dispatch mode says what.

Hooks alone miss every operation that no module owns, as the `+=` of a shortcut;
a dispatch mode alone knows no module. Both write one list of events in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from resviz.operations.families import CREATIONS, NORMS, PRODUCTS
from resviz.record import MODEL_INPUT, Operation, Shape, Source, Tensor, Window
from resviz.tracing.absent_devices import list_stand_ins
from resviz.tracing.assembly import RecordAssembler
from resviz.tracing.clone import Clone
from resviz.tracing.dispatched import (
    describe_overload,
    is_created_tensor,
    is_evaluation_norm,
    name_product,
    run_by_torch,
)
from resviz.tracing.events import CallRecorder, FailedOperation, TraceEvent, TraceStep
from resviz.tracing.fused_layers import FUSED_LAYERS
from resviz.tracing.meta_checks import META_CHECKS
from resviz.tracing.meta_kernels import META_KERNELS
from resviz.tracing.origins import Origins, UntrackedSteps, describe_tensor
from resviz.tracing.storages import StorageNumbers, find_storage_address
from resviz.tracing.tensors import map_leaves

if TYPE_CHECKING:
    from resviz.tracing.dispatched import Overload
    from resviz.tracing.plan import TracePlan

Operand = tuple[Shape, Source | None, bool, int, int]
"""What is known of an operand as it is read: its shape, where it comes from, whether it
flows, the number of its storage, and the `id` of a parameter, which comes from nowhere,
or 0."""

NO_OPERANDS: tuple[tuple[Any, ...], ...] = ((),) * 5
"""What is known of the operands of an operation that has none."""


class Recorder(TorchDispatchMode):
    """Writes down what a clone's forward does, while it is entered as a context.

    Attributes:
        events: what happened, in order.
        inputs: shapes of the tensors given to the model.
        input_names: theirs, "" where they have none.
        batch_axes: the axis of each input that holds the samples, None if none does.
        input_draws: how the values of each were drawn, "" as usual or if it was given.
        failed_operation: the last operation that raised.
        untracked: what was made where no operation can be followed.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Ask torch not to wrap our dispatch in a call that imports torch._dynamo.

        That import takes as long as torch's own; no compiler runs in a trace.
        """
        return False

    def __init__(self, clone: Clone) -> None:
        super().__init__()
        self.clone = clone
        self.events: list[TraceEvent] = []
        self.inputs: list[Tensor] = []
        self.input_names: list[str] = []
        self.batch_axes: list[int | None] = []
        self.input_draws: list[str] = []
        self.failed_operation: FailedOperation | None = None
        self.untracked = UntrackedSteps(clone)
        self.steps: list[TraceStep] = []
        self.origins = Origins()
        self.storages = StorageNumbers(clone.parameters.trainable_ids, self.steps)
        self.calls = CallRecorder(clone, self.events, self.origins)

    @classmethod
    def from_plan(cls, plan: TracePlan) -> Recorder:
        """Return a recorder of a clone of a plan's model."""
        clone = Clone(
            plan.model,
            training=plan.training,
            real=plan.real,
            stand_ins=list_stand_ins() if plan.stays_on_device else {},
        )
        clone.method = plan.method
        return cls(clone)

    def assemble_record(self, outputs: tuple[Source, ...]) -> dict[str, Any]:
        """Return the lists of a record, of a forward that returned these outputs."""
        return RecordAssembler(self, outputs).assemble_record()

    def start_recording(self) -> None:
        """Hook the clone's modules, so that every call of one is recorded."""
        for module in self.clone.modules:
            self.calls.hook_module(module)

    def stop_recording(self) -> None:
        """Let go of the operation that failed, which holds the forward's frames."""
        self.failed_operation = None

    def list_events(self) -> list[TraceEvent]:
        """Return what happened, in order."""
        return self.events

    def release_all(self) -> None:
        """Release everything, so that the clone is freed at once.

        Its modules hold our hooks, and we hold them; so it is with watched storages.
        """
        self.stop_recording()
        self.storages.references.clear()
        vars(self.calls).clear()
        self.clone.release_copies()
        vars(self).clear()

    def add_input(self, tensor: torch.Tensor, name: str = "") -> None:
        """Note `tensor` as the next input of the model."""
        self.origins.remember_tensor(
            tensor, Source(MODEL_INPUT, len(self.inputs)), flowing=True
        )
        self.storages.number_input(tensor)
        self.inputs.append(describe_tensor(tensor))
        self.input_names.append(name)

    def adopt_constant(self, tensor: torch.Tensor) -> None:
        """Note a tensor that was made from numbers in the forward."""
        if self.origins.find_origin(tensor) is None:
            self.clone.own_ids.add(id(tensor))
            self.clone.kept_alive.append(tensor)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation and note it."""
        kwargs = kwargs or {}
        if func in FUSED_LAYERS or torch.is_inference_mode_enabled():
            # Inference mode dispatches composites whole, as does a dispatch.
            with torch.inference_mode(False), torch.no_grad(), self:
                run: Any = FUSED_LAYERS.get(func, func)
                return run(*args, **kwargs)
        overload = describe_overload(func)
        operands = overload.find_operands(args, kwargs)
        real_tensors = [operand for operand in operands if not operand.is_meta]
        is_replaced = bool(real_tensors) and self.must_replace(
            overload, operands, real_tensors
        )
        if is_replaced:
            args, kwargs = map_leaves((args, kwargs), "", self.replace_real_tensor)
        if overload.name == "_to_copy" and operands and operands[0].is_meta:
            kwargs = kwargs | {"device": None}  # it has no values to move
        output = self.run_operation(func, operands, args, kwargs)
        results = overload.find_results(output, args, kwargs)
        if results and (operands or is_created_tensor(results[0])):
            operand_facts = self.read_operands(operands)
            self.note_operation(overload, operand_facts, args, kwargs, results)
            if is_replaced and overload.writes:
                self.note_constant_written(operands, real_tensors, results[0])
        return output

    def run_operation(
        self,
        func: Any,
        operands: list[torch.Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run an operation in torch and return its result; note where that fails."""
        try:
            if func in META_CHECKS:
                META_CHECKS[func](*args, **kwargs)
            if func in META_KERNELS and operands[0].is_meta:
                return META_KERNELS[func](*args, **kwargs)
            return run_by_torch(func, args, kwargs)
        except Exception as error:
            self.failed_operation = FailedOperation(func, operands, args, error)
            raise

    def must_replace(
        self,
        overload: Overload,
        operands: list[torch.Tensor],
        real_tensors: list[torch.Tensor],
    ) -> bool:
        """Tell whether real operands must be replaced by empty ones.

        They must beside an empty one, and where the operation would write to a
        tensor of the user's. Constants made in the forward keep their values, which
        it may look at, until something that flows is written to them.
        """
        if len(real_tensors) < len(operands):
            return True
        if not self.clone.real and any(map(self.flows, real_tensors)):
            return True
        return overload.writes and not all(map(self.is_trace_owned, real_tensors))

    def flows(self, tensor: torch.Tensor) -> bool:
        """Tell whether a tensor depends on the model's input."""
        origin = self.origins.find_origin(tensor)
        return origin is not None and origin.flowing

    def note_constant_written(
        self,
        operands: list[torch.Tensor],
        real_tensors: list[torch.Tensor],
        result: torch.Tensor,
    ) -> None:
        """Note that the last step wrote to a constant of the forward, or a view of one.

        Torch gives the constant itself back, not the empty tensor that took its place.
        """
        first = operands[0]
        written = real_tensors[-1] if first.is_meta else first
        if written.shape != result.shape or not self.is_trace_owned(written):
            return
        step = self.steps[-1]
        source = Source(step.number, 0)
        self.origins.remember_tensor(written, source, flowing=step.depends_on_input)
        address = find_storage_address(written)
        if address in self.storages.shared_addresses:
            self.origins.last_writers[address] = step

    def is_trace_owned(self, tensor: torch.Tensor) -> bool:
        """Tell whether a tensor was made in this trace, and is not the user's."""
        origin = self.origins.origin_by_id.get(id(tensor))
        return id(tensor) in self.clone.own_ids or (
            origin is not None and origin.tensor() is tensor
        )

    def replace_real_tensor(self, value: Any, _name: str) -> Any:
        """Return an empty tensor for a real one, and other arguments unchanged."""
        is_real = isinstance(value, torch.Tensor) and not value.is_meta
        return self.clone.make_placeholder(value) if is_real else value

    def note_operation(
        self,
        overload: Overload,
        operands: list[Operand],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        results: list[torch.Tensor],
    ) -> None:
        """Write down one operation that is done."""
        number = len(self.steps)
        written = results
        if overload.name in NORMS:  # saved statistics follow, shaped by the backend
            results = results[:1]
            if is_evaluation_norm(overload, args):
                written = results
        columns = zip(*operands, strict=True) if operands else NO_OPERANDS
        shapes, origins, flowing, reads, keys = columns
        bound = (
            overload.bind_arguments(args, kwargs)
            if overload.read_numbers or overload.recorded_names
            else {}
        )
        name = overload.name
        if name in PRODUCTS:
            name = name_product(name, args)
        depends_on_input = True in flowing and overload.name not in CREATIONS
        outputs = [describe_tensor(tensor) for tensor in results]
        operation = Operation(
            name,
            shapes,
            flowing,
            tuple([tensor.shape for tensor in outputs]),
            Window(*overload.read_numbers(bound)) if overload.read_numbers else None,
            {name: bound[name] for name in overload.recorded_names if name in bound},
            reads,
            self.storages.number_results(written, new=not overload.writes),
        )
        step = TraceStep(number, operation, origins, keys, outputs, depends_on_input)
        self.append_step(step, results)
        if overload.writes and self.storages.shared_addresses:
            address = find_storage_address(results[0])
            if address in self.storages.shared_addresses:
                self.origins.last_writers[address] = step

    def append_step(self, step: TraceStep, results: list[torch.Tensor]) -> None:
        """Add a step, and remember what it made."""
        self.steps.append(step)
        self.events.append(step)
        for place, tensor in enumerate(results):
            source = Source(step.number, place)
            self.origins.remember_tensor(tensor, source, flowing=step.depends_on_input)

    def read_operands(self, tensors: list[torch.Tensor]) -> list[Operand]:
        """Return the facts of each operand of an operation."""
        operands, origins = [], self.origins
        for tensor in tensors:
            key = id(tensor)
            origin = (
                origins.find_origin(tensor) if key in origins.origin_by_id else None
            )
            if origin is not None:
                source, flowing = origin.source, origin.flowing
                storage = self.storages.number_operand(tensor)
            else:
                source, flowing = None, False
                storage = self.number_older_operand(tensor)
                if key not in self.clone.own_ids:
                    numbers = self.storages.numbers
                    self.untracked.note_read(len(self.steps), tensor, numbers)
            shape = tuple(tensor.shape)
            # The `id` of another may be a parameter's that is made later.
            parameter_key = key if key in self.clone.parameters else 0
            operands.append((shape, source, flowing, storage, parameter_key))
        return operands

    def number_older_operand(self, tensor: torch.Tensor) -> int:
        """Return the storage number of an operand that the forward did not make."""
        return self.storages.number_operand(tensor)


class FailedForward(NamedTuple):
    """How a forward failed: what it raised, and what was seen up to there."""

    error: Exception
    recorder: Recorder
