"""The one check of every path that a document names, and the root that holds it.

A document may be a stranger's: of a pull request, of a package that was unpacked. What
it reads and writes lies inside its root after links are resolved, and not in `.git`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import category, normalize

from resviz.errors import SpecError
from resviz.project import repository_top

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GIT_FOLDER = re.compile(r"\.git|git~\d+")
"""Names that some file system takes for `.git`, after `spelled_plainly`.

Source: git's own verify_path, read-cache.c, for HFS+ and NTFS.
"""

MISSPELT = re.compile(r"[\\\x00-\x1f\x7f]|^\s*//|^~")
"""What no path of a document has: a backslash as in a share of Windows, control
characters, a share with slashes, somebody's home."""


def check_path(
    text: str,
    path: Path,
    roots: Sequence[Path],
    suffixes: Iterable[str] = (),
    home: str = "the document",
) -> Path:
    """Resolve a path that a document names, and check that it may.

    Args:
        text: as the document writes it, which `check_spelling` has passed.
        path: where it leads to.
        roots: folders, resolved, one of which has to hold it.
        suffixes: that its name may have, and that of what its links lead to; any if
            left out.
        home: what it is called whose folder it is.

    Returns:
        The path without links, broken ones included.

    Raises:
        SpecError: if it leads out, into `.git`, or to another kind of file.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise SpecError(f"{text!r} is a link that leads nowhere") from error
    inside = [real.relative_to(root) for root in roots if real.is_relative_to(root)]
    if not inside:
        raise SpecError(
            f"{text!r} leads out of the folder of {home} or of its repository"
        )
    named = (*Path(text).parts, *inside[0].parts)
    if any(GIT_FOLDER.fullmatch(spelled_plainly(part)) for part in named):
        raise SpecError(f"{text!r} lies in .git, want another folder")
    legal = tuple(suffixes)
    for name in (Path(text), real):
        if legal and name.suffix not in legal:
            want = " or ".join(legal)
            raise SpecError(f"{text!r}: got {name.name!r}, want a name with {want}")
    return real


def check_spelling(text: str, home: str = "the document") -> None:
    """Check a path before anything asks the system where it leads.

    Raises:
        SpecError: for what Windows would ask a server about, a home, and control
            characters.

    Example:
        >>> check_spelling("images/net.svg")
        >>> check_spelling("~/net.svg")
        Traceback (most recent call last):
        resviz.errors.SpecError: '~/net.svg': want a path from the document, with /
    """
    if MISSPELT.search(text):
        raise SpecError(f"{text!r}: want a path from {home}, with /")


def spelled_plainly(part: str) -> str:
    """Return a part of a path as a forgiving file system reads it.

    Example:
        >>> [spelled_plainly(part) for part in (".GIT", ".git. ", ".git::$INDEX")]
        ['.git', '.git', '.git']
    """
    visible = (sign for sign in normalize("NFKC", part) if category(sign) != "Cf")
    return "".join(visible).casefold().partition(":")[0].rstrip(" .")


def document_root(folder: Path) -> Path:
    """Return the repository's top, or the folder itself if it is in none."""
    return (repository_top(folder) or folder).resolve()
