"""SVG: sharp at any size, for pages and papers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from resviz.escape import html, html_prose
from resviz.figures.drawing.marks import (
    Circle,
    Curve,
    Mark,
    Paint,
    Polygon,
    Rectangle,
    Text,
    marks,
)
from resviz.figures.drawing.styles import FONTS, Dash, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.parts import Picture, Point

KIND = "picture"
SUFFIXES = (".svg",)

DASHES: dict[Dash, str] = {
    "solid": "",
    "dashed": ' stroke-dasharray="5,2"',
    "dotted": ' stroke-dasharray="1,4" stroke-linecap="round"',
}
"""What makes a line dashed or dotted; the ratios are Graphviz'."""

BASELINE = 0.355
"""How far the baseline lies below a capital's middle, in sizes of Helvetica."""

LIGHT = "[data-theme=light],[data-md-color-scheme=default]"
"""What a page says of itself that is light whatever the reader's system asks for."""


def render(picture: Picture, style: Style, *, salt: str = "") -> bytes:
    """The picture as SVG; 1 unit is 1 px and it shrinks with its container.

    Ids come from the content, so equal pictures give equal bytes; `salt` tells
    two equal ones on one page apart.
    """
    body = "\n".join(map(element, marks(picture, style)))
    key = "rv" + hashlib.sha256(f"{salt}{body}".encode()).hexdigest()[:10]
    width, height = (number(side) for side in picture.size)
    ground = style.colours["background"]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-labelledby="{key}-t {key}-d"'
        f' font-family="{html(FONTS)}" style="max-width:100%;height:auto">'
    )
    lines = (
        opening,
        f'<title id="{key}-t">{html(picture.title)}</title>',
        f'<desc id="{key}-d">{html_prose(picture.description)}</desc>',
        *dark_mode(key, body, style),
        f'<g id="{key}">',
        f'<rect width="{width}" height="{height}" fill="{ground}"/>',
        body,
        "</g>",
        "</svg>\n",
    )
    return "\n".join(lines).encode()


def dark_mode(key: str, body: str, style: Style) -> Iterator[str]:
    """A style sheet that recolours this figure alone where the reader wants dark.

    A page's own switch is `data-theme` on its root or body, or that of Material for
    MkDocs. Attribute selectors leave the light colours to readers without style sheets.
    """
    background = style.colours["background"]
    rules = [
        (attribute, mine, theirs)
        for mine, theirs in style.pairs().items()
        for attribute in ("fill", "stroke")
        if f'{attribute}="{mine}"' in body or (attribute, mine) == ("fill", background)
    ]
    if not rules:
        return

    def under(scope: str) -> str:
        return "".join(
            f'{scope} #{key} [{attribute}="{mine}"]{{{attribute}:{theirs}}}'
            for attribute, mine, theirs in rules
        )

    system = under(f":root:not({LIGHT}):not(:has({LIGHT}))")
    page = under("[data-theme=dark]") + under("[data-md-color-scheme=slate]")
    yield f"<style>@media (prefers-color-scheme:dark){{{system}}}{page}</style>"


def element(mark: Mark) -> str:
    """One mark as an element."""
    match mark:
        case Rectangle(at, size, corner, paint):
            return f"<rect {rectangle(at, size, corner)} {painted(paint)}/>"
        case Circle((x, y), radius, paint):
            where = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
            return f"<circle {where} {painted(paint)}/>"
        case Polygon(corners, paint):
            return f'<polygon points="{points(corners)}" {painted(paint)}/>'
        case Curve(path, paint):
            along = f"M{points(path[:1])}C{points(path[1:])}"
            return f'<path d="{along}" {painted(paint)}/>'
        case Text((x, y), line, align, size, bold, ink):
            weight = ' font-weight="bold"' if bold else ""
            return (
                f'<text x="{number(x)}" y="{number(y + BASELINE * size)}"'
                f' text-anchor="{align}" font-size="{number(size)}"{weight}'
                f' fill="{ink}">{html(line)}</text>'
            )


def painted(paint: Paint) -> str:
    """The attributes of what a shape is drawn with."""
    said = f'fill="{paint.fill or "none"}"'
    if paint.opacity < 1:
        said += f' fill-opacity="{paint.opacity}"'
    if paint.line:
        said += f' stroke="{paint.line}" stroke-width="{paint.width}"'
        said += DASHES[paint.dash]
    return said + ' stroke-linejoin="round"' * paint.joined


def rectangle(at: Point, size: Point, corner: float) -> str:
    """The attributes of a rectangle around its centre."""
    x, y = number(at[0] - size[0] / 2), number(at[1] - size[1] / 2)
    sides = f'x="{x}" y="{y}" width="{number(size[0])}" height="{number(size[1])}"'
    return f'{sides} rx="{corner:g}"' if corner else sides


def points(path: Iterable[Point]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in path)


def number(value: float) -> str:
    """A length with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
