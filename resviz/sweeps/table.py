"""What a sweep found, as a table and as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.costs import CONVENTION
from resviz.sweeps.space import OURS
from resviz.sweeps.survey import OWN, complete
from resviz.tables import Column, Table
from resviz.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from resviz.sweeps.pareto import Aim
    from resviz.sweeps.survey import Survey

MEASURED = (
    Column("params", "params", "count"),
    Column("macs", "MACs", "count"),
    Column("activations", "activations", "count", spare=5),
    Column("inference_peak_bytes", "peak, MiB", "bytes", spare=3),
    Column("receptive_field", "field", "count", spare=2),
    Column("final_shape", "final map", "sample", spare=4),
    Column("depth", "depth", "count", spare=1),
    Column("seconds", "s", spare=7),
)

WHOLE = (
    "params", "macs", "activations", "inference_peak_bytes", "receptive_field", "depth",
)  # fmt: skip
"""Columns of whole numbers."""


def table(found: Survey, *, front: bool = True, whole: bool = False) -> Table:
    """The rows of a sweep.

    Args:
        found: what it found.
        front: leave out what is not on the front, where one was asked for; else the
            rows on it are set off.
        whole: have the column of errors also where there are none, as data has.
    """
    only = front and found.aims
    shown = [found.rows[k] for k in found.front] if only else found.rows
    rows = [rounded(complete(row, found.names)) for row in shown]
    errors = whole or any(row["error"] for row in rows)
    columns = (
        Column("spec", "SPEC"),
        *(Column(name, name, spare=0 if name in OURS else 6) for name in found.names),
        *MEASURED,
        *([Column("error", "error", "words")] if errors else []),
    )
    return Table(
        title(found),
        columns,
        tuple(rows),
        data(found, rows),
        notes=tuple(notes(found)),
        marked=frozenset(() if only else found.front),
        mark=f"no other has {better(found.aims)}",
    )


def title(found: Survey) -> str:
    """What the table shows."""
    return f"{plural(found.traced, 'variant')} swept"


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """A row with so many digits of its time as mean something."""
    return row | {"seconds": round(row["seconds"], 4)}


def data(found: Survey, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The table, as JSON has it."""
    return {
        "variants": list(rows),
        "traced": found.traced,
        "failed": found.failed,
        "input": found.settings.inputs and list(found.settings.inputs),
        "batch": found.settings.batch,
        "where": found.condition,
        "pareto": list(map(str, found.aims)) or None,
        "convention": CONVENTION,
    }


def notes(found: Survey) -> Iterator[str]:
    """What stands below the rows."""
    if found.aims:
        count = plural(len(found.front), "variant")
        of = f"{count} of {len(found.rows):,} on the Pareto front"
        yield f"{of}: {better(found.aims)}"
    if found.condition is not None:
        yield f"{len(found.rows):,} of {found.traced:,} where {found.condition}"
    if found.failed:
        yield f"{found.failed:,} of {found.traced:,} failed"
    if found.settings.inputs or found.settings.batch:
        yield f"where no SPEC says more: {', '.join(given_to_all(found))}"
    yield CONVENTION
    yield "peak: of a forward, without parameters; field: in pixels, its largest axis"


def given_to_all(found: Survey) -> Iterator[str]:
    """The input and the batch that were asked for, in words."""
    inputs, batch = found.settings.inputs, found.settings.batch
    if inputs:
        yield f"input {' and '.join(inputs)}"
    if batch:
        yield f"batch {batch}"


def better(wanted: Iterable[Aim]) -> str:
    """What is aimed at, in words."""
    return ", ".join(aim.words for aim in wanted)


def frame(found: Survey) -> pd.DataFrame:
    """The rows as a DataFrame; those on the front alone, where one was asked for.

    Its `attrs["cost"]` says where the time went.
    """
    import pandas as pd

    made = table(found, whole=True)
    keys = [column.key for column in made.columns]
    out = pd.DataFrame(
        {key: series([row[key] for row in made.rows], key) for key in keys}
    )
    out.attrs["cost"] = found.costs.to_dict()
    return out


def series(values: Sequence[Any], name: str) -> pd.Series:
    """One column: whole numbers as such, and as text what is of several kinds."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if name in WHOLE or kinds == {int}:
        gaps = any(value is None for value in values)
        return pd.Series(values, dtype="Int64" if gaps else "int64")
    if name not in OWN and (len(kinds) > 1 or kinds & {list, tuple, dict}):
        values = [None if value is None else str(value) for value in values]
    if name == "error":  # text, also where there is none
        return pd.Series(values, dtype=pd.Series(["text"]).dtype)
    return pd.Series(values, dtype=None if kinds else object)
