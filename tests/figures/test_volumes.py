"""Volumes: boxes to scale by roots, every line of the graph, no label on anything."""

import re
import subprocess
from dataclasses import replace
from itertools import pairwise
from math import inf, sqrt

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.fitting import find_letter_size
from resviz.figures.drawing.folded_ledgers import FoldedLedger
from resviz.figures.drawing.metrics import text_width
from resviz.figures.drawing.styles import STYLES
from resviz.figures.overview.arranging import smallest_letter_size
from resviz.figures.volumes.groups import list_groups
from resviz.figures.volumes.placing import choose_row
from resviz.figures.volumes.rows import BypassWay
from resviz.figures.volumes.ways import (
    Skyline,
    WaySpan,
    find_free_middle,
    fit_way_words,
    place_ways,
)
from resviz.figures.volumes.wrapping import WrappedRowPainter, find_breaks
from resviz.readings.contraction import read_contraction
from resviz.record.storage import load
from resviz.tracing import trace
from tests.readings.contraction.random_networks import (
    SIDE,
    WIDTH,
    BranchingNet,
    RepeatedNet,
)
from tests.readings.structure.golden.networks import FOLDER, record_file

from .conftest import NETWORKS, faults, texts
from .law import read_declared

FROZEN = sorted(path.name.split(".")[0] for path in (FOLDER / "records").glob("*.gz"))


class Encoder(nn.Module):
    """Two levels down, two up, with skips; `extra` returns what it has below too."""

    def __init__(self, extra=False):
        super().__init__()
        self.down1, self.down2 = conv(3, 8), conv(8, 16)
        self.low = conv(16, 16)
        self.up1 = nn.ConvTranspose2d(16, 8, 2, 2)
        self.out, self.pool = conv(16, 4), nn.MaxPool2d(2)
        self.side = conv(16, 2) if extra else None

    def forward(self, x):
        first = self.down1(x)
        second = self.low(self.down2(self.pool(first)))
        whole = self.out(torch.cat([first, self.up1(second)], 1))
        return whole if self.side is None else (whole, self.side(second))


class Twins(nn.Module):
    """Two towers that meet at the end."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(conv(3, 8), nn.MaxPool2d(2), conv(8, 16))
        self.b = nn.Sequential(conv(3, 8), nn.MaxPool2d(2), conv(8, 24))

    def forward(self, x, y):
        return torch.cat([self.a(x), self.b(y)], 1)


def conv(i, o):
    """A 3×3 convolution and a ReLU."""
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.ReLU())


def list_labels_on_boxes(picture):
    """The texts that lie on a face of a solid."""
    faces = [face for solid in picture.solids for face in solid.faces]
    return [
        (node.lines, face)
        for node in picture.nodes
        if node.lines and node.role not in {"sum", "bar"}
        for face in faces
        if overlaps(corners_of(node), face)
    ]


def corners_of(node):
    """The corners of a text, without the space around its letters."""
    top, bottom = node.top + 2, node.bottom - 2
    return (
        (node.left, top),
        (node.right, top),
        (node.right, bottom),
        (node.left, bottom),
    )


def overlaps(a, b):
    """Whether two convex shapes have points in common: no side parts them."""
    for shape in (a, b):
        for (x, y), (v, w) in pairwise((*shape, shape[0])):
            across = (y - w, v - x)
            spans = [
                [across[0] * p + across[1] * q for p, q in corners]
                for corners in (a, b)
            ]
            if max(spans[0]) <= min(spans[1]) or max(spans[1]) <= min(spans[0]):
                return False
    return True


def list_lines(row):
    """The lines of the graph that a row's steps and ways stand for, and in how many."""
    lines = [*pairwise(row.path)]
    for way in row.ways:
        stop = () if way.stop is None else (way.stop,)
        lines += pairwise((way.start, *way.nodes, *stop))
    return lines


def list_drawn(row, *, room=inf, each=False):
    """The arrows between nodes that a row's painter draws, as (from, to)."""
    canvas = Canvas()
    painter = WrappedRowPainter(row, canvas, room=room, each=each)
    painter.paint(0, 0)
    owners = {
        anchor.key: part.key
        for line in painter.lines
        for anchor, part in zip(line.anchors, line.parts, strict=True)
    }
    drawn = [
        (owners[edge.tail], owners.get(edge.head))
        for edge in canvas.edges
        if edge.tip and edge.role in {"main", "bypass"}
    ]
    return [line for line in drawn if line[0] != line[1]]


def read_row(arch):
    """The row of a network that is one."""
    row = choose_row(arch)
    assert row is not None
    return row


def check_picture(arch, **options):
    """No text on a box or another text, no line missing, all inside the picture."""
    picture = draw_diagram(arch, "volumes", **options).picture
    assert [] == sorted(set(faults(picture)))
    assert [] == list_labels_on_boxes(picture)
    covered = picture.coverage
    assert covered is not None
    assert covered.is_whole
    assert covered.edges == covered.drawn + covered.declared
    for words in (" ".join(texts(picture)), picture.description):
        told = read_declared(words)
        assert (covered.edges, covered.drawn) == (told["edges"], told["drawn"])
    width, height = picture.size
    for solid in picture.solids:
        for x, y in (point for face in solid.faces for point in face):
            assert 0 <= x <= width
            assert 0 <= y <= height
    row = choose_row(arch)
    if row is None:
        graph = read_contraction(arch)
        arrows = {(edge.tail, edge.head) for edge in picture.edges if edge.tip}
        assert len(graph.lines) == len(arrows)
        return picture
    assert sorted(row.graph.lines) == sorted(list_lines(row))
    expected = [*pairwise(row.path), *((way.start, way.stop) for way in row.ways)]
    assert sorted(expected, key=str) == sorted(list_drawn(row, **options), key=str)
    return picture


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("each", [False, True])
def test_volumes_are_sound(network, name, each):
    """No text leaves the picture or lies on another, on a box or on a line."""
    check_picture(network(name), each=each)


@pytest.mark.parametrize("name", FROZEN)
def test_frozen_networks_are_drawn_and_can_be_read(name):
    """Every line, and letters of nine pixels where it fits 1280 × 800."""
    picture = check_picture(load(record_file(name)))
    assert smallest_letter_size(picture) >= 9


@settings(max_examples=25, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
@given(st.integers(0, 2**32), st.sampled_from([BranchingNet, RepeatedNet]))
def test_random_networks_are_drawn(seed, kind):
    """Of any form."""
    check_picture(resviz.trace(kind(seed).eval(), (WIDTH, SIDE, SIDE)))


def draw_narrow(arch, width="column", **options):
    """A picture of some width, sound and whole, and the size of its letters."""
    picture = draw_diagram(arch, "volumes", width=width, **options).picture
    assert [] == sorted(set(faults(picture)))
    assert [] == list_labels_on_boxes(picture)
    assert picture.unit
    assert picture.coverage
    assert picture.coverage.is_whole
    return picture, find_letter_size(picture) * picture.unit


@pytest.mark.parametrize(
    "name",
    ["resnet50", "resnet101", "mobilenetv2_050", "densenet121", "cspresnet50"],
)
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.filterwarnings("ignore::resviz.errors.LetterWarning")
def test_a_column_of_a_page_holds_a_row_in_lines(name, each):
    """Letters of 6 points, each step drawn; lines follow below one another."""
    arch = load(record_file(name))
    picture, points = draw_narrow(arch, each=each)
    assert points > 5.95 or each
    row = read_row(arch)
    (ledger,) = picture.ledgers
    assert isinstance(ledger, FoldedLedger)
    nodes = ledger.nodes
    drawn = {
        (nodes[edge.tail], nodes[edge.head])
        for edge in picture.edges
        if edge.role in {"main", "bypass"} and not edge.via
    }
    assert {*pairwise(row.path)} <= drawn
    axes = {round(edge.path[-1][1]) for edge in picture.edges if edge.role == "main"}
    assert len(axes) > 1
    assert [] == [solid for solid in picture.solids if leaves(solid, picture)]


def leaves(solid, picture):
    """Whether a solid leaves its picture."""
    width, height = picture.size
    points = [point for face in solid.faces for point in face]
    return not all(0 <= x <= width and 0 <= y <= height for x, y in points)


def test_a_line_begins_with_the_shortcut_from_the_line_before():
    """ResNet-50's conv4_x: from the last block of conv3_x, on the wire from there."""
    arch = load(record_file("resnet50"))
    wide = draw_diagram(arch, "volumes").picture
    picture, _ = draw_narrow(arch)
    for role in ("identity", "projection"):
        ends = [
            [(edge.tail, edge.head) for edge in each.edges if edge.role == role]
            for each in (wide, picture)
        ]
        assert ends[0] == ends[1]


def test_a_skip_is_never_cut():
    """A line ends where no way leads on; a U-Net's row has no such place."""
    row = read_row(load(record_file("toy_unet")))
    groups = list_groups(row)
    breaks = find_breaks(row, groups)
    places = {node.key: k for k, group in enumerate(groups) for node in group.nodes}
    for way in row.ways:
        assert way.stop is not None
        crossed = range(places[way.start] + 1, places[way.stop] + 1)
        assert breaks.isdisjoint(crossed)


def test_without_a_width_there_is_one_line(network):
    """However long it is."""
    row = read_row(network("resnet152"))
    painter = WrappedRowPainter(row, Canvas(), room=inf, each=True)
    assert 1 == len(painter.lines)


def test_a_label_on_a_box_is_found():
    """The check sees one that is moved there."""
    picture = draw_diagram(load(record_file("toy_unet")), "volumes").picture
    solid = picture.solids[0]
    xs, ys = zip(*solid.faces[0], strict=True)
    middle = (sum(xs) / 4, sum(ys) / 4)
    nodes = tuple(replace(node, at=middle) for node in picture.nodes)
    assert list_labels_on_boxes(replace(picture, nodes=nodes))


def test_a_way_that_is_left_out_is_found():
    """The check sees that the lines are no longer those of the graph."""
    row = read_row(load(record_file("toy_unet")))
    fewer = replace(row, ways=row.ways[1:])
    assert sorted(row.graph.lines) != sorted(list_lines(fewer))
    assert len(list_drawn(row)) == len(list_drawn(fewer)) + 1


def test_hostile_names_are_placed_soundly(hostile):
    """Names of 20,000 characters are cut, not spilled."""
    assert [] == sorted(set(faults(draw_diagram(hostile[0], "volumes").picture)))


def measure(solid):
    """Thickness, height and depth of a solid, as it is drawn."""
    front, top, _ = solid.faces
    (left, low), (right, _), (_, high), _ = front
    (x, y), (v, w) = top[0], top[3]
    return right - left, low - high, sqrt((x - v) ** 2 + (y - w) ** 2)


def test_edges_go_by_the_root_of_pixels_and_thickness_by_that_of_channels(network):
    """The input's front is √2 times the stem's; 256 channels are twice 64."""
    solids = draw_diagram(network("resnet50"), "volumes").picture.solids
    sizes = [measure(solid) for solid in solids]
    assert sqrt(2) == pytest.approx(sizes[0][1] / sizes[1][1])
    assert sqrt(2) == pytest.approx(sizes[0][2] / sizes[1][2])
    assert sqrt(32) == pytest.approx(sizes[0][1] / sizes[-3][1])
    assert 2 == pytest.approx(sizes[3][0] / sizes[1][0])


def test_height_and_width_are_told_apart():
    """A map that is four times as wide as high is twice as deep as it is high."""
    arch = resviz.trace(nn.Conv2d(3, 16, 3, padding=1), (3, 16, 64))
    _, height, depth = measure(draw_diagram(arch, "volumes").picture.solids[0])
    assert 2 == pytest.approx(depth / 0.4 / height)


def test_groups_of_resnet50_have_names_and_sizes(network):
    """Those of Table 1 of the paper, a box a block."""
    groups = list_groups(read_row(network("resnet50")), each=False)
    assert [
        ("input", "224×224×3", 1),
        ("", "112×112×64", 1),
        ("", "56×56×64", 1),
        ("conv2_x", "56×56×256", 3),
        ("conv3_x", "28×28×512", 4),
        ("conv4_x", "14×14×1024", 6),
        ("conv5_x", "7×7×2048", 3),
        ("", "1000", 2),
    ] == [
        (" ".join(group.name), group.lines[0], len(group.volumes))
        for group in groups
        if group.lines
    ]


def test_each_layer_of_a_block_is_a_box_if_asked_for(network):
    """Three in each of three bottlenecks of conv2_x, the widths of Table 1."""
    groups = list_groups(read_row(network("resnet50")), each=True)
    conv2 = next(group for group in groups if group.name == ("conv2_x",))
    assert [64, 64, 256] * 3 == [volume.channels for volume in conv2.volumes]


def test_shortcuts_are_arcs_by_their_kind(network):
    """Sixteen blocks, of which four project."""
    edges = draw_diagram(network("resnet50"), "volumes").picture.edges
    kinds = [edge.role for edge in edges]
    assert (12, 4) == (kinds.count("identity"), kinds.count("projection"))


def test_a_block_without_a_shortcut_has_no_arc():
    """Of MobileNetV2's, where only equal shapes are added."""
    arch = load(record_file("mobilenetv2_050"))
    arcs = [
        edge
        for edge in draw_diagram(arch, "volumes").picture.edges
        if edge.role == "identity"
    ]
    assert len(arcs) == sum(block.joins != () for block in arch.blocks)


def test_a_long_row_of_blocks_is_cut_and_says_so(network):
    """Eight of ResNet-152's 36 are drawn, with dots between; the label has them all."""
    said = " ".join(texts(draw_diagram(network("resnet152"), "volumes").picture))
    assert "bottleneck ×36" in said
    assert "…: equal blocks left out" in said
    groups = list_groups(read_row(network("resnet152")), each=False)
    left_out = [volume.left_out for group in groups for volume in group.volumes]
    assert [27] == [count for count in left_out if count]  # 35 behind the first


def test_skips_of_a_u_net_are_brackets():
    """Each starts at a box and ends at a concatenation, above what lies between."""
    row = read_row(resviz.trace(Encoder().eval(), (3, 32, 32)))
    (way,) = row.ways
    assert way.stop is not None
    graph = row.graph
    assert "C" in {graph.nodes[way.stop].entrance, *graph.nodes[way.stop].lines}
    picture = draw_diagram(graph.arch, "volumes").picture
    (bracket,) = [edge for edge in picture.edges if edge.role == "bypass"]
    assert "bracket: a skip connection" in " ".join(texts(picture))
    top = min(y for _, y in bracket.path)
    assert top < min(y for solid in picture.solids for _, y in solid.faces[2]) - 8


class Concatenating(nn.Module):
    """A map of so many channels, and a coarser one enlarged to so many, joined."""

    def __init__(self, skip, deeper, window=2, dim=1):
        super().__init__()
        self.stem, self.down = nn.Conv2d(3, skip, 3, 1, 1), nn.Conv2d(skip, 32, 3, 2, 1)
        self.more = nn.Conv2d(32, 32, 3, 1, 1)
        self.grow = nn.ConvTranspose2d(32, deeper, window, 2, window // 2 - 1)
        self.last = nn.Conv2d(skip + deeper if dim == 1 else skip, 4, 3, 1, 1)
        self.dim = dim

    def forward(self, x):
        """What a convolution makes of both."""
        x = self.stem(x)
        y = self.grow(self.more(self.down(x).relu()).relu())
        return self.last(torch.cat([x, y], self.dim))


@pytest.mark.parametrize(("skip", "deeper"), [(64, 64), (64, 192)])
def test_what_is_concatenated_is_two_slices_of_one_box(skip, deeper):
    """One behind the other without a gap, by their shares of the channels."""
    picture = draw_diagram(
        trace(Concatenating(skip, deeper), (3, 64, 64)), "volumes"
    ).picture
    solids = [solid for solid in picture.solids if solid.label.startswith("64×64")]
    first, second = solids[-3:-1]
    labels = [f"64×64×{channels}" for channels in (skip, deeper)]
    assert labels == [first.label, second.label]
    spans = [[x for x, _ in solid.faces[0][:2]] for solid in (first, second)]
    assert spans[0][1] == pytest.approx(spans[1][0])
    (a, b), (c, d) = spans
    assert (b - a) / (d - c) == pytest.approx(skip / deeper)
    stem = measure(solids[1])
    assert d - a == pytest.approx(stem[0] * sqrt((skip + deeper) / skip))
    assert "side by side behind C" in " ".join(texts(picture))
    assert [] == sorted(set(faults(picture)))


def test_what_is_concatenated_along_positions_has_no_slices():
    """Nor has a sum; the box is that of the convolution behind it."""
    arch = trace(Concatenating(16, 16, dim=2), (3, 64, 64))
    picture = draw_diagram(arch, "volumes").picture
    assert "side by side" not in " ".join(texts(picture))


@pytest.mark.parametrize(
    ("window", "words"), [(2, "up-conv 2×2"), (4, "up-conv 4×4 up 2")]
)
def test_transposed_convolutions_are_up_convolutions(window, words):
    """Where they enlarge by other than their window, they say by what."""
    arch = trace(Concatenating(16, 16, window), (3, 64, 64))
    for figure in ("volumes", "lanes"):
        said = " ".join(texts(draw_diagram(arch, figure).picture))
        assert words in said
        assert (f"{words} up" in said) is False


def test_labels_of_few_boxes_stand_in_one_row():
    """No line leads down to one in a second row, as where boxes are many."""
    for name, is_one in (
        ("toy_unet", True),
        ("densenet121", True),
        ("cspdarknet53", False),
    ):
        picture = draw_diagram(load(record_file(name)), "volumes").picture
        assert is_one == all(edge.role != "grid" for edge in picture.edges), name


def test_an_output_beside_the_row_is_drawn():
    """With what leads to it; both outputs have their dots."""
    arch = resviz.trace(Encoder(extra=True).eval(), (3, 32, 32))
    row = read_row(arch)
    assert None in {way.stop for way in row.ways}
    picture = draw_diagram(arch, "volumes").picture
    assert 2 == sum(node.role == "point" for node in picture.nodes)


def test_what_is_no_row_stands_in_lanes():
    """Two towers have a lane for each resolution, and every line."""
    arch = resviz.trace(Twins().eval(), ((3, 32, 32), (3, 32, 32)))
    assert choose_row(arch) is None
    picture = check_picture(arch)
    assert "a lane: one resolution" in " ".join(texts(picture))
    assert {"lane"} == {group.role for group in picture.groups}


def test_more_boxes_than_can_be_seen_are_refused(network, monkeypatch):
    """In words, with what draws them."""
    monkeypatch.setattr("resviz.figures.volumes.MAX_NODES", 5)
    with pytest.raises(
        RenderError, match=r"at most 5 .* --figure lanes draws them all"
    ):
        draw_diagram(network("resnet50"), "volumes")


def test_the_old_name_draws_the_same(network):
    """`flow`, whose linear scale made needles, is an alias."""
    arch = network("resnet18")
    old, new = (draw_diagram(arch, name) for name in ("flow", "volumes"))
    assert old.to_svg() == new.to_svg()
    assert resviz.describe(arch, "flow") == resviz.describe(arch, "volumes")


def test_the_description_says_what_reads_what(network):
    """And what lies inside boxes."""
    told = resviz.describe(network("resnet18"), "volumes")
    assert "As boxes in perspective, in a row: 2 (7×7 /2), 112×112" in told
    assert "60 lie inside boxes" in told


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", ["svg", "tikz", "png"])
def test_every_style_and_format_writes_it(network, style, form):
    """Rows and lanes alike."""
    for arch in (network("resnet18"), load(record_file("dla34"))):
        assert draw_diagram(arch, "volumes", style=style).to_bytes(form)


@pytest.mark.needs("pdftotext", "pdfinfo")
def test_pdf_holds_words_and_solids(network):
    """One page as large as the picture; each stage's name can be searched."""
    drawn = draw_diagram(network("resnet50"), "volumes")
    data = drawn.to_pdf()
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    )
    for words in ("conv2_x", "56×56×256", "bottleneck ×3"):
        assert words in done.stdout.decode()
    done = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=True)
    box = re.search(rb"Page size: +([\d.]+) x ([\d.]+) pts", done.stdout)
    assert box
    assert pytest.approx(drawn.size, abs=1) == tuple(map(float, box.groups()))


def test_ways_are_stacked_and_words_avoid_legs():
    """A longer one runs above a shorter one; words stand beside a leg of another."""
    skyline = Skyline([(0, 100, -20)])
    span = WaySpan(BypassWay(0, 1), 10, 90, ("1×1",), 20)
    assert 50 == find_free_middle(span, [10, 90])
    assert abs(find_free_middle(span, [10, 50, 90]) - 50) > 10
    assert -20 == skyline.find_top(50, 60)
    assert 0 == skyline.find_top(200, 300)


def test_words_on_a_bracket_stay_between_its_legs():
    """They break into lines, above which the next bracket runs."""
    words = "1×1, 1×7, 7×1 + 3×3 /2"
    lines = fit_way_words(words, 300, 400)
    assert ("1×1, 1×7, 7×1", "+ 3×3 /2") == lines
    assert all(text_width(line, 11) <= 100 - 8 for line in lines)
    assert (words,) == fit_way_words(words, 300, 500)
    assert () == fit_way_words("", 300, 400)
    spans = [
        WaySpan(BypassWay(0, 1), 300, 400, lines, 92),
        WaySpan(BypassWay(0, 1), 290, 410, (), 0),
    ]
    (_, low), (_, high) = place_ways(Skyline(), spans)
    assert low - high > 2 * 13


@pytest.mark.parametrize("name", ["toy_late_stride", "resnet34_c", "levit_128s"])
@pytest.mark.parametrize("each", [False, True])
@pytest.mark.filterwarnings("ignore::resviz.errors.LetterWarning")
def test_words_on_arcs_keep_off_other_arcs(name, each):
    """Where boxes stand close together, words that have no room are left out."""
    picture, _ = draw_narrow(load(record_file(name)), each=each)
    assert any("1×1" in line for line in texts(picture)) or name == "levit_128s"


def test_a_stage_that_is_drawn_once_has_its_name():
    """The third of a Swin is three pairs of blocks, of which one is drawn."""
    drawn = draw_diagram(load(record_file("swin_tiny_patch4_window7_224")), "volumes")
    names = [node.lines for node in drawn.picture.nodes if node.role == "name"]
    assert [("input",), *((f"layers.{k}",) for k in range(4))] == names
    assert "×3" in texts(drawn.picture)


@pytest.mark.parametrize(
    ("name", "says"), [("deeplabv3_resnet50", True), ("toy_unet", False)]
)
def test_boxes_left_out_of_lanes_are_told(name, says):
    """Of six bottlenecks four are drawn."""
    graph = draw_diagram(load(record_file(name)), "volumes")
    words = " ".join(texts(graph.picture))
    assert says == ("of many boxes in a row only some are drawn" in words)
