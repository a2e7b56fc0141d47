"""Every connection of a record is drawn or declared, in every figure of layers."""

import re
from dataclasses import replace
from functools import cache

import pytest

from resviz.figures import FIGURES, draw_diagram
from resviz.record.storage import load
from tests.figures.law import find_breaches, list_edges, read_declared
from tests.readings.structure.golden.networks import FOLDER, record_file

NAMES = sorted(path.name.split(".")[0] for path in (FOLDER / "records").glob("*.gz"))

SEATED = ("overview", "stack", "block", "layers")
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


@pytest.mark.parametrize("name", NAMES)
def test_lanes_say_what_their_wires_stand_for(name):
    """In the picture, its sentences, TikZ and the chart; a wire less is missing."""
    arch = load_frozen(name)
    diagram = draw_diagram(arch, "lanes")
    edges = len(list_edges(arch))
    for wires, (ledger,), words in list_views(diagram):
        told, true = read_declared(words), ledger.count_edges(wires)
        assert edges == told["edges"] == true.edges
        assert true.missing == 0
        for kind in ("drawn", "inside", "turns"):
            assert getattr(true, kind) == told[kind], kind
        for wire in wires[:: max(len(wires) // 3, 1)]:
            fewer = [other for other in wires if other is not wire]
            stands_for_one = is_between_boxes(wire, ledger)
            missing = ledger.count_edges(fewer).missing
            assert bool(missing) == stands_for_one, wire


def is_between_boxes(wire, ledger):
    """Whether a wire of lanes is more than that of a sign to its own box."""
    return ledger.nodes[wire.tail] != ledger.nodes[wire.head]
