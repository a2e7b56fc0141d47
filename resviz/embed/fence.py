"""A fence for pymdownx.superfences: figures and tables in MkDocs and Zensical.

Each line of the fence is a command as on the command line, without `resviz`; a line
that begins with no command is a diagram: `resnet50 --figure block --at conv3_1`.
"""

from __future__ import annotations

import argparse
import logging
from difflib import get_close_matches
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from resviz.embed.permissions import checked_patterns
from resviz.embed.pieces import (
    TABLES,
    Figure,
    Tabular,
    figure_html,
    separate,
    tracing,
)
from resviz.embed.place import Place, place
from resviz.embed.shelf import Shelf
from resviz.errors import ResvizError, SpecError
from resviz.escape import cleaned, html, html_prose
from resviz.inputs import MODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from markdown import Markdown

LOG = logging.getLogger("mkdocs.resviz")
"""A warning below MkDocs' own logger fails `mkdocs build --strict`."""

FIGURED = ("diagram", "describe")
"""Commands that take the options of a figure."""

COMMANDS = (*FIGURED, *TABLES)
"""What a line can begin with."""

ELSEWHERE = ("embed", "report", "trace")
"""Commands that only the command line has."""

serial = count(1)


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
    here = place(md)
    try:
        shelf = Shelf(place=here.file, permissions=here.permissions(allow))
    except ResvizError as error:
        return failure(error, source.strip(), here, here.fence(language, source))
    lines = [line.strip() for line in source.splitlines()]
    asked = [line for line in lines if line and not line.startswith("#")]
    if options:
        given = " ".join(f"{key}={value}" for key, value in options.items())
        said = f"fence: got {{{given}}}, want options in the line: resnet50 --width 60%"
        return failure(
            SpecError(said), source.strip(), here, here.fence(language, source)
        )
    if not asked:
        said = "fence: is empty, want a command in it, as: diagram resnet50"
        return failure(SpecError(said), "", here, here.fence(language, source))
    return "\n".join(shown(asked, shelf, here))


def allowing(*, allow: Iterable[str]) -> Callable[..., str]:
    """A formatter for pages that may import and fetch more.

    Args:
        allow: patterns, as "zoo.*", "net.py" or "https://my.org/*"; files are named
            from the folder of the configuration.

    Raises:
        SpecError: if it is no list of strings.
    """
    return partial(formatter, allow=checked_patterns(allow, "allow"))


def shown(lines: list[str], shelf: Shelf, here: Place | None = None) -> Iterator[str]:
    """The HTML of each line."""
    for line in lines:
        try:
            yield drawn(line, shelf)
        except ResvizError as error:
            known = here or Place()
            yield failure(error, line, known, known.line(line))


def failure(error: ResvizError, line: str, here: Place, where: str) -> str:
    """What stands in the page instead, and in the log, where `where` names the line.

    Raises:
        SuperFencesException: if nothing less ends a strict build.
    """
    within = f", in the fence {line!r}" if line else ""
    said = f"{where or 'fence'}: resviz: {cleaned(error)}{within}"
    LOG.warning("%s", said)
    if here.severe:
        from pymdownx.superfences import SuperFencesException

        raise SuperFencesException(said) from error
    told = f"<strong>resviz: {html(error)}</strong><br><code>{html(line)}</code>"
    return f'<div class="admonition failure"><p>{told}</p></div>'


def drawn(line: str, shelf: Shelf) -> str:
    """The HTML of one line.

    Raises:
        ResvizError: if it cannot be read or shown.
    """
    command, piece, width = read(line)
    if isinstance(piece, Tabular):
        # A blank line would end a block of HTML in Markdown.
        return piece.table(shelf).styled().replace("\n", "")
    figure = piece.diagram(shelf)
    if command == "describe":
        return f"<p>{html_prose(figure.description)}</p>"
    shown = figure_html(figure, salt=f"fence {next(serial)}", width=width)
    return f'<div style="margin:1em 0">{shown}</div>'


class Arguments(argparse.ArgumentParser):
    """A parser that raises our own error."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong.

        Raises:
            SpecError: always.
        """
        raise SpecError(f"fence: {message}")


def parser() -> Arguments:
    """What may stand after the command."""
    known = Arguments(prog="resviz", add_help=False, allow_abbrev=False)
    known.add_argument("specs", nargs="*")
    for name in ("figure", "at", "direction", "style", "alt", "width", "only"):
        known.add_argument(f"--{name}")
    known.add_argument("--columns", default="")
    known.add_argument("--input", action="append", default=[])
    known.add_argument("--batch", type=int)
    known.add_argument("--mode", choices=MODES)
    for name in ("plain", "training"):
        known.add_argument(f"--{name}", action="store_true")
    return known


DRAWN = ("figure", "at", "direction", "style", "plain")
"""Options of a figure that `resviz.diagram` takes."""


def read(line: str) -> tuple[str, Figure | Tabular, str]:
    """The command of one line, what it asks for, and the width that it wants.

    Raises:
        SpecError: if it cannot be read.

    Example:
        >>> read("shortcuts resnet50 --only projection")[1].only
        'projection'
    """
    command, rest = commanded(line)
    given = parser().parse_args(rest)
    traced = tracing(
        " ".join(given.input), given.batch, training=given.training, mode=given.mode
    )
    specs = tuple(given.specs)
    if command in FIGURED:
        refuse(command, given, ("only", "columns"))
        options = {key: getattr(given, key) for key in DRAWN if getattr(given, key)}
        figure = Figure(specs, options, given.alt or "", traced)
        return command, figure, given.width or ""
    refuse(command, given, (*DRAWN, "alt", "width"))
    columns = tuple(given.columns.replace(",", " ").split())
    return command, Tabular(specs, command, given.only, columns, traced), ""


def commanded(line: str) -> tuple[str, list[str]]:
    """The command of a line, a diagram if it names none, and what stands after it.

    Raises:
        SpecError: if its first word is another command, or nearly one of ours.
    """
    first, *rest = separate(line)
    if first in COMMANDS:
        return first, rest
    near = get_close_matches(first, COMMANDS, n=1, cutoff=0.75)
    if near or first in ELSEWHERE:
        hint = f"did you mean {near[0]!r}? " if near else ""
        listed = ", ".join(COMMANDS)
        raise SpecError(f"unknown command {first!r}: {hint}want one of {listed}")
    return "diagram", [first, *rest]


def refuse(command: str, given: argparse.Namespace, names: tuple[str, ...]) -> None:
    """Refuse options that the other kind has.

    Raises:
        SpecError: naming the option.
    """
    for name in names:
        if getattr(given, name):
            raise SpecError(f"fence: {command} has no option --{name}")
