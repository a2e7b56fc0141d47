"""Funnels of an overview in PPTX and draw.io: one shape each, with its text."""

import io
import zlib
from base64 import b64decode
from itertools import pairwise
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pptx
import pytest

import resviz
from resviz.figures.drawing import styles
from resviz.figures.drawing.tapers import place_steps
from tests.conftest import trace

OFFICE = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def draw_funnels():
    """An overview with its costs, and its funnels with their steps."""
    drawn = resviz.diagram(trace("resnet50"), "overview", costs=True)
    funnels = [node for node in drawn.picture.nodes if node.steps]
    assert len(funnels) == 4
    return drawn, {
        node.key: (node, [*place_steps(node, styles.LOOKS[node.role].size)])
        for node in funnels
    }


def read_settings(cell):
    """The style of a cell of draw.io."""
    pairs = (entry.partition("=") for entry in cell.get("style").split(";") if entry)
    return {name: value for name, _, value in pairs}


def read_number(element, name):
    """A number of an element."""
    return float(element.get(name) or 0)


def test_draw_io_has_a_stencil_and_cells_for_its_words():
    """The steps of the picture, as shares of where it lies; words move with it."""
    drawn, funnels = draw_funnels()
    cells = {cell.get("id"): cell for cell in ET.fromstring(drawn.to_drawio()).iter()}
    for key, (node, steps) in funnels.items():
        packed = read_settings(cells[key])["shape"]
        packed = packed.removeprefix("stencil(").removesuffix(")")
        stencil = ET.fromstring(
            unquote(zlib.decompress(b64decode(packed), -15).decode())
        )
        for step, path in zip(steps, stencil.iter("path"), strict=True):
            points = [each for each in path if each.get("x")]
            for (x, y), point in zip(step.corners, points, strict=True):
                at = read_number(point, "x"), read_number(point, "y")
                assert pytest.approx((x - node.left, y - node.top), abs=0.03) == at
        for number, step in enumerate(steps):
            words = cells[f"{key}.{number}"]
            assert (key, *step.lines) == (words.get("parent"), words.get("value"))
            (place,) = words
            middle = read_number(place, "y") + read_number(place, "height") / 2
            assert pytest.approx(step.middle - node.top, abs=0.03) == middle


def list_shapes(tree):
    """The shapes of a slide, those in groups too."""
    for shape in tree:
        yield shape
        yield from list_shapes(getattr(shape, "shapes", ()))


def test_pptx_has_one_shape_with_a_paragraph_a_step():
    """The text of each stands in it: gaps are those between the steps."""
    drawn, funnels = draw_funnels()
    slide = pptx.Presentation(io.BytesIO(drawn.to_pptx())).slides[0]
    shapes: dict[str, Any] = {
        shape.name.removeprefix("block "): shape for shape in list_shapes(slide.shapes)
    }
    for key, (node, steps) in funnels.items():
        shape = shapes[key]
        paths = shape.element.iter(f"{OFFICE}path")
        for step, path in zip(steps, paths, strict=True):
            points = path.iter(f"{OFFICE}pt")
            for (x, y), point in zip(step.corners, points, strict=True):
                at = (
                    read_number(point, "x") / 1e5 * node.size[0],
                    read_number(point, "y") / 1e5 * node.size[1],
                )
                assert pytest.approx((x - node.left, y - node.top), abs=0.01) == at
        parts = shape.text_frame.paragraphs
        assert [step.lines for step in steps] == [
            tuple(part.text.split("\v")) for part in parts
        ]
        between = [b.middle - a.middle for a, b in pairwise(steps)]
        told = [(part.line_spacing + part.space_before) / 9525 for part in parts[1:]]
        assert pytest.approx(between, abs=0.1) == told
