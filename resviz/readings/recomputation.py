"""Where to checkpoint: what training keeps less, against what is computed again.

A checkpointed block keeps its inputs alone, and runs once more in the backward pass, as
by `torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False)`. What is left is
counted anew for every plan, storage by storage, so that a map which two blocks need is
counted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.operations.families import RESHAPES, SELECTIONS
from resviz.readings.costs import sum_layer_costs
from resviz.readings.memory import BackwardTape, find_saved_for_backward
from resviz.readings.structure import read_structure
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Architecture, Call, Operation

MOST_STATES = 4000
"""Plans that are weighed at most; of more, each keeps the best of its neighbours."""


WRITING = ("copy", "resize", "set", "put", "index_", "scatter", "masked_", "fill")
"""How names of operations begin that write into what they read, and are no views."""

MOST_PLANS = 10
"""Plans that are told at most; of more, some evenly along the front."""


@dataclass(frozen=True, slots=True)
class CheckpointUnit:
    """A block that can be checkpointed: one call of one module.

    Attributes:
        name: of the block, "conv2_1".
        path: of its module.
        start: the first of its layers.
        stop: behind the last.
        inputs: numbers of the storages that it reads and does not make.
        saved_bytes: what only its own operations save, its inputs not.
        macs: what is computed again.
    """

    name: str
    path: str
    start: int
    stop: int
    inputs: tuple[int, ...]
    saved_bytes: int
    macs: int


@dataclass(frozen=True, slots=True)
class CheckpointPlan:
    """Some blocks to checkpoint.

    Attributes:
        units: these blocks, in execution order; () for none.
        kept_bytes: what training keeps until the backward pass then.
        peak_bytes: with the largest of them computed again beside that.
        macs: what is computed again, at most.
    """

    units: tuple[CheckpointUnit, ...]
    kept_bytes: int
    peak_bytes: int
    macs: int


@cache_reading
def find_checkpoint_units(
    arch: Architecture,
) -> tuple[tuple[CheckpointUnit, ...], tuple[tuple[str, str], ...]]:
    """Find the blocks that can be checkpointed, and why the others cannot.

    Raises:
        RecordError: if the record holds no storages.
    """
    find_saved_for_backward(arch)  # which refuses an old record
    blocks = read_structure(arch).blocks
    units: list[CheckpointUnit] = []
    refusals: list[tuple[str, str]] = []
    for block in blocks:
        own = set(block.layer_indices)
        others = {k for other in blocks if other is not block
                  for k in other.layer_indices}  # fmt: skip
        call = find_own_call(arch, own, others)
        if call is None:
            refusals.append((block.name, "is no module of its own"))
            continue
        inputs = list_outer_storages(arch, call.start, call.stop)
        if writes_any(arch, inputs, call.start):
            refusals.append((block.name, "its input is written over in place"))
            continue
        layers = range(call.start, call.stop)
        held = count_kept(arch, ())
        saved = held - count_kept(arch, layers, inputs)
        macs = sum_layer_costs(arch.stored_layers[call.start : call.stop]).macs
        if saved > 0:
            units.append(
                CheckpointUnit(
                    block.name, call.path, call.start, call.stop, inputs, saved, macs
                )
            )
    return tuple(units), tuple(refusals)


def find_own_call(arch: Architecture, own: set[int], others: set[int]) -> Call | None:
    """Find the innermost call that holds a block and no layer of another."""
    holding = [
        call
        for call in arch.calls
        if call.path and all(call.start <= index < call.stop for index in own)
    ]
    call = min(holding, key=lambda call: call.stop - call.start, default=None)
    if call is None or others & {*range(call.start, call.stop)}:
        return None
    return call


def list_outer_storages(arch: Architecture, start: int, stop: int) -> tuple[int, ...]:
    """List the storages that some layers read and do not make."""
    made: set[int] = set()
    outer: dict[int, None] = {}
    for layer in arch.stored_layers[start:stop]:
        for op in layer.operations:
            for number in op.reads:
                if number >= 0 and number not in made:
                    outer[number] = None
            made.update(number for number in op.writes if number not in outer)
    return tuple(outer)


def writes_any(arch: Architecture, storages: Iterable[int], start: int) -> bool:
    """Tell whether layers from `start` on write into one of some storages."""
    wanted = {*storages}
    return any(
        not wanted.isdisjoint(op.writes) and not is_view(op)
        for layer in arch.stored_layers[start:]
        for op in layer.operations
    )


def is_view(op: Operation) -> bool:
    """Tell whether an operation only looks at what it reads; not if that is unknown."""
    looks = op.name in RESHAPES or op.name in SELECTIONS
    return looks and not op.name.startswith(WRITING)


def count_kept(
    arch: Architecture, unsaved: Iterable[int], inputs: Iterable[int] = ()
) -> int:
    """Count the bytes that training keeps where some layers save nothing.

    Args:
        arch: the record.
        unsaved: numbers of those layers.
        inputs: storages that are kept all the same, as inputs of what is recomputed.
    """
    tape = BackwardTape(arch, frozenset(unsaved))
    tape.save_record()
    held = {*inputs} - tape.saved_storages
    return sum(tape.layers) + sum(arch.storages[number].bytes for number in held)


def make_plan(arch: Architecture, units: Sequence[CheckpointUnit]) -> CheckpointPlan:
    """Return what becomes of a record with some of its blocks checkpointed."""
    unsaved = [index for unit in units for index in range(unit.start, unit.stop)]
    inputs = [number for unit in units for number in unit.inputs]
    kept = count_kept(arch, unsaved, inputs)
    again = max((unit.saved_bytes for unit in units), default=0)
    return CheckpointPlan(
        tuple(units), kept, kept + again, sum(unit.macs for unit in units)
    )


@cache_reading
def find_checkpoint_front(arch: Architecture) -> tuple[CheckpointPlan, ...]:
    """Find the plans of which no other keeps less for as few MACs, none first.

    Blocks that cost and save the same are taken from the first on.

    Raises:
        RecordError: if the record holds no storages.
    """
    units, _ = find_checkpoint_units(arch)
    states: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
    for number, unit in enumerate(units):
        more = [
            (macs + unit.macs, saved + unit.saved_bytes, (*chosen, number))
            for macs, saved, chosen in states
        ]
        states = [*select_front(sorted([*states, *more], key=rank_state))]
        if len(states) > MOST_STATES:
            states = [states[0], *states[1:-1:2], states[-1]]
    step = max((len(states) - 1) / (MOST_PLANS - 1), 1)
    shown = {round(k * step) for k in range(MOST_PLANS)} | {len(states) - 1}
    plans = [
        make_plan(arch, [units[k] for k in chosen])
        for number, (*_, chosen) in enumerate(states)
        if number in shown
    ]
    return tuple(select_lower(plans))


def rank_state(state: tuple[int, int, tuple[int, ...]]) -> tuple[int, int, list[int]]:
    """Order states by MACs, then by what they save, then from the first block on."""
    macs, saved, chosen = state
    return macs, -saved, [*chosen]


def select_front(
    states: Iterable[tuple[int, int, tuple[int, ...]]],
) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield the states that save more than all that cost no more."""
    most = -1
    for state in states:
        if state[1] > most:
            most = state[1]
            yield state


def select_lower(plans: Iterable[CheckpointPlan]) -> Iterator[CheckpointPlan]:
    """Yield the plans that keep less than all before them."""
    least = None
    for plan in plans:
        if least is None or plan.kept_bytes < least:
            least = plan.kept_bytes
            yield plan
