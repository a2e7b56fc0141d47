"""Interrupt traces at moments of chance, and see what each leaves behind.

`python -m tests.tracing.interrupts 10000 7`: tries, and a seed.
"""

from __future__ import annotations

import random
import signal
import sys
import time

from torch import nn

import resviz

from .harm import Snapshot, changes


def list_works():
    """Calls to interrupt, each with the model that it is given, if any."""
    net = resviz.models.resnet(block="basic", layers=[1, 2, 1], base_channels=4)
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    return [
        (net, lambda: resviz.trace(net)),
        (None, lambda: resviz.trace("resnet18")),
        (small, lambda: resviz.trace(small, (3, 8, 8))),
        (small, lambda: resviz.trace(small, (3, 8, 8), mode="run")),
        (small, lambda: resviz.trace(small, (3, 8, 8), training=True)),
        (small, lambda: resviz.memory(small, input_size=(3, 8, 8))),
    ]


def interrupt(tries, seed):
    """Interrupt so many calls; return how many were, and what those changed."""
    numbers = random.Random(seed)
    works = list_works()
    times = [measure_seconds(work) for _, work in works]
    faults, count = [], 0
    befores = [Snapshot(model) for model, _ in works]
    for number in range(tries):
        place = numbers.randrange(len(works))
        model, work = works[place]
        outcome = interrupt_once(work, numbers.uniform(1e-5, 1.2 * times[place]))
        count += outcome is KeyboardInterrupt
        harm = changes(befores[place], Snapshot(model))
        if outcome not in (None, KeyboardInterrupt):
            harm.append(f"ends in {outcome.__name__}")
        if harm:
            faults.append(f"{number}, {place}: {', '.join(harm)}")
            befores = [Snapshot(other) for other, _ in works]
    return count, faults


def measure_seconds(work):
    """Seconds of one call, after it was made before."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interrupt_once(work, after):
    """Raise KeyboardInterrupt so many seconds after a call began; say how it ended."""

    def stop(*_):
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, stop)
    outcome = None
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, after)
            work()
            signal.setitimer(signal.ITIMER_REAL, 0)
        except BaseException as error:  # noqa: BLE001 - whatever it ends in is told
            outcome = type(error)
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:  # between the end of the call and that of the timer
        signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, handler)
    return outcome


if __name__ == "__main__":
    count, faults = interrupt(*map(int, sys.argv[1:3]))
    told = (f"{count:,} interrupted; {len(faults)} faults", *faults[:20], "")
    sys.stdout.write("\n".join(told))
    sys.exit(bool(faults))
