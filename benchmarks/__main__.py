"""`python -m benchmarks`: print how fast resviz is, beside its peers."""

import argparse
import shutil
import sys
from pathlib import Path

import pyperf

from benchmarks.rows import list_rows, pair_rows
from benchmarks.turns import ROOT, Contestant, Figures, take_turns
from benchmarks.worker import PACKAGES
from resviz.tables.table import Column, Table

COLUMNS = (
    Column("work", "work"), Column("against", "against"), Column("target", "target"),
    Column("measured", "measured"), Column("quartiles", "quartiles", spare=2),
    Column("ours", "ours"), Column("theirs", "theirs"), Column("verdict", "verdict"),
    Column("note", "note", spare=3),
)  # fmt: skip

FACTS = (
    "cpu_model_name", "cpu_count", "load_avg_1min", "platform", "python_version",
    *(f"{package}_version" for package in PACKAGES),
)  # fmt: skip
"""What is printed of pyperf's metadata."""

SCALES = {"ms": 1e3, "MB": 1e-6}
"""How many of a unit are a second or a byte."""


def main(args=None):
    """Measure, print the table, keep the figures; return 1 if something failed."""
    options = parse_options(args)
    rows = choose_rows(options)
    other = Path(options.against).absolute() if options.against else ROOT
    figures = {root: Figures({}, {}) for root in (ROOT, other)}
    cells_of = {}
    for batch in batch_rows(rows):
        measured = measure_batch(batch, other, options)
        for row in batch:
            cells = describe_row(row, measured[ROOT], measured[other])
            told = (cells.get("measured", ""), cells["verdict"], cells["note"])
            print(f"{row.key}:", *told, file=sys.stderr)
            cells_of[row.key] = cells
        for root, found in measured.items():
            figures[root].add_runs(found.benchmarks.values())
    cells = [cells_of[row.key] for row in rows]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    table = make_table(cells, figures[ROOT].benchmarks.values(), quick=options.quick)
    print(table.render("text", width=width), end="")
    if options.json:
        for root, (benchmarks, _) in figures.items():
            name = options.json if root == ROOT else f"{options.json}.against"
            if benchmarks:
                pyperf.BenchmarkSuite(benchmarks.values()).dump(name, replace=True)
    return int(any(cell["verdict"] == "failed" for cell in cells))


def parse_options(args):
    """Read the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--json", metavar="FILE", help="keep all figures, as pyperf reads them")
    add("--only", nargs="+", default=[""], metavar="PART", help="of rows' keys")
    add("--quick", action="store_true", help="small networks, to see that it runs")
    add("--no-peers", action="store_true", help="without other packages")
    add("--peers-python", default=sys.executable, metavar="PATH", help="which has them")
    add("--against", metavar="FOLDER", help="compare with another checkout instead")
    add("--turns", type=int, help="how many processes do each task")
    add("--processor-time", action="store_true", help="in place of wall time")
    return parser.parse_args(args)


def choose_rows(options):
    """Return the rows that are asked for."""
    rows = [
        row
        for row in list_rows(quick=options.quick)
        if any(part in row.key for part in options.only)
        and not (options.no_peers and row.base.startswith("run_peer"))
    ]
    return [*pair_rows(rows, options.against)] if options.against else rows


def batch_rows(rows):
    """Return the rows in batches whose tasks take turns."""
    batches = {}
    for row in rows:
        batches.setdefault(row.batch or row.key, []).append(row)
    return batches.values()


def measure_batch(rows, other, options):
    """Let the tasks of some rows take turns, and return the figures by checkout."""
    extra = ["--processor-time"] if options.processor_time else []
    if options.quick:
        extra += ["--values", "1", "--warmups", "0"]
    contestants = []
    for row in rows:
        contestants.append(Contestant(row.task))
        if row.base:
            is_peer = row.base.startswith("run_peer")
            python = options.peers_python if is_peer else sys.executable
            contestants.append(Contestant(row.base, other, python))
    turns = options.turns or (1 if options.quick else rows[0].turns)
    return take_turns(contestants, turns, extra)


def describe_row(row, here, there):
    """Return the cells of a row."""
    ours, theirs = here.select_works(row.task), there.select_works(row.base)
    sign = "≥" if row.more else "≤"
    aim = f", aim {format_value(row.aim, row.unit)}" if row.aim else ""
    target = f"{sign} {format_value(row.limit, row.unit)}{aim}" if row.limit else ""
    cells = {
        "work": row.work,
        "against": row.against,
        "target": target,
        "ours": format_slowest(ours),
        "theirs": format_slowest(theirs),
    }
    reason = here.missing.get(row.task) or there.missing.get(row.base)
    if reason:
        verdict = "failed" if reason.startswith("failed") else "not installed"
        return {**cells, "verdict": verdict, "note": reason}
    outcome = row.evaluate(ours, theirs)
    return {
        **cells,
        "measured": format_value(outcome.value, row.unit),
        "quartiles": " – ".join(format_value(v, row.unit) for v in outcome.spread),
        "verdict": row.judge(outcome.value),
        "note": outcome.note,
    }


def format_value(value, unit):
    """Write a value or its bound as people read it; small ratios as 1/n."""
    if unit == "×":
        return f"1/{1 / value:.3g}" if value < 0.2 else f"{value:.3g}"
    if unit == "n^":
        return f"n^{value:.2f}"
    number = value * SCALES.get(unit, 1)
    return f"{number:,.0f} {unit}" if number >= 1000 else f"{number:.3g} {unit}"


def format_slowest(works):
    """Write the median of the slowest or largest work."""
    if not works:
        return ""
    work = max(works.values(), key=lambda work: work.median())
    return format_value(work.median(), "MB" if work.get_unit() == "byte" else "ms")


def make_table(cells, benchmarks, *, quick):
    """Return the table that is printed."""
    verdicts = [cell["verdict"] for cell in cells]
    met, short = verdicts.count("pass"), verdicts.count("short")
    notes = ["medians; a ratio is taken turn by turn, ours to theirs"]
    if quick:
        notes.append("a quick run on small networks: its figures mean nothing")
    metadata = {}
    for benchmark in benchmarks:
        for run in benchmark.get_runs():
            metadata |= run.get_metadata()
    return Table(
        title=f"{met} of {met + short} targets met",
        columns=COLUMNS,
        rows=tuple(cells),
        data=cells,
        facts=tuple(
            (n.replace("_", " "), str(metadata[n])) for n in FACTS if n in metadata
        ),
        notes=tuple(notes),
    )


if __name__ == "__main__":
    sys.exit(main())
