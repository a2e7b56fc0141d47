"""Long tables in another order, and the first of their rows alone."""

import json

import pytest
from torch import nn

import resviz
from resviz.cli import main
from resviz.embed.fence import parse_fence_line
from resviz.errors import SpecError
from resviz.tables.ranking import order_values
from tests.tables.test_trainable import finetuned

MAKERS = [resviz.layers, resviz.shortcuts, resviz.receptive, resviz.memory]


def test_numbers_stand_from_the_largest_on(record):
    """By key or heading."""
    arch = record("resnet18")
    macs = resviz.layers(arch)["macs"]
    assert sorted(macs, reverse=True) == resviz.layers(arch, sort="macs")["macs"]
    assert sorted(macs) == resviz.layers(arch, sort="MACs", reverse=True)["macs"]


def test_equal_rows_stay_in_their_order(record):
    """Also the other way round."""
    for reverse in (False, True):
        rows = resviz.layers(record("resnet18"), sort="macs", reverse=reverse)
        free = [row["index"] for row in rows if row["macs"] == 0]
        assert sorted(free) == free


@pytest.mark.parametrize(
    ("values", "kind", "order"),
    [
        ([2, None, 10], "count", [2, 0, 1]),
        (["layer10", "layer9", "Layer9.conv"], "text", [1, 2, 0]),
        ([[1, 64, 8, 8], [1, 8, 64, 64], None], "sample", [1, 0, 2]),
        ([[[1, 4]], [[1, 3], [1, 3]]], "samples", [1, 0]),
        (["all", 7, "7×9", None, "unknown", "all×3"], "field", [0, 5, 2, 1, 3, 4]),
        ([[3, 3], None, [7, 7], []], "axes", [2, 0, 1, 3]),
        (["both", None, "channels"], "reason", [0, 2, 1]),
    ],
)
def test_values_of_every_kind_have_an_order(values, kind, order):
    """What is not known comes last, whichever way the others stand."""
    assert order == order_values(values, kind, reverse=False)
    assert {*order} == {*order_values(values, kind, reverse=True)}
    unknown = [k for k, value in enumerate(values) if value in (None, [], "unknown")]
    last = order_values(values, kind, reverse=True)[len(values) - len(unknown) :]
    assert unknown == last


def test_a_heading_with_a_unit_is_quoted_in_a_note(record):
    """A comma would part it from what is said of it."""
    table = resviz.memory(record("resnet18"), top=3)
    assert "by 'held, MiB', the largest first" in table.notes


def test_the_first_rows_are_those_of_most_macs(record):
    """What is left out is said, with its share."""
    arch = record("resnet18")
    table = resviz.layers(arch, top=3)
    assert sorted(resviz.layers(arch)["macs"])[:-4:-1] == table["macs"]
    share = 1 - sum(table["macs"]) / arch.macs
    left = len(arch) - 3
    assert "by MACs, the largest first" in table.notes
    (note,) = (note for note in table.notes if note.startswith("left out"))
    assert note.startswith(f"left out: {left} of {len(arch)} rows, with ")
    assert f"{share:.1%} of MACs" in note


def test_nothing_is_said_where_nothing_is_left_out(record):
    """More rows are wanted than there are."""
    table = resviz.layers(record("resnet18"), top=1000)
    assert not [note for note in table.notes if note.startswith("left out")]


def test_rows_that_stand_for_several_have_their_share(record):
    """Equal blocks in a row, each counted."""
    arch = record("resnet152")
    table = resviz.layers(arch, depth=2, once=True, top=1)
    ((macs, times),) = [(row["macs"], row["times"]) for row in table]
    assert f"{1 - macs * times / arch.macs:.1%} of MACs" in " ".join(table.notes)


def test_a_column_may_be_one_that_is_not_shown(record):
    """It is shown then, last."""
    arch = record("resnet18")
    table = resviz.layers(arch, sort="held, MiB", top=2)
    held = resviz.memory(arch, every=True)["held_bytes"]
    assert sorted(held)[:-3:-1] == table["held_bytes"]
    assert "held_bytes" == [*table[0]][-1]


def test_frozen_parameters_can_be_ranked():
    """The layer with most of them first."""
    table = resviz.layers(finetuned(), sort="frozen", top=1)
    assert 512 * 512 * 9 == table["frozen_params"][0]
    assert "of frozen parameters" in " ".join(table.notes)


def test_documents_and_commands_take_them_too(capsysbinary):
    """One declaration makes them all."""
    _, request, *_ = parse_fence_line("layers resnet18 --sort params --top 2 --reverse")
    assert {"sort": "params", "top": 2, "reverse": True} == request.options
    arguments = ["layers", "resnet18", "--sort", "params", "--top", "2"]
    main([*arguments, "--format", "json"])
    names = [row["name"] for row in json.loads(capsysbinary.readouterr().out)]
    assert ["layer4.0.conv2", "layer4.1.conv1"] == names


@pytest.mark.parametrize("make", MAKERS)
def test_every_long_table_takes_them(make, record):
    """Marks and data belong to the rows that are shown."""
    arch = record("resnet50")
    whole, table = make(arch), make(arch, top=4)
    marked = {whole[k]["name"] for k in whole.marked}
    names = table["name"]
    assert 4 == len(table)
    assert {n for n in names if n in marked} == {names[k] for k in table.marked}
    data = table.to_dict()
    rows = data if isinstance(data, list) else data.get("layers", data.get("parts"))
    assert names == [row["name"] for row in rows]


def test_totals_are_those_of_all_rows(record):
    """Of memory and of shortcuts."""
    arch = record("resnet50")
    whole, cut = resviz.memory(arch), resviz.memory(arch, top=1)
    assert whole.facts == cut.facts
    (note,) = (n for n in resviz.shortcuts(arch).notes if "projections" in n)
    assert note in resviz.shortcuts(arch, top=1).notes


def test_additions_have_no_usual_order(record):
    """The first of them; by a column where one is named."""
    arch = record("resnet18")
    additions = resviz.shortcuts(arch, why=True)["name"]
    assert additions[:2] == resviz.shortcuts(arch, why=True, top=2)["name"]
    last = resviz.shortcuts(arch, why=True, sort="name", reverse=True, top=1)
    assert additions[-1:] == last["name"]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sort": "nmae"}, "sort: unknown column 'nmae', did you mean 'name'"),
        ({"sort": "name,type"}, "sort: got 'name,type', want one of|unknown column"),
        ({"sort": ""}, "sort: got '', want some of .*params|name"),
        ({"top": 0}, "top: got 0, want 1 or more"),
        ({"top": -2}, "top: got -2, want 1 or more"),
    ],
)
def test_wrong_values_are_told(make, options, words, record):
    """With what there is."""
    with pytest.raises(SpecError, match=words):
        make(record("resnet18"), **options)


def test_a_network_of_no_rows_has_an_order():
    """No shortcut is none too many."""
    assert 0 == len(resviz.shortcuts(nn.Conv2d(3, 4, 1), input_size=(3, 8, 8), top=2))


def test_a_word_of_other_tools_is_told_the_key():
    """Where the table has such a column; else the columns alone are listed."""
    with pytest.raises(SpecError, match="'cost', did you mean 'macs' or 'params':"):
        resviz.layers("cifar8", sort="cost")
    with pytest.raises(SpecError, match="column 'FLOPs', did you mean 'macs': want"):
        resviz.layers("resnet18", sort="FLOPs")
    with pytest.raises(SpecError, match="unknown column 'FLOPs': want some of"):
        resviz.memory("resnet18", sort="FLOPs")
