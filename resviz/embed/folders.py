"""The Markdown files of a folder, without those of other people."""

from __future__ import annotations

import os
from pathlib import Path

FOREIGN = {"node_modules", "site-packages"}
"""Folders of what other people wrote."""


def below(name: str) -> list[str]:
    """The Markdown files of a folder, in order; a file is itself.

    Hidden folders, environments and packages of others are left out.
    """
    if not Path(name).is_dir():
        return [name]
    found = []
    for folder, inner, files in os.walk(name):
        inner[:] = sorted(
            one
            for one in inner
            if one[0] != "."
            and one not in FOREIGN
            and not Path(folder, one, "pyvenv.cfg").exists()
        )
        found += [
            str(Path(folder, file))
            for file in sorted(files)
            if file.lower().endswith((".md", ".markdown"))
        ]
    return found
