"""Figures in sentences."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import RenderError
from resviz.escape import MAX_NAME_LENGTH, UNSAFE_CHARACTERS
from resviz.figures import FIGURES, describe_figure, draw_diagram
from resviz.figures.declaring import tell_coverage
from resviz.figures.sentences import add_article, join_with_and, spell_label
from resviz.readings.contraction import read_contraction
from resviz.readings.contraction.coverage import EdgeCoverage
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file

from .conftest import NETWORKS

BASIC18 = (
    "ResNet-18, input 224×224×3: 11.7 M parameters, 1.81 G multiply-adds, 18 weighted "
    "layers on the main path, 8 blocks in 4 stages. Stem: 7×7 convolution to 64 "
    "channels with stride 2 and 3×3 max pool with stride 2, giving 56×56×64. Stage "
    "conv2_x: 2 basic blocks of 3×3 to 64 and 3×3 to 64, output 56×56×64. Both "
    "shortcuts: identity."
)


def test_the_whole_text_of_a_network(record):
    """As a screen reader says it."""
    said = describe_figure(record("resnet18"))
    assert said.startswith(BASIC18)
    assert "In all: 5 identity shortcuts and 3 projections. " in said
    assert said.endswith(
        "Of 78 connections 28 are drawn, 48 lie inside boxes, 2 lead from one repeat "
        "to the next."
    )


def test_of_two_blocks_only_the_first_strides(record):
    """And there are no others."""
    told = "2 basic blocks of 3×3 to 128 and 3×3 to 128, in the first 3×3 to 128 "
    assert f"conv3_x: {told}with stride 2, output" in describe_figure(
        record("resnet18")
    )


class Excited(nn.Module):
    """Squeeze-and-excitation, whose convolutions read one position."""

    def __init__(self, channels):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

    def forward(self, x):
        gate = self.down(x.mean((2, 3), keepdim=True)).relu()
        return x * self.up(gate).sigmoid()


def test_a_gate_changes_nothing_else():
    """The usual block is told with its gate, of the first what sets it apart."""
    net = resviz.models.resnet(26)
    for module in net.modules():
        if hasattr(module, "bn3"):
            norm = nn.BatchNorm2d(module.bn3.num_features)
            module.bn3 = nn.Sequential(norm, Excited(norm.num_features))
    made = "1×1 to 128, 3×3 to 128, 1×1 to 512 and squeeze-and-excitation"
    apart = "in the first 3×3 to 128 with stride 2"
    said = describe_figure(resviz.trace(net))
    assert f"conv3_x: 2 bottleneck blocks of {made}, {apart}, output" in said
    assert "and others" not in said


TOLD = [(name, it) for name in ("resnet50", "branches", "cifar110") for it in FIGURES]
TOLD += [("plain", it) for it in FIGURES if it != "block"]


@pytest.mark.parametrize(("name", "figure"), TOLD)
def test_svg_holds_the_whole_text(network, name, figure):
    """The description is not cut, and there is a title."""
    arch = network(name)
    root = ET.fromstring(draw_diagram(arch, figure).to_svg())
    space = "{http://www.w3.org/2000/svg}"
    assert describe_figure(arch, figure) == root.findtext(f"{space}desc")
    assert name in root.findtext(f"{space}title")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_stage_is_told(network, name):
    """Each by its name, with the number of its blocks."""
    from resviz.readings.structure import read_structure

    arch = network(name)
    said = describe_figure(arch, "overview")
    for stage in read_structure(arch).stages:
        assert re.search(rf"{stage.name}: {len(stage.blocks)} ", said)


@pytest.mark.parametrize("name", NETWORKS)
def test_signs_are_spelled(network, name):
    """No arrow, no "/2", no double space: a screen reader stumbles over them."""
    said = describe_figure(network(name))
    assert not re.search(r"→|, /\d|  |\bfc,", said)
    assert said.endswith(".")


def test_projections_say_why(record):
    """Kernel, stride, the reason and both widths."""
    assert (
        "projection by 1×1 with stride 2 because resolution and channels change, from "
        "256 to 512; the other 3: identity." in describe_figure(record("resnet50"))
    )


def test_needless_projections_are_told(network):
    """Option C projects although an identity would fit."""
    assert "although an identity would fit" in describe_figure(network("option C"))


def test_networks_without_blocks_are_told(network):
    """By output size."""
    said = describe_figure(network("plain"))
    assert "no residual blocks. At 32×32×16: 3×3 convolution to 16 channels" in said


class Inverted(nn.Module):
    """A block of MobileNetV2, without a shortcut where the width changes."""

    def __init__(self, before, after):
        super().__init__()
        self.same, wide = before == after, 4 * before
        self.body = nn.Sequential(
            nn.Conv2d(before, wide, 1),
            nn.Conv2d(wide, wide, 3, padding=1, groups=wide),
            nn.Conv2d(wide, after, 1),
        )

    def forward(self, x):
        return x + self.body(x) if self.same else self.body(x)


def test_blocks_without_shortcut_are_told():
    """The first of a stage of MobileNet."""
    with torch.device("meta"):
        net = nn.Sequential(*(Inverted(*it) for it in ((3, 3), (3, 6), (6, 6))))
    said = resviz.describe(resviz.trace(net, (3, 8, 8)))
    assert "The first shortcut: none; the last: identity." in said
    assert "1 block without shortcut" in said


def test_runs_of_equal_shortcuts_are_told_in_their_place():
    """The last is called so, however long the runs before it are."""
    with torch.device("meta"):
        net = nn.Sequential(*(Inverted(3, 3) for _ in range(4)))
    net[2].same = False
    said = resviz.describe(resviz.trace(net, (3, 8, 8)))
    shortcuts = "The first 2 shortcuts: identity; the next: none; the last: identity."
    assert shortcuts in said


def test_units_of_a_transformer_are_told():
    """Attention and MLP are two units of one block."""
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    arch = resviz.trace(nn.Sequential(layer, layer), "float32:N,5,16")
    assert "attention + MLP blocks" in resviz.describe(arch)


def test_block_says_which_and_what(record):
    """Its name, its type, both sizes, its main branch."""
    said = describe_figure(record("resnet50"), "block", at="conv3_2")
    assert (
        "conv3_2 of ResNet-50, a bottleneck block from 28×28×512 to 28×28×512" in said
    )
    assert "1×1 conv, 512 to 128, BN, ReLU" in said


@pytest.mark.parametrize("figure", FIGURES)
def test_hostile_names_stay_text(hostile, figure):
    """No control character, and no word longer than a name may be."""
    said = describe_figure(hostile[0], figure)
    assert not UNSAFE_CHARACTERS.search(said)
    assert max(map(len, said.split())) <= MAX_NAME_LENGTH + 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"figure": "pie"}, "unknown figure 'pie'"),
        ({"at": "conv2_1"}, "only the figure 'block'"),
        ({"plain": True}, "only 'stack' has plain twins"),
        ({"figure": "block", "at": "conv9_1"}, "conv9_1"),
    ],
)
def test_wrong_wishes_are_refused(record, options, message):
    """As for the figure itself."""
    for ask in (describe_figure, draw_diagram):
        with pytest.raises(RenderError, match=message):
            ask(record("resnet18"), **options)


@pytest.mark.parametrize("figure", ["overview", "lanes", "layers", "volumes"])
def test_several_networks_are_refused_where_one_is_shown(record, figure):
    """The error names the figures that show several."""
    with pytest.raises(RenderError, match="got 2: want one of block, stack, growth"):
        draw_diagram([record("resnet18")] * 2, figure)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("3×3, 8, /2", "3×3 convolution to 8 channels with stride 2"),
        ("3×3, 8, depthwise", "3×3 depthwise convolution to 8 channels"),
        ("3×3, 8, g4, d2", "3×3 convolution to 8 channels in 4 groups with dilation 2"),
        ("fc, 512→10", "fully connected layer from 512 to 10"),
        ("SE", "squeeze-and-excitation"),
        ("(1×1, 8 → BN) ×3", "1×1 convolution to 8 channels and BN, 3 times"),
    ],
)
def test_words_spelled(word, said):
    """What stands in boxes, aloud."""
    assert said == spell_label(word)


def test_lists_and_articles():
    """As English has them."""
    assert ["", "a", "a and b", "a, b and c"] == [
        join_with_and(it) for it in ([], ["a"], ["a", "b"], ["a", "b", "c"])
    ]
    assert ["an MLP block", "a basic"] == [
        add_article("MLP block"),
        add_article("basic"),
    ]


def test_shared_pre_activation_is_told(network):
    """Whoever hears the figure learns where the projection leaves."""
    said = describe_figure(network("preactivated"))
    assert "after the norm that both branches share" in said
    assert "after the norm" not in describe_figure(network("resnet50"))


def test_blocks_that_take_turns_are_told(network):
    """Ten times two."""
    assert "2 in turn come 10 times" in describe_figure(network("alternating"))
    assert "in turn" not in describe_figure(network("varied"))


class Reversible(nn.Module):
    """Two streams, each of which is added what the other gives."""

    def __init__(self):
        super().__init__()
        self.f, self.g = (
            nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1))
            for _ in range(2)
        )

    def forward(self, x):
        a, b = x.chunk(2, 1)
        a = a + self.f(b)
        return torch.cat([a, b + self.g(a)], 1)


def test_an_identity_of_another_stream_is_called_so():
    """In the sentences and in the figures that draw it beside another's branch."""
    arch = resviz.trace(nn.Sequential(nn.Conv2d(3, 8, 3), Reversible()), (3, 8, 8))
    assert describe_figure(arch, "block").count("identity of the other stream") == 2
    for figure, words in (("block", "of the other stream"), ("overview", "of other")):
        assert words in draw_diagram(arch, figure=figure).to_svg()


def test_sentences_on_lanes_spell_what_letters_stand_for():
    """No legend stands beside them; layers without a box are told in plain words."""
    arch = load(record_file("hrnet_w18_small"))
    letters = read_contraction(arch).letters
    assert letters
    said = resviz.describe(arch, figure="lanes")
    words = {*re.findall(r"[\w×]+", said)}
    assert not words & {*letters.values()}
    assert {*letters} <= words
    assert "layers with weights have no box: they lie on lines where branches" in said


def test_one_connection_is_told_in_the_singular():
    """Not "1 are"."""
    (said,) = tell_coverage(
        EdgeCoverage(4, drawn=1, inside=1, turns=1, constants=0, elsewhere=1)
    )
    assert (
        "Of 4 connections 1 is drawn, 1 lies inside a box, 1 leads from one repeat to "
        "the next, 1 is elsewhere in the network." == said
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "vit_tiny_patch16_224",
            ("from 192 to 576 for Q, K and V", "q·kᵀ with 3 heads"),
        ),
        ("swin_tiny_patch4_window7_224", ("q·kᵀ with 3 heads and 64 windows",)),
    ],
)
def test_a_block_with_attention_is_told_in_its_words(name, words):
    """As its picture has them: Q, K and V, heads and windows, the weighted values."""
    said = resviz.describe(load(record_file(name)), figure="block")
    assert all(word in said for word in (*words, "scale, ", "softmax, weights · v"))
    assert not re.search(r"product|×, |and \d+ more; shortcut", said)


def test_lines_of_a_box_are_told_without_signs_of_their_breaks():
    """A comma or a "+" at a break is said once, as where there is none."""
    arch = load(record_file("vit_tiny_patch16_224"))
    assert "(attention + MLP ×12)" in describe_figure(arch, "lanes")
    for name in ("vit_tiny_patch16_224", "densenet121", "cspdarknet53"):
        said = describe_figure(load(record_file(name)), "lanes")
        assert ",," not in said
        assert ", +" not in said
