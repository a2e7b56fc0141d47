"""Checks that option values share; each fails in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resviz.errors import SpecError, suggest_nearest


def check_one_of(where: str, value: Any, legal: Iterable[Any]) -> None:
    """Refuse a value that is not among the legal ones.

    Raises:
        SpecError: with all legal values listed.
    """
    legal = tuple(legal)
    if value not in legal:
        want = ", ".join(repr(choice) for choice in legal)
        near = suggest_nearest(value, legal, 1) if isinstance(value, str) else ""
        hint = f"{near}?" if near else ","
        raise SpecError(f"{where}: got {value!r}{hint} want one of {want}")


def check_at_least(where: str, value: Any, minimum: int = 1) -> None:
    """Refuse anything but a whole number of at least ``minimum``."""
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        want = f"a whole number of at least {minimum}"
        raise SpecError(f"{where}: got {value!r}, want {want}")


def check_per_stage(where: str, values: Any, count: int) -> tuple[int, ...]:
    """Check for one positive whole number per stage; return a tuple."""
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise SpecError(f"{where}: got {values!r}, want one number for each stage")
    if len(values) != count:
        raise SpecError(
            f"{where}: got {len(values)} values, {tuple(values)!r}, for {count} stages:"
            f" give {count}, or num_stages={len(values)}"
        )
    for value in values:
        check_at_least(where, value)
    return tuple(values)


def check_counts(layers: Any) -> tuple[int, ...]:
    """Check the blocks of each stage, as [3, 4, 6, 3]; return a tuple."""
    if not isinstance(layers, Sequence) or not layers:
        raise SpecError(f"layers: got {layers!r}, want counts such as [3, 4, 6, 3]")
    return check_per_stage("layers", layers, len(layers))
