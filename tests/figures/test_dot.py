"""Graphs in DOT, read back by Graphviz' own parser."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from resviz.errors import RenderError
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import (
    Chart,
    ChartBox,
    ChartFrame,
    ChartLink,
    Edge,
    Group,
    Node,
    Picture,
)
from resviz.figures.drawing.metrics import fit_text
from resviz.formats.pictures import dot

from .conftest import HOSTILE

BOX = Node("n0", "block", (60, 20), (80, 24), ("3×3, 64",), tint="level 2")
SUM = Node("n1", "sum", (60, 60), (14, 14), ("+",))
WIRE = Edge("n0", "n1", "main", ((60, 32), (60, 38), (60, 42), (60, 47.5)), (60, 53))
STAGE = Group("s", "stage", (60, 40), (110, 76), "level 2", ("n0", "n1"))
SMALL = Picture("small", "a box and a sum", (120, 80), (BOX, SUM), (WIRE,), (STAGE,))

CHART = Chart(
    "TB",
    (
        ChartBox("n0", "text", ("small",)),
        ChartFrame(
            "s0",
            (),
            "level 2",
            (
                ChartBox("n1", "name", ("conv2_x", "2 blocks")),
                ChartBox("n2", "block", ("3×3, 64",), "level 2"),
                ChartBox("n3", "sum", ("+",)),
            ),
        ),
    ),
    (
        ChartLink("n0", "n1"),
        ChartLink("n1", "n2"),
        ChartLink("n2", "n3"),
        ChartLink("n1", "n3", "projection", ("1×1",)),
    ),
)
GRAPH = replace(SMALL, chart=CHART)

GRAPH_DOT = """\
digraph {
	graph [bgcolor="#ffffff" fontcolor="#1a1a1a" \
fontname="Helvetica,Arial,Liberation Sans,sans-serif" fontsize=12 label="" \
labelloc=t nodesep=0.3 rankdir=TB ranksep=0.25 tooltip=small]
	node [fontcolor="#1a1a1a" fontname="Helvetica,Arial,Liberation Sans,sans-serif" \
fontsize=12 height=0.33 margin="0.14,0.05"]
	edge [arrowsize=0.55 fontcolor="#595959" \
fontname="Helvetica,Arial,Liberation Sans,sans-serif" fontsize=11]
	n0 [label=small group=main shape=plaintext]
	subgraph cluster_s0 {
		graph [color="#117555" fillcolor="#f6fcf9" label="conv2_x\\l2 blocks\\l" \
labeljust=l penwidth=1 style="rounded,filled"]
		n2 [label="3×3, 64" color="#117555" fillcolor="#baecd5" group=main shape=box \
style="rounded,filled"]
		n3 [label="+" color="#333333" fillcolor="#ffffff" fixedsize=true fontsize=13 \
group=main height=0.2 margin=0 penwidth=1.2 shape=circle style=filled width=0.2]
	}
	n0 -> n2 [color="#333333" penwidth=1.2 weight=10]
	n2 -> n3 [color="#333333" penwidth=1.2 weight=10]
	n0 -> n3 [label=" 1×1 " color="#b02a00" penwidth=1.2 style=dashed]
}
"""


def said(role, line, align="middle"):
    """A picture that says one line in one role."""
    node = Node("n0", role, (200, 30), (380, 20), (line,), align=align)
    return Picture(line, line, (400, 60), (node,))


def charted(line, role="block"):
    """A picture of a graph that says one line, in a box, a frame and on a link."""
    box = ChartBox("n0", role, (line,))
    frame = ChartFrame("s0", (line,), "", (ChartBox("n1", "sum", ("+",)),))
    links = (ChartLink("n0", "n1", "main", (line,)),)
    chart = Chart("TB", (box, frame), links)
    return replace(said(role, line), chart=chart)


def drawn(source):
    """The lines of text that `dot` writes into an SVG of some source."""
    done = subprocess.run(
        ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True
    )
    root = ET.fromstring(done.stdout)
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\xa0", " ") for text in texts]


def test_source_is_what_a_reader_expects():
    """The whole text of a small graph."""
    assert GRAPH_DOT == dot.render(GRAPH, styles.SCREEN_STYLE)


def test_only_the_main_path_is_heavy():
    """A second way of the same role, as into a gate, bends around it."""
    boxes = tuple(ChartBox(f"n{k}", "block", (str(k),)) for k in range(3))
    links = ChartLink("n0", "n1"), ChartLink("n1", "n2"), ChartLink("n0", "n2")
    picture = replace(SMALL, chart=Chart("TB", boxes, links))
    source = dot.render(picture, styles.SCREEN_STYLE)
    heavy = re.findall(r"(n\d -> n\d) \[.*weight=10\]", source)
    assert ["n0 -> n1", "n1 -> n2"] == heavy


@pytest.mark.needs("dot")
@pytest.mark.parametrize("role", ["block", "title", "text"])
@pytest.mark.parametrize("name", HOSTILE)
def test_dot_draws_hostile_names_as_text(role, name):
    """Boxes, frames and links give back the fitted name, and nothing else."""
    lines = drawn(dot.render(charted(name, role), styles.SCREEN_STYLE))
    lines = [line.strip() for line in lines]
    lines.remove("+")
    fitted = " ".join(fit_text(name, dot.MAX_LABEL_WIDTH).split())
    assert [fitted] * 3 == [" ".join(line.split()) for line in lines]


@pytest.mark.needs("dot")
@pytest.mark.parametrize("line", ["\U0001f600" * 500, "&" * 500, '"' * 500, "\\" * 500])
def test_long_labels_are_short_enough_for_graphviz(line):
    """It reads no string above 16,384 bytes, and eight such lines are one label."""
    box = ChartBox("n0", "block", (line,) * 8)
    chart = Chart("TB", (box, ChartBox("n1", "sum", ("+",))), ())
    source = dot.render(replace(SMALL, chart=chart), styles.SCREEN_STYLE)
    assert 9 == len(drawn(source))


@pytest.mark.parametrize("label", ["<b>bold</b>", "<>", "<"])
def test_what_looks_like_markup_is_quoted(label):
    """The package writes labels between angle brackets as HTML-like ones."""
    source = dot.render(charted(label), styles.SCREEN_STYLE)
    assert 'label="<' in source
    assert "label=<" not in source


def test_no_attribute_fetches_anything(hostile):
    """Neither links nor images stand in the source."""
    from resviz.figures import draw_diagram

    for figure in dot.FIGURES_WITH_GRAPH:
        source = draw_diagram(hostile[0], figure).to_dot()
        assert not re.search(r"(?i)\b(url|href|image|shapefile)\s*=", source)


@pytest.mark.needs("dot")
@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
@pytest.mark.parametrize("figure", dot.FIGURES_WITH_GRAPH)
def test_the_main_path_is_straight(network, figure, name):
    """All boxes of the group "main" have one x, in every graph of every figure."""
    from resviz.figures import draw_diagram

    source = draw_diagram(network(name), figure).to_dot()
    done = subprocess.run(
        ["dot", "-Tjson"], input=source.encode(), capture_output=True, check=True
    )
    objects = json.loads(done.stdout)["objects"]
    places = [it["pos"].split(",")[0] for it in objects if it.get("group") == "main"]
    assert len(places) > 3
    xs = list(map(float, places))
    assert max(xs) - min(xs) < 1


def test_a_stage_is_a_cluster_with_its_name(network):
    """And not a box on the wire, as in Mermaid."""
    from resviz.figures import draw_diagram

    source = draw_diagram(network("resnet18")).to_dot()
    assert 4 == source.count("subgraph cluster_s")
    assert source.count("conv3_x") == 1


@pytest.mark.parametrize("figure", ["volumes", "stack", "growth"])
def test_what_is_no_graph_is_refused(network, figure):
    """The error names the figures that are."""
    from resviz.figures import draw_diagram

    diagram = draw_diagram(network("resnet18"), figure)
    with pytest.raises(RenderError, match="no graph, want one of the figures overview"):
        diagram.to_dot()
    with pytest.raises(RenderError, match="no graph, want one of the figures overview"):
        diagram.to_graphviz()


@pytest.mark.needs("dot")
def test_the_graph_can_be_styled_and_rendered(network):
    """It is the package's own object."""
    import graphviz

    from resviz.figures import draw_diagram

    graph = draw_diagram(network("resnet18")).to_graphviz()
    assert isinstance(graph, graphviz.Digraph)
    graph.attr(rankdir="LR")
    width, height = re.search(
        r'width="(\d+)pt" height="(\d+)pt"', graph.pipe(format="svg").decode()
    ).groups()
    assert int(width) > int(height)


def test_every_layer_is_in_the_graph(network):
    """Each by its module's name, with what it costs."""
    from resviz.figures import draw_diagram

    source = draw_diagram(network("resnet18"), "layers").to_dot()
    assert "layer4.1.conv2" in source
    assert "7×7×512 · 2,360,320 parameters" in source


def test_a_blocks_graph_has_shapes_on_its_edges(network):
    """Where they were not said before, as in our own drawing."""
    from resviz.figures import draw_diagram

    drawn = draw_diagram(network("resnet50"), "block", at="conv3_1")
    beside = [
        node.lines[0]
        for node in drawn.picture.nodes
        if node.role == "note" and re.fullmatch(r"\d+×\d+×\d+", node.lines[0])
    ]
    assert beside
    source = drawn.to_dot()
    assert all(f'label=" {shape} "' in source for shape in beside)
