"""Measuring: contestants take turns, so that a noisy machine is noisy for each."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).parent.parent
"""The checkout."""


class Times(NamedTuple):
    """What one contestant took, round by round.

    Attributes:
        wall: seconds that passed.
        cpu: seconds of processors, of all threads together.
    """

    wall: list[float]
    cpu: list[float]

    @property
    def median(self) -> float:
        """The median of the seconds that passed."""
        return median(self.wall)

    def facts(self) -> dict[str, object]:
        """What `--json` keeps, in milliseconds."""
        low, middle, high = quartiles(self.wall)
        return {
            "median_ms": middle * 1e3,
            "quartiles_ms": [low * 1e3, high * 1e3],
            "least_ms": min(self.wall) * 1e3,
            "cpu_median_ms": median(self.cpu) * 1e3,
            "runs": len(self.wall),
        }


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return low, middle, high


def race(
    contestants: Mapping[str, Callable[..., object]],
    rounds: int,
    warm: int = 1,
    prepare: Callable[[], object] | None = None,
    *,
    twice: bool = False,
) -> dict[str, Times]:
    """What each took over some rounds in which they took turns.

    Each is called with what `prepare` gives, anew for each call and not timed. If
    `twice`, it is called twice in a turn, and the second call counts: what another
    left in the processor's caches is no matter of its own.

    The garbage collector is on, as users have it; what a contestant left behind is
    collected before the next one starts. What lives from before the first timed round,
    as torch itself, is frozen: walking through it would leave the caches cold.
    """
    found = {name: Times([], []) for name in contestants}
    for number in range(-warm, rounds):
        if number == 0:
            gc.collect()
            gc.freeze()
        for name, work in contestants.items():
            for _ in range(1 + twice):
                spent = timed(work, prepare)
            if number >= 0:
                found[name].wall.append(spent[0])
                found[name].cpu.append(spent[1])
    gc.unfreeze()
    return found


def timed(
    work: Callable[..., object], prepare: Callable[[], object] | None
) -> tuple[float, float]:
    """Seconds that passed in one call, and of the processor."""
    given = () if prepare is None else (prepare(),)
    gc.collect()
    wall, cpu = perf_counter(), process_time()
    kept = work(*given)
    spent = perf_counter() - wall, process_time() - cpu
    del kept
    return spent


def processes(
    commands: Mapping[str, Sequence[str]], rounds: int, warm: int = 1
) -> dict[str, Times]:
    """What fresh interpreters took that took turns; the first rounds are not counted.

    Each command is what stands behind `python`.
    """
    found = {name: Times([], []) for name in commands}
    for number in range(-warm, rounds):
        for name, command in commands.items():
            wall, cpu = process(command)
            if number >= 0:
                found[name].wall.append(wall)
                found[name].cpu.append(cpu)
    return found


def process(command: Sequence[str]) -> tuple[float, float]:
    """Seconds that passed, and of the processor, until a fresh interpreter ended.

    Raises:
        RuntimeError: if it fails, with what it said.
    """
    before, start = os.times(), perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        check=False,
    )
    wall, after = perf_counter() - start, os.times()
    if done.returncode:
        raise RuntimeError(f"python {' '.join(command)}: {done.stderr.strip()[-400:]}")
    user = after.children_user - before.children_user
    return wall, user + after.children_system - before.children_system


def environment() -> dict[str, str]:
    """The environment of a fresh interpreter.

    Bytecode is kept, as an installed package has it: else every run would compile
    this checkout anew, but not torch.
    """
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}
