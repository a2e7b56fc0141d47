"""Contestants take turns, each in a fresh process, so that noise is noise for each.

pyperf runs all processes of one benchmark before those of the next; here its workers
are started one by one, there and back (A B, B A, …), and their runs put together.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyperf

from benchmarks.worker import MISSING

ROOT = Path(__file__).parent.parent
"""This checkout."""


class Contestant(NamedTuple):
    """A task, the checkout whose code does it, and the interpreter."""

    task: str
    root: Path = ROOT
    python: str = sys.executable


class Figures(NamedTuple):
    """All of a checkout: benchmarks by "task" or "task: work", and why some miss."""

    benchmarks: dict[str, pyperf.Benchmark]
    missing: dict[str, str]

    def select_works(self, task):
        """Return what was measured of a task, by work."""
        return {
            name.removeprefix(task).removeprefix(": "): benchmark
            for name, benchmark in self.benchmarks.items()
            if name == task or name.startswith(f"{task}: ")
        }

    def add_runs(self, benchmarks):
        """Add what another process measured."""
        for benchmark in benchmarks:
            known = self.benchmarks.setdefault(benchmark.get_name(), benchmark)
            if known is not benchmark:
                known.add_runs(benchmark)


def take_turns(contestants, turns, options=()):
    """Measure each contestant once a turn; return the figures by checkout."""
    order = [*dict.fromkeys(contestants)]
    figures = {root: Figures({}, {}) for _, root, _ in order}
    for _ in range(turns):
        for contestant in order:
            mine = figures[contestant.root]
            if contestant.task not in mine.missing:
                suite, reason = run_worker(contestant, options)
                mine.add_runs(suite)
                if reason:
                    mine.missing[contestant.task] = reason
        order.reverse()
    return figures


def run_worker(contestant, options=()):
    """Run a task in a fresh process; return its figures, and why there are none.

    Bytecode is kept, as an installed package has it: else every run would compile the
    checkout anew, but not torch. Files are written where nobody looks.
    """
    environment = {**os.environ, "PYTHONPATH": str(contestant.root)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [contestant.python, "-m", "benchmarks.worker", contestant.task]
    command += ["--worker", "--loops", "1", "--output", "run.json", *options]
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment,
            check=False,
        )  # fmt: skip
        if not done.returncode:
            return pyperf.BenchmarkSuite.load(str(Path(folder, "run.json"))), ""
    reason = done.stderr.strip().rpartition("\n")[2]
    return (), reason if done.returncode == MISSING else f"failed: {reason}"
