"""A notebook is run by a kernel of its own."""

import re

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
)


@pytest.fixture(scope="module")
def outputs():
    """What every cell shows."""
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    book = nbformat.v4.new_notebook(cells=cells)
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    patch.undo()
    return [[one["data"] for one in cell["outputs"]] for cell in book.cells]


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


def test_tables_and_records_are_tables_in_html(outputs):
    """The record shows its summary."""
    for number, expected in ((1, "11,689,512"), (5, "<math>"), (6, "projection")):
        (data,) = outputs[number]
        assert expected in data["text/html"]
        assert "<table>" in data["text/html"]


def test_every_output_has_text_too(outputs):
    """For readers without HTML."""
    assert all(data["text/plain"] for cell in outputs for data in cell)
