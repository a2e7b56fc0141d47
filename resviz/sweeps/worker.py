"""The worker process: it reads variants from its input and answers with rows.

A variant that crashes, hangs or takes all memory ends this process alone. An alarm of
`faulthandler` ends it when a variant takes too long: that runs in C beside the
interpreter, so it also stops a loop in C that never lets go of that.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import BufferedWriter

    from resviz.sweeps.rows import VariantTracer

IDLE_SECONDS = 600
"""Seconds without a batch after which the process ends."""

ROWS_BETWEEN_COLLECTIONS = 50
"""Rows after which memory is collected."""


def main() -> None:
    """Answer until there is nothing more to read."""
    # What a model prints must not end up among the answers.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    settings = json.loads(sys.stdin.buffer.readline())
    tracer = prepare_tracer(settings)
    write_answer(output, "ready")
    row_count = 0
    while True:
        faulthandler.dump_traceback_later(IDLE_SECONDS, exit=True)
        line = sys.stdin.buffer.readline()
        if not line:
            break
        for variant in json.loads(line):
            faulthandler.cancel_dump_traceback_later()
            if settings["timeout"] is not None:
                faulthandler.dump_traceback_later(settings["timeout"], exit=True)
            row = tracer.make_row(tuple(variant))
            faulthandler.cancel_dump_traceback_later()
            row_count += 1
            if row_count % ROWS_BETWEEN_COLLECTIONS == 0:
                gc.collect()
            write_answer(output, row)


def prepare_tracer(settings: dict[str, Any]) -> VariantTracer:
    """Load what tracing needs, and trace once, so that no variant pays for it."""
    from resviz.sweeps.rows import VariantTracer

    VariantTracer({}).make_row(("resnet(10)", None, None))
    gc.collect()
    # Torch is a million objects that live for ever; the collector need not visit them.
    gc.freeze()
    gc.disable()
    if settings["memory"]:
        limit_memory(settings["memory"])
    with suppress(OSError):  # where memory ends, Linux ends this process first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for module in settings["rule_modules"]:
        with suppress(Exception):  # without its rules, what they count is not counted
            import_module(module)
    tracing = {name: settings[name] for name in ("batch", "training", "mode", "method")}
    tracing["sizes"] = settings["inputs"]
    return VariantTracer(tracing, draws=settings["draws"])


def limit_memory(size: int) -> None:
    """Let this process have so many bytes more than it has, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = 0
    with suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        used = int(pages) * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        hard_limit = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (used + size, hard_limit))


def write_answer(output: BufferedWriter, answer: object) -> None:
    """Write one answer."""
    output.write(json.dumps(answer).encode() + b"\n")
    output.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the parent is gone
        os._exit(0)
