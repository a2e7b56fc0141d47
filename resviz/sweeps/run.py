"""A whole sweep: variants are given out in batches, rows come back in any order.

Batches go through joblib: threads on this machine, each watching a cell of its own, or
the workers of a Dask cluster. The table is in the order of the space, whatever came
when.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from resviz.errors import ResvizError, first_error_line
from resviz.sweeps.extras import import_extra
from resviz.sweeps.rows import TIMED_STEPS
from resviz.sweeps.supervisor import CELLS, Done, Settings, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from resviz.sweeps.journal import Journal
    from resviz.sweeps.rows import SweepRow, VariantArguments
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

    def add_batch(self, done: Done) -> None:
        """Count one batch."""
        self.variants += len(done.rows)
        self.busy_seconds += done.seconds
        self.start_seconds += done.start
        for row in done.rows:
            for step, spent in row.get("steps", {}).items():
                self.step_seconds[step] += spent

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers by name; seconds, the steps for each variant.

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

    def adapt_to(self, done: Done) -> None:
        """Aim at batches of `BATCH_SECONDS`."""
        rate = len(done.rows) / max(done.seconds, 1e-4)
        self.size = max(1, min(MAX_BATCH_VARIANTS, round(rate * BATCH_SECONDS)))

    def split_into_batches(self, todo: Iterator[Numbered]) -> Iterator[Batch]:
        """The variants in batches."""
        while batch := list(islice(todo, self.size)):
            yield batch


def trace_variants(
    variants: Iterator[Numbered],
    settings: Settings,
    journal: Journal,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    on_row: Callable[[SweepRow, bool], object],
) -> tuple[dict[int, SweepRow], SweepTiming]:
    """The rows of all variants by number, and what they cost.

    Args:
        variants: variants and their numbers.
        settings: what holds for all of them.
        journal: keeps rows, and may have some.
        jobs: workers on this machine; -1 for one a core.
        scheduler: address of a Dask scheduler.
        on_row: called with each row as it comes, and whether it was made just now.

    Raises:
        ResvizError: if joblib or Dask is not there, or the cluster fails.
    """
    rows: dict[int, SweepRow] = {}
    timing = SweepTiming()
    began = perf_counter()

    def find_missing() -> Iterator[Numbered]:
        for number, variant in variants:
            kept = journal.rows.get(variant.unique_key)
            if kept is None:
                yield number, variant
            else:
                rows[number] = kept
                on_row(kept, False)

    with open_workers(scheduler, jobs) as (parallel, delayed, timing.workers):
        sizes = BatchSizer()
        delayed_batches = (
            delayed(trace_batch)(settings, batch)
            for batch in sizes.split_into_batches(find_missing())
        )
        for batch, done in parallel(delayed_batches):
            sizes.adapt_to(done)
            timing.add_batch(done)
            for (number, variant), row in zip(batch, done.rows, strict=True):
                kept = {name: value for name, value in row.items() if name != "steps"}
                journal.add(variant.unique_key, kept)
                rows[number] = kept
                on_row(kept, True)
    timing.wall_seconds = perf_counter() - began
    return rows, timing


def trace_batch(settings: Settings, batch: Batch) -> tuple[Batch, Done]:
    """What a worker does: a batch, and its rows."""
    variants: Sequence[VariantArguments] = [
        (variant.spec, variant.input, variant.batch) for _, variant in batch
    ]
    return batch, work(settings, variants)


@contextmanager
def open_workers(scheduler: str | None, jobs: int) -> Iterator[tuple[Any, Any, int]]:
    """A joblib that gives out batches, how a call is put down for it, and to how many.

    On this machine its workers are threads: each only waits for a cell.

    Raises:
        ResvizError: if joblib or Dask is not there, or the scheduler is not.
    """
    joblib = import_extra("joblib")
    options = {"batch_size": 1, "return_as": "generator_unordered"}
    if scheduler is None:
        CELLS.open()
        parallel = joblib.Parallel(n_jobs=jobs, prefer="threads", **options)
        try:
            yield parallel, joblib.delayed, joblib.effective_n_jobs(jobs)
        finally:
            CELLS.close()
        return
    client = connect_to_cluster(scheduler)
    try:
        with joblib.parallel_config("dask", client=client):
            parallel = joblib.Parallel(n_jobs=-1, **options)
            yield parallel, joblib.delayed, sum(client.ncores().values())
    finally:
        client.run(restart_workers)
        client.close()


def connect_to_cluster(scheduler: str) -> Any:
    """A client of a Dask scheduler.

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
    """End the cells of a worker."""
    CELLS.close()
    CELLS.open()
