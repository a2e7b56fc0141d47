"""Overviews for a column: blocks as funnels, the first merged with those like it."""

from __future__ import annotations

import pytest

import resviz
from resviz.figures import draw_diagram
from resviz.figures.drawing.marks import Polygon, Text, iter_marks
from resviz.figures.drawing.metrics import text_width
from resviz.figures.drawing.styles import STYLES
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import NETWORKS, faults, texts

FORMS = ({"costs": True}, {"costs": True, "width": "3.25in"}, {"width": "3.25in"})


def draw(arch, **options):
    """The picture of an overview."""
    return draw_diagram(arch, "overview", **options).picture


def test_a_step_is_as_wide_as_its_channels(network):
    """Its fourth root: of 256 and 64 channels the second is 0.71 of the first."""
    arch = network("resnet50")
    first = next(node for node in draw(arch, costs=True).nodes if node.steps)
    assert ("1×1, 64", "3×3, 64", "1×1, 256") == first.lines
    (a, b), (c, d), (e, f) = ((step.above, step.below) for step in first.steps)
    assert a == f == first.size[0]
    assert b == c == d == e == pytest.approx(first.size[0] * 0.25**0.25)


@pytest.mark.parametrize(
    ("name", "counts"),
    [("resnet50", "3 4 6 3"), ("resnet18", "2 2 2 2"), ("cifar110", "18 18 18")],
)
def test_blocks_that_differ_by_their_shortcut_are_one(network, name, counts):
    """As many as the paper's table has; what the first has alone is marked."""
    picture = draw(network(name), costs=True)
    said = texts(picture)
    assert counts.split() == [line[1:] for line in said if line[:1] == "×" != line]
    assert any("outer shortcut: of the first of ×n alone" in line for line in said)
    assert any(line.endswith("/2*") for line in said)


@pytest.mark.parametrize("options", FORMS)
@pytest.mark.parametrize("name", ["resnet50", "resnet18", "cifar110"])
def test_merged_blocks_leave_no_connection_out(network, name, options):
    """Each is drawn, lies in a box or leads from one block to the next."""
    coverage = draw(network(name), **options).coverage
    assert 0 == coverage.left_out == coverage.undrawn_layers
    assert coverage.edges == coverage.drawn + coverage.inside + coverage.turns
    assert all(edge.role != "order" for edge in draw(network(name), **options).edges)


@pytest.mark.parametrize("name", ["dpn68", "resnet50", "cifar56", "wide_resnet50_2"])
def test_layers_of_an_identity_lie_not_on_the_firsts_projection(name):
    """A DPN cuts the sum off what it reads: each turn's identity is a connection."""
    picture = draw(load(record_file(name)), width="3.25in")
    sums = {node.key for node in picture.nodes if "sum" in node.role}
    into = [edge for edge in picture.edges if edge.head in sums]
    assert into
    assert "order" not in {edge.role for edge in into}
    assert any(edge.role == "identity" for edge in into)


def test_another_identity_than_the_firsts_is_no_repeat(network):
    """With the first's shortcut gone, the edge into its addition is not drawn."""
    picture = draw(network("resnet50"), costs=True)
    dashed = [edge for edge in picture.edges if edge.role == "projection"]
    kept = [edge for edge in picture.edges if edge is not dashed[0]]
    (ledger,) = picture.ledgers
    assert 1 == ledger.count_edges(kept).left_out


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_a_column_has_the_paper_s_networks_on_a_page(depth):
    """With letters of 8 points, where nothing is cut or too tall."""
    picture = draw(resviz.trace(f"resnet{depth}"), width="3.25in", text="8pt")
    assert picture.size[1] * picture.unit < 8 * 72
    assert picture.size[0] * picture.unit == pytest.approx(3.25 * 72)


@pytest.mark.filterwarnings("ignore:.* tall, and a page has:UserWarning")
@pytest.mark.parametrize("options", FORMS)
@pytest.mark.parametrize("name", NETWORKS)
def test_words_stand_in_their_steps(network, name, options):
    """Each line where its step is at least as wide; nothing lies on another."""
    picture = draw(network(name), **options)
    if any(node.steps for node in picture.nodes):
        assert [] == [*faults(picture)]
    marks = [*iter_marks(picture, STYLES["light"])]
    texts_of = {mark.line: mark for mark in marks if isinstance(mark, Text)}
    polygons = [mark for mark in marks if isinstance(mark, Polygon)]
    for node in picture.nodes:
        if node.steps:
            assert sum(step.lines for step in node.steps) == len(node.lines)
        for line in node.lines if node.steps else ():
            x, y = texts_of[line].at
            half = text_width(line) / 2
            assert any(
                corners[0][1] < y < corners[2][1]
                and all(abs(corner[0] - x) > half - 1 for corner in corners)
                for corners in (mark.corners for mark in polygons)
                if len(corners) == 4
            ), line
