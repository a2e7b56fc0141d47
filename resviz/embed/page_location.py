"""The page in which a fence stands, as MkDocs or Zensical tells it."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.embed.permissions import AllowList, Permissions, folder_permissions

if TYPE_CHECKING:
    from markdown import Markdown

FENCE_SIGN = re.compile(r"`{3,}|~{3,}")
"""What opens a fence, and closes it."""


@dataclass(frozen=True)
class FenceLocation:
    """The page in which a fence stands, and its folders.

    Attributes:
        name: of the page within the site; "" if nothing tells.
        folders: in which the files of a SPEC are looked for, in this order.
        raise_errors: whether nothing but an exception would end a strict build.

    The last folder is that of the configuration.
    """

    name: str = ""
    folders: tuple[Path, ...] = ()
    raise_errors: bool = False

    def find_file(self, path: str) -> Path:
        """Find a file that the page names; if there is none, the path by the page."""
        candidates = [folder / path for folder in self.folders] or [Path(path)]
        return next((way for way in candidates if way.is_file()), candidates[0])

    def permissions(self, allow: tuple[str, ...] = ()) -> Permissions:
        """What the page may read and run.

        Args:
            allow: patterns of what it may import and fetch, by the fence's options.

        Raises:
            SpecError: if the project's `pyproject.toml` cannot be read.
        """
        project = self.folders[-1] if self.folders else Path.cwd()
        remedy = "allow: [{}] in the options of the fence"
        known = folder_permissions(project, AllowList(project, allow, remedy))
        if not self.folders:
            return known
        roots = tuple(folder.resolve() for folder in self.folders[1:])
        return replace(known, roots=roots)

    def locate_line(self, text: str) -> str:
        """The page and the line that reads `text`, if it is the only such line."""
        numbers = [
            k for k, row in enumerate(self.read_lines(), 1) if row.strip() == text
        ]
        return f"{self.name}:{numbers[0]}" if len(numbers) == 1 else self.name

    def locate_fence(self, language: str, source: str) -> str:
        """The page and the line at which the first fence that holds `source` begins."""
        wanted_lines = [line.strip() for line in source.strip().splitlines()]
        rows = [row.strip(" \t>") for row in self.read_lines()]
        for k, row in enumerate(rows):
            fence_sign = FENCE_SIGN.match(row)
            if fence_sign and language in row[fence_sign.end() :]:
                inner = takewhile(
                    lambda row, mark=fence_sign[0]: row != mark, rows[k + 1 :]
                )
                if wanted_lines == "\n".join(inner).strip().splitlines():
                    return f"{self.name}:{k + 1}"
        return self.name

    def read_lines(self) -> list[str]:
        """The lines of the page, [] if it cannot be read."""
        for folder in self.folders[:1]:
            with suppress(OSError, UnicodeDecodeError):
                return (folder / Path(self.name).name).read_text("utf-8").splitlines()
        return []


def locate_page(md: Markdown | None) -> FenceLocation:
    """Find the page of a fence; outside of MkDocs and Zensical it is unknown.

    Source: mkdocs/structure/pages.py, the processor "relpath" that knows the file;
    zensical/extensions/context.py, "rendering_context" that knows the page.
    """
    if md is None:
        return FenceLocation()
    if "relpath" in md.treeprocessors:
        relpath_processor: Any = md.treeprocessors["relpath"]
        return locate_mkdocs_page(relpath_processor.file, relpath_processor.config)
    if "rendering_context" in md.preprocessors:
        context: Any = md.preprocessors["rendering_context"]
        return locate_zensical_page(context.page.path, context.config)
    return FenceLocation()


def locate_mkdocs_page(file: Any, config: Any) -> FenceLocation:
    """A page of MkDocs, whose warnings end a strict build."""
    docs = Path(config.docs_dir)
    project = Path(config.config_file_path or "").parent
    return FenceLocation(file.src_uri, ((docs / file.src_uri).parent, docs, project))


def locate_zensical_page(path: str, config: dict[str, Any]) -> FenceLocation:
    """A page of Zensical, which sees no warning of Python's."""
    docs = Path(str(config.get("docs_dir") or "docs")).absolute()
    strict = bool(config.get("strict")) or bool({"-s", "--strict"} & {*sys.argv})
    return FenceLocation(path, ((docs / path).parent, docs, Path.cwd()), strict)
