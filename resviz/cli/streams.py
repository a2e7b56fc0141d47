"""Standard streams that cannot be read or written: closed ones, and full ones."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def open_closed_streams() -> None:
    """Put something in place of each standard stream that the caller has closed.

    What is read from it is empty, and messages are dropped; a result that is written to
    it fails as one on a full disk does, since nobody would get it.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def drop_unwritten() -> None:
    """Drop what a stream could not take, so that Python does not write it again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_of_a_stream(error: OSError) -> bool:
    """Tell whether an error is that of a stream, and not of a file with a name."""
    return error.filename is None and error.errno is not None
