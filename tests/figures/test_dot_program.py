"""Figures that Graphviz itself places."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import resviz
from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Chart, ChartBox, ChartLink
from resviz.formats import dot_program

from .test_converter import pixels
from .test_dot import GRAPH


@pytest.mark.needs("dot")
@pytest.mark.parametrize("figure", ["overview", "block", "layers"])
def test_dot_draws_svg(network, figure):
    """An XML parser reads it, and it is not our own."""
    drawn = draw_diagram(network("resnet18"), figure, layout="dot")
    root = ET.fromstring(drawn.to_svg())
    assert root.find(".//*[@class='graph']") is not None


@pytest.mark.needs("dot", "pdftotext")
def test_dot_draws_pdf():
    """With real text."""
    data = resviz.diagram("resnet18", layout="dot").to_pdf()
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    )
    assert "conv5_x" in done.stdout.decode()


@pytest.mark.needs("dot")
def test_dot_draws_png_at_a_resolution():
    """At 192 dpi of twice the size at 96."""
    draw = dot_program.draw_with_dot
    single = pixels(draw(GRAPH, styles.LIGHT_STYLE, "png", dpi=96))
    double = pixels(draw(GRAPH, styles.LIGHT_STYLE, "png"))
    assert [2 * side for side in single] == pytest.approx(double, abs=2)


@pytest.mark.needs("dot")
@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_equal_graphs_are_equal_bytes(form):
    """A PDF does not say when it was made."""
    first, second = (
        dot_program.draw_with_dot(GRAPH, styles.LIGHT_STYLE, form) for _ in range(2)
    )
    assert first == second
    assert b"CreationDate" not in first


def test_other_formats_have_no_layout(network):
    """Mermaid and TikZ are the same."""
    own, other = (
        draw_diagram(network("resnet18"), layout=layout) for layout in ("resviz", "dot")
    )
    for form in ("mermaid", "tikz", "dot"):
        assert own.to_bytes(form) == other.to_bytes(form)


def test_a_missing_program_is_named(monkeypatch):
    """With both remedies."""
    monkeypatch.setattr(dot_program.shutil, "which", lambda _: None)
    with pytest.raises(
        RenderError, match=r"'dot' was not found: install Graphviz .* or"
    ):
        dot_program.draw_with_dot(GRAPH, styles.LIGHT_STYLE, "svg")


@pytest.mark.needs("dot")
def test_dot_has_a_time_limit(monkeypatch):
    """Sixty-four boxes, each linked to all others, would take it minutes."""
    boxes = tuple(ChartBox(f"n{k}", "block", ("box",)) for k in range(64))
    links = tuple(
        ChartLink(tail.key, head.key)
        for number, tail in enumerate(boxes)
        for head in boxes[number + 1 :]
    )
    dense = replace(GRAPH, chart=Chart("TB", boxes, links))
    monkeypatch.setattr(dot_program, "MAX_SECONDS", 1)
    with pytest.raises(
        RenderError, match="longer than 1 seconds: leave the layout out"
    ):
        dot_program.draw_with_dot(dense, styles.LIGHT_STYLE, "svg")


@pytest.mark.needs("dot")
def test_what_dot_says_is_passed_on(monkeypatch):
    """Broken source gives the program's own words."""
    monkeypatch.setattr(dot_program.dot, "render", lambda *_: "digraph {")
    with pytest.raises(RenderError, match="syntax error"):
        dot_program.draw_with_dot(GRAPH, styles.LIGHT_STYLE, "png")


def test_a_drawing_to_scale_has_no_layout_of_dot(network):
    """It is refused before it is drawn; the error names the figures that have."""
    with pytest.raises(
        RenderError, match=r"figures overview, .* or leave out --layout"
    ):
        draw_diagram(network("resnet18"), "volumes", layout="dot")


def test_unknown_layouts_are_refused(network):
    """The error lists those there are."""
    with pytest.raises(
        RenderError, match=r"unknown layout 'neato': want .* resviz, dot"
    ):
        draw_diagram(network("resnet18"), layout="neato")


@pytest.mark.needs("dot")
def test_the_command_takes_a_layout(network, run, tmp_path):
    """`--layout dot` writes what Python does."""
    network("resnet18").save(tmp_path / "r.json")
    path = tmp_path / "r.svg"
    run(
        "-m", "resviz", "diagram", str(tmp_path / "r.json"),
        "--layout", "dot", "-o", str(path),
    )  # fmt: skip
    drawn = draw_diagram(network("resnet18"), layout="dot")
    assert drawn.to_svg() == path.read_text()
