"""One process that does one task: `python -m benchmarks.worker 'TASK WORDS…'`.

It is a pyperf script and takes all of pyperf's options, as `--profile FILE`.
"""

import gc
import sys
import time
import warnings
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import pyperf

from benchmarks import tasks

MISSING = 3
"""The exit status if there is no such task, or a package for it is not installed."""

PACKAGES = ("resviz", "torch", "torchinfo", "torchview", "fvcore", "torchlens")


def main():
    """Do the task; it hands on what is to be measured."""
    runner = pyperf.Runner(
        program_args=("-m", "benchmarks.worker"),
        add_cmdline_args=lambda command, options: command.append(options.task),
    )
    runner.argparser.add_argument("task")
    runner.argparser.add_argument("--processor-time", action="store_true")
    runner.argparser.set_defaults(values=5, warmups=2)
    options = runner.parse_args()
    for package in PACKAGES:
        with suppress(PackageNotFoundError):
            runner.metadata[f"{package}_version"] = version(package)
    name, *words = options.task.split()
    if not hasattr(tasks, name):
        sys.exit(report_missing(f"there is no task {name!r}"))
    warnings.simplefilter("ignore")  # the peers' own, of torch's newer versions
    try:
        getattr(tasks, name)(Bench(runner), *words)
    except ModuleNotFoundError as error:
        if error.name.startswith("resviz"):
            raise
        sys.exit(report_missing(error))


def report_missing(reason):
    """Say what there is not, and return the exit status for that."""
    print(reason, file=sys.stderr)
    return MISSING


class Bench:
    """What a task calls for each thing that is to be measured."""

    def __init__(self, runner):
        self.runner, self.options = runner, runner.parse_args()
        self.most = self.options.values, self.options.warmups
        timed = self.options.processor_time
        self.clock = read_processor_time if timed else time.perf_counter

    def __call__(self, call, prepare=tuple, name="", values=5, **facts):
        """Measure the seconds of some calls.

        Args:
            call: what is called.
            prepare: makes its arguments anew for each call, and is not measured.
            name: of this among others of the task.
            values: how often, in a process; after half as many calls to warm up.
            facts: what is kept with the figures.
        """
        self.keep(lambda: self.measure_time(call, prepare), name, values, **facts)

    def keep(self, measure, name="", values=1, **facts):
        """Keep what is measured, by whatever measures it; a unit is a fact."""
        self.options.values = min(self.most[0], values)
        self.options.warmups = min(self.most[1], values // 2)
        name = f"{self.options.task}: {name}" if name else self.options.task
        self.runner.bench_time_func(
            name, lambda loops: sum(measure() for _ in range(loops)), metadata=facts
        )

    def measure_time(self, call, prepare):
        """Return the seconds of one call.

        The garbage collector is on, as users have it. What the call before left is
        collected first, and what lives, as torch itself, is frozen: walking through it
        would leave the processor's caches cold.
        """
        gc.collect()
        gc.freeze()
        arguments = prepare()
        gc.collect()
        start = self.clock()
        result = call(*arguments)
        seconds = self.clock() - start
        del result
        return seconds


def read_processor_time():
    """Return the processor's seconds of this process and of those it started."""
    import resource

    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    main()
