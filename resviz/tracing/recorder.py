"""Following a forward: hooks say where, a dispatch mode says what.

Hooks alone miss every operation that no module owns, as the `+=` of a shortcut;
a dispatch mode alone knows no module. Both write one list of events in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from resviz.record import MODEL_INPUT, Operation, Shape, Source, Tensor
from resviz.tracing.bypass import Bypass
from resviz.tracing.calls import Calls
from resviz.tracing.events import Event, Failed, Step
from resviz.tracing.operations import idle_norm, kind, run_by_torch, something, tensors
from resviz.tracing.origins import Origins, described
from resviz.tracing.shapes import RULES
from resviz.tracing.storages import Storages, address
from resviz.tracing.unseen import Unseen
from resviz.tracing.values import EAGER
from resviz.vocabulary import CREATIONS, NORMS

if TYPE_CHECKING:
    from resviz.tracing.clone import Clone
    from resviz.tracing.operations import Kind

Operand = tuple[Shape, Source | None, bool, int, int]
"""What is known of an operand as it is read: its shape, where it comes from, whether it
flows, the number of its storage, and the `id` of a parameter, which comes from nowhere,
or 0."""

NONE: tuple[tuple[Any, ...], ...] = ((),) * 5
"""What is known of the operands of an operation that has none."""


class Recorder(TorchDispatchMode):
    """Writes down what a clone's forward does, while it is entered as a context.

    Attributes:
        events: what happened, in order.
        inputs: shapes of the tensors given to the model.
        names: theirs, "" where they have none.
        failed: the last operation that raised.
        unseen: what was made where no operation can be followed.
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
        self.names: list[str] = []
        self.failed: Failed | None = None
        self.unseen = Unseen(clone)
        self.steps: list[Step] = []
        self.origins = Origins()
        self.storages = Storages(clone.parameters.learned, self.steps)
        self.calls = Calls(clone, self.events, self.origins)
        self.bypass = Bypass(self)

    def follow(self) -> None:
        """See to it that every call of a copied module is noted."""
        self.bypass.start()
        self.calls.start()

    def clear(self) -> None:
        """Let go of everything, so that the clone is freed at once.

        Its modules hold our hooks, and we hold them; so it is with watched storages.
        """
        self.storages.watched.clear()
        self.calls.stop()
        vars(self.calls).clear()
        self.clone.clear()
        vars(self).clear()

    def feed(self, tensor: torch.Tensor, name: str = "") -> None:
        """Note `tensor` as the next input of the model."""
        self.origins.remember(
            tensor, Source(MODEL_INPUT, len(self.inputs)), flowing=True
        )
        self.storages.feed(tensor)
        self.inputs.append(described(tensor))
        self.names.append(name)

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Answer one operation and note it."""
        kwargs = kwargs or {}
        known = kind(func)
        operands = known.operands(args, kwargs)
        real = [operand for operand in operands if not operand.is_meta]
        if real and self.to_replace(known, operands, real):
            args, kwargs = self.replaced(args), self.replaced(kwargs)
        rule = RULES.get(func) if len(real) < len(operands) else None
        output = rule(*args, **kwargs) if rule else None
        if output is None:
            rule = None
            try:
                output = run_by_torch(func, args, kwargs)
            except Exception as error:
                self.failed = Failed(func, operands, args, error)
                raise
        given = [output] if type(output) in EAGER else tensors(output)
        if given and (operands or something(given[0])):
            fresh = rule is not None and not known.writes
            read = self.read(operands, fresh=fresh)
            self.note(known, read, args, kwargs, given)
        return output

    def to_replace(
        self, known: Kind, operands: list[torch.Tensor], real: list[torch.Tensor]
    ) -> bool:
        """Whether the real tensors among the operands must make way for empty ones.

        They must beside an empty one, and where the operation would write to a
        tensor of the user's. Constants made in the forward keep their values, which
        it may look at.
        """
        if len(real) < len(operands):
            return True
        return known.writes and not all(map(self.is_own, real))

    def is_own(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor was made in this trace, and is not the user's."""
        made = self.origins.made.get(id(tensor))
        return id(tensor) in self.clone.own or (
            made is not None and made.tensor() is tensor
        )

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
        known: Kind,
        operands: list[Operand],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        given: list[torch.Tensor],
    ) -> None:
        """Write down one operation that is done."""
        number = len(self.steps)
        written = given
        if known.name in NORMS:  # saved statistics follow, shaped by the backend
            given = given[:1]
            if idle_norm(known, args):
                written = given
        columns = zip(*operands, strict=True) if operands else NONE
        shapes, origins, flowing, reads, keys = columns
        bound = known.bind(args, kwargs) if known.window or known.kept else {}
        live = True in flowing and known.name not in CREATIONS
        outputs = [described(tensor) for tensor in given]
        operation = Operation(
            known.name,
            shapes,
            flowing,
            tuple([tensor.shape for tensor in outputs]),
            known.window(bound) if known.window else None,
            {name: bound[name] for name in known.kept if name in bound},
            reads,
            self.storages.made(written, new=not known.writes),
        )
        step = Step(number, operation, origins, keys, outputs, live)
        self.write(step, given)
        if known.writes and self.storages.shared:
            place = address(given[0])
            if place in self.storages.shared:
                self.origins.writers[place] = step

    def write(self, step: Step, made: list[torch.Tensor]) -> None:
        """Add a step, and remember what it made."""
        self.steps.append(step)
        self.events.append(step)
        for place, tensor in enumerate(made):
            source = Source(step.number, place)
            self.origins.remember(tensor, source, flowing=step.live)

    def read(self, tensors: list[torch.Tensor], *, fresh: bool) -> list[Operand]:
        """What is known of the operands of an operation.

        Where the results are `fresh`, in memory of their own as those of a shape rule,
        the memory of a parameter need not be known.
        """
        operands, origins = [], self.origins
        for tensor in tensors:
            key = id(tensor)
            made = origins.known(tensor) if key in origins.made else None
            if made is not None:
                source, flowing = made.source, made.flowing
                storage = self.storages.read(tensor)
            else:
                source, flowing = None, False
                own, storages = key in self.clone.own, self.storages
                quiet = own and fresh
                storage = storages.older(key) if quiet else storages.read(tensor)
                if not own:
                    self.unseen.note(len(self.steps), tensor, self.storages.numbers)
            shape = tuple(tensor.shape)
            # The `id` of another may be a parameter's that is made later.
            named = key if key in self.clone.parameters else 0
            operands.append((shape, source, flowing, storage, named))
        return operands
