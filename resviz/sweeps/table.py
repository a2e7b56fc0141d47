"""What a sweep found, as a table and as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.readings.costs import MAC_CONVENTION
from resviz.sweeps.baseline import (
    COMPARED_MEASURES,
    DIFFERENCE_COLUMNS,
    DIFFERENCE_NAMES,
    sign_differences,
)
from resviz.sweeps.order import MEASURE_COLUMNS, SPEC_COLUMN
from resviz.sweeps.rows import mark_lower_bounds
from resviz.sweeps.space import TRACE_ARGUMENTS
from resviz.sweeps.sweep import FIXED_COLUMNS, NUMERIC_COLUMNS
from resviz.sweeps.where import NUMERIC
from resviz.tables.json_head import json_head
from resviz.tables.table import Column, Table
from resviz.tables.trainable import TRAINABLE_COLUMNS
from resviz.units import format_count, format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from resviz.sweeps.pareto import Objective
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.sweep import SweepResult


def sweep_table(
    result: SweepResult, *, front: bool = True, error_column: bool = False
) -> Table:
    """Make a table of the rows of a sweep.

    Args:
        result: what it found.
        front: leave out what is not on the front, where one was asked for; else the
            rows on it are set off.
        error_column: have it also where there are no errors, as data has.
    """
    front_only = front and result.objectives
    numbers = result.front if front_only else range(len(result.rows))
    rows = [complete_row(result, result.rows[number]) for number in numbers]
    measures = [
        column
        for column in MEASURE_COLUMNS
        if column not in TRAINABLE_COLUMNS or has_frozen_parameters(rows)
    ]
    errors = error_column or any(row["error"] for row in rows)
    gaps = error_column or any(row["not_counted"] for row in rows)
    columns = (
        SPEC_COLUMN,
        *(
            Column(name, name, spare=0 if name in TRACE_ARGUMENTS else 6)
            for name in result.names
        ),
        *measures[:-1],
        *(DIFFERENCE_COLUMNS if result.baseline is not None else ()),
        *(joined_column(name, kind) for name, kind in result.joined.kinds.items()),
        *([Column("not_counted", "not counted", "words")] if gaps else []),
        measures[-1],
        *([Column("error", "error", "words")] if errors else []),
    )
    return Table(
        sweep_title(result),
        columns,
        tuple(rows),
        sweep_data(result, rows),
        notes=tuple(sweep_notes(result)),
        marked=frozenset(() if front_only else result.front),
        mark=f"no other has {describe_objectives(result.objectives)}",
    )


def has_frozen_parameters(rows: Iterable[SweepRow]) -> bool:
    """Tell whether a variant has parameters that ask for no gradient."""
    pairs = ((row["params"], row.get("trainable_params")) for row in rows)
    return any(trainable not in {None, params} for params, trainable in pairs)


def sweep_title(result: SweepResult) -> str:
    """Say what the table shows."""
    return f"{format_plural(result.traced, 'variant')} swept"


def joined_column(name: str, kind: str) -> Column:
    """Return the column of a file, by its own heading."""
    return Column(name, name, "number" if kind == NUMERIC else "text")


def complete_row(result: SweepResult, row: SweepRow) -> dict[str, Any]:
    """Give a row all its columns, and its time the digits that mean something."""
    first, *others = FIXED_COLUMNS
    marked = mark_lower_bounds(row)
    keys = (first, *result.names, *others, *result.differences, *result.joined.added)
    complete = {name: marked.get(name) for name in keys}
    return sign_differences(complete) | {"seconds": round(row["seconds"], 4)}


def sweep_data(result: SweepResult, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the table as JSON has it."""
    return {
        "variants": list(rows),
        "traced": result.traced,
        "failed": result.failed,
        "input": result.settings.inputs and list(result.settings.inputs),
        "batch": result.settings.batch,
        "baseline": baseline_data(result),
        "joined": joined_data(result),
        "where": result.condition,
        "where_undecided": result.undecided,
        "pareto": list(map(str, result.objectives)) or None,
        "convention": MAC_CONVENTION,
    } | json_head("sweep")


def baseline_data(result: SweepResult) -> dict[str, Any] | None:
    """Return the network from which differences are told as JSON has it."""
    row = result.baseline
    return row and {name: row[name] for name in ("spec", *COMPARED_MEASURES)}


def joined_data(result: SweepResult) -> dict[str, Any] | None:
    """Return what was joined of a file as JSON has it."""
    joined = result.joined
    if not joined.added:
        return None
    columns = {"file": joined.file, "columns": list(joined.added)}
    return columns | {"notes": list(joined.notes)}


def sweep_notes(result: SweepResult) -> Iterator[str]:
    """Yield what stands below the rows."""
    yield from result.order_notes
    yield from result.joined.notes
    if result.baseline is not None:
        params, macs = result.baseline["params"], result.baseline["macs"]
        totals = f"{format_count(params)} parameters, {format_count(macs)} MACs"
        yield f"Δ: more than {result.baseline['spec']}, which has {totals}"
    if result.objectives:
        count = format_plural(result.front_size, "variant")
        share_on_front = f"{count} of {result.matching:,} on the Pareto front"
        yield f"{share_on_front}: {describe_objectives(result.objectives)}"
    if result.off_front:
        yield (
            f"{format_plural(result.off_front, 'variant')} on no front, as a value is "
            "only known to be at least so large"
        )
    if result.condition is not None:
        yield f"{result.matching:,} of {result.considered:,} where {result.condition}"
    if result.undecided:
        yield (
            f"{format_plural(result.undecided, 'row')} left out of which this is not "
            "known: a value is unknown, or at least so large"
        )
    if result.failed:
        yield f"{result.failed:,} of {result.traced:,} failed"
    inputs, batch = result.settings.inputs, result.settings.batch
    common = [f"input {' and '.join(inputs)}"] if inputs else []
    common += [f"batch {batch}"] if batch else []
    if common:
        yield f"where no SPEC says more: {', '.join(common)}"
    yield MAC_CONVENTION
    if any(row.get("not_counted") for row in result.rows):
        yield "MACs of a variant with something not counted are at least so many"
    if any(row.get("lacks_weights") for row in result.rows):
        yield "depth of a variant with weights not counted is at least so large"
    yield "peak: of a forward, without parameters; field: in pixels, its largest axis"


def describe_objectives(objectives: Iterable[Objective]) -> str:
    """Say what is aimed at, in words."""
    return ", ".join(aim.in_words for aim in objectives)


def sweep_dataframe(result: SweepResult) -> pd.DataFrame:
    """Make a DataFrame of the rows; of those on the front, where one was asked for.

    Its `attrs["cost"]` says where the time went.
    """
    import pandas as pd

    table = sweep_table(result, error_column=True)
    keys = [column.key for column in table.columns]
    dataframe = pd.DataFrame(
        {key: typed_series([row[key] for row in table.rows], key) for key in keys}
    )
    dataframe.attrs["cost"] = result.timing.to_dict()
    return dataframe


def typed_series(values: Sequence[Any], name: str) -> pd.Series:
    """Make a column: whole numbers as such, and as text what is of several kinds."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    is_whole = name in (*NUMERIC_COLUMNS, *DIFFERENCE_NAMES) and name != "seconds"
    if is_whole or kinds == {int}:
        gaps = any(value is None for value in values)
        return pd.Series(values, dtype="Int64" if gaps else "int64")
    if name not in FIXED_COLUMNS and (len(kinds) > 1 or kinds & {list, tuple, dict}):
        values = [None if value is None else str(value) for value in values]
    if name in {"error", "not_counted"}:  # text, also where there is none
        return pd.Series(values, dtype=pd.Series(["text"]).dtype)
    return pd.Series(values, dtype=None if kinds else object)
