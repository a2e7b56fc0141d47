"""What an agent may have: the records of SPECs, as far as the owner allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.embed.permissions import AllowList, folder_permissions
from resviz.embed.record_cache import RECORDS_IN_MEMORY, RecordCache
from resviz.errors import RecordError, SpecError
from resviz.files import check_suffix, compress_for_path, write_atomically
from resviz.record.storage import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.record import Architecture

KEPT_RECORDS = 32
"""So many records stay in memory, of which one has some megabytes."""


class AgentSession:
    """What one agent may read, run and write: as a document, in the working folder.

    Records inside its repository, names and literal options are data. What runs code,
    imports or fetches wants a pattern of the owner's, who starts the server: what is
    written to files later allows nothing.

    Args:
        allow: the owner's patterns.

    Raises:
        SpecError: if `pyproject.toml` there cannot be read.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        here = Path.cwd()
        remedy = "start the server with --allow {}"
        allowed = AllowList(here, tuple(allow), remedy)
        self.permissions = replace(
            folder_permissions(here, allowed), reader="an agent", home="the server"
        )
        self.cache = RecordCache(permissions=self.permissions)

    def find_record(self, spec: str, tracing: dict[str, Any]) -> Architecture:
        """Return the record of a SPEC.

        Raises:
            ResvizError: as `resviz.trace`; SpecError for what is not allowed.
        """
        return self.cache.load_or_trace(spec, tracing)

    def forget_oldest(self) -> None:
        """Forget the oldest records, so that a server of days holds few."""
        while len(RECORDS_IN_MEMORY) > KEPT_RECORDS:
            del RECORDS_IN_MEMORY[next(iter(RECORDS_IN_MEMORY))]

    def store_record(self, arch: Architecture, output: str) -> Path:
        """Write a record to a file in the repository, and return its path.

        Raises:
            SpecError: if it lies elsewhere, or another file than a record is there.
            RenderError: for another suffix, or if it cannot be written.
        """
        check_suffix(output, "a record", (".json", ".json.gz"), strict=True)
        path = self.permissions.find(output, Path)
        if path.exists():
            try:
                load(path)
            except RecordError as error:
                raise SpecError(
                    f"{output!r} is there and no record, want another name"
                ) from error
        write_atomically(path, compress_for_path(output, arch.to_json() + b"\n"))
        return path
