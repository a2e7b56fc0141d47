"""What is unusual is said in words."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.remarks import find_remarks

from .random_parts import Run
from .random_streams import AttentionTo
from .toys import Basic, Transformer, conv

USUAL = ("resnet18", "resnet50", "resnext50_32x4d", "resnet152")

V1 = "the stride is in the first 1×1 (v1), not in the 3×3 (v1.5)"
OPTION_A = "option A, zero channels and no projection"
OPTION_C = "projects although an identity would fit"
FIRSTS = "conv3_1, conv4_1, conv5_1"

UNUSUAL = {
    "paper50": [f"{V1}: {FIRSTS}"],
    "paper34": [f"{OPTION_A}: {FIRSTS}"],
    "cifar20": [f"{OPTION_A}: conv3_1, conv4_1"],
    "resnet(34, shortcut='C')": [
        f"{OPTION_C}: conv2_1, conv2_2, conv2_3, conv3_2 and 9 more"
    ],
    "resnet(50, replace_stride_with_dilation=[False, True, True])": [
        "conv4_x keeps its resolution, its kernels dilated by 2",
        "conv5_x keeps its resolution, its kernels dilated by 2 and 4",
    ],
}


@pytest.mark.parametrize("spec", USUAL)
def test_nothing_is_said_of_the_usual(record, spec):
    """A plain network has no remark."""
    assert () == find_remarks(read_structure(record(spec)))


@pytest.mark.parametrize("spec", UNUSUAL)
def test_what_is_said_of_the_unusual(record, spec):
    """Names of the blocks, and what is unusual about them."""
    assert UNUSUAL[spec] == list(find_remarks(read_structure(record(spec))))


def test_a_map_that_shrinks_outside_of_blocks():
    """As in ConvNeXt, whose shortcuts are identities all."""
    net = nn.Sequential(
        conv(3, 3), Basic(8, 8), conv(3, 8, 16, stride=2), Basic(16, 16)
    )
    said = "the map shrinks before the first block, in no shortcut: 3"
    assert (said,) == find_remarks(read_structure(resviz.trace(net, (3, 32, 32))))


def run_between(self, x):
    """Two blocks, and what is given between."""
    return self.after(self.between(self.before(self.stem(x))))


TOKENS = {
    "a slice": lambda x: x[:, :1],
    "a selected one": lambda x: x[:, 3].unsqueeze(1),
    "those of an index": lambda x: x[:, torch.tensor([0, 2, 5])],
    "a part of a split": lambda x: x.split([2, 14], 1)[0],
    "the best of all": lambda x: x.gather(
        1, x.mean(-1).topk(4).indices.unsqueeze(-1).expand(-1, -1, 16)
    ),
}
"""Ways to take some tokens of sixteen."""

SHRINKS = {
    "every second": lambda x: x[:, ::2],
    "merged": lambda x: x.reshape(len(x), 8, 16, 2).amax(-1),
    "a mean": lambda x: x.reshape(len(x), 8, 2, 16).mean(2),
    "resized": lambda x: F.interpolate(x.mT, 8).mT,
    "pooled and cut": lambda x: F.avg_pool1d(x.mT, 2).mT[:, :7],
}
"""Ways to make one position of several."""


@pytest.mark.parametrize("way", TOKENS | SHRINKS)
def test_what_takes_some_tokens_shrinks_no_map(way):
    """As class tokens that attend by themselves do; what pools or strides does."""
    parts = {name: Transformer(16) for name in ("before", "after")}
    between = Run(lambda _, x: (TOKENS | SHRINKS)[way](x))
    net = Run(run_between, stem=nn.Linear(8, 16), between=between, **parts)
    remarks = find_remarks(read_structure(resviz.trace(net, (16, 8))))
    assert (way in SHRINKS) == any("shrinks" in remark for remark in remarks)


def test_rows_of_their_own_are_no_smaller_map():
    """As a decoder's queries, which read what an encoder gives."""

    def decode(self, x):
        y, rows = self.encoder(self.stem(x)), self.rows.expand(len(x), -1, -1)
        for attention in self.attentions:
            rows = rows + attention(rows, y)
        return rows

    attentions = [AttentionTo(), AttentionTo()]
    parts = {"stem": nn.Linear(8, 16), "encoder": Transformer(16)}
    net = Run(decode, **parts, attentions=attentions)
    net.rows = nn.Parameter(torch.zeros(1, 4, 16))
    assert () == find_remarks(read_structure(resviz.trace(net, (16, 8))))


def test_sums_that_are_no_blocks_are_listed():
    """By what they are, and where."""

    class Parallel(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = conv(3), conv(3)

        def forward(self, x):
            return self.a(x) + self.b(x)

    net = nn.Sequential(conv(3, 3), Parallel())
    said = "1 parallel sum: 1:add"
    assert (said,) == find_remarks(read_structure(resviz.trace(net, (3, 8, 8))))


def test_tables_say_it_too(record):
    """The summary and the shortcut table, below."""
    (said,) = UNUSUAL["paper50"]
    summary = resviz.summary(record("paper50"))
    assert [said] == summary.to_dict()["remarks"]
    assert said in summary.notes
    assert said in resviz.shortcuts(record("paper50")).notes
