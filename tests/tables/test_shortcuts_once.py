"""The shortcut table in which equal rows in a row stand once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from torch import nn

import resviz
from resviz.cli import resviz_command
from tests.tables.test_layers_once import Sums, conv


@pytest.mark.parametrize(
    ("name", "times"),
    [("resnet18", [2, 1, 1, 1, 1, 1, 1]), ("resnet50", [1, 2, 1, 3, 1, 5, 1, 2])],
)
@pytest.mark.parametrize("why", [False, True])
def test_nothing_is_lost(record, name, times, why):
    """Rows stand for as many as there are, and no number below the table changes."""
    arch = record(name)
    every = resviz.shortcuts(arch, why=why)
    some = resviz.shortcuts(arch, why=why, once=True)
    assert len(every) == sum(row["times"] for row in some.to_dict())
    assert {*every.notes} < {*some.notes}
    if not why:
        assert times == [row["times"] for row in some.to_dict()]


@pytest.mark.parametrize(
    ("why", "times"), [(False, ["6 in turn", "6 in turn"]), (True, [12])]
)
def test_equal_blocks_of_a_transformer_are_a_turn(why, times):
    """Attention and MLP of every block take turns; their additions are alike."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False)
    table = resviz.shortcuts(net, once=True, why=why, input_size=(5, 8))
    assert times == [row["times"] for row in table.rows]
    assert str(times[0]) in table.render("text").splitlines()[3]


@pytest.mark.parametrize("options", [{}, {"why": True}])
def test_what_differs_stands_apart(options):
    """A shortcut with a weight, or two layers beside none, is no repeat."""

    def deep():
        return nn.Sequential(conv(3), nn.ReLU(), conv(3))

    net = Sums(conv(3), conv(3), deep(), deep(), deep())
    rows = resviz.shortcuts(net, once=True, input_size=(4, 8, 8), **options).to_dict()
    assert 5 == sum(row["times"] for row in rows)
    if options:
        assert [2, 3] == [row["times"] for row in rows]


def test_what_does_not_repeat_has_no_such_column(record):
    """No column of ones, and no note on it."""
    arch = record("resnet(layers=[1,1,1,1], block='basic')")
    table = resviz.shortcuts(arch, once=True)
    assert "times" not in {column.key for column in table.columns}
    assert table.notes == resviz.shortcuts(arch).notes


def test_pictures_fold_and_text_does_not(tmp_path):
    """As in the table of layers; --each opens a picture's too."""
    counts = {}
    for options in ("", "--once"), ("--each", ""):
        for suffix, option in zip((".svg", ".txt"), options, strict=True):
            path = tmp_path / f"table{suffix}"
            words = ["shortcuts", "34", "-o", str(path), *filter(None, [option])]
            settings = SimpleNamespace(debug=False, gaps=[])
            result = CliRunner().invoke(resviz_command, words, obj=settings)
            assert not result.exit_code
            counts[suffix, option] = path.read_text().count("conv4_")
    assert counts[".svg", ""] == counts[".txt", "--once"]
    assert counts[".svg", "--each"] == counts[".txt", ""] > counts[".svg", ""]
