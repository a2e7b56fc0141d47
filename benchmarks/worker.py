"""One process that does one task: `python -m benchmarks.worker 'TASK WORDS…'`.

It is a pyperf script and takes all of pyperf's options, as `--profile FILE`.
"""

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
    """Set the task up and measure its works one after another."""
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
    clock = read_processor_time if options.processor_time else time.perf_counter
    most = options.values, options.warmups
    warnings.simplefilter("ignore")  # the peers' own, of torch's newer versions
    try:
        for work_name, work in set_up_works(*options.task.split()).items():
            options.values = min(most[0], work.values)
            options.warmups = min(most[1], work.values // 2)
            name = f"{options.task}: {work_name}" if work_name else options.task
            facts = {"unit": work.unit, **work.facts}
            runner.bench_time_func(name, repeat_work, work, clock, metadata=facts)
    except ModuleNotFoundError as error:
        if error.name.startswith("resviz"):
            raise
        print(error, file=sys.stderr)
        sys.exit(MISSING)


def set_up_works(name, *words):
    """Return the works of a task by name; a single one has none."""
    if not hasattr(tasks, name):
        print(f"there is no task {name!r}", file=sys.stderr)
        sys.exit(MISSING)
    works = getattr(tasks, name)(*words)
    return works if isinstance(works, dict) else {"": works}


def repeat_work(loops, work, clock):
    """Return the sum of what so many calls of a work measured."""
    return sum(work.measure(work, clock) for _ in range(loops))


def read_processor_time():
    """Return the processor's seconds of this process and of those it started."""
    import resource

    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    main()
