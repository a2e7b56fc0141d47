"""The layer table in which equal blocks in a row stand once."""

import pytest
from torch import nn

import resviz
from resviz import SpecError


class Sums(nn.Module):
    """Blocks in a row, each added to what it is given."""

    def __init__(self, *blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x):
        for block in self.blocks:
            x = x + block(x)
        return x


def conv(side):
    """A convolution that keeps shapes."""
    return nn.Conv2d(4, 4, side, padding=side // 2)


def times_of(net):
    """What stands in the table for a network: names, and how often."""
    rows = resviz.layers(net, once=True, input_size=(4, 8, 8)).to_dict()
    return [(row["name"], row.get("times")) for row in rows]


@pytest.mark.parametrize(
    ("name", "rows"),
    [("resnet18", 62), ("resnet50", 95), ("resnet152", 95), ("cifar110", 43)],
)
def test_nothing_is_lost(record, name, rows):
    """What stands once is counted as often as it says; depth adds no row."""
    arch = record(name)
    some = resviz.layers(arch, once=True).to_dict()
    every = resviz.layers(arch).to_dict()
    assert rows == len(some)
    assert len(every) == sum(row.get("times", 1) for row in some)
    for key in ("params", "macs", "elements"):
        counted = sum(row[key] * row.get("times", 1) for row in some)
        assert sum(row[key] for row in every) == counted


def test_the_first_of_equal_blocks_is_shown(record):
    """conv4_x of ResNet-152: one block strides, 35 are equal."""
    table = resviz.layers(record("resnet152"), once=True)
    third = [row for row in table.to_dict() if row["name"].startswith("layer3")]
    times = {row["name"].removeprefix("layer3.")[0]: row.get("times") for row in third}
    assert {"0": None, "1": 35} == times
    assert "the first of them shown" in table.render("text")


def test_blocks_that_take_turns():
    """Two kinds in turns are one group, as in the overview."""
    found = times_of(Sums(conv(3), conv(5), conv(3), conv(5), conv(3), conv(5)))
    assert [("blocks.0", 3), ("add", 3), ("blocks.1", 3), ("add#2", 3)] == found


def test_shared_parameters_are_counted_where_they_are():
    """One block that is called again has none of its own from the second time on."""
    block = conv(3)
    found = times_of(Sums(block, block, block))
    own = [("blocks.0", None), ("add", None)]
    assert [*own, ("blocks.0#2", 2), ("add#2", 2)] == found


def test_nothing_comes_again(record):
    """The column is left out, and its note; also where nothing shown does."""
    plain = resviz.layers(record("resnet(layers=[1,1,1,1], block='basic')"), once=True)
    pools = resviz.layers(record("resnet152"), once=True, only="pool")
    for table in (plain, pools):
        assert "times" not in {column.key for column in table.columns}
        assert not any("×:" in note for note in table.notes)


def test_one_kind_of_layer(record):
    """Of every block that stands once, its convolutions."""
    rows = resviz.layers(record("resnet50"), once=True, only="conv").to_dict()
    assert 53 == sum(row.get("times", 1) for row in rows)


def test_depth_folds_too(record):
    """One way of folding at a time."""
    with pytest.raises(SpecError, match="depth and once: want one of them"):
        resviz.layers(record("resnet18"), once=True, depth=1)
