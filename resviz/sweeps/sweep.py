"""A sweep from SPECs to rows in order: what is left out, and what lies on the front."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.inputs import parse_inputs
from resviz.sweeps import import_extra
from resviz.sweeps.journal import Journal, journal_path
from resviz.sweeps.pareto import Objective, pareto_front, parse_objectives
from resviz.sweeps.rows import MEASURE_NAMES
from resviz.sweeps.run import SweepTiming, trace_variants
from resviz.sweeps.space import Space
from resviz.sweeps.supervisor import Settings
from resviz.sweeps.where import NUMERIC, SHAPE, TEXTUAL, Condition, parse_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.inputs import InputSize
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.space import Configuration

FIXED_COLUMNS = ("spec", *MEASURE_NAMES, "seconds", "error")
"""Columns that every sweep has; the arguments that vary stand behind the first."""

NUMERIC_COLUMNS = tuple(
    name for name in FIXED_COLUMNS if name not in {"spec", "final_shape", "error"}
)
"""Those that hold one number."""

COLUMN_KINDS = {
    **dict.fromkeys(NUMERIC_COLUMNS, NUMERIC), "spec": TEXTUAL, "error": TEXTUAL,
    "final_shape": SHAPE,
}  # fmt: skip
"""What they hold, in words."""


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Attributes:
        names: columns of the arguments that vary.
        rows: by column, in the order of the space.
        failed: how many variants failed, also of those that `condition` leaves out.
        traced: how many variants there were before that.
        condition: which rows were kept, as text.
        objectives: for which the front is.
        front: numbers of the rows on it.
        timing: where the time went.
        journal: the rows on disk; to be dropped once the table is written.
        settings: what held for all.
    """

    names: tuple[str, ...]
    rows: list[SweepRow]
    failed: int
    traced: int
    condition: str | None
    objectives: tuple[Objective, ...]
    front: tuple[int, ...]
    timing: SweepTiming
    journal: Journal
    settings: Settings


@dataclass(frozen=True)
class SweepPlan:
    """What is to be traced.

    Attributes:
        space: all that the SPECs stand for.
        early_conditions: conditions on arguments, which need no trace.
        condition: all that rows must meet.
        limit: how many variants at most.
    """

    space: Space
    early_conditions: tuple[Condition, ...]
    condition: Condition | None
    limit: int | None

    def __iter__(self) -> Iterator[Configuration]:
        configurations = filter(self.meets_early_conditions, self.space)
        return islice(configurations, self.limit)

    @property
    def variant_count(self) -> int:
        """How many it has, or a few more."""
        if self.early_conditions:
            return sum(1 for _ in self)
        return min(self.space.variant_count, self.limit or self.space.variant_count)

    def meets_early_conditions(self, configuration: Configuration) -> bool:
        """Whether a variant meets the conditions on its arguments."""
        return all(
            part.holds(values_before_trace(configuration))
            for part in self.early_conditions
        )


def plan_sweep(
    specs: Iterable[Any], condition: str | None, limit: int | None
) -> SweepPlan:
    """What is to be traced.

    Raises:
        SpecError: if a SPEC or the condition cannot be read.
    """
    space = Space(specs)
    if condition is None:
        return SweepPlan(space, (), None, limit)
    varied = argument_columns(space)
    names = (*FIXED_COLUMNS, *varied)
    whole_condition = parse_condition(
        condition, {*names}, ", ".join(names), COLUMN_KINDS
    )
    known = {"spec", *varied}
    early_conditions = tuple(
        part for part in whole_condition.parts if part.names <= known
    )
    return SweepPlan(space, early_conditions, whole_condition, limit)


def argument_columns(space: Space) -> tuple[str, ...]:
    """Columns of the arguments that vary."""
    return tuple(map(argument_column, space.varying_names))


def argument_column(name: str) -> str:
    """The column of an argument; `depth` is one that every sweep has."""
    return f"{name}_given" if name in FIXED_COLUMNS else name


def values_before_trace(configuration: Configuration) -> SweepRow:
    """The columns of a variant that are known before it is traced."""
    values = {argument_column(name): value for name, value in configuration.arguments}
    return {**values, "spec": configuration.spec}


def no_progress(total: int) -> Callable[[SweepRow, bool], object]:
    """No progress."""
    del total

    def ignore_row(row: SweepRow, fresh: bool) -> None:
        del row, fresh

    return ignore_row


def run_sweep(
    specs: Iterable[Any],
    *,
    input_size: InputSize | None = None,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
    condition: str | None = None,
    pareto: str | Iterable[str] | None = None,
    limit: int | None = None,
    timeout: float | None = Settings().timeout,
    memory: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    on_start: Callable[[int], Callable[[SweepRow, bool], object]] = no_progress,
) -> SweepResult:
    """Trace every variant, and gather the rows; `api.sweep` tells the arguments.

    Raises:
        ResvizError: if a SPEC, the condition or the aims cannot be read, if a journal
            does not fit, or a library or the cluster is not there.
    """
    check_limits(timeout, memory)
    if scheduler is not None:
        import_extra("distributed", "dask")  # before there is a journal
    sweep_plan = plan_sweep(specs, condition, limit)
    names = argument_columns(sweep_plan.space)
    objectives = parse_objectives(pareto, (*NUMERIC_COLUMNS, *names)) if pareto else ()
    if resume and output is None:
        raise SpecError("resume: want an output, whose journal it reads")
    inputs = (
        None
        if input_size is None
        else tuple(given_input.text for given_input in parse_inputs(input_size))
    )
    check_common_options(sweep_plan.space, input=inputs, batch=batch)
    settings = Settings(inputs, batch, training, mode, timeout, memory, str(Path.cwd()))
    on_row = on_start(sweep_plan.variant_count)
    path = None if output is None else journal_path(output)
    journal = Journal(path, settings, resume=resume)
    try:
        rows_by_number, timing = trace_variants(
            enumerate(sweep_plan), settings, journal,
            jobs=-1 if jobs is None else jobs, scheduler=scheduler, on_row=on_row,
        )  # fmt: skip
        rows = [
            {**values_before_trace(configuration), **rows_by_number[number]}
            for number, configuration in enumerate(sweep_plan)
        ]
        matching_rows = rows_that_meet(rows, sweep_plan.condition, path)
    except BaseException:
        journal.close()
        raise
    return SweepResult(
        names,
        matching_rows,
        failed=sum(row["error"] is not None for row in rows),
        traced=len(rows),
        condition=condition,
        objectives=objectives,
        front=tuple(pareto_front(matching_rows, objectives)) if objectives else (),
        timing=timing,
        journal=journal,
        settings=settings,
    )


def check_limits(timeout: Any, memory: Any) -> None:
    """Check that limits are numbers.

    Raises:
        SpecError: if one is not, or below 0.
    """
    for name, value, kinds in (
        ("timeout", timeout, (int, float)),
        ("memory", memory, int),
    ):
        if value is not None and (not isinstance(value, kinds) or not value >= 0):
            unit = "seconds" if name == "timeout" else "bytes"
            raise SpecError(f"{name}: got {value!r}, want {unit} as a number, or None")


def check_common_options(space: Space, **to_all: Any) -> None:
    """Check that there is a variant which takes what is given to all.

    Raises:
        SpecError: if each has its own.
    """
    for name, value in to_all.items():
        if value is not None and space.is_set_by_all(name):
            listed = ", ".join(value) if isinstance(value, tuple) else value
            raise SpecError(
                f"{name}: got {listed}, and every SPEC says its own {name}=: leave out "
                "one of the two"
            )


def rows_that_meet(
    rows: list[SweepRow], condition: Condition | None, journal: Path | None
) -> list[SweepRow]:
    """The rows that meet a condition.

    Raises:
        SpecError: if one cannot be asked; it says where all of them are kept.
    """
    if condition is None:
        return rows
    try:
        return [row for row in rows if condition.holds(row)]
    except SpecError as error:
        if journal is None:
            raise
        raise SpecError(
            f"{error}: mend it, rows are kept in {journal} and --resume takes them"
        ) from error


def complete_row(row: SweepRow, names: Iterable[str]) -> dict[str, Any]:
    """A row with all its columns."""
    first, *others = FIXED_COLUMNS
    return {name: row.get(name) for name in (first, *names, *others)}
