"""Mermaid: a flowchart as text, which GitHub draws in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.errors import RenderError
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.styles import LINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style

SUFFIXES = (".mmd", ".mermaid")

MERMAID_FIGURES = ("overview", "block", "lanes")
"""The figures whose charts are small enough for a page of Markdown."""

MAX_LINKS = 500
"""Edges that GitHub draws; it shows an error for more. Source: Mermaid's `maxEdges`."""

MAX_CHART_CHARACTERS = 50_000
"""Characters of a chart. Source: Mermaid's `maxTextSize`, which GitHub leaves as it
is."""

LAYOUT_CONFIG = (
    "config:",
    "  flowchart:",
    "    nodeSpacing: 24",
    "    rankSpacing: 24",
    "    wrappingWidth: 420",
    "    subGraphTitleMargin:",
    "      bottom: 14",
)
"""Half of Mermaid's distances, so that an overview is not two screens tall."""

MERMAID_DASHES = {"dashed": "5 3", "dotted": "1 4"}
"""What makes a link dashed or dotted, as in the SVG."""

BARE_ROLES = frozenset({"text", "note", "name"})
"""Roles of boxes without an outline."""


def render(picture: Picture, style: Style) -> str:
    """Write a figure that is a small graph as a flowchart.

    Raises:
        RenderError: for another figure, or one larger than GitHub draws.
    """
    chart = picture.chart
    if chart is None or chart.figure not in MERMAID_FIGURES:
        figures = ", ".join(MERMAID_FIGURES)
        raise RenderError(
            f"{picture.title}: Mermaid says the figures {figures} alone; write .svg "
            "instead"
        )
    if len(chart.links) > MAX_LINKS:
        raise RenderError(
            f"{picture.title}: {len(chart.links)} edges, and GitHub draws at most "
            f"{MAX_LINKS} of a Mermaid chart; write .svg instead"
        )
    text = "\n".join(mermaid_lines(picture, chart, style)) + "\n"
    if len(text) > MAX_CHART_CHARACTERS:
        raise RenderError(
            f"{picture.title}: {len(text)} characters, and GitHub reads at most "
            f"{MAX_CHART_CHARACTERS} of a Mermaid chart; write .svg instead"
        )
    return text


def mermaid_lines(picture: Picture, chart: Chart, style: Style) -> Iterator[str]:
    """Yield the lines of the file.

    The title is a box's: Mermaid reads HTML in a title, and nothing can be escaped.
    """
    yield from ("---", *LAYOUT_CONFIG, "---", f"flowchart {chart.direction}")
    yield f"  accTitle: {escape.escape_mermaid(picture.title)}"
    yield f"  accDescr: {escape.escape_mermaid(picture.description)}"
    for part in chart.parts:
        yield from chart_part_lines(part, "  ")
    for link in chart.links:
        yield f"  {link_line(link)}"
    yield from style_lines(chart, style)


def chart_part_lines(part: ChartBox | ChartFrame, indent: str) -> Iterator[str]:
    """Yield a box, or a frame with all that it holds."""
    if isinstance(part, ChartBox):
        opening, closing = ("((", "))") if part.role == "sum" else ("(", ")")
        yield f"{indent}{part.key}{opening}{quote_label(part.lines)}{closing}"
        return
    yield f"{indent}subgraph {part.key}[{quote_label(part.lines)}]"
    for inner in part.parts:
        yield from chart_part_lines(inner, f"{indent}  ")
    yield f"{indent}end"


def link_line(link: ChartLink) -> str:
    """Write an arrow, solid or not, with its words; of mere order, a dotted line."""
    arrow = "-->" if LINES[link.role].dash == "solid" else "-.->"
    arrow = "-.-" if link.role == "order" else arrow
    words = f"|{quote_label(link.lines)}|" if link.lines else ""
    return f"{link.tail} {arrow}{words} {link.head}"


def style_lines(chart: Chart, style: Style) -> Iterator[str]:
    """Yield the colours of boxes and frames, and the dashes of links.

    Bare text, the ground of frames and the colour of links are the reader's theme's.
    """
    boxes = [part for part in chart.iter_parts() if isinstance(part, ChartBox)]
    text_colour = style.colours["text"]
    for tint in dict.fromkeys(box.tint for box in boxes if box.tint):
        name, shades = tint.replace(" ", ""), style.tints[tint]
        keys = ",".join(box.key for box in boxes if box.tint == tint)
        colours = f"fill:{shades.fill},stroke:{shades.line},color:{text_colour}"
        yield f"  classDef {name} {colours}"
        yield f"  class {keys} {name}"
    bare = [box.key for box in boxes if box.role in BARE_ROLES]
    if bare:
        yield "  classDef bare fill:none,stroke:none"
        yield f"  class {','.join(bare)} bare"
    for frame in chart.iter_parts():
        if isinstance(frame, ChartBox):
            continue
        line = style.tints[frame.tint].line if frame.tint else style.colours["plate"]
        yield f"  style {frame.key} fill:none,stroke:{line}"
    for number, link in enumerate(chart.links):
        dash = LINES[link.role].dash
        if dash != "solid":
            yield f"  linkStyle {number} stroke-dasharray:{MERMAID_DASHES[dash]}"


def quote_label(label_lines: tuple[str, ...]) -> str:
    """Join lines of text into one quoted label."""
    return f'"{"<br>".join(map(escape.escape_mermaid, label_lines)) or " "}"'
