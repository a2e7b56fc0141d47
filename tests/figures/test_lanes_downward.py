"""Lanes for a column: strips side by side, lines downwards, legible letters."""

import warnings
from dataclasses import replace
from itertools import pairwise

import pytest

import resviz
from resviz.errors import LetterWarning
from resviz.figures import draw_diagram
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.sheet import Sheet, lay_out_on
from resviz.figures.lanes import draw_graph
from resviz.figures.lanes.downward import DownwardLanesPainter, shorten_words
from resviz.readings.contraction import read_contraction
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from tests.figures.conftest import texts
from tests.figures.test_lanes import BOX_ROLES, NAMES, list_hits
from tests.readings.structure.golden.networks import record_file

COLUMN = Sheet(width=234.0)
"""A column of a paper in two."""


def draw_downward(arch, graph=None):
    """The picture of a record in strips, whether or not it is the one to choose."""
    with lay_out_on(COLUMN):
        painter = DownwardLanesPainter(graph or read_contraction(arch), Canvas())
        return draw_graph(read_structure(arch), painter, ())


@pytest.mark.parametrize("name", NAMES)
def test_every_line_leads_down_and_through_no_box(name):
    """Whatever the network is; no wire ends beside its box, nothing beside the page."""
    arch = load(record_file(name))
    picture, graph = draw_downward(arch), read_contraction(arch)
    assert [] == list_hits(picture)
    arrows = [edge for edge in picture.edges if edge.tip]
    assert len(graph.lines) == len({(e.tail, e.head) for e in arrows}) == len(arrows)
    boxes = {node.key: node for node in picture.nodes}
    for edge in arrows:
        x, y = edge.tip or (0, 0)
        assert edge.path[0][1] < y
        head = boxes[edge.head]
        assert head.left - 1 <= x <= head.right + 1
        assert head.top - 1 <= y <= head.at[1]
    covered = picture.coverage
    assert covered is not None
    assert covered.edges == covered.drawn + covered.declared
    width, height = picture.size
    for node in picture.nodes:
        assert 0 <= node.left <= node.right <= width, node
        assert 0 <= node.top <= node.bottom <= height, node


@pytest.mark.parametrize("name", ["toy_unet", "hrnet_w18_small", "densenet121"])
def test_strips_lead_from_the_finest_to_the_coarsest(name):
    """Each box lies in the strip of its resolution, which the colours of lines say."""
    picture = draw_downward(load(record_file(name)))
    lanes = [group for group in picture.groups if group.role == "lane"]
    assert lanes == sorted(lanes, key=lambda lane: lane.at[0])
    for lane, following in pairwise(lanes):
        assert lane.right <= following.left
    for node in picture.nodes:
        if node.role in BOX_ROLES:
            assert 1 == sum(lane.left <= node.at[0] <= lane.right for lane in lanes)
    for edge in picture.edges:
        first, last = edge.path[0][0], edge.path[-1][0]
        if edge.role in {"falls", "rises"}:
            assert (first < last) == (edge.role == "falls")
    assert "lead right: to a coarser resolution" in " ".join(texts(picture))


@pytest.mark.parametrize(
    "name", ["toy_unet", "hrnet_w18_small", "densenet121", "dpn68", "resnet50"]
)
def test_letters_hold_in_a_column(name):
    """They have 6 points at least, and the figure fits its page: nothing is warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", LetterWarning)
        drawn = resviz.diagram(load(record_file(name)), "lanes", width="3.25in")
    width, height = drawn.picture.size
    assert height > width
    assert drawn.picture.unit is not None
    assert 72 * 9.2 >= height * drawn.picture.unit


def test_a_page_that_has_room_shows_lanes_in_a_row():
    """As a screen does."""
    arch = load(record_file("toy_unet"))
    for paper in (None, "12in"):
        width, height = draw_diagram(arch, "lanes", width=paper).picture.size
        assert width > height


def test_long_words_become_letters_that_the_key_tells():
    """None is that of a frame, or stands for two words; signs and numbers stay."""
    arch = load(record_file("resnet50"))
    graph = read_contraction(arch)
    short = shorten_words(graph)
    assert {"bottleneck": "B"} == short.letters
    lines = [line for node in short.nodes.values() for line in node.lines]
    assert "B ×3" in lines
    assert not any("bottleneck" in line for line in lines)
    assert "B: bottleneck" in " ".join(texts(draw_downward(arch, short)))
    framed = replace(graph, frames=(replace_label(graph, "B"),))
    assert "B" not in shorten_words(framed).letters.values()


def replace_label(graph, label):
    """A frame of that label around the first node."""
    from resviz.readings.contraction.drawn import DrawnFrame

    return DrawnFrame(label, (next(iter(graph.nodes)),))
