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

from resviz.errors import ResvizError, first_line
from resviz.sweeps.extras import needed
from resviz.sweeps.rows import STEPS
from resviz.sweeps.work import CELLS, Done, Settings, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from resviz.sweeps.journal import Journal
    from resviz.sweeps.rows import Row, Variant
    from resviz.sweeps.space import Configuration

    Numbered = tuple[int, Configuration]
    Batch = list[Numbered]

MOMENT = 0.4
"""Seconds that a batch should take: little is lost at a kill, and little in transit."""

LARGEST = 64
"""Variants of a batch at most."""


@dataclass
class Costs:
    """Where the time of a sweep went.

    Attributes:
        variants: rows that were made, not taken from a journal.
        workers: that made them.
        wall: seconds from the first batch's start to the last one's end.
        steps: seconds of all workers together, by step.
        busy: seconds of all workers together, from a batch's arrival to its rows.
        start: seconds of all workers together until they were ready.
    """

    variants: int = 0
    workers: int = 0
    wall: float = 0.0
    steps: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))
    busy: float = 0.0
    start: float = 0.0

    def add(self, done: Done) -> None:
        """Count one batch."""
        self.variants += len(done.rows)
        self.busy += done.seconds
        self.start += done.start
        for row in done.rows:
            for step, spent in row.get("steps", {}).items():
                self.steps[step] += spent

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers by name; seconds, the steps for each variant.

        Transport is what a worker's time holds besides the three steps: pipes, JSON,
        the collector, and waiting for one another.
        """
        count = max(self.variants, 1)
        each = {step: spent / count for step, spent in self.steps.items()}
        each["transport"] = max(self.busy / count - sum(each.values()), 0.0)
        return {
            "variants": self.variants,
            "workers": self.workers,
            "seconds": self.wall,
            "start_seconds": self.start / max(self.workers, 1),
            "seconds_each": each,
        }


@dataclass
class Sizes:
    """How large a batch should be, by how long the last ones took."""

    size: int = 1

    def learn(self, done: Done) -> None:
        """Aim at batches of `MOMENT`."""
        rate = len(done.rows) / max(done.seconds, 1e-4)
        self.size = max(1, min(LARGEST, round(rate * MOMENT)))

    def batches(self, todo: Iterator[Numbered]) -> Iterator[Batch]:
        """The variants in batches."""
        while batch := list(islice(todo, self.size)):
            yield batch


def run(
    todo: Iterator[Numbered],
    settings: Settings,
    journal: Journal,
    *,
    jobs: int = -1,
    scheduler: str | None = None,
    told: Callable[[Row, bool], object],
) -> tuple[dict[int, Row], Costs]:
    """The rows of all variants by number, and what they cost.

    Args:
        todo: variants and their numbers.
        settings: what holds for all of them.
        journal: keeps rows, and may have some.
        jobs: workers on this machine; -1 for one a core.
        scheduler: address of a Dask scheduler.
        told: called with each row as it comes, and whether it was made just now.

    Raises:
        ResvizError: if joblib or Dask is not there, or the cluster fails.
    """
    rows: dict[int, Row] = {}
    costs = Costs()
    began = perf_counter()

    def missing() -> Iterator[Numbered]:
        for number, one in todo:
            kept = journal.rows.get(one.key)
            if kept is None:
                yield number, one
            else:
                rows[number] = kept
                told(kept, False)

    with workers(scheduler, jobs) as (parallel, delayed, costs.workers):
        sizes = Sizes()
        given = (
            delayed(attempt)(settings, batch) for batch in sizes.batches(missing())
        )
        for batch, done in parallel(given):
            sizes.learn(done)
            costs.add(done)
            for (number, one), row in zip(batch, done.rows, strict=True):
                kept = {name: value for name, value in row.items() if name != "steps"}
                journal.add(one.key, kept)
                rows[number] = kept
                told(kept, True)
    costs.wall = perf_counter() - began
    return rows, costs


def attempt(settings: Settings, batch: Batch) -> tuple[Batch, Done]:
    """What a worker does: a batch, and its rows."""
    variants: Sequence[Variant] = [(o.spec, o.input, o.batch) for _, o in batch]
    return batch, work(settings, variants)


@contextmanager
def workers(scheduler: str | None, jobs: int) -> Iterator[tuple[Any, Any, int]]:
    """A joblib that gives out batches, how a call is put down for it, and to how many.

    On this machine its workers are threads: each only waits for a cell.

    Raises:
        ResvizError: if joblib or Dask is not there, or the scheduler is not.
    """
    joblib = needed("joblib")
    options = {"batch_size": 1, "return_as": "generator_unordered"}
    if scheduler is None:
        CELLS.open()
        parallel = joblib.Parallel(n_jobs=jobs, prefer="threads", **options)
        try:
            yield parallel, joblib.delayed, joblib.effective_n_jobs(jobs)
        finally:
            CELLS.close()
        return
    client = cluster(scheduler)
    try:
        with joblib.parallel_config("dask", client=client):
            parallel = joblib.Parallel(n_jobs=-1, **options)
            yield parallel, joblib.delayed, sum(client.ncores().values())
    finally:
        client.run(go_home)
        client.close()


def cluster(scheduler: str) -> Any:
    """A client of a Dask scheduler.

    Raises:
        ResvizError: if Dask is not there, or the scheduler is not.
    """
    distributed = needed("distributed", "dask")
    try:
        client = distributed.Client(scheduler, timeout=5, set_as_default=False)
        client.wait_for_workers(1, timeout=30)
    except (OSError, ValueError, TimeoutError) as error:
        raise ResvizError(
            f"scheduler {scheduler}: does not answer, {first_line(error)}: want "
            "the address that `dask scheduler` prints, and a `dask worker` there"
        ) from error
    return client


def go_home() -> None:
    """End the cells of a worker."""
    CELLS.close()
    CELLS.open()
