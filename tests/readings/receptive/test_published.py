"""Every published and computed field of ResNets, layer by layer."""

import csv
from functools import cache
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.receptive import compute_receptive_fields

DATA = Path(__file__).parent / "data" / "receptive_field.csv"

ROWS = list(csv.DictReader(DATA.read_text().splitlines()))
"""Facts with their sources; rows without one were counted by r = 1 + Σ (k−1)·d·Π s.

`eff_stride` and `eff_padding` are empty where a source gives none; `resolution` is
that of a network whose padding depends on its input.
"""

COUNTS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
COUNTS |= {"200": (3, 24, 36, 3)}

OPTIONS = {
    "stride 2 in 3x3 conv of first block (torchvision)": "",
    "torchvision": "",
    "v1.5/basic: first block, 3x3": "",
    "v1: first block, first 1x1": ", stride_in='1x1'",
    "stride 2 in first 1x1 (v1)": ", stride_in='1x1'",
    "torchvision replace_stride_with_dilation=[F,T,T] "
    "(OS8; first block keeps previous dilation)": ", output_stride=8",
    "torchvision replace_stride_with_dilation=[F,F,T] (OS16)": ", output_stride=16",
    "mmdet strides=(1,2,1,1) dilations=(1,1,2,4) (every block dilated)": ", "
    "strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4)",
    "mmdet strides=(1,2,2,1) dilations=(1,1,1,2) (DC5)": ", "
    "strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2)",
}
"""Options of `resnet` for each striding; TF-Slim's is built below."""


class SlimUnit(nn.Module):
    """A bottleneck of TF-Slim: its shortcut is subsampled by a 1×1 maximum."""

    def __init__(self, stride):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 3, stride, 1), nn.Conv2d(1, 1, 1)
        )
        self.stride = stride

    def forward(self, x):
        short = F.max_pool2d(x, 1, self.stride) if self.stride > 1 else x
        return short + self.convs(x)


class Slim(nn.Module):
    """TF-Slim's ResNet with one channel; the last unit of blocks 1 to 3 strides.

    `before` and `after` are what TensorFlow's SAME pads around the first pool: one
    position behind where the map is even, one on each side where it is odd.
    """

    def __init__(self, counts, before, after):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 1, 7, 2, 3)
        self.pads = (before, after, before, after)
        self.maxpool = nn.MaxPool2d(3, 2)
        for number, count in enumerate(counts, start=1):
            strides = [1] * (count - 1) + [2 if number < 4 else 1]
            self.add_module(f"layer{number}", nn.Sequential(*map(SlimUnit, strides)))

    def forward(self, x):
        x = self.maxpool(F.pad(self.conv1(x), self.pads, value=-torch.inf))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


@cache
def fields_of(model, striding, resolution):
    """Each layer's name and fields."""
    depth = model.split(" ")[0].rpartition("_")[2].removeprefix("resnet")
    side = int(resolution or 224)
    if striding.startswith("TF-Slim"):
        even = resolution == "224"
        network = Slim(COUNTS[depth], int(not even), 1)
    else:
        network = f"resnet({depth}{OPTIONS[striding]})"
    arch = resviz.trace(network, (3, side, side))
    names = [layer.name for layer in arch.layers]
    return dict(zip(names, compute_receptive_fields(arch).layers, strict=True))


def layer_of(endpoint, names):
    """The layer at which a row was measured: the last one of its stage."""
    if endpoint in {"conv1", "pool1"}:
        return {"conv1": "conv1", "pool1": "maxpool"}[endpoint]
    return [name for name in names if name.startswith(f"layer{endpoint[-1]}.")][-1]


def name_of(row):
    """A row's name among the tests."""
    keys = ("kind", "model", "striding", "resolution", "endpoint")
    return "-".join(row[key][:12] for key in keys)


@pytest.mark.parametrize("row", ROWS, ids=map(name_of, ROWS))
def test_published_fields(row):
    """Field, total stride and padding of both axes."""
    found = fields_of(row["model"], row["striding"], row["resolution"])
    for axis in found[layer_of(row["endpoint"], found)]:
        assert int(row["rf"]) == axis.size
        assert row["eff_stride"] in {"", str(axis.stride)}
        assert row["eff_padding"] in {"", str(axis.padding)}


def test_all_rows_are_there():
    """None was left out."""
    assert 241 == len(ROWS)
