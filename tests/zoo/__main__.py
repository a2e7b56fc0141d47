"""The zoo as a command: `python -m tests.zoo [PATTERN…]` writes one row a model."""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .forward import faithful
from .packages import PACKAGES, missing, names
from .verdict import Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

COLUMNS = [field.name for field in fields(Verdict)]

LIFE = 40
"""Models that one process judges before another takes its place, and its memory."""


def options(args: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description=__doc__)
    parser.add_argument(
        "patterns",
        nargs="*",
        metavar="PATTERN",
        default=["*"],
        help="as 'timm:resnet*', 'torchvision:*' or '*vit*'; all if left out",
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--limit", type=int, help="at most so many models")
    parser.add_argument("--output", type=Path, help="write the table here, as CSV")
    parser.add_argument(
        "--resume", action="store_true", help="keep the rows that the file has"
    )
    parser.add_argument(
        "--forward",
        action="store_true",
        help="compare the smallest of each family with a real forward too",
    )
    return parser.parse_args(args)


def wanted(patterns: list[str], limit: int | None) -> list[str]:
    """Names of the models to judge."""
    every = [name for package in PACKAGES for name in names(package)]
    found = [
        name
        for name in every
        for own in [name.partition(":")[2]]
        if any(fnmatch(name, p) or fnmatch(own, p) for p in patterns)
    ]
    return found[:limit]


def judged(
    every: list[str], jobs: int, function: Callable[[str], Any] = verdict
) -> Iterator[Any]:
    """What a function of a name gives, from processes of bounded life."""
    context = multiprocessing.get_context("spawn")
    for start in range(0, len(every), LIFE * jobs):
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            yield from pool.map(function, every[start : start + LIFE * jobs])


def stored(path: Path | None) -> list[Verdict]:
    """The rows of an earlier run."""
    if path is None or not path.exists():
        return []
    with path.open(newline="") as file:
        return [row_of(cells) for cells in csv.DictReader(file)]


def row_of(cells: dict[str, str]) -> Verdict:
    """A row from its text."""
    numbers = {f.name for f in fields(Verdict) if f.type in {"int", "float"}}
    values: dict[str, Any] = dict(cells)
    for name in numbers:
        values[name] = float(cells[name]) if "." in cells[name] else int(cells[name])
    if cells["macs_wanted"].isdecimal():
        values["macs_wanted"] = int(cells["macs_wanted"])
    return Verdict(**values)


def run(given: argparse.Namespace) -> list[Verdict]:
    """Judge what is wanted and write each row as it comes."""
    rows = stored(given.output) if given.resume else []
    done = {row.name for row in rows}
    pending = [n for n in wanted(given.patterns, given.limit) if n not in done]
    target = given.output
    with target.open("w", newline="") if target else nullcontext() as file:
        writer = csv.DictWriter(file, COLUMNS) if file else None
        if writer:
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)
        for row in judged(pending, given.jobs):
            rows.append(row)
            if writer and file:
                writer.writerow(asdict(row))
                file.flush()
            for fault in row.faults:
                print(f"{row.name}: {fault}", flush=True)
    return rows


def smallest(rows: Iterable[Verdict]) -> list[str]:
    """The model with the fewest MACs of each family, detectors left out."""
    best: dict[str, Verdict] = {}
    for row in rows:
        other = best.get(row.family)
        if row.mode == "shapes" and (other is None or row.macs < other.macs):
            best[row.family] = row
    return sorted(row.name for row in best.values())


def summary(rows: list[Verdict]) -> str:
    """What a run found, in a few lines."""
    lines = []
    for package in PACKAGES:
        own = [row for row in rows if row.name.startswith(package)]
        traced = [row for row in own if row.traced == "yes"]
        params = [row for row in traced if row.params == row.params_wanted]
        macs = [row for row in traced if row.macs == row.macs_wanted]
        if own:
            lines.append(
                f"{package}: {len(own)} models, {len(traced)} traced, parameters equal "
                f"for {len(params)}, MACs for {len(macs)}; residual blocks in "
                f"{sum(row.blocks > 0 for row in traced)}, those of the module tree in "
                f"{sum(row.tree == 'equal' for row in traced)} of "
                f"{sum(row.tree != '' for row in traced)} known; run for real "
                f"{sum(row.mode == 'run' for row in traced)}"
            )
    seconds = [sum(getattr(row, f"{p}_s") for row in rows) for p in PARTS]
    spent = ", ".join(f"{p} {s:.0f} s" for p, s in zip(PARTS, seconds, strict=True))
    gaps: Counter[str] = Counter()
    for row in rows:
        gaps.update(gap.partition("×")[0] for gap in row.without_rule.split())
    unknown = ", ".join(f"{name} in {count}" for name, count in gaps.most_common())
    return "\n".join([*lines, f"time: {spent}", f"without a rule: {unknown or 'none'}"])


PARTS = ("build", "trace", "rest")
"""What is timed."""


def main() -> int:
    """Run the command; the exit code is 1 if a model is not as it should be."""
    given = options()
    if missing():
        print(f"not installed: {', '.join(missing())}", file=sys.stderr)
        return 2
    rows = run(given)
    print(summary(rows))
    different = []
    if given.forward:
        small = smallest(rows)
        for name, words in zip(small, judged(small, 1, faithful), strict=True):
            if words:
                different.append(name)
                print(f"{name}: {words}", flush=True)
        print(f"like a real forward: {len(small) - len(different)} of {len(small)}")
    return int(bool(different) or any(row.faults for row in rows))


if __name__ == "__main__":
    sys.exit(main())
