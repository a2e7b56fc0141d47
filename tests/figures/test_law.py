"""Every connection of a record is drawn or declared, in every figure of layers."""

import re
from dataclasses import replace
from functools import cache

import pytest

from resviz.figures import FIGURES, draw_diagram
from resviz.figures.volumes.placing import choose_row
from resviz.record.storage import load
from tests.figures.law import find_breaches, list_edges, read_declared
from tests.readings.structure.golden.networks import FOLDER, record_file

NAMES = sorted(path.name.split(".")[0] for path in (FOLDER / "records").glob("*.gz"))

SEATED = ("overview", "stack", "block")
"""Figures that seat layers in their nodes."""

BOTH = ({}, {"direction": "LR"})
ARGUMENTS = {"overview": BOTH, "block": BOTH}

PLAIN = {"densenet121", "googlenet"}
"""Networks without a block."""

CASES = [
    (name, figure)
    for name in NAMES
    for figure in SEATED
    if figure != "block" or name not in PLAIN
]


@cache
def load_frozen(name):
    """A frozen record."""
    return load(record_file(name))


def list_words(picture):
    """All the words in a picture."""
    return " ".join(line for node in picture.nodes for line in node.lines)


def list_tikz_words(text):
    """All the words in a TikZ picture."""
    return " ".join(re.findall(r"\\selectfont (.*)\};", text))


def list_chart_words(chart):
    """All the words in a chart."""
    return " ".join(
        line for part in chart.iter_parts() for line in getattr(part, "lines", ())
    )


def list_views(diagram):
    """The wires, ledgers and words of a picture, its chart and its sentences."""
    picture, chart = diagram.picture, diagram.picture.chart
    told = list_words(picture), diagram.description, list_tikz_words(diagram.to_tikz())
    views = [(picture.edges, picture.ledgers, words) for words in told]
    return views + [
        (part.links, part.ledgers, list_chart_words(part)) for part in [chart] if part
    ]


@pytest.mark.parametrize(("name", "figure"), CASES)
def test_what_is_not_drawn_is_declared(name, figure):
    """In the picture, in sentences, and in the chart that Mermaid and DOT write."""
    arch = load_frozen(name)
    for options in ARGUMENTS.get(figure, ({},)):
        diagram = draw_diagram(arch, figure, **options)
        for wires, ledgers, words in list_views(diagram):
            assert {} == find_breaches([arch], ledgers, wires, words), words
        covered = diagram.coverage
        assert covered.edges == covered.drawn + covered.declared
        is_whole = "not drawn" not in list_words(diagram.picture)
        assert covered.is_whole == is_whole


@pytest.mark.parametrize(("name", "figure"), CASES)
def test_a_wire_less_is_found(name, figure):
    """Whichever wire is left out, what the picture declares is no longer true."""
    arch = load_frozen(name)
    diagram = draw_diagram(arch, figure)
    for wires, ledgers, words in list_views(diagram)[::3]:
        standing = [wire for wire in wires if wire.role != "order" and wire.tail]
        step = max(len(standing) // 3, 1)
        for wire in standing[::step]:
            fewer = [other for other in wires if other is not wire]
            assert find_breaches([arch], ledgers, fewer, words), wire


@pytest.mark.parametrize(("name", "figure"), CASES)
def test_each_wire_stands_for_an_edge(name, figure):
    """One that stands for none shows the order alone, without an arrow."""
    diagram = draw_diagram(load_frozen(name), figure)
    chart = diagram.picture.chart
    views = [(diagram.picture.edges, diagram.picture.ledgers)]
    views += [(chart.links, chart.ledgers)] if chart else []
    for wires, ledgers in views:
        for ledger in ledgers:
            true = [wire for wire in wires if wire.role != "order"]
            assert set() == ledger.find_idle_links(true)
            for wire in wires:
                if wire.role == "order":
                    assert getattr(wire, "tip", None) is None


def test_coverage_follows_the_wires():
    """It is counted off them: with one less, less is drawn."""
    picture = draw_diagram(load_frozen("toy_unet"), "overview").picture
    fewer = replace(picture, edges=picture.edges[1:])
    assert fewer.coverage.drawn < picture.coverage.drawn
    assert fewer.coverage.edges == picture.coverage.edges


def test_a_plot_has_no_coverage():
    """It shows no connections, and says nothing of them."""
    plots = [name for name, row in FIGURES.items() if not row.shows_connections]
    assert "growth" in plots
    for name in plots:
        assert draw_diagram(load_frozen("resnet18"), name).coverage is None


VOLUMES = (
    "toy_unet", "resnet50", "mobilenetv2_050", "cspresnet50",
    "dla34", "hrnet_w18_small", "res2net50_14w_8s", "toy_pyramid",
)  # fmt: skip
"""Networks whose volumes are looked at: rows, and lanes."""

CONTRACTED = [
    *((name, figure) for name in NAMES for figure in ("lanes", "layers")),
    *((name, "volumes") for name in VOLUMES),
]


@pytest.mark.parametrize(("name", "figure"), CONTRACTED)
def test_contracted_graphs_say_what_their_wires_stand_for(name, figure):
    """In the picture, its sentences, TikZ and the chart; a wire less is missing."""
    arch = load_frozen(name)
    diagram = draw_diagram(arch, figure)
    edges = len(list_edges(arch))
    for wires, (ledger,), words in list_views(diagram):
        told, true = read_declared(words), ledger.count_edges(wires)
        assert edges == told["edges"] == true.edges
        assert true.missing == 0
        for kind in ("drawn", "inside", "turns"):
            assert getattr(true, kind) == told[kind], kind
        step = 1 if figure == "volumes" else max(len(wires) // 3, 1)
        for wire in wires[::step]:
            fewer = [other for other in wires if other is not wire]
            less = ledger.count_edges(fewer)
            stands_for_one = STANDS_FOR_EDGE[figure](wire, ledger)
            assert bool(less.missing) == stands_for_one, wire
            assert (less.drawn < told["drawn"]) == stands_for_one, wire


def test_volumes_are_looked_at_in_both_forms():
    """Some of the networks are rows, and some are none."""
    rows = [choose_row(load_frozen(name)) is not None for name in VOLUMES]
    assert {True, False} == {*rows}


def is_between_boxes(wire, ledger):
    """Whether a wire is more than an arc, a grid line, or that of a sign to its box."""
    if wire.role in {"identity", "projection", "zero-padded", "other", "grid"}:
        return False
    ends = ledger.nodes.get(wire.tail), ledger.nodes.get(wire.head)
    return None not in ends and ends[0] != ends[1]


def leaves_live_row(wire, ledger):
    """Whether a wire leaves a row that an input of the network reaches."""
    graph = ledger.graph
    ends = graph.nodes[ledger.nodes[wire.tail]].ends
    return any(end < 0 or end in graph.wiring.live for end in ends)


STANDS_FOR_EDGE = {
    "lanes": is_between_boxes,
    "volumes": is_between_boxes,
    "layers": leaves_live_row,
}
