"""The columns of a sweep, and the order of its rows."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, NamedTuple

from resviz.tables.ranking import RankedRows, choose_column, describe_order
from resviz.tables.table import Column
from resviz.tables.trainable import TRAINABLE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.sweeps.rows import SweepRow

SPEC_COLUMN = Column("spec", "SPEC")

MEASURE_COLUMNS = (
    Column("params", "params", "count"),
    TRAINABLE_COLUMNS[0],
    Column("macs", "MACs", "count"),
    Column("activations", "activations", "count", spare=5),
    Column("inference_peak_bytes", "peak, MiB", "bytes", spare=3),
    Column("receptive_field", "field", "count", spare=2),
    Column("final_shape", "final map", "sample", spare=4),
    Column("depth", "depth", "count", spare=1),
    Column("seconds", "s", spare=7),
)


class RowOrder(NamedTuple):
    """How rows are ordered, and how many are kept.

    Attributes:
        sort: key or heading of a column; None leaves them in the order of the SPECs.
        top: how many; without a column those with most MACs. None for all.
        reverse: whether the other way round.
    """

    sort: str | None = None
    top: int | None = None
    reverse: bool = False

    def check(self, names: Sequence[str]) -> None:
        """Check the column before anything is traced.

        Raises:
            SpecError: if there is none of that name; lists those there are.
        """
        if self.sort is not None:
            choose_column(list_ranking_columns((), names), self.sort)

    def rank(
        self, rows: Sequence[SweepRow], names: Sequence[str]
    ) -> tuple[list[SweepRow], tuple[str, ...]]:
        """Return the rows that are kept, in order, and what to say of it."""
        ranked = RankedRows(
            rows,
            list_ranking_columns(rows, names),
            usual="macs",
            sort=self.sort,
            top=self.top,
            reverse=self.reverse,
        )
        words = [*describe_order(ranked.column, reverse=self.reverse)]
        if len(ranked.rows) < len(rows):
            words.append(f"the first {len(ranked.rows):,} of {len(rows):,} variants")
        return ranked.rows, tuple(words)


def list_ranking_columns(
    rows: Sequence[SweepRow], names: Sequence[str]
) -> list[Column]:
    """List the columns by which rows can stand; arguments are numbers where all are."""
    arguments = []
    for name in names:
        values = [row[name] for row in rows if row.get(name) is not None]
        is_number = all(isinstance(value, Real) for value in values)
        arguments.append(Column(name, name, "count" if is_number else "text"))
    return [SPEC_COLUMN, *arguments, *MEASURE_COLUMNS]
