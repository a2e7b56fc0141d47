"""A fence for pymdownx.superfences: figures and tables in MkDocs and Zensical.

Each line of the fence is a command as on the command line, without `resviz`; a line
that begins with no command is a diagram: `resnet50 --figure block --at conv3_1`.
"""

from __future__ import annotations

import argparse
import logging
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from resviz.embed.pieces import (
    TABLES,
    Figure,
    Tabular,
    figure_html,
    separate,
    tracing,
)
from resviz.embed.shelf import Shelf
from resviz.errors import ResvizError, SpecError
from resviz.escape import html

if TYPE_CHECKING:
    from markdown import Markdown

LOG = logging.getLogger("mkdocs.resviz")
"""A warning below MkDocs' own logger fails `mkdocs build --strict`."""

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
    md: Markdown,
    **_: Any,
) -> str:
    """The HTML of one fence; what is wrong with it stands in the page and the log."""
    del language, css_class, options, md
    shelf = Shelf()
    return "\n".join(shown(line, shelf) for line in source.splitlines() if line.strip())


def shown(line: str, shelf: Shelf) -> str:
    """The HTML of one line."""
    try:
        return drawn(line, shelf)
    except ResvizError as error:
        LOG.warning("resviz: %s, in the fence %r", error, line)
        said = f"<strong>resviz: {html(error)}</strong><br><code>{html(line)}</code>"
        return f'<div class="admonition failure"><p>{said}</p></div>'


def drawn(line: str, shelf: Shelf) -> str:
    """The HTML of one line.

    Raises:
        ResvizError: if it cannot be read or shown.
    """
    piece, width = read(line)
    if isinstance(piece, Tabular):
        return tabular_html(piece, shelf)
    return figure_html(piece.diagram(shelf), salt=f"fence {next(serial)}", width=width)


def tabular_html(piece: Tabular, shelf: Shelf) -> str:
    """A table that scrolls where the page is narrow."""
    flat = piece.table(shelf).to_html().replace("\n", "")
    return f'<div style="overflow-x:auto" tabindex="0">{flat}</div>'


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
    known.add_argument("--training", action="store_true")
    known.add_argument("--plain", action="store_true")
    return known


DRAWN = ("figure", "at", "direction", "style", "plain")
"""Options of a figure that `resviz.diagram` takes."""


def read(line: str) -> tuple[Figure | Tabular, str]:
    """What one line asks for, and the width that it wants.

    Raises:
        SpecError: if it cannot be read.

    Example:
        >>> read("shortcuts resnet50 --only projection")[0].only
        'projection'
    """
    command, *rest = separate(line)
    if command != "diagram" and command not in TABLES:
        command, rest = "diagram", [command, *rest]
    given = parser().parse_args(rest)
    traced = tracing(" ".join(given.input), given.batch, training=given.training)
    if command == "diagram":
        refuse(line, given, ("only", "columns"))
        options = {key: getattr(given, key) for key in DRAWN if getattr(given, key)}
        figure = Figure(tuple(given.specs), options, given.alt or "", traced)
        return figure, given.width or ""
    refuse(line, given, (*DRAWN, "alt", "width"))
    columns = tuple(given.columns.replace(",", " ").split())
    return Tabular(tuple(given.specs), command, given.only, columns, traced), ""


def refuse(line: str, given: argparse.Namespace, names: tuple[str, ...]) -> None:
    """Refuse options that the other kind has.

    Raises:
        SpecError: naming the option.
    """
    for name in names:
        if getattr(given, name):
            command = line.split(maxsplit=1)[0]
            raise SpecError(f"fence: {command} has no option --{name}")
