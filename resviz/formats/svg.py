"""SVG: sharp at any size, for pages and papers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from resviz.escape import html, html_prose
from resviz.figures.drawing.metrics import LINE
from resviz.figures.drawing.styles import FONTS, FRAMES, LINES, LOOKS, Dash, Look, Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.parts import Edge, Group, Node, Picture, Point, Solid

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

LIGHT = ("[data-theme=light]", "[data-md-color-scheme=default]")
DARK = (
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

SYSTEM = ("svg:root", "[data-theme=auto]")
"""What goes by the system: a figure that is its own document, and pages as Furo's."""

SHADE = 0.16
"""How much of the outline's colour lies over a solid's side face."""


def render(picture: Picture, style: Style, *, salt: str = "") -> bytes:
    """The picture as SVG; 1 unit is 1 px and it shrinks with its container.

    Ids come from the content, so equal pictures give equal bytes; `salt` tells
    two equal ones on one page apart.
    """
    body = "\n".join(elements(picture, style))
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
    """A style sheet that recolours this figure alone where what is around it is dark.

    A figure in a page goes by the page: by its switch, or else by the `color-scheme`
    in CSS, without which a page is light whatever the system asks for. A figure that
    is a document of its own goes by the system; in an `<img>`, by the page's
    `color-scheme` if there is one.
    Attribute selectors leave the light colours to readers without style sheets.
    """
    background = style.colours["background"]
    rules = [
        f'#{key} [{attribute}="{mine}"]{{{attribute}:light-dark({mine},{theirs})}}'
        for mine, theirs in style.pairs().items()
        for attribute in ("fill", "stroke")
        if f'{attribute}="{mine}"' in body or (attribute, mine) == ("fill", background)
    ]
    if not rules:
        return

    def under(scopes: Iterable[str], scheme: str) -> str:
        listed = ",".join(f"{scope} #{key}" for scope in scopes)
        return f"{listed}{{color-scheme:{scheme}}}"

    system = f"@media (prefers-color-scheme:dark){{{under(SYSTEM, 'dark')}}}"
    page = under(LIGHT, "light") + under(DARK, "dark")
    yield f"<style>{system}{page}{''.join(rules)}</style>"


def elements(picture: Picture, style: Style) -> Iterator[str]:
    """The elements of a picture, the lowest first."""
    for group in picture.groups:
        yield from frames(group, style)
    for solid in picture.solids:
        yield from faces(solid, style)
    for edge in picture.edges:
        yield from wire(edge, style)
    for node in picture.nodes:
        yield from outline(node, style)
        yield from lettering(node, style)


def frames(group: Group, style: Style) -> Iterator[str]:
    """A group's frame and those inside it."""
    frame = FRAMES[group.role]
    fill = colour(style, frame.fill, group.tint, "wash")
    line = colour(style, frame.line, group.tint, "line")
    box = rectangle(group.at, group.size, 8)
    yield f'<rect {box} fill="{fill}" stroke="{line}" stroke-width="{frame.width}"/>'
    for inner in group.groups:
        yield from frames(inner, style)


def faces(solid: Solid, style: Style) -> Iterator[str]:
    """A solid's faces; the last is its side and lies in the shade."""
    tint = style.tints[solid.tint]
    for face in solid.faces:
        yield (
            f'<polygon points="{points(face)}" fill="{tint.fill}"'
            f' stroke="{tint.line}" stroke-linejoin="round"/>'
        )
    yield (
        f'<polygon points="{points(solid.faces[-1])}" fill="{tint.line}"'
        f' fill-opacity="{SHADE}"/>'
    )


def wire(edge: Edge, style: Style) -> Iterator[str]:
    """An edge's path and its arrow."""
    line = LINES[edge.role]
    ink = style.colours[line.colour]
    start, *rest = edge.path
    yield (
        f'<path d="M{points((start,))}C{points(rest)}" fill="none" stroke="{ink}"'
        f' stroke-width="{line.width}"{DASHES[line.dash]}/>'
    )
    if edge.tip:
        yield f'<polygon points="{points(arrow(edge))}" fill="{ink}"/>'


def arrow(edge: Edge) -> tuple[Point, ...]:
    """The corners of an edge's arrow head."""
    (x, y), tip = edge.path[-1], edge.tip or edge.path[-1]
    across = (-(tip[1] - y) * 0.36, (tip[0] - x) * 0.36)
    return (tip, (x + across[0], y + across[1]), (x - across[0], y - across[1]))


def outline(node: Node, style: Style) -> Iterator[str]:
    """A node's box or circle, if it has one."""
    look = LOOKS[node.role]
    if look.shape == "none":
        return
    paint = (
        f'fill="{colour(style, look.fill, node.tint, "fill")}"'
        f' stroke="{colour(style, look.line, node.tint, "line")}"'
        f' stroke-width="{look.width}"{DASHES[look.dash]}'
    )
    if look.shape == "circle":
        x, y = map(number, node.at)
        yield f'<circle cx="{x}" cy="{y}" r="{number(node.size[0] / 2)}" {paint}/>'
    else:
        corner = 7 if look.shape == "round" else 0
        yield f"<rect {rectangle(node.at, node.size, corner)} {paint}/>"


def lettering(node: Node, style: Style) -> Iterator[str]:
    """A node's lines of text, as a block in its middle."""
    look = LOOKS[node.role]
    x = {"start": node.left, "middle": node.at[0], "end": node.right}[node.align]
    first = node.at[1] - (len(node.lines) - 1) * look.size * LINE / 2
    for row, line in enumerate(node.lines):
        y = first + row * look.size * LINE + BASELINE * look.size
        yield (
            f'<text x="{number(x)}" y="{number(y)}" text-anchor="{node.align}"'
            f' font-size="{number(look.size)}"{weight(look)}'
            f' fill="{style.colours[look.ink]}">{html(line)}</text>'
        )


def weight(look: Look) -> str:
    """The attribute that makes letters bold."""
    return ' font-weight="bold"' if look.bold else ""


def colour(style: Style, key: str, tint: str, part: str) -> str:
    """The colour that a look's key names; "tint" and "wash" ask the node's tint."""
    if not key:
        return "none"
    if key in {"tint", "wash"}:
        return getattr(style.tints[tint or "stem"], part)
    return style.colours[key]


def rectangle(at: Point, size: Point, corner: float) -> str:
    """The attributes of a rectangle around its centre."""
    x, y = number(at[0] - size[0] / 2), number(at[1] - size[1] / 2)
    sides = f'x="{x}" y="{y}" width="{number(size[0])}" height="{number(size[1])}"'
    return f'{sides} rx="{corner}"' if corner else sides


def points(path: tuple[Point, ...] | list[Point]) -> str:
    """Points as SVG writes them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in path)


def number(value: float) -> str:
    """A length with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
