"""Bytes and receptive fields as columns of the layer table, where they are named."""

import pytest

import resviz
from resviz.errors import RecordError, SpecError
from tests.tables.test_trainable import older

BYTES = ("parameter_bytes", "activation_bytes", "held_bytes", "kept_bytes")


def test_bytes_are_those_of_the_memory_table(record):
    """Layer by layer."""
    arch = record("resnet18")
    mine = resviz.layers(arch).select_columns(BYTES)
    theirs = resviz.memory(arch, every=True).select_columns(BYTES)
    assert list(theirs) == list(mine)


def test_a_fold_holds_the_most_of_its_layers(record):
    """All else is their sum, as the memory table has it of a stage."""
    arch = record("resnet18")
    folded = resviz.layers(arch, depth=1).select_columns(["name", *BYTES])
    (layer1,) = [row for row in folded if row["name"] == "layer1"]
    (conv2_x,) = [row for row in resviz.memory(arch) if row["name"] == "conv2_x"]
    assert [conv2_x[key] for key in BYTES] == [layer1[key] for key in BYTES]


def test_fields_are_those_of_the_receptive_table(record):
    """By heading, which is longer than there; the pool at the end sees all."""
    arch = record("resnet18")
    keys = ("receptive_field", "total_stride", "offset")
    names = "receptive field, total stride, centre"
    mine = resviz.layers(arch).select_columns(names)
    theirs = resviz.receptive(arch, every=True).select_columns(keys)
    assert list(theirs) == list(mine)
    assert [7, 435, "all"] == [mine["receptive_field"][k] for k in (0, -5, -1)]


def test_padding_is_still_that_of_the_window(record):
    """That of the field has the same heading in its own table."""
    table = resviz.layers(record("resnet18"))
    row = table.select_columns("padding, receptive field")[0]
    assert {"padding": [3, 3], "receptive_field": 7} == row


def test_nothing_is_read_that_is_not_wanted(record):
    """A record without storages has fields, and refuses bytes with what it wants."""
    table = resviz.layers(older(record("resnet18")))
    assert 7 == table["receptive_field"][0]
    with pytest.raises(RecordError, match="trace"):
        table.select_columns("held_bytes")


def test_a_chosen_column_can_be_chosen_again(record):
    """It is in the table and among its extras, and is one all the same."""
    table = resviz.layers(record("resnet18")).select_columns("name, stage")
    assert "conv5_x" == table["stage"][-4]


@pytest.mark.parametrize(
    ("names", "got"), [([], "no column"), ("", "''"), ([" ,"], "' ,'")]
)
def test_no_column_is_none_too_few(names, got, record):
    """Those that there are are listed, and not shown."""
    with pytest.raises(SpecError, match=f"^got {got}, want some of .*macs .MACs."):
        resviz.layers(record("resnet18")).select_columns(names)
