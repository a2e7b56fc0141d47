"""Tables as figures."""

from __future__ import annotations

import subprocess
from math import prod
from xml.etree import ElementTree as ET

import pytest

import resviz
from resviz import escape
from resviz.errors import RenderError
from resviz.formats.pictures.png import LARGE_PICTURE_PIXELS
from resviz.formats.tables import png
from resviz.formats.tables.svg import TABLE_MARGIN, TablePicture
from resviz.tables.table import Column, Table

from .conftest import HOSTILE, faults
from .test_converter import pixels

NAMESPACE = "{http://www.w3.org/2000/svg}"


def words(table, **options):
    """The lines of text of a table's SVG."""
    root = ET.fromstring(table.render("svg", **options))
    return [text.text for text in root.iter(f"{NAMESPACE}text")]


def test_table_1_is_there_as_printed(record):
    """Convolutions, factors and totals; equal cells of both networks once."""
    found = words(resviz.table([record("resnet18"), record("resnet50")]))
    assert 1 == found.count("7×7, 64, stride 2")
    assert {"3×3, 128", "1×1, 2048", "×6", "conv4_x", "4.089 G"} <= set(found)


@pytest.mark.parametrize("kind", ["table", "summary", "shortcuts", "costs_table"])
def test_nothing_lies_on_anything_else(record, kind):
    """Neither words on words, nor words outside."""
    picture = TablePicture(getattr(resviz, kind)(record("resnet50"))).draw_picture()
    assert [] == [fault for fault in faults(picture) if "crosses" not in fault]


def test_brackets_stand_beside_their_words(record):
    """No rule and no bracket runs through a word."""
    picture = TablePicture(resviz.table(record("resnet50"))).draw_picture()
    assert [] == [fault for fault in faults(picture) if "crosses" in fault]


@pytest.mark.parametrize("kind", ["layers", "shortcuts", "costs_table"])
def test_marked_rows_keep_off_the_rules(record, kind):
    """Which lie above and below them; the mark is a plate, with no round corner."""
    table = getattr(resviz, kind)(record("resnet50"))
    picture = TablePicture(table).draw_picture()
    rules = {
        edge.path[0][1] for edge in picture.edges if edge.path[0][0] == TABLE_MARGIN
    }
    plates = picture.groups[: len(table.marked)]
    assert plates
    for plate in plates:
        top, bottom = (plate.at[1] + side * plate.size[1] / 2 for side in (-1, 1))
        assert not [y for y in rules if top - 1 < y < bottom + 1]
    assert ' rx="' not in table.render("svg")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("layers", "the resolution changes"),
        ("shortcuts", "the shortcut is no identity"),
        ("costs_table", "another network, which is built otherwise"),
    ],
)
def test_what_a_mark_means_stands_below(record, kind, said):
    """Beside a plate as those of the rows."""
    table = getattr(resviz, kind)(record("resnet50"))
    picture = TablePicture(table).draw_picture()
    assert len(table.marked) + 1 == len(picture.groups)
    (node,) = (it for it in picture.nodes if it.lines[0].startswith(said))
    key = picture.groups[-1]
    assert key.at[0] + key.size[0] / 2 < node.left
    assert key.at[1] == pytest.approx(node.at[1], abs=1)


def test_without_a_marked_row_there_is_no_key(record):
    """A kind of layer that changes no resolution, say."""
    table = resviz.layers(record("resnet18"), only="linear")
    assert () == TablePicture(table).draw_picture().groups


def test_long_words_go_on_below(record):
    """Nothing of a source is cut."""
    table = resviz.costs_table(record("resnet50"))
    shown = " ".join(filter(None, words(table)))
    assert "…" not in shown.replace("additions …", "")
    for row in table.rows:
        assert (row.get("source") or "") in shown


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name):
    """In title, heading, cell, fact and note; very long ones are cut."""
    columns = (Column("name", "name"), Column("params", "params", "count"))
    rows = ({"name": name, "params": 7},)
    table = Table(name, columns, rows, None, facts=((name, name),), notes=("end",))
    root = ET.fromstring(table.render("svg"))
    assert escape.clean_name(name) == root.findtext(f"{NAMESPACE}title")
    assert escape.clean_name(name)[:40] in " ".join(words(table))


def test_it_has_a_title_and_says_itself(record):
    """For a screen reader."""
    root = ET.fromstring(resviz.table(record("resnet18")).render("svg"))
    assert "ResNet architectures" == root.findtext(f"{NAMESPACE}title")
    said = "a table of 9 rows and 3 columns: layer, output, ResNet-18"
    assert said in root.findtext(f"{NAMESPACE}desc")


def test_the_style_is_a_word_of_the_styles(record):
    """A paper's has no style sheet for dark readers."""
    table = resviz.table(record("resnet18"))
    assert "<style>" in table.render("svg")
    assert "<style>" not in table.render("svg", style="paper")


def test_the_format_is_called_as_its_suffix(record, run, tmp_path):
    """`-o t.svg` and `--format svg` say the same."""
    record("resnet18").save(tmp_path / "r.json")
    run(
        "-m", "resviz", "table", str(tmp_path / "r.json"), "-o", str(tmp_path / "t.svg")
    )
    done = run("-m", "resviz", "table", str(tmp_path / "r.json"), "--format", "svg")
    assert done.stdout == (tmp_path / "t.svg").read_text()


def test_pdf_and_png_are_files(record, tmp_path):
    """The PDF has the words, the PNG twice the SVG's pixels; neither is text."""
    table = resviz.table([record("resnet18"), record("resnet50")])
    table.save(tmp_path / "t.pdf")
    table.save(tmp_path / "t.png")
    assert (tmp_path / "t.pdf").read_bytes().startswith(b"%PDF")
    assert [round(2 * side) for side in TablePicture(table).draw_picture().size] == [
        pytest.approx(side, abs=1) for side in pixels((tmp_path / "t.png").read_bytes())
    ]
    with pytest.raises(RenderError, match=r"pdf is no text, want save\('name.pdf'\)"):
        table.render("pdf")


def test_save_goes_by_the_suffix(record, tmp_path):
    """And names those that there are."""
    table = resviz.summary(record("resnet18"))
    table.save(tmp_path / "t.csv")
    assert table.render("csv").encode() == (tmp_path / "t.csv").read_bytes()
    with pytest.raises(RenderError, match=r"no format for suffix '.doc', want .*\.tex"):
        table.save(tmp_path / "t.doc")


@pytest.mark.needs("pdftotext")
@pytest.mark.parametrize("form", ["pdf", "png"])
def test_the_command_line_draws_tables(record, run, tmp_path, form):
    """Of a dozen networks side by side."""
    record("resnet18").save(tmp_path / "r.json")
    specs = [str(tmp_path / "r.json")] * 12
    path = tmp_path / f"t.{form}"
    run("-m", "resviz", "table", *specs, "-o", str(path))
    assert path.read_bytes().startswith((b"%PDF", b"\x89PNG"))
    if form == "pdf":
        command = ["pdftotext", "-layout", path, "-"]
        done = subprocess.run(command, capture_output=True, check=True)
        assert 12 == done.stdout.decode().count("ResNet-18")


@pytest.mark.needs("pdftotext")
@pytest.mark.parametrize("name", ['a "word"', r"back\slash", r"both\"", "×→“é", ""])
def test_a_pdf_has_every_word(name, tmp_path):
    """Also after an empty cell, and with quotes and backslashes."""
    columns = (Column("name", "name"), Column("note", "note"), Column("end", "end"))
    rows = ({"name": name, "note": "", "end": "last"},)
    Table("words", columns, rows, None, facts=(("", ""),)).save(tmp_path / "t.pdf")
    command = ["pdftotext", "-layout", tmp_path / "t.pdf", "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert {*name.split(), "last"} <= set(done.stdout.decode().split())


@pytest.mark.filterwarnings("ignore:pdf. no font of this machine")
def test_wide_letters_are_drawn(tmp_path):
    """Which take three bytes each, in a cell of sixty."""
    rows = tuple({"name": "\N{CJK UNIFIED IDEOGRAPH-5B57}" * 60} for _ in range(200))
    table = Table("words", (Column("name", "name"),), rows, None)
    table.save(tmp_path / "t.pdf")
    assert (tmp_path / "t.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["resnet18", "resnet101", "resnet152"])
def test_long_tables_are_drawn_less_sharp(record, name):
    """Down to one dot a pixel: nobody has a screen for seventy million."""
    table = resviz.layers(record(name))
    width, height = TablePicture(table).draw_picture().size
    drawn = prod(pixels(png.render(table)))
    wanted = min(max(width * height, LARGE_PICTURE_PIXELS), 4 * width * height)
    assert wanted == pytest.approx(drawn, rel=0.01)
