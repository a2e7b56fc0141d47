"""The project in whose folder a command runs: its top, its `pyproject.toml`."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from resviz.errors import SpecError, suggest

SECTION_KEYS = ("allow", "check")
"""What may stand below [tool.resviz]: for documents, and budgets of networks."""


def read_section(path: Path) -> dict[str, Any]:
    """Return what stands below [tool.resviz]; {} where there is no file or section.

    Raises:
        SpecError: if the file cannot be read, or has another key there.
    """
    settings: Any = {}
    try:
        if path.is_file():
            project: Any = tomllib.loads(path.read_text("utf-8"))
            settings = project.get("tool", {}).get("resviz", {})
        stray_keys = sorted(settings.keys() - SECTION_KEYS)
    except (OSError, ValueError, AttributeError) as error:
        raise SpecError(f"{path}: cannot be read, {error}") from error
    if stray_keys:
        hint = suggest(stray_keys[0], SECTION_KEYS)
        where = f"{path}: unknown key {stray_keys[0]!r} below [tool.resviz]"
        raise SpecError(f"{where}: {hint}")
    return settings


def repository_top(folder: Path) -> Path | None:
    """Return the nearest folder that holds `.git`, from a folder upwards.

    Git lets nobody commit a `.git`, so that a document cannot say where its root is.
    It can bring a submodule, whose `.git` is a file; its root is that of the whole.
    """
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - links are not followed here
    for place in (here, *here.parents):
        if (place / ".git").exists() and not is_submodule(place / ".git"):
            return place
    return None


def is_submodule(path: Path) -> bool:
    """Tell whether a `.git` is the file of a submodule, not that of a worktree."""
    with suppress(OSError, UnicodeDecodeError):
        return path.is_file() and "/modules/" in path.read_text("utf-8")
    return False
