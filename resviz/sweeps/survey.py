"""A sweep from SPECs to rows in order: what is left out, and what lies on the front."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.inputs import given
from resviz.sweeps.extras import needed
from resviz.sweeps.journal import Journal, beside
from resviz.sweeps.pareto import Aim, aims, front
from resviz.sweeps.rows import MEASURES
from resviz.sweeps.run import Costs, run
from resviz.sweeps.space import Space
from resviz.sweeps.where import NUMERIC, SHAPE, TEXTUAL, Where, where
from resviz.sweeps.work import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.inputs import InputSize
    from resviz.sweeps.rows import Row
    from resviz.sweeps.space import Configuration

OWN = ("spec", *MEASURES, "seconds", "error")
"""Columns that every sweep has; the arguments that vary stand behind the first."""

NUMBERS = tuple(name for name in OWN if name not in {"spec", "final_shape", "error"})
"""Those that hold one number."""

KINDS = {
    **dict.fromkeys(NUMBERS, NUMERIC), "spec": TEXTUAL, "error": TEXTUAL,
    "final_shape": SHAPE,
}  # fmt: skip
"""What they hold, in words."""


@dataclass(frozen=True)
class Survey:
    """What a sweep found.

    Attributes:
        names: columns of the arguments that vary.
        rows: by column, in the order of the space.
        failed: how many variants failed, also of those that `condition` leaves out.
        traced: how many variants there were before that.
        condition: which rows were kept, as text.
        aims: for which the front is.
        front: numbers of the rows on it.
        costs: where the time went.
        journal: the rows on disk; to be dropped once the table is written.
        settings: what held for all.
    """

    names: tuple[str, ...]
    rows: list[Row]
    failed: int
    traced: int
    condition: str | None
    aims: tuple[Aim, ...]
    front: tuple[int, ...]
    costs: Costs
    journal: Journal
    settings: Settings


@dataclass(frozen=True)
class Plan:
    """What is to be traced.

    Attributes:
        space: all that the SPECs stand for.
        before: conditions on arguments, which need no trace.
        condition: all that rows must meet.
        limit: how many variants at most.
    """

    space: Space
    before: tuple[Where, ...]
    condition: Where | None
    limit: int | None

    def __iter__(self) -> Iterator[Configuration]:
        kept = (one for one in self.space if self.fits(one))
        return islice(kept, self.limit)

    @property
    def size(self) -> int:
        """How many it has, or a few more."""
        if self.before:
            return sum(1 for _ in self)
        return min(self.space.size, self.limit or self.space.size)

    def fits(self, one: Configuration) -> bool:
        """Whether a variant meets the conditions on its arguments."""
        return all(part.holds(asked(one)) for part in self.before)


def plan(specs: Iterable[Any], condition: str | None, limit: int | None) -> Plan:
    """What is to be traced.

    Raises:
        SpecError: if a SPEC or the condition cannot be read.
    """
    space = Space(specs)
    if condition is None:
        return Plan(space, (), None, limit)
    varied = columns(space)
    names = (*OWN, *varied)
    found = where(condition, {*names}, ", ".join(names), KINDS)
    known = {"spec", *varied}
    early = tuple(part for part in found.parts if part.names <= known)
    return Plan(space, early, found, limit)


def columns(space: Space) -> tuple[str, ...]:
    """Columns of the arguments that vary."""
    return tuple(map(column, space.names))


def column(name: str) -> str:
    """The column of an argument; `depth` is one that every sweep has."""
    return f"{name}_given" if name in OWN else name


def asked(one: Configuration) -> Row:
    """The columns of a variant that are known before it is traced."""
    said = {column(name): value for name, value in one.sets}
    return {**said, "spec": one.spec}


def quiet(total: int) -> Callable[[Row, bool], object]:
    """No progress."""
    del total

    def told(row: Row, fresh: bool) -> None:
        del row, fresh

    return told


def survey(
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
    started: Callable[[int], Callable[[Row, bool], object]] = quiet,
) -> Survey:
    """Trace every variant, and gather the rows; `api.sweep` tells the arguments.

    Raises:
        ResvizError: if a SPEC, the condition or the aims cannot be read, if a journal
            does not fit, or a library or the cluster is not there.
    """
    check_limits(timeout, memory)
    needed("joblib")  # before there is a journal
    wanted = plan(specs, condition, limit)
    names = columns(wanted.space)
    aimed = aims(pareto, (*NUMBERS, *names)) if pareto else ()
    if resume and output is None:
        raise SpecError("resume: want an output, whose journal it reads")
    inputs = None if input_size is None else tuple(g.text for g in given(input_size))
    check_used(wanted.space, input=inputs, batch=batch)
    settings = Settings(inputs, batch, training, mode, timeout, memory, str(Path.cwd()))
    told = started(wanted.size)
    path = None if output is None else beside(output)
    journal = Journal(path, settings, resume=resume)
    try:
        found, costs = run(
            enumerate(wanted), settings, journal,
            jobs=-1 if jobs is None else jobs, scheduler=scheduler, told=told,
        )  # fmt: skip
        rows = [{**asked(one), **found[number]} for number, one in enumerate(wanted)]
        kept = met(rows, wanted.condition, path)
    except BaseException:
        journal.close()
        raise
    return Survey(
        names,
        kept,
        failed=sum(row["error"] is not None for row in rows),
        traced=len(rows),
        condition=condition,
        aims=aimed,
        front=tuple(front(kept, aimed)) if aimed else (),
        costs=costs,
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


def check_used(space: Space, **to_all: Any) -> None:
    """Check that there is a variant which takes what is given to all.

    Raises:
        SpecError: if each has its own.
    """
    for name, value in to_all.items():
        if value is not None and space.all_say(name):
            said = ", ".join(value) if isinstance(value, tuple) else value
            raise SpecError(
                f"{name}: got {said}, and every SPEC says its own {name}=: leave out "
                "one of the two"
            )


def met(rows: list[Row], condition: Where | None, journal: Path | None) -> list[Row]:
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


def complete(row: Row, names: Iterable[str]) -> dict[str, Any]:
    """A row with all its columns."""
    first, *others = OWN
    return {name: row.get(name) for name in (first, *names, *others)}
