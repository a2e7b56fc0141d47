"""The Markdown files of a folder, without those of other people."""

from __future__ import annotations

import os
from pathlib import Path

FOREIGN_FOLDERS = {"node_modules", "site-packages"}
"""Folders of what other people wrote."""


def find_markdown_files(name: str) -> list[str]:
    """The Markdown files of a folder, in order; a file is itself.

    Hidden folders, environments and packages of others are left out.
    """
    if not Path(name).is_dir():
        return [name]
    paths = []
    for folder, inner, files in os.walk(name):
        inner[:] = sorted(
            folder_name
            for folder_name in inner
            if folder_name[0] != "."
            and folder_name not in FOREIGN_FOLDERS
            and not Path(folder, folder_name, "pyvenv.cfg").exists()
        )
        paths += [
            str(Path(folder, file))
            for file in sorted(files)
            if file.lower().endswith((".md", ".markdown"))
        ]
    return paths
