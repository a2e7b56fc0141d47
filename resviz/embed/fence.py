"""A fence for pymdownx.superfences: figures and tables in MkDocs and Zensical.

Each line of the fence is a command as on the command line, without `resviz`; a line
that begins with no command is a diagram: `resnet50 --figure block --at conv3_1`.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from itertools import count, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from resviz.cli import COMMANDS
from resviz.cli.shared import make_click_option
from resviz.embed.live import LiveRequest, read_request
from resviz.embed.located_warnings import locate_warnings
from resviz.embed.permissions import (
    AllowList,
    Permissions,
    checked_patterns,
    folder_permissions,
)
from resviz.embed.record_cache import RecordCache
from resviz.embed.requests import (
    FigureRequest,
    TableRequest,
    figure_html,
    split_specs,
)
from resviz.errors import OptionError, ResvizError, SpecError, suggest
from resviz.escape import escape_html, escape_html_prose, replace_unsafe
from resviz.options import (
    FIGURE_OPTIONS,
    PLACE_OPTIONS,
    SPELT_TRACE_OPTIONS,
    TABLE_OPTIONS,
    Option,
    collect_options,
)
from resviz.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from markdown import Markdown

LOG = logging.getLogger("mkdocs.resviz")
"""A warning below MkDocs' own logger fails `mkdocs build --strict`."""

FIGURE_COMMANDS = ("diagram", "describe")
"""Commands that take the options of a figure."""

FENCE_COMMANDS = (*FIGURE_COMMANDS, *TABLES)
"""What a line can begin with."""

COMMAND_LINE_ONLY = tuple(name for name in COMMANDS if name not in FENCE_COMMANDS)
"""Commands that only the command line has."""

FENCE_SIGN = re.compile(r"`{3,}|~{3,}")
"""What opens a fence, and closes it."""

figure_serials = count(1)


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
        """Return what the page may read and run.

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
        """Name the page and the line that reads `text`, if only one does."""
        lines = enumerate(self.read_lines(), 1)
        numbers = [number for number, line in lines if line.strip() == text]
        return f"{self.name}:{numbers[0]}" if len(numbers) == 1 else self.name

    def locate_fence(self, language: str, source: str) -> str:
        """Name the page and the line at which the first fence of `source` begins."""
        wanted_lines = [line.strip() for line in source.strip().splitlines()]
        lines = [line.strip(" \t>") for line in self.read_lines()]
        for number, line in enumerate(lines, 1):
            mark = FENCE_SIGN.match(line)
            if mark and language in line[mark.end() :]:
                inner = takewhile(lambda row, end=mark[0]: row != end, lines[number:])
                if wanted_lines == "\n".join(inner).strip().splitlines():
                    return f"{self.name}:{number}"
        return self.name

    def read_lines(self) -> list[str]:
        """Return the lines of the page, [] if it cannot be read."""
        for folder in self.folders[:1]:
            with suppress(OSError, UnicodeDecodeError):
                return (folder / Path(self.name).name).read_text("utf-8").splitlines()
        return []


def locate_page(md: Markdown | None) -> FenceLocation:
    """Find the page of a fence; outside of MkDocs and Zensical it is unknown.

    MkDocs' warnings end a strict build; Zensical sees no warning of Python's.

    Source: mkdocs/structure/pages.py, the processor "relpath" that knows the file;
    zensical/extensions/context.py, "rendering_context" that knows the page.
    """
    if md is not None and "relpath" in md.treeprocessors:
        processor: Any = md.treeprocessors["relpath"]
        name, config = processor.file.src_uri, processor.config
        docs = Path(config.docs_dir)
        project, strict = Path(config.config_file_path or "").parent, False
    elif md is not None and "rendering_context" in md.preprocessors:
        context: Any = md.preprocessors["rendering_context"]
        name, config = context.page.path, context.config
        docs = Path(str(config.get("docs_dir") or "docs")).absolute()
        project = Path.cwd()
        strict = bool(config.get("strict")) or bool({"-s", "--strict"} & {*sys.argv})
    else:
        return FenceLocation()
    return FenceLocation(name, ((docs / name).parent, docs, project), strict)


def validator(
    language: str,
    inputs: dict[str, str],
    options: dict[str, Any],
    attrs: dict[str, Any],
    md: Markdown,
) -> bool:
    """Take every fence; what it holds is checked when it is shown."""
    del language, md
    options.update(inputs)
    attrs.clear()
    return True


def formatter(
    source: str,
    language: str,
    css_class: str,
    options: dict[str, Any],
    md: Markdown | None,
    *,
    allow: tuple[str, ...] = (),
    **_: Any,
) -> str:
    """Return the HTML of one fence; what is wrong with it stands there and in the log.

    Its page may import and fetch nothing but what `allow` and the project's
    `pyproject.toml` name; `allowing` gives a formatter with an `allow`.
    """
    del css_class
    here = locate_page(md)
    lines = [line.strip() for line in source.splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    try:
        check_fence(commands, options)
        permissions = here.permissions(allow)
    except ResvizError as error:
        shown = source.strip() if commands or options else ""
        return report_failure(error, shown, here, here.locate_fence(language, source))
    cache = RecordCache(resolve_path=here.find_file, permissions=permissions)
    return "\n".join(render_lines(commands, cache, here))


def check_fence(commands: list[str], options: dict[str, Any]) -> None:
    """Check that a fence has commands, and no options of its own.

    Raises:
        SpecError: if it is not so.
    """
    if options:
        listed_options = " ".join(f"{key}={value}" for key, value in options.items())
        raise SpecError(
            f"fence: got {{{listed_options}}}, want options in the line: "
            "resnet50 --width 60%"
        )
    if not commands:
        raise SpecError("fence: is empty, want a command in it, as: diagram resnet50")


def allowing(*, allow: Iterable[str]) -> Callable[..., str]:
    """Return a formatter for pages that may import and fetch more.

    Args:
        allow: patterns, as "zoo.*", "net.py" or "https://my.org/*"; files are named
            from the folder of the configuration.

    Raises:
        SpecError: if it is no list of strings.
    """
    return partial(formatter, allow=checked_patterns(allow, "allow"))


def render_lines(
    lines: list[str], cache: RecordCache, here: FenceLocation | None = None
) -> Iterator[str]:
    """Yield the HTML of each line."""
    location = here or FenceLocation()
    for line in lines:
        where = location.locate_line(line)
        path, _, number = (
            where if ":" in where else f"{where or 'fence'}:1"
        ).rpartition(":")
        try:
            with locate_warnings(path, int(number), "--{} {}"):
                shown = render_line(line, cache)
        except ResvizError as error:
            shown = report_failure(error, line, location, where)
        yield shown


def report_failure(
    error: ResvizError, line: str, here: FenceLocation, where: str
) -> str:
    """Log an error, and return what stands in the page instead.

    Raises:
        SuperFencesException: if nothing less ends a strict build.
    """
    fence_line = f", in the fence {line!r}" if line else ""
    message = f"{where or 'fence'}: resviz: {replace_unsafe(error)}{fence_line}"
    LOG.warning("%s", message)
    if here.raise_errors:
        from pymdownx.superfences import SuperFencesException

        raise SuperFencesException(message) from error
    source_line = f"<code>{escape_html(line)}</code>"
    markup = f"<strong>resviz: {escape_html(error)}</strong><br>{source_line}"
    return f'<div class="admonition failure"><p>{markup}</p></div>'


def render_line(line: str, cache: RecordCache) -> str:
    """Return the HTML of one line.

    Raises:
        ResvizError: if it cannot be read or shown.
    """
    command, request, width = parse_fence_line(line)
    if isinstance(request, TableRequest):
        # A blank line would end a block of HTML in Markdown.
        return request.make_table(cache).to_styled_html().replace("\n", "")
    if isinstance(request, LiveRequest):
        return request.make_page(cache).to_html(width=width or "100%")
    figure = request.draw_request(cache)
    if command == "describe":
        return f"<p>{escape_html_prose(figure.description)}</p>"
    markup = figure_html(figure, salt=f"fence {next(figure_serials)}", width=width)
    return f'<div style="margin:1em 0">{markup}</div>'


def make_parser(options: Iterable[Option]) -> click.Command:
    """Return a parser of SPECs, some options and those of a trace."""
    specs = click.Argument(["specs"], nargs=-1)
    parsed = [make_click_option(option) for option in (*options, *SPELT_TRACE_OPTIONS)]
    return click.Command("fence", params=[specs, *parsed], add_help_option=False)


FIGURE_PARSER = make_parser((FIGURE_OPTIONS | PLACE_OPTIONS).values())
TABLE_PARSER = make_parser([*TABLE_OPTIONS.values()])
"""What may stand after the command of a figure, and of a table."""


def parse_fence_line(
    line: str,
) -> tuple[str, FigureRequest | LiveRequest | TableRequest, str]:
    """Read one line: its command, what that asks for, and the width that it wants.

    Raises:
        SpecError: if it cannot be read.

    Example:
        >>> parse_fence_line("shortcuts resnet50 --only projection")[1].options
        {'only': 'projection'}
    """
    command, rest = split_command(line)
    parser = FIGURE_PARSER if command in FIGURE_COMMANDS else TABLE_PARSER
    values = parse_arguments(command, parser, rest)
    tracing = collect_options(values, SPELT_TRACE_OPTIONS)
    if command not in FIGURE_COMMANDS:
        options = collect_options(values, TABLE_OPTIONS.values())
        return command, TableRequest(values["specs"], command, options, tracing), ""
    options = collect_options(values, FIGURE_OPTIONS.values())
    place = collect_options(values, PLACE_OPTIONS.values())
    request, width = read_request(values["specs"], options, place, tracing)
    if command == "describe" and isinstance(request, LiveRequest):
        raise SpecError("describe: a page has no sentence, want a figure but live")
    return command, request, width


def parse_arguments(
    command: str, parser: click.Command, arguments: list[str]
) -> dict[str, Any]:
    """Return what stands after a fence's command, by name.

    Raises:
        OptionError: for an option that it does not have.
        SpecError: for a wrong value.
    """
    try:
        values = parser.make_context(command, arguments).params
    except click.NoSuchOption as error:
        names = {param.name: param.opts[0][2:] for param in parser.params[1:]}
        if command in TABLES:
            lacking = TABLE_OPTIONS.keys() - {"columns", *TABLES[command].options}
            names = {key: names[key] for key in names if key not in lacking}
        legal = names.values()
        hint = suggest(error.option_name.lstrip("-"), legal)
        message = f"fence: {command} has no option {error.option_name}: {hint}"
        raise OptionError(message) from error
    except click.ClickException as error:
        raise SpecError(f"fence: {error.format_message()}") from error
    return {
        name: None if value == () and name != "specs" else value
        for name, value in values.items()
    }


def split_command(line: str) -> tuple[str, list[str]]:
    """Split a line into its command, "diagram" if it names none, and what follows.

    Raises:
        SpecError: if its first word is another command, or nearly one of ours.
    """
    first, *rest = split_specs(line)
    if first in FENCE_COMMANDS:
        return first, rest
    near = get_close_matches(first, FENCE_COMMANDS, n=1, cutoff=0.75)
    if near or first in COMMAND_LINE_ONLY:
        kind = "unknown command"
        hint = f"did you mean {near[0]!r}? " if near else ""
        if first in COMMAND_LINE_ONLY:
            kind, hint = "a document has no command", ""
        listed = ", ".join(FENCE_COMMANDS)
        raise SpecError(f"{kind} {first!r}: {hint}want one of {listed}")
    return "diagram", [first, *rest]
