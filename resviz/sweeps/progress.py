"""How fast rows come, and how long the rest of them will take."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Any

WINDOW_SECONDS = 30.0
"""Seconds over which the rate is taken: it follows a space whose networks grow."""

MIN_SECONDS = 3.0
"""Seconds from the first row until a rate is shown."""

SECONDS_BETWEEN_COUNTS = 0.1
"""Seconds between two counts that are kept; rows of a batch come at once."""


class Pace:
    """Counts rows. Those of a run before are done, and say nothing of this one's pace.

    Workers start before the first row, so time runs from that one.

    Args:
        total: how many rows there will be.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.fresh = 0
        self.failed = 0
        self.counts = deque[tuple[float, int]]()

    def count(self, row: dict[str, Any], fresh: bool) -> None:
        """Count one row."""
        self.done += 1
        self.failed += row["error"] is not None
        if not fresh:
            return
        self.fresh += 1
        now = monotonic()
        if not self.counts or now - self.counts[-1][0] >= SECONDS_BETWEEN_COUNTS:
            self.counts.append((now, self.fresh))
        self.counts[-1] = (self.counts[-1][0], self.fresh)
        while len(self.counts) > 2 and now - self.counts[1][0] >= WINDOW_SECONDS:
            self.counts.popleft()

    @property
    def rate(self) -> float | None:
        """Rows a second in the last `WINDOW_SECONDS`; None until it is known."""
        if not self.counts:
            return None
        start, count_before = self.counts[0]
        seconds, rows = monotonic() - start, self.fresh - count_before
        return rows / seconds if rows and seconds >= MIN_SECONDS else None

    @property
    def speed(self) -> str:
        """The rate in words; nothing as long as it is not known."""
        rate = self.rate
        if rate is None:
            return ""
        return f"{rate:.0f} a second" if rate >= 1 else f"{60 * rate:.2g} a minute"

    @property
    def left(self) -> str:
        """The time for the rest in words; nothing as long as it is not known."""
        rate = self.rate
        if rate is None:
            return ""
        seconds = (self.total - self.done) / rate
        if seconds < 100:
            return f"{seconds:.0f} s left"
        minutes = round(seconds / 60)
        return f"{minutes} min left" if minutes < 100 else f"{minutes / 60:.1f} h left"

    @property
    def losses(self) -> str:
        """How many failed; nothing where none did."""
        return f"{self.failed:,} failed" if self.failed else ""

    def __str__(self) -> str:
        parts = (f"{self.done:,} of {self.total:,}", self.speed, self.left, self.losses)
        return ", ".join(filter(None, parts))
