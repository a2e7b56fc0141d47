"""A table as a value: its rows, its columns, and every text that it gives."""

import csv
import json

import pytest

import resviz
from resviz.errors import UnknownNameError
from resviz.tables.table import Column, Table

FORMATS = ["html", "latex", "markdown", "csv", "json"]


@pytest.fixture
def stages(record):
    """The summary of ResNet-50: stem, four stages, head."""
    return resviz.summary(record("resnet50"))


def test_its_length_is_its_rows(stages):
    """Six of them."""
    assert 6 == len(stages)


def test_a_table_without_rows_is_a_table(record):
    """It is not taken for nothing."""
    table = resviz.shortcuts(record("resnet18"), only="other")
    assert (0, True) == (len(table), bool(table))


def test_it_gives_its_rows(stages):
    """As dictionaries by the keys of its columns."""
    assert [row["name"] for row in stages] == [
        "stem", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "head",
    ]  # fmt: skip


def test_a_row_is_found_by_its_number(stages):
    """From the end too."""
    assert ("stem", "head") == (stages[0]["name"], stages[-1]["name"])


def test_rows_are_found_by_a_slice(stages):
    """As of a list."""
    assert stages[1:3] == list(stages)[1:3]


@pytest.mark.parametrize("name", ["macs", "MACs", "Macs"])
def test_a_column_is_found_by_its_key_or_heading(stages, name):
    """Together they are the network's."""
    assert 4_089_184_256 == sum(stages[name])


def test_an_unknown_column_is_named(stages):
    """A KeyError that lists the columns there are."""
    with pytest.raises(
        UnknownNameError, match=r"'flops', did you mean 'macs': .*macs \(MACs\)"
    ):
        stages["flops"]


def test_an_unknown_row_is_an_index_error(stages):
    """As of a list, and it says how many rows there are."""
    with pytest.raises(IndexError, match=r"row 6: the table has 6 rows: want .* 5"):
        stages[6]
    with pytest.raises(TypeError, match=r"got 1\.5, want the number of a row"):
        stages[1.5]


def test_a_column_of_a_network_has_its_name():
    """As in the DataFrame."""
    table = resviz.table([18, 50])
    assert "[3×3, 64; 3×3, 64] ×2" == table["ResNet-18"][2]


def test_its_rows_are_those_of_the_dataframe(record):
    """The same names and values."""
    table = resviz.shortcuts(record("resnet18"))
    frame = table.to_pandas()
    rows = frame.astype(object).where(frame.notna(), None)
    assert list(table) == rows.to_dict("records")


def test_a_reason_is_the_word_of_the_record(record):
    """In rows and frames as in JSON; for people it is a phrase."""
    arch = record("resnet18")
    table = resviz.shortcuts(arch)
    reasons = [shortcut.reason for shortcut in arch.shortcuts]
    assert reasons == table["reason"] == [row["reason"] for row in table.to_dict()]
    assert 3 == len(table.to_pandas().query("reason == 'both'"))
    assert "both change" in table.to_csv()


def test_columns_may_be_text(record):
    """As `--columns` has them."""
    table = resviz.layers(record("resnet18"))
    assert table.select_columns(["name", "macs"]) == table.select_columns("name, macs")


def test_layers_know_their_stage_where_it_is_asked_for(record):
    """By name; the other columns are as they were."""
    table = resviz.layers(record("resnet18"))
    assert [None, "conv2_x"] == [table["stage"][0], table["stage"][4]]
    assert "stage" not in table[0]


def test_a_frame_of_a_record_is_grouped_by_stage(record):
    """The sums are those of the stages."""
    arch = record("resnet18")
    sums = arch.to_pandas().groupby("stage")["macs"].sum()
    assert {stage.name: stage.macs for stage in arch.stages} == sums.to_dict()


def test_whole_numbers_stay_whole_where_some_are_missing(record):
    """Layers without a window have no groups."""
    assert "Int64" == str(resviz.layers(record("resnet18")).to_pandas()["groups"].dtype)


@pytest.mark.parametrize("form", FORMATS)
def test_every_text_has_a_method(stages, form):
    """It gives what `render` gives; HTML as a fragment."""
    options = {"page": False} if form == "html" else {}
    assert stages.render(form, **options) == getattr(stages, f"to_{form}")()


def test_csv_and_json_are_read_back(stages):
    """By Python's own readers."""
    assert json.loads(stages.to_json()) == stages.to_dict()
    assert 6 == len(list(csv.DictReader(stages.to_csv().splitlines())))


def test_it_is_shown_on_one_line(stages):
    """What it is, and how long."""
    assert "<Table 'ResNet-50: summary': 6 rows>" == repr(stages)


def test_a_count_that_nobody_knows_is_said_to_be_unknown():
    """An empty cell would be taken for none; one without a text stays empty."""
    columns = (Column("macs", "MACs", "count"), Column("note", "note"))
    table = Table("", columns, ({"macs": None, "note": None},), [])
    assert "| unknown |  |" == table.to_markdown().splitlines()[-1]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda table: table.to_csv("a.csv"), r"^got 'a\.csv', want no path, .*save"),
        (lambda table: table.save(3), "^path: got 3, want the name of a file"),
        (lambda table: table.save("a.png", width=3), "unknown option 'width': want"),
        (lambda table: table.render("csv", width=3), "csv: unknown .*: it has none"),
        (lambda table: table.render(width="x"), "text: width: got 'x', want a number"),
        (lambda table: table.select_columns(3), "columns: got 3, want keys, as 'name"),
    ],
)
def test_what_pandas_takes_is_answered_with_what_a_table_takes(stages, ask, words):
    """No error of Python's own is met."""
    with pytest.raises(resviz.SpecError, match=words):
        ask(stages)
