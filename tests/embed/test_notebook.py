"""A notebook is run by a kernel of its own."""

import re
from base64 import b64decode

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT

CELLS = (
    "import resviz\narch = resviz.trace('resnet18')",
    "arch",
    "drawn = resviz.diagram(arch)\ndrawn",
    "drawn",
    "display(drawn, drawn)",
    "resviz.table([18, 34])",
    "resviz.shortcuts(arch)",
    "arch.explore(height=400)",
)


@pytest.fixture(scope="module")
def cells():
    """The outputs of every cell."""
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    book = nbformat.v4.new_notebook(cells=cells)
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    patch.undo()
    return [cell["outputs"] for cell in book.cells]


@pytest.fixture(scope="module")
def outputs(cells):
    """What every cell shows."""
    return [[one["data"] for one in each] for each in cells]


def test_one_figure_shown_often_has_ids_of_its_own(outputs):
    """So that each keeps its title and its colours in the dark."""
    shown = [data["image/svg+xml"] for cell in outputs[2:5] for data in cell]
    ids = [re.findall(r'\sid="([^"]+)"', svg) for svg in shown]
    assert [3] * 4 == [len(own) for own in ids]
    assert 12 == len({one for own in ids for one in own})


def test_a_figure_in_a_notebook_is_light(outputs):
    """It is an image there, which would be dark with the system on a white page."""
    (data,) = outputs[2]
    assert "prefers-color-scheme" not in data["image/svg+xml"]
    assert 'fill="#ffffff"' in data["image/svg+xml"]


def test_a_figure_has_pixels_for_who_does_not_trust_it(cells):
    """Sharp ones, shown in the size of the SVG; of a notebook that came by mail."""
    (shown,) = cells[2]
    png = b64decode(shown["data"]["image/png"])
    assert png.startswith(b"\x89PNG")
    sizes = re.findall(r' (?:width|height)="([\d.]+)"', shown["data"]["image/svg+xml"])
    width, height = map(float, sizes[:2])
    size = shown["metadata"]["image/png"]
    assert (round(width), round(height)) == (size["width"], size["height"])
    assert pytest.approx(2 * width, abs=1) == int.from_bytes(png[16:20])


def test_a_table_reads_right_without_mathml(outputs):
    """As where tags of an untrusted notebook are taken out: rows are kept apart."""
    (data,) = outputs[5]
    words = re.sub(
        r"<style>.*?</style>|<[^>]*>", "", data["text/html"], flags=re.DOTALL
    )
    assert "[3×3, 64; 3×3, 64]×2" in words


def test_tables_and_records_are_tables_in_html(outputs):
    """The record shows its summary."""
    for number, expected in ((1, "11,689,512"), (5, "<math>"), (6, "projection")):
        (data,) = outputs[number]
        assert expected in data["text/html"]
        assert "<table>" in data["text/html"]


def test_the_report_is_a_page_in_a_frame(outputs):
    """Which a notebook holds as a whole, so that one made HTML of it has it too."""
    (data,) = outputs[7]
    assert "height:400px" in data["text/html"]
    assert data["text/html"].count("<iframe ") == 1
    assert data["text/plain"].startswith("<LivePage 'ResNet-18': 11.7 M parameters")


def test_a_report_on_paper_is_a_figure(outputs):
    """A notebook made a PDF shows pixels where it cannot show a page."""
    (data,) = outputs[7]
    assert b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_words_are_left_of_a_report_that_is_not_trusted(outputs):
    """Where frames, scripts and style sheets are taken out, as JupyterLab does."""
    (data,) = outputs[7]
    kept = re.sub(
        r"<(style|script|iframe)\b.*?</\1>", "", data["text/html"], flags=re.DOTALL
    )
    words = re.sub(r"<[^>]*>", "", kept).strip()
    assert words.startswith(
        "ResNet-18: 11.7 M parameters, 1.81 G MACs. Its page is left"
    )


def test_every_output_has_text_too(outputs):
    """For readers without HTML."""
    assert all(data["text/plain"] for cell in outputs for data in cell)
