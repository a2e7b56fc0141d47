"""What a document asks for: a figure or a table of some networks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from resviz.errors import RenderError, SpecError
from resviz.escape import html
from resviz.figures import SEVERAL, diagram
from resviz.source import PAPER
from resviz.tables.costs import costs_table
from resviz.tables.layers import layers
from resviz.tables.memory import memory
from resviz.tables.paper import paper_table
from resviz.tables.receptive import receptive
from resviz.tables.shortcuts import shortcuts
from resviz.tables.summary import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resviz.embed.shelf import Shelf
    from resviz.figures.rendering import Diagram
    from resviz.tables import Table

COLUMN = 640
"""Pixels of the narrowest column of text of an ordinary theme on a desk."""

SMALLEST, LEAST, CLEAR = 0.65, 0.58, 0.8
"""How far a figure may shrink before it scrolls instead: until its text is 8 pixels
high; 7 where the whole of it then fits a `COLUMN`; 9 where it scrolls there anyway."""

LENGTH = re.compile(r"\d+(\.\d+)?(px|%|em|rem|ex|ch|vw|vh|cm|mm|in|pt|pc|q)?")
"""A CSS length, as docutils takes it too; a bare number means pixels."""

TABLES: dict[str, Callable[..., Table]] = {
    "table": paper_table,
    "summary": summary,
    "layers": layers,
    "shortcuts": shortcuts,
    "costs": costs_table,
    "receptive": receptive,
    "memory": memory,
}
"""Every table by the name of its command."""

NARROWED = {"layers", "shortcuts"}
"""Tables that can be narrowed to one kind by `only`."""


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        specs: the network; several for a stack and the growth.
        options: of `resviz.diagram`.
        alt: what it shows, in place of the figure's own description.
        tracing: of `resviz.trace`.
    """

    specs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    alt: str = ""
    tracing: Mapping[str, Any] = field(default_factory=dict)

    def diagram(self, shelf: Shelf) -> Diagram:
        """The figure, drawn.

        Raises:
            ResvizError: as `resviz.trace` and `resviz.diagram`, which are not asked
                for a wrong number of networks, since a trace takes time.
        """
        enough(self.options.get("figure", "overview"), self.specs)
        archs = [shelf.record(spec, self.tracing) for spec in self.specs]
        drawn = diagram(archs, **self.options)
        if not self.alt:
            return drawn
        return replace(drawn, picture=replace(drawn.picture, description=self.alt))


def enough(figure: str, specs: Sequence[str]) -> None:
    """Check that a figure can show so many networks.

    Raises:
        SpecError: if it cannot; names the figures that show several.
    """
    if not specs or (len(specs) > 1 and figure not in SEVERAL):
        got = " ".join(specs) or "none"
        raise SpecError(
            f"{figure}: want one network, got {got}; "
            f"the figures {' and '.join(SEVERAL)} show several"
        )


@dataclass(frozen=True)
class Tabular:
    """One table.

    Attributes:
        specs: the networks; only the paper's table takes more than one, and its own
            five if none is given.
        show: which table, a key of `TABLES`.
        only: one kind of layer or shortcut.
        columns: keys or headings of the columns to keep; all if left out.
        tracing: of `resviz.trace`.
    """

    specs: tuple[str, ...]
    show: str = "table"
    only: str | None = None
    columns: tuple[str, ...] = ()
    tracing: Mapping[str, Any] = field(default_factory=dict)

    def table(self, shelf: Shelf) -> Table:
        """The table, made.

        Raises:
            ResvizError: as `resviz.trace`; SpecError for a wrong table, number of
                networks, kind or column.
        """
        if self.show not in TABLES:
            listed = ", ".join(TABLES)
            raise SpecError(f"unknown table {self.show!r}: want one of {listed}")
        if self.only and self.show not in NARROWED:
            raise SpecError(
                f"only: {self.show!r} has no kinds; layers and shortcuts do"
            )
        specs = self.specs or (PAPER if self.show == "table" else ())
        archs = [shelf.record(spec, self.tracing) for spec in specs]
        if self.show == "table":
            return self.kept(paper_table(archs))
        if len(archs) != 1:
            got = " ".join(self.specs) or "none"
            raise SpecError(f"{self.show}: want one network, got {got}")
        narrowed = {"only": self.only} if self.only else {}
        return self.kept(TABLES[self.show](archs[0], **narrowed))

    def kept(self, table: Table) -> Table:
        """A table with the chosen columns.

        Raises:
            SpecError: for a column that it does not have.
        """
        return table.narrowed(self.columns) if self.columns else table


def tracing(
    inputs: str = "",
    batch: int | None = None,
    *,
    training: bool = False,
    mode: str | None = None,
) -> dict[str, Any]:
    """Options of a trace; those that are left out are not among them.

    Args:
        inputs: as `--input`, several between spaces.
        batch: how many samples.
        training: follow the forward of training mode.
        mode: how a forward that looks at values is followed.
    """
    given: dict[str, Any] = {}
    if inputs.split():
        given["input_size"] = tuple(inputs.split())
    if batch is not None:
        given["batch"] = batch
    if training:
        given["training"] = True
    if mode is not None:
        given["mode"] = mode
    return given


def separate(text: str) -> tuple[str, ...]:
    """SPECs between spaces; those inside brackets and quotes separate nothing.

    Raises:
        SpecError: if a bracket or quote does not end.

    Example:
        >>> separate("18 resnet(50, shortcut='A')")
        ('18', "resnet(50, shortcut='A')")
        >>> separate('''18 "resnet(50, shortcut='A')" ''')
        ('18', "resnet(50, shortcut='A')")
    """
    found, word, closing = [], "", ""
    for character in f"{text} ":
        if character.isspace() and not closing:
            found += [word] if word else []
            word = ""
            continue
        word += character
        if closing and character == closing[-1]:
            closing = closing[:-1]
        elif not closing or closing[-1] not in "'\"":
            closing += {"(": ")", "[": "]", "{": "}"}.get(character, "")
            closing += character if character in "'\"" else ""
    if closing:
        raise SpecError(f"spec: {text.strip()!r}, want {closing[-1]!r} before its end")
    return tuple(map(unquoted, found))


def unquoted(word: str) -> str:
    """A word without the quotes around all of it."""
    whole = len(word) > 1 and word[0] == word[-1] and word[0] in "'\""
    return word[1:-1] if whole else word


def figure_html(drawn: Diagram, *, salt: str, width: str = "") -> str:
    """A figure as HTML that is light or dark as the page is.

    Args:
        drawn: the figure.
        salt: keeps the ids of equal figures on one page apart.
        width: a CSS length; if left out, the figure shrinks with the page as far as
            `narrowest` and scrolls below that.

    Raises:
        RenderError: if `width` is no length.
    """
    if width and not LENGTH.fullmatch(width.lower()):
        raise RenderError(f"width: got {width!r}, want a length, as 80% or 400px")
    asked = f"{width}px" if width.isdigit() else width
    look = f"width:{asked}" if width else f"min-width:{narrowest(drawn.size[0])}px"
    svg = drawn.to_svg(salt=salt).strip().replace("<svg ", '<svg class="resviz" ', 1)
    svg = svg.replace('style="max-width:100%;height:auto"', f'style="{svg_look(look)}"')
    flat = svg.replace("\n", "")  # a blank line would end a block of HTML in Markdown
    return (
        f'<div class="resviz-figure" style="overflow-x:auto;scrollbar-width:thin"'
        f' tabindex="0" role="group" aria-label="{html(drawn.picture.title)}">'
        f"{flat}</div>"
    )


def narrowest(natural: float) -> int:
    """The pixels to which a figure shrinks with its page; below, it scrolls.

    Example:
        >>> [narrowest(width) for width in (400, 940, 1072, 2000)]
        [260, 611, 640, 1600]
    """
    if natural * LEAST > COLUMN:
        return round(natural * CLEAR)
    return min(round(natural * SMALLEST), COLUMN)


def svg_look(look: str) -> str:
    """The style of the SVG itself."""
    return f"max-width:100%;height:auto;{look}"
