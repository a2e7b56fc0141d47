"""DOT: Graphviz source with its positions, for further work with Graphviz.

The file names its layout (`nop2`), so that every Graphviz program draws what
resviz placed; without that line Graphviz places the graph anew. Written here and
not by the `graphviz` package, because `resviz.escape` has already quoted strings.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from resviz import escape
from resviz.figures.drawing.marks import (
    mark_faces,
    mark_wire,
    resolve_colour,
)
from resviz.figures.drawing.styles import FONTS, FRAMES, LINES, LOOKS, Look, Style
from resviz.formats.pictures import xdot
from resviz.formats.pictures.svg import format_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.elements import Edge, Group, Node, Picture, Point

SUFFIXES = (".dot", ".gv")

DEFAULTS = (
    f'node [fixedsize="true" margin="0" fontname="{FONTS}"]',
    'edge [arrowsize="0.55"]',
)
"""Attributes of every node and edge."""

SHAPES = {"none": "plaintext", "box": "box", "round": "box", "circle": "circle"}

JUSTIFIED = {"start": r"\l", "middle": r"\n", "end": r"\r"}
"""How a line of a label ends, by where it stands."""


OPERATIONS = {"pos", "_background"}
"""Attributes of our own making: positions, and operations whose text is escaped."""

LONGEST = 16_000
"""Bytes of one quoted string: Graphviz reads no more than 16,384."""

RAISED = 1
"""How much higher Graphviz sets an HTML-like label than a plain one, in points."""


def render(picture: Picture, style: Style) -> str:
    """The picture as a directed graph."""
    return "\n".join(Writer(picture, style).lines()) + "\n"


class Writer:
    """Writes one picture; DOT's y grows upwards, in points, sizes in inches."""

    def __init__(self, picture: Picture, style: Style) -> None:
        self.picture = picture
        self.style = style
        self.nodes = {node.key: node for node in picture.nodes}

    def lines(self) -> Iterator[str]:
        """The lines of the file."""
        width, height = self.picture.size
        box = f"0,0,{format_length(width)},{format_length(height)}"
        ground = self.style.colours["background"]
        yield "digraph {"
        yield statement(
            "graph",
            layout="nop2",
            bb=box,
            pad="0",
            margin="0",
            bgcolor=ground,
            outputorder="edgesfirst",
            tooltip=self.picture.title,
            _background=self.background(),
        )
        yield from DEFAULTS
        # Graphviz crops to what is drawn: an unseen node as large as the picture.
        yield statement(
            '"canvas"', style="invis", shape="box", label="",
            pos=self.point((width / 2, height / 2)), **sides((width, height)),
        )  # fmt: skip
        grouped: set[str] = set()
        for group in self.picture.groups:
            yield from self.cluster(group, grouped)
        for node in self.picture.nodes:
            if node.key not in grouped:
                yield self.node(node)
        yield from (self.edge(edge) for edge in self.picture.edges if edge.tail)
        yield "}"

    def background(self) -> str:
        """What is no node in xdot: solids, and lines between none."""
        solids = (mark_faces(solid, self.style) for solid in self.picture.solids)
        loose = (edge for edge in self.picture.edges if not edge.tail)
        lines = (mark_wire(edge, self.style) for edge in loose)
        return xdot.operations(chain(*solids, *lines), self.point)

    def cluster(self, group: Group, grouped: set[str]) -> Iterator[str]:
        """A group with its nodes, noted in `grouped`, and the groups inside it."""
        frame = FRAMES[group.role]
        fill = resolve_colour(self.style, frame.fill, group.tint, "wash")
        corner = (group.at[0] - group.size[0] / 2, group.at[1] + group.size[1] / 2)
        across = (group.at[0] + group.size[0] / 2, group.at[1] - group.size[1] / 2)
        yield f"subgraph {quoted(f'cluster_{group.key}')} {{"
        yield statement(
            "graph", bb=f"{self.point(corner)},{self.point(across)}", label="",
            style=",".join(["rounded"] * (frame.corner > 0) + ["filled"] * bool(fill)),
            fillcolor=fill,
            color=resolve_colour(self.style, frame.line, group.tint, "line"),
            penwidth=format_length(frame.width),
        )  # fmt: skip
        for inner in group.groups:
            yield from self.cluster(inner, grouped)
        for key in group.nodes:
            grouped.add(key)
            yield self.node(self.nodes[key])
        yield "}"

    def node(self, node: Node) -> str:
        """One node."""
        look = LOOKS[node.role]
        html = look.bold
        lower = RAISED if html else 0
        wanted = {
            "shape": SHAPES[look.shape],
            "pos": self.point((node.at[0], node.at[1] + lower)),
            **sides(node.size),
            "style": styles(look),
            "fillcolor": resolve_colour(self.style, look.fill, node.tint, "fill"),
            "color": resolve_colour(self.style, look.line, node.tint, "line"),
            "penwidth": format_length(look.width) if look.width != 1 else "",
            "fontsize": format_length(look.size),
            "fontcolor": self.style.colours[look.ink],
        }
        label = bold(node) if html else plain(node)
        return f"{statement(quoted(node.key), **wanted)[:-1]} label={label}]"

    def edge(self, edge: Edge) -> str:
        """One edge."""
        line = LINES[edge.role]
        path = " ".join(map(self.point, edge.path))
        return statement(
            f"{quoted(edge.tail)} -> {quoted(edge.head)}",
            pos=f"e,{self.point(edge.tip)} {path}" if edge.tip else path,
            arrowhead="" if edge.tip else "none",
            color=self.style.colours[line.colour],
            style=line.dash if line.dash != "solid" else "",
            penwidth=format_length(line.width),
        )

    def point(self, point: Point) -> str:
        """A position with y turned upwards."""
        x, y = point
        return f"{format_length(x)},{format_length(self.picture.size[1] - y)}"


def styles(look: Look) -> str:
    """The `style` attribute of a node."""
    parts = (
        "rounded" if look.shape == "round" else "",
        "filled" if look.fill else "",
        look.dash if look.dash != "solid" else "",
    )
    return ",".join(filter(None, parts))


def plain(node: Node) -> str:
    """A node's text as an ordinary label.

    An empty line is a blank: at the start of a label, Graphviz 14.1.5 loses its memory
    over one and takes the process with it.
    """
    end = JUSTIFIED[node.align]
    lines = [escape.escape_dot(line) or " " for line in node.lines]
    joined = end.join(lines) if end == r"\n" else "".join(f"{it}{end}" for it in lines)
    return f'"{joined}"'


def bold(node: Node) -> str:
    """A node's text as an HTML-like label, the only kind with bold letters."""
    side = {"start": "left", "middle": "center", "end": "right"}[node.align]
    # Without a height: Graphviz fills up a table that is higher than its text below it.
    rows = "".join(
        f'<tr><td align="{side}"><b>{markup(line)}</b></td></tr>' for line in node.lines
    )
    return (
        '<<table border="0" cellborder="0" cellspacing="0" cellpadding="0"'
        f' width="{round(node.size[0])}">{rows}</table>>'
    )


def markup(text: str) -> str:
    r"""Text for bold letters in an HTML-like label.

    Graphviz expands `\N` and `\G` there too, after entities and with no escape for
    it, so the bold run is broken behind each backslash. A run of nothing but closing
    brackets is a syntax error to it.
    """
    safe = escape.escape_html(text).replace("]", "&#93;")
    runs = re.findall(r"[^\\]*\\|[^\\]+", safe)
    return "</b><b>".join(runs) or "&#160;"


def statement(subject: str, **attributes: str) -> str:
    """One statement with its attributes; empty ones but `label` are left out."""
    return f"{subject} [{' '.join(listed(attributes.items()))}]"


def listed(attributes: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Attributes as `key="value"`; those of `OPERATIONS` may be long."""
    for key, value in attributes:
        if value and key in OPERATIONS:
            joined = '" + "'.join(pieces(value))
            yield f'{key}="{joined}"'
        elif value or key == "label":
            yield f"{key}={quoted(value)}"


def pieces(value: str) -> Iterator[str]:
    """Words in strings that are not too long for Graphviz, which joins them."""
    rest = value.encode()
    while len(rest) > LONGEST:
        end = rest.rindex(b" ", 0, LONGEST) + 1
        yield rest[:end].decode()
        rest = rest[end:]
    yield rest.decode()


def quoted(text: str) -> str:
    """A string as a quoted DOT string."""
    return f'"{escape.escape_dot(text)}"'


def sides(size: Point) -> dict[str, str]:
    """A size in inches."""
    return {"width": f"{size[0] / 72:.4f}", "height": f"{size[1] / 72:.4f}"}
