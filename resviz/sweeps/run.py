"""A whole sweep: variants are given out in batches, rows come back in any order.

An executor traces the batches: threads on this machine, each of which watches a worker
process, or a Dask cluster, whose workers do the same. The table is in the order of the
space, whatever came when.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from resviz.errors import ResvizError, first_error_line
from resviz.extras import import_extra
from resviz.sweeps.rows import TIMED_STEPS
from resviz.sweeps.supervisor import WORKERS, BatchResult, Settings, trace_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from resviz.sweeps.journal import Journal
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.space import Configuration

    Numbered = tuple[int, Configuration]
    Batch = list[Numbered]

BATCH_SECONDS = 0.4
"""Seconds that a batch should take: little is lost at a kill, and little in transit."""

MAX_BATCH_VARIANTS = 64
"""Variants of a batch at most."""


@dataclass
class SweepTiming:
    """Where the time of a sweep went.

    Attributes:
        variants: rows that were made, not taken from a journal.
        workers: that made them.
        wall_seconds: seconds from the first batch's start to the last one's end.
        step_seconds: seconds of all workers together, by step.
        busy_seconds: seconds of all workers together, from a batch's arrival to its
            rows.
        start_seconds: seconds of all workers together until they were ready.
    """

    variants: int = 0
    workers: int = 0
    wall_seconds: float = 0.0
    step_seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(TIMED_STEPS, 0.0)
    )
    busy_seconds: float = 0.0
    start_seconds: float = 0.0

    def add_batch(self, result: BatchResult) -> None:
        """Count one batch."""
        self.variants += len(result.rows)
        self.busy_seconds += result.seconds
        self.start_seconds += result.start_seconds
        for row in result.rows:
            for step, spent in row.get("steps", {}).items():
                self.step_seconds[step] += spent

    def to_dict(self) -> dict[str, Any]:
        """Return the same as numbers by name; seconds, the steps for each variant.

        Transport is what a worker's time holds besides the three steps: pipes, JSON,
        the collector, and waiting for one another.
        """
        count = max(self.variants, 1)
        each = {step: spent / count for step, spent in self.step_seconds.items()}
        each["transport"] = max(self.busy_seconds / count - sum(each.values()), 0.0)
        return {
            "variants": self.variants,
            "workers": self.workers,
            "seconds": self.wall_seconds,
            "start_seconds": self.start_seconds / max(self.workers, 1),
            "seconds_each": each,
        }


@dataclass
class BatchSizer:
    """How large a batch should be, by how long the last ones took."""

    size: int = 1

    def adapt_to(self, result: BatchResult) -> None:
        """Aim at batches of `BATCH_SECONDS`."""
        rate = len(result.rows) / max(result.seconds, 1e-4)
        self.size = max(1, min(MAX_BATCH_VARIANTS, round(rate * BATCH_SECONDS)))

    def split_into_batches(self, todo: Iterator[Numbered]) -> Iterator[Batch]:
        """Yield the variants in batches."""
        while batch := list(islice(todo, self.size)):
            yield batch


def trace_variants(
    variants: Iterator[Numbered],
    settings: Settings,
    journal: Journal,
    *,
    jobs: int | None,
    scheduler: str | None,
    on_row: Callable[[SweepRow, bool], object] | None,
) -> tuple[dict[int, SweepRow], SweepTiming]:
    """Trace variants; return their rows by number, and what they cost.

    Args:
        variants: variants and their numbers.
        settings: what holds for all of them.
        journal: keeps rows, and may have some.
        jobs: workers on this machine; None for one a core.
        scheduler: address of a Dask scheduler.
        on_row: called with each row as it comes, and whether it was made just now.

    Raises:
        ResvizError: if Dask is not there, or the cluster fails.
    """
    rows: dict[int, SweepRow] = {}
    timing = SweepTiming()
    start = perf_counter()

    def take_row(number: int, row: SweepRow, fresh: bool) -> None:
        rows[number] = row
        if on_row:
            on_row(row, fresh)

    def find_missing() -> Iterator[Numbered]:
        for number, variant in variants:
            row = journal.rows.get(variant.unique_key)
            if row is None:
                yield number, variant
            else:
                take_row(number, row, False)

    with open_executor(scheduler, jobs) as (executor, timing.workers):
        sizes = BatchSizer()
        batches = sizes.split_into_batches(find_missing())
        for batch, result in trace_all(executor, timing.workers, settings, batches):
            sizes.adapt_to(result)
            timing.add_batch(result)
            for (number, variant), timed_row in zip(batch, result.rows, strict=True):
                row = {name: v for name, v in timed_row.items() if name != "steps"}
                journal.add(variant.unique_key, row)
                take_row(number, row, True)
    timing.wall_seconds = perf_counter() - start
    return rows, timing


def trace_all(
    executor: Executor, workers: int, settings: Settings, batches: Iterator[Batch]
) -> Iterator[tuple[Batch, BatchResult]]:
    """Give the results of batches as they come, two batches a worker on their way."""
    pending: dict[Future[BatchResult], Batch] = {}
    try:
        while True:
            for batch in islice(batches, 2 * workers - len(pending)):
                variants = [
                    (variant.spec, variant.input, variant.batch) for _, variant in batch
                ]
                pending[executor.submit(trace_batch, settings, variants)] = batch
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future.result()
    finally:
        for future in pending:
            future.cancel()


@contextmanager
def open_executor(
    scheduler: str | None, jobs: int | None
) -> Iterator[tuple[Executor, int]]:
    """Give an executor that traces batches, and how many workers it has.

    Raises:
        ResvizError: if Dask is not there, or the scheduler is not.
    """
    if scheduler is None:
        workers = count_cores() if jobs is None or jobs < 0 else jobs
        WORKERS.open()
        threads = ThreadPoolExecutor(workers)
        try:
            yield threads, workers
        finally:
            WORKERS.close()  # so that no thread waits for one
            threads.shutdown(cancel_futures=True)
        return
    client = connect_to_cluster(scheduler)
    try:
        yield client.get_executor(pure=False), sum(client.ncores().values())
    finally:
        client.run(restart_workers)
        client.close()


def count_cores() -> int:
    """Return how many cores this process may use, also in a container."""
    cores = os.cpu_count() or 1
    with suppress(AttributeError):  # Linux alone
        cores = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        cores = min(cores, -(-int(quota) // int(period)))
    return max(cores, 1)


def connect_to_cluster(scheduler: str) -> Any:
    """Connect to a Dask scheduler.

    Raises:
        ResvizError: if Dask is not there, or the scheduler is not.
    """
    distributed = import_extra("distributed", "dask")
    try:
        client = distributed.Client(scheduler, timeout=5, set_as_default=False)
        client.wait_for_workers(1, timeout=30)
    except (OSError, ValueError, TimeoutError) as error:
        raise ResvizError(
            f"scheduler {scheduler}: does not answer, {first_error_line(error)}: want "
            "the address that `dask scheduler` prints, and a `dask worker` there"
        ) from error
    return client


def restart_workers() -> None:
    """End the worker processes that a worker of Dask watches."""
    WORKERS.close()
    WORKERS.open()
