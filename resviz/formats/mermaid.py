"""Mermaid: a flowchart as text, which GitHub draws in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.errors import RenderError
from resviz.figures.drawing.charts import Box, Chart, Frame, Link
from resviz.figures.drawing.styles import LINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.parts import Picture
    from resviz.figures.drawing.styles import Style

KIND = "picture"
SUFFIXES = (".mmd", ".mermaid")

MOST_LINKS = 500
"""Edges that GitHub draws; it shows an error for more. Source: Mermaid's `maxEdges`."""

MOST_TEXT = 50_000
"""Characters of a chart. Source: Mermaid's `maxTextSize`, which GitHub leaves as it
is."""

CONFIG = (
    "config:",
    "  flowchart:",
    "    nodeSpacing: 24",
    "    rankSpacing: 24",
    "    wrappingWidth: 420",
    "    subGraphTitleMargin:",
    "      bottom: 14",
)
"""Half of Mermaid's distances, so that an overview is not two screens tall."""

DASHES = {"dashed": "5 3", "dotted": "1 4"}
"""What makes a link dashed or dotted, as in the SVG."""

BARE = frozenset({"text", "note", "name"})
"""Roles of boxes without an outline."""


def render(picture: Picture, style: Style) -> str:
    """The overview as a flowchart.

    Raises:
        RenderError: for another figure, or one larger than GitHub draws.
    """
    chart = picture.chart
    if chart is None:
        raise RenderError(
            f"{picture.title}: Mermaid says the overview alone; write .svg instead"
        )
    if len(chart.links) > MOST_LINKS:
        raise RenderError(
            f"{picture.title}: {len(chart.links)} edges, and GitHub draws at most "
            f"{MOST_LINKS} of a Mermaid chart; write .svg instead"
        )
    text = "\n".join(lines(chart, style)) + "\n"
    if len(text) > MOST_TEXT:
        raise RenderError(
            f"{picture.title}: {len(text)} characters, and GitHub reads at most "
            f"{MOST_TEXT} of a Mermaid chart; write .svg instead"
        )
    return text


def lines(chart: Chart, style: Style) -> Iterator[str]:
    """The lines of the file.

    The title is a box's: Mermaid reads HTML in a title, and nothing can be escaped.
    """
    yield from ("---", *CONFIG, "---", f"flowchart {chart.direction}")
    yield f"  accTitle: {escape.mermaid(chart.title)}"
    yield f"  accDescr: {escape.mermaid(chart.description)}"
    for part in chart.parts:
        yield from stated(part, "  ")
    for link in chart.links:
        yield f"  {linked(link)}"
    yield from looks(chart, style)


def stated(part: Box | Frame, indent: str) -> Iterator[str]:
    """A box, or a frame with all that it holds."""
    if isinstance(part, Box):
        opening, closing = ("((", "))") if part.role == "sum" else ("(", ")")
        yield f"{indent}{part.key}{opening}{quoted(part.lines)}{closing}"
        return
    yield f"{indent}subgraph {part.key}[{quoted(part.lines)}]"
    for inner in part.parts:
        yield from stated(inner, f"{indent}  ")
    yield f"{indent}end"


def linked(link: Link) -> str:
    """An arrow, solid or not, with its words."""
    arrow = "-->" if LINES[link.role].dash == "solid" else "-.->"
    words = f"|{quoted(link.lines)}|" if link.lines else ""
    return f"{link.tail} {arrow}{words} {link.head}"


def looks(chart: Chart, style: Style) -> Iterator[str]:
    """Colours of boxes and frames, and the dashes of links.

    Bare text, the ground of frames and the colour of links are the reader's theme's.
    """
    boxes = list(chart.boxes())
    for tint in dict.fromkeys(box.tint for box in boxes if box.tint):
        name, shades = tint.replace(" ", ""), style.tints[tint]
        keys = ",".join(box.key for box in boxes if box.tint == tint)
        ink = style.colours["text"]
        yield f"  classDef {name} fill:{shades.fill},stroke:{shades.line},color:{ink}"
        yield f"  class {keys} {name}"
    bare = [box.key for box in boxes if box.role in BARE]
    if bare:
        yield "  classDef bare fill:none,stroke:none"
        yield f"  class {','.join(bare)} bare"
    for frame in chart.frames():
        line = style.tints[frame.tint].line if frame.tint else style.colours["plate"]
        yield f"  style {frame.key} fill:none,stroke:{line}"
    for number, link in enumerate(chart.links):
        dash = LINES[link.role].dash
        if dash != "solid":
            yield f"  linkStyle {number} stroke-dasharray:{DASHES[dash]}"


def quoted(said: tuple[str, ...]) -> str:
    """Lines of text as one quoted label."""
    return f'"{"<br>".join(map(escape.mermaid, said)) or " "}"'
