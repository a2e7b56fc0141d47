"""Rows on disk as they come, so that a run that was cut off can go on.

They stand in an SQLite database beside the output. Its write-ahead log keeps each row
that was added, whenever the process is killed, and its exclusive lock keeps a second
sweep out.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import __version__
from resviz.errors import RecordError, RenderError, ResvizError, SpecError
from resviz.sweeps.supervisor import met_limit

if TYPE_CHECKING:
    from resviz.sweeps.rows import SweepRow
    from resviz.sweeps.supervisor import Settings

    Key = tuple[str, str, int | None]

LIMITS = frozenset({"timeout", "memory"})
"""Settings that say nothing of a row which met none of them."""

SUFFIX = ".journal"
"""What the journal of an output is called."""

APPLICATION_ID = 0x7265_7376
"""What tells a journal from other databases: `resv`."""

SCHEMA = f"""
BEGIN;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE rows (key TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
COMMIT;
"""
"""Names, keys and values are JSON."""


def journal_path(output: str | Path) -> Path:
    """Return the path of the journal of an output."""
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
        self.database: sqlite3.Connection | None = None
        if path is None:
            return
        own = {"resviz": __version__, **settings._asdict()}
        for name in ("folder", "draws"):
            del own[name]
        try:
            self.database = sqlite3.connect(path, timeout=0, check_same_thread=False)
            _lock_database(self.database, path)
            self._take_rows(path, json.loads(json.dumps(own)), resume=resume)
        except sqlite3.Error as error:
            self._disconnect()
            raise _describe_error(path, error) from error
        except BaseException:
            self._disconnect()
            raise

    def _take_rows(self, path: Path, own: dict[str, Any], *, resume: bool) -> None:
        """Take the rows of an earlier run, but those that met other limits.

        Raises:
            SpecError: if they are not to be resumed, or were kept with other settings.
        """
        database = self.database
        assert database
        kept = dict(_read_table(database, "settings"))
        rows = {tuple(key): row for key, row in _read_table(database, "rows")}
        if rows and not resume:
            raise SpecError(
                f"{path}: holds the rows of a run that was cut off: --resume goes on, "
                "or delete it"
            )
        differing = [name for name in own if kept.get(name) != own[name]]
        if rows and not LIMITS.issuperset(differing):
            raise SpecError(
                f"{path}: was kept with {_list_settings(kept, differing)}, and now it "
                f"is {_list_settings(own, differing)}: give the same, or delete it"
            )
        retried = [key for key, row in rows.items() if differing and met_limit(row)]
        self.rows = {key: row for key, row in rows.items() if key not in retried}
        with database:
            database.executemany(
                "DELETE FROM rows WHERE key = ?",
                [(json.dumps(key),) for key in retried],
            )
            database.executemany(
                "REPLACE INTO settings VALUES (?, ?)", map(_to_json, own.items())
            )
        database.isolation_level = None

    def add(self, key: Key, row: SweepRow) -> None:
        """Keep one row.

        Raises:
            RenderError: if the disk is full.
        """
        self.rows[key] = row
        if self.database is None or self.path is None:
            return
        try:
            values = _to_json((key, row))
            self.database.execute("REPLACE INTO rows VALUES (?, ?)", values)
        except sqlite3.Error as error:
            raise _describe_error(self.path, error) from error

    def drop(self) -> None:
        """Delete the file: the table is written, and holds all of it."""
        if self._disconnect() and self.path is not None:
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file; one without rows is deleted, for nothing can go on."""
        if self.rows:
            self._disconnect()
        else:
            self.drop()

    def _disconnect(self) -> bool:
        """Close the database; return whether it was open."""
        database, self.database = self.database, None
        if database is not None:
            database.close()
        return database is not None


def _lock_database(database: sqlite3.Connection, path: Path) -> None:
    """Make a database a journal if it is new, and nobody else's until it is closed.

    Raises:
        RecordError: if it is another database.
    """
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        database.executescript(SCHEMA)
    if database.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise RecordError(f"{path}: is no journal of a sweep: delete it")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("BEGIN IMMEDIATE")
    database.commit()


def _read_table(database: sqlite3.Connection, table: str) -> list[tuple[Any, Any]]:
    """Return the pairs of a table, in the order in which they were added."""
    pairs = database.execute(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608 - of ours
    return [(json.loads(key), json.loads(value)) for key, value in pairs]


def _to_json(pair: tuple[Any, Any]) -> tuple[str, str]:
    """Return a key and a value as a table keeps them."""
    key, value = pair
    return json.dumps(key), json.dumps(value)


def _list_settings(settings: dict[str, Any], names: list[str]) -> str:
    """Return some settings, in words."""
    return ", ".join(f"{name} {settings.get(name)!r}" for name in names)


def _describe_error(path: Path, error: sqlite3.Error) -> ResvizError:
    """Return what an error of SQLite means for the journal."""
    if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return SpecError(
            f"{path}: another sweep is writing it: wait for its end, or give another "
            "output"
        )
    if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return RecordError(
            f"{path}: is no journal of a sweep by this resviz, {error}: delete it"
        )
    return RenderError(f"{path}: cannot be written, {error}")
