"""A fence for pymdownx.superfences: figures and tables in MkDocs and Zensical.

Each line of the fence is a command as on the command line, without `resviz`; a line
that begins with no command is a diagram: `resnet50 --figure block --at conv3_1`.
"""

from __future__ import annotations

import logging
from difflib import get_close_matches
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import click

from resviz.cli.shared import make_click_option
from resviz.embed.page_location import FenceLocation, locate_page
from resviz.embed.permissions import checked_patterns
from resviz.embed.record_cache import RecordCache
from resviz.embed.requests import (
    FigureRequest,
    TableRequest,
    figure_html,
    split_specs,
)
from resviz.errors import OptionError, ResvizError, SpecError
from resviz.escape import escape_html, escape_html_prose, replace_unsafe
from resviz.options import (
    FIGURE_OPTIONS,
    PLACE_OPTIONS,
    SPELT_TRACE_OPTIONS,
    TABLE_OPTIONS,
    Option,
    collect_options,
    suggest,
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

COMMAND_LINE_ONLY = ("embed", "report", "trace")
"""Commands that only the command line has."""

figure_serials = count(1)


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
    """The HTML of one fence; what is wrong with it stands in the page and the log.

    Its page may import and fetch nothing but what `allow` and the project's
    `pyproject.toml` name; `allowing` gives a formatter with an `allow`.
    """
    del css_class
    here = locate_page(md)
    try:
        cache = RecordCache(
            resolve_path=here.find_file, permissions=here.permissions(allow)
        )
    except ResvizError as error:
        return report_failure(
            error, source.strip(), here, here.locate_fence(language, source)
        )
    lines = [line.strip() for line in source.splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    if options:
        listed_options = " ".join(f"{key}={value}" for key, value in options.items())
        message = (
            f"fence: got {{{listed_options}}}, want options in the line: "
            "resnet50 --width 60%"
        )
        return report_failure(
            SpecError(message),
            source.strip(),
            here,
            here.locate_fence(language, source),
        )
    if not commands:
        message = "fence: is empty, want a command in it, as: diagram resnet50"
        return report_failure(
            SpecError(message), "", here, here.locate_fence(language, source)
        )
    return "\n".join(render_lines(commands, cache, here))


def allowing(*, allow: Iterable[str]) -> Callable[..., str]:
    """A formatter for pages that may import and fetch more.

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
    for line in lines:
        try:
            yield render_line(line, cache)
        except ResvizError as error:
            location = here or FenceLocation()
            yield report_failure(error, line, location, location.locate_line(line))


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


FIGURE_PARSER = make_parser([*FIGURE_OPTIONS.values(), *PLACE_OPTIONS.values()])
TABLE_PARSER = make_parser([*TABLE_OPTIONS.values()])
"""What may stand after the command of a figure, and of a table."""


def parse_fence_line(line: str) -> tuple[str, FigureRequest | TableRequest, str]:
    """The command of one line, what it asks for, and the width that it wants.

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
    figure = FigureRequest(values["specs"], options, values["alt"] or "", tracing)
    return command, figure, values["width"] or ""


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
        legal = [flag[2:] for param in parser.params[1:] for flag in param.opts[:1]]
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
    """The command of a line, a diagram if it names none, and what stands after it.

    Raises:
        SpecError: if its first word is another command, or nearly one of ours.
    """
    first, *rest = split_specs(line)
    if first in FENCE_COMMANDS:
        return first, rest
    near = get_close_matches(first, FENCE_COMMANDS, n=1, cutoff=0.75)
    if near or first in COMMAND_LINE_ONLY:
        hint = f"did you mean {near[0]!r}? " if near else ""
        listed = ", ".join(FENCE_COMMANDS)
        raise SpecError(f"unknown command {first!r}: {hint}want one of {listed}")
    return "diagram", [first, *rest]
