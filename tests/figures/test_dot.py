"""DOT text, read back by Graphviz' own parser."""

from __future__ import annotations

import json
import re
import subprocess
from xml.etree import ElementTree as ET

import pytest

from resviz.escape import clean_name
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Edge, Group, Node, Picture, Solid
from resviz.formats.pictures import dot, svg

from .conftest import HOSTILE

BOX = Node("n0", "block", (60, 20), (80, 24), ("3×3, 64",), tint="stage 1")
SUM = Node("n1", "sum", (60, 60), (14, 14), ("+",))
WIRE = Edge("n0", "n1", "main", ((60, 32), (60, 38), (60, 42), (60, 47.5)), (60, 53))
STAGE = Group("s", "stage", (60, 40), (110, 76), "stage 1", ("n0", "n1"))
SMALL = Picture("small", "a box and a sum", (120, 80), (BOX, SUM), (WIRE,), (STAGE,))

SMALL_DOT = """\
digraph {
graph [layout="nop2" bb="0,0,120,80" pad="0" margin="0" bgcolor="#ffffff" \
outputorder="edgesfirst" tooltip="small"]
node [fixedsize="true" margin="0" \
fontname="Helvetica,Arial,Liberation Sans,sans-serif"]
edge [arrowsize="0.55"]
"canvas" [style="invis" shape="box" label="" pos="60,40" \
width="1.6667" height="1.1111"]
subgraph "cluster_s" {
graph [bb="5,2,115,78" label="" style="rounded,filled" fillcolor="#fffdf6" \
color="#8a6200" penwidth="1"]
"n0" [shape="box" pos="60,60" width="1.1111" height="0.3333" \
style="rounded,filled" fillcolor="#fff3cf" color="#8a6200" fontsize="12" \
fontcolor="#1a1a1a" label="3×3, 64"]
"n1" [shape="circle" pos="60,20" width="0.1944" height="0.1944" style="filled" \
fillcolor="#ffffff" color="#333333" penwidth="1.2" fontsize="13" \
fontcolor="#1a1a1a" label="+"]
}
"n0" -> "n1" [pos="e,60,27 60,48 60,42 60,38 60,32.5" color="#333333" penwidth="1.2"]
}
"""


def said(role, line, align="middle"):
    """A picture that says one line in one role."""
    node = Node("n0", role, (200, 30), (380, 20), (line,), align=align)
    return Picture(line, line, (400, 60), (node,))


def drawn(source):
    """The words that `dot` writes into an SVG of some source."""
    done = subprocess.run(
        ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True
    )
    root = ET.fromstring(done.stdout)
    found = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()).replace("\xa0", " ") for text in found]


def test_source_is_what_a_reader_expects():
    """The whole text of a small picture."""
    assert SMALL_DOT == dot.render(SMALL, styles.SCREEN_STYLE)


@pytest.mark.needs("dot")
@pytest.mark.parametrize("role", ["block", "title"])
@pytest.mark.parametrize("name", HOSTILE)
def test_dot_draws_hostile_names_as_text(role, name):
    """Plain and HTML-like labels give back the cleaned name, and nothing else."""
    line = "".join(drawn(dot.render(said(role, name), styles.SCREEN_STYLE)))
    assert clean_name(name).split() == line.split()


@pytest.mark.needs("dot")
def test_dot_keeps_positions_and_size():
    """`dot` places nothing anew, so every engine draws the same picture."""
    source = dot.render(SMALL, styles.SCREEN_STYLE)
    done = subprocess.run(
        ["dot", "-Tjson"], input=source.encode(), capture_output=True, check=True
    )
    read = json.loads(done.stdout)
    places = {it["name"]: it.get("pos") for it in read["objects"]}
    assert "0,0,120,80" == read["bb"]
    assert ("60,60", "60,20") == (places["n0"], places["n1"])


@pytest.mark.needs("dot")
@pytest.mark.parametrize(
    ("bold", "plain"), [("name", "text"), ("line 1 label", "note")]
)
def test_bold_words_stand_on_the_line_of_plain_ones(bold, plain):
    """Within a pixel, where they are of one size."""
    nodes = tuple(
        Node(f"n{k}", role, (60 + 120 * k, 30), (100, 14), ("word",))
        for k, role in enumerate((bold, plain))
    )
    source = dot.render(Picture("", "", (240, 60), nodes), styles.LIGHT_STYLE)
    done = subprocess.run(
        ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True
    )
    root = ET.fromstring(done.stdout)
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    first, second = (float(text.get("y", "0")) for text in texts)
    assert second == pytest.approx(first, abs=1)


def test_no_attribute_fetches_anything(hostile):
    """Neither links nor images stand in the source."""
    from resviz.figures import draw_diagram

    source = draw_diagram(hostile[0]).to_dot()
    assert not re.search(r"(?i)\b(url|href|image|shapefile)\s*=", source)


def test_left_aligned_lines_end_in_left_breaks():
    r"""Graphviz' own sign for a left-aligned line is `\l`."""
    source = dot.render(said("note", "left", "start"), styles.SCREEN_STYLE)
    assert 'label="left\\l"' in source


FACE = ((10.0, 70.0), (40.0, 70.0), (40.0, 30.0), (10.0, 30.0))
SIDE = ((40.0, 70.0), (60.0, 55.0), (60.0, 15.0), (40.0, 30.0))
SOLID = Picture("solid", "", (120, 80), (), solids=(Solid((FACE, SIDE), "head"),))

POLYGON = "{http://www.w3.org/2000/svg}polygon"


def polygons(data):
    """Corners and fill of every polygon of an SVG, in the picture's own units."""
    root = ET.fromstring(data)
    for shape in root.iter(POLYGON):
        pairs = [pair.split(",") for pair in shape.get("points").split()]
        corners = [(float(x), float(y) % 80) for x, y in pairs]
        yield corners[: len(corners) - (corners[0] == corners[-1])], shape.get("fill")


@pytest.mark.needs("dot")
def test_solids_are_drawn_where_they_are():
    """Graphviz draws the faces of our own SVG, in their colours and order."""
    source = dot.render(SOLID, styles.SCREEN_STYLE)
    run = subprocess.run(
        ["dot", "-Tsvg"], input=source.encode(), capture_output=True, check=True
    )
    ground, *found = polygons(run.stdout)
    assert "#ffffff" == ground[1]
    assert list(polygons(svg.render(SOLID, styles.SCREEN_STYLE))) == found


def test_pictures_without_solids_have_no_background():
    """The attribute stands only where it says something."""
    assert "_background" in dot.render(SOLID, styles.SCREEN_STYLE)
    assert "_background" not in dot.render(SMALL, styles.SCREEN_STYLE)


def test_lines_between_no_nodes_stand_in_the_background():
    """As the rules and brackets of a table: no node is made up for them."""
    loose = Edge("", "", "main", ((10, 40), (10, 40), (90, 40), (90, 40)))
    picture = Picture("", "", (120, 80), (BOX, SUM), (loose, WIRE))
    source = dot.render(picture, styles.SCREEN_STYLE)
    assert "B 4 10 40 10 40 90 40 90 40" in source
    assert 1 == source.count(" -> ")


def test_positions_are_never_cut():
    """A wire of a thousand points keeps them, though a name is cut at 500."""
    path = tuple((float(k), float(k)) for k in range(1000))
    edge = Edge("n0", "n1", "main", path)
    source = dot.render(
        Picture("", "", (9, 9), (BOX, SUM), (edge,)), styles.SCREEN_STYLE
    )
    (found,) = re.findall(r'-> "n1" \[pos="([^"]+)"', source)
    assert 1000 == len(found.split())
