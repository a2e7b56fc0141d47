"""Stacks, beside Figure 3 of the paper."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import nn

import resviz
from resviz.figures import describe_figure, draw_diagram
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.stack import build_stacks, fit_to_page
from resviz.figures.stack.bands import (
    ROW_PITCH,
    BandItem,
    find_column_end,
    iter_equal_runs,
    merge_orders,
)
from resviz.figures.stack.boxes import Stack, StackPiece, StackRow, build_stack
from resviz.figures.stack.eliding import elide_pieces, hide_light_runs
from resviz.readings.structure import count_depth, read_structure
from resviz.record.storage import load
from resviz.tracing import trace
from tests.readings.structure.golden.networks import record_file

from .conftest import NETWORKS, faults, texts

PAGE = 1260
"""Pixels: an A4 page at 96 dpi is 1123 high, so print scales it by 0.89."""


def rows(arch):
    """The boxes of a network that is not folded."""
    return build_stacks([arch], plain=False)[0].rows


KINDS = {"identity", "projection", "zero-padded", "subsampled", "other"}
"""The roles of shortcuts."""


def arcs(picture):
    """The kinds of the shortcuts of a picture, from top to bottom."""
    return [edge.role for edge in picture.edges if edge.role in KINDS]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_stacks_are_sound(network, name, plain):
    """No text leaves its box, no shortcut crosses a box or a title."""
    picture = draw_diagram(network(name), "stack", plain=plain).picture
    assert [] == sorted(set(faults(picture)))


def test_hostile_names_are_placed_soundly(hostile):
    """Names of 20,000 characters are cut, not spilled."""
    picture = draw_diagram([hostile[0], hostile[0]], "stack", plain=True).picture
    assert [] == sorted(set(faults(picture)))


def test_boxes_of_resnet34_are_those_of_figure_3(record):
    """From "7x7 conv, 64, /2" to "fc 1000", box by box."""
    stage = [
        line
        for width, count in ((64, 6), (128, 8), (256, 12), (512, 6))
        for line in [f"3×3 conv, {width}"] * count
    ]
    for at in (6, 14, 26):
        stage[at] += ", /2"
    assert [
        "input 224×224×3", "7×7 conv, 64, /2", "3×3 max pool, /2", *stage,
        "global average pool", "fc, 1000",
    ] == [row.label for row in rows(record("resnet34"))]  # fmt: skip


def test_shortcuts_of_resnet34_are_those_of_figure_3(record):
    """Sixteen, of which three where the dimensions grow."""
    found = arcs(draw_diagram(record("resnet34"), "stack").picture)
    assert ["identity"] * 3 == found[:3]
    assert [3, 7, 13] == [k for k, kind in enumerate(found) if kind == "projection"]
    assert 16 == len(found)


@pytest.mark.parametrize("spec", ["resnet18", "resnet50", "resnet101", "cifar110"])
def test_boxes_number_the_depth(record, spec):
    """As many boxes with weights as the network's name says."""
    arch = record(spec)
    found = sum(row.boxed for row in rows(arch))
    assert (
        count_depth(read_structure(arch)),
        int("".join(filter(str.isdigit, spec))),
    ) == (
        found,
        found,
    )


def test_sizes_are_those_of_the_boxes(record):
    """The first 1×1 of a stage that strides in the 3×3 still has the larger size."""
    found = rows(record("resnet50"))
    sizes = {row.label: row.size for row in reversed(found)}
    assert ("56×56", "28×28", "28×28") == tuple(
        sizes[it] for it in ("1×1 conv, 128", "3×3 conv, 128, /2", "1×1 conv, 512")
    )


def test_networks_are_aligned_by_output_size(record):
    """The first 28×28 box of 18, 34 and 50 layers stands at one height."""
    archs = [record(f"resnet{n}") for n in (18, 34, 50)]
    picture = draw_diagram(archs, "stack").picture
    found = [it.at[1] for it in picture.nodes if it.lines == ("3×3 conv, 128, /2",)]
    assert 3 == len(found)
    assert 1 == len(set(found))


def test_the_plain_twin_has_no_shortcuts(record):
    """Boxes are the same; its costs are those without the three projections."""
    plain, residual = build_stacks([record("resnet34")], plain=True)
    assert [row.label for row in plain.rows] == [row.label for row in residual.rows]
    assert not any(piece.arcs for piece in plain.pieces)
    left = 21_797_672 - sum(a * 2 * a + 4 * a for a in (64, 128, 256))
    macs = 3_663_761_408 - sum(
        a * 2 * a * side**2 for a, side in ((64, 28), (128, 14), (256, 7))
    )
    assert f"{left / 1e6:.1f} M params · {macs / 1e9:.2f} G MACs" == plain.facts


@pytest.mark.parametrize(
    "specs",
    [
        ["resnet18", "resnet34", "resnet50"],
        ["resnet50", "resnet101", "resnet152"],
        ["resnet152"],
        ["cifar110"],
    ],
)
def test_stacks_fit_a_page(record, specs):
    """At full size, whatever the depth, with letters of at least 11 pixels."""
    picture = draw_diagram([record(spec) for spec in specs], "stack").picture
    assert picture.size[1] <= PAGE
    assert picture.size[0] <= 794
    words = [it for it in picture.nodes if it.lines and it.role != "small sum"]
    assert min(LOOKS[it.role].size for it in words) >= 11


def test_networks_side_by_side_fold_equally(record):
    """If one has to fold all do, and so the deeper is never the shorter."""
    archs = [record("resnet50"), record("resnet101"), record("resnet152")]
    shown, sheets = fit_to_page(build_stacks(archs, plain=False))
    assert 1 == len(sheets)
    counts = [
        [piece.count for piece in stack.pieces if piece.count > 1] for stack in shown
    ]
    assert [[2, 3, 5, 2], [2, 3, 22, 2], [2, 7, 35, 2]] == counts
    picture = draw_diagram(archs, "stack").picture
    ends = [it.at[1] for it in picture.nodes if it.lines == ("fc, 1000",)]
    assert 1 == len({*ends})


def test_arcs_end_at_additions_below_a_block(record):
    """Each at its own circle, between the last box of its block and what follows."""
    picture = draw_diagram([record("resnet18")], "stack").picture
    nodes = {node.key: node for node in picture.nodes}
    ends = [nodes[edge.head] for edge in picture.edges if edge.role in KINDS]
    assert 8 == len({end.key for end in ends})
    assert {("small sum", ("+",))} == {(end.role, end.lines) for end in ends}
    boxes = [node for node in picture.nodes if node.role == "layer"]
    for end in ends:
        above = max(box.bottom for box in boxes if box.at[1] < end.at[1])
        assert 0 < end.top - above < 5


def test_a_plain_twin_stands_level_with_its_boxes(record):
    """It has room where the additions are, and no circle there."""
    archs = [record("resnet34")]
    picture = draw_diagram(archs, "stack", plain=True).picture
    boxes = [node for node in picture.nodes if node.role == "layer"]
    columns = {box.at[0] for box in boxes}
    levels = [[box.at[1] for box in boxes if box.at[0] == x] for x in columns]
    assert 2 == len(levels)
    assert levels[0] == levels[1]


def test_one_tall_network_is_wrapped(record):
    """ResNet-152 alone in three columns, box by box: nothing is folded."""
    arch = record("resnet152")
    (found,), sheets = fit_to_page(build_stacks([arch], plain=False))
    items = [it for sheet in sheets for band in sheet for it in band.items[0]]
    assert 3 == len(sheets)
    assert found.rows == [item.row for item in items]
    assert 152 == sum(item.row.boxed for item in items)
    picture = draw_diagram(arch, "stack").picture
    assert 3 == len({node.at[0] for node in picture.nodes if node.role == "layer"})
    assert 50 == len(arcs(picture))


@pytest.mark.parametrize("spec", ["resnet101", "cifar110"])
def test_a_column_ends_between_two_blocks(record, spec):
    """Each block is whole."""
    _, sheets = fit_to_page(build_stacks([record(spec)], plain=False))
    ends = [sheet[-1].items[0][-1] for sheet in sheets]
    assert len(ends) in {2, 3}
    assert all(it.number == len(it.piece.rows) - 1 for it in ends)


def piece(part):
    """A piece of one row, of a stage."""
    row = StackRow("a", boxed=True, positions=1, size="1×1", end=0)
    return [(0, BandItem(row, StackPiece((row,), part=part), 0))]


@pytest.mark.parametrize(
    ("parts", "ends"), [((1, 1, 1, 1, 2, 2), 4), ((1, 2, 2, 2, 2, 2), 5)]
)
def test_a_column_ends_between_two_stages_where_that_is_near(parts, ends):
    """Else at the last block that it has room for."""
    assert ends == find_column_end([piece(part) for part in parts], 5 * ROW_PITCH)


def test_what_is_folded_is_said(record):
    """Beside the plate, in the legend, and in the description."""
    archs = [record("resnet50"), record("resnet152")]
    said = texts(draw_diagram(archs, "stack").picture)
    assert "×35" in said
    assert any("×n: n equal in a row" in line for line in said)
    told = "Of 35 equal blocks in a row, ResNet-152 shows one."
    assert told in describe_figure(archs, "stack")


def test_unlike_blocks_that_do_not_fit_are_named(network):
    """Those in the middle are left out, and it says how many."""
    (found,) = build_stacks([network("alternating")], plain=False)
    shown = elide_pieces(found, 5).pieces
    assert sum(it.hidden or it.count for it in shown) == len(found.pieces)
    assert ["… 16 more blocks …"] == [it.rows[0].label for it in shown if it.hidden]


def test_folded_blocks_that_are_left_out_are_all_counted():
    """Three pieces of the middle, each of four equal blocks."""
    ((_, item),) = piece(0)
    pieces = (replace(item.piece, turns=(item.piece,) * 4),) * 5
    _, hidden, _ = elide_pieces(
        Stack("a", "", pieces, chained=True, arch=None), 3
    ).pieces
    assert ("… 12 more blocks …", 12) == (hidden.rows[0].label, hidden.hidden)


@pytest.mark.parametrize("plain", [False, True])
def test_three_stacks_or_four_have_legible_letters_in_a_column(record, plain):
    """Of 6 points, with shorter words, none cut; with more room they are not needed."""
    names = ["resnet18", "resnet34"] if plain else ["resnet18", "resnet34", "resnet18"]
    archs = [record(name) for name in names]
    width = "4.3in" if plain else "3.25in"
    drawn = draw_diagram(archs, "stack", width=width, plain=plain)
    said = texts(drawn.picture)
    assert "3×3, 512, /2" in said
    assert "global avg pool" in said
    assert not any("…" in line for line in said)
    assert [] == [*faults(drawn.picture)]
    assert 0 == drawn.coverage.left_out
    wide = draw_diagram(archs, "stack", width="8in", plain=plain)
    assert "3×3 conv, 512, /2" in texts(wide.picture)


@pytest.mark.parametrize("most", [24, 16, 12, 8])
def test_a_gap_of_a_densenet_leaves_out_whole_units(most):
    """Each is a concatenation with the two convolutions that read it."""
    (found,) = build_stacks([load(record_file("densenet121"))], plain=False)
    shown = elide_pieces(found, most).pieces
    gaps = [at for at, piece in enumerate(shown) if piece.hidden]
    assert gaps
    around = {(shown[at - 1].rows[0].label, shown[at + 1].rows[0].label) for at in gaps}
    assert {("3×3 conv, 32", "concat")} == around
    assert all(shown[at].hidden % 3 == 0 for at in gaps)


@pytest.mark.parametrize("most", [24, 16, 12, 8, 6, 5, 4, 3])
def test_a_gap_of_an_inception_cuts_no_branch(most):
    """What stands behind it begins a branch, or joins those before."""
    (found,) = build_stacks([load(record_file("googlenet"))], plain=False)
    shown = elide_pieces(found, most).pieces
    behind = [after for piece, after in pairwise(shown) if piece.hidden]
    assert behind
    for piece in behind:
        before = found.pieces[found.pieces.index(piece) - 1].rows[-1]
        (row,) = piece.rows
        assert row.apart or row.reads or before.label == "concat"


def test_a_long_run_without_weights_is_one_gap():
    """What it stands for is counted once, also where another gap takes it in."""
    kinds = [False, True, *[False] * 7, True, *[False] * 3, True, False]
    pieces = tuple(
        StackPiece((StackRow(f"{at}", boxed, at % 3, "1×1", at, layers=(at,)),))
        for at, boxed in enumerate(kinds)
    )
    found = hide_light_runs(Stack("a", "", pieces, chained=True, arch=None))
    labels = ["0", "1", "… 7 more layers …", "9", "10", "11", "12", "13", "14"]
    assert labels == [row.label for row in found.rows]
    assert {*range(2, 9)} == {*found.rows[2].layers}
    assert found == hide_light_runs(found)
    same = [replace(row, positions=1) for row in found.rows]
    at_one_size = replace(
        found,
        pieces=tuple(
            replace(piece, rows=(row,))
            for piece, row in zip(found.pieces, same, strict=True)
        ),
    )
    for most, hidden in ((3, 13), (5, 11), (7, 10)):
        (gap,) = (
            each for each in elide_pieces(at_one_size, most).pieces if each.hidden
        )
        assert hidden == gap.hidden == len(gap.piece_layers)
    alike = [
        replace(piece, rows=(replace(piece.rows[0], positions=1),)) for piece in pieces
    ]
    cell = Stack("a", "", tuple(alike), chained=True, arch=None)
    assert cell == hide_light_runs(cell)


def test_a_gap_of_a_chain_is_in_its_middle():
    """Where no row is read later than by the next, no unit is looked for."""
    pieces = tuple(
        StackPiece((StackRow(f"{at}", True, 1, "1×1", at),)) for at in range(20)
    )
    found = Stack("a", "", pieces, chained=True, arch=None)
    labels = [row.label for row in elide_pieces(found, 6).rows]
    assert [*"012", "… 15 more layers …", "18", "19"] == labels


def test_squeeze_and_excitation_is_explained(network):
    """Where it occurs, in the words of the overview's legend."""
    for name, gated in (("gated", True), ("resnet50", False)):
        said = " ".join(texts(draw_diagram(network(name), "stack").picture))
        assert gated == ("SE: squeeze-and-excitation" in said)


def test_parallel_branches_are_owned_up_to(network):
    """An Inception block has them; lines show those of a Res2Net block as they are."""
    note = "parallel branches stand one below the other"
    plain = [draw_diagram(network(name), "stack") for name in ("split", "resnet50")]
    for diagram in (draw_diagram(trace(Inception(), (3, 16, 16)), "stack"), *plain):
        parallel = diagram not in plain
        assert parallel == (note in " ".join(texts(diagram.picture)))
        assert parallel == (note in diagram.description.lower())
        assert diagram.coverage.is_whole


class Inception(nn.Module):
    """Two branches of a map, concatenated, and two heads."""

    def __init__(self):
        super().__init__()
        self.stem, self.a = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 8, 1)
        self.b = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 5, 1, 2))
        self.fc, self.mask = nn.Linear(16, 10), nn.Conv2d(16, 2, 1)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([self.a(x), self.b(x)], 1)
        return self.fc(x.mean((2, 3))), self.mask(x)


def test_rows_that_read_nothing_of_the_row_above_are_apart():
    """Between them are grey dots that are seen; a row that reads it follows closely."""
    picture = draw_diagram(trace(Inception(), (3, 16, 16)), "stack").picture
    nodes = {node.key: node for node in picture.nodes}
    words = {role: [] for role in ("main", "order", "link", "bypass")}
    for edge in picture.edges:
        head, tail = nodes[edge.head], nodes[edge.tail]
        words[edge.role].append((tail.lines[0], head.lines[0]))
        assert (head.top - tail.bottom >= 12) or edge.role == "main"
    heads = [head for _, head in words["order"]]
    assert heads == ["1×1 conv, 4", "1×1 conv, 2"]
    assert words["link"] == [("3×3 conv, 8", "1×1 conv, 4"), ("concat", "1×1 conv, 2")]
    assert words["bypass"] == [("1×1 conv, 8", "concat")]


class Heads(nn.Module):
    """A residual trunk and three heads."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.a, self.b = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.heads = nn.ModuleList(nn.Conv2d(8, width, 1) for width in (2, 3, 5))

    def forward(self, x):
        """What each says of the trunk."""
        x = self.stem(x)
        x = x + self.b(self.a(x).relu())
        return [head(x) for head in self.heads]


def test_heads_fork_from_the_trunk():
    """A line leads from the addition to each, and no connection is left out."""
    picture = draw_diagram(trace(Heads(), (3, 16, 16)), "stack").picture
    nodes = {node.key: node for node in picture.nodes}
    links = [edge for edge in picture.edges if edge.role == "link"]
    assert ["1×1 conv, 3", "1×1 conv, 5"] == [nodes[e.head].lines[0] for e in links]
    assert {"small sum"} == {nodes[edge.tail].role for edge in links}
    assert all(edge.tip for edge in links)
    assert picture.coverage.is_whole
    assert [] == sorted(set(faults(picture)))


class UNet(nn.Module):
    """So many sizes, and skips that are concatenated or added."""

    def __init__(self, sizes, join):
        super().__init__()
        widths = [4 * (k + 1) for k in range(sizes)]
        self.down = nn.ModuleList(map(conv, [3, *widths], widths))
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths)
        )
        both = 2 if join is concatenate else 1
        self.up = nn.ModuleList(conv(both * width, width) for width in widths[:-1])
        self.join = join

    def forward(self, x):
        """The map, at the size of the image."""
        skips = []
        for down in self.down:
            x = down(nn.functional.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for k in reversed(range(len(self.up))):
            x = self.up[k](self.join(skips[k], self.grow[k](x)))
        return x


def conv(channels, width):
    """A convolution of three pixels."""
    return nn.Conv2d(channels, width, 3, padding=1)


def concatenate(skip, x):
    """One behind the other."""
    return torch.cat([skip, x], 1)


def list_skips(picture):
    """The lines left of the boxes: the x of each, its ends in y, and their words."""
    nodes = {node.key: node for node in picture.nodes}
    edges = [edge for edge in picture.edges if edge.role == "bypass"]
    ys = [sorted((edge.path[0][1], edge.tip[1])) for edge in edges]
    xs = [min(x for x, _ in edge.path) for edge in edges]
    words = [(nodes[e.tail].lines[0], nodes[e.head].lines[0]) for e in edges]
    return [*zip(xs, ys, words, strict=True)]


@pytest.mark.parametrize("join", [concatenate, torch.add])
def test_skips_of_a_unet_are_nested_lines(join):
    """The longest is outermost, and none left out; a sum of one size is a block."""
    picture = draw_diagram(trace(UNet(4, join), (3, 32, 32)), "stack").picture
    skips = list_skips(picture)
    sign, widths = ("add", (8, 4)) if join is torch.add else ("concat", (12, 8, 4))
    assert [words for *_, words in skips] == [
        (f"3×3 conv, {width}", sign) for width in widths
    ]
    assert all(a[0] > b[0] for a, b in pairwise(skips))
    assert all(b[1][0] < a[1][0] < a[1][1] < b[1][1] for a, b in pairwise(skips))
    assert picture.coverage.is_whole
    assert "leads past the rows between" in " ".join(texts(picture))
    assert [] == sorted(set(faults(picture)))


def test_skips_without_a_lane_are_declared():
    """There are eight; the ninth is not drawn, and the picture says so."""
    picture = draw_diagram(trace(UNet(10, concatenate), (3, 512, 512)), "stack").picture
    assert len(list_skips(picture)) == 8
    assert picture.coverage.left_out == 1
    assert "1 connection is not drawn" in " ".join(texts(picture))


def test_skips_over_what_repeats_leave_its_last_turn():
    """Blocks that are folded give what the last of them gives."""
    arch = trace(Folded(), (3, 32, 32))
    picture = draw_diagram(arch, "stack").picture
    (line,) = list_skips(picture)
    assert line[2] == ("+", "concat")
    assert "×160" in texts(picture)
    assert picture.coverage.is_whole


def test_sums_of_different_maps_are_not_equal():
    """Two additions in a row that read different maps are never folded."""
    runs = iter_equal_runs(build_stack(trace(Sums(), (3, 8, 8))).pieces)
    words = [(run[0].rows[0].label, len(run)) for run in runs]
    assert words[-3:] == [("add", 1), ("add", 1), ("1×1 conv, 4", 2)]


class Sums(nn.Module):
    """Three coarse maps, summed up, and two equal layers."""

    def __init__(self):
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(3, 4, 1, 2) for _ in range(3))
        self.grow = nn.ModuleList(nn.ConvTranspose2d(4, 4, 2, 2) for _ in range(3))
        self.rest = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(2))

    def forward(self, x):
        """What the rest makes of the sum."""
        a, b, c = (up(m(x)) for m, up in zip(self.maps, self.grow, strict=True))
        x = a + b + c
        for layer in self.rest:
            x = layer(x)
        return x


class Folded(nn.Module):
    """Equal blocks, which a page has no room for, and a skip past the next."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 8)
        self.blocks = nn.ModuleList(
            nn.ModuleList([conv(8, 8), conv(8, 8)]) for _ in range(160)
        )
        self.down, self.grow = nn.Conv2d(8, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.head = conv(16, 2)

    def forward(self, x):
        """What the blocks gave, beside what is coarser."""
        x = self.stem(x)
        for first, second in self.blocks:
            x = (x + second(first(x).relu())).relu()
        return self.head(concatenate(x, self.grow(self.down(x))))


class Crossed(nn.Module):
    """Branches of several maps that take turns, so that their lines cross."""

    def __init__(self, maps):
        super().__init__()
        self.maps = nn.ModuleList(nn.Conv2d(3, 4, 1) for _ in range(maps))
        self.rest = nn.ModuleList(nn.Conv2d(4, k, 1) for k in range(5, 5 + 2 * maps))

    def forward(self, x):
        """Two outputs of each map."""
        maps = [layer(x) for layer in self.maps]
        return [layer(maps[k % len(maps)]) for k, layer in enumerate(self.rest)]


@pytest.mark.parametrize(("maps", "is_whole"), [(2, True), (12, False)])
def test_lines_of_two_sources_are_never_one(maps, is_whole):
    """Each has a lane of its own; what has none is left out, and declared."""
    picture = draw_diagram(trace(Crossed(maps), (3, 8, 8)), "stack").picture
    spans = {}
    for edge in picture.edges:
        if edge.role == "link":
            ys = [y for _, y in edge.path]
            lane = min(x for x, _ in edge.path)
            low, high = spans.get((lane, edge.tail), (min(ys), max(ys)))
            spans[lane, edge.tail] = min(low, *ys), max(high, *ys)
    ordered = sorted((lane, *span) for (lane, _), span in spans.items())
    assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(ordered))
    assert is_whole == picture.coverage.is_whole
    assert is_whole == ("not drawn" not in " ".join(texts(picture)))


def test_a_deeper_network_is_longer():
    """Beside others too: the more a frame stands for, the longer it is."""
    archs = [resviz.trace(name) for name in ("50", "101", "152")]
    picture = draw_diagram(archs, "stack").picture
    frames = sorted(picture.groups, key=lambda group: (group.at[0], group.at[1]))
    folds = [group.size[1] for group in frames if group.role == "fold"]
    assert 12 == len(folds)
    conv3, conv4 = ([folds[4 * k + number] for k in range(3)] for number in (1, 2))
    assert conv4[0] < conv4[1] < conv4[2]
    assert conv3[0] == conv3[1] < conv3[2]


@pytest.mark.parametrize("rows", [150, 600])
def test_what_no_page_holds_has_more_columns(rows):
    """It is no endless strip, also where six pages would not hold it."""
    layers = (nn.Linear(k, k + 1) for k in range(1, 4))
    (stack,) = build_stacks([trace(nn.Sequential(*layers), (1,))], plain=False)
    row = replace(stack.pieces[-1], part="head", fold_key=None)
    sizes = (replace(row.rows[0], positions=k, size=str(k)) for k in range(rows))
    pieces = tuple(replace(row, rows=(size,)) for size in sizes)
    _, columns = fit_to_page([replace(stack, pieces=pieces)])
    assert 3 < len(columns) <= 6


def test_a_plain_network_has_the_colours_of_its_sizes(network):
    """Without blocks too, equal colours stand for equal sizes."""
    pieces = build_stacks([network("plain")], plain=False)[0].pieces
    tints = {(it.rows[-1].size, it.rows[-1].tint) for it in pieces}
    assert {("32×32", "level 0"), ("16×16", "level 1"), ("8×8", "level 2")} <= tints


@pytest.mark.parametrize(
    ("orders", "merged_order"),
    [
        ([[224, 112, 56], [224, 56, 28]], [224, 112, 56, 28]),
        ([[32, 16], [224, 112]], [224, 112, 32, 16]),
        ([[56, 28, 56], [56, 28]], [56, 28, 56]),
    ],
)
def test_sizes_of_several_networks_are_merged(orders, merged_order):
    """Falling ones are sorted; one that rises again keeps its order."""
    assert merged_order == merge_orders(orders)
