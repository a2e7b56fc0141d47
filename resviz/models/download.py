"""Fetching a file: whole or not at all, and checked against its name.

torch.hub's own has no timeout, and keeps a file that is cut short if its name has no
hash.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from http.client import HTTPException
from typing import TYPE_CHECKING, BinaryIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import click

from resviz.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_SECONDS = 30.0
"""Seconds without an answer after which a server counts as unreachable."""

CHUNK_BYTES = 1 << 20
"""Bytes read at a time."""

_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


def download_file(url: str, path: Path, *, progress: bool = True) -> None:
    """Download ``url`` to ``path``.

    The file grows beside ``path`` and moves there when it is whole and has the
    hash in its name, so a broken download leaves nothing behind.

    Args:
        url: where from, http or https.
        path: where to; its folder is made.
        progress: show how far it is on stderr, where that is a terminal.

    Raises:
        WeightsError: if the server cannot be reached, refuses, or breaks off, or
            the content does not have the hash in its name.
    """
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    file = _open_partial(part)
    label = path.name if progress and sys.stderr.isatty() else ""
    try:
        with file:
            _copy_body(url, file, label)
            file.flush()
            os.fsync(file.fileno())
        check_hash(part, path.name, origin=url)
        part.replace(path)
    except HTTPError as error:
        error.close()
        raise WeightsError(
            f"weights: {url} answered {error.code} {error.reason}: check the name,"
            " or give a local file"
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"weights: cannot fetch {url} ({reason}): check the network, or put the"
            f" file at {path}"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _copy_body(url: str, file: BinaryIO, label: str) -> None:
    """Write the bytes at ``url`` to a file, with a progress bar if it has a label."""
    request = Request(url, headers={"User-Agent": "resviz"})  # noqa: S310 - http, see weights.locate_weights
    with urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310 - the same
        total = int(response.headers.get("Content-Length") or 0)
        size = f", {total / 1e6:.1f} MB" if total else ""
        with click.progressbar(
            iter(lambda: response.read(CHUNK_BYTES), b""),
            length=-(-total // CHUNK_BYTES) or None,
            label=label + size,
            hidden=not label,
            file=sys.stderr,
        ) as chunks:
            file.writelines(chunks)
    if total and file.tell() != total:
        raise WeightsError(
            f"weights: {url} broke off after {file.tell()} of {total} bytes: try again"
        )


def _open_partial(path: Path) -> BinaryIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except OSError as error:
        raise WeightsError(
            f"weights: cannot write to {path.parent} ({error.strerror}): set"
            " TORCH_HOME to a folder that can be written"
        ) from error


def find_hash_in_name(name: str) -> str | None:
    """Return the start of a SHA-256 that a file's name ends in, if any."""
    match = _HASH_IN_NAME.search(name)
    return None if match is None or match[1].isdigit() else match[1]


def check_hash(path: Path, name: str | None = None, origin: str | None = None) -> None:
    """Compare a file's SHA-256 with the start of it in the file's name.

    Published files end in ``-`` and at least eight hexadecimal digits before the
    suffix. Digits without any letter are taken for a date, and not compared.

    Args:
        path: the file.
        name: the name with the hash, if it is not that of ``path``.
        origin: where the file is from, for the message.

    Raises:
        WeightsError: if they differ.
    """
    expected = find_hash_in_name(name or path.name)
    if expected is None:
        return
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(expected):
        got = digest[: len(expected)]
        remedy = "try again" if origin else "delete it and get it again"
        raise WeightsError(
            f"weights: {origin or path} is damaged: its SHA-256 begins with {got},"
            f" want {expected}: {remedy}"
        )
