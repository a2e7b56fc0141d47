"""What tables look like in each syntax: what is one cell, and what is set off."""

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from resviz.tables.table import Cell, Column, LayerGroup, Table

NETWORKS = (Column("c0", "One", "cell"), Column("c1", "Two", "cell"))
NUMBERS = (Column("a", "kernel", "count"), Column("b", "stride", "count"))


def table(columns, *rows, **options):
    """A table of some rows, without a title."""
    return Table("", columns, rows, [], **options)


def blocks(*lines):
    """A cell of three equal blocks."""
    return Cell((LayerGroup(lines, 3),))


def test_latex_makes_one_cell_of_equal_cells_of_networks():
    """As the paper prints what all its networks share."""
    same = Cell((LayerGroup(("average pool",)),))
    source = table(NETWORKS, {"c0": same, "c1": same}).to_latex()
    assert r"\multicolumn{2}{c}{average pool} \\" in source


def test_latex_leaves_equal_numbers_apart():
    """A kernel of 1 and a stride of 1 are two facts."""
    source = table(NUMBERS, {"a": 1, "b": 1}).to_latex()
    assert "1 & 1" in source
    assert "multicolumn" not in source


def test_latex_sets_off_the_rows_of_every_page():
    """A long table is several tabulars, and its rows are counted through."""
    rows = [{"a": k, "b": 7} for k in range(100)]
    marked = table(NUMBERS, *rows, marked=frozenset({2, 60}), mark="odd").to_latex()
    lines = [line for line in marked.splitlines() if r"\triangleright$ &" in line]
    assert [r"$\triangleright$ & 2 & 7 \\", r"$\triangleright$ & 60 & 7 \\"] == lines


class Cells(HTMLParser):
    """Collects tags and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.texts.append(data)


def test_html_keeps_the_lines_of_a_block_text():
    """What a network calls its layers becomes no element of MathML."""
    page = table(NETWORKS, {"c0": blocks("<b>3×3</b>, 64", "a & b"), "c1": None})
    parser = Cells()
    parser.feed(page.to_html())
    assert "b" not in parser.tags
    assert {"<b>3×3</b>, 64", "a & b"} <= {*parser.texts}


def test_markdown_sets_numbers_to_the_right_and_text_to_the_left():
    """As every other format does."""
    columns = (Column("name", "layer"), Column("params", "params", "count"))
    source = table(columns, {"name": "conv1", "params": 9408}).to_markdown()
    cells = [t for t in MarkdownIt("gfm-like").parse(source) if t.type == "td_open"]
    assert [None, "text-align:right"] == [cell.attrGet("style") for cell in cells]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, ["`[3×3] ×3`"]),
        (2, ["`⎡3×3⎤ ×3`", "`⎣3×3⎦`"]),
        (3, ["`⎡3×3⎤`", "`⎢3×3⎥ ×3`", "`⎣3×3⎦`"]),
    ],
)
def test_a_factor_stands_beside_the_middle_of_its_bracket(count, shown):
    """Beside the upper of two lines, as the paper's tables are read."""
    source = table(NETWORKS, {"c0": blocks(*["3×3"] * count), "c1": None}).to_markdown()
    assert "<br>".join(shown) in source
