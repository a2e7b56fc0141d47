"""From what happened to the record: leaf calls become layers.

A leaf module's call is one layer that keeps its operations; an operation outside
of every leaf is a layer of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from resviz.record import (
    MODEL_INPUT,
    Call,
    Layer,
    Operation,
    Parameter,
    Source,
    Storage,
    Tensor,
    Uncalled,
)
from resviz.tracing.events import Bypassed, Enter, Event, Leave, Step
from resviz.tracing.everyday import everyday_name
from resviz.tracing.leaves import leaf_calls
from resviz.tracing.scripted import class_name
from resviz.tracing.storages import Renumbered
from resviz.tracing.wiring import ends, wiring

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.tracing.clone import Clone
    from resviz.tracing.recorder import Recorder


class Parts(NamedTuple):
    """The lists of a record, as far as the forward went."""

    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    outputs: tuple[Source, ...]
    uncalled: tuple[Uncalled, ...]
    storages: tuple[Storage, ...]
    unseen: tuple[str, ...]


def assemble(recorder: Recorder, outputs: tuple[Source, ...]) -> Parts:
    """The lists of a record, from a recorder whose forward is over."""
    assembly = Assembly(recorder, outputs)
    assembly.run()
    if len(recorder.steps) in assembly.unfollowed:
        assembly.unseen.append("output")
    return Parts(
        tuple(assembly.layers),
        tuple(assembly.calls),
        tuple(assembly.placed[source] for source in outputs),
        uncalled(recorder.clone, assembly.counted),
        assembly.storages.kept(assembly.ran),
        tuple(dict.fromkeys(assembly.unseen)),
    )


class Assembly:
    """One pass over the events that grows the lists of a record."""

    def __init__(self, recorder: Recorder, outputs: tuple[Source, ...]) -> None:
        # What an exception cut off is left open.
        self.events = [*recorder.events, *[Leave(None)] * len(recorder.calls.open)]
        self.inputs = recorder.inputs
        self.steps = recorder.steps
        self.clone = recorder.clone
        self.ran: list[int] = []
        self.storages = Renumbered(recorder.storages, recorder.steps)
        self.last_use = last_uses(recorder.steps, outputs)
        self.layers: list[Layer] = []
        self.calls: list[Call] = []
        self.open: list[int] = []
        self.taken: set[str] = set()
        self.repeats: Counter[str] = Counter()
        self.counted: set[str] = set()
        self.unfollowed = recorder.unseen.steps
        self.unseen: list[str] = []
        self.placed = {
            Source(MODEL_INPUT, number): Source(MODEL_INPUT, number)
            for number in range(len(recorder.inputs))
        }

    def run(self) -> None:
        """Turn every event into a layer or a call, in order."""
        leaves = leaf_calls(self.events)
        done = -1
        for position, event in enumerate(self.events):
            if isinstance(event, Bypassed):
                self.bypassed(event)
            elif position <= done:  # inside of a leaf's call
                continue
            elif isinstance(event, Enter) and position in leaves:
                done = leaves[position]
                alone = not self.open  # the model itself is a leaf, as nn.Conv2d
                if alone:
                    self.enter(event)
                self.leaf(event, self.events[position + 1 : done + 1])
                if alone:
                    self.leave()
            elif isinstance(event, Enter):
                self.enter(event)
            elif isinstance(event, Leave):
                self.leave()
            else:
                self.loose(event)

    def enter(self, event: Enter) -> None:
        """Open a call; its end is not known yet."""
        parent = self.open[-1] if self.open else None
        start = len(self.layers)
        name = class_name(event.module)
        self.open.append(len(self.calls))
        self.calls.append(Call(event.path, name, start, start, parent))

    def leave(self) -> None:
        """Close the innermost open call."""
        number = self.open.pop()
        call = self.calls[number]
        stop = len(self.layers)
        self.calls[number] = Call(call.path, call.type, call.start, stop, call.parent)

    def loose(self, step: Step) -> None:
        """Make an operation that no leaf owns a layer of its own."""
        outputs = tuple(Source(step.number, k) for k in range(len(step.outputs)))
        used = any(self.last_use.get(o, -1) > step.number for o in outputs)
        if not step.operation.inputs and not used:
            return
        path = self.calls[self.open[-1]].path
        everyday = everyday_name(step.operation)
        name = f"{path}:{everyday}" if path else everyday
        self.add(name, path, everyday, [step], outputs, (), module=False)

    def leaf(self, enter: Enter, events: list[Event]) -> None:
        """Make a leaf module's call one layer."""
        steps = [event for event in events if isinstance(event, Step)]
        end = events[-1]
        returned = (isinstance(end, Leave) and end.returned) or ()
        inside = range(steps[0].number, steps[-1].number + 1) if steps else range(0)
        outputs = [source for source in returned if source.layer in inside]
        for step in steps:
            for number in range(len(step.outputs)):
                source = Source(step.number, number)
                if self.last_use.get(source, -1) >= inside.stop:
                    outputs.append(source)
        own = tuple(map(id, vars(enter.module)["_parameters"].values()))
        kept = [step for step in steps if step.operation.inputs]
        name = class_name(enter.module)
        self.add(
            enter.path or name,
            enter.path,
            name,
            kept,
            tuple(dict.fromkeys(outputs)),
            own,
            module=True,
        )

    def bypassed(self, step: Bypassed) -> None:
        """Make a call that was not run one layer, of one operation and one input.

        As `add` would, in half the time: these are nine layers in ten.
        """
        index, source = len(self.layers), step.origins[0]
        assert source is not None
        layer = Layer(
            index,
            self.unused(step.path),
            step.path,
            type(step.module).__name__,
            self.open[-1],
            (self.placed[source],),
            (self.tensor(source),),
            tuple(step.outputs),
            (self.operation(step, ()),),
            self.first_read(step.keys) if step.keys else (),
        )
        self.layers.append(layer)
        self.placed[Source(step.number)] = Source(index)

    def add(
        self,
        name: str,
        path: str,
        type_name: str,
        steps: list[Step],
        outputs: tuple[Source, ...],
        own: tuple[int, ...],
        *,
        module: bool,
    ) -> None:
        """Append one layer and note where its outputs can be found."""
        sources = self.outer_sources(steps)
        name = self.unused(name)
        index = len(self.layers)
        last = steps[-1].number if steps else 0
        usual = tuple([Source(last, number) for number in range(len(outputs))])
        layer = Layer(
            index,
            name,
            path,
            type_name,
            self.open[-1],
            tuple([self.placed[source] for source in sources]),
            tuple([self.tensor(source) for source in sources]),
            tuple([self.tensor(source) for source in outputs]),
            tuple(map(self.operation, steps, wiring(steps, sources))),
            self.first_read([*own, *[key for step in steps for key in step.keys]]),
            module,
            () if outputs == usual else ends(steps, outputs),
        )
        self.layers.append(layer)
        if self.unfollowed and any(s.number in self.unfollowed for s in steps):
            self.unseen.append(name)
        for number, source in enumerate(outputs):
            self.placed[source] = Source(index, number)

    def operation(self, step: Step, sources: tuple[Source | None, ...]) -> Operation:
        """The record of one step."""
        self.ran.append(step.number)
        ran, storages = step.operation, self.storages
        extended = len(step.outputs) > len(ran.outputs)
        if storages.same and not sources and not extended:
            return ran
        return replace(
            ran,
            outputs=tuple([tensor.shape for tensor in step.outputs]),
            reads=storages.numbers(ran.reads),
            writes=storages.numbers(ran.writes),
            sources=sources,
        )

    def unused(self, name: str) -> str:
        """`name`, or with the number that tells it from earlier layers' names."""
        given = name
        while given in self.taken:
            self.repeats[name] += 1
            given = f"{name}#{self.repeats[name] + 1}"
        self.taken.add(given)
        return given

    def outer_sources(self, steps: list[Step]) -> list[Source]:
        """Where the operands of `steps` come from, but for the steps themselves."""
        first = steps[0].number if steps else 0
        found = dict.fromkeys([o for step in steps for o in step.origins if o])
        return [o for o in found if o.layer < first and o in self.placed]

    def tensor(self, source: Source) -> Tensor:
        """Shape and dtype of what `source` names."""
        if source.layer == MODEL_INPUT:
            return self.inputs[source.output]
        return self.steps[source.layer].outputs[source.output]

    def first_read(self, keys: Iterable[int]) -> tuple[Parameter, ...]:
        """Those of the parameters with these `id`s that no earlier layer reads."""
        first = []
        parameters, counted = self.clone.parameters, self.counted
        for key in keys:
            owned = parameters.get(key)
            if owned is not None and owned.name not in counted:
                counted.add(owned.name)
                first.append(parameters.record(key))
        return tuple(first)


def last_uses(steps: list[Step], outputs: tuple[Source, ...]) -> dict[Source, int]:
    """The last step that reads each tensor; the model's outputs are read at the end."""
    uses = {o: step.number for step in steps for o in step.origins if o is not None}
    return uses | dict.fromkeys(outputs, len(steps))


def uncalled(clone: Clone, counted: set[str]) -> tuple[Uncalled, ...]:
    """Parameters that no layer read, under the modules that own them.

    Those of modules that are registered nowhere are not the model's; torch does not
    count them either.
    """
    groups: dict[tuple[str, str], list[Parameter]] = {}
    keys: dict[str, int] = {}
    for key, owned in clone.parameters.items():
        if owned.name not in counted and owned.name not in clone.strays:
            keys.setdefault(owned.name, key)
    for key in keys.values():
        owned, parameter = clone.parameters[key], clone.parameters.record(key)
        group = (owned.path, class_name(owned.module))
        groups.setdefault(group, []).append(parameter)
    return tuple(
        Uncalled(path, type_name, tuple(parameters))
        for (path, type_name), parameters in groups.items()
    )
