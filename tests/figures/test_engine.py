"""PNG and PDF by Graphviz, in process and as a program."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace

import pytest

from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Edge
from resviz.formats.pictures import dot, graphviz_engine, pdf, png

from .test_dot import SMALL

SOURCE = dot.render(SMALL, styles.SCREEN_STYLE)


def pixels(data):
    """Width and height of a PNG."""
    assert data.startswith(b"\x89PNG")
    return struct.unpack(">II", data[16:24])


@pytest.mark.parametrize(("dpi", "size"), [(96, (120, 80)), (192, (240, 160))])
def test_png_has_the_size_of_the_svg_at_96_dpi(dpi, size):
    """One unit is one CSS pixel."""
    assert size == pixels(png.render(SMALL, styles.SCREEN_STYLE, dpi=dpi))


@pytest.mark.parametrize("dpi", [0, -5, 1e6, float("nan")])
def test_impossible_resolutions_are_refused(dpi):
    """The error says how far one may go with this picture."""
    with pytest.raises(RenderError, match=r"dpi: got .*, want 1 to 12000"):
        png.render(SMALL, styles.SCREEN_STYLE, dpi=dpi)


@pytest.mark.needs("pdftotext")
def test_pdf_holds_real_text():
    """Words can be searched and copied."""
    data = pdf.render(SMALL, styles.SCREEN_STYLE)
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    )
    assert "3×3, 64" in done.stdout.decode()


@pytest.mark.needs("dot")
def test_both_engines_draw_the_same_size():
    """Positions are in the source, so no engine chooses them."""
    sizes = {pixels(engine(SOURCE, "png")) for engine in graphviz_engine.ENGINES}
    assert 1 == len(sizes)


@pytest.mark.needs("dot")
def test_program_is_used_without_pygraphviz(monkeypatch):
    """An import that fails is no error while `dot` is there."""
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert graphviz_engine.draw(SOURCE, "pdf").startswith(b"%PDF")


def test_no_engine_names_both_remedies(monkeypatch):
    """Without either, the error says how to get one, and what needs none."""
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setattr(graphviz_engine.shutil, "which", lambda _: None)
    with pytest.raises(RenderError, match=r"pip install pygraphviz, or .*'dot'.*\.svg"):
        graphviz_engine.draw(SOURCE, "png")


def test_program_has_a_time_limit(monkeypatch):
    """A program that does not end is ended, and the error says so."""

    def slow(*_, timeout, **__):
        raise subprocess.TimeoutExpired("dot", timeout)

    monkeypatch.setattr(graphviz_engine.shutil, "which", lambda _: "/bin/dot")
    monkeypatch.setattr(graphviz_engine.subprocess, "run", slow)
    with pytest.raises(RenderError, match="timed out after 60 seconds"):
        graphviz_engine.by_program(SOURCE, "png")


@pytest.mark.needs("dot")
def test_what_dot_says_is_passed_on():
    """Broken source gives the program's own words."""
    with pytest.raises(RenderError, match="syntax error"):
        graphviz_engine.by_program("digraph {", "png")


def test_drawing_says_nothing(network, capfd):
    """Sizes are given, so warnings that text might not fit are noise."""
    for figure in ("overview", "block", "layers"):
        draw_diagram(network("resnet18"), figure).to_png()
    assert "" == capfd.readouterr().err


EMPTY = """
from resviz.figures.drawing import styles
from resviz.figures.drawing.elements import Node, Picture
from resviz.formats.pictures import dot, graphviz_engine, pdf

nodes = [
    Node(f"n{k}", "text", (9, 9), (9, 9), ("words " * (k % 2),), align=align)
    for k, align in enumerate(("start", "middle", "end") * 9)
]
for _ in range(9):
    assert pdf.render(Picture("", "", (99, 99), tuple(nodes)), styles.SCREEN_STYLE)
"""


def test_empty_lines_do_no_harm(run):
    """Graphviz 14.1.5 writes beyond its memory where a label begins with one."""
    run("-c", EMPTY)


@pytest.mark.needs("dot")
@pytest.mark.parametrize("engine", graphviz_engine.ENGINES)
def test_lines_of_any_length_are_drawn(engine):
    """Graphviz reads strings of 16,384 characters, so longer ones are cut in pieces."""
    path = tuple((k / 99, 40 + (k % 7) / 9) for k in range(6001))
    for tail in ("n0", ""):
        picture = replace(SMALL, edges=(Edge(tail, tail, "main", path),))
        source = dot.render(picture, styles.SCREEN_STYLE)
        assert (160, 107) == pixels(engine(source, "png"))


def test_font_warnings_are_held_back_and_others_are_not(capfd):
    """Only the known harmless lines are kept from stderr."""
    with graphviz_engine.without_font_warnings():
        subprocess.run(["sh", "-c", "echo Fontconfig warning: x >&2"], check=True)
        subprocess.run(["sh", "-c", "echo something else >&2"], check=True)
    assert "something else\n" == capfd.readouterr().err
