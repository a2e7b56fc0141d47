"""What each addition was taken for, and by which rule."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import resviz
from resviz.cli import resviz_command
from resviz.errors import OptionError


class PlainUnet(nn.Module):
    """Two residual blocks at half the size under a sum with the stem's map."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 8, 2, stride=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()) for _ in range(2)
        )
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)

    def forward(self, x):
        stem = self.stem(x)
        y = self.down(stem)
        for block in self.blocks:
            y = y + block(y)
        return stem + self.up(y)


def test_every_addition_of_a_resnet_is_a_unit():
    """One a block, of which three have a weight on the shortcut."""
    rows = resviz.shortcuts("resnet18", why=True).to_pandas()
    assert 8 == len(rows)
    assert {"residual unit"} == set(rows["verdict"])
    assert 3 == rows["reason"].str.startswith("a branch of 1 weight").sum()


def test_a_sum_over_blocks_is_told_as_a_long_skip():
    """It has the last row, and says how many blocks it spans."""
    table = resviz.shortcuts(PlainUnet(), why=True, input_size=(3, 16, 16))
    rows = table.to_pandas()
    assert ["residual unit", "residual unit", "long skip"] == list(rows["verdict"])
    assert rows["reason"].iloc[-1].endswith("it spans 2 blocks")


class WithUnusedSum(PlainUnet):
    """The same, whose last sum is made of one of its maps and of the stem's."""

    def __init__(self, pick):
        super().__init__()
        self.pick = pick

    def forward(self, x):
        stem = self.stem(x)
        branch = y = y0 = self.down(stem)
        for block in self.blocks:
            branch = block(y)
            y = y + branch
        self.pick(stem, y0, branch, self.up(y))
        return y


UNUSED = {
    "over all blocks": lambda stem, y0, branch, up: stem + up,
    "of a block's branch again": lambda stem, y0, branch, up: y0 + branch,
    "written in place": lambda stem, y0, branch, up: up.add_(stem),
    "scaled": lambda stem, y0, branch, up: stem + 0.5 * up,
    "read by what is not used": lambda stem, y0, branch, up: (stem + up).relu(),
}


@pytest.mark.parametrize("pick", UNUSED.values(), ids=UNUSED)
def test_a_sum_that_leads_to_no_output_is_no_long_skip(pick):
    """It is unused, whatever it spans, and changes no block."""
    net = WithUnusedSum(pick)
    rows = resviz.shortcuts(net, why=True, input_size=(3, 16, 16)).to_pandas()
    assert ["residual unit", "residual unit", "unused sum"] == list(rows["verdict"])
    assert "; it leads to no output" in rows["reason"].iloc[-1]


def test_a_network_without_additions_says_so():
    """A table without rows names what there is none of."""
    table = resviz.shortcuts(nn.Conv2d(3, 3, 1), why=True, input_size=(3, 4, 4))
    assert "additions" in table.render("text")
    assert "none of two branches" in table.render("text")


def test_a_kind_of_shortcut_chooses_no_additions():
    """Many additions have no shortcut."""
    with pytest.raises(OptionError, match="only: got 'projection' beside why"):
        resviz.shortcuts("resnet18", only="projection", why=True)


def test_the_command_prints_the_same_rows(monkeypatch):
    """`--why` is the switch."""
    monkeypatch.setenv("COLUMNS", "200")
    settings = SimpleNamespace(debug=False)
    words = ["shortcuts", "18", "--why"]
    result = CliRunner().invoke(resviz_command, words, obj=settings)
    assert resviz.shortcuts(18, why=True).render("text") == result.output


class ThreeInOne(nn.Module):
    """Two branches and the input, added two at a time."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(8, 8, 3, 1, 1)

    def forward(self, x):
        return self.one(x).relu() + self.two(x).relu() + x


def test_a_sum_of_three_names_its_other_addition():
    """It has one row, and no addition is passed over in silence."""
    rows = resviz.shortcuts(ThreeInOne(), why=True, input_size=(8, 4, 4)).to_dict()
    assert ["add#2"] == [row["name"] for row in rows]
    assert rows[0]["reason"].endswith("; one sum with add")


class TokensBetweenMaps(nn.Module):
    """A block that adds maps with channels last, then their tokens, as Swin's do."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(8, 8)
        self.mlp = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))

    def forward(self, x):
        x = x + self.mix(x)
        tokens = x.reshape(len(x), 36, 8)
        return (tokens + self.mlp(tokens)).reshape(x.shape)


def test_tokens_between_maps_have_their_channels_last():
    """Whatever axis holds those of the block's output."""
    net = nn.Sequential(*(TokensBetweenMaps() for _ in range(2)))
    table = resviz.shortcuts(net, inputs=torch.zeros(1, 6, 6, 8)).to_markdown()
    assert "36×8" in table
    assert "8×36" not in table
