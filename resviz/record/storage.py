"""Reading a record from its file, and the schema that such a file obeys."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, cast

import msgspec

from resviz.calls import knows_keywords
from resviz.errors import RecordError, first_error_line, name_file_error
from resviz.record import FORMAT, VERSION, Architecture
from resviz.record.invariants import check_file

json_decoder = msgspec.json.Decoder(Architecture)


LARGEST_RECORD = 1 << 28
"""Bytes of a record's text, unpacked: that of some hundred thousand layers."""


@knows_keywords
def load(path: str | Path) -> Architecture:
    """Read a record that `Architecture.save` wrote.

    Raises:
        RecordError: if the file cannot be read, is no record, or breaks an invariant;
            the message says where.
    """
    try:
        check_record_size(Path(path).stat().st_size, str(path))
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{str(path)!r}: cannot be read, {name_file_error(error)}; a record is "
            "written by resviz trace SPEC -o name.json"
        ) from error
    return parse_record(decompress_record(data, str(path)), where=str(path))


def decompress_record(data: bytes, where: str) -> bytes:
    """Return the JSON text of a file that may be compressed by gzip.

    Raises:
        RecordError: if it is, and is damaged, or unpacks to more than any record.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    import gzip
    import zlib
    from io import BytesIO

    try:
        text = gzip.GzipFile(fileobj=BytesIO(data)).read(LARGEST_RECORD + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordError(f"{where}: damaged, {first_error_line(error)}") from error
    check_record_size(len(text), where)
    return text


def check_record_size(count: int, where: str) -> None:
    """Refuse text that is too long for a record.

    Raises:
        RecordError: if it is.
    """
    if count > LARGEST_RECORD:
        raise RecordError(
            f"{where}: more than {LARGEST_RECORD >> 20} MiB of text, which no record "
            "has"
        )


def parse_record(data: bytes, *, where: str = "record") -> Architecture:
    """Read a record from its JSON text.

    Raises:
        RecordError: if the text is no record or breaks an invariant.
    """
    try:
        arch = json_decoder.decode(data)
    except msgspec.ValidationError as error:
        raise RecordError(
            f"{where}: {explain_foreign_record(data) or error}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"{where}: not JSON, {error}") from error
    try:
        check_file(arch)
    except ValueError as error:
        raise RecordError(f"{where}: {error}") from error
    return arch


def explain_foreign_record(data: bytes) -> str | None:
    """Explain why JSON text is no record of this version; None if it is one."""
    try:
        head: object = msgspec.json.decode(data)
    except RecursionError:
        return "not JSON that a person or program wrote, it nests too deeply"
    fields = cast("dict[str, object]", head) if isinstance(head, dict) else {}
    if fields.get("format") != FORMAT:
        return (
            f"not a resviz record, want an object with format {FORMAT!r}, as "
            "resviz trace SPEC -o r.json writes it"
        )
    if fields.get("version") != VERSION:
        return (
            f"record version {fields.get('version')!r}, this resviz reads {VERSION}: "
            "trace the model again, or install the resviz that wrote it"
        )
    return None


def make_record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record, as published in docs/.

    It is the same with every release of msgspec.
    """
    return stable_schema(msgspec.json.schema(Architecture))


def stable_schema(node: Any) -> Any:
    """Return a JSON Schema without what differs between releases of msgspec.

    Some keep the indentation of docstrings, some remove it, as Python 3.13 does;
    the order of alternatives changed, too. Descriptions are dedented here, and
    alternatives put in order, null last.
    """
    if isinstance(node, list):
        return [stable_schema(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    fields = cast("dict[str, Any]", node)
    stable = {key: stable_schema(value) for key, value in fields.items()}
    if isinstance(stable.get("description"), str):
        stable["description"] = inspect.cleandoc(stable["description"])
    if isinstance(stable.get("anyOf"), list):
        stable["anyOf"] = sorted(
            stable["anyOf"],
            key=lambda item: (item == {"type": "null"}, json.dumps(item)),
        )
    return stable
