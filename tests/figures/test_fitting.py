"""A figure that is laid out for a width: its size in print, and that of its letters."""

from __future__ import annotations

import re
import struct
import subprocess
import warnings
from typing import Any

import pytest

import resviz
from resviz.embed import fence
from resviz.embed.record_cache import RecordCache
from resviz.errors import RenderError, SpecError
from resviz.figures import FIGURES, draw_diagram
from resviz.figures.drawing.fitting import MIN_LETTER_POINTS, find_letter_size
from resviz.figures.drawing.metrics import max_text_width, text_width, wrap_phrases
from resviz.record.storage import load
from resviz.units import parse_length
from tests.readings.structure.golden.networks import record_file

from .conftest import NETWORKS, faults, texts
from .test_tikz import compiled

COLUMN = 234
"""Points of 3.25 inches."""


def draw_with_warnings(arch, figure, *, of="letters of", **options: Any):
    """A figure, and what is said about its letters, or about something else."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        drawn = draw_diagram(arch, figure, **options)
    messages = [str(each.message) for each in heard]
    return drawn, [message for message in messages if of in message]


def letters(drawn):
    """Points of the smallest letters of a figure in print."""
    return find_letter_size(drawn.picture) * drawn.picture.unit


def find_groups(pattern, text):
    """The groups of a pattern that is there."""
    found = re.search(pattern, text)
    assert found is not None, text
    return found.groups()


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("width", ["3.25in", "column", "82.55mm", "234pt", "312 px"])
def test_the_width_is_met(network, figure, width):
    """By the SVG's pixels and by the picture's units, whatever the unit of length."""
    drawn, _ = draw_with_warnings(network("resnet50"), figure, width=width)
    unit = drawn.picture.unit
    assert unit is not None
    assert COLUMN == pytest.approx(drawn.picture.size[0] * unit, abs=0.01)
    pattern = r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"'
    wide, tall = find_groups(pattern, drawn.to_svg())
    assert COLUMN / 0.75 == pytest.approx(float(wide), abs=0.02)
    assert drawn.size[1] == pytest.approx(float(tall), abs=0.02)


@pytest.mark.needs("pdfinfo")
@pytest.mark.parametrize("figure", ["overview", "block"])
def test_a_pdf_is_as_wide(network, figure):
    """Its page is."""
    drawn = draw_diagram(network("resnet18"), figure, width="3.25in")
    command = ["pdfinfo", "-"]
    done = subprocess.run(
        command, input=drawn.to_pdf(), capture_output=True, check=True
    )
    size = find_groups(rb"Page size: +([\d.]+) x ([\d.]+) pts", done.stdout)
    assert COLUMN == pytest.approx(float(size[0]), abs=0.1)
    assert drawn.size[1] * 0.75 == pytest.approx(float(size[1]), abs=0.1)


@pytest.mark.parametrize(("dpi", "pixels"), [(100, 325), (None, 624), (600, 1950)])
def test_a_png_has_its_dots(network, dpi, pixels):
    """As many an inch as are asked for, or 192."""
    drawn = draw_diagram(network("resnet18"), "block", width="3.25in")
    width, _ = struct.unpack(">II", drawn.to_png(dpi=dpi)[16:24])
    assert pixels == pytest.approx(width, abs=1)


@pytest.mark.needs("pdflatex", "pdftotext")
def test_a_paper_sets_it_as_wide_and_warns_where_it_cannot(network, tmp_path):
    """LaTeX measures the box; what shrinks in a column is said in its log."""
    arch = network("resnet50")
    fitting = draw_diagram(arch, "block", width="3.25in")
    (tmp_path / "fit.tex").write_text(fitting.to_tikz())
    (tmp_path / "own.tex").write_text(draw_diagram(arch).to_tikz())
    body = r"\setbox0\hbox{\input{%s}}\typeout{WIDE \the\wd0}Body."
    _, log = compiled(tmp_path, body % "fit")
    (wide,) = find_groups(r"WIDE ([\d.]+)pt", log)
    assert COLUMN * 72.27 / 72 == pytest.approx(float(wide), abs=0.5)
    assert "resviz Warning" not in log
    narrow = r"\def\resvizwidth{200pt}\input{own}"
    _, log = compiled(tmp_path, narrow)
    assert "Package resviz Warning: resnet50, overview is shrunk" in log
    assert "draw it with --width" in " ".join(log.split())


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", ["resnet18", "resnet152", "split", "plain", "long"])
@pytest.mark.parametrize("text", [None, "8pt", "9.5pt"])
def test_letters_are_as_large_as_asked_for_or_it_is_said(network, figure, name, text):
    """And the remedy that is named is one: at that width nothing is said."""
    try:
        drawn, said = draw_with_warnings(
            network(name), figure, width="column", text=text
        )
    except RenderError:
        assert (figure, name) == ("block", "plain")
        return
    wanted = parse_length(text) if text else MIN_LETTER_POINTS
    assert (letters(drawn) >= wanted - 0.05) == (not said)
    if said:
        (line,) = said
        assert f"letters of {letters(drawn):.1f} pt, and {wanted:g} " in line
        (width,) = find_groups(r'width="([\d.]+in)"', line)
        again, said = draw_with_warnings(
            network(name), figure, width=width, text=text or "6pt"
        )
        assert [] == said
        assert letters(again) >= wanted - 0.05


def test_a_figure_that_holds_in_a_column_is_named(network):
    """Rows of the layers of a ResNet-50 never do; what has fewer boxes does."""
    _, (said,) = draw_with_warnings(network("resnet50"), "layers", width="column")
    assert said.endswith("or draw the figure stack")
    holding: list[tuple[str, dict[str, Any]]] = [
        ("volumes", {}), ("overview", {"costs": True}), ("lanes", {})
    ]  # fmt: skip
    for figure, options in holding:
        arch = network("resnet50")
        assert not draw_with_warnings(arch, figure, width="column", **options)[1]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", ["resnet18", "resnet152", "long"])
def test_what_is_taller_than_a_page_is_said(network, figure, name):
    """Its letters hold in a column, and no page has room for it."""
    drawn, said = draw_with_warnings(
        network(name), figure, of="in tall, and a page has 9in", width="column"
    )
    inches = drawn.size[1] / 96
    assert (inches > 9 * 1.02) == bool(said), inches
    assert all(f"{inches:.1f}in tall" in line for line in said)


def test_some_figures_are_taller_than_a_page():
    """And without a width, on a screen, none is told of."""
    arch, of = load(record_file("hrnet_w18_small")), " tall, and a page"
    _, said = draw_with_warnings(arch, "stack", of=of, width="column")
    assert 1 == len(said)
    assert not draw_with_warnings(arch, "stack", of=of, text="9pt")[1]


@pytest.mark.parametrize("figure", ["overview", "stack", "growth"])
@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50", "cifar110"])
def test_these_hold_in_a_column(network, figure, name):
    """No letter below 6.5 points in 3.25 inches, on less than a page."""
    drawn, said = draw_with_warnings(network(name), figure, width="column")
    assert [] == said
    assert letters(drawn) >= 6.49
    assert drawn.size[1] * 0.75 <= 9 * 72


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("figure", "direction"), [
    ("overview", "TB"), ("overview", "LR"), ("stack", None), ("lanes", None),
])  # fmt: skip
def test_nothing_lies_on_another_where_it_is_narrow(network, name, figure, direction):
    """As on a screen."""
    options = {"direction": direction} if direction else {}
    drawn, _ = draw_with_warnings(network(name), figure, width="column", **options)
    whole = draw_diagram(network(name), figure, **options)
    assert [*faults(whole.picture)] or [] == [*faults(drawn.picture)]


def test_what_is_narrow_stands_in_the_middle(network):
    """Its letters are those asked for, no larger."""
    drawn = draw_diagram(network("resnet18"), "block", width="page", text="7pt")
    assert 7 == pytest.approx(letters(drawn))
    picture = drawn.picture
    left = min(node.left for node in picture.nodes)
    right = picture.size[0] - max(node.right for node in picture.nodes)
    assert left > 100
    assert left == pytest.approx(right, abs=30)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_size_of_letters_alone_scales_the_figure(network, figure):
    """It is laid out as on a screen."""
    whole = draw_diagram(network("resnet18"), figure)
    drawn = draw_diagram(network("resnet18"), figure, text="10pt")
    assert whole.picture.size == drawn.picture.size
    assert 10 == pytest.approx(letters(drawn))


def test_all_is_there_in_a_narrow_overview_too(network):
    """It says the same words, some in more lines."""
    whole = " ".join(texts(draw_diagram(network("resnet18")).picture))
    narrow = " ".join(texts(draw_diagram(network("resnet18"), width="4in").picture))
    assert sorted(re.findall(r"\w+", whole)) == sorted(re.findall(r"\w+", narrow))


def test_small_letters_that_are_asked_for_are_said(network):
    """Whoever asks for 4 points has 4 points, and hears what is read."""
    drawn, (said,) = draw_with_warnings(network("resnet18"), "block", text="4pt")
    assert 4 == pytest.approx(letters(drawn))
    assert 'letters of 4.0 pt, and 6 are read with ease: give it text="6pt", or' in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"width": "wide"},
            "width: got 'wide', want a length with its unit, as 3.25in",
        ),
        ({"width": "3.25"}, "width: got '3.25', want a length with its unit"),
        ({"width": "60%"}, "one of pt, px, mm, cm, in; or column or page"),
        ({"width": "-3in"}, "width: got '-3in'"),
        ({"width": "0.1in"}, "width: got '0.1in', want 0.5in to 200in"),
        ({"text": "0pt"}, "text: got '0pt', want 1pt to 144pt"),
        ({"text": "12"}, "as 8pt: one of pt, px, mm, cm, in$"),
        ({"text": "column"}, "text: got 'column', want a length with its unit, as 8pt"),
        ({"text": 8}, "text: got 8, want text, as '8pt'"),
        ({"width": 3}, "width: got 3, want text, as '3.25in'"),
        ({"text": "nanpt"}, "text: got 'nanpt'"),
        ({"width": "3in", "layout": "dot"}, "leave out one of --layout and --width"),
    ],
)
def test_a_wrong_length_is_refused(network, options, message):
    """With what is legal."""
    pattern = re.escape(message).replace(r"\$", "$")
    with pytest.raises(RenderError, match=pattern):
        draw_diagram(network("resnet18"), **options)


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_what_others_lay_out_has_no_width(network, form):
    """They refuse it in words."""
    drawn = draw_diagram(network("resnet18"), width="column")
    with pytest.raises(RenderError, match=r"leave out width and text, or want one of"):
        drawn.render(form)


def test_commands_say_which_option_is_wrong():
    """Before anything is traced."""
    from resviz.options import FIGURE_OPTIONS

    with pytest.raises(SpecError, match="got '3', want a length with its unit"):
        FIGURE_OPTIONS["width"].parse("3")


def test_python_takes_a_width(record):
    """As the command line does."""
    drawn = resviz.diagram(record("resnet18"), width="8cm", text="7pt")
    assert (302, 7) == (round(drawn.size[0]), round(letters(drawn), 6))


def test_a_fence_lays_a_figure_out():
    """For a length of paper or screen; a share of the page only sizes it."""
    cache, line = RecordCache(), "18 --figure block --no-title --width"
    (shown,) = fence.render_lines([f"{line} 4in --text 7pt"], cache)
    assert "width:384px" in shown
    assert 'width="384"' in shown
    (shared,) = fence.render_lines([f"{line} 60%"], cache)
    assert "width:60%" in shared
    assert 'width="384"' not in shared


def test_a_phrase_that_is_too_long_breaks_between_words():
    """None is cut, and each line but the last ends in the separator or in a word."""
    phrases = [
        "+: add",
        "/2: stride",
        "not the whole graph: some lines are missing",
        "x",
    ]
    lines = wrap_phrases(phrases, " · ", 120)
    assert max_text_width(lines) <= 120 + text_width(" ·")
    assert phrases == " ".join(lines).split(" · ")
