"""What a document asks for: a figure or a table of some networks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from resviz.errors import RenderError, SpecError
from resviz.escape import escape_html
from resviz.figures import MULTI_NETWORK_FIGURES, draw_diagram
from resviz.figures.sentences import join_with_and
from resviz.figures.sheet_options import read_length
from resviz.formats.pictures.svg import FLUID
from resviz.source import PAPER_NAMES
from resviz.sweeps.grammar import strip_quotes
from resviz.tables import find_table
from resviz.units import parse_length

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.embed.record_cache import RecordCache
    from resviz.figures.rendering import Diagram
    from resviz.tables.table import Table

NARROWEST_COLUMN = 640
"""Pixels of the narrowest column of text of an ordinary theme on a desk."""

MIN_SCALE, MIN_SCALE_TO_FIT, SCROLLING_SCALE = 0.65, 0.58, 0.8
"""How far a figure may shrink before it scrolls instead: until its text is 8 pixels
high; 7 where the whole of it then fits a `NARROWEST_COLUMN`; 9 where it scrolls there
anyway."""

CSS_LENGTH = re.compile(r"\d+(\.\d+)?(px|%|em|rem|ex|ch|vw|vh|cm|mm|in|pt|pc|q)?")
"""A CSS length, as docutils takes it too; a bare number means pixels."""


@dataclass(frozen=True)
class FigureRequest:
    """One figure.

    Attributes:
        specs: the network; several for blocks, a stack and the growth.
        options: of `resviz.diagram`.
        alt: what it shows, in place of the figure's own description.
        tracing: of `resviz.trace`.
    """

    specs: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    alt: str = ""
    tracing: Mapping[str, Any] = field(default_factory=dict)

    def draw_request(self, cache: RecordCache) -> Diagram:
        """Draw the figure.

        Raises:
            SpecError: if it cannot show so many networks, or names a file that it may
                not, before any is traced.
            ResvizError: as `resviz.trace` and `resviz.diagram`.
        """
        figure, count = self.options.get("figure", "overview"), len(self.specs)
        shows_several = figure in MULTI_NETWORK_FIGURES or self.options.get("diff")
        if not count or (count > 1 and not shows_several):
            got = " ".join(self.specs) or "none"
            raise SpecError(
                f"{figure}: want one network, got {got}; "
                f"the figures {join_with_and(MULTI_NETWORK_FIGURES)} show several"
            )
        options = {**self.options, **cache.find_files(self.options)}
        archs = [cache.load_or_trace(spec, self.tracing) for spec in self.specs]
        diagram = draw_diagram(archs, **options)
        if not self.alt:
            return diagram
        picture = replace(diagram.picture, description=self.alt)
        return replace(diagram, picture=picture)


@dataclass(frozen=True)
class TableRequest:
    """One table.

    Attributes:
        specs: the networks; only the paper's table takes more than one, and its own
            five if none is given.
        table_name: which table, a key of `resviz.tables.TABLES`.
        options: of the table, `columns` among them.
        tracing: of `resviz.trace`.
    """

    specs: tuple[str, ...]
    table_name: str = "table"
    options: Mapping[str, Any] = field(default_factory=dict)
    tracing: Mapping[str, Any] = field(default_factory=dict)

    def make_table(self, cache: RecordCache) -> Table:
        """Make the table.

        Raises:
            ResvizError: as `resviz.trace`; SpecError for a wrong table, number of
                networks, option or column.
        """
        registered = find_table(self.table_name, self.options)
        if not registered.several and len(self.specs) != 1:
            got = " ".join(self.specs) or "none"
            raise SpecError(f"{self.table_name}: want one network, got {got}")
        specs = self.specs or PAPER_NAMES
        archs = [cache.load_or_trace(spec, self.tracing) for spec in specs]
        options = {**self.options}
        if registered.retraces:
            spec, tracing = specs[0], self.tracing
            options["trace_at"] = lambda size: cache.load_or_trace(
                spec, {**tracing, "input_size": size}
            )
        return registered.build(archs, **options)


def split_width(width: str) -> tuple[dict[str, str], str]:
    """Split a width into the option of a figure and the length of CSS: one of both.

    Raises:
        SpecError: for one that is too small or too large to be laid out for.

    Example:
        >>> [split_width(width) for width in ("3.25in", "400", "60%")]
        [({'width': '3.25in'}, ''), ({'width': '400px'}, ''), ({}, '60%')]
    """
    laid_out = f"{width}px" if width.isdecimal() else width
    try:
        parse_length(laid_out)
    except SpecError:
        return {}, width
    try:
        read_length("width", laid_out)
    except RenderError as error:
        _, _, limits = str(error).rpartition(", ")
        unit = ", pixels without a unit" if laid_out != width else ""
        raise SpecError(f"width: got {width!r}{unit}, {limits}, as 3.25in") from error
    return {"width": laid_out}, ""


def split_specs(text: str) -> tuple[str, ...]:
    """Split a text into SPECs at spaces that stand in no bracket and no quotes.

    Raises:
        SpecError: if a bracket or quote does not end.

    Example:
        >>> split_specs("18 resnet(50, shortcut='A')")
        ('18', "resnet(50, shortcut='A')")
        >>> split_specs('''18 "resnet(50, shortcut='A')" ''')
        ('18', "resnet(50, shortcut='A')")
    """
    specs, word, open_brackets = [], "", ""
    for character in f"{text} ":
        if character.isspace() and not open_brackets:
            specs += [word] if word else []
            word = ""
            continue
        word += character
        if open_brackets and character == open_brackets[-1]:
            open_brackets = open_brackets[:-1]
        elif not open_brackets or open_brackets[-1] not in "'\"":
            open_brackets += {"(": ")", "[": "]", "{": "}"}.get(character, "")
            open_brackets += character if character in "'\"" else ""
    if open_brackets:
        raise SpecError(
            f"spec: {text.strip()!r}, want {open_brackets[-1]!r} before its end"
        )
    return tuple(map(strip_quotes, specs))


def figure_html(diagram: Diagram, *, salt: str, width: str = "") -> str:
    """Return a figure as HTML that is light or dark as the page is.

    Args:
        diagram: the figure.
        salt: keeps the ids of equal figures on one page apart.
        width: a CSS length; if left out, the figure shrinks with the page as far as
            `narrowest_width` and scrolls below that.

    Raises:
        RenderError: if `width` is no length.
    """
    if diagram.picture.unit is not None:
        width = f"{round(diagram.size[0], 2):g}px"
    if width and not CSS_LENGTH.fullmatch(width.lower()):
        raise RenderError(f"width: got {width!r}, want a length, as 80% or 400px")
    hint = ""
    if width:
        sizing = f"width:{width}px" if width.isdigit() else f"width:{width}"
    else:
        least = narrowest_width(diagram.size[0])
        sizing, hint = f"min-width:{least}px", write_scroll_hint(least)
    svg = (
        diagram.to_svg(salt=salt)
        .strip()
        .replace("<svg ", '<svg class="resviz" ', 1)
        .replace(f'style="{FLUID}"', f'style="{FLUID};{sizing}"')
        .replace("\n", "")  # a blank line would end a block of HTML in Markdown
    )
    label = escape_html(diagram.picture.title)
    return (
        f'<div class="resviz-figure" style="overflow-x:auto;scrollbar-width:thin"'
        f' tabindex="0" role="group" aria-label="{label}">'
        f"{svg}{hint}</div>"
    )


def write_scroll_hint(least: int) -> str:
    """Return the hint below a figure that is seen where it scrolls, in CSS alone.

    Its height is that of a line where the column has less than so many pixels, else
    none. It stays in sight when the figure is scrolled.
    """
    return (
        '<div aria-hidden="true" style="position:sticky;left:0;overflow:hidden;'
        f"height:0;padding-top:clamp(0px,({least}px - 100%)*999,1.5em);"
        'font-size:.8em;opacity:.7"><span style="position:absolute;top:0;right:0">'
        "scroll to see all →</span></div>"
    )


def narrowest_width(natural: float) -> int:
    """Return the pixels to which a figure shrinks with its page, before it scrolls.

    Example:
        >>> [narrowest_width(width) for width in (400, 940, 1072, 2000)]
        [260, 611, 640, 1600]
    """
    if natural * MIN_SCALE_TO_FIT > NARROWEST_COLUMN:
        return round(natural * SCROLLING_SCALE)
    return min(round(natural * MIN_SCALE), NARROWEST_COLUMN)
