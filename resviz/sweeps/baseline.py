"""A network beside which all variants of a sweep are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, TraceError
from resviz.sweeps.journal import Journal
from resviz.sweeps.rows import mark_lower_bounds
from resviz.sweeps.run import trace_variants
from resviz.sweeps.space import Space
from resviz.tables.table import Column
from resviz.units import AtLeast, SignedCount

if TYPE_CHECKING:
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.supervisor import Settings

COMPARED_MEASURES = (
    "params", "macs", "activations", "inference_peak_bytes", "receptive_field", "depth",
)  # fmt: skip
"""Measures that have a difference, one number each."""

DIFFERENCE_COLUMNS = (
    Column("params_diff", "Δ params", "count"),
    Column("macs_diff", "Δ MACs", "count"),
    Column("activations_diff", "Δ activations", "count", spare=5),
    Column("inference_peak_bytes_diff", "Δ peak, MiB", "bytes", spare=3),
    Column("receptive_field_diff", "Δ field", "count", spare=2),
    Column("depth_diff", "Δ depth", "count", spare=1),
)
"""What a variant has more than the baseline."""

DIFFERENCE_NAMES = tuple(column.key for column in DIFFERENCE_COLUMNS)

BASELINE_NAMES = tuple(f"baseline_{name}" for name in COMPARED_MEASURES)
"""What the baseline has, for conditions: "macs < 1.02 * baseline_macs"."""


def trace_baseline(spec: Any, settings: Settings) -> SweepRow:
    """Trace the baseline of a sweep, by a worker as its variants.

    Raises:
        SpecError: if it is several.
        TraceError: if it cannot be traced.
    """
    variants = [*Space([spec])]
    if len(variants) != 1:
        raise SpecError(f"baseline: got {spec!r}, {len(variants)} variants, want one")
    journal = Journal(None, settings, resume=False)
    try:
        rows, _ = trace_variants(
            iter([(0, variants[0])]), settings, journal,
            jobs=1, scheduler=None, on_row=None,
        )  # fmt: skip
    finally:
        journal.close()
    row = {**rows[0], "spec": variants[0].spec}
    if row["error"] is not None:
        raise TraceError(f"baseline: {row['spec']}: {row['error']}")
    return row


def measure_differences(row: SweepRow, baseline: SweepRow | None) -> SweepRow:
    """Return what a row has more than the baseline, and what that has; {} without one.

    Nothing is known where the baseline is only known to have at least so much.
    """
    if baseline is None:
        return {}
    known = mark_lower_bounds(baseline)
    values: SweepRow = {}
    for name in COMPARED_MEASURES:
        before = None if isinstance(known.get(name), AtLeast) else known.get(name)
        value = row.get(name)
        values[f"baseline_{name}"] = before
        values[f"{name}_diff"] = (
            None if before is None or value is None else value - before
        )
    return values


def sign_differences(row: SweepRow) -> SweepRow:
    """Return a row whose differences are written with their signs."""
    return {
        name: SignedCount(value)
        if name in DIFFERENCE_NAMES and type(value) is int
        else value
        for name, value in row.items()
    }
