"""The paper's names for networks of its shape; paths of modules for the rest."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

import resviz

from .toys import Attention, Basic, Inverted, PreActivation, Transformer, conv, residual


def names(net, size=(3, 32, 32)):
    """The names of the stages of a network, and of their blocks."""
    stages = resviz.trace(net, size).stages
    return {stage.name: [block.name for block in stage.blocks] for stage in stages}


def with_stem(*parts):
    """Modules behind a stem."""
    return nn.Sequential(conv(3, 3), *parts)


class Attending(nn.Module):
    """A bottleneck with attention instead of its 3×3."""

    def __init__(self, c):
        super().__init__()
        self.a, self.attention, self.b = conv(1, c, 8), Attention(8), conv(1, 8, c)

    def forward(self, x):
        y = self.a(x)
        rows = self.attention(y.flatten(2).transpose(1, 2))
        return x + self.b(rows.transpose(1, 2).reshape(y.shape))


HE = {
    "two stages": (Basic(8, 8), Basic(8, 16, 2), Basic(16, 16)),
    "dilated": (Basic(8, 8), Basic(8, 16, 2), Basic(16, 32)),
    "with preactivation": (PreActivation(8, 8), PreActivation(8, 16)),
    "with attention": (Basic(8, 8), Basic(8, 8), Basic(8, 16, 2), Attending(16)),
}


@pytest.mark.parametrize("parts", HE.values(), ids=HE)
def test_a_network_of_the_papers_shape_has_its_names(parts):
    """Stages whose first blocks change the size, to no larger and no narrower a map."""
    found = names(with_stem(*parts))
    want = {f"conv{k}_x": k for k in range(2, 2 + len(found))}
    assert want.keys() == found.keys()
    for name, number in want.items():
        blocks = [f"conv{number}_{k + 1}" for k in range(len(found[name]))]
        assert blocks == found[name]


class Ends(nn.Module):
    """One encoder run on a map and on its mirror image."""

    def __init__(self):
        super().__init__()
        self.net = with_stem(nn.Sequential(Basic(8, 8)), nn.Sequential(Basic(8, 8, 2)))

    def forward(self, x):
        return self.net(x) - self.net(x.flip(-1))


def listed(**parts):
    """Modules of these names in a row, behind a stem."""
    return nn.Sequential(OrderedDict(stem=conv(3, 3), **parts))


def blocks_below(*modules):
    """A module with a list of blocks in it."""
    return nn.Sequential(OrderedDict(blocks=nn.Sequential(*modules)))


def row(make, count):
    """Some modules in a row."""
    return nn.Sequential(*(make() for _ in range(count)))


OTHERS = {
    "no change of size": (
        listed(body=row(lambda: Basic(8, 8), 2)),
        {"body": ["body.0", "body.1"]},
    ),
    "inverted bottlenecks in one list": (
        listed(features=nn.Sequential(
            Inverted(8, 8), Inverted(8, 16, 2), Inverted(16, 16), Inverted(16, 16),
        )),
        {
            "features.0": ["features.0"],
            "features.1–3": ["features.1", "features.2", "features.3"],
        },
    ),
    "stages that hold lists": (
        listed(stages=nn.Sequential(
            blocks_below(residual(conv(3, groups=8)), residual(conv(3, groups=8))),
            nn.Sequential(conv(3, 8, 16, stride=2), blocks_below(Inverted(16, 16))),
        )),
        {
            "stages.0": ["stages.0.blocks.0", "stages.0.blocks.1"],
            "stages.1": ["stages.1.1.blocks.0"],
        },
    ),
    "a map that grows again": (
        listed(
            down=Basic(8, 16, 2), up=nn.Upsample(scale_factor=2), last=Basic(16, 8)
        ),
        {"down": ["down"], "last": ["last"]},
    ),
    "the size changes between blocks": (
        listed(
            one=Basic(8, 8), between=conv(3, 8, 16, stride=2), two=Basic(16, 16)
        ),
        {"one": ["one"], "two": ["two"]},
    ),
    "five stages": (
        listed(layers=nn.Sequential(*(Basic(8 * k, 8 * k + 8) for k in range(1, 6)))),
        {f"layers.{k}": [f"layers.{k}"] for k in range(5)},
    ),
    "two towers": (
        Ends(),
        {
            "net.1": ["net.1.0"],
            "net.2": ["net.2.0"],
            "net.1#2": ["net.1.0#2"],
            "net.2#2": ["net.2.0#2"],
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("net", "want"), OTHERS.values(), ids=OTHERS)
def test_any_other_has_the_paths_of_its_modules(net, want):
    """The path that a stage's blocks share and no other's do, or their range."""
    assert want == names(net)


def test_a_transformer_has_the_path_of_its_list():
    """Nobody calls its blocks conv2_x."""
    net = nn.Sequential(OrderedDict(blocks=row(lambda: Transformer(16), 2)))
    assert {"blocks": ["blocks.0", "blocks.1"]} == names(net, (9, 16))


def test_what_has_no_path_is_numbered():
    """A model that is one block."""
    assert {"stage1": ["stage1_1"]} == names(residual(), (8, 8, 8))


def test_a_block_is_found_by_the_name_that_tables_show():
    """Also where that is its path."""
    net = listed(features=nn.Sequential(Inverted(8, 8), Inverted(8, 16, 2)))
    arch = resviz.trace(net, inputs=(torch.zeros(1, 3, 32, 32),))
    assert "features.0 of " in resviz.describe(arch, "block", at="features.0")
    rows = resviz.table(arch).rows
    assert {"stem", "features.0", "features.1"} <= {row["name"] for row in rows}
