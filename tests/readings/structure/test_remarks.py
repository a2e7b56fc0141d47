"""What is unusual is said in words."""

import pytest
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.remarks import find_remarks

from .toys import Basic, conv

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
