"""Drawing DOT with Graphviz: in process by pygraphviz, else by `dot` on PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from resviz.errors import RenderError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 60
"""Seconds that `dot` may take; placed graphs take well under one."""

HARMLESS = re.compile(
    rb"(?m)^(Fontconfig (warning|error)|.*too small for (label|content)"
    rb"|in label of node).*\n?"
)
"""What Graphviz and its libraries say about fonts on a sound machine."""

MISSING = (
    "Graphviz was not found: pip install pygraphviz, or install Graphviz so that "
    "'dot' is on PATH; .svg and .dot need neither"
)

descriptor = threading.Lock()


def draw(source: str, kind: str) -> bytes:
    """DOT text drawn as `kind`, "png" or "pdf".

    Raises:
        RenderError: if there is no Graphviz, or it fails.
    """
    for engine in ENGINES:
        drawn = engine(source, kind)
        if drawn:
            return drawn
    raise RenderError(MISSING)


def in_process(source: str, kind: str) -> bytes | None:
    """Drawn by pygraphviz; None if it is not installed or cannot write `kind`.

    It has no time limit: positions are given, so the work is linear.
    """
    try:
        import pygraphviz
    except ImportError:
        return None
    with without_font_warnings(), suppress(ValueError, OSError):
        graph = pygraphviz.AGraph(string=source)
        graph.has_layout = True
        return graph.draw(format=kind)
    return None


def by_program(source: str, kind: str) -> bytes | None:
    """Drawn by `dot`; None if it is not on PATH.

    Raises:
        RenderError: if it fails or takes longer than `LIMIT`.
    """
    program = shutil.which("dot")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; data goes to stdin
            [program, f"-T{kind}"],
            input=source.encode(),
            capture_output=True,
            timeout=LIMIT,
            check=False,
            env=os.environ | {"SOURCE_DATE_EPOCH": "0"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RenderError(f"dot: {error}; write .svg or .dot instead") from error
    if done.returncode or not done.stdout:
        said = HARMLESS.sub(b"", done.stderr).decode(errors="replace").strip()
        raise RenderError(f"dot: {said or f'exit status {done.returncode}'}")
    return done.stdout


ENGINES: tuple[Callable[[str, str], bytes | None], ...] = (in_process, by_program)
"""Tried in this order."""


@contextmanager
def without_font_warnings() -> Iterator[None]:
    """Hold back what C libraries write to stderr, and pass on all but `HARMLESS`."""
    with descriptor, tempfile.TemporaryFile() as held:
        try:
            stderr = os.dup(2)
        except OSError:  # closed, as under pythonw
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            held.seek(0)
            os.write(stderr, HARMLESS.sub(b"", held.read()))
            os.close(stderr)
