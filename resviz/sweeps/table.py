"""What a sweep found, as a table and as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.readings.costs import MAC_CONVENTION
from resviz.sweeps.space import TRACE_ARGUMENTS
from resviz.sweeps.sweep import FIXED_COLUMNS, complete_row
from resviz.tables.table import Column, Table
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from resviz.sweeps.pareto import Objective
    from resviz.sweeps.sweep import SweepResult

MEASURE_COLUMNS = (
    Column("params", "params", "count"),
    Column("macs", "MACs", "count"),
    Column("activations", "activations", "count", spare=5),
    Column("inference_peak_bytes", "peak, MiB", "bytes", spare=3),
    Column("receptive_field", "field", "count", spare=2),
    Column("final_shape", "final map", "sample", spare=4),
    Column("depth", "depth", "count", spare=1),
    Column("seconds", "s", spare=7),
)

WHOLE_NUMBER_COLUMNS = (
    "params", "macs", "activations", "inference_peak_bytes", "receptive_field", "depth",
)  # fmt: skip
"""Columns of whole numbers."""


def sweep_table(
    result: SweepResult, *, front: bool = True, whole: bool = False
) -> Table:
    """The rows of a sweep.

    Args:
        result: what it found.
        front: leave out what is not on the front, where one was asked for; else the
            rows on it are set off.
        whole: have the column of errors also where there are none, as data has.
    """
    front_only = front and result.objectives
    table_rows = [result.rows[k] for k in result.front] if front_only else result.rows
    rows = [round_seconds(complete_row(row, result.names)) for row in table_rows]
    errors = whole or any(row["error"] for row in rows)
    columns = (
        Column("spec", "SPEC"),
        *(
            Column(name, name, spare=0 if name in TRACE_ARGUMENTS else 6)
            for name in result.names
        ),
        *MEASURE_COLUMNS,
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


def sweep_title(result: SweepResult) -> str:
    """What the table shows."""
    return f"{format_plural(result.traced, 'variant')} swept"


def round_seconds(row: dict[str, Any]) -> dict[str, Any]:
    """A row with so many digits of its time as mean something."""
    return row | {"seconds": round(row["seconds"], 4)}


def sweep_data(result: SweepResult, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The table, as JSON has it."""
    return {
        "variants": list(rows),
        "traced": result.traced,
        "failed": result.failed,
        "input": result.settings.inputs and list(result.settings.inputs),
        "batch": result.settings.batch,
        "where": result.condition,
        "pareto": list(map(str, result.objectives)) or None,
        "convention": MAC_CONVENTION,
    }


def sweep_notes(result: SweepResult) -> Iterator[str]:
    """What stands below the rows."""
    if result.objectives:
        count = format_plural(len(result.front), "variant")
        share_on_front = f"{count} of {len(result.rows):,} on the Pareto front"
        yield f"{share_on_front}: {describe_objectives(result.objectives)}"
    if result.condition is not None:
        yield f"{len(result.rows):,} of {result.traced:,} where {result.condition}"
    if result.failed:
        yield f"{result.failed:,} of {result.traced:,} failed"
    if result.settings.inputs or result.settings.batch:
        yield f"where no SPEC says more: {', '.join(describe_common_options(result))}"
    yield MAC_CONVENTION
    yield "peak: of a forward, without parameters; field: in pixels, its largest axis"


def describe_common_options(result: SweepResult) -> Iterator[str]:
    """The input and the batch that were asked for, in words."""
    inputs, batch = result.settings.inputs, result.settings.batch
    if inputs:
        yield f"input {' and '.join(inputs)}"
    if batch:
        yield f"batch {batch}"


def describe_objectives(objectives: Iterable[Objective]) -> str:
    """What is aimed at, in words."""
    return ", ".join(aim.in_words for aim in objectives)


def sweep_dataframe(result: SweepResult) -> pd.DataFrame:
    """The rows as a DataFrame; those on the front alone, where one was asked for.

    Its `attrs["cost"]` says where the time went.
    """
    import pandas as pd

    sweep_rows = sweep_table(result, whole=True)
    keys = [column.key for column in sweep_rows.columns]
    dataframe = pd.DataFrame(
        {key: typed_series([row[key] for row in sweep_rows.rows], key) for key in keys}
    )
    dataframe.attrs["cost"] = result.timing.to_dict()
    return dataframe


def typed_series(values: Sequence[Any], name: str) -> pd.Series:
    """One column: whole numbers as such, and as text what is of several kinds."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if name in WHOLE_NUMBER_COLUMNS or kinds == {int}:
        gaps = any(value is None for value in values)
        return pd.Series(values, dtype="Int64" if gaps else "int64")
    if name not in FIXED_COLUMNS and (len(kinds) > 1 or kinds & {list, tuple, dict}):
        values = [None if value is None else str(value) for value in values]
    if name == "error":  # text, also where there is none
        return pd.Series(values, dtype=pd.Series(["text"]).dtype)
    return pd.Series(values, dtype=None if kinds else object)
