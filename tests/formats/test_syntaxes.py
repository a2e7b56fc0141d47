"""What tables look like in each syntax: what is one cell, and what is set off."""

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from resviz.formats.tables.text import fit_columns
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


@pytest.mark.parametrize(("marked", "width"), [(frozenset(), 15), (frozenset({0}), 17)])
def test_a_column_is_left_out_where_its_last_character_has_no_room(marked, width):
    """Six, three between and six; a mark before each row takes two more."""
    columns = (NUMBERS[0], Column("b", "stride", "count", spare=1))
    shown = table(columns, {"a": 3, "b": 1}, marked=marked, mark="odd")
    fits, lacks = (shown.render("text", width=n) for n in (width, width - 1))
    assert "stride" in fits.splitlines()[1]
    assert "left out" not in fits
    assert "stride" not in lacks.splitlines()[1]
    assert "left out for want of width: stride" in " ".join(lacks.split())


def test_the_most_spare_columns_are_left_out_first():
    """As many as it takes, and those that never go stay."""
    columns = tuple(
        Column(key, key * 6, "count", spare=k) for k, key in enumerate("abc")
    )
    shown = table(columns, dict.fromkeys("abc", 1))
    headings = [
        shown.render("text", width=n).splitlines()[1].split() for n in (24, 23, 14, 6)
    ]
    names = ["aaaaaa", "bbbbbb", "cccccc"]
    assert [names, names[:2], names[:1], names[:1]] == headings


def test_a_part_of_a_split_table_is_as_wide_as_it_may_be():
    """Its fixed column, and as many others as fit to the last character."""
    columns = tuple(Column(key, key * 6, "cell") for key in "abcd")
    shown = table(columns, {}, fixed=1).render("text", width=24)
    headings = [line.split() for line in shown.splitlines() if "aaaaaa" in line]
    assert [["aaaaaa", "bbbbbb", "cccccc"], ["aaaaaa", "dddddd"]] == headings


@pytest.mark.parametrize("width", [6, 10, 13])
def test_no_part_of_a_split_table_is_its_fixed_column_alone(width):
    """A column that is too wide for any part has one nevertheless."""
    columns = tuple(Column(key, key * 6, "cell") for key in "abc")
    shown = table(columns, {}, fixed=1)
    parts, missing = fit_columns(shown, width)
    assert ["ab", "ac"] == ["".join(c.key for c in part) for part in parts]
    assert not missing


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
