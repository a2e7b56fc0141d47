"""How operations and rows of words read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import resviz
from resviz.figures.layer_labels import (
    fold_label_repeats,
    label_convolution,
    label_convolution_fully,
    label_layer_briefly,
    label_layer_fully,
)
from resviz.operations.spelling import spell_operation
from resviz.readings.contraction import read_contraction
from resviz.record import Operation, Window

from .conftest import texts


def conv(
    kernel,
    stride=(1, 1),
    dilation=(1, 1),
    groups=1,
    channels=(64, 128),
    said=label_convolution,
    **more,
):
    """A convolution's words."""
    window = Window(kernel, stride, (0, 0), dilation, groups, **more)
    before, after = ((1, width, 8, 8) for width in channels)
    op = Operation("convolution", (before,), (True,), (after,), window)
    return said(op, window)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("3×3, 128", {"kernel": (3, 3)}),
        ("7×7, 128, /2", {"kernel": (7, 7), "stride": (2, 2)}),
        ("1×3, 128, /2×1", {"kernel": (1, 3), "stride": (2, 1)}),
        ("3×3, 128, g32", {"kernel": (3, 3), "groups": 32}),
        ("3×3, 128, d4", {"kernel": (3, 3), "dilation": (4, 4)}),
        ("3×3, 128, depthwise", {"kernel": (3, 3), "groups": 64}),
        ("2×2, 128, transposed, ↑2",
         {"kernel": (2, 2), "stride": (2, 2), "transposed": True}),
    ],
)  # fmt: skip
def test_convolution(said, options):
    """Kernel, filters, then what is out of the ordinary, the stride last."""
    assert said == conv(**options)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("3×3 conv, 64→128", {"kernel": (3, 3)}),
        ("1×1 conv, 256→64, /2",
         {"kernel": (1, 1), "stride": (2, 2), "channels": (256, 64)}),
    ],
)  # fmt: skip
def test_a_convolution_in_full_says_both_widths(said, options):
    """What comes in before what goes out."""
    assert said == conv(said=label_convolution_fully, **options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a", "b"], ("a", "b")),
        (["a", "a", "a"], ("a ×3",)),
        (["a", "b", "a", "b"], ("(a → b) ×2",)),
        (["x", "a", "b", "a", "b", "y"], ("x", "(a → b) ×2", "y")),
        ([], ()),
    ],
)
def test_repeats_are_folded(words, said):
    """The repeat that covers most words is written once."""
    assert said == fold_label_repeats(words)


def test_norms_and_activations_are_passed_over(network):
    """The overview's row names weights and pools."""
    said = [label_layer_briefly(layer) for layer in network("resnet18").layers[:4]]
    assert [["7×7, 64, /2"], [], [], ["3×3 max pool, /2"]] == said


def test_head_says_its_widths(network):
    """Pool, nothing for the flattening, and the classifier."""
    said = [label_layer_briefly(layer) for layer in network("resnet18").layers[-3:]]
    assert [["global average pool"], [], ["fc, 1000"]] == said


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        (nn.Upsample(scale_factor=2), "nearest upsampling, ↑2"),
        (nn.Upsample(scale_factor=4, mode="bilinear"), "bilinear upsampling, ↑4"),
        (nn.Upsample(scale_factor=0.5), "nearest downsampling, /2"),
        (nn.PixelShuffle(2), "pixel shuffle, ↑2"),
    ],
)
def test_upsampling_has_its_own_sign(layer, word):
    """A repeat has the other, "×2"."""
    arch = resviz.trace(nn.Sequential(nn.Conv2d(3, 8, 3), layer), (3, 10, 10))
    assert [word] == label_layer_briefly(arch.layers[1])


def test_a_function_that_bounds_from_0_to_6_is_a_relu6():
    """As its module is; with other bounds it is a hardtanh."""
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Hardtanh(0, 6), nn.Hardtanh(-1, 1))
    arch = resviz.trace(net, (3, 10, 10))
    assert [["ReLU6"], ["hardtanh"]] == [
        label_layer_fully(layer) for layer in arch.layers[1:]
    ]


def test_a_pixel_shuffle_gives_a_map():
    """Also where no convolution reads it: 16×16×3, no row of 768 values."""
    net = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))
    arch = resviz.trace(net, (3, 8, 8))
    assert "16×16×3" in resviz.layers(arch).render("text", width=200)
    assert "768" not in resviz.diagram(arch, "stack").to_svg()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linalg_vector_norm", "vector norm"),
        ("torchvision.roi_align", "RoIAlign"),
        ("torchvision.ps_roi_pool", "ps roi pool"),
        ("_thnn_fused_lstm_cell", "LSTM cell"),
        ("topk", "top k"),
        ("narrow_copy", "narrow"),
        ("_unsafe_index", "index"),
        ("copy", "copy"),
        ("masked_fill", "masked fill"),
        ("add", "+"),
    ],
)
def test_an_operation_is_spelled_without_its_library(name, said):
    """And without the word for a copy of a view; a name of these words alone stays."""
    assert said == spell_operation(name)


class Looking(nn.Module):
    """A network that looks tokens and a class up, and reads whole numbers as values."""

    def __init__(self):
        super().__init__()
        self.words, self.classes = nn.Embedding(9, 8), nn.Embedding(4, 8)

    def forward(self, tokens, kind, mask):
        x = self.words(tokens[:, :5]) * mask[:, :5, None]
        return x + self.classes(kind)[:, None]


def test_what_is_looked_up_has_ids_and_no_channels():
    """Tokens and a class; a mask of whole numbers that is multiplied has a channel."""
    inputs = {
        "tokens": torch.zeros(1, 6, dtype=torch.int64),
        "kind": torch.zeros(1, dtype=torch.int64),
        "mask": torch.zeros(1, 6, dtype=torch.int64),
    }
    arch = resviz.trace(Looking(), kwargs=inputs)
    nodes = [n for n in read_contraction(arch).nodes.values() if n.role == "input"]
    assert {"tokens": "id", "kind": "id", "mask": "1"} == {
        node.lines[0]: node.gives for node in nodes
    }
    assert "id: a number by which weights are looked up" in " ".join(
        texts(resviz.diagram(arch, figure="lanes").picture)
    )
    assert "1 channel" not in resviz.describe(arch, "lanes").split("mask")[0]
