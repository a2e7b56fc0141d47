"""SVG: sharp at any size, for pages and papers."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import TYPE_CHECKING

from resviz.escape import escape_html, escape_html_prose
from resviz.figures.drawing.marks import (
    Circle,
    Curve,
    Mark,
    Paint,
    PlacedImage,
    Polygon,
    Rectangle,
    Text,
    choose_ground,
    iter_marks,
)
from resviz.figures.drawing.styles import Dash, Style, list_fonts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.elements import Picture, Point

SUFFIXES = (".svg",)

SVG_DASHES: dict[Dash, str] = {
    "solid": "",
    "dashed": ' stroke-dasharray="5,2"',
    "dotted": ' stroke-dasharray="1,4" stroke-linecap="round"',
}
"""What makes a line dashed or dotted; the ratios are Graphviz'."""

HELVETICA_BASELINE = 0.355
"""How far the baseline lies below a capital's middle, in sizes of Helvetica."""

LIGHT_SELECTORS = ("[data-theme=light]", "[data-md-color-scheme=default]")
DARK_SELECTORS = (
    "[data-theme=dark]",
    "[theme=dark]",
    "[data-bs-theme=dark]",
    "[data-md-color-scheme=slate]",
    "[data-jp-theme-light=false]",
    ".vscode-dark",
    ":root.dark",
)
"""What a page says of itself that has a switch: Sphinx' themes, Colab, Bootstrap,
Material for MkDocs, Jupyter, VS Code, Tailwind."""

SYSTEM_SELECTORS = ("svg:root", "[data-theme=auto]")
"""What goes by the system: a figure that is its own document, and pages as Furo's."""

FLUID = "max-width:100%;block-size:auto"
"""Shrinks a figure with its container. `height` would be the same to a browser, but
CairoSVG takes a property for the attribute of its name, and "auto" for nothing."""

KNOWS_BOTH = "@supports (color:light-dark(red,red))"
"""Where a reader knows colours that go by the scheme."""


def render(picture: Picture, style: Style, *, salt: str = "") -> str:
    """Write a picture as SVG; 1 unit is 1 px and it shrinks with its container.

    Ids come from the content, so equal pictures give equal bytes; `salt` tells
    two equal ones on one page apart.
    """
    body = "\n".join(map(svg_element, iter_marks(picture, style)))
    key = "rv" + hashlib.sha256(f"{salt}{body}".encode()).hexdigest()[:10]
    width, height = (format_length(side) for side in picture.size)
    shown_width, shown_height = (format_length(side) for side in picture.pixels)
    # What goes by its reader has one: where that mistakes the page, letters would be
    # dark on dark.
    ground = choose_ground(picture, style, "style" if style.dark else "none")
    fonts = list_fonts(picture.font)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{shown_width}"'
        f' height="{shown_height}" viewBox="0 0 {width} {height}" role="img"'
        f' aria-labelledby="{key}-t {key}-d"'
        f' font-family="{escape_html(fonts)}" style="{FLUID}">'
    )
    lines = (
        opening,
        f'<title id="{key}-t">{escape_html(picture.title)}</title>',
        f'<desc id="{key}-d">{escape_html_prose(picture.description)}</desc>',
        *dark_mode_style(key, body, style),
        f'<g id="{key}">',
        *[f'<rect width="{width}" height="{height}" fill="{ground}"/>'] * bool(ground),
        body,
        "</g>",
        "</svg>\n",
    )
    return "\n".join(lines)


def dark_mode_style(key: str, body: str, style: Style) -> Iterator[str]:
    """Yield a style sheet that recolours this figure alone where its page is dark.

    A figure in a page goes by the page: by its switch, or else by the `color-scheme`
    in CSS, without which a page is light whatever the system asks for. A figure that
    is a document of its own goes by the system; in an `<img>`, by the page's
    `color-scheme` if there is one.
    Colours are attributes, and the rules stand where only a reader that knows
    `light-dark()` looks: others take what they do not know for black or for nothing.
    """
    background = style.colours["background"]
    rules = [
        f'#{key} [{attribute}="{mine}"]{{{attribute}:light-dark({mine},{theirs})}}'
        for mine, theirs in style.pair_with_dark().items()
        for attribute in ("fill", "stroke")
        if f'{attribute}="{mine}"' in body or (attribute, mine) == ("fill", background)
    ]
    if not rules:
        return

    def scope_rule(scopes: Iterable[str], scheme: str) -> str:
        listed = ",".join(f"{scope} #{key}" for scope in scopes)
        return f"{listed}{{color-scheme:{scheme}}}"

    system = (
        f"@media (prefers-color-scheme:dark){{{scope_rule(SYSTEM_SELECTORS, 'dark')}}}"
    )
    page = scope_rule(LIGHT_SELECTORS, "light") + scope_rule(DARK_SELECTORS, "dark")
    yield f"<style>{KNOWS_BOTH}{{{system}{page}{''.join(rules)}}}</style>"


def svg_element(mark: Mark) -> str:
    """Write one mark as an element."""
    match mark:
        case Rectangle(at, size, corner, paint):
            x, y = (at[axis] - size[axis] / 2 for axis in (0, 1))
            width, height = map(format_length, size)
            outline = f'x="{format_length(x)}" y="{format_length(y)}"'
            outline += f' width="{width}" height="{height}"'
            outline += f' rx="{corner:g}"' if corner else ""
            return f"<rect {outline} {paint_attributes(paint)}/>"
        case Circle((x, y), radius, paint):
            centre = f'cx="{format_length(x)}" cy="{format_length(y)}"'
            outline = f'{centre} r="{format_length(radius)}"'
            return f"<circle {outline} {paint_attributes(paint)}/>"
        case Polygon(corners, paint):
            return (
                f'<polygon points="{svg_points(corners)}" {paint_attributes(paint)}/>'
            )
        case Curve(path, paint):
            path_data = f"M{svg_points(path[:1])}C{svg_points(path[1:])}"
            return f'<path d="{path_data}" {paint_attributes(paint)}/>'
        case PlacedImage(_, size, kind, data):
            width, height = map(format_length, size)
            place = f'x="{format_length(mark.left)}" y="{format_length(mark.top)}"'
            return (
                f'<image {place} width="{width}" height="{height}"'
                ' preserveAspectRatio="xMidYMid slice"'
                f' href="data:image/{kind};base64,{b64encode(data).decode()}"/>'
            )
        case Text((x, y), line, align, size, bold, ink):
            weight = ' font-weight="bold"' if bold else ""
            baseline = y + HELVETICA_BASELINE * size
            return (
                f'<text x="{format_length(x)}" y="{format_length(baseline)}"'
                f' text-anchor="{align}" font-size="{format_length(size)}"{weight}'
                f' fill="{ink}">{escape_html(line)}</text>'
            )


def paint_attributes(paint: Paint) -> str:
    """Write the attributes of what a shape is drawn with."""
    attributes = f'fill="{paint.fill or "none"}"'
    if paint.opacity < 1:
        attributes += f' fill-opacity="{paint.opacity}"'
    if paint.line:
        attributes += f' stroke="{paint.line}" stroke-width="{paint.width}"'
        attributes += SVG_DASHES[paint.dash]
    return attributes + ' stroke-linejoin="round"' * paint.round_joins


def svg_points(path: Iterable[Point]) -> str:
    """Write points as SVG does."""
    return " ".join(f"{format_length(x)},{format_length(y)}" for x, y in path)


def format_length(value: float) -> str:
    """Write a length with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
