"""Traces batches of variants in worker processes, and gives a row also for a crash."""

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

TIMEOUT_SIGN = re.compile(r"^Timeout \(\d+:\d+:[\d.]+\)!$", re.MULTILINE)
"""How what `faulthandler` writes begins."""

NO_ANSWER = "no answer after"
"""How the reason begins of a variant that took too long."""

FRAME = re.compile(r'^  File "(?:.*[/\\])?([^"]+)", line (\d+) in (.+)$', re.MULTILINE)


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
        rule_modules: what registers rules of one's own when it is imported.
        method: of each model, followed in the place of its forward.
        draws: whether rows have an overview too; of no row that is kept.
    """

    inputs: tuple[str, ...] | None = None
    batch: int | None = None
    training: bool | None = None
    mode: str | None = None
    timeout: float | None = 60.0
    memory: int | None = None
    folder: str | None = None
    rule_modules: tuple[str, ...] = ()
    method: str | None = None
    draws: bool = False


class BatchResult(NamedTuple):
    """A batch that was traced.

    Attributes:
        rows: one for each variant, in order.
        seconds: from the batch's arrival to its last row.
        start_seconds: spent before on waiting for a worker process to be ready.
    """

    rows: list[SweepRow]
    seconds: float
    start_seconds: float


class WorkerProcess:
    """A process that traces variants for one caller at a time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
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
        share = memory_per_core() if settings.memory is None else settings.memory
        self.send({**settings._asdict(), "memory": share})
        if self.receive() != "ready":
            reason = self.read_errors()
            self.close()
            raise ResvizError(f"sweep: a worker does not start, {reason}")

    def send(self, message: object) -> None:
        """Write a line to the process; if it has ended, `receive` will show that."""
        assert self.process.stdin
        self.errors.seek(0)  # both processes share the place in this file
        self.errors.truncate()
        with suppress(OSError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def receive(self) -> Any:
        """Return the next answer of the process; None if it has ended."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def trace_until_death(self, batch: Sequence[VariantArguments]) -> list[SweepRow]:
        """Return the rows of a batch, up to the variant by which the process ended.

        That one has a row if it took too long, or if the process had traced nothing
        before it.
        """
        rows: list[SweepRow] = []
        self.send(batch)
        for _ in batch:
            sent = perf_counter()
            row = self.receive()
            if row is None:
                seconds = perf_counter() - sent
                reason, timed_out = self.explain_death()
                if timed_out or not self.answered:
                    rows.append({"seconds": seconds, "error": reason})
                break
            self.answered += 1
            rows.append(row)
        return rows

    def is_alive(self) -> bool:
        """Tell whether the process can trace."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(OSError):
                assert pipe
                pipe.close()

    def read_errors(self) -> str:
        """Return what the process wrote on its standard error before it ended."""
        self.process.wait()
        self.errors.seek(0)
        return self.errors.read()[-100_000:].decode(errors="replace").strip()

    def explain_death(self) -> tuple[str, bool]:
        """Return why the process ended, and whether a variant took too long."""
        errors = self.read_errors()
        timeout = TIMEOUT_SIGN.search(errors)
        if timeout:
            frame = FRAME.search(errors, timeout.end())
            place = f", in {frame[3]}, {frame[1]} line {frame[2]}" if frame else ""
            return f"{NO_ANSWER} {self.settings.timeout:g} s{place}", True
        code = self.process.returncode
        if "MemoryError" in errors:
            return "out of memory", False
        if code >= 0:
            return f"its process ended with exit code {code}", False
        name = signal.Signals(-code).name
        guess = ", perhaps out of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{guess}", False


def memory_per_core() -> int:
    """Return the bytes of this machine for each of its cores; 0 if not known."""
    sizes = []
    with suppress(OSError, ValueError, AttributeError):
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):  # in a container
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return min(sizes, default=0) // (os.cpu_count() or 1)


class WorkerPool:
    """Keeps the worker processes of this process from one batch to the next."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[WorkerProcess] = []
        self.busy: set[WorkerProcess] = set()
        self.closed = False

    def take(self, settings: Settings) -> WorkerProcess:
        """Return an idle process of these settings, or a new one.

        Raises:
            ResvizError: if the pool was closed.
        """
        with self.lock:
            for worker in self.idle:
                if worker.settings == settings and worker.is_alive():
                    self.idle.remove(worker)
                    self.busy.add(worker)
                    return worker
            if self.closed:
                raise ResvizError("sweep: interrupted")
        worker = WorkerProcess(settings)
        with self.lock:
            self.busy.add(worker)
        return worker

    def give_back(self, worker: WorkerProcess) -> None:
        """Keep a process for the next batch, if it lives."""
        with self.lock:
            self.busy.discard(worker)
            if worker.is_alive() and not self.closed:
                self.idle.append(worker)
                return
        worker.close()

    def close(self) -> None:
        """End all processes, also those that trace."""
        with self.lock:
            self.closed = True
            idle, self.idle = self.idle, []
            busy = [*self.busy]
        for worker in idle:
            worker.close()
        for worker in busy:
            worker.process.kill()

    def open(self) -> None:
        """Let there be processes again."""
        self.closed = False


WORKERS = WorkerPool()
"""The worker processes of this process."""

atexit.register(WORKERS.close)


def trace_batch(settings: Settings, batch: Sequence[VariantArguments]) -> BatchResult:
    """Return the rows of a batch, one for each variant, in order.

    A variant whose process dies gets a row that says so. If the process had traced
    others before, it is tried once more in a fresh one, which no other has spoilt.
    """
    start = perf_counter()
    start_seconds = 0.0
    rows: list[SweepRow] = []
    while len(rows) < len(batch):
        before = perf_counter()
        worker = WORKERS.take(settings)
        start_seconds += perf_counter() - before
        try:
            rows += worker.trace_until_death(batch[len(rows) :])
        finally:
            WORKERS.give_back(worker)
    return BatchResult(rows, perf_counter() - start - start_seconds, start_seconds)


def met_limit(row: SweepRow) -> bool:
    """Tell whether a variant was given up for want of time or of memory."""
    error = row.get("error") or ""
    return error.startswith(NO_ANSWER) or "out of memory" in error
