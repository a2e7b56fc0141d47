"""The layer table in which equal blocks in a row stand once."""

import pytest
from torch import nn

import resviz


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
    return [(row["name"], row["times"]) for row in rows]


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
    assert len(every) == sum(row["times"] for row in some)
    for key in ("params", "macs", "elements"):
        counted = sum(row[key] * row["times"] for row in some)
        assert sum(row[key] for row in every) == counted


def test_the_first_of_equal_blocks_is_shown(record):
    """conv4_x of ResNet-152: one block strides, 35 are equal."""
    table = resviz.layers(record("resnet152"), once=True)
    third = [row for row in table.to_dict() if row["name"].startswith("layer3")]
    times = {row["name"].removeprefix("layer3.")[0]: row["times"] for row in third}
    assert {"0": 1, "1": 35} == times
    assert "equal blocks in a row" in table.render("text")


def test_blocks_that_take_turns():
    """Two kinds in turns are one group, as in the overview."""
    found = times_of(Sums(conv(3), conv(5), conv(3), conv(5), conv(3), conv(5)))
    assert [("blocks.0", 3), ("add", 3), ("blocks.1", 3), ("add#2", 3)] == found


def test_turns_are_called_so():
    """Three times a 3×3 and three times a 5×5 are something else."""
    for sides, said in (((3, 5) * 3, "3 in turn"), ((3, 3, 3, 5, 5, 5), 3)):
        net = Sums(*map(conv, sides))
        rows = resviz.layers(net, once=True, input_size=(4, 8, 8)).rows
        assert [said] * 4 == [row["times"] for row in rows]


def test_shared_parameters_are_counted_where_they_are():
    """One block that is called again has none of its own from the second time on."""
    block = conv(3)
    found = times_of(Sums(block, block, block))
    own = [("blocks.0", 1), ("add", 1)]
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
    assert 53 == sum(row["times"] for row in rows)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("name", ["resnet50", "cifar110"])
def test_at_a_depth_equal_rows_stand_once(record, name, depth):
    """A row a block, and nothing lost."""
    some = resviz.layers(record(name), once=True, depth=depth).to_dict()
    every = resviz.layers(record(name), depth=depth).to_dict()
    assert len(every) == sum(row["times"] for row in some)
    for key in ("params", "macs", "elements"):
        counted = sum(row[key] * row["times"] for row in some)
        assert sum(row[key] for row in every) == counted


def test_the_blocks_of_a_deep_network(record):
    """Stem, three stages of a first block and 17 equal ones, head; the first has 18."""
    rows = resviz.layers(record("cifar110"), once=True, depth=2).to_dict()
    assert [18, 17, 17] == [row["times"] for row in rows if row["times"] > 1]


def test_turns_at_a_depth():
    """Blocks of two kinds that take turns, a row each."""
    kinds = [nn.Sequential(conv(side)) for side in (3, 5, 3, 5, 3, 5)]
    table = resviz.layers(
        nn.Sequential(*kinds), once=True, depth=1, input_size=(4, 8, 8)
    )
    assert [("0", 3), ("1", 3)] == [(r["name"], r["times"]) for r in table.to_dict()]
    assert ["3 in turn"] * 2 == [row["times"] for row in table.rows]
