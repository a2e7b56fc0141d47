"""One batch of variants, given to a cell that is watched: each ends as a row."""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import ResvizError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.sweeps.rows import SweepRow, VariantArguments

LATE = re.compile(r"^Timeout \(\d+:\d+:[\d.]+\)!$", re.MULTILINE)
NO_ANSWER = "no answer after"
"""How the reason begins of a variant that took too long."""

PLACE = re.compile(r'^  File "(?:.*[/\\])?([^"]+)", line (\d+) in (.+)$', re.MULTILINE)


class Settings(NamedTuple):
    """What holds for all variants of a sweep.

    Attributes:
        inputs: of the network, as text; None for what each was published for.
        batch: how many samples.
        training: whether the forward of training mode is followed.
        mode: how a forward is followed.
        timeout: seconds for one variant; None for no end.
        memory: bytes for one variant; 0 for no limit, None for a core's share.
        folder: in which SPECs name files, on this machine or on a worker's.
    """

    inputs: tuple[str, ...] | None = None
    batch: int | None = None
    training: bool | None = None
    mode: str | None = None
    timeout: float | None = 60.0
    memory: int | None = None
    folder: str | None = None


class Done(NamedTuple):
    """A batch that was worked off: its rows, and the seconds until a cell was ready."""

    rows: list[SweepRow]
    seconds: float
    start: float


class WorkerProcess:
    """A process that traces, and what it is asked."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the cell
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # What this process imports from, and with -P no working folder besides.
        path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "resviz.sweeps.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            cwd=settings.folder if Path(settings.folder or "").is_dir() else None,
            env={**os.environ, **threads, "PYTHONPATH": path},
        )
        self.answered = 0
        self.ask(told(settings))
        if self.answer() != "ready":
            why = self.last_words()
            self.close()
            raise ResvizError(f"sweep: a worker does not start, {why}")

    def ask(self, what: object) -> None:
        """Write a line to the process; if it is gone, its answer will show that."""
        assert self.process.stdin
        self.errors.seek(0)  # both processes share the place in this file
        self.errors.truncate()
        with suppress(OSError):
            self.process.stdin.write(json.dumps(what).encode() + b"\n")
            self.process.stdin.flush()

    def answer(self) -> Any:
        """The next line of the process; None if it is gone."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):
                assert pipe
                pipe.close()

    def last_words(self) -> str:
        """What the process wrote on its standard error at the end."""
        self.process.wait()
        self.errors.seek(0)
        return self.errors.read()[-100_000:].decode(errors="replace").strip()

    def why(self) -> tuple[str, bool]:
        """Why the process is gone, and whether because a variant took too long."""
        words = self.last_words()
        late = LATE.search(words)
        if late:
            place = PLACE.search(words, late.end())
            where = f", in {place[3]}, {place[1]} line {place[2]}" if place else ""
            return f"{NO_ANSWER} {self.settings.timeout:g} s{where}", True
        code = self.process.returncode
        if "MemoryError" in words:
            return "out of memory", False
        if code >= 0:
            return f"its process ended with exit code {code}", False
        name = signal.Signals(-code).name
        guess = ", perhaps out of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{guess}", False


def told(settings: Settings) -> dict[str, Any]:
    """Settings as a cell reads them."""
    memory = share() if settings.memory is None else settings.memory
    tracing = {"sizes": settings.inputs, "batch": settings.batch}
    tracing |= {"training": settings.training, "mode": settings.mode}
    return {"tracing": tracing, "timeout": settings.timeout, "memory": memory}


def share() -> int:
    """Bytes of this machine for each of its cores; 0 if that is not known."""
    sizes = []
    with suppress(OSError, ValueError, AttributeError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):  # in a container
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes, default=0) // (os.cpu_count() or 1)


class Cells:
    """The cells of this process that wait for work."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[WorkerProcess] = []
        self.working: set[WorkerProcess] = set()
        self.closed = False

    def take(self, settings: Settings) -> WorkerProcess:
        """A cell that waits, or a new one."""
        with self.lock:
            for cell in self.waiting:
                if cell.settings == settings and cell.alive():
                    self.waiting.remove(cell)
                    self.working.add(cell)
                    return cell
            if self.closed:
                raise ResvizError("sweep: interrupted")
        cell = WorkerProcess(settings)
        with self.lock:
            self.working.add(cell)
        return cell

    def give_back(self, cell: WorkerProcess) -> None:
        """Keep a cell for the next batch, if it lives."""
        with self.lock:
            self.working.discard(cell)
            if cell.alive() and not self.closed:
                self.waiting.append(cell)
                return
        cell.close()

    def close(self) -> None:
        """End all cells; those that work too."""
        with self.lock:
            self.closed = True
            waiting, self.waiting = self.waiting, []
            working = [*self.working]
        for cell in waiting:
            cell.close()
        for cell in working:
            cell.process.kill()

    def open(self) -> None:
        """Let there be cells again."""
        self.closed = False


CELLS = Cells()
"""Those of this process."""

atexit.register(CELLS.close)


def work(settings: Settings, batch: Sequence[VariantArguments]) -> Done:
    """The rows of a batch, one for each variant, in order.

    A variant whose cell dies gets a row that says so. If the cell had done others
    before, it is tried once more in a fresh one, which no other has spoilt.
    """
    began = perf_counter()
    start = 0.0
    rows: list[SweepRow] = []
    while len(rows) < len(batch):
        before = perf_counter()
        cell = CELLS.take(settings)
        start += perf_counter() - before
        try:
            rows += answers(cell, batch[len(rows) :])
        finally:
            CELLS.give_back(cell)
    return Done(rows, perf_counter() - began - start, start)


def answers(cell: WorkerProcess, batch: Sequence[VariantArguments]) -> list[SweepRow]:
    """The rows that one cell gives for a batch, until it dies."""
    rows: list[SweepRow] = []
    cell.ask(batch)
    for _ in batch:
        asked = perf_counter()
        row = cell.answer()
        if row is None:
            spent = perf_counter() - asked
            why, late = cell.why()
            if late or not cell.answered:
                rows.append(failed(why, spent))
            break
        cell.answered += 1
        rows.append(row)
    return rows


def failed(why: str, seconds: float) -> SweepRow:
    """The row of a variant that gave none."""
    return {"seconds": seconds, "error": why}


def met_limit(row: SweepRow) -> bool:
    """Whether a variant was given up for want of time, or failed for want of memory."""
    why = row.get("error") or ""
    return why.startswith(NO_ANSWER) or "out of memory" in why
