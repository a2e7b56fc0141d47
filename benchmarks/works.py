"""A work is what a worker measures; it knows how it is measured."""

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def measure_time(work, clock):
    """Return the seconds of one call.

    The garbage collector is on, as users have it. What the call before left is
    collected first, and what lives, as torch itself, is frozen: walking through it
    would leave the processor's caches cold.
    """
    gc.collect()
    gc.freeze()
    arguments = work.prepare()
    gc.collect()
    start = clock()
    result = work.call(*arguments)
    seconds = clock() - start
    del result
    return seconds


def measure_peak(work, _):
    """Return the most bytes that Python held on top while at work."""
    arguments = work.prepare()
    gc.collect()
    tracemalloc.start()
    try:
        result = work.call(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak


def take_result(work, _):
    """Return what the call returns, a figure by itself."""
    return work.call(*work.prepare())


@dataclass(frozen=True)
class Work:
    """What is measured.

    Attributes:
        call: what is called.
        prepare: makes the arguments anew for each call, and is not measured.
        measure: what is measured of a call.
        unit: of that, as pyperf calls it.
        values: how often, in a process; after half as many calls to warm up.
        facts: what is kept with the figures.
    """

    call: Callable[..., Any]
    prepare: Callable[[], tuple] = tuple
    measure: Callable = measure_time
    unit: str = "second"
    values: int = 5
    facts: dict[str, str | int] = field(default_factory=dict)
