"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

from resviz.errors import OptionError, RenderError, name_file_error

FOREIGN_SUFFIXES = frozenset((
    ".pdf", ".png", ".jpg", ".jpeg", ".svg", ".csv", ".tsv", ".txt", ".md", ".markdown",
    ".tex", ".tikz", ".html", ".htm", ".json", ".gz", ".zip", ".yaml", ".xml", ".dot",
    ".gv", ".mmd", ".mermaid", ".xlsx", ".docx", ".pptx", ".drawio", ".parquet", ".pt",
    ".pth", ".onnx",
))  # fmt: skip
"""Suffixes that promise a reader what a file holds."""


def check_path(path: object) -> None:
    """Check that a path is one.

    Raises:
        OptionError: for another type.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(f"path: got {path!r}, want the name of a file")


def check_suffix(
    path: str | Path, content: str, legal: tuple[str, ...], *, strict: bool = False
) -> None:
    """Check that a file's name does not promise another content.

    Args:
        path: of the file; one without a suffix promises nothing.
        content: what the file will hold, for the message.
        legal: endings of its name.
        strict: whether all other suffixes are wrong, not `FOREIGN_SUFFIXES` alone.

    Raises:
        RenderError: if it does; lists the legal endings.
        OptionError: for what is no path.
    """
    check_path(path)
    suffix = Path(path).suffix.lower()
    is_legal = str(path).lower().endswith(legal)
    if suffix and not is_legal and (strict or suffix in FOREIGN_SUFFIXES):
        raise RenderError(
            f"{str(path)!r}: got suffix {suffix!r} for {content}, want "
            f"{' or '.join(legal)}"
        )


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write `data` to a neighbour of `path` and move it into place.

    A reader, a full disk or a kill never leaves a half-written file. What is no
    plain file, as a pipe or /dev/stdout, is written straight.

    Raises:
        RenderError: naming the path and what the system said.
    """
    path = Path(path)
    try:
        if not path.parent.is_dir():
            raise FileNotFoundError(
                2, f"the folder {str(path.parent)!r} does not exist, make it first"
            )
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "it is write-protected")
        replace_file(path.resolve(), data)
    except (OSError, ValueError, RuntimeError) as error:
        reason = name_file_error(error)
        raise RenderError(f"{str(path)!r}: cannot be written, {reason}") from error


def compress_for_path(path: str | Path, data: bytes) -> bytes:
    """Compress `data` by gzip if the name of `path` ends in .gz."""
    if Path(path).suffix.lower() != ".gz":
        return data
    import gzip

    return gzip.compress(data, 9, mtime=0)


PART_NAME = re.compile(r"\..+\.[0-9a-f]{8}")
"""What a file is called that is on its way."""


def make_part_path(path: Path) -> Path:
    """Make the path of a new file beside another, in whose place it will be moved."""
    return path.with_name(f".{path.name[:40]}.{os.urandom(4).hex()}")


def replace_file(path: Path, data: bytes) -> None:
    """Put a new file with `data` in the place of `path`, keeping its mode."""
    neighbour = make_part_path(path)
    try:
        with neighbour.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            neighbour.chmod(path.stat().st_mode & 0o777)
        neighbour.replace(path)
    finally:
        neighbour.unlink(missing_ok=True)
