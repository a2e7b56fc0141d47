"""Steps to a smaller map without a window: below Table 1, and in the shape flow."""

import csv

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz


class Block(nn.Module):
    """Two 3×3 convolutions beside an identity."""

    def __init__(self, width):
        super().__init__()
        self.a = nn.Conv2d(width, width, 3, padding=1)
        self.b = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return torch.relu(x + self.b(torch.relu(self.a(x))))


class Stages(nn.Module):
    """Two stages with a step between them."""

    def __init__(self, step, width):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.s1 = nn.Sequential(Block(16), Block(16))
        self.c = nn.Conv2d(width, 32, 1)
        self.s2 = nn.Sequential(Block(32), Block(32))
        self.step = step

    def forward(self, x):
        return self.s2(self.c(self.step(self.s1(self.stem(x))))).mean((2, 3))


def focus(x):
    """Ultralytics' Focus, and Swin's patch merging with channels first."""
    parts = [x[..., i::2, j::2] for j in (0, 1) for i in (0, 1)]
    return torch.cat(parts, 1)


def split_axes(x):
    n, c, h, w = x.shape
    return x.view(n, c, h // 2, 2, w // 2, 2)


def group(x):
    n, c, h, w = x.shape
    return split_axes(x).permute(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def unfold(x):
    n, c, h, w = x.shape
    return F.unfold(x, 2, stride=2).view(n, 4 * c, h // 2, w // 2)


STEPS = {
    "focus": (focus, "a space-to-depth step with a stride of 2"),
    "unshuffle": (nn.PixelUnshuffle(2), "a space-to-depth step with a stride of 2"),
    "group": (group, "a space-to-depth step with a stride of 2"),
    "unfold": (unfold, "a space-to-depth step with a stride of 2"),
    "slice": (lambda x: x[:, :, ::2, ::2], "a slice with a stride of 2"),
    "thirds": (lambda x: x[:, :, ::3, ::3], "a slice with a stride of 3"),
    "rows": (lambda x: x[:, :, ::2], "a slice with a stride of 2×1"),
    "mean": (
        lambda x: split_axes(x).mean((3, 5)),
        "a 2×2 average pool with a stride of 2",
    ),
    "max": (lambda x: split_axes(x).amax((3, 5)), "a 2×2 max pool with a stride of 2"),
    "resize": (
        lambda x: F.interpolate(x, scale_factor=0.5),
        "a resize with a stride of 2",
    ),
    "pool": (nn.AvgPool2d(2), "a 2×2 average pool with a stride of 2"),
}


def trace(name):
    """The record of such a network, of 24×24 pixels."""
    step = STEPS[name][0]
    with torch.no_grad():
        width = step(torch.empty(1, 16, 24, 24)).shape[1]
    return resviz.trace(Stages(step, width), (3, 24, 24))


@pytest.mark.parametrize("name", STEPS)
def test_table_one_says_where_the_map_gets_smaller(name):
    """In words below it, as data in JSON, as a row in CSV."""
    table = resviz.table(trace(name))
    line = f"by {STEPS[name][1]} before s2.0"
    assert f"downsampling is performed {line}" in table.notes
    (found,) = table.to_dict()["columns"][0]["downsampling"]
    assert ("s2.0", False) == (found["block"], found["inside"])
    assert ["downsampling", "", line] == list(csv.reader(table.to_csv().splitlines()))[
        -1
    ]


@pytest.mark.parametrize("name", STEPS)
def test_the_flow_has_one_step_there(name):
    """Also where both axes are sliced one after the other."""
    sizes = [step.size for step in trace(name).flow]
    small = {"thirds": (8, 8), "rows": (12, 24)}.get(name, (12, 12))
    assert [(24, 24), small, (1, 1)] == sizes


def test_the_arithmetic_of_a_slice():
    """Every second position of both axes."""
    step = trace("slice").flow[1]
    assert ("slice", "every 2nd of 24×24 = 12×12") == (step.name, step.arithmetic)


def test_a_map_is_regrouped_where_it_is():
    """Not where the next layer with a window reads it."""
    step = trace("group").flow[1]
    assert step.name.startswith("reshape")
    assert step.arithmetic == "12×12 of 24×24, regrouped"


def test_crops_and_heads_are_no_downsampling():
    """A border that is cut off, and the mean at the end."""
    model = Stages(lambda x: x[:, :, 2:-2, 2:-2], 16)
    assert not resviz.table(model, input_size=(3, 24, 24)).to_dict()["columns"][0][
        "downsampling"
    ]


def test_a_network_without_strides_has_no_row_of_them():
    """In CSV."""
    table = resviz.table(Stages(nn.Identity(), 16), input_size=(3, 8, 8))
    assert "downsampling" not in table.to_csv()


def test_resnets_keep_their_words_in_csv():
    """v1 and v1.5 differ in it."""
    table = resviz.table([50, "resnet(50, stride_in='1x1')"])
    by = "by conv3_1, conv4_1 and conv5_1 with a stride of 2, at their"
    last = list(csv.reader(table.to_csv().splitlines()))[-1]
    assert ["downsampling", "", f"{by} 3×3", f"{by} first 1×1"] == last
