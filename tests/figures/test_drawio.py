"""draw.io: by what its schema allows, and by its own viewer if that is given."""

from __future__ import annotations

import json
import os
import re
import zlib
from base64 import b64decode
from html import escape as escape_page
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

import resviz
from resviz.escape import clean_name
from resviz.figures.drawing import styles
from resviz.figures.drawing.connectors import list_connectors, list_loose_lines
from resviz.figures.drawing.elements import Picture
from resviz.figures.drawing.shapes import list_shapes
from resviz.formats.pictures import drawio

from .conftest import HOSTILE
from .editable import OTHERS, RESNETS, list_pictures
from .test_dot import SMALL, said
from .test_law import load_frozen

VIEWER = os.environ.get("DRAWIO_VIEWER", "")
"""Path of `viewer-static.min.js`, of the repository jgraph/drawio."""

ALLOWED = {
    "mxfile": {"host", "type"},
    "diagram": {"id", "name"},
    "mxGraphModel": {
        "dx", "dy", "grid", "gridSize", "page", "pageScale", "pageWidth",
        "pageHeight", "math", "shadow", "background",
    },
    "root": set(),
    "mxCell": {
        "id", "parent", "value", "style", "vertex", "edge", "connectable", "source",
        "target",
    },
    "mxGeometry": {"x", "y", "width", "height", "relative", "as"},
    "Array": {"as"},
    "mxPoint": {"x", "y", "as"},
}  # fmt: skip
"""Elements and attributes of draw.io's mxfile.xsd that we write."""

CHILDREN = {
    "mxfile": {"diagram"}, "diagram": {"mxGraphModel"}, "mxGraphModel": {"root"},
    "root": {"mxCell"}, "mxCell": {"mxGeometry"}, "mxGeometry": {"Array", "mxPoint"},
    "Array": {"mxPoint"},
}  # fmt: skip

SWITCHES = {"grid", "page", "math", "shadow", "vertex", "edge", "relative"}

NUMBERS = {"x", "y", "width", "height", "dx", "dy", "pageScale"}


def read_page(picture, style=styles.LIGHT_STYLE):
    """The cells of a page by their ids, once it is what the schema allows."""
    root = ET.fromstring(drawio.render(picture, style))
    cells = {}
    for element in root.iter():
        assert set(element.attrib) <= ALLOWED[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        for name, value in element.attrib.items():
            assert name not in SWITCHES or value in {"0", "1"}
            assert name not in NUMBERS or float(value) is not None
        if element.tag == "mxGraphModel":
            assert int(element.get("pageWidth")) > 0 < int(element.get("pageHeight"))
            assert re.fullmatch(r"#[0-9a-f]{6}", element.get("background"))
        if element.tag == "mxCell":
            assert element.get("id") not in cells
            cells[element.get("id")] = element
    assert all(cell.get("parent") in cells for key, cell in cells.items() if key != "0")
    return cells


def read_style(cell):
    """The settings of a cell."""
    parts = cell.get("style").removesuffix(";").split(";")
    return dict(part.split("=", 1) for part in parts)


def find_place(cells, cell):
    """The left upper corner of a shape on its page, and its sides."""
    frame = cell.find("mxGeometry")
    x, y = float(frame.get("x")), float(frame.get("y"))
    parent = cells[cell.get("parent")]
    while parent.get("vertex"):
        around = parent.find("mxGeometry")
        x, y = x + float(around.get("x")), y + float(around.get("y"))
        parent = cells[parent.get("parent")]
    return (x, y), (float(frame.get("width")), float(frame.get("height")))


@pytest.mark.parametrize("name", [*RESNETS, *OTHERS])
def test_lines_lead_as_in_the_picture(name):
    """From the point of a shape to that of another, with the same turns between."""
    for picture in list_pictures(name):
        cells = read_page(picture)
        lines = [cell for cell in cells.values() if cell.get("source")]
        edges = sum(cell.get("edge") == "1" for cell in cells.values())
        assert edges == len(lines) + len(list_loose_lines(picture))
        drawn = []
        for line in lines:
            settings, points = read_style(line), []
            for end, key in (("exit", "source"), ("entry", "target")):
                corner, sides = find_place(cells, cells[line.get(key)])
                shares = float(settings[f"{end}X"]), float(settings[f"{end}Y"])
                points.append(
                    tuple(corner[axis] + shares[axis] * sides[axis] for axis in (0, 1))
                )
            turns = [
                (float(at.get("x")), float(at.get("y"))) for at in line.iter("mxPoint")
            ]
            drawn.append((line.get("source"), line.get("target"),
                          (points[0], *turns, points[1])))  # fmt: skip
        want = [
            (
                each.tail.key,
                each.head.key,
                each.points if each.is_smooth or each.is_arc else each.corners,
            )
            for each in list_connectors(picture)
        ]
        assert len(want) == len(drawn)
        for found, wanted in zip(sorted(drawn), sorted(want), strict=True):
            assert wanted[:2] == found[:2]
            for a, b in zip(wanted[2], found[2], strict=True):
                assert pytest.approx(a, abs=0.1) == b


def test_shapes_lie_where_the_picture_has_them():
    """Those in frames are told from the frame's corner, and move with it."""
    (picture, *_) = list_pictures("resnet50")
    cells = read_page(picture)
    held = 0
    for node in picture.nodes:
        corner, sides = find_place(cells, cells[node.key])
        assert pytest.approx((node.left, node.top), abs=0.03) == corner
        assert pytest.approx(node.size, abs=0.01) == sides
        held += cells[node.key].get("parent") != "1"
    assert held > 20


def test_boxes_in_perspective_are_one_shape_each(record):
    """A stencil with the faces of the picture, as shares of where it lies."""
    drawn = resviz.diagram(record("resnet50"), "volumes")
    cells = read_page(drawn.picture)
    assert len(drawn.picture.solids) > 15
    for solid in drawn.picture.solids:
        cell = cells[solid.key]
        settings = read_style(cell)
        assert styles.LIGHT_STYLE.tints[solid.tint].fill == settings["fillColor"]
        packed = settings["shape"].removeprefix("stencil(").removesuffix(")")
        stencil = ET.fromstring(
            unquote(zlib.decompress(b64decode(packed), -15).decode())
        )
        (left, top), sides = find_place(cells, cell)
        size = float(stencil.get("w")), float(stencil.get("h"))
        assert pytest.approx(size, abs=0.01) == sides
        front, side, shade, light = (
            [(left + float(at.get("x")), top + float(at.get("y"))) for at in path
             if at.get("x")]
            for path in stencil.iter("path")
        )  # fmt: skip
        assert side == shade
        for face, drawn_face in zip(solid.faces, (front, light, side), strict=True):
            for corner, at in zip(face, drawn_face, strict=True):
                assert pytest.approx(corner, abs=0.03) == at


def test_what_joins_nothing_lies_where_the_picture_has_it():
    """As lines from boxes to labels in the second row."""
    drawn = resviz.diagram(load_frozen("mobileone_s0"), "volumes")
    loose = list_loose_lines(drawn.picture)
    assert loose
    cells = read_page(drawn.picture)
    found = [
        [(float(at.get("x")), float(at.get("y"))) for at in cell.iter("mxPoint")]
        for cell in cells.values()
        if cell.get("edge") and not cell.get("source")
    ]
    wanted = [[edge.path[0], edge.path[-1]] for edge in loose]
    assert len(wanted) == len(found)
    for ends, points in zip(wanted, found, strict=True):
        for end, point in zip(ends, points, strict=True):
            assert pytest.approx(end, abs=0.01) == point


def test_text_is_in_the_shape_that_it_labels():
    """With its breaks; each is text and no HTML."""
    (*_, lanes, _, _, _) = list_pictures("toy_unet")
    cells = read_page(lanes)
    ends = {node.key for each in list_connectors(lanes) for node in each.ends}
    for shape in list_shapes(lanes, ends):
        lines = [line for text in shape.texts for line in text.lines]
        assert "\n".join(lines) == cells[shape.node.key].get("value")
    assert all(
        read_style(cell)["html"] == "0" for cell in cells.values() if cell.get("style")
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    """They come back as they were cleaned, in values alone."""
    cells = read_page(said("block", name))
    assert clean_name(name) == cells["n0"].get("value")
    renamed = Picture(name, name, SMALL.size, SMALL.nodes, SMALL.edges, SMALL.groups)
    assert len(read_page(renamed)) == len(read_page(SMALL))


def test_a_page_has_the_colours_of_its_style(record):
    """One that follows its reader is light."""
    arch = record("resnet18")
    for name, ground in (("screen", "#ffffff"), ("dark", "#12161c")):
        text = resviz.diagram(arch, style=name).to_drawio()
        assert f'background="{ground}"' in text
        assert "light-dark" not in text


def test_a_page_has_the_width_asked_for(record):
    """Its letters with it."""
    drawn = resviz.diagram(record("resnet18"), "block", width="3.25in")
    cells = read_page(drawn.picture)
    node = next(node for node in drawn.picture.nodes if node.role == "conv")
    share = drawn.size[0] / drawn.picture.size[0]
    assert share != 1
    corner, sides = find_place(cells, cells[node.key])
    want = (share * node.left, share * node.top)
    assert pytest.approx(want, abs=0.05) == corner
    assert pytest.approx([share * side for side in node.size], abs=0.05) == sides
    size = float(read_style(cells[node.key])["fontSize"])
    assert pytest.approx(share * styles.LOOKS["conv"].size, abs=0.01) == size
    assert 'pageWidth="312"' in drawn.to_drawio()


def test_a_page_has_the_font_and_the_ground_asked_for(record):
    """The ground of the style if none is named."""
    arch = record("resnet18")
    drawn = resviz.diagram(arch, font="Times New Roman", background="#fff8e7")
    text = drawn.to_drawio()
    assert 'background="#fff8e7"' in text
    assert {"Times New Roman"} == {*re.findall(r"fontFamily=([^;]+);", text)}
    bare = resviz.diagram(arch, background="none").to_drawio()
    assert 'background="none"' in bare


@pytest.fixture(scope="module")
def view(browser, tmp_path_factory):
    """A function that draws a file with draw.io's viewer; the text on the page."""
    folder = tmp_path_factory.mktemp("drawio")

    def view(text):
        settings = {"xml": text, "nav": False, "toolbar": "", "lightbox": False}
        page = browser.new_page()
        (folder / "page.html").write_text(
            '<!doctype html><meta charset="utf-8"><div class="mxgraph" '
            f'data-mxgraph="{escape_page(json.dumps(settings))}"></div>'
            f'<script src="{Path(VIEWER).resolve().as_uri()}"></script>'
        )
        page.goto((folder / "page.html").as_uri())
        page.wait_for_selector(".mxgraph svg text")
        return page.evaluate(
            "({words: [...document.querySelectorAll('.mxgraph svg text')]"
            ".map(e => e.textContent), tags: [...document.querySelectorAll("
            "'.mxgraph svg *')].map(e => e.tagName)})"
        )

    return view


@pytest.mark.needs("chromium")
@pytest.mark.skipif(not VIEWER, reason="DRAWIO_VIEWER names no viewer-static.min.js")
class TestViewer:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names_are_text(self, view, name):
        """Word for word, and bring no element along."""
        found = view(drawio.render(said("block", name), styles.LIGHT_STYLE))
        assert [clean_name(name).split()] == [it.split() for it in found["words"]]
        assert not {"foreignObject", "image", "a", "b", "script"} & {*found["tags"]}

    @pytest.mark.parametrize("name", ["resnet50", "toy_unet", "hrnet_w18_small"])
    def test_figures_show_every_word(self, view, name):
        """In text elements."""
        for picture in list_pictures(name):
            found = view(drawio.render(picture, styles.LIGHT_STYLE))
            lines = [line for node in picture.nodes for line in node.lines]
            shown = " ".join(found["words"]).split()
            assert sorted(" ".join(lines).split()) == sorted(shown)
