"""Following a forward: hooks say where, a dispatch mode says what.

Hooks alone miss every operation that no module owns, as the `+=` of a shortcut;
a dispatch mode alone knows no module. Both write one list of events in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode

from resviz.record import MODEL_INPUT, Source, Tensor, Window
from resviz.tracing.clone import PLAIN
from resviz.tracing.operations import kind
from resviz.tracing.shapes import RULES
from resviz.tracing.storages import Storages, address, dtype
from resviz.vocabulary import CREATIONS, NORMS

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone
    from resviz.tracing.operations import Kind

HOOK = -1
"""Our key in a module's hook dictionaries; torch's own count up from 0."""


@dataclass(slots=True)
class Step:
    """One operation as it ran.

    `origins` says which step's output each operand is; None is a parameter or a
    constant, and then `owned` holds the `id` of the tensor. `reads` and `writes`
    are the numbers of storages that operands and results lie in.
    """

    number: int
    name: str
    origins: tuple[Source | None, ...]
    owned: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    flowing: tuple[bool, ...]
    outputs: list[Tensor]
    window: Window | None
    arguments: dict[str, Any]
    reads: tuple[int, ...]
    writes: tuple[int, ...]


@dataclass(slots=True)
class Enter:
    """A module was called; `args` are what it was given, as long as it runs."""

    path: str
    module: nn.Module
    args: tuple[Any, ...]


class Leave(NamedTuple):
    """A module's call ended.

    `returned` are the tensors that it gave; None if an exception cut it off.
    """

    returned: tuple[Source, ...] | None


Event = Step | Enter | Leave


class Recorder(TorchDispatchMode):
    """Writes down what a clone's forward does, while it is entered as a context.

    Attributes:
        events: what happened, in order.
        inputs: shapes of the tensors given to the model.
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
        self.events: list[Event] = []
        self.inputs: list[Tensor] = []
        self.steps: list[Step] = []
        self.open: list[Enter] = []
        self.producers: dict[int, Source] = {}
        self.flows: dict[Source, bool] = {}
        self.watched: list[ref[torch.Tensor]] = []
        self.writers: dict[int, Step] = {}
        self.storages = Storages(clone, self.steps)

    def hook(self) -> None:
        """Put a hook before and after the forward of every copied module."""
        for module in self.clone.modules:
            before = vars(module)["_forward_pre_hooks"]
            before[HOOK] = self.enter
            before.move_to_end(HOOK, last=False)
            vars(module)["_forward_pre_hooks_with_kwargs"][HOOK] = True
            vars(module)["_forward_hooks"][HOOK] = self.leave

    def feed(self, tensor: torch.Tensor) -> None:
        """Note `tensor` as the next input of the model."""
        self.remember(tensor, Source(MODEL_INPUT, len(self.inputs)), flowing=True)
        self.storages.feed(tensor)
        self.inputs.append(described(tensor))

    def remember(self, tensor: torch.Tensor, source: Source, *, flowing: bool) -> None:
        """Note that `tensor` is what `source` names, for as long as it lives."""
        key = id(tensor)
        if key not in self.producers:
            self.watched.append(ref(tensor, partial(self.forget, key)))
        self.producers[key] = source
        self.flows[source] = flowing

    def forget(self, key: int, gone: object) -> None:
        """Forget a tensor that is gone, for its `id` will soon be another's."""
        del gone, self.producers[key]

    def source(self, tensor: torch.Tensor) -> Source | None:
        """Where a tensor comes from, if that is known.

        An in-place operation on a view changes what the viewed tensor holds: from
        then on that tensor is one more output of the operation.
        """
        made = self.producers.get(id(tensor))
        writer = self.writers.get(address(tensor)) if self.writers else None
        if made is None or writer is None or writer.number <= made.layer:
            return made
        given = Source(writer.number, len(writer.outputs))
        flowing = self.flows[Source(writer.number)]
        writer.outputs.append(described(tensor))
        self.remember(tensor, given, flowing=flowing)
        return given

    def sources(self, value: Any) -> tuple[Source, ...]:
        """Where the tensors in `value` come from, those that are known."""
        known = (self.source(tensor) for tensor in tensors(value))
        return tuple(source for source in known if source is not None)

    def enter(
        self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Forward pre-hook."""
        given = (*args, *kwargs.values())
        event = Enter(self.clone.paths[id(module)], module, given)
        self.open.append(event)
        self.events.append(event)

    def leave(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
        """Forward hook.

        A call that did nothing returns an alias of its input, so that what comes
        after it can be told from what lies beside it.
        """
        del args
        idle = isinstance(self.events[-1], Enter)
        if idle and isinstance(output, torch.Tensor) and id(output) in self.producers:
            output = torch.ops.aten.alias.default(output)
        # A forward that caught an exception left its inner calls open.
        while self.closed().module is not module:
            self.events.append(Leave(None))
        self.events.append(Leave(self.sources(output)))
        return output

    def closed(self) -> Enter:
        """The innermost open call, closed; torch held its arguments up to here."""
        enter = self.open.pop()
        enter.args = ()
        return enter

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation and note it."""
        kwargs = kwargs or {}
        every = tensors(args)
        if kwargs:
            every += tensors(kwargs)
        operands = [operand for operand in every if not is_lazy(operand)]
        if self.to_replace(func, operands):
            args, kwargs = self.replaced(args), self.replaced(kwargs)
        shaped = any(operand.is_meta for operand in operands)
        rule = RULES.get(func) if shaped else None
        output = rule(*args, **kwargs) if rule else None
        if output is None:
            output = func(*args, **kwargs)
        self.note(func, operands, args, kwargs, output)
        return output

    def to_replace(self, func: Any, operands: list[torch.Tensor]) -> bool:
        """Whether real tensors among the operands must make way for empty ones.

        They must beside an empty one, and where the operation would write to a
        tensor of the user's. Constants made in the forward keep their values, which
        it may look at.
        """
        real = [operand for operand in operands if not operand.is_meta]
        if len(real) < len(operands):
            return bool(real)
        return kind(func).writes and not all(map(self.is_own, real))

    def is_own(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor was made in this trace, and is not the user's."""
        return id(tensor) in self.producers or id(tensor) in self.clone.own

    def replaced(self, value: Any) -> Any:
        """The same nest of arguments with stand-ins for real tensors."""
        if isinstance(value, torch.Tensor) and not value.is_meta:
            return self.clone.stand_in(value)
        if isinstance(value, dict):
            return {key: self.replaced(member) for key, member in value.items()}
        if type(value) in {tuple, list}:
            return type(value)(self.replaced(member) for member in value)
        return value

    def note(
        self,
        func: Any,
        operands: list[torch.Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        output: Any,
    ) -> None:
        """Write down one operation that is done."""
        if not operands and not isinstance(output, torch.Tensor):
            return
        known = kind(func)
        bound = known.bind(args, kwargs) if known.window or known.kept else {}
        origins = tuple(self.source(operand) for operand in operands)
        flowing = tuple(o is not None and self.flows[o] for o in origins)
        given = tensors(output)
        if not given:
            return
        reads = self.storages.read(operands)
        writes = self.storages.made(given[:1] if idle_norm(known, args) else given)
        if known.name in NORMS:  # saved statistics follow, shaped by the backend
            given = given[:1]
        step = Step(
            len(self.steps),
            known.name,
            origins,
            tuple(id(t) for t, o in zip(operands, origins, strict=True) if o is None),
            tuple(tuple(operand.shape) for operand in operands),
            flowing,
            [described(tensor) for tensor in given],
            known.window(bound) if known.window else None,
            {name: bound[name] for name in known.kept if name in bound},
            reads,
            writes,
        )
        self.steps.append(step)
        self.events.append(step)
        live = any(flowing) and known.name not in CREATIONS
        for place, tensor in enumerate(given):
            self.remember(tensor, Source(step.number, place), flowing=live)
        if known.writes:
            self.writers[address(given[0])] = step


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in a nest of tuples, lists and dictionaries, in order."""
    found: list[torch.Tensor] = []
    collect(value, found)
    return found


def collect(value: Any, found: list[torch.Tensor]) -> None:
    """Append the tensors in a nest to `found`."""
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, (tuple, list)):
        for member in value:
            if type(member) not in PLAIN:
                collect(member, found)
    elif isinstance(value, dict):
        for member in value.values():
            collect(member, found)


def idle_norm(known: Kind, args: tuple[Any, ...]) -> bool:
    """Whether this is a batch norm in evaluation, which gives no statistics.

    Kernels leave them empty; torch's meta kernel says otherwise.
    """
    return known.name == "native_batch_norm" and len(args) > 5 and not args[5]


def described(tensor: torch.Tensor) -> Tensor:
    """Shape and dtype of a tensor."""
    return Tensor(tuple(tensor.shape), dtype(tensor))
