"""Lanes: every line of the contracted graph, none through a box, legible letters."""

from dataclasses import replace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import resviz
from resviz.figures import choose_figure, draw_diagram
from resviz.figures.drawing.metrics import text_width
from resviz.figures.drawing.styles import LINES, LOOKS
from resviz.figures.graph_notes import LOOSE_END_NOTE, explain_drawing, explain_words
from resviz.figures.lanes.grid import build_grid, list_strangers, part_frame
from resviz.figures.overview.arranging import smallest_letter_size
from resviz.readings.contraction import read_contraction
from resviz.readings.contraction.drawn import DrawnFrame
from resviz.record.storage import load
from resviz.tracing import trace
from tests.figures.conditioned_unet import ConditionedUNet
from tests.figures.conftest import texts
from tests.readings.contraction.random_networks import (
    SIDE,
    WIDTH,
    BranchingNet,
    RepeatedNet,
)
from tests.readings.structure.golden.networks import FOLDER, record_file

NAMES = sorted(path.name.split(".")[0] for path in (FOLDER / "records").glob("*.gz"))

BOX_ROLES = {"layer", "pool", "shared layer", "small plain", "sum", "bar", "point"}


def draw_frozen(name):
    """The picture of a frozen record."""
    return draw_diagram(load(record_file(name)), "lanes").picture


def sample_curve(path, steps=16):
    """Points on a curve."""
    for k in range(0, len(path) - 1, 3):
        a, b, c, d = path[k : k + 4]
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            weighted = [*zip(weights, (a, b, c, d), strict=True)]
            yield tuple(sum(w * point[k] for w, point in weighted) for k in (0, 1))


def list_hits(picture):
    """The lines that lead through a box at which they neither start nor end."""
    boxes = [node for node in picture.nodes if node.role in BOX_ROLES]
    places = {node.key: node.at for node in boxes}
    hits = []
    for edge in picture.edges:
        ends = places[edge.tail], places[edge.head]
        points = [*sample_curve(edge.path)]
        hits += [
            (edge.tail, edge.head, box.key)
            for box in boxes
            if not any(overlaps(box, at) for at in ends)
            and any(
                box.left + 1 < x < box.right - 1 and box.top + 1 < y < box.bottom - 1
                for x, y in points
            )
        ]
    return hits


def overlaps(box, at):
    """Whether a box is that of a node at some place, its sign, or a shade of it."""
    x, y = at
    return box.left - 26 <= x <= box.right + 26 and box.top - 6 < y < box.bottom + 6


def check_picture(arch):
    """Every line is drawn, through no box, and no frame holds a stranger."""
    picture, graph = draw_diagram(arch, "lanes").picture, read_contraction(arch)
    assert [] == list_hits(picture)
    arrows = [edge for edge in picture.edges if edge.tip]
    assert len(graph.lines) == len({(e.tail, e.head) for e in arrows}) == len(arrows)
    grid = build_grid(graph)
    framed = {member for frame in grid.frames for member in frame.members}
    assert {member for frame in graph.frames for member in frame.members} == framed
    for frame in grid.frames:
        assert [] == list_strangers(frame, grid.columns, grid.cells)
    covered = picture.coverage
    assert covered is not None
    assert covered.edges == covered.drawn + covered.declared
    width, height = picture.size
    for node in picture.nodes:
        assert 0 <= node.left <= node.right <= width, node
        assert 0 <= node.top <= node.bottom <= height, node
    return picture


@pytest.mark.parametrize("name", NAMES)
def test_every_line_is_drawn_and_none_leads_through_a_box(name):
    """Whatever the network is."""
    check_picture(load(record_file(name)))


@pytest.mark.parametrize("name", NAMES)
def test_letters_can_be_read_on_one_screen(name):
    """They have 10 pixels at least where the picture fits 1280 × 800."""
    assert smallest_letter_size(draw_frozen(name)) >= 10


@settings(max_examples=25, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
@given(st.integers(0, 2**32), st.sampled_from([BranchingNet, RepeatedNet]))
def test_random_networks_are_drawn(seed, kind):
    """Of any form."""
    check_picture(resviz.trace(kind(seed).eval(), (WIDTH, SIDE, SIDE)))


def test_a_line_through_a_box_is_found():
    """One that leads from the first box to the last as the crow flies."""
    picture = draw_frozen("toy_pyramid")
    boxes = [node for node in picture.nodes if node.role in BOX_ROLES]
    first, *between, last = boxes
    middle = between[len(between) // 2]
    path = (first.at, middle.at, middle.at, last.at)
    edge = picture.edges[0]
    bent = type(edge)(first.key, last.key, "main", path, last.at)
    assert list_hits(type(picture)("", "", picture.size, picture.nodes, (bent,)))


@pytest.mark.parametrize("name", ["toy_unet", "hrnet_w18_small", "crossvit_tiny_240"])
def test_text_fits_its_box(name):
    """No line of words is wider than the box that it stands in."""
    picture = draw_frozen(name)
    boxes = [node for node in picture.nodes if node.role in BOX_ROLES]
    for text in picture.nodes:
        look = LOOKS[text.role]
        if text.role not in {"small", "box note"} or look.shape != "none":
            continue
        width = max(text_width(line, look.size) for line in text.lines)
        around = [
            box for box in boxes if box.left < text.at[0] < box.right
            and box.top < text.at[1] < box.bottom
        ]  # fmt: skip
        assert not around or any(width <= box.size[0] for box in around), text


def test_the_picture_declares_what_it_does_not_draw():
    """Connections inside boxes and between turns, and joins by kind."""
    picture = draw_frozen("hrnet_w18_small")
    words = " ".join(line for node in picture.nodes for line in node.lines)
    covered = picture.coverage
    assert covered is not None
    assert f"of {covered.edges} connections {covered.drawn} are drawn" in words
    assert f"{covered.inside} lie inside boxes" in words
    assert "additions" in words


def test_the_description_says_what_reads_what():
    """Each box with its number, and what is inside boxes."""
    arch = load(record_file("toy_unet"))
    told = resviz.describe(arch, "lanes")
    assert "16×16, 16 channels, reads 5 (basic) and 8 (up-conv 2×2); 10 (basic)" in told
    assert "Of 69 connections 21 are drawn, 48 lie inside boxes." in told


@pytest.mark.parametrize("form", ["svg", "tikz", "dot", "pdf", "png"])
def test_every_format_writes_it(form):
    """Lines and boxes alike."""
    diagram = draw_diagram(load(record_file("toy_unet")), "lanes")
    assert diagram.to_bytes(form)


@pytest.mark.parametrize("name", NAMES)
def test_lanes_are_chosen_where_parts_are_no_chain(name):
    """And the overview elsewhere."""
    arch = load(record_file(name))
    is_chain = read_contraction(arch).is_chain
    assert choose_figure(arch) == ("overview" if is_chain else "lanes")
    assert "overview" == choose_figure(arch, direction="LR")


def test_the_figure_is_chosen_by_every_door():
    """A picture, its words, and a figure that was named."""
    arch = load(record_file("toy_unet"))
    assert resviz.diagram(arch).to_svg() == resviz.diagram(arch, "lanes").to_svg()
    assert resviz.describe(arch) == resviz.describe(arch, "lanes")


def test_a_frame_with_a_stranger_is_parted():
    """Each part says of what it is one, and none holds the stranger."""
    columns, cells = (
        {1: 0, 2: 1, 3: 2, 4: 1},
        {1: (0, 0), 2: (2, 0), 3: (2, 0), 4: (1, 0)},
    )
    frame = DrawnFrame("×3", (1, 2, 3))
    parts = part_frame(frame, columns, cells)
    assert [("part of ×3", (1,)), ("part of ×3", (2, 3))] == [
        (part.label, part.members) for part in parts
    ]
    assert [frame] == part_frame(frame, columns, cells | {4: (3, 0)})


@pytest.mark.parametrize(
    ("name", "of_class", "count"),
    [("cspresnet50", "CrossStage", 4), ("densenet121", "DenseBlock", 4)],
)
def test_a_class_is_closed_as_a_whole(name, of_class, count):
    """Also its first call, before which a pool runs at the same resolution."""
    graph = read_contraction(load(record_file(name)))
    closed = [node for node in graph.nodes.values() if node.lines[0] == of_class]
    assert count == len(closed)


def test_a_closed_box_says_its_form():
    """Blocks by their type, and branches side by side; not how many layers it has."""
    graph = read_contraction(load(record_file("cspresnet50")))
    second = [n for n in graph.nodes.values() if n.lines[0] == "CrossStage"][1]
    assert ("3×3 /2, 1×1", "(bottleneck ×3, 1×1", "‖ skip), 1×1") == second.lines[1:]


def test_a_sign_that_comes_several_times_is_drawn_and_told():
    """A product that follows itself is one sign, with its count beside it."""
    arch = resviz.trace(BranchingNet(355).eval(), (WIDTH, SIDE, SIDE))
    nodes = read_contraction(arch).nodes.values()
    assert ("×", "×2") in [node.lines for node in nodes if node.role == "join"]
    assert "(product, ×2)" in resviz.describe(arch, "lanes")
    for figure in ("lanes", "volumes"):
        picture = draw_diagram(arch, figure).picture
        counts = [n for n in picture.nodes if n.role == "frame label"]
        signs = [n for n in picture.nodes if n.role == "sum" and n.lines == ("×",)]
        assert any(abs(c.at[0] - s.at[0]) < 1 for c in counts for s in signs)


@pytest.fixture(scope="module")
def conditioned():
    """A diffusion U-Net with twelve skips, all of whose blocks read the time."""
    inputs = {"x": torch.zeros(1, 3, 32, 32), "time": torch.zeros(1, 1)}
    return resviz.trace(ConditionedUNet().eval(), kwargs=inputs)


def test_levels_with_many_skips_fit_a_screen(conditioned):
    """What runs at one resolution is one box; its skips are one line."""
    picture = check_picture(conditioned)
    assert picture.size[0] <= 1280
    assert smallest_letter_size(picture) >= 10.5


def test_a_condition_is_no_branch(conditioned):
    """What blocks read besides stands on lines into their box, not in its form."""
    graph = read_contraction(conditioned)
    shown = [node.lines for node in graph.nodes.values()]
    assert ("B ×3",) in shown
    assert 2 == shown.count(("downsample", "B ×3"))
    assert 2 == shown.count(("upsample, B ×3",))


WAYS = {"falls": ("down", "coarser"), "rises": ("up", "finer")}
"""Which way lines lead in lanes, and to what."""


@pytest.mark.parametrize("figure", ["lanes", "volumes"])
@pytest.mark.parametrize("name", ["resnet18", "hrnet_w18_small", "toy_unet"])
def test_colours_of_lines_say_which_way_they_lead(name, figure):
    """In that colour, of the ways that occur; without a legend nothing is said."""
    arch = load(record_file(name))
    for bare in (False, True):
        picture = draw_diagram(arch, figure, no_legend=bare).picture
        roles = {edge.role for edge in picture.edges}
        for role, (way, end) in WAYS.items():
            said = [n for n in picture.nodes if n.role == f"{role} label"]
            assert len(said) == (role in roles and not bare)
            for node in said:
                assert LINES[role].colour == LOOKS[node.role].ink
                assert f"lead {way}: to a {end} resolution" in node.lines[0]
    assert name != "hrnet_w18_small" or WAYS.keys() <= roles


def test_lines_that_fall_lead_to_lower_boxes(network):
    """And those that rise to higher ones: y grows downwards."""
    picture = draw_diagram(network("backbone"), "lanes").picture
    for edge in picture.edges:
        first, last = edge.path[0][1], edge.path[-1][1]
        if edge.role in WAYS:
            assert (first < last) == (edge.role == "falls")


def test_one_lane_has_no_colours():
    """All lines stay in it."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1))
    drawn = draw_diagram(trace(net, (3, 16, 16)), "lanes")
    assert "lines that lead" not in " ".join(texts(drawn.picture))


class PairsCell(nn.Module):
    """A cell of sums of pairs, of which some read others, as those of NASNet."""

    def __init__(self):
        super().__init__()
        self.ways = nn.ModuleList(
            nn.Conv2d(8, 8, size, padding=size // 2) for size in (3, 5, 7, 3, 5)
        )
        self.pool = nn.MaxPool2d(3, 1, 1)

    def forward(self, x, y):
        """The sums together, narrowed."""
        a, b, c, d, e = self.ways
        first = a(x) + b(y)
        second = c(y) + self.pool(x)
        third = d(first) + e(y)
        return (first * second + third * x).relu()


class PairsNet(nn.Module):
    """Cells that read the two before them."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.cells = nn.ModuleList(PairsCell() for _ in range(24))

    def forward(self, x):
        """The last."""
        before = now = self.stem(x)
        for cell in self.cells:
            before, now = now, cell(now, before)
        return now


def test_letters_of_boxes_without_a_form_say_their_kinds():
    """Boxes that hold no series and parallels tell what they are of in the key."""
    graph = read_contraction(trace(PairsNet(), (3, 16, 16)))
    boxes = [node for node in graph.nodes.values() if "PairsCell" in node.lines]
    lettered = {
        node.key: replace(node, lines=("P", "5 layers", "+ ×3")) for node in boxes
    }
    graph = replace(
        graph, nodes=graph.nodes | lettered, letters=graph.letters | {"PairsCell": "P"}
    )
    assert "P: PairsCell of 3×3, 5×5, 7×7, max pool" in [*explain_words(graph)]
    formed = {key: replace(node, lines=("P", "3×3")) for key, node in lettered.items()}
    graph = replace(graph, nodes=graph.nodes | formed)
    assert "P: PairsCell" in [*explain_words(graph)]


class Experts(nn.Module):
    """Experts of which each is asked whether there is a row for it."""

    def __init__(self):
        super().__init__()
        self.router = nn.Linear(8, 3)
        self.experts = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))

    def forward(self, x):
        weights, chosen = self.router(x).softmax(-1).max(-1)
        y = torch.zeros_like(x)
        for k, expert in enumerate(self.experts):
            rows = chosen == k
            if rows.any():
                y[rows] = weights[rows, None] * expert(x[rows])
        return x + y


def test_a_box_from_which_no_line_leads_is_explained():
    """The code looks at it, to choose experts; where there is none, nothing is said."""
    net = nn.Sequential(nn.Linear(4, 8), Experts(), nn.Linear(8, 2))
    arch = trace(net, inputs=(torch.zeros(5, 4),))
    assert LOOSE_END_NOTE in explain_drawing(read_contraction(arch))
    for name in ("resnet50", "hrnet_w18_small", "toy_unet"):
        graph = read_contraction(load(record_file(name)))
        assert LOOSE_END_NOTE not in explain_drawing(graph)
