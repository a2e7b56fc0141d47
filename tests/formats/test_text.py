"""Tables of text drawn by hand: as rich draws them, where they fit."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import resviz
from resviz import escape
from resviz.formats.tables import text
from resviz.formats.tables.text import (
    MODULE_PART,
    Grid,
    is_narrow,
    iter_grid_lines,
    title_lines,
    wrap_title,
)
from resviz.tables.table import Column, Table

LETTERS = [chr(code) for code in range(32, 0x2600) if is_narrow([chr(code)])]
WORD = st.text("abc ×→", max_size=8) | st.text(LETTERS, max_size=4)
CELL = st.lists(WORD.map(escape.clean_name).map(str.rstrip), min_size=1, max_size=4)


@st.composite
def grids(draw):
    """A small table."""
    columns = draw(st.integers(1, 4))
    cells = st.lists(CELL, min_size=columns, max_size=columns)
    rows = draw(st.lists(cells, min_size=1, max_size=4))
    titles = draw(cells)
    titles[0] = ["layer", *titles[0]]
    return Grid(
        [["x" + line.rstrip() for line in title] for title in titles],
        rows,
        draw(st.lists(st.booleans(), min_size=columns, max_size=columns)),
        frozenset(draw(st.sets(st.integers(0, len(rows) - 1)))),
        top=draw(st.booleans()),
        apart=draw(st.booleans()),
    )


def bare(lines):
    """Lines without colours, and without spaces at their ends."""
    return [re.sub("\x1b\\[[0-9;]*m", "", line).rstrip() for line in lines]


@given(grid=grids(), colour=st.booleans())
def test_it_is_what_rich_draws(grid, colour):
    """Line by line, but for how often a colour is named, and for spaces at ends."""
    drawn = text.render_with_rich(text.make_rich_table(grid), None, colour=colour)
    assert bare(drawn) == bare(iter_grid_lines(grid, colour=colour))


@pytest.mark.parametrize("width", [None, 40, 80, 120, 200])
@pytest.mark.parametrize("table", [resviz.table, resviz.layers, resviz.shortcuts])
def test_tables_are_what_rich_draws(record, table, width, monkeypatch):
    """With facts and notes, and split or with columns left out where it is narrow."""
    shown = table(record("resnet50"))
    for indent in ("FACT_INDENT", "NOTE_INDENT"):
        monkeypatch.setattr(text, indent, 0)
    by_hand = shown.render("text", width=width)
    monkeypatch.setattr(text, "is_narrow", lambda _: False)
    assert shown.render("text", width=width) == by_hand


def test_facts_and_notes_hang():
    """Where they take several lines, all of the width."""
    facts = (("label", "one two three four five"),)
    table = Table("T", (), (), [], facts=facts, notes=("one and " * 4 + "five",))
    assert [
        "T",
        "label        one two three",
        "             four five",
        "one and one and one and one",
        "  and five",
    ] == table.render(width=30).splitlines()


def test_bold_is_for_headings_and_marked_rows():
    """And for the terminal alone."""
    grid = Grid([["a"]], [[["b"]], [["c"]]], [False], frozenset({1}), False, False)
    assert ["\x1b[1ma\x1b[0m", "─", "b", "\x1b[1mc\x1b[0m"] == [
        *iter_grid_lines(grid, colour=True)
    ]
    assert ["a", "─", "b", "c"] == [*iter_grid_lines(grid, colour=False)]


@pytest.mark.parametrize(("marked", "least"), [((), 9), ((0,), 11)])
def test_a_spare_column_stays_while_it_fits(marked, least):
    """Beside three letters and a gap, and the sign of a row that is set off."""
    columns = (Column("a", "abc"), Column("b", "xyz", spare=1))
    rows = ({"a": "def", "b": "uvw"},)
    table = Table("T", columns, rows, [], marked=frozenset(marked), mark="m")
    shown = {width: table.render(width=width) for width in (least - 1, least)}
    assert [False, True] == ["uvw" in text for text in shown.values()]
    assert "left out" in shown[least - 1]


def test_what_is_narrow_takes_one_cell():
    """As rich measures it, which knows the widths of all of Unicode."""
    assert set() == {letter for letter in LETTERS if cell_len(letter) != 1} - {"\x7f"}


@pytest.mark.parametrize("letter", ["漢", "e\u0301", "\u200b", "\U0001f600", "\u1160"])
def test_what_is_wide_or_takes_no_room_is_not_narrow(letter):
    """Rich, which knows their widths, draws such tables."""
    assert is_narrow(["3×3", "→ ↩ ▸ · ² é"])
    assert not is_narrow(["3×3", letter])


def test_a_table_that_fits_needs_no_rich(run, tmp_path):
    """It takes 12 ms to import."""
    path = tmp_path / "r18.json"
    resviz.trace("resnet18").save(path)
    code = "import sys, resviz\n{}\nsys.exit(17 if 'rich' in sys.modules else 0)"
    run("-c", code.format(f"resviz.layers({str(path)!r}).render()"))
    wide = f"resviz.layers({str(path)!r}).render(width=20)"
    run("-c", code.format(wide), code=17)


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("ResNet-50, width_per_group=128", ["ResNet-50,", "width_per_", "group=128"]),
        ("models/vitm.py:build", ["models/vitm.py:", "build"]),
        ("x" * 16, ["x" * 15, "x"]),
    ],
)
def test_a_long_name_breaks_where_its_parts_end(title, lines):
    assert title_lines(Column("c0", title, kind="cell")) == lines


@pytest.mark.parametrize(
    ("path", "width", "lines"),
    [
        ("stage4.0–2.branches.3", 20, ["stage4.0–2.", "branches.3"]),
        ("stage4.0–2.branches.3", 10, ["stage4.0–", "2.", "branches.3"]),
        (
            "stage2.0–stage4.2.branches.0",
            20,
            ["stage2.0–stage4.2.", "branches.0"],
        ),
        ("incre_modules.10", 15, ["incre_modules.", "10"]),
        ("a.0.1.2", 15, ["a.0.1.2"]),
        ("0.1.b", 3, ["0.", "1.b"]),
        ("..a–", 3, ["..", "a–"]),
    ],
)
def test_a_number_stays_with_what_it_counts(path, width, lines):
    """Nothing is lost; a number stands alone only where its line is too short."""
    assert lines == wrap_title(path, MODULE_PART, width)
    assert path == "".join(lines)


def test_long_paths_break_at_dots_where_the_width_is_short():
    """All of them stays to be read; what is set off keeps its place."""
    rows = ({"a": "backbone.layers.0", "b": "x" * 30}, {"a": "stem", "b": "y"})
    columns = (Column("a", "layer"), Column("b", "words"))
    table = Table("T", columns, rows, [], marked=frozenset({0}), mark="m")
    shown = table.render(width=50).splitlines()[3:6]
    assert ["▸ backbone.", "  layers.0", "  stem"] == [
        line.rstrip(" xy") for line in shown
    ]


def test_a_sentence_that_is_squeezed_is_broken_once():
    """No line but the last has room for the next one's first word."""
    words = " ".join(["a word or two"] * 12)
    columns = (Column("a", "a"), Column("why", "why", "sentence"))
    table = Table("title", columns, ({"a": "x" * 10, "why": words},), {})
    drawn = text.render(table, width=50).splitlines()[3:]
    lines = [line[10:].strip() for line in drawn]
    assert words == " ".join(lines)
    room = max(map(len, lines))
    for line, after in pairwise(lines):
        assert len(line) + 1 + len(after.split()[0]) > room


def test_a_table_without_rows_leaves_no_column_out():
    """Its columns are not drawn at all."""
    columns = tuple(Column(f"k{n}", f"column {n}", spare=n) for n in range(9))
    assert "left out" not in text.render(Table("title", columns, (), {}), width=40)
