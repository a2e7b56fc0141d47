"""Rows on disk as they come, so that a run that was cut off can go on.

One line of JSON a row, written beside the output, each handed to the system at once: a
kill costs nothing that a line says. A last line that was torn is dropped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from resviz import __version__
from resviz.errors import RecordError, RenderError, SpecError, first_line

if TYPE_CHECKING:
    from types import TracebackType

    from resviz.sweeps.rows import Row
    from resviz.sweeps.work import Settings

    Key = tuple[str, str, int | None]

SUFFIX = ".journal"
"""What the journal of an output is called."""


def beside(output: str | Path) -> Path:
    """The journal of an output."""
    return Path(f"{output}{SUFFIX}")


class Journal:
    """Rows by the key of their configuration; those of before, and those to come.

    Args:
        path: of the file; None to keep nothing.
        settings: what holds for all rows; rows of other settings are not taken.
        resume: go on with a journal that is there.

    Raises:
        SpecError: if one is there and not to be resumed, or was kept with other
            settings or by another resviz.
        RecordError: if the file is no journal.
        RenderError: if it cannot be written.
    """

    def __init__(self, path: Path | None, settings: Settings, *, resume: bool) -> None:
        self.path = path
        self.rows: dict[Key, Row] = {}
        self.head = {"resviz": __version__, **settings._asdict()}
        del self.head["folder"]
        if path is None:
            self.file = None
            return
        if path.exists() and not resume:
            raise SpecError(
                f"{path}: holds the rows of a run that was cut off: --resume goes on, "
                "or delete it"
            )
        kept = read(path) if path.exists() else b""
        if kept:
            self.take(kept)
        try:
            self.file = path.open("r+b" if kept else "wb")
            self.file.truncate(len(kept))
            self.file.seek(len(kept))
        except OSError as error:
            raise RenderError(f"{path}: cannot be written, {error.strerror}") from error
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
        if not isinstance(head, dict) or head != own:
            held = head if isinstance(head, dict) else {}
            unlike = [name for name in own if held.get(name) != own[name]]
            raise SpecError(
                f"{self.path}: was kept with {said(held, unlike)}, and now it is "
                f"{said(own, unlike)}: give the same, or delete it"
            )

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
