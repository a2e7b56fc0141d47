"""A sweep from SPECs to rows in order: what is left out, and what lies on the front."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.extras import import_extra
from resviz.inputs import parse_inputs
from resviz.operations.own_rules import list_rule_modules
from resviz.sweeps.baseline import (
    BASELINE_NAMES,
    DIFFERENCE_NAMES,
    measure_differences,
    trace_baseline,
)
from resviz.sweeps.joined import (
    NOTHING_JOINED,
    JoinedColumns,
    check_names,
    read_joined_columns,
)
from resviz.sweeps.journal import Journal, journal_path
from resviz.sweeps.order import RowOrder
from resviz.sweeps.pareto import (
    Objective,
    find_undecided_rows,
    pareto_front,
    parse_objectives,
)
from resviz.sweeps.rows import MEASURE_NAMES, mark_lower_bounds, write_final_map
from resviz.sweeps.run import SweepTiming, trace_variants
from resviz.sweeps.space import Space
from resviz.sweeps.supervisor import Settings
from resviz.sweeps.where import (
    NUMERIC,
    SHAPE,
    TEXTUAL,
    Condition,
    find_column_kinds,
    parse_condition,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from resviz.inputs import InputSize
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.space import Configuration
    from resviz.sweeps.where import Kinds

FIXED_COLUMNS = ("spec", *MEASURE_NAMES, "seconds", "error")
"""Columns that every sweep has; the arguments that vary stand behind the first."""

NUMERIC_COLUMNS = tuple(
    name
    for name in FIXED_COLUMNS
    if name not in {"spec", "final_shape", "not_counted", "error"}
)
"""Those that hold one number."""

COLUMN_KINDS = {
    **dict.fromkeys(NUMERIC_COLUMNS, (NUMERIC,)), "spec": (TEXTUAL,),
    "error": (TEXTUAL,), "not_counted": (TEXTUAL,), "final_shape": (SHAPE,),
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
        considered: how many there were before the conditions on arguments, too.
        matching: how many meet `condition`, before the first of them are taken.
        undecided: of how many without an error it is not known whether they meet it.
        off_front: how many may be on the front, but a value is at least so large.
        condition: which rows were kept, as text.
        objectives: for which the front is.
        front: numbers of the rows on it.
        front_size: how many are on it, before the first of them are taken.
        order_notes: how the rows stand, and which are left out.
        timing: where the time went.
        journal: the rows on disk; to be dropped once the table is written.
        settings: what held for all.
        baseline: the row of the network from which differences are told, if any.
        joined: columns of a file beside those that were measured.
        variants: what was traced of each row.
    """

    names: tuple[str, ...]
    rows: list[SweepRow]
    failed: int
    traced: int
    considered: int
    matching: int
    undecided: int
    off_front: int
    condition: str | None
    objectives: tuple[Objective, ...]
    front: tuple[int, ...]
    front_size: int
    order_notes: tuple[str, ...]
    timing: SweepTiming
    journal: Journal
    settings: Settings
    baseline: SweepRow | None = None
    joined: JoinedColumns = NOTHING_JOINED
    variants: tuple[Configuration, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """The columns of differences from the baseline; () without one."""
        return DIFFERENCE_NAMES if self.baseline is not None else ()


@dataclass(frozen=True)
class SweepPlan:
    """What is to be traced.

    Attributes:
        space: all that the SPECs stand for.
        early_conditions: conditions on arguments, which need no trace.
        condition: all that rows must meet.
        limit: how many variants at most.
        joined: what a file tells of them.
    """

    space: Space
    early_conditions: tuple[Condition, ...]
    condition: Condition | None
    limit: int | None
    joined: JoinedColumns = NOTHING_JOINED

    def __iter__(self) -> Iterator[Configuration]:
        return islice(filter(self.meets_early_conditions, self.space), self.limit)

    @property
    def variant_count(self) -> int:
        """Count the variants that it has, or a few more."""
        if self.early_conditions:
            return sum(1 for _ in self)
        return min(self.space.variant_count, self.limit or self.space.variant_count)

    @property
    def considered_count(self) -> int:
        """Count the variants of the space up to the last one that is traced."""
        count = met = 0
        for configuration in self.space:
            count += 1
            met += self.meets_early_conditions(configuration)
            if met == self.limit:
                break
        return count

    def meets_early_conditions(self, configuration: Configuration) -> bool:
        """Tell whether a variant meets the conditions on its arguments."""
        values = values_before_trace(configuration)
        return all(part.holds(values) for part in self.early_conditions)


def plan_sweep(
    specs: Iterable[Any],
    condition: str | None,
    limit: int | None,
    extra: Mapping[str, Kinds] | None = None,
    joined: str | Path | None = None,
) -> SweepPlan:
    """Work out what is to be traced, and what a file tells of it.

    Args:
        specs: of the variants.
        condition: which rows are kept, as text.
        limit: how many variants at most.
        extra: what further columns hold, for the condition.
        joined: path of a file with columns of its own.

    Raises:
        SpecError: if a SPEC, the condition or the file cannot be read.
    """
    space, extra = Space(specs), extra or {}
    varied = argument_columns(space)
    beside = NOTHING_JOINED
    if joined is not None:
        beside = read_joined_columns(joined, varied, (*FIXED_COLUMNS, *extra))
    if condition is None:
        return SweepPlan(space, (), None, limit, beside)
    added = {name: (kind,) for name, kind in beside.kinds.items()}
    kinds = COLUMN_KINDS | dict(extra) | added | argument_kinds(space)
    columns = (*FIXED_COLUMNS, *extra, *added, *varied)
    parsed = parse_condition(condition, columns, kinds)
    early = tuple(part for part in parsed.parts if part.names <= {"spec", *varied})
    return SweepPlan(space, early, parsed, limit, beside)


def argument_columns(space: Space) -> tuple[str, ...]:
    """List the columns of the arguments that vary."""
    return tuple(map(argument_column, space.varying_names))


def argument_kinds(space: Space) -> dict[str, Kinds]:
    """Find what the column of each argument holds."""
    values: dict[str, list[Any]] = {}
    for family in space.braced_specs:
        for place in family.places:
            for choice in place:
                for name, value in choice.arguments:
                    values.setdefault(argument_column(name), []).append(value)
    return {column: find_column_kinds(held) for column, held in values.items()}


def argument_column(name: str) -> str:
    """Name the column of an argument; `depth` is one that every sweep has."""
    return f"{name}_given" if name in FIXED_COLUMNS else name


def values_before_trace(configuration: Configuration) -> SweepRow:
    """Fill the columns of a variant that are known before it is traced."""
    values = {argument_column(name): value for name, value in configuration.arguments}
    return {**values, "spec": configuration.spec}


def run_sweep(
    specs: Iterable[Any],
    *,
    input_size: InputSize | None = None,
    batch: int | None = None,
    training: bool | None = None,
    mode: str | None = None,
    method: str | None = None,
    condition: str | None = None,
    baseline: Any = None,
    joined: str | Path | None = None,
    pareto: str | Sequence[str] | None = None,
    order: RowOrder | None = None,
    limit: int | None = None,
    timeout: float | None = Settings().timeout,
    memory: int | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    on_start: Callable[[int], Callable[[SweepRow, bool], object]] | None = None,
) -> SweepResult:
    """Trace every variant, and gather the rows; `api.sweep` tells the arguments.

    `on_start` takes how many variants there are, and gives what is told of each row,
    and whether it was made just now.

    Raises:
        ResvizError: if a SPEC, the condition or the aims cannot be read, if a journal
            does not fit, or a library or the cluster is not there.
    """
    check_limits(timeout, memory)
    if scheduler is not None:
        import_extra("distributed", "dask")  # before there is a journal
    differences = () if baseline is None else DIFFERENCE_NAMES
    told = differences and (*DIFFERENCE_NAMES, *BASELINE_NAMES)
    extra = dict.fromkeys(told, (NUMERIC,))
    plan = plan_sweep(specs, condition, limit, extra, joined)
    beside = plan.joined
    if joined is not None:
        beside = check_names(beside, map(values_before_trace, plan))
    names = argument_columns(plan.space)
    aimable = (*NUMERIC_COLUMNS, *differences, *beside.numbers, *names)
    objectives = () if pareto is None else parse_objectives(pareto, aimable)
    order, sortable = order or RowOrder(), (*names, *differences, *beside.added)
    order.check(sortable)
    if resume and output is None:
        raise SpecError("resume: want an output, whose journal it reads")
    inputs = None
    if input_size is not None:
        inputs = tuple(tensor.text for tensor in parse_inputs(input_size))
    check_common_options(plan.space, input=inputs, batch=batch)
    settings = Settings(
        inputs=inputs,
        batch=batch,
        training=training,
        mode=mode,
        method=method,
        timeout=timeout,
        memory=memory,
        folder=str(Path.cwd()),
        rule_modules=list_rule_modules(),
    )
    base_row = None if baseline is None else trace_baseline(baseline, settings)
    on_row = on_start(plan.variant_count) if on_start else None
    path = None if output is None else journal_path(output)
    journal = Journal(path, settings, resume=resume)
    try:
        rows_by_number, timing = trace_variants(
            enumerate(plan), settings, journal,
            jobs=jobs, scheduler=scheduler, on_row=on_row,
        )  # fmt: skip
        variants = [*plan]
        rows = [
            {
                **(values := values_before_trace(configuration)),
                **beside.find_line(values),
                **write_final_map(rows_by_number[number]),
                **measure_differences(rows_by_number[number], base_row),
            }
            for number, configuration in enumerate(variants)
        ]
        matching_rows, undecided = rows_that_meet(rows, plan.condition, path)
        front = pareto_front(matching_rows, objectives) if objectives else []
        front_rows = [matching_rows[number] for number in front]
        takes_front = bool(objectives) and order.top is not None
        candidates = front_rows if takes_front else matching_rows
        kept_rows, order_notes = order.rank(candidates, sortable)
    except BaseException:
        journal.close()
        raise
    on_front = set(map(id, front_rows))
    variant_of = {id(row): k for row, k in zip(rows, variants, strict=True)}
    return SweepResult(
        names,
        kept_rows,
        failed=sum(row["error"] is not None for row in rows),
        traced=len(rows),
        considered=plan.considered_count if plan.early_conditions else len(rows),
        matching=len(matching_rows),
        undecided=undecided,
        off_front=len(find_undecided_rows(matching_rows, objectives)),
        condition=condition,
        objectives=objectives,
        front=tuple(k for k, row in enumerate(kept_rows) if id(row) in on_front),
        front_size=len(front_rows),
        order_notes=order_notes,
        timing=timing,
        journal=journal,
        settings=settings,
        baseline=base_row,
        joined=beside,
        variants=tuple(variant_of[id(row)] for row in kept_rows),
    )


def check_limits(timeout: Any, memory: Any) -> None:
    """Check that limits are numbers.

    Raises:
        SpecError: if one is not, or below 0.
    """
    for name, value, kinds, unit in (
        ("timeout", timeout, (int, float), "seconds"),
        ("memory", memory, int, "bytes"),
    ):
        if value is not None and (not isinstance(value, kinds) or not value >= 0):
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
) -> tuple[list[SweepRow], int]:
    """Keep the rows that meet a condition, and count those of which it is not known.

    Raises:
        SpecError: if one cannot be asked; it says where all of them are kept.
    """
    if condition is None:
        return rows, 0
    try:
        verdicts = [condition.judge(mark_lower_bounds(row)) for row in rows]
    except SpecError as error:
        if journal is None:
            raise
        raise SpecError(
            f"{error}: mend it, rows are kept in {journal} and --resume takes them"
        ) from error
    pairs = [*zip(rows, verdicts, strict=True)]
    matching_rows = [row for row, verdict in pairs if verdict]
    undecided = sum(verdict is None and row["error"] is None for row, verdict in pairs)
    return matching_rows, undecided
