"""The overview that marks what changed from one network to another."""

import re
from xml.etree import ElementTree as ET

import pytest
import torch

import resviz
from resviz.errors import RenderError
from resviz.figures.overview.changes import SIGNS
from resviz.models import resnet50

PAPER = "resnet(50, stride_in='1x1')"
CHANGED = (
    "resnet(block='bottleneck', layers=[3, 4, 9, 3], stem='deep', avg_down=True, "
    "num_classes=10)"
)


def find_discs(picture):
    """The numbers left of the overview, each with its centre."""
    edge = min(group.left for group in picture.groups)
    nodes = [node for node in picture.nodes if node.role.startswith("mark")]
    return [(node.lines[0], node.at[1]) for node in nodes if node.at[0] < edge]


def find_stage(picture, number):
    """The frame of a stage."""
    return [group for group in picture.groups if group.role == "stage"][number]


def test_each_change_is_marked_where_it_is():
    """The stem, the first blocks that stride, the blocks that came, the head."""
    picture = resviz.diagram([PAPER, CHANGED], diff=True).picture
    marks = find_discs(picture)
    assert {"1": 1, "2": 1, "3": 3, "4": 3, "5": 1} == {
        number: [n for n, _ in marks].count(number) for number, _ in marks
    }
    places = dict(marks)
    frame = find_stage(picture, 2)
    assert "conv4_x" in [node.lines[0] for node in picture.nodes if node.lines]
    assert frame.top < places["2"] < frame.bottom
    assert places["1"] < find_stage(picture, 0).top
    assert places["5"] > find_stage(picture, 3).bottom
    (fold,) = frame.groups
    assert fold.top < places["2"] < fold.bottom
    for number in (1, 2, 3):
        frame = find_stage(picture, number)
        inside = [n for n, y in marks if frame.top < y < frame.bottom]
        assert {"3", "4"} <= {*inside}


def test_a_layer_between_blocks_is_marked_itself():
    """A convolution before a stage, and not the block that follows it."""
    before, after = resnet50(), resnet50()
    stage: torch.nn.Sequential = getattr(after, "layer2")  # noqa: B009
    stage.append(torch.nn.Conv2d(512, 512, 3, padding=1))
    picture = resviz.diagram([before, after], diff=True).picture
    ((number, place),) = find_discs(picture)
    box = next(node for node in picture.nodes if node.lines == ("3×3, 512",))
    assert "1" == number
    assert box.top < place < box.bottom


def test_another_input_has_the_share_that_compare_tells():
    """All of the first network is counted on it."""
    words = resviz.diagram([50, "cifar20"], diff=True).description
    share = resviz.compare(50, "cifar20").to_dict()["changes"][0]["macs"]
    assert (-4_003_725_312, True) == (share, "−4.00 G MACs" in words)


def test_brackets_of_one_place_stand_beside_each_other():
    """Two changes of the same blocks have a column each."""
    picture = resviz.diagram([PAPER, CHANGED], diff=True).picture
    brackets = [edge for edge in picture.edges if edge.role.startswith("mark")]
    assert 9 == len(brackets)
    boxes = {
        (
            min(x for x, _ in e.path),
            min(y for _, y in e.path),
            max(y for _, y in e.path),
        )
        for e in brackets
    }
    assert len(boxes) == len(brackets)
    for x, top, bottom in boxes:
        beside = [o for o in boxes if o[0] == x and o != (x, top, bottom)]
        assert not [o for o in beside if o[1] < bottom and top < o[2]]
    assert min(x for x, _, _ in boxes) > 0


def test_the_list_says_what_compare_says():
    """Its sentences and shares, and that they add up."""
    data = resviz.compare(PAPER, CHANGED).to_dict()
    diagram = resviz.diagram([PAPER, CHANGED], diff=True)
    words = " ".join(line for node in diagram.picture.nodes for line in node.lines)
    for change in data["changes"]:
        assert change["sentence"] in words
        assert change["sentence"] in diagram.description
    assert "together: +1.34 M parameters; +1.12 G MACs" in words
    assert "≠ the head has 10 classes instead of 1000" in words


@pytest.mark.parametrize(
    ("pair", "sign"),
    [((18, 34), "added"), ((34, 18), "removed"), ((18, 50), "changed")],
)
def test_signs_say_what_colours_do(pair, sign):
    """Blocks that came, that went, and that are others."""
    picture = resviz.diagram(list(pair), diff=True).picture
    roles = {node.role for node in picture.nodes if node.role.startswith("mark")}
    assert f"mark {sign}" in roles
    lines = [line for node in picture.nodes for line in node.lines]
    assert any(line.startswith(f"{SIGNS[sign]} ") for line in lines)


def test_a_change_of_all_blocks_has_one_bracket_a_stage():
    """As long as the stage."""
    picture = resviz.diagram([50, "wide_resnet50_2"], diff=True).picture
    brackets = [edge for edge in picture.edges if edge.role.startswith("mark")]
    spans = [(min(y for _, y in e.path), max(y for _, y in e.path)) for e in brackets]
    stages = [find_stage(picture, number) for number in range(4)]
    assert [(s.top + 1, s.bottom - 1) for s in stages] == spans


def test_connections_are_those_of_the_second_network():
    """Marks hide none, and add none."""
    marked = resviz.diagram([18, 34], diff=True).picture.coverage
    plain = resviz.diagram(34).picture.coverage
    assert plain
    assert marked
    assert (plain.edges, plain.drawn) == (marked.edges, marked.drawn)


def test_a_column_has_the_list_below():
    """In a paper nothing stands beside it."""
    wide = resviz.diagram([18, 34], diff=True).picture
    narrow = resviz.diagram([18, 34], diff=True, width="3.25in").picture
    assert wide.size[0] > wide.size[1]
    assert narrow.size[0] < narrow.size[1]


def test_networks_that_are_the_same():
    """The headline says so, and nothing is marked."""
    picture = resviz.diagram([18, "resnet18"], diff=True).picture
    words = " ".join(line for node in picture.nodes for line in node.lines)
    assert "are the same network" in words
    assert not find_discs(picture)


def test_other_formats_name_changes_in_their_boxes():
    """DOT and Mermaid place boxes themselves, and have no margin."""
    diagram = resviz.diagram([PAPER, CHANGED], diff=True)
    dot, chart = diagram.to_dot(), diagram.to_mermaid()
    for text in (dot, chart):
        assert "change 1" in text
        assert re.search(r"changes 3, 4", text)
    assert "1 ≠ three 3×3 (/2) instead of a" in dot


def test_wrong_networks():
    """Two, from top to bottom, in an overview."""
    for networks in ([18], [18, 34, 50]):
        with pytest.raises(RenderError, match="diff: want two networks"):
            resviz.diagram(networks, diff=True)
    with pytest.raises(RenderError, match="direction: got 'LR' with diff"):
        resviz.diagram([18, 34], diff=True, direction="LR")
    with pytest.raises(RenderError, match="diff: got True for 'stack'"):
        resviz.diagram([18, 34], "stack", diff=True)
    with pytest.raises(RenderError, match="or of two networks --diff"):
        resviz.diagram([18, 34])


def test_names_stay_text():
    """Of both networks, in every form."""
    name = '<script>&"\\input{x} ' + "W" * 90
    archs = [resviz.trace(depth, name=f"{name}{depth}") for depth in (18, 34)]
    diagram = resviz.diagram(archs, diff=True)
    svg = diagram.to_svg()
    ET.fromstring(svg)
    assert "<script>" not in svg
    assert "\\input{x}" not in diagram.to_tikz()
