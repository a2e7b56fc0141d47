r"""DOT: a plain graph, which Graphviz lays out and a person can edit.

The main path has heavy edges and one group, so that it stays straight; stages and
repeated blocks are clusters. Nothing but labels comes from a network: no name, link
or image does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.errors import RenderError
from resviz.figures import FIGURES_WITH_GRAPH
from resviz.figures.drawing import metrics
from resviz.figures.drawing.elements import Chart, ChartBox, ChartFrame, ChartLink
from resviz.figures.drawing.marks import choose_ground, resolve_colour
from resviz.figures.drawing.styles import (
    FONTS,
    FRAMES,
    LINES,
    LOOKS,
    Look,
    Style,
    list_fonts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphviz import Digraph

    from resviz.figures.drawing.elements import Picture

SUFFIXES = (".dot", ".gv")

GRAPH_ATTRIBUTES = {
    "fontname": FONTS,
    "fontsize": "12",
    "nodesep": "0.3",
    "ranksep": "0.25",
}
NODE_ATTRIBUTES = {
    "fontname": FONTS,
    "fontsize": "12",
    "height": "0.33",
    "margin": "0.14,0.05",
}
EDGE_ATTRIBUTES = {"fontname": FONTS, "fontsize": "11", "arrowsize": "0.55"}
"""Attributes of the graph, of every node and of every edge; lengths are in inches."""

SHAPES = {"none": "plaintext", "box": "box", "round": "box", "circle": "circle"}
"""What Graphviz calls the shapes of looks."""

MAIN_WEIGHT = "10"
"""Weight of an edge of the main path: dot keeps heavy edges short and straight."""

SUM_INCHES = "0.2"
"""Width and height of an addition's circle."""

MAX_LABEL_WIDTH = 480
"""Pixels of a label's line, above which it is cut: a string may have 16,384 bytes."""


def render(picture: Picture, style: Style) -> str:
    """Write a picture's graph as DOT source.

    Raises:
        RenderError: for a figure that is no graph; says which are.
    """
    return build_digraph(picture, style).source


def build_digraph(picture: Picture, style: Style) -> Digraph:
    """Build the graph of a picture with the package `graphviz`.

    Raises:
        RenderError: for a figure that is no graph; says which are.
    """
    if picture.chart is None:
        raise RenderError(
            f"{picture.title}: a drawing to scale and no graph, want one of the "
            f"figures {', '.join(FIGURES_WITH_GRAPH)}; or write .svg"
        )
    ground = choose_ground(picture, style) or "transparent"
    graph = _GraphBuilder(picture.chart, style).build(picture.title, ground)
    if picture.font:
        for part in ("graph", "node", "edge"):
            graph.attr(part, fontname=list_fonts(picture.font))
    return graph


class _GraphBuilder:
    """Builds the graph of one chart.

    Attributes:
        chart: the figure, not placed.
        style: its colours.
        title_of: by the key of a frame, the box that is its title.
        heading: the boxes that no link joins; they are the graph's own label.
        wire_end_of: for each such title, the box before it, since the wire goes past
            the label of a cluster.
        main_path: the boxes of the main path, each with its place on it.
    """

    def __init__(self, chart: Chart, style: Style) -> None:
        self.chart = chart
        self.style = style
        self.title_of = {
            frame.key: frame.parts[0]
            for frame in chart.iter_parts()
            if isinstance(frame, ChartFrame)
            and isinstance(frame.parts[0], ChartBox)
            and frame.parts[0].role == "name"
        }
        joined = {key for link in chart.links for key in (link.tail, link.head)}
        titles = {box.key for box in self.title_of.values()}
        self.heading = tuple(
            part
            for part in chart.parts
            if isinstance(part, ChartBox)
            and part.role == "text"
            and part.key not in joined
        )
        self.wire_end_of = {
            link.head: link.tail
            for link in chart.links
            if link.head in titles and link.role in {"main", "order"}
        }
        self.main_path = self.find_main_path()

    def build(self, title: str, ground: str) -> Digraph:
        """Build the whole graph on a ground of some colour."""
        import graphviz

        graph = graphviz.Digraph(
            graph_attr={
                "rankdir": self.chart.direction,
                "bgcolor": ground,
                "fontcolor": self.style.colours["text"],
                "tooltip": graphviz.nohtml(escape.escape_dot(title)),
                "label": join_label_lines(
                    line for box in self.heading for line in box.lines
                ),
                "labelloc": "t",
                **GRAPH_ATTRIBUTES,
            },
            node_attr={**NODE_ATTRIBUTES, "fontcolor": self.style.colours["text"]},
            edge_attr={**EDGE_ATTRIBUTES, "fontcolor": self.style.colours["muted"]},
        )
        self.add_parts(graph, self.chart.parts)
        for link in self.chart.links:
            if link.head not in self.wire_end_of:
                self.add_link(graph, link)
        return graph

    def find_wire_end(self, key: str) -> str:
        """Return the box whose wire a link leaves; never a frame's title."""
        while key in self.wire_end_of:
            key = self.wire_end_of[key]
        return key

    def find_main_path(self) -> dict[str, int]:
        """Return the boxes of the main path, each with its place on it.

        It is the chain of links of the role "main" from the first box on, the first
        link of a box that forks.
        """
        after: dict[str, str] = {}
        for link in self.chart.links:
            if link.role == "main" and link.head not in self.wire_end_of:
                after.setdefault(self.find_wire_end(link.tail), link.head)
        path: dict[str, int] = {}
        key = next(iter(after), None)
        while key is not None and key not in path:
            path[key] = len(path)
            key = after.get(key)
        return path

    def add_parts(self, graph: Digraph, parts: Iterable[ChartBox | ChartFrame]) -> None:
        """Add boxes, and frames as clusters with all that they hold."""
        import graphviz

        for part in parts:
            if isinstance(part, ChartFrame):
                cluster = graphviz.Digraph(
                    f"cluster_{part.key}", graph_attr=self.frame_attributes(part)
                )
                self.add_parts(cluster, part.parts)
                graph.subgraph(cluster)
            elif part not in (*self.title_of.values(), *self.heading):
                group = {"group": "main"} if part.key in self.main_path else {}
                graph.node(part.key, **self.box_attributes(part), **group)

    def frame_attributes(self, frame: ChartFrame) -> dict[str, str]:
        """Return the attributes of a cluster."""
        title = self.title_of.get(frame.key)
        role = "stage" if frame.tint else "fold"
        look = FRAMES[role]
        fill = resolve_colour(self.style, look.fill, frame.tint, "wash")
        return {
            "label": join_label_lines(title.lines if title else frame.lines, r"\l"),
            "labeljust": "l" if title else "r",
            "style": "rounded,filled",
            "fillcolor": fill,
            "color": resolve_colour(self.style, look.line, frame.tint, "line"),
            "penwidth": f"{look.width:g}",
        }

    def box_attributes(self, box: ChartBox) -> dict[str, str]:
        """Return the attributes of a node."""
        look = LOOKS[box.role]
        attributes = {
            "label": join_label_lines(box.lines),
            "shape": SHAPES[look.shape],
            "style": join_node_styles(look),
            "fillcolor": resolve_colour(self.style, look.fill, box.tint, "fill"),
            "color": resolve_colour(self.style, look.line, box.tint, "line"),
            "penwidth": f"{look.width:g}" if look.width != 1 else "",
            "fontsize": f"{look.size:g}" if look.size != 12 else "",
        }
        if look.shape == "circle":
            sides = {"width": SUM_INCHES, "height": SUM_INCHES}
            attributes |= {"margin": "0", "fixedsize": "true", **sides}
        return {key: value for key, value in attributes.items() if value}

    def add_link(self, graph: Digraph, link: ChartLink) -> None:
        """Add an edge."""
        line = LINES[link.role]
        tail = self.find_wire_end(link.tail)
        places = self.main_path
        straight = places.get(link.head, -2) - places.get(tail, -9) == 1
        attributes = {
            "label": join_label_lines(link.lines, margin=" "),
            "color": self.style.colours[line.colour],
            "style": line.dash if line.dash != "solid" else "",
            "penwidth": f"{line.width:g}",
            "weight": MAIN_WEIGHT if straight and link.role == "main" else "",
            "dir": "none" if link.role == "order" else "",
        }
        present = {key: value for key, value in attributes.items() if value}
        graph.edge(tail, link.head, **present)


def join_node_styles(look: Look) -> str:
    """Return the `style` attribute of a node."""
    parts = (
        "rounded" if look.shape == "round" else "",
        "filled" if look.fill else "",
        look.dash if look.dash != "solid" else "",
    )
    return ",".join(filter(None, parts))


def join_label_lines(
    lines: Iterable[str], end: str = r"\n", *, margin: str = ""
) -> str:
    r"""Join lines of text into a label, each ended by `\n`, `\l` or `\r`.

    A margin on both sides of each keeps the words of an edge off it.

    Text like `<b>` stays text, as does what would begin an HTML-like label.

    Example:
        >>> print(join_label_lines(["a\\b", "c & d"]))
        a\\b\nc &amp; d
    """
    import graphviz

    fitted = [
        f"{margin}{escape.escape_dot(metrics.fit_text(line, MAX_LABEL_WIDTH))}{margin}"
        for line in lines
    ]
    joined = end.join(fitted) + (end if end != r"\n" else "")
    return graphviz.nohtml(joined)
