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

FENCE = re.compile(r"`{3,}|~{3,}")
"""What opens a fence, and closes it."""


@dataclass(frozen=True)
class Place:
    """Where a fence stands.

    Attributes:
        name: of the page within the site; "" if nothing tells.
        folders: in which the files of a SPEC are looked for, in this order.
        severe: whether nothing but an exception would end a strict build.

    The last folder is that of the configuration.
    """

    name: str = ""
    folders: tuple[Path, ...] = ()
    severe: bool = False

    def file(self, path: str) -> Path:
        """Where a path of the page leads to; that by the page if there is none."""
        ways = [folder / path for folder in self.folders] or [Path(path)]
        return next((way for way in ways if way.is_file()), ways[0])

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

    def line(self, text: str) -> str:
        """The page and the line that reads `text`, if it is the only such line."""
        numbers = [k for k, row in enumerate(self.rows(), 1) if row.strip() == text]
        return f"{self.name}:{numbers[0]}" if len(numbers) == 1 else self.name

    def fence(self, language: str, source: str) -> str:
        """The page and the line at which the first fence that holds `source` begins."""
        wanted = [line.strip() for line in source.strip().splitlines()]
        rows = [row.strip(" \t>") for row in self.rows()]
        for k, row in enumerate(rows):
            found = FENCE.match(row)
            if found and language in row[found.end() :]:
                inner = takewhile(lambda it, mark=found[0]: it != mark, rows[k + 1 :])
                if wanted == "\n".join(inner).strip().splitlines():
                    return f"{self.name}:{k + 1}"
        return self.name

    def rows(self) -> list[str]:
        """The lines of the page, [] if it cannot be read."""
        for folder in self.folders[:1]:
            with suppress(OSError, UnicodeDecodeError):
                return (folder / Path(self.name).name).read_text("utf-8").splitlines()
        return []


def place(md: Markdown | None) -> Place:
    """Where a fence stands; what is no page of MkDocs or Zensical is nowhere.

    Source: mkdocs/structure/pages.py, the processor "relpath" that knows the file;
    zensical/extensions/context.py, "rendering_context" that knows the page.
    """
    if md is None:
        return Place()
    if "relpath" in md.treeprocessors:
        known: Any = md.treeprocessors["relpath"]
        return mkdocs(known.file, known.config)
    if "rendering_context" in md.preprocessors:
        context: Any = md.preprocessors["rendering_context"]
        return zensical(context.page.path, context.config)
    return Place()


def mkdocs(file: Any, config: Any) -> Place:
    """A page of MkDocs, whose warnings end a strict build."""
    docs = Path(config.docs_dir)
    project = Path(config.config_file_path or "").parent
    return Place(file.src_uri, ((docs / file.src_uri).parent, docs, project))


def zensical(path: str, config: dict[str, Any]) -> Place:
    """A page of Zensical, which sees no warning of Python's."""
    docs = Path(str(config.get("docs_dir") or "docs")).absolute()
    strict = bool(config.get("strict")) or bool({"-s", "--strict"} & {*sys.argv})
    return Place(path, ((docs / path).parent, docs, Path.cwd()), strict)
