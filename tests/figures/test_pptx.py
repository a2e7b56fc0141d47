"""PPTX, read back by python-pptx and drawn by LibreOffice."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections import Counter
from functools import cache
from itertools import pairwise
from math import hypot

import pptx
import pytest
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.util import Emu

import resviz
from resviz.errors import RenderError, ResvizError
from resviz.escape import clean_name, clean_prose
from resviz.figures.drawing import styles
from resviz.figures.drawing.connectors import list_connectors
from resviz.figures.drawing.elements import Picture, Solid
from resviz.formats.pictures import pptx as form

from .conftest import HOSTILE
from .editable import OTHERS, RESNETS, list_pictures
from .test_dot import BOX, SMALL, said

SITES = {
    "rect": [(0.5, 0), (0, 0.5), (0.5, 1), (1, 0.5)],
    "roundRect": [(0.5, 0), (0, 0.5), (0.5, 1), (1, 0.5)],
    "ellipse": [
        (0.5, 0), (0.1464, 0.1464), (0, 0.5), (0.1464, 0.8536),
        (0.5, 1), (0.8536, 0.8536), (1, 0.5), (0.8536, 0.1464),
    ],
}  # fmt: skip
"""Where shapes hold connectors, as shares of their sides, in the order of ECMA-376."""


def read_slide(data):
    """Every shape of a file's one slide, those in groups included, and the file."""
    presentation = pptx.Presentation(io.BytesIO(data))
    (slide,) = presentation.slides
    pending, shapes = [*slide.shapes], []
    while pending:
        shape = pending.pop(0)
        shapes.append(shape)
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            pending += shape.shapes
    return presentation, shapes


def draw(picture):
    """The slide of a picture, light."""
    return read_slide(form.render(picture, styles.LIGHT_STYLE))[1]


@cache
def draw_all(name):
    """Every picture of a network, the lines of its slide, and what they join."""
    return [(picture, *split_lines(draw(picture))) for picture in list_pictures(name)]


def split_lines(shapes):
    """Connectors with the identifiers of what they join, and all shapes by theirs."""
    by_id = {shape.shape_id: shape for shape in shapes}
    assert len(by_id) == len(shapes)
    lines = []
    for shape in shapes:
        if shape.name.startswith("line "):
            (begin,) = shape.element.iter(f"{A}stCxn")
            (end,) = shape.element.iter(f"{A}endCxn")
            lines.append((shape, (begin.id, begin.idx), (end.id, end.idx)))
    return lines, by_id


A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def lay_out(line):
    """Where a connector begins, turns and ends, by the geometry of its preset."""
    frame = line.element.spPr.find(f"{A}xfrm")
    (x, y), (w, h) = (line.left, line.top), (line.width, line.height)
    kind = line.element.spPr.find(f"{A}prstGeom").get("prst")
    turns = [] if kind == "straightConnector1" else [(w, 0)]
    assert kind in {"straightConnector1", "bentConnector2", "curvedConnector2"}
    middle = (x + w / 2, y + h / 2)
    for px, py in [(0, 0), *turns, (w, h)]:
        dx, dy = px - w / 2, py - h / 2
        dx = -dx if frame.get("flipH") else dx
        dy = -dy if frame.get("flipV") else dy
        if frame.get("rot"):
            assert frame.get("rot") == "5400000"
            dx, dy = -dy, dx
        yield ((middle[0] + dx) / 9525, (middle[1] + dy) / 9525)


def find_site(shape, index):
    """Where a shape holds a connector, in pixels."""
    preset = shape.element.spPr.find(f"{A}prstGeom")
    share = (
        read_own_site(shape, index)
        if preset is None
        else SITES[preset.get("prst")][index]
    )
    return (
        (shape.left + share[0] * shape.width) / 9525,
        (shape.top + share[1] * shape.height) / 9525,
    )


def read_own_site(shape, index):
    """The same of a shape with its own geometry, as shares, by its formulas."""
    formulas = {
        guide.get("name"): guide.get("fmla").split()
        for guide in shape.element.iter(f"{A}gd")
    }
    at = [*shape.element.iter(f"{A}cxn")][index].find(f"{A}pos")
    shares = []
    for axis, side in (("x", "w"), ("y", "h")):
        operation, of, share, whole = formulas[at.get(axis)]
        assert (operation, of) == ("*/", side)
        shares.append(int(share) / int(whole))
    return shares


@pytest.mark.parametrize("name", [*RESNETS, *OTHERS])
def test_every_connector_is_held_at_both_ends(name):
    """It is drawn to a site that holds it, or beside that on the same shape."""
    for picture, lines, by_id in draw_all(name):
        assert len(lines) >= len(picture.edges)
        for line, *ends in lines:
            drawn = [*lay_out(line)]
            for at, (held_by, site) in zip((drawn[0], drawn[-1]), ends, strict=True):
                shape = by_id[held_by]
                place = find_site(shape, site)
                most = max(shape.width, shape.height, 2 * 9525) / 9525 / 2
                off = hypot(at[0] - place[0], at[1] - place[1])
                assert off <= most, (picture.title, line.name, at, place)


def follow_lines(lines, by_id):
    """The pairs of shapes that lines join, past waypoints, with their number."""
    after = {}
    for _, (begin, _), (end, _) in lines:
        after.setdefault(begin, []).append(end)
    pairs = Counter()
    for _, (begin, _), (end, _) in lines:
        if by_id[begin].name.startswith("waypoint"):
            continue
        reached, pending = [], [end]
        while pending:
            here = pending.pop()
            if by_id[here].name.startswith("waypoint"):
                pending += set(after[here])
            else:
                reached.append(here)
        pairs.update({(begin, here) for here in reached})
    return {tuple(by_id[key].name.split()[-1] for key in pair) for pair in pairs}


@pytest.mark.parametrize("name", [*RESNETS, *OTHERS])
def test_lines_join_what_the_picture_joins(name):
    """No pair more and none less, whatever waypoints are on the way."""
    for picture, lines, by_id in draw_all(name):
        joined = {(each.tail.key, each.head.key) for each in list_connectors(picture)}
        assert joined == follow_lines(lines, by_id), picture.title


def test_boxes_in_perspective_are_one_shape_each(record):
    """With the faces of the picture, the front in the colour of its map; arcs bend."""
    drawn = resviz.diagram(record("resnet50"), "volumes", style="light")
    _, shapes = read_slide(drawn.to_pptx())
    boxes = {
        shape.name.split()[-1]: shape for shape in shapes if shape.name[:4] == "box "
    }
    assert {solid.key for solid in drawn.picture.solids} == {*boxes}
    for solid in drawn.picture.solids:
        shape = boxes[solid.key]
        paths = [*shape.element.iter(f"{A}path")]
        assert ["norm", "lighten", "darkenLess"] == [path.get("fill") for path in paths]
        for face, path in zip(solid.faces, paths, strict=True):
            for (x, y), point in zip(face, path.iter(f"{A}pt"), strict=True):
                across = shape.left + int(point.get("x")) / 1e5 * shape.width
                down = shape.top + int(point.get("y")) / 1e5 * shape.height
                assert pytest.approx((x, y), abs=0.01) == (across / 9525, down / 9525)
        tint = styles.LIGHT_STYLE.tints[solid.tint]
        assert tint.fill[1:].upper() == str(shape.fill.fore_color.rgb)
        description = shape.element.xpath(".//p:cNvPr")[0].get("descr")
        assert description == solid.label != ""
    lines, _ = split_lines(shapes)
    kinds = Counter(
        line.element.spPr.find(f"{A}prstGeom").get("prst") for line, *_ in lines
    )
    assert kinds == {"straightConnector1": 20, "curvedConnector2": 32}


def test_lines_lie_on_boxes_in_perspective(record):
    """Boxes come first, for lines end on their faces, and text comes last."""
    drawn = resviz.diagram(record("resnet50"), "volumes")
    _, shapes = read_slide(drawn.to_pptx())
    kinds = [shape.name.split()[0] for shape in shapes]
    last_box = max(k for k, kind in enumerate(kinds) if kind == "box")
    lines = [k for k, kind in enumerate(kinds) if kind == "line"]
    assert last_box < min(lines)
    assert max(lines) < kinds.index("name")


@pytest.mark.parametrize("name", ["resnet50", *OTHERS])
def test_no_line_leads_through_a_box(name):
    """Nor through one at which it ends."""
    for picture, lines, _ in draw_all(name):
        boxes = [
            node
            for node in picture.nodes
            if styles.LOOKS[node.role].shape in {"box", "round"}
        ]
        for line, *_ in lines:
            corners = [*lay_out(line)]
            for a, b in pairwise(corners):
                for box in boxes:
                    samples = [
                        (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
                        for t in (k / 40 for k in range(41))
                    ]
                    assert not any(
                        box.left + 5 < x < box.right - 5
                        and box.top + 3 < y < box.bottom - 3
                        for x, y in samples
                    ), (picture.title, line.name, box.lines)


def test_shapes_are_native_and_labelled(record):
    """Boxes, circles and text of their sizes; words in the shape that they label."""
    drawn = resviz.diagram(record("resnet18"), style="light")
    presentation, shapes = read_slide(drawn.to_pptx())
    size = presentation.slide_width, presentation.slide_height
    assert tuple(Emu(round(9525 * side)) for side in drawn.size) == size
    by_name = {shape.name: shape for shape in shapes}
    nodes = {f"{node.role} {node.key}": node for node in drawn.picture.nodes}
    assert set(nodes) < set(by_name)
    for name, node in nodes.items():
        shape, look = by_name[name], styles.LOOKS[node.role]
        assert "\v".join(node.lines) == shape.text_frame.text
        box = (9525 * node.left, 9525 * node.top, *(9525 * side for side in node.size))
        placed = shape.left, shape.top, shape.width, shape.height
        assert pytest.approx(box, abs=1) == placed
        runs = [run for part in shape.text_frame.paragraphs for run in part.runs]
        assert {look.size * 9525} == {run.font.size for run in runs}
        assert {look.bold} == {run.font.bold for run in runs}
        ink = styles.LIGHT_STYLE.colours[look.ink][1:].upper()
        assert {ink} == {str(run.font.color.rgb) for run in runs}
    kinds = Counter(
        shape.element.spPr.find(f"{A}prstGeom").get("prst")
        for shape in shapes
        if shape.name in nodes
    )
    looks = Counter(styles.LOOKS[node.role].shape for node in nodes.values())
    assert looks["round"] == kinds["roundRect"]
    assert looks["circle"] == kinds["ellipse"]


def test_frames_are_groups_of_what_they_hold(record):
    """A folded block lies in its stage, and moves with it."""
    drawn = resviz.diagram(record("resnet18"))
    _, shapes = read_slide(drawn.to_pptx())
    groups = {
        shape.name.split()[-1]: {inner.name for inner in shape.shapes}
        for shape in shapes
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP
    }
    frames = [*drawn.picture.groups]
    assert frames
    for frame in frames:
        frames += frame.groups
        inside = {name.split()[-1] for name in groups[frame.key]}
        held = {*frame.nodes, *(inner.key for inner in frame.groups), frame.key}
        assert held == inside


def test_the_slide_has_alternative_text(record):
    """The title says the whole figure; a line says what it joins."""
    drawn = resviz.diagram(record("resnet18"))
    _, shapes = read_slide(drawn.to_pptx())
    descriptions = {
        shape.name.split()[0]: shape.element.xpath(".//p:cNvPr")[0].get("descr")
        for shape in shapes
    }
    assert drawn.description == descriptions["title"]
    assert re.fullmatch("from .+ to .+", descriptions["line"])


def test_a_figure_without_a_title_is_described():
    """By its first shape."""
    picture = Picture("t", "what it shows", (200, 100), (BOX,))
    (shape,) = draw(picture)
    assert shape.element.xpath(".//p:cNvPr")[0].get("descr") == "what it shows"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    """They come back as they were cleaned, and the file is one that is read."""
    picture = said("block", name)
    shapes = draw(picture)
    texts = {shape.text_frame.text for shape in shapes if shape.has_text_frame}
    assert clean_name(name) in texts
    renamed = Picture(name, name, SMALL.size, SMALL.nodes, SMALL.edges, SMALL.groups)
    assert len(draw(renamed)) == len(draw(SMALL))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_box_is_described_by_text(name):
    """Whatever it is called."""
    front = ((0, 9), (9, 9), (9, 5), (0, 5))
    solids = [Solid(f"s{k}", (front, front, front), "stem", name) for k in range(2)]
    _, box = draw(Picture("t", "first", (200, 100), (), solids=tuple(solids)))
    assert clean_prose(name) == box.element.xpath(".//p:cNvPr")[0].get("descr")


def test_a_slide_has_the_colours_of_its_style(record):
    """The ground too; one that follows its reader is light."""
    arch = record("resnet18")
    for name, ground in (("screen", "FFFFFF"), ("dark", "12161C")):
        data = resviz.diagram(arch, style=name).to_pptx()
        presentation, _ = read_slide(data)
        fill = presentation.slides[0].background.fill
        assert ground == str(fill.fore_color.rgb)


def test_a_file_does_not_say_when_it_was_made(record):
    """Neither in its properties nor in its archive."""
    data = resviz.diagram(record("resnet18")).to_pptx()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {2000} == {entry.date_time[0] for entry in archive.infolist()}
    facts = pptx.Presentation(io.BytesIO(data)).core_properties
    assert (2000, 2000) == (facts.created.year, facts.modified.year)


def test_what_is_larger_than_a_slide_is_refused():
    """With a form that has no such bound; what is smaller is on a larger one."""
    wide = Picture("wide", "", (5400, 100), (BOX,))
    with pytest.raises(RenderError, match=r"5400 by 100 pixels.*write \.drawio"):
        form.render(wide, styles.LIGHT_STYLE)
    small = Picture("small", "", (40, 30), (BOX,))
    presentation, _ = read_slide(form.render(small, styles.LIGHT_STYLE))
    assert presentation.slide_width == 914_400


def test_a_missing_package_is_named(monkeypatch):
    """With what installs it."""
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(ResvizError, match=r"pip install 'resviz\[pptx\]'"):
        form.render(SMALL, styles.LIGHT_STYLE)


@pytest.mark.needs("soffice", "pdftotext")
@pytest.mark.parametrize("figure", ["overview", "volumes"])
def test_libreoffice_shows_every_word(record, tmp_path, figure):
    """On one page of the figure's size."""
    drawn = resviz.diagram(record("resnet18"), figure)
    drawn.save(tmp_path / "net.pptx")
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/home"]
    command += ["--convert-to", "pdf", "--outdir", str(tmp_path), "net.pptx"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    read = subprocess.run(
        ["pdftotext", "net.pdf", "-"], cwd=tmp_path, check=True, capture_output=True
    )
    words = Counter(read.stdout.decode().split())
    lines = [line for node in drawn.picture.nodes for line in node.lines]
    assert Counter(" ".join(lines).split()) <= words
    size = re.search(rb"MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)",
                     (tmp_path / "net.pdf").read_bytes())  # fmt: skip
    points = [0.75 * side for side in drawn.size]
    assert pytest.approx(points, abs=1) == [float(side) for side in size.groups()]


def test_a_slide_has_the_width_asked_for(record):
    """Its letters and lines with it; connectors end on shapes as ever."""
    arch = record("resnet18")
    plain, narrow = (
        resviz.diagram(arch, "block", **options)
        for options in ({}, {"width": "3.25in"})
    )
    (_, shapes), (presentation, scaled) = (
        read_slide(drawn.to_pptx()) for drawn in (plain, narrow)
    )
    assert pytest.approx(3.25 * 914_400, abs=2) == presentation.slide_width
    share = narrow.size[0] / narrow.picture.size[0]
    assert share != 1
    sizes = [
        {run.font.size.pt for shape in each if shape.has_text_frame
         for part in shape.text_frame.paragraphs for run in part.runs}
        for each in (shapes, scaled)
    ]  # fmt: skip
    assert pytest.approx(max(sizes[0]) * share, abs=0.02) == max(sizes[1])
    lines, by_id = split_lines(scaled)
    for line, *ends in lines:
        drawn = [*lay_out(line)]
        for at, (held_by, site) in zip((drawn[0], drawn[-1]), ends, strict=True):
            place = find_site(by_id[held_by], site)
            most = max(by_id[held_by].width, by_id[held_by].height) / 9525 / 2
            assert hypot(at[0] - place[0], at[1] - place[1]) <= most + 1


def test_a_slide_has_the_font_and_the_ground_asked_for(record):
    """The ground of the style if none is named, that of the program for "none"."""
    arch = record("resnet18")
    drawn = resviz.diagram(arch, font="Times New Roman", background="#fff8e7")
    presentation, shapes = read_slide(drawn.to_pptx())
    assert "FFF8E7" == str(presentation.slides[0].background.fill.fore_color.rgb)
    fonts = {
        run.font.name
        for shape in shapes
        if shape.has_text_frame
        for part in shape.text_frame.paragraphs
        for run in part.runs
    }
    assert {"Times New Roman"} == fonts
    bare, _ = read_slide(resviz.diagram(arch, background="none").to_pptx())
    assert bare.slides[0]._element.find(".//{*}bg") is None
