"""What repeats is drawn once in the figure of all layers, and every wire has a lane."""

import re
from collections import Counter

import pytest
import torch
from torch import nn

from resviz import trace
from resviz.figures import draw_diagram
from resviz.figures.drawing.fitting import SCREEN_LETTERS, measure_screen_letters
from resviz.figures.layers.folding import build_row_graph, span_names
from resviz.figures.layers.rows import build_layer_rows, group_into_pieces
from resviz.readings.structure import read_structure
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import faults, texts

BRANCHED = (
    "hrnet_w18_small", "densenet121", "inception_resnet_v2", "cspdarknet53", "dla34",
    "toy_unet", "toy_pyramid", "swin_tiny_patch4_window7_224", "googlenet",
    "tnt_s_patch16_224",
    "vit_tiny_patch16_224", "dpn68", "resnest14d", "deeplabv3_resnet50",
    "convnext_atto",
)  # fmt: skip
"""Networks whose rows do not follow one another, or repeat."""


def draw_frozen(name, **options):
    """The figure of a frozen record."""
    return draw_diagram(load(record_file(name)), "layers", **options).picture


def build_graph_of(arch, *, folds=True):
    """The rows of a record, and their graph."""
    structure = read_structure(arch)
    rows, row_of_layer = build_layer_rows(structure, {})
    pieces = group_into_pieces(structure, rows, row_of_layer)
    return rows, build_row_graph(arch, rows, row_of_layer, pieces, folds=folds)


@pytest.mark.parametrize("name", BRANCHED)
def test_no_wire_crosses_a_box(name):
    """Nor does a text lie on another."""
    assert [] == sorted(set(faults(draw_frozen(name))))


@pytest.mark.parametrize("name", BRANCHED)
def test_every_connection_is_drawn(name):
    """Also between columns, and each arrives with an arrow."""
    picture = draw_frozen(name)
    covered = picture.coverage
    assert covered is not None
    assert covered.is_whole
    ends = Counter(edge.head for edge in picture.edges if edge.tip is None)
    arrows = Counter(edge.head for edge in picture.edges if edge.tip)
    assert all(arrows[head] or ends[head] == 1 for head in ends)


@pytest.mark.parametrize("name", ["hrnet_w18_small", "resnet101", "mvitv2_tiny"])
def test_rows_times_their_turns_have_all_parameters(name):
    """What a row stands for has its parameters."""
    arch = load(record_file(name))
    rows, graph = build_graph_of(arch)
    times = Counter(graph.drawn_for.values())
    assert len(graph.nodes) < len(rows)
    assert arch.params == sum(rows[row].params * times[row] for row in graph.nodes)


def test_blocks_of_a_transformer_are_drawn_once():
    """Twelve equal ones of two sums each, with nothing that does nothing."""
    picture = draw_frozen("vit_tiny_patch16_224")
    words = texts(picture)
    assert "×12 blocks.0–11" in words
    assert "×n: n equal in a row, one of them drawn" in " ".join(words)
    assert (2, 1) == (words.count("+"), words.count("+ parameter"))
    assert not {"Identity", "reshape"} & {*words}
    assert measure_screen_letters(picture.size) >= SCREEN_LETTERS


class Nested(nn.Module):
    """Equal modules of equal blocks and a pool that keeps the size."""

    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(
            nn.ModuleList(nn.Linear(8, 8) for _ in range(4)) for _ in range(3)
        )

    def forward(self, x):
        """The last."""
        for part in self.parts:
            for layer in part.children():
                x = x + layer(x).relu()
            x = x.softmax(-1) * 2
        return x


def test_folds_lie_in_folds():
    """A module repeats, and blocks do in it: their frames and turns are nested."""
    arch = trace(Nested(), (8,))
    _, graph = build_graph_of(arch)
    outer, inner = graph.folds
    assert [3, 4] == [outer.times, inner.times]
    assert ["parts.0–2", "parts.0.0–3"] == [outer.names, inner.names]
    assert 0 == graph.row_coverage.missing
    assert 11 == graph.row_coverage.turns // 2
    (frame,) = (piece.folds for piece in graph.pieces if inner in piece.folds)
    assert (outer, inner) == frame


class Refined(nn.Module):
    """Two streams that exchange in each of some equal modules."""

    def __init__(self, times):
        super().__init__()
        self.ways = nn.ModuleList(
            nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(4))
            for _ in range(times)
        )
        self.head = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        """Both streams, which meet at the end."""
        a = b = x
        for way in self.ways:
            first, second, across, back = way.children()
            u, v = first(a).relu(), second(b).relu()
            a, b = u * back(v), v * across(u)
        return self.head(torch.cat([a, b], 1))


def test_modules_of_two_streams_fold():
    """Each turn reads both streams of the one before."""
    arch = trace(Refined(5), (4, 16, 16))
    rows, graph = build_graph_of(arch)
    (fold,) = graph.folds
    assert fold.times in {4, 5}
    assert "ways." in fold.names
    assert 0 == graph.row_coverage.missing
    assert graph.row_coverage.turns
    assert len(graph.nodes) < len(rows)


class Fed(nn.Module):
    """Equal layers, each of which reads the input too."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(6))

    def forward(self, x):
        """The last."""
        y = x
        for layer in self.layers:
            y = layer(y) * x
        return y


def test_what_every_turn_reads_is_drawn():
    """One line stands for the edges of all turns."""
    rows, graph = build_graph_of(trace(Fed(), (8,)))
    assert 0 == graph.row_coverage.missing
    assert [6] == [fold.times for fold in graph.folds]
    assert len(graph.nodes) == 3 < len(rows)


class Growing(nn.Module):
    """Layers of which no two are equal, as each is wider."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*(nn.Linear(k, k + 1) for k in range(4, 10)))

    def forward(self, x):
        """The last."""
        return self.layers(x)


def test_what_differs_is_not_folded():
    """By a width alone."""
    rows, graph = build_graph_of(trace(Growing(), (4,)))
    assert not graph.folds
    assert len(graph.nodes) == len(rows)


def test_each_turn_is_drawn_on_request():
    """And a network that a screen shows whole is not folded at all."""
    arch = load(record_file("resnet101"))
    folded, whole = (
        texts(draw_diagram(arch, "layers", each=each).picture) for each in (False, True)
    )
    names = [f"layer3.{number}:add · relu#3" for number in range(23)]
    assert [True] * 2 + [False] * 21 == [name in folded for name in names]
    assert {*names} <= {*whole}
    small = draw_diagram(load(record_file("resnet18")), "layers").picture
    assert not any(group.role == "turns" for group in small.groups)


def test_small_letters_are_said():
    """Where a screen shows the whole figure."""
    pattern = re.compile(r"for zooming: letters of \d px")
    small, large = (
        " ".join(texts(draw_frozen(name))) for name in ("densenet121", "resnet50")
    )
    assert pattern.search(small)
    assert not pattern.search(large)


@pytest.mark.parametrize(
    ("first", "last", "written"),
    [
        ("layer3.1.conv1", "layer3.5:add", "layer3.1–5"),
        ("conv1", "conv5", "conv1–conv5"),
        ("blocks.0", "mul", ""),
        ("blocks.0", "blocks.0", ""),
        ("a.mul", "a.mul#2", ""),
        ("stage4.0.b.0.c", "stage4.2.f.1", "stage4.0–2"),
    ],
)
def test_turns_are_named_by_their_modules(first, last, written):
    """If the names of both ends have a module in common that counts."""
    assert written == span_names(first, last)


def test_names_of_stages_leave_the_wire_free():
    """A long one is cut in the middle, also where it says that it goes on."""
    name = "a_module_with_a_very_long_name_of_its_own_that_fills_more_than_a_column"
    inner = nn.ModuleDict({name: Nested()})
    outer = nn.ModuleDict({f"{name}_too": inner})

    class Long(nn.Module):
        def __init__(self):
            super().__init__()
            self.outer = outer

        def forward(self, x):
            return inner[name](x)

    picture = draw_diagram(trace(Long(), (8,)), "layers", each=True).picture
    assert [] == sorted(set(faults(picture)))
    names = [
        line for node in picture.nodes if node.role == "name" for line in node.lines
    ]
    assert any("…" in name for name in names)


def test_no_shortcut_begins_in_the_air():
    """It leaves a wire that enters its block, or comes along a trunk."""
    picture = draw_frozen("dla34")
    starts = [e.path[0] for e in picture.edges if e.role == "projection" and not e.tip]
    others = [edge for edge in picture.edges if edge.role in {"main", "link"}]
    boxes = [node for node in picture.nodes if node.role != "note"]

    def is_held(x, y):
        on_box = any(
            abs(x - node.at[0]) <= node.size[0] / 2 + 1
            and abs(y - node.at[1]) <= node.size[1] / 2 + 1
            for node in boxes
        )
        on_wire = any(
            abs(x - a[0]) < 1 and abs(x - b[0]) < 1 and a[1] - 8 <= y <= b[1] + 8
            for edge in others
            for a, b in zip(edge.path[::3], [*edge.path[3::3], edge.tip], strict=True)
            if b
        )
        return on_box or on_wire

    assert starts
    assert all(is_held(*start) for start in starts)
