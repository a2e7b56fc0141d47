"""`python -m benchmarks`: print how fast resviz is, beside its peers."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.groups import Asked, groups
from benchmarks.machine import machine
from benchmarks.rows import Row, bound
from resviz.files import write_whole
from resviz.tables.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    Column("work", "work"),
    Column("against", "against"),
    Column("target", "target"),
    Column("measured", "measured"),
    Column("spread", "quartiles", spare=2),
    Column("ours", "ours"),
    Column("theirs", "theirs"),
    Column("verdict", "verdict"),
    Column("note", "note", spare=3),
)

VERSION = 1
"""Of what `--json` writes."""


def main(args: Sequence[str] | None = None) -> None:
    """Measure, print the table, and keep it."""
    options = parsed(args)
    asked = Asked(tuple(options.only), options.quick, not options.no_peers)
    facts = machine()
    rows = measured(asked)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(table(rows, facts, quick=asked.quick).render("text", width=width), end="")
    if options.json:
        kept = {
            "format": "resviz benchmark",
            "version": VERSION,
            "quick": asked.quick,
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": facts,
            "rows": [row.facts() for row in rows],
        }
        write_whole(Path(options.json), json.dumps(kept, indent=1).encode() + b"\n")


def parsed(args: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--json", metavar="FILE", help="keep all figures in a file")
    add(
        "--only", nargs="+", default=[], metavar="PART",
        help="rows whose key contains one of these, as trace/resnet50, cold, growth",
    )  # fmt: skip
    add("--quick", action="store_true", help="small networks, to see that it runs")
    add("--no-peers", action="store_true", help="without other packages")
    return parser.parse_args(args)


def measured(asked: Asked) -> list[Row]:
    """The rows of all groups; each is told on stderr as it comes."""
    rows = []
    for group in groups():
        for row in group.rows(asked):
            print(
                f"{row.key}: {bound(row.value, row.unit)} {row.verdict}",
                file=sys.stderr,
            )
            rows.append(row)
    return rows


def table(rows: Sequence[Row], facts: dict[str, Any], *, quick: bool) -> Table:
    """What is printed."""
    short = sum(row.verdict == "short" for row in rows)
    judged = sum(row.verdict in {"pass", "short"} for row in rows)
    there = (f"{k} {v or 'not installed'}" for k, v in facts["versions"].items())
    load = facts["load"]
    busy = f"; load {load[0]:.1f} before it" if load else ""
    notes = ["medians; a ratio is taken round by round, ours to theirs"]
    if quick:
        notes.append("a quick run on small networks: its figures mean nothing")
    return Table(
        title=f"{judged - short} of {judged} targets met",
        columns=COLUMNS,
        rows=tuple(map(line, rows)),
        data=[row.facts() for row in rows],
        facts=(
            ("machine", f"{facts['processor']}, {facts['cores']} cores{busy}"),
            ("system", f"{facts['system']}, Python {facts['python']}"),
            ("versions", ", ".join(there)),
        ),
        notes=tuple(notes),
    )


def line(row: Row) -> dict[str, str]:
    """The cells of a row."""
    target = bound(row.limit, row.unit) and f"≤ {bound(row.limit, row.unit)}"
    if row.more:
        target = target.replace("≤", "≥")
    if row.aim is not None:
        target += f", aim {bound(row.aim, row.unit)}"
    low, high = row.spread or (None, None)
    return {
        "work": row.work,
        "against": row.against,
        "target": target,
        "measured": bound(row.value, row.unit),
        "spread": f"{bound(low, row.unit)} – {bound(high, row.unit)}" if low else "",
        "ours": f"{row.ours.median * 1e3:,.1f} ms" if row.ours else "",
        "theirs": f"{row.theirs.median * 1e3:,.1f} ms" if row.theirs else "",
        "verdict": row.verdict,
        "note": row.note,
    }


if __name__ == "__main__":
    main()
