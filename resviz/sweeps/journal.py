"""Rows on disk as they come, so that a run that was cut off can go on.

One line of JSON a row, written beside the output, each handed to the system at once: a
kill costs nothing that a line says. A last line that was torn is dropped.
"""

from __future__ import annotations

import json
from contextlib import suppress
from os import fstat
from os.path import samestat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from resviz import __version__
from resviz.errors import RecordError, RenderError, SpecError, first_error_line
from resviz.sweeps.supervisor import limited

if TYPE_CHECKING:
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.supervisor import Settings

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
        self.rows: dict[Key, SweepRow] = {}
        head = {"resviz": __version__, **settings._asdict()}
        del head["folder"]
        self.own: dict[str, Any] = json.loads(json.dumps(head))
        self.file = None
        if path is not None:
            self.open(path, resume=resume)

    def open(self, path: Path, *, resume: bool) -> None:
        """Take the rows that a file has, and hold it for those to come.

        Raises:
            ResvizError: as the class says.
        """
        self.file = held_alone(path)
        try:
            if not resume:
                check_empty(path)
            kept = read(path)
            head = self.take(kept) if kept else {}
            self.file.truncate(len(kept))
        except BaseException:
            self.file.close()
            raise
        if head != self.own:
            self.write(self.own)

    def take(self, kept: bytes) -> dict[str, Any]:
        """Take the rows of an earlier run, and give the last settings of that.

        Where limits were changed a line says so, and what met the old ones is no row.

        Raises:
            SpecError: if it was kept with other settings.
            RecordError: if it is no journal.
        """
        head: dict[str, Any] = {}
        try:
            for line in map(json.loads, kept.splitlines()):
                if isinstance(line, dict):
                    self.limit(head, line)
                    head = line
                else:
                    (text, own, batch), row = line
                    self.rows[text, own, batch] = row
        except (ValueError, TypeError) as error:
            raise RecordError(
                f"{self.path}: is no journal of a sweep, {first_error_line(error)}: "
                "delete it"
            ) from error
        unlike = [name for name in self.own if head.get(name) != self.own[name]]
        if not LIMITS.issuperset(unlike):
            raise SpecError(
                f"{self.path}: was kept with {said(head, unlike)}, and now it is "
                f"{said(self.own, unlike)}: give the same, or delete it"
            )
        self.limit(head, self.own)
        return head

    def limit(self, before: dict[str, Any], now: dict[str, Any]) -> None:
        """Leave out the rows that met the limits of before, if there are others now."""
        if any(before.get(name) != now.get(name) for name in LIMITS):
            self.rows = {key: r for key, r in self.rows.items() if not limited(r)}

    def add(self, key: Key, row: SweepRow) -> None:
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
        if self.file is None or self.path is None:
            return
        try:  # as long as it is ours
            self.path.unlink(missing_ok=True)
        except PermissionError:  # Windows deletes no open file
            self.file.close()
            self.path.unlink(missing_ok=True)
        self.file.close()

    def close(self) -> None:
        """Let go of the file; one without rows is deleted, for nothing can go on."""
        if not self.rows:
            self.drop()
        elif self.file is not None:
            self.file.close()


def held_alone(path: Path) -> IO[bytes]:
    """A file that is nobody else's until it is closed; new if there is none.

    Raises:
        SpecError: if another sweep holds it.
        RenderError: if it cannot be written.
    """
    while True:
        try:
            file = path.open("a+b")
        except OSError as error:
            raise RenderError(f"{path}: cannot be written, {error.strerror}") from error
        if not locked(file):
            file.close()
            raise SpecError(
                f"{path}: another sweep is writing it: wait for its end, or give "
                "another output"
            )
        with suppress(FileNotFoundError):
            if samestat(fstat(file.fileno()), path.stat()):
                return file
        file.close()  # its sweep has ended since, and dropped it


def check_empty(path: Path) -> None:
    """Check that a journal has no rows.

    Raises:
        SpecError: if it has some.
    """
    if path.stat().st_size:
        raise SpecError(
            f"{path}: holds the rows of a run that was cut off: --resume goes on, or "
            "delete it"
        )


def locked(file: IO[bytes]) -> bool:
    """Whether nobody else has locked a file, which is locked now.

    Windows, and some disks in a network, know no such locks; there nobody has.
    """
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        pass
    return True


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
