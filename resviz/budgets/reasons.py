"""Which changes since a stored record caused a breach, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.budgets.configuration import AMOUNTS
from resviz.units import SignedCount, format_plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.compare import Comparison
    from resviz.readings.compare.changes import Change

MOST_CAUSES = 2
"""How many changes one line names."""

ENOUGH = 0.9
"""The share of a growth that is explained well enough, so that no more is named."""


def find_causes(comparison: Comparison, key: str) -> tuple[Change, ...]:
    """Find the changes that caused a breach, the largest first.

    There is too much of what is counted, so what takes away is no cause.

    Args:
        comparison: from the record to the network.
        key: what is breached, a key of `AMOUNTS`; another is of the structure.
    """
    if key == "peak-memory":  # no change owns the peak; what is given comes nearest
        return rank_changes(comparison.changes, "memory") or rank_changes(
            comparison.changes, "params"
        )
    if key in AMOUNTS:
        return tuple(
            change
            for change in rank_changes(comparison.changes, key)
            if getattr(change.share, key) > 0
        )
    return comparison.select_changes("structure") or comparison.changes


def rank_changes(changes: Sequence[Change], key: str) -> tuple[Change, ...]:
    """Return the changes with a share of one cost, the largest first."""
    some = [change for change in changes if getattr(change.share, key)]
    return tuple(sorted(some, key=lambda change: -abs(getattr(change.share, key))))


def say_causes(comparison: Comparison, record: str, key: str) -> str:
    """Say which changes caused a breach, and what each adds.

    Args:
        comparison: from the record to the network.
        record: its file, as written.
        key: as for `find_causes`.
    """
    if not comparison.every:
        return f"nothing changed since {record}"
    causes = find_causes(comparison, key)
    if not causes:
        return f"no change since {record} adds {AMOUNTS.get(key, 'any')}"
    told, sum_told = list[str](), 0
    is_counted = key in AMOUNTS and key != "peak-memory"
    whole = sum(getattr(cause.share, key) for cause in causes) if is_counted else 0
    for cause in causes[:MOST_CAUSES]:
        words = cause.sentence
        if is_counted:
            share = getattr(cause.share, key)
            sum_told += share
            words += f" ({SignedCount(share):,} {AMOUNTS[key]})"
        told.append(words)
        if is_counted and sum_told >= ENOUGH * whole:
            break
    rest = len(causes) - len(told)
    more = f"; and {format_plural(rest, 'more change')}" if rest else ""
    return f"since {record}, {'; '.join(told)}{more}"


def causes_data(comparison: Comparison | None, key: str) -> list[dict[str, Any]]:
    """Return the causes as JSON has them."""
    if comparison is None:
        return []
    return [change.list_fields() for change in find_causes(comparison, key)]
