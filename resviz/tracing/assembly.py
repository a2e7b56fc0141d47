"""From what happened to the record: leaf calls become layers.

A leaf module's call is one layer that keeps its operations; an operation outside
of every leaf is a layer of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from resviz.operations.families import (
    CONVOLUTIONS,
    JOINS,
    POOLS,
    PRODUCTS,
    adds_product,
)
from resviz.operations.table import find_display_name
from resviz.record import (
    MODEL_INPUT,
    Call,
    Layer,
    Operation,
    Source,
    Tensor,
)
from resviz.tracing.events import CallEnd, CallStart, TraceEvent, TraceStep
from resviz.tracing.modules import find_class_name
from resviz.tracing.parameter_claims import ParameterClaims
from resviz.tracing.storages import RenumberedStorages

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.tracing.recorder import Recorder


WEIGHTED_OPERATIONS = CONVOLUTIONS | PRODUCTS
"""Operations that multiply what flows with weights, or with what flows."""


class RecordAssembler:
    """Grows the lists of a record in one pass over the events."""

    def __init__(self, recorder: Recorder, outputs: tuple[Source, ...]) -> None:
        # What an exception cut off is left open.
        self.events = [
            *recorder.events,
            *[CallEnd(None)] * len(recorder.calls.open_calls),
        ]
        self.outputs = outputs
        self.inputs = recorder.inputs
        self.steps = recorder.steps
        self.claims = ParameterClaims(recorder.clone)
        self.ran_steps: list[int] = []
        self.storages = RenumberedStorages(recorder.storages, recorder.steps)
        self.last_use = find_last_uses(recorder.steps, outputs)
        self.layers: list[Layer] = []
        self.calls: list[Call] = []
        self.open_calls: list[int] = []
        self.used_names: set[str] = set()
        self.name_repeats: Counter[str] = Counter()
        self.untracked_steps = recorder.untracked.steps
        self.untracked: list[str] = []
        self.layer_sources = {
            Source(MODEL_INPUT, number): Source(MODEL_INPUT, number)
            for number in range(len(recorder.inputs))
        }

    def assemble_record(self) -> dict[str, Any]:
        """Return the lists of a record by field, as far as the forward went."""
        self.process_events()
        self.claims.settle(self.layers)
        if len(self.steps) in self.untracked_steps:
            self.untracked.append("output")
        return {
            "outputs": tuple(self.layer_sources[source] for source in self.outputs),
            "calls": tuple(self.calls),
            "stored_layers": tuple(self.layers),
            "uncalled": self.claims.list_uncalled(),
            "storages": self.storages.list_storages_in_use(self.ran_steps),
            "unseen": tuple(dict.fromkeys(self.untracked)),
        }

    def process_events(self) -> None:
        """Turn every event into a layer or a call, in order."""
        leaves = self.find_leaf_calls()
        add_by_class = self.list_step_methods()
        leaf_end = -1
        for position, event in enumerate(self.events):
            if position <= leaf_end:  # inside of a leaf's call
                continue
            if add_step := add_by_class.get(type(event)):
                add_step(event)
            elif isinstance(event, CallStart) and position in leaves:
                leaf_end = leaves[position]
                # The model itself may be a leaf, as nn.Conv2d.
                is_root = not self.open_calls
                if is_root:
                    self.open_call(event)
                self.add_leaf_layer(event, self.events[position + 1 : leaf_end + 1])
                if is_root:
                    self.close_call()
            elif isinstance(event, CallStart):
                self.open_call(event)
            else:
                self.close_call()

    def list_step_methods(self) -> dict[type, Callable[[Any], None]]:
        """Return what makes a layer of a step outside of leaves, by its class."""
        return {TraceStep: self.add_operation_layer}

    def find_leaf_calls(self) -> dict[int, int]:
        """Return first and last event position of each call that is one layer.

        That is a finished call in which no other module is called.
        """
        leaves: dict[int, int] = {}
        start: CallStart | None = None
        start_position = 0
        for position, event in enumerate(self.events):
            if type(event) is CallStart:
                start, start_position = event, position
            elif type(event) is CallEnd:
                if start is not None and event.returned is not None:
                    steps: list[Any] = self.events[start_position + 1 : position]
                    if self.is_leaf_call(start, steps):
                        leaves[start_position] = position
                start = None
        return leaves

    def is_leaf_call(self, start: CallStart, steps: list[TraceStep]) -> bool:
        """Tell whether a finished call without inner calls becomes one layer.

        Its operations stay apart where they hold structure of their own: a join beside
        a weighted operation, or the forward of a whole model that is written with
        functions. A recurrent module of torch's is one layer, though it adds products
        step by step.
        """
        if len(steps) < 2:
            return True
        home = str(getattr(type(start.module), "__module__", ""))
        if home.startswith("torch.nn.modules.rnn"):
            return True
        is_whole_model = not start.path and not home.startswith("torch.nn")
        return not (is_whole_model or has_weighted_join(steps))

    def open_call(self, event: CallStart) -> None:
        """Open a call; its end is not known yet."""
        parent = self.open_calls[-1] if self.open_calls else None
        start = len(self.layers)
        name = find_class_name(event.module)
        self.open_calls.append(len(self.calls))
        self.calls.append(Call(event.path, name, start, start, parent))

    def close_call(self) -> None:
        """Close the innermost open call."""
        number = self.open_calls.pop()
        call = self.calls[number]
        stop = len(self.layers)
        self.calls[number] = Call(call.path, call.type, call.start, stop, call.parent)

    def add_operation_layer(self, step: TraceStep) -> None:
        """Make an operation that no leaf owns a layer of its own."""
        outputs = tuple(Source(step.number, k) for k in range(len(step.outputs)))
        is_used = any(self.last_use.get(o, -1) > step.number for o in outputs)
        if not step.operation.inputs and not is_used:
            return
        path = self.calls[self.open_calls[-1]].path
        display_name = find_display_name(step.operation)
        name = f"{path}:{display_name}" if path else display_name
        self.append_layer(name, path, display_name, [step], outputs, (), module=False)

    def add_leaf_layer(self, call: CallStart, events: list[TraceEvent]) -> None:
        """Make a leaf module's call one layer."""
        steps = [event for event in events if isinstance(event, TraceStep)]
        end = events[-1]
        returned = (isinstance(end, CallEnd) and end.returned) or ()
        step_numbers = (
            range(steps[0].number, steps[-1].number + 1) if steps else range(0)
        )
        outputs = [source for source in returned if source.layer in step_numbers]
        for step in steps:
            for number in range(len(step.outputs)):
                source = Source(step.number, number)
                if self.last_use.get(source, -1) >= step_numbers.stop:
                    outputs.append(source)
        own_keys = tuple(map(id, vars(call.module)["_parameters"].values()))
        recorded_steps = [step for step in steps if step.operation.inputs]
        name = find_class_name(call.module)
        self.append_layer(
            call.path or name,
            call.path,
            name,
            recorded_steps,
            tuple(dict.fromkeys(outputs)),
            own_keys,
            module=True,
        )

    def append_layer(
        self,
        name: str,
        path: str,
        type_name: str,
        steps: list[TraceStep],
        outputs: tuple[Source, ...],
        own_keys: tuple[int, ...],
        *,
        module: bool,
    ) -> None:
        """Append one layer and note where its outputs can be found."""
        for step in steps:
            if step.operation.name in POOLS:
                self.flatten_window_over_line(step)
        sources = self.find_outer_sources(steps)
        name = self.make_unique_name(name)
        index = len(self.layers)
        last_number = steps[-1].number if steps else 0
        expected_outputs = tuple(
            [Source(last_number, number) for number in range(len(outputs))]
        )
        layer = Layer(
            index,
            name,
            path,
            type_name,
            self.open_calls[-1],
            tuple([self.layer_sources[source] for source in sources]),
            tuple([self.find_tensor(source) for source in sources]),
            tuple([self.find_tensor(source) for source in outputs]),
            tuple(map(self.record_operation, steps, wire_operations(steps, sources))),
            self.claims.claim_own(own_keys) if own_keys else (),
            module,
            ()
            if outputs == expected_outputs
            else find_output_operations(steps, outputs),
        )
        self.layers.append(layer)
        self.claims.ran_steps.append((index, path, steps))
        if self.untracked_steps and any(
            s.number in self.untracked_steps for s in steps
        ):
            self.untracked.append(name)
        for number, source in enumerate(outputs):
            self.layer_sources[source] = Source(index, number)

    def flatten_window_over_line(self, step: TraceStep) -> None:
        """Take the axis of the only row from a pool's window.

        torch slides pools over lines as over maps of one row, which it makes before.
        """
        window, origin = step.operation.window, step.origins[0]
        if window is None or len(window.kernel) != 2 or not origin:
            return
        is_made = origin.layer >= 0 and step.operation.inputs[0][-2] == 1
        if is_made and self.steps[origin.layer].operation.name == "unsqueeze":
            names = ("kernel", "stride", "padding", "dilation")
            line = {name: getattr(window, name)[1:] for name in names}
            step.operation = replace(step.operation, window=replace(window, **line))

    def record_operation(
        self, step: TraceStep, sources: tuple[Source | None, ...]
    ) -> Operation:
        """Return the record of one step."""
        self.ran_steps.append(step.number)
        operation, storages = step.operation, self.storages
        has_more_outputs = len(step.outputs) > len(operation.outputs)
        if storages.keeps_numbers and not sources and not has_more_outputs:
            return operation
        return replace(
            operation,
            outputs=tuple([tensor.shape for tensor in step.outputs]),
            reads=storages.renumber(operation.reads),
            writes=storages.renumber(operation.writes),
            sources=sources,
        )

    def make_unique_name(self, name: str) -> str:
        """Return `name`, with a number if an earlier layer already has it."""
        candidate = name
        while candidate in self.used_names:
            self.name_repeats[name] += 1
            candidate = f"{name}#{self.name_repeats[name] + 1}"
        self.used_names.add(candidate)
        return candidate

    def find_outer_sources(self, steps: list[TraceStep]) -> list[Source]:
        """Return where the operands of `steps` come from, outside the steps."""
        first = steps[0].number if steps else 0
        origins = dict.fromkeys([o for step in steps for o in step.origins if o])
        return [o for o in origins if o.layer < first and o in self.layer_sources]

    def find_tensor(self, source: Source) -> Tensor:
        """Return shape and dtype of the tensor that a source names."""
        if source.layer == MODEL_INPUT:
            return self.inputs[source.output]
        return self.steps[source.layer].outputs[source.output]


def find_last_uses(
    steps: list[TraceStep], outputs: tuple[Source, ...]
) -> dict[Source, int]:
    """Return the last step that reads each tensor."""
    uses = {o: step.number for step in steps for o in step.origins if o is not None}
    return uses | dict.fromkeys(outputs, len(steps))


def has_weighted_join(steps: list[TraceStep]) -> bool:
    """Tell whether a join meets a weighted operation, as in `x + F.conv2d(x, w)`."""
    operations = [step.operation for step in steps]
    weighted = any(operation.name in WEIGHTED_OPERATIONS for operation in operations)
    return weighted and any(
        adds_product(op) or (op.name in JOINS and sum(op.flowing) > 1)
        for op in operations
    )


def wire_operations(
    steps: list[TraceStep], inputs: list[Source]
) -> list[tuple[Source | None, ...]]:
    """Return where operands come from in a layer; () where it is obvious."""
    if not steps:
        return []
    *others, last = steps
    pairs = zip(last.origins, last.operation.flowing, strict=True)
    last_origins = [origin for origin, flows in pairs if flows]
    if last_origins == inputs and not any(
        any(step.operation.flowing) for step in others
    ):
        return [()] * len(steps)
    inner = {step.number: position for position, step in enumerate(steps)}
    outer = {source: position for position, source in enumerate(inputs)}

    def place_origin(origin: Source | None) -> Source | None:
        if origin is None:
            return None
        if origin.layer in inner:
            return Source(inner[origin.layer], origin.output)
        return Source(MODEL_INPUT, outer[origin]) if origin in outer else None

    return [tuple(map(place_origin, step.origins)) for step in steps]


def find_output_operations(
    steps: list[TraceStep], outputs: tuple[Source, ...]
) -> tuple[Source | None, ...]:
    """Return which operation of a layer makes each of its outputs."""
    inner = {step.number: position for position, step in enumerate(steps)}
    return tuple(
        Source(inner[o.layer], o.output) if o.layer in inner else None for o in outputs
    )
