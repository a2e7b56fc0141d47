"""A row of the table: what was measured, against what, and what it must reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from benchmarks.times import quartiles

if TYPE_CHECKING:
    from benchmarks.times import Times

Unit = Literal["×", "n^", "ms", "s", "MB", "/min"]
"""How a value is written: a ratio, an exponent, or an absolute one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line.

    Attributes:
        key: its name in `--json`, which `--only` takes a part of.
        work: what was done.
        against: what it is compared with, "" for an absolute figure.
        value: what was measured, None if a peer is missing.
        unit: of the value and its bounds.
        limit: what it must reach, None where nothing was asked.
        aim: what it should reach.
        more: whether more is better.
        spread: lower and upper quartile of the value.
        ours: our times.
        theirs: those of what it is compared with.
        note: why there is no value, or what the value does not say.
        details: further figures for `--json`.
    """

    key: str
    work: str
    value: float | None
    unit: Unit
    against: str = ""
    limit: float | None = None
    aim: float | None = None
    more: bool = False
    spread: tuple[float, float] | None = None
    ours: Times | None = None
    theirs: Times | None = None
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether the target is met: "pass", "short", "" or "not installed"."""
        if self.value is None:
            return "not installed"
        if self.limit is None:
            return ""
        better = self.value > self.limit if self.more else self.value < self.limit
        return "pass" if better or self.value == self.limit else "short"

    def facts(self) -> dict[str, Any]:
        """What `--json` keeps."""
        return {
            "key": self.key,
            "work": self.work,
            "against": self.against,
            "unit": self.unit,
            "limit": self.limit,
            "aim": self.aim,
            "value": self.value,
            "quartiles": self.spread,
            "verdict": self.verdict,
            "ours": self.ours.facts() if self.ours else None,
            "theirs": self.theirs.facts() if self.theirs else None,
            "note": self.note,
            "details": self.details,
        }


def compared(ours: Times, theirs: Times, **facts: Any) -> Row:
    """A row of a ratio, taken round by round."""
    pairs = zip(ours.wall, theirs.wall, strict=True)
    low, middle, high = quartiles([mine / other for mine, other in pairs])
    return Row(
        value=middle, unit="×", spread=(low, high), ours=ours, theirs=theirs, **facts
    )


def absent(**facts: Any) -> Row:
    """A row of a peer that is not installed."""
    return Row(value=None, unit="×", **facts)


def bound(value: float | None, unit: Unit) -> str:
    """A value or its bound as people read it; small ratios as 1/n."""
    if value is None:
        return ""
    if unit == "×":
        return f"1/{1 / value:.3g}" if value < 0.2 else f"{value:.3g}"
    if unit == "n^":
        return f"n^{value:.2f}"
    number = f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return f"{number} {unit}"
