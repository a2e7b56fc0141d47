"""The table of receptive fields: its rows, its keys, its lines in words."""

import json

import pytest
import torch
from torch import nn

import resviz
from resviz.models import resnet50

ROW_KEYS = [
    "index", "name", "type", "output_shape", "receptive_field", "total_stride",
    "padding", "offset", "whole_input",
]  # fmt: skip

KEYS = [
    "name", "input_shape", "layers", "stages", "largest", "gated", "off_centre",
    "not_known",
]  # fmt: skip


def test_promised_keys_come_first(record):
    """Other programs read them; more may follow."""
    data = resviz.receptive_field(record("resnet18")).to_dict()
    assert KEYS == list(data)[: len(KEYS)]
    assert ROW_KEYS == list(data["layers"][0])[: len(ROW_KEYS)]


def test_a_row_of_resnet50(record):
    """The last 3×3 of today's ResNet-50."""
    rows = resviz.receptive_field(record("resnet50")).to_dict()["layers"]
    expected = {
        "name": "layer4.2.conv2",
        "receptive_field": [427, 427],
        "total_stride": [32, 32],
        "padding": [213, 213],
        "offset": [0, 0],
        "whole_input": [False, False],
    }
    assert expected.items() <= rows[-2].items()


def test_the_row_of_a_global_pool(record):
    """It has no number: it sees the whole input."""
    row = resviz.receptive_field(record("resnet50")).to_dict()["layers"][-1]
    assert ("avgpool", [None, None], [True, True]) == (
        row["name"],
        row["receptive_field"],
        row["whole_input"],
    )


def test_rows_are_those_that_change_it(record):
    """17 3×3 and stem windows, three projections that stride, and the pool."""
    rows = resviz.receptive_field(record("resnet50")).to_dict()["layers"]
    assert 22 == len(rows)
    assert not [row["name"] for row in rows if row["name"].endswith("conv3")]


def test_every_layer(record):
    """As many rows as layers."""
    arch = record("resnet18")
    rows = resviz.receptive_field(arch, every=True).to_dict()["layers"]
    assert len(arch.layers) == len(rows)


def test_the_largest_field_and_the_input(record):
    """427 is more than 224; 35 of a net that ends early is not."""
    facts = str(resviz.receptive_field(record("resnet50")))
    assert "427 at layer4.2.conv2, more than the input's 224" in facts
    data = resviz.receptive_field(record("cifar20")).to_dict()
    assert data["largest"]["exceeds_input"]
    wide = resviz.receptive_field("resnet18", input_size=(3, 512, 512))
    assert not wide.to_dict()["largest"]["exceeds_input"]
    assert "more than" not in str(wide)
    assert frozenset() == wide.marked


class Tokens(nn.Module):
    """A patch embedding, a class token and attention."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 16, 16)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        x = self.patch(x).flatten(2).mT
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        return self.attention(x, x, x)[0]


def test_a_class_token_is_told_of():
    """Patches see 16×16, then all; the token that sees nothing is no row."""
    table = resviz.receptive_field(resviz.trace(Tokens(), (3, 64, 64)))
    assert [("patch", 16), ("attention", "all")] == [
        (row["name"], row["receptive_field"]) for row in table.rows
    ]
    assert [{"name": "cat", "count": 1, "positions": 17}] == table.to_dict()["blind"]
    assert (
        "1 of 17 positions, first at cat, sees nothing of the input, as a class token; "
        "the field is that of the others"
    ) in table.notes


def test_long_fractions_are_rounded():
    """A resize by 8/7 has a stride of 8/7, written so that people can read it."""
    net = nn.Sequential(nn.Upsample(7, mode="nearest"), nn.Conv2d(3, 3, 1))
    (row, *_) = resviz.receptive_field(resviz.trace(net, (3, 8, 8)), every=True).rows
    assert 1.143 == row["total_stride"]


def test_stages_under_the_papers_names(record):
    """One number each where both axes agree."""
    text = str(resviz.receptive_field(record("resnet50")))
    assert "conv2_x 35, conv3_x 91, conv4_x 267, conv5_x 427" in text


def test_fractions_are_numbers():
    """Upsampling halves the stride."""
    up = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Upsample(scale_factor=2))
    row = resviz.receptive_field(resviz.trace(up, (3, 8, 8))).to_dict()["layers"][-1]
    assert ([0.5, 0.5], [0.75, 0.75]) == (row["total_stride"], row["offset"])


class Odd(nn.Module):
    """A gate, branches off centre, and an operation without a rule."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, (3, 1), 2, (1, 0))
        self.pool = nn.AvgPool2d(2)

    def forward(self, x):
        x = self.conv(x) + self.pool(x)
        x = x * x.mean((2, 3), keepdim=True)
        return x.roll(1, 3)


@pytest.fixture(scope="module")
def odd():
    """The table of `Odd`."""
    return resviz.receptive_field(resviz.trace(Odd(), (3, 8, 8)), every=True)


@pytest.mark.parametrize(
    "words",
    [
        "left out: 1 gate on the whole input, first at mul",
        "branches meet off centre at 1 layer, first add, by 0.5 px",
        "not known from roll on: no rule for roll",
        "3×1 ",
        "3×2 ",
        "unknown",
    ],
)
def test_what_is_left_out_is_said(odd, words):
    """In words below the rows; rows say both axes where they differ."""
    assert words in str(odd)


def test_json_says_it_too(odd):
    """Gaps are data."""
    data = json.loads(odd.render("json"))
    assert data == odd.to_dict()
    assert ["mul"] == data["gated"]
    assert [{"name": "add", "pixels": [0.5, 0.5]}] == data["off_centre"]
    assert "no rule for roll" == data["not_known"][0]["why"]


def test_csv_has_numbers(record):
    """One for both axes where they agree."""
    text = resviz.receptive_field(record("resnet18")).render("csv")
    assert "index,name,type,output_shape,receptive_field,total_stride" in text
    assert ",1x64x112x112,7,2,3,0" in text


def test_features_have_no_positions():
    """And so the table has no rows."""
    table = resviz.receptive_field(resviz.trace(nn.Linear(4, 2), (4,)))
    assert (0, None) == (len(table.rows), table.to_dict()["largest"])
    assert "none, it has batch and channels alone" in str(table)


def test_the_input_as_its_own_output():
    """A model that does nothing changes nothing."""
    table = resviz.receptive_field(resviz.trace(nn.ReLU(), (3, 4, 4)))
    assert (0, 1) == (len(table.rows), table.to_dict()["largest"]["receptive_field"][0])


def test_squeeze_and_excitation_has_the_plain_nets_field():
    """Its published field is that of the map, 427 for ResNet-50."""

    class Gate(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.fc = nn.Conv2d(channels, channels, 1)

        def forward(self, x):
            return x * self.fc(nn.functional.adaptive_avg_pool2d(x, 1)).sigmoid()

    with torch.device("meta"):
        net = resnet50()
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            for block in stage:
                width = block.bn3.num_features
                block.bn3 = nn.Sequential(block.bn3, Gate(width))
    data = resviz.receptive_field(resviz.trace(net, (3, 224, 224))).to_dict()
    assert ([427, 427], 16) == (
        data["largest"]["receptive_field"],
        len(data["gated"]),
    )


def test_a_field_along_one_axis_is_not_the_largest():
    """What sees all columns has no field to be compared with the input."""

    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.tall = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, (5, 1))

        def forward(self, x):
            return self.tall(self.conv(x).mean(3, keepdim=True))

    data = resviz.receptive(resviz.trace(Rows(), (3, 12, 12))).to_dict()
    assert ([7, None], [False, True]) == (
        data["layers"][-1]["receptive_field"],
        data["layers"][-1]["whole_input"],
    )
    assert ("conv", [3, 3]) == (
        data["largest"]["name"],
        data["largest"]["receptive_field"],
    )
