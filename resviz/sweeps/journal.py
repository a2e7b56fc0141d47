"""Rows on disk as they come, so that a run that was cut off can go on.

One line of JSON a row, written beside the output, each handed to the system at once: a
kill costs nothing that a line says. A last line that was torn is dropped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from resviz import __version__
from resviz.errors import RecordError, RenderError, SpecError, first_line
from resviz.sweeps.work import limited

if TYPE_CHECKING:
    from types import TracebackType

    from resviz.sweeps.rows import Row
    from resviz.sweeps.work import Settings

    Key = tuple[str, str, int | None]

LIMITS = frozenset({"timeout", "memory"})
"""Settings that say nothing of a row which met none of them."""

SUFFIX = ".journal"
"""What the journal of an output is called."""


def beside(output: str | Path) -> Path:
    """The journal of an output."""
    return Path(f"{output}{SUFFIX}")


class Journal:
    """Rows by the key of their configuration; those of before, and those to come.

    Args:
        path: of the file; None to keep nothing.
        settings: what holds for all rows; rows of other settings are not taken, and
            of other limits all but those that met them.
        resume: go on with a journal that is there.

    Raises:
        SpecError: if one is there and not to be resumed, was kept with other
            settings or by another resviz, or is being written by another sweep.
        RecordError: if the file is no journal.
        RenderError: if it cannot be written.
    """

    def __init__(self, path: Path | None, settings: Settings, *, resume: bool) -> None:
        self.path = path
        self.rows: dict[Key, Row] = {}
        self.head = {"resviz": __version__, **settings._asdict()}
        del self.head["folder"]
        self.file = None
        if path is not None:
            self.open(path, resume=resume)

    def open(self, path: Path, *, resume: bool) -> None:
        """Take the rows that a file has, and hold it for those to come.

        Raises:
            ResvizError: as the class says.
        """
        cut_off = path.exists()
        try:
            self.file = path.open("a+b")
        except OSError as error:
            raise RenderError(f"{path}: cannot be written, {error.strerror}") from error
        try:
            claim(self.file, path, cut_off=cut_off and not resume)
            kept = read(path)
            if kept:
                self.take(kept)
            self.file.truncate(len(kept))
        except BaseException:
            self.file.close()
            raise
        if not kept:
            self.write(self.head)

    def take(self, kept: bytes) -> None:
        """Take the rows of an earlier run.

        Raises:
            SpecError: if it was kept with other settings.
            RecordError: if it is no journal.
        """
        first, *lines = kept.splitlines()
        try:
            head = json.loads(first)
            rows = [json.loads(line) for line in lines]
            self.rows = {(t, i, b): row for (t, i, b), row in rows}
        except (ValueError, TypeError) as error:
            raise RecordError(
                f"{self.path}: is no journal of a sweep, {first_line(error)}: delete it"
            ) from error
        own = json.loads(json.dumps(self.head))
        held = head if isinstance(head, dict) else {}
        unlike = [name for name in own if held.get(name) != own[name]]
        if not LIMITS.issuperset(unlike):
            raise SpecError(
                f"{self.path}: was kept with {said(held, unlike)}, and now it is "
                f"{said(own, unlike)}: give the same, or delete it"
            )
        if unlike:
            self.rows = {key: r for key, r in self.rows.items() if not limited(r)}

    def add(self, key: Key, row: Row) -> None:
        """Keep one row."""
        self.rows[key] = row
        self.write((key, row))

    def write(self, what: object) -> None:
        """Write a line.

        Raises:
            RenderError: if the disk is full.
        """
        if self.file is None:
            return
        try:
            self.file.write(json.dumps(what).encode() + b"\n")
            self.file.flush()
        except OSError as error:
            raise RenderError(
                f"{self.path}: cannot be written, {error.strerror}"
            ) from error

    def drop(self) -> None:
        """Delete the file: the table is written, and holds all of it."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.file is not None:
            self.file.close()
        if not self.rows:  # there is nothing to go on with
            self.drop()


def claim(file: IO[bytes], path: Path, *, cut_off: bool) -> None:
    """See to it that a journal is nobody else's until it is closed.

    Args:
        file: the journal.
        path: its path.
        cut_off: whether it has rows of a run that is not to go on.

    Raises:
        SpecError: if another sweep writes it, or it is `cut_off`.
    """
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SpecError(
            f"{path}: another sweep is writing it: wait for its end, or give another "
            "output"
        ) from None
    except (ImportError, OSError):  # Windows, and some disks in a network
        pass
    if cut_off:
        raise SpecError(
            f"{path}: holds the rows of a run that was cut off: --resume goes on, or "
            "delete it"
        )


def read(path: Path) -> bytes:
    """The whole lines of a file; what follows the last of them is torn.

    Raises:
        RenderError: if it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RenderError(f"{path}: cannot be read, {error.strerror}") from error
    return data[: data.rfind(b"\n") + 1]


def said(head: dict[str, Any], names: list[str]) -> str:
    """Some settings, in words."""
    return ", ".join(f"{name} {head.get(name)!r}" for name in names)
