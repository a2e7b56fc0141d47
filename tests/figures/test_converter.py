"""PNG and PDF, converted from the SVG."""

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
from resviz.formats.glyphs import has_glyph
from resviz.formats.pictures import pdf, png
from tests.conftest import ROOT

from .conftest import HOSTILE
from .test_dot import SMALL


def pixels(data):
    """Width and height of a PNG."""
    assert data.startswith(b"\x89PNG")
    return struct.unpack(">II", data[16:24])


def pdf_text(data):
    """The words of a PDF."""
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize(("dpi", "size"), [(96, (120, 80)), (192, (240, 160))])
def test_png_has_the_size_of_the_svg_at_96_dpi(dpi, size):
    """One unit is one CSS pixel."""
    assert size == pixels(png.render(SMALL, styles.SCREEN_STYLE, dpi=dpi))


@pytest.mark.parametrize("dpi", [96, 100, 192])
def test_no_row_of_pixels_is_left_out(dpi):
    """A part of a pixel at the edge is a pixel more, and all else stays as it is."""
    scale = dpi / 96
    part, whole = (
        png.render(
            replace(SMALL, size=(w / scale, h / scale)), styles.LIGHT_STYLE, dpi=dpi
        )
        for w, h in [(260.43, 180.4), (261, 181)]
    )
    assert (261, 181) == pixels(part)
    assert whole == part


@pytest.mark.parametrize("dpi", [0, -5, 1e6, float("nan")])
def test_impossible_resolutions_are_refused(dpi):
    """The error says how far one may go with this picture."""
    with pytest.raises(RenderError, match=r"dpi: got .*, want 16 to 12000"):
        png.render(SMALL, styles.SCREEN_STYLE, dpi=dpi)


def test_the_highest_resolution_is_drawn():
    """All of its pixels are there."""
    assert (15_000, 10_000) == pixels(png.render(SMALL, styles.LIGHT_STYLE, dpi=12_000))


@pytest.mark.needs("pdftotext")
def test_pdf_holds_real_text():
    """Words can be searched and copied."""
    assert "3×3, 64" in pdf_text(pdf.render(SMALL, styles.SCREEN_STYLE))


@pytest.mark.needs("pdfinfo")
@pytest.mark.parametrize("size", [(120, 80), (120.004, 79.996), (15.5, 9000.125)])
def test_pdf_is_one_page_of_the_pictures_size(size):
    """Whatever is rounded on the way; one unit is one point."""
    data = pdf.render(replace(SMALL, size=size), styles.LIGHT_STYLE)
    done = subprocess.run(["pdfinfo", "-"], input=data, capture_output=True, check=True)
    facts = dict(
        line.split(":", 1) for line in done.stdout.decode().splitlines() if ":" in line
    )
    width, _, height, *_ = facts["Page size"].split()
    assert 1 == int(facts["Pages"])
    assert pytest.approx(size, abs=0.01) == (float(width), float(height))


@pytest.mark.needs("pdfinfo")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_titles_are_no_code(name):
    """A title, a description and a label come in as data; the PDF has the title."""
    node = replace(SMALL.nodes[0], lines=(name,))
    picture = replace(
        SMALL, title=f"a {name}", description=name, nodes=(node, SMALL.nodes[1])
    )
    done = subprocess.run(
        ["pdfinfo", "-"],
        input=pdf.render(picture, styles.LIGHT_STYLE),
        capture_output=True,
        check=True,
    )
    assert b"Title:           a" in done.stdout


def test_the_default_style_is_drawn_light():
    """`light-dark()` of its style sheet would come out black."""
    drawn, light = (
        png.render(SMALL, style) for style in (styles.SCREEN_STYLE, styles.LIGHT_STYLE)
    )
    assert light == drawn


def test_other_styles_are_kept():
    """Dark is dark."""
    drawn, light = (
        png.render(SMALL, style) for style in (styles.DARK_STYLE, styles.LIGHT_STYLE)
    )
    assert light != drawn


def test_what_cannot_be_converted_is_an_error(monkeypatch):
    """With the library's own words, and what needs no conversion."""
    monkeypatch.setattr(pdf.svg, "render", lambda *_: "<svg")
    with pytest.raises(RenderError, match=r"pdf: .*; write \.svg instead"):
        pdf.render(SMALL, styles.LIGHT_STYLE)


def test_no_picture_reads_a_file(monkeypatch, tmp_path):
    """Though an SVG could ask for one."""
    (tmp_path / "x.png").write_bytes(png.render(SMALL, styles.LIGHT_STYLE))
    image = f'<image href="{tmp_path / "x.png"}" width="9" height="9"/>'
    asking = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
        f'<rect width="9" height="9"/>{image}</svg>'
    )
    monkeypatch.setattr(pdf.svg, "render", lambda *_: asking)
    with pytest.raises(RenderError, match="failed to load linked image"):
        png.render(SMALL, styles.LIGHT_STYLE)


def test_drawing_says_nothing(network, capfd):
    """Neither the library nor its fonts."""
    for figure in ("overview", "block", "layers"):
        draw_diagram(network("resnet18"), figure).to_png()
    assert "" == capfd.readouterr().err


@pytest.mark.parametrize("tail", ["n0", ""])
def test_lines_of_any_length_are_drawn(tail):
    """Six thousand control points are no more than six."""
    path = tuple((k / 99, 40 + (k % 7) / 9) for k in range(6001))
    picture = replace(SMALL, edges=(Edge(tail, tail, "main", path),))
    assert (240, 160) == pixels(png.render(picture, styles.LIGHT_STYLE))


FONTS_OF_NONE = """
import sys
from resviz.figures.drawing import styles
from resviz.formats.pictures import pdf
from tests.figures.test_dot import SMALL

sys.stdout.buffer.write(pdf.render(SMALL, styles.LIGHT_STYLE))
"""


def run_without_fonts(folder, *command):
    """Run Python on a machine that has no font: its only folder of them is another."""
    fonts = f"<fontconfig><dir>{folder}</dir></fontconfig>"
    (folder / "fonts.conf").write_text(fonts)
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        check=True,
        cwd=folder,
        env={
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
            "XDG_DATA_HOME": str(folder),
            "HOME": str(folder),
            "PYTHONPATH": ":".join([str(ROOT), *sys.path]),
        },
    )


@pytest.mark.needs("pdftotext")
def test_a_machine_without_fonts_has_those_of_the_library(tmp_path):
    """As a slim container: the words are there all the same."""
    done = run_without_fonts(tmp_path, "-c", FONTS_OF_NONE)
    assert "3×3, 64" in pdf_text(done.stdout)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("plain é ×→…", ""),
        ("Сеть", ""),
        ("中文 net", "中文"),
        ("ネット 한글", "ットネ글한"),
        ("\U0001f680 net", "\U0001f680"),
        ("中 \U0001f680", "中\U0001f680"),
    ],
)
@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_letters_that_no_font_has_are_warned_of(
    record, tmp_path, name, missing, suffix
):
    """On stderr, in one line with what would show them; the rest is silent."""
    record("resnet18").save(tmp_path / "r.json")
    command = ["-m", "resviz", "diagram", f"{name}=r.json", "-o", f"r.{suffix}"]
    said = run_without_fonts(tmp_path, *command).stderr.decode()
    assert bool(missing) == said.startswith(f"warning: {suffix}: no font of this ")
    assert (1 if missing else 0) == len(said.splitlines())
    assert missing in said
    assert ("\U0001f680" in missing) == ("fonts-symbola" in said)
    assert bool(missing and missing != "\U0001f680") == ("fonts-noto-cjk" in said)


def test_a_letter_that_a_font_has_is_drawn():
    """As it is, and no other for the same box."""
    assert has_glyph("Ж")
    assert not has_glyph("\U0010fff0")
