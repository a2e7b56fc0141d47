"""Connectors: each wire of a picture from shape to shape, from outline to outline."""

import re
from itertools import pairwise
from math import hypot

import pytest

import resviz
from resviz.errors import RenderError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.connectors import list_connectors, list_loose_lines
from resviz.figures.drawing.elements import Solid
from resviz.figures.drawing.shapes import list_shapes
from resviz.figures.drawing.styles import LOOKS

from .editable import EDITABLE, OTHERS, RESNETS, list_pictures, read_network


def measure_gap(node, point):
    """How far a point is from the outline of a node, or from a solid."""
    if isinstance(node, Solid):
        return min(measure_gap_to_face(face, point) for face in node.faces)
    x, y = abs(point[0] - node.at[0]), abs(point[1] - node.at[1])
    if LOOKS[node.role].shape == "circle":
        return abs(hypot(x, y) - node.size[0] / 2)
    beside, above = x - node.size[0] / 2, y - node.size[1] / 2
    return hypot(max(beside, 0), max(above, 0)) or -max(beside, above)


def measure_gap_to_face(face, point):
    """How far a point is from a face: 0 inside, else from the nearest side."""
    inside, gaps = [], []
    for (ax, ay), (bx, by) in pairwise((*face, face[0])):
        inside.append((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) >= 0)
        for share in (k / 60 for k in range(61)):
            at = ax + share * (bx - ax), ay + share * (by - ay)
            gaps.append(hypot(point[0] - at[0], point[1] - at[1]))
    return 0 if len({*inside}) == 1 else min(gaps)


@pytest.mark.parametrize("name", [*RESNETS, *OTHERS])
def test_every_wire_is_joined_at_both_ends(name):
    """On the outlines of two shapes that are not one, across and down between them."""
    for picture in list_pictures(name):
        connectors = list_connectors(picture)
        wires = len(picture.edges) - len(list_loose_lines(picture))
        assert wires == len(connectors) > 0
        for connector in connectors:
            assert connector.tail is not connector.head
            for node, end in zip(
                connector.ends, (connector.points[0], connector.points[-1]), strict=True
            ):
                assert measure_gap(node, end) < 2, (picture.title, connector)
            steps = [
                (abs(a[0] - b[0]), abs(a[1] - b[1]))
                for a, b in pairwise(connector.points)
            ]
            assert max(map(min, steps)) < 0.1, (picture.title, connector)


@pytest.mark.parametrize("name", ["resnet101", "toy_unet", "hrnet_w18_small"])
def test_what_is_joined_is_what_the_figure_joins(name):
    """But for an arc that the picture begins on a wire: it leaves what that leaves."""
    for picture in list_pictures(name):
        loose = list_loose_lines(picture)
        told = [(edge.tail, edge.head) for edge in picture.edges if edge not in loose]
        joined = [(each.tail.key, each.head.key) for each in list_connectors(picture)]
        moved = [k for k, pair in enumerate(told) if pair != joined[k]]
        assert all(told[k][1] == joined[k][1] for k in moved)
        assert len(moved) <= ("every convolution" in picture.title)


def test_a_shortcut_has_its_way_along_the_main_wire():
    """From the input of its block, not from the point at which it leaves the wire."""
    canvas = Canvas()
    top = canvas.add_node("block", (50, 20), (40, 20))
    below = canvas.add_node("block", (50, 80), (40, 20))
    join = canvas.add_sum((50, 110), "+")
    canvas.add_wire(top, below, "main", (50, 30), (50, 70))
    canvas.add_wire(below, join, "main", (50, 90), (50, 103))
    around = ((50, 50), (120, 50), (120, 110), (57, 110))
    canvas.add_wire(top, join, "identity", *around)
    *_, shortcut = list_connectors(canvas.build_picture("toy", (150, 150)))
    assert (top, join) == shortcut.ends
    assert ((50, 30), *around) == tuple(
        (round(x, 6), round(y, 6)) for x, y in shortcut.corners
    )
    assert ("bottom", "right") == (shortcut.leaving_side, shortcut.entering_side)


@pytest.mark.parametrize("figure", sorted({*FIGURES} - {*EDITABLE}))
def test_other_figures_are_joined_or_refused(record, figure):
    """In the same words by both forms, with what can be written instead."""
    drawn = resviz.diagram(record("resnet18"), figure)
    try:
        list_connectors(drawn.picture)
    except RenderError as refusal:
        assert re.search(r"join no two shapes.*write \.svg", str(refusal))  # noqa: PT017
        for form in ("pptx", "drawio"):
            with pytest.raises(RenderError, match=re.escape(str(refusal))):
                drawn.render(form)
    else:
        assert drawn.to_pptx()
        assert drawn.to_drawio()


def test_a_plot_is_refused(record):
    """Its lines join no boxes."""
    with pytest.raises(RenderError, match="join no two shapes"):
        list_connectors(resviz.diagram(record("resnet18"), "growth").picture)


def test_a_wire_that_ends_in_the_open_is_refused():
    """However near another wire it ends."""
    canvas = Canvas()
    top = canvas.add_node("block", (50, 20), (40, 20))
    below = canvas.add_node("block", (50, 80), (40, 20))
    canvas.add_wire(top, below, "main", (50, 30), (50, 60))
    with pytest.raises(RenderError, match="join no two shapes"):
        list_connectors(canvas.build_picture("toy", (100, 100)))


def test_text_in_a_box_belongs_to_it():
    """From top to bottom; what stands beside it is a shape of its own."""
    picture = draw_diagram(read_network("toy_unet"), "lanes").picture
    ends = {node.key for each in list_connectors(picture) for node in each.ends}
    shapes = list_shapes(picture, ends)
    written = {
        tuple(line for text in shape.texts for line in text.lines)
        for shape in shapes
        if shape.node.role == "layer"
    }
    assert {("3×3", "8"), ("up-conv 2×2", "8"), ("1×1", "2")} <= written
    bare = [shape for shape in shapes if LOOKS[shape.node.role].shape == "none"]
    assert {"toy_unet", "32×32"} <= {shape.node.lines[0] for shape in bare}
    lines = [line for shape in shapes for text in shape.texts for line in text.lines]
    assert sorted(line for node in picture.nodes for line in node.lines) == sorted(
        lines
    )


def test_frames_of_lanes_hold_their_boxes():
    """Each box with its text and its sign, and no box twice."""
    picture = draw_diagram(read_network("crossvit_tiny_240"), "lanes").picture
    frames = [group for group in picture.groups if group.role == "turns"]
    assert frames
    nodes = {node.key: node for node in picture.nodes}
    held = [key for frame in frames for key in frame.nodes]
    assert len({*held}) == len(held)
    for frame in frames:
        inside = {
            key
            for key, node in nodes.items()
            if abs(node.at[0] - frame.at[0]) < frame.size[0] / 2
            and abs(node.at[1] - frame.at[1]) < frame.size[1] / 2
        }
        assert {*frame.nodes} == inside


@pytest.mark.parametrize("name", ["hrnet_w18_small", "dpn68", "resnet50"])
def test_arcs_beside_one_another_are_no_one_line(name):
    """Those of two additions have no upright stretch in common."""
    picture = draw_diagram(read_network(name), "stack").picture
    arcs = [
        (each.head.key, a[0], *sorted((a[1], b[1])))
        for each in list_connectors(picture)
        if each.role != "main" and each.entering_side == "right"
        for a, b in [each.corners[-3:-1]]
    ]
    assert arcs
    for head, x, start, end in arcs:
        for other, at, begin, stop in arcs:
            if head != other and abs(x - at) < 1:
                assert min(end, stop) - max(start, begin) < 1, (head, other)


def test_the_next_column_is_joined_to_the_last():
    """By a line around the columns, which the picture shows as an arrow alone."""
    picture = draw_diagram(read_network("resnet50"), "layers").picture
    (arrow,) = [edge for edge in picture.edges if edge.lead]
    (line,) = [each for each in list_connectors(picture) if each.head.key == arrow.head]
    assert ("bottom", "top") == (line.leaving_side, line.entering_side)
    assert 5 == len(line.corners) - 1
    assert line.head.left - line.tail.right > 0
    for x, y in line.corners[1:-1]:
        holders = [group for group in picture.groups if group.role == "stage"]
        assert not any(
            group.left < x < group.right and group.top < y < group.bottom
            for group in holders
            if abs(x - line.tail.at[0]) > 1 and abs(x - line.head.at[0]) > 1
        )


@pytest.mark.parametrize("name", ["resnet101", "vit_tiny_patch16_224"])
def test_no_box_of_layers_lies_in_two_frames(name):
    """In that which is innermost, however many are around it."""
    groups = [*draw_diagram(read_network(name), "layers").picture.groups]
    held = []
    while groups:
        held += groups[-1].nodes
        groups += groups.pop().groups
    assert len({*held}) == len(held)


def test_an_arrow_has_room_on_its_line():
    """Rows of layers are 3 pixels apart: an arrow would cover the words above it."""
    picture = draw_diagram(read_network("resnet50"), "layers").picture
    lengths = {True: [], False: []}
    for each in list_connectors(picture):
        steps = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(each.points)]
        lengths[each.has_arrow].append(sum(steps))
    assert min(lengths[True]) >= 6
    assert min(lengths[False]) < 4
