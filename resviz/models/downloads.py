"""Fetching one file whole or not at all, from where it was asked for.

torch.hub's own download has no timeout, follows a redirect anywhere, and keeps a file
that is cut short if its name has no hash.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import time
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import click

from resviz.errors import WeightsError
from resviz.files import PART_NAME, make_part_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMEOUT_SECONDS = 30.0
"""Seconds without an answer after which a server counts as unreachable."""

MAX_SECONDS = 3600.0
"""Seconds that one download may take."""

MAX_BYTES = 8 << 30
"""Bytes that one file may have; the largest published one here has 0.5 GB."""

CHUNK_BYTES = 1 << 20
"""Bytes read at a time."""


def download_file(
    url: str,
    path: Path,
    check: Callable[[Path, bool], None],
    *,
    progress: bool = True,
) -> None:
    """Download ``url``, of http or https, to ``path``, whose folder is made.

    The file grows beside ``path`` and moves there when it is whole, so a broken
    download leaves nothing behind; what a killed one left goes with the next.

    Args:
        url: where the file is.
        path: where it is to be.
        check: raises a WeightsError for a file that is not the one wanted; is told
            where it is, and whether the server said how long it is.
        progress: show it on stderr, where that is a terminal.

    Raises:
        WeightsError: if the server cannot be reached, refuses, leads elsewhere, takes
            too long or breaks off, the file is too large, or `check` raises.
    """
    remove_old_parts(path.parent)
    part = make_part_path(path)
    file = open_part(part)
    label = path.name if progress and sys.stderr.isatty() else ""
    try:
        with file:
            is_announced = copy_body(url, file, label)
            file.flush()
            os.fsync(file.fileno())
        check(part, is_announced)
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


def remove_old_parts(folder: Path) -> None:
    """Remove what downloads left that were killed: no other is as old."""
    with suppress(OSError):
        for part in folder.iterdir():
            is_part = PART_NAME.fullmatch(part.name) and part.is_file()
            if is_part and time.time() - part.stat().st_mtime > MAX_SECONDS:
                part.unlink(missing_ok=True)


def open_part(path: Path) -> BinaryIO:
    """Open a new file for writing, its folder made if need be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except OSError as error:
        raise WeightsError(
            f"weights: cannot write to {path.parent} ({error.strerror}): set"
            " TORCH_HOME to a folder that can be written"
        ) from error


def copy_body(url: str, file: BinaryIO, label: str) -> bool:
    """Write the bytes at ``url`` to a file, with a progress bar if it has a label.

    Returns:
        Whether the server said how many there are.
    """
    request = Request(url, headers={"User-Agent": "resviz"})  # noqa: S310 - http, see weights.locate_weights
    opener = build_opener(CautiousRedirects)
    with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
        total = int(response.headers.get("Content-Length") or 0)
        check_size(url, total)
        size = f", {total / 1e6:.1f} MB" if total else ""
        with click.progressbar(
            read_chunks(url, response),
            length=-(-total // CHUNK_BYTES) or None,
            label=label + size,
            hidden=not label,
            file=sys.stderr,
        ) as chunks:
            file.writelines(chunks)
        is_chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    if total and file.tell() != total:
        raise WeightsError(
            f"weights: {url} broke off after {file.tell()} of {total} bytes: try again"
        )
    return bool(total) or is_chunked


def read_chunks(url: str, response: Any) -> Iterator[bytes]:
    """Read an answer in chunks, as long and as large as one may be."""
    end, total, chunk = time.monotonic() + MAX_SECONDS, 0, bytearray()
    while piece := response.read1(CHUNK_BYTES):  # what is there: a clock is looked at
        total += len(piece)
        check_size(url, total)
        if time.monotonic() > end:
            raise WeightsError(
                f"weights: {url} took more than {MAX_SECONDS:.0f} s, for {total} bytes"
                " so far: fetch it by other means, and give the file"
            )
        chunk += piece
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def check_size(url: str, size: int) -> None:
    """Refuse a file that is too large.

    Raises:
        WeightsError: if it is.
    """
    if size > MAX_BYTES:
        raise WeightsError(
            f"weights: {url} has more than {MAX_BYTES} bytes: fetch it by other means,"
            " and give the file"
        )


class CautiousRedirects(HTTPRedirectHandler):
    """Follows a redirect only where the address itself could have led.

    A server that somebody names may not have this machine ask another scheme, nor a
    host of the network that it stands in.
    """

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        """Return the request to go on with, or refuse.

        Raises:
            ValueError: for an address where no redirect may lead.
        """
        try:
            check_redirect(req.full_url, newurl)
        except (ValueError, OSError):
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_redirect(url: str, target: str) -> None:
    """Refuse where an address may not lead.

    Raises:
        ValueError: if it may not lead there.
        OSError: if one of the hosts has no address.
    """
    old, new = urlsplit(url), urlsplit(target)
    if (old.scheme, new.scheme) not in {
        ("http", "http"), ("https", "https"), ("http", "https"),
    }:  # fmt: skip
        raise ValueError(
            f"it leads to {target}, of another scheme: give the address meant"
        )
    if is_private(new.hostname) and not is_private(old.hostname):
        raise ValueError(
            f"it leads to {target}, which is no public address: give the one meant"
        )


def is_private(host: str | None) -> bool:
    """Tell whether a host has an address that is not of the public internet.

    Raises:
        OSError: if it has no address.
    """
    return any(
        not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global
        for *_, address in socket.getaddrinfo(host, None)
    )
