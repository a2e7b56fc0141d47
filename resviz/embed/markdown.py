"""Filling the marked regions of Markdown files, as a README's.

`<!-- resviz: table 18 34 50 -->` … `<!-- /resviz -->`: between the markers stands
what the command gives: a table, a Mermaid chart, or a picture for light and dark.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import click
from click.exceptions import Exit

from resviz import escape
from resviz.cli import resviz_command
from resviz.embed.paths import check_path, check_spelling
from resviz.embed.permissions import AllowList, Permissions, folder_permissions
from resviz.embed.regions import EXAMPLE_MARKER, MarkedRegion, fill_regions
from resviz.errors import RenderError, ResvizError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

SVG_NAMESPACE = "{http://www.w3.org/2000/svg}"

STDOUT = "-"

PAIR_STYLES = {"": "light", "-dark": "dark"}
"""The style of each file of a picture, by what its name ends in."""

MARKDOWN_SUFFIXES = (".md", ".markdown")
"""Suffixes of the files that are looked for in a folder."""

KINDRED_SUFFIXES = (*MARKDOWN_SUFFIXES, ".mdx", ".mdown", ".mkd", ".qmd", ".rmd")
"""Suffixes of files that need no region to be taken for Markdown."""

FOREIGN_FOLDERS = {"node_modules", "site-packages"}
"""Folders of what other people wrote."""


@dataclass
class MarkdownPage:
    """A Markdown file and the pictures that it shows, as they ought to be.

    Attributes:
        path: of the file.
        name: as the user wrote it, for messages.
        permissions: what the file may read, write and run.
        pictures: contents of every picture, those of the other pages included.
        region_count: how many regions it has.
        stale: line and name of what is not as it ought to be.
        files: contents of what is to be written.
    """

    path: Path
    name: str
    permissions: Permissions
    pictures: dict[Path, bytes]
    region_count: int = 0
    stale: list[str] = field(default_factory=list)
    files: dict[Path, bytes] = field(default_factory=dict)


def find_markdown_files(name: str) -> list[str]:
    """Find the Markdown files of a folder, in order; a file is itself.

    Hidden folders, environments and packages of others are left out.
    """
    if not Path(name).is_dir():
        return [name]
    paths = []
    for folder, inner, files in os.walk(name):
        inner[:] = sorted(
            child
            for child in inner
            if child[0] != "."
            and child not in FOREIGN_FOLDERS
            and not Path(folder, child, "pyvenv.cfg").exists()
        )
        paths += [
            str(Path(folder, file))
            for file in sorted(files)
            if file.lower().endswith(MARKDOWN_SUFFIXES)
        ]
    return paths


def read_pages(
    names: Iterable[str | Path], allow: Iterable[str] = ()
) -> list[MarkdownPage]:
    """Read files, and work out what their regions ought to hold.

    Args:
        names: of the files.
        allow: patterns of what their regions may import and fetch.

    Raises:
        ResvizError: with file and line, if a region cannot be filled; `others` are
            those of the other regions.
        RenderError: if a file cannot be read.
    """
    pictures: dict[Path, bytes] = {}
    errors: list[ResvizError] = []
    allowed = AllowList(Path.cwd(), tuple(allow), "--allow {}")
    pages = [read_page(name, pictures, allowed, errors) for name in names]
    if errors:
        errors[0].others = tuple(errors[1:])
        raise errors[0]
    return pages


def read_page(
    name: str | Path,
    pictures: dict[Path, bytes],
    allowed: AllowList,
    errors: list[ResvizError],
) -> MarkdownPage:
    """Read one file, and note its pictures and errors among those of the others.

    Raises:
        ResvizError: if it cannot be read, or may not be.
    """
    path = Path(name)
    try:
        permissions = folder_permissions(path.parent, allowed)
        check_path(path.name, path, permissions.roots)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from error
    page = MarkdownPage(path, str(name), permissions, pictures)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise RenderError(f"{name}: cannot be read, {error.strerror}") from error
    # What is no UTF-8 is kept as it is.
    text = raw.decode("utf-8", "surrogateescape")

    def render_region(region: MarkedRegion) -> str:
        page.region_count += 1
        try:
            return RegionRenderer(page, region).render_region()
        except ResvizError as error:
            errors.append(error)
            return ""

    try:
        filled_text, changed = fill_regions(text, page.name, render_region)
    except SpecError as error:
        errors.append(error)
        return page
    if not page.region_count and path.suffix.lower() not in KINDRED_SUFFIXES:
        want = f"want a file.md with {EXAMPLE_MARKER}"
        errors.append(SpecError(f"{name}: no Markdown and no region, {want}"))
    if changed:
        page.stale += [f"{name}:{region.line}" for region in changed]
        page.files[path] = filled_text.encode("utf-8", "surrogateescape")
    return page


def write_pages(pages: Iterable[MarkdownPage]) -> list[Path]:
    """Write what is stale, pictures before the files that show them; gives the paths.

    Raises:
        RenderError: if a file cannot be written; nothing is, where one is protected.
    """
    from resviz.files import write_atomically

    files = {path: data for page in pages for path, data in page.files.items()}
    for path in files:
        if path.exists() and not os.access(path, os.W_OK):
            raise RenderError(f"{path}: cannot be written, it is write-protected")
    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"{path}: cannot be written, {error.strerror}"
            raise RenderError(message) from error
        write_atomically(path, data)
    return list(files)


class RegionRenderer:
    """Fills one region with what its command gives."""

    def __init__(self, page: MarkdownPage, region: MarkedRegion) -> None:
        self.page = page
        self.region = region
        self.location = f"{page.name}:{region.line}"

    def render_region(self) -> str:
        """Return what ought to stand in the region.

        Raises:
            ResvizError: of the kind that the command raises, with file and line.
        """
        try:
            return self.render_content()
        except click.ClickException as error:
            raise SpecError(f"{self.location}: {error.format_message()}") from error
        except Exit as error:
            raise SpecError(
                f"{self.location}: --help has no place in a region"
            ) from error
        except ResvizError as error:
            error.args = (f"{self.location}: {error}", *error.args[1:])
            raise

    def render_content(self) -> str:
        """Write a table, a chart or a picture as Markdown."""
        command, context = self.parse_command()
        kind = output_kind(command)
        form = context.params["form"]
        if kind == "table":
            if context.params["output"] != STDOUT or form not in {None, "markdown"}:
                raise SpecError("a table is Markdown here, leave out --format and -o")
            return run_command(command, context, form="markdown").decode()
        if form == "mermaid":
            if context.params["output"] != STDOUT:
                raise SpecError("a Mermaid chart stands in the file, leave out -o")
            chart = run_command(command, context, form="mermaid").decode()
            return f"```mermaid\n{chart}```"
        return self.render_picture_pair(command, context)

    def parse_command(self) -> tuple[click.Command, click.Context]:
        """Parse the command and its options.

        Raises:
            SpecError: if it is none that gives a table or a diagram.
        """
        try:
            name, *args = shlex.split(self.region.command) or [""]
        except ValueError as error:
            raise SpecError(f"{self.region.command!r}: {error}") from error
        outer = click.Context(
            resviz_command, info_name="resviz", obj=SimpleNamespace(debug=False)
        )
        command = resviz_command.get_command(outer, name)
        if command is None or not output_kind(command):
            raise SpecError(
                f"got {name!r}, want a command that gives a table or a diagram, "
                "as in <!-- resviz: table 18 34 50 -->"
            )
        context = command.make_context(name, args, parent=outer)
        if context.params.get("measure"):
            raise SpecError(
                "measure: a document times no machine, as each run has others: "
                "leave it out"
            )
        self.check_specs(command, context)
        return command, context

    def check_specs(self, command: click.Command, context: click.Context) -> None:
        """Put what the file may have in the place of each SPEC and file of a command.

        Raises:
            SpecError: if it may not have one.
        """
        folder = self.page.path.parent.absolute()
        check = partial(self.page.permissions.check, place=folder.joinpath)
        for param in command.params:
            if isinstance(param, click.Argument) and param.name:
                specs = context.params[param.name]
                context.params[param.name] = (
                    check(specs) if isinstance(specs, str) else tuple(map(check, specs))
                )
        files = self.page.permissions.find_files(context.params, folder.joinpath)
        context.params.update(files)

    def render_picture_pair(
        self, command: click.Command, context: click.Context
    ) -> str:
        """Note a pair of files to be written, and return the HTML that shows one.

        Raises:
            SpecError: if a path or style is no place or look for such a pair.
        """
        paths = self.picture_paths(context.params["output"])
        if context.params["form"] not in {None, "svg"}:
            raise SpecError("a picture is SVG here, or --format mermaid")
        if context.params["style"] != "screen":
            raise SpecError("leave out --style: one file is light, the other dark")
        images = [
            run_command(command, context, form="svg", style=style)
            for style in PAIR_STYLES.values()
        ]
        for path, data in zip(paths, images, strict=True):
            self.note_picture(path, data)
        return picture_html(context.params["output"], images[0])

    def picture_paths(self, output: str) -> list[Path]:
        """Return the paths of a picture's light and dark file.

        Raises:
            SpecError: if the path is missing, is no SVG's, or leads elsewhere.
        """
        relative = Path(output)
        if output == STDOUT:
            raise SpecError("a diagram wants --format mermaid, or -o images/name.svg")
        if relative.suffix != ".svg" or relative.is_absolute():
            raise SpecError(
                f"got -o {output!r}, want a path from the file's folder to an .svg"
            )
        check_spelling(output)
        folder, roots = self.page.path.parent, self.page.permissions.roots
        pair = [name_in_pair(relative, ending) for ending in PAIR_STYLES]
        for name in pair:
            check_path(str(name), folder / name, roots, [".svg"])
        return [folder / name for name in pair]

    def note_picture(self, path: Path, data: bytes) -> None:
        """Note a picture's content, and whether its file has another.

        Raises:
            SpecError: if another region has another picture there.
        """
        if self.page.pictures.setdefault(path.resolve(), data) != data:
            raise SpecError(
                f"{path.name!r} is another region's picture, want two names"
            )
        if not path.is_file() or path.read_bytes() != data:
            self.page.files[path] = data
            self.page.stale.append(f"{self.location}: {path}")


NOT_EMBEDDED = {"check", "identify"}
"""Commands that no document may have: they run or read what no SPEC of theirs names."""


def output_kind(command: click.Command) -> str:
    """Return what a command gives a document: "table", "picture", or "" for nothing."""
    if command.name in NOT_EMBEDDED:
        return ""
    for param in command.params:
        if param.name == "form":
            option = getattr(param.type, "option", None)
            return {
                "resviz.formats:table_format_names": "table",
                "resviz.formats:picture_format_names": "picture",
            }.get(getattr(option, "choices", ""), "")
    return ""


def run_command(
    command: click.Command, context: click.Context, **options: Any
) -> bytes:
    """Run a command with some options set, and return what it writes."""
    handle, name = tempfile.mkstemp()
    os.close(handle)
    original_params = dict(context.params)
    try:
        context.params |= {**options, "output": name}
        command.invoke(context)
        return Path(name).read_bytes()
    finally:
        context.params = original_params
        Path(name).unlink()


def name_in_pair(path: Path, ending: str) -> Path:
    """Return the name of one file of a pair."""
    return path.with_name(f"{path.stem}{ending}{path.suffix}")


def picture_html(output: str, svg: bytes) -> str:
    """Write a pair of files as GitHub shows it; the figure's own words stand for it."""
    root = ET.fromstring(svg)  # noqa: S314 - written by us just now
    description = escape.escape_html(root.findtext(f"{SVG_NAMESPACE}desc"))
    pixel_width = round(float(root.get("width", "0")))
    light, dark = (
        escape.escape_html(quote(name_in_pair(Path(output), ending).as_posix()))
        for ending in PAIR_STYLES
    )
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'  <img alt="{description}" src="{light}" width="{pixel_width}">\n'
        "</picture>"
    )
