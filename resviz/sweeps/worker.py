"""The process that traces: it reads variants from its input and answers with rows.

It is one of its own, so that a variant that crashes, hangs or eats all memory takes no
one else with it. `faulthandler` ends it when a variant takes too long: its alarm runs
in C beside the interpreter, so it stops a loop in C that never lets go of that, too.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from io import BufferedWriter

    from resviz.sweeps.rows import VariantTracer

PATIENCE = 600
"""Seconds after which a cell that is asked nothing goes home."""

TIDY = 50
"""Rows after which memory is tidied."""


def main() -> None:
    """Answer until there is nothing more to read."""
    # What a model prints must not end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    settings = json.loads(sys.stdin.buffer.readline())
    rows = ready(settings)
    tell(answers, "ready")
    done = 0
    while True:
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        line = sys.stdin.buffer.readline()
        if not line:
            break
        for text, own, batch in json.loads(line):
            alarm(settings["timeout"])
            row = rows.make_row((text, own, batch))
            faulthandler.cancel_dump_traceback_later()
            done += 1
            if done % TIDY == 0:
                gc.collect()
            tell(answers, row)


def ready(settings: dict[str, Any]) -> VariantTracer:
    """Load what tracing needs, and trace once, so that no variant pays for it."""
    from resviz.sweeps.rows import VariantTracer

    VariantTracer({}).make_row(("resnet(10)", None, None))
    gc.collect()
    # Torch is a million objects that live for ever; the collector need not visit them.
    gc.freeze()
    gc.disable()
    if settings["memory"]:
        limit(settings["memory"])
    with suppress(OSError):  # where memory ends, Linux ends this process first
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    return VariantTracer(settings["tracing"])


def alarm(seconds: float | None) -> None:
    """End this process after so many seconds."""
    if seconds is None:
        faulthandler.cancel_dump_traceback_later()
    else:
        faulthandler.dump_traceback_later(seconds, exit=True)


def limit(size: int) -> None:
    """Let this process have so many bytes more than it has, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    held = 0
    with suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        held = int(pages) * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (held + size, most))


def tell(answers: BufferedWriter, what: object) -> None:
    """Write one answer."""
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # whoever asked is gone
        os._exit(0)
