"""The largest batches for so much memory, and where to checkpoint for more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings.fitting_batches import OPTIMISERS, BatchFit
from resviz.readings.memory import (
    MEMORY_CONVENTION,
    count_gradient_bytes,
    find_saved_for_backward,
)
from resviz.readings.recomputation import (
    find_checkpoint_front,
    find_checkpoint_units,
)
from resviz.tables.autocast_notes import autocast_notes
from resviz.tables.notes import describe_inputs, run_mode_notes, trace_header
from resviz.tables.table import Column, Table
from resviz.units import format_mebibytes, format_plural, group_digits, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.readings.recomputation import CheckpointPlan, CheckpointUnit
    from resviz.record import Architecture

COLUMNS = (
    Column("checkpointed", "checkpoint", "sentence"),
    Column("kept_bytes", "kept, MiB", "bytes"),
    Column("peak_bytes", "with one again, MiB", "bytes", spare=1),
    Column("recomputed", "again, of MACs", "share"),
    Column("sgd", "SGD", "count"),
    Column("momentum", "momentum", "count"),
    Column("adam", "Adam", "count"),
)

COUNTED = (
    "largest batches for training: parameters, buffers, gradients, what the optimiser "
    "keeps (nothing, one value a parameter, or two), what is kept for backward, and "
    "the largest checkpointed block computed again; not what backward itself holds for "
    "a moment, so take some less"
)
"""What a batch is fitted to, to be printed below."""

CHECKPOINTING = (
    "a checkpointed block keeps its input alone and runs once more in backward, as by "
    "torch.utils.checkpoint.checkpoint(block, x, use_reentrant=False), which may stop "
    "early; a batch norm in it moves its statistics twice"
)

AS_TRACED = "counted in the dtypes of the trace; --autocast counts mixed precision"

HALF_DTYPES = {"bfloat16", "float16"}
"""Dtypes of parameters beside which optimisers keep float32."""


def fit_table(arch: Architecture, fit: str | int, *, autocast: str | None) -> Table:
    """Return the largest batches for a size of memory, a row a checkpointing plan.

    Args:
        arch: the record, at any batch.
        fit: bytes, as "24GiB".
        autocast: as under autocast to "bfloat16" or "float16".

    Raises:
        SpecError: if that is no size, or it is not known what autocast does.
        ResizeError: if the record cannot be followed at another batch; says why.
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    try:
        room = parse_bytes(fit)
    except SpecError as error:
        raise SpecError(f"fit: {error}") from error
    if not room:
        raise SpecError("fit: got 0, want bytes as 24GiB")
    fitted = BatchFit(arch, autocast)
    arch = fitted.archs[0]
    units, refusals = find_checkpoint_units(arch)
    plans = find_checkpoint_front(arch)
    data = {
        "fit_bytes": room,
        "inference": fit_inference_data(fitted, room),
        "plans": [plan_data(plan, units, fitted, room) for plan in plans],
        "not_checkpointed": [
            {"block": name, "reason": reason} for name, reason in refusals
        ],
        "autocast": autocast,
        "convention": MEMORY_CONVENTION,
    } | trace_header(arch, "memory")
    rows = [
        {**row, **row["largest_batch"], "checkpointed": name_plan(plan)}
        for row, plan in zip(data["plans"], plans, strict=True)
    ]
    return Table(
        f"{arch.label}: what fits into {format_gibibytes(room)}",
        COLUMNS,
        tuple(rows),
        data,
        facts=(("input", describe_inputs(arch)), *fit_facts(data)),
        notes=tuple(fit_notes(arch, refusals, autocast)),
    )


def fit_inference_data(fitted: BatchFit, room: int) -> dict[str, Any]:
    """Return the largest batch of a forward without gradients."""
    lines = fitted.fit_inference()
    batch, bound = lines.largest(room), lines.find_bound(room)
    return {
        "largest_batch": batch,
        "bytes": None if not batch else lines.bytes(batch),
        "bytes_each": bound.each,
        "bytes_at_0": bound.start,
    }


def plan_data(
    plan: CheckpointPlan,
    units: Sequence[CheckpointUnit],
    fitted: BatchFit,
    room: int,
) -> dict[str, Any]:
    """Return one plan, and the largest batch for each optimiser."""
    numbers = [units.index(unit) for unit in plan.units]
    macs = fitted.arch.macs
    return {
        "blocks": [unit.name for unit in plan.units],
        "modules": [unit.path for unit in plan.units],
        "kept_bytes": plan.kept_bytes,
        "peak_bytes": plan.peak_bytes,
        "recomputed_macs": plan.macs,
        "recomputed": plan.macs / macs if macs else None,
        "largest_batch": {
            name: fitted.fit_training(numbers, name).largest(room)
            for name in OPTIMISERS
        },
    }


def name_plan(plan: CheckpointPlan) -> str:
    """Name the blocks of a plan, those in a row of a stage by their ends."""
    if not plan.units:
        return "nothing"
    runs: list[list[str]] = []
    for unit in plan.units:
        stage, _, number = unit.name.rpartition("_")
        if runs and is_next(runs[-1][-1], stage, number):
            runs[-1].append(unit.name)
        else:
            runs.append([unit.name])
    return ", ".join(
        run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs
    )


def is_next(name: str, stage: str, number: str) -> bool:
    """Tell whether a block is the one behind another in its stage."""
    before, _, last = name.rpartition("_")
    both = last.isdecimal() and number.isdecimal()
    return both and before == stage and int(number) == int(last) + 1


def format_gibibytes(number: int) -> str:
    """Write bytes as GiB where they are many, as MiB, or as they are where few."""
    if number >= 2**30:
        gibibytes = number / 2**30
        return f"{gibibytes:,.0f} GiB" if gibibytes >= 1000 else f"{gibibytes:.4g} GiB"
    if number < 2**20:
        return f"{group_digits(number)} bytes"
    return f"{format_mebibytes(number)} MiB"


def fit_facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what stands above the rows: inference, and what a plan is told for."""
    found = data["inference"]
    batch = found["largest_batch"]
    if batch is None:
        words = "any batch, as nothing grows with it"
    elif not batch:
        words = f"no batch, weights alone take {format_gibibytes(found['bytes_at_0'])}"
    else:
        words = (
            f"batch {group_digits(batch)} takes {format_gibibytes(found['bytes'])}, "
            "parameters and buffers included"
        )
    yield "inference", words
    yield "training", "the largest batch for each optimiser, by what is checkpointed"


def fit_notes(
    arch: Architecture, refusals: Sequence[tuple[str, str]], autocast: str | None
) -> Iterator[str]:
    """Yield what is counted, what is not, and which blocks are left out."""
    yield f"kept: until backward, at the batch of {arch.batch}"
    yield COUNTED
    yield CHECKPOINTING
    if autocast is None:
        yield AS_TRACED
        yield from note_masters(arch)
    yield from autocast_notes(arch, autocast)
    yield MEMORY_CONVENTION
    if not arch.training:
        yield "in evaluation mode batch norm keeps no statistics; --training follows it"
    if refusals:
        name, reason = refusals[0]
        blocks = format_plural(len(refusals), "block")
        yield f"{blocks} cannot be checkpointed: {name} {reason}"
    for gap in find_saved_for_backward(arch).uncounted:
        yield (
            f"unknown what training keeps of {gap.operation}, {gap.count}×, first at "
            f"{gap.first}: batches for training are at most so large"
        )
    yield from run_mode_notes(arch)


def note_masters(arch: Architecture) -> Iterator[str]:
    """Say what parameters in 16 bits take more where an optimiser keeps float32."""
    learned = count_gradient_bytes(arch)
    half = sum(size for dtype, size in learned.items() if dtype in HALF_DTYPES)
    if half:
        masters, each = format_gibibytes(2 * half), format_gibibytes(half)
        yield (
            "optimisers are counted in the dtypes of the parameters; float32 masters "
            f"take {masters} more, and each value that it keeps in float32 {each}"
        )
