"""Filling the marked regions of Markdown files, as a README's.

`<!-- resviz: table 18 34 50 -->` … `<!-- /resviz -->`: between the markers stands
what the command gives: a table, a Mermaid chart, or a picture for light and dark.
"""

from __future__ import annotations

import os
import shlex
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import click
from click.exceptions import Exit

from resviz import escape
from resviz.cli import group
from resviz.embed.paths import check_path, check_spelling
from resviz.embed.permissions import AllowList, Permissions, folder_permissions
from resviz.embed.regions import Region, filled
from resviz.errors import RenderError, ResvizError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

SVG = "{http://www.w3.org/2000/svg}"

STDOUT = "-"

STYLES = {"": "light", "-dark": "dark"}
"""The style of each file of a picture, by what its name ends in."""


@dataclass
class Page:
    """A Markdown file and the pictures that it shows, as they ought to be.

    Attributes:
        path: of the file.
        name: as the user wrote it, for messages.
        permissions: what the file may read, write and run.
        pictures: contents of every picture, those of the other pages included.
        stale: line and name of what is not as it ought to be.
        files: contents of what is to be written.
    """

    path: Path
    name: str
    permissions: Permissions
    pictures: dict[Path, bytes]
    stale: list[str] = field(default_factory=list)
    files: dict[Path, bytes] = field(default_factory=dict)


def pages(names: Iterable[str | Path], allow: Iterable[str] = ()) -> list[Page]:
    """Files read, and what their regions ought to hold.

    Args:
        names: of the files.
        allow: patterns of what their regions may import and fetch.

    Raises:
        ResvizError: with file and line, if a region cannot be filled.
        RenderError: if a file cannot be read.
    """
    pictures: dict[Path, bytes] = {}
    allowed = AllowList(Path.cwd(), tuple(allow), "--allow {}")
    return [page(name, pictures, allowed) for name in names]


def page(name: str | Path, pictures: dict[Path, bytes], allowed: AllowList) -> Page:
    """One file read; its pictures are noted among those of the others.

    Raises:
        ResvizError: as `pages`.
    """
    path = Path(name)
    try:
        permissions = folder_permissions(path.parent, allowed)
        check_path(path.name, path, permissions.roots)
    except SpecError as error:
        raise SpecError(f"{name}: {error}") from error
    made = Page(path, str(name), permissions, pictures)
    try:
        raw = made.path.read_bytes()
    except OSError as error:
        raise RenderError(f"{name}: cannot be read, {error.strerror}") from error
    # What is no UTF-8 is kept as it is.
    text = raw.decode("utf-8", "surrogateescape")
    whole, changed = filled(text, made.name, lambda it: Filling(made, it).text())
    if changed:
        made.stale += [f"{name}:{region.line}" for region in changed]
        made.files[made.path] = whole.encode("utf-8", "surrogateescape")
    return made


def write(pages: Iterable[Page]) -> list[Path]:
    """Write what is stale, pictures before the files that show them; gives the paths.

    Raises:
        RenderError: if a file cannot be written; nothing is, where one is protected.
    """
    from resviz.files import write_whole

    files = {path: data for one in pages for path, data in one.files.items()}
    for path in files:
        if path.exists() and not os.access(path, os.W_OK):
            raise RenderError(f"{path}: cannot be written, it is write-protected")
    for path, data in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            said = f"{path}: cannot be written, {error.strerror}"
            raise RenderError(said) from error
        write_whole(path, data)
    return list(files)


class Filling:
    """What one region asks for."""

    def __init__(self, page: Page, region: Region) -> None:
        self.page = page
        self.region = region
        self.where = f"{page.name}:{region.line}"

    def text(self) -> str:
        """What ought to stand in the region.

        Raises:
            ResvizError: of the kind that the command raises, with file and line.
        """
        try:
            return self.content()
        except click.ClickException as error:
            raise SpecError(f"{self.where}: {error.format_message()}") from error
        except Exit as error:
            raise SpecError(f"{self.where}: --help has no place in a region") from error
        except ResvizError as error:
            error.args = (f"{self.where}: {error}", *error.args[1:])
            raise

    def content(self) -> str:
        """A table, a chart or a picture, as Markdown."""
        command, context = self.parsed()
        kind = kind_of(command)
        form = context.params["form"]
        if kind == "table":
            if context.params["output"] != STDOUT or form not in {None, "markdown"}:
                raise SpecError("a table is Markdown here, leave out --format and -o")
            return run(command, context, form="markdown").decode()
        if form == "mermaid":
            if context.params["output"] != STDOUT:
                raise SpecError("a Mermaid chart stands in the file, leave out -o")
            chart = run(command, context, form="mermaid").decode()
            return f"```mermaid\n{chart}```"
        return self.picture(command, context)

    def parsed(self) -> tuple[click.Command, click.Context]:
        """The command and its parsed options.

        Raises:
            SpecError: if it is none that gives a table or a diagram.
        """
        try:
            name, *args = shlex.split(self.region.command) or [""]
        except ValueError as error:
            raise SpecError(f"{self.region.command!r}: {error}") from error
        outer = click.Context(
            group, info_name="resviz", obj=SimpleNamespace(debug=False)
        )
        command = group.get_command(outer, name)
        if command is None or not kind_of(command):
            raise SpecError(
                f"got {name!r}, want a command that gives a table or a diagram, "
                "as in <!-- resviz: table 18 34 50 -->"
            )
        context = command.make_context(name, args, parent=outer)
        self.check_specs(command, context)
        return command, context

    def check_specs(self, command: click.Command, context: click.Context) -> None:
        """Put what the file may have in the place of each SPEC of a command.

        Raises:
            SpecError: if it may not have one.
        """
        folder = self.page.path.parent.absolute()
        check = self.page.permissions.check
        for param in command.params:
            if isinstance(param, click.Argument) and param.name:
                given = context.params[param.name]
                if isinstance(given, str):
                    context.params[param.name] = check(given, folder.joinpath)
                else:
                    context.params[param.name] = tuple(
                        check(text, folder.joinpath) for text in given
                    )

    def picture(self, command: click.Command, context: click.Context) -> str:
        """A pair of files, noted to be written, and the HTML that shows one of them.

        Raises:
            SpecError: if a path or style is no place or look for such a pair.
        """
        paths = self.paths(context.params["output"])
        if context.params["form"] not in {None, "svg"}:
            raise SpecError("a picture is SVG here, or --format mermaid")
        if context.params["style"] != "screen":
            raise SpecError("leave out --style: one file is light, the other dark")
        drawn = [run(command, context, form="svg", style=it) for it in STYLES.values()]
        for path, data in zip(paths, drawn, strict=True):
            self.note(path, data)
        return shown(context.params["output"], drawn[0])

    def paths(self, output: str) -> list[Path]:
        """The files of a pair.

        Raises:
            SpecError: if the path is missing, is no SVG's, or leads elsewhere.
        """
        given = Path(output)
        if output == STDOUT:
            raise SpecError("a diagram wants --format mermaid, or -o images/name.svg")
        if given.suffix != ".svg" or given.is_absolute():
            raise SpecError(
                f"got -o {output!r}, want a path from the file's folder to an .svg"
            )
        check_spelling(output)
        pair = [paired(given, ending) for ending in STYLES]
        folder = self.page.path.parent
        for one in pair:
            check_path(str(one), folder / one, self.page.permissions.roots, [".svg"])
        return [folder / one for one in pair]

    def note(self, path: Path, data: bytes) -> None:
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
            self.page.stale.append(f"{self.where}: {path}")


def kind_of(command: click.Command) -> str:
    """What a command gives: "table", "picture", or "" for neither."""
    for param in command.params:
        if param.name == "form":
            place = getattr(param.type, "place", "")
            return {"tables": "table", "pictures": "picture"}.get(
                place.rpartition(":")[2], ""
            )
    return ""


def run(command: click.Command, context: click.Context, **options: Any) -> bytes:
    """What a command writes with some of its options set."""
    handle, name = tempfile.mkstemp()
    os.close(handle)
    before = dict(context.params)
    try:
        context.params |= {**options, "output": name}
        command.invoke(context)
        return Path(name).read_bytes()
    finally:
        context.params = before
        Path(name).unlink()


def paired(path: Path, ending: str) -> Path:
    """The name of one file of a pair."""
    return path.with_name(f"{path.stem}{ending}{path.suffix}")


def shown(output: str, svg: bytes) -> str:
    """A pair of files as GitHub shows it; the figure's own words stand for it."""
    root = ET.fromstring(svg)  # noqa: S314 - written by us just now
    said = escape.html(root.findtext(f"{SVG}desc"))
    wide = round(float(root.get("width", "0")))
    light, dark = (
        escape.html(quote(paired(Path(output), it).as_posix())) for it in STYLES
    )
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'  <img alt="{said}" src="{light}" width="{wide}">\n'
        "</picture>"
    )
