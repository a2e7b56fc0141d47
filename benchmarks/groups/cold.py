"""Whole processes, from a cold interpreter to its end, beside `import torch`."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.rows import Row, compared
from benchmarks.times import environment, processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.groups import Asked

PLACE = 3

BASE = ("-c", "import torch")

AGAINST = "import torch"

COMMANDS = {
    "cold/help": ("--help", 0.12),
    "cold/table": ("table", 1.15),
    "cold/summary": ("summary resnet50", 1.15),
    "cold/report": ("report resnet152 -o r.html", 1.6),
}
"""Arguments and target. Source: issue 5."""

STORED = 0.35
"""The target of any output from a stored record. Source: issue 5."""

TABLES = ("table", "summary", "layers", "costs", "receptive", "shortcuts", "memory")


def rows(asked: Asked) -> Iterator[Row]:
    """The commands one by one, then the slowest output from a stored record."""
    with TemporaryDirectory() as folder:
        commands = {key: c for key, c in COMMANDS.items() if asked.wants(key)}
        if commands:
            timed = {k: command(text, folder) for k, (text, _) in commands.items()}
            found = processes({"torch": BASE, **timed}, asked.rounds(11))
            for key, (text, limit) in commands.items():
                yield compared(
                    found[key],
                    found["torch"],
                    key=key,
                    work=f"resviz {text}".partition(" -o")[0],
                    against=AGAINST,
                    limit=limit,
                )
        if asked.wants("cold/stored"):
            yield stored(asked, folder)


def command(text: str, folder: str) -> tuple[str, ...]:
    """What stands behind `python`; files are written to a folder."""
    *words, last = text.split()
    if "." in last and words and words[-1] == "-o":
        last = str(Path(folder) / last)
    return ("-m", "resviz", *words, last)


def stored(asked: Asked, folder: str) -> Row:
    """The slowest of all outputs from a stored ResNet-152."""
    import resviz

    spec = "resnet18" if asked.quick else "resnet152"
    record = Path(folder) / "stored.json"
    resviz.trace(spec).save(record)
    texts = [text.replace("RECORD", str(record)) for text in outputs(quick=asked.quick)]
    named = {text: command(text, folder) for text in texts}
    found = processes({"torch": BASE, **named}, asked.rounds(5))
    base = found["torch"]
    ratios = {text: times.median / base.median for text, times in found.items()}
    del ratios["torch"]
    worst = max(ratios, key=ratios.__getitem__)
    short = {t.replace(str(record), "RECORD"): value for t, value in ratios.items()}
    waking = [text for text, words in named.items() if wakes_torch(words)]
    said = worst.replace(str(record), "").replace("  ", " ")
    return compared(
        found[worst],
        base,
        key="cold/stored",
        work=f"slowest of {len(ratios)} outputs of a stored {spec}",
        against=AGAINST,
        limit=STORED,
        note=f"{said}; torch imported by {len(waking)}",
        details={"ratios": short, "torch_imported_by": waking},
    )


def outputs(*, quick: bool) -> list[str]:
    """The arguments of every command, figure and format."""
    from resviz import figures, formats

    forms = [name for name in formats.tables() if name != "text"]
    every = [f"{table} RECORD" for table in TABLES]
    every += [
        f"{t} RECORD --format {f}" for t, f in product(("table", "layers"), forms)
    ]
    every += [f"diagram RECORD --figure {f} -o f.svg" for f in figures.FIGURES]
    every += [f"diagram RECORD -o f.{form}" for form in ("pdf", "png", "dot", "tex")]
    every += ["describe RECORD", "report RECORD -o r.html"]
    return every[::8] if quick else every


def wakes_torch(words: tuple[str, ...]) -> bool:
    """Whether a command imports torch, as the interpreter itself tells."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        capture_output=True,  # a PDF, too
        env=environment(),
        check=True,
    )
    return any(line.endswith(b"| torch") for line in done.stderr.splitlines())
