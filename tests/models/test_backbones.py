"""Backbones: dilation, and the options of mmdetection and detectron2.

The figures of the dilated ones were computed from torchvision 0.28's models.
"""

import csv
from pathlib import Path

import pytest
import torch
from torch import nn

from resviz.errors import SpecError

DATA = Path(__file__).parent / "data"
with (DATA / "dilated_backbones.csv").open() as file:
    DILATED = list(csv.DictReader(file))


def outputs(net, size=224):
    """Shapes that a network of stages gives, without the batch."""
    with torch.no_grad():
        found = net(torch.empty(1, 3, size, size, device="meta"))
    return [tuple(each.shape[1:]) for each in found]


def dilations(stage):
    """Dilations of the 3x3 convolutions: first block, others."""
    return [block.conv2.dilation[0] for block in stage]


@pytest.fixture(params=DILATED, ids=lambda row: "-".join(list(row.values())[:3]))
def row(request):
    """One dilated backbone at one input size."""
    return request.param


@pytest.fixture
def backbone(meta, row):
    """The network of that row."""
    return meta(
        "resnet",
        int(row["depth"]),
        output_stride=int(row["output_stride"]),
        out_indices=(0, 1, 2, 3),
    )


def test_dilated_macs(row, backbone, macs):
    """MACs of a backbone with a given output stride are the computed ones."""
    assert int(row["backbone_macs"]) == macs(backbone, int(row["input"]))


def test_dilated_sizes(row, backbone):
    """The last two stages keep the resolution that the output stride allows."""
    found = outputs(backbone, int(row["input"]))
    assert [int(row["layer3"]), int(row["layer4"])] == [size[1] for size in found[2:]]


@pytest.mark.parametrize("layer", ["3", "4"])
def test_dilations(row, backbone, layer):
    """A first block keeps the dilation of the stage before, the others double it."""
    found = dilations(backbone.get_submodule(f"layer{layer}"))
    assert row[f"dilation{layer}"] == f"{found[0]},{found[1]}"
    assert {found[1]} == set(found[1:])


def test_replace_stride_with_dilation(meta, macs):
    """Output stride 8 is torchvision's [False, True, True]."""
    options = {"replace_stride_with_dilation": [False, True, True]}
    expected = macs(meta("resnet50", output_stride=8))
    assert expected == macs(meta("resnet50", **options))


def test_dc5(meta):
    """Strides and dilations per stage: DC5 dilates every block of stage 4."""
    options = {"strides": (1, 2, 2, 1), "dilations": (1, 1, 1, 2)}
    net = meta("resnet50", out_indices=(3,), **options)
    assert dilations(net.layer4) == [2, 2, 2]
    assert outputs(net) == [(2048, 14, 14)]


def test_c4(meta, params):
    """Three stages only: ResNet-50 without its classifier and stage 4."""
    net = meta("resnet50", num_stages=3, out_indices=(2,))
    assert not hasattr(net, "layer4")
    left_out = params(meta("resnet50").layer4) + 2048 * 1000 + 1000
    assert 25_557_032 - left_out == params(net)
    assert outputs(net) == [(1024, 14, 14)]


def test_basic_dilations(meta):
    """A basic block dilates its first convolution only, as mmdetection's."""
    net = meta("resnet18", strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2))
    assert [block.conv1.dilation for block in net.layer4] == [(2, 2)] * 2
    assert [block.conv2.dilation for block in net.layer4] == [(1, 1)] * 2


def test_out_indices(meta):
    """Chosen stages come out as a tuple, and there is no head."""
    net = meta("resnet50", out_indices=(1, 3))
    assert outputs(net) == [(512, 28, 28), (2048, 7, 7)]
    assert {"avgpool", "fc"}.isdisjoint(dict(net.named_children()))


def test_stages_beyond_the_last_index_are_built(meta):
    """Stages after the last index stay, as in mmdetection."""
    assert len(meta("resnet50", out_indices=(0,)).layer4) == 3


def test_deep_stem(meta, params):
    """Three 3x3 convolutions instead of a 7x7: 19,232 parameters more at 64."""
    more = params(meta("resnet50", deep_stem=True)) - params(meta("resnet50"))
    assert more == 19_232


def test_avg_down_pools(meta):
    """Under avg_down a projection pools, then convolves with stride 1."""
    pool, conv, _norm = meta("resnet50", avg_down=True).layer2[0].downsample
    assert isinstance(pool, nn.AvgPool2d)
    assert (pool.stride, pool.ceil_mode, pool.count_include_pad) == (2, True, False)
    assert conv.stride == (1, 1)


@pytest.mark.parametrize("size", [224, 225])
def test_avg_down_at_odd_sizes(meta, size):
    """Pooling rounds up, so that odd sizes meet the main branch's."""
    net = meta("resnet50", avg_down=True, out_indices=(0, 1, 2, 3))
    expected = outputs(meta("resnet50", out_indices=(0, 1, 2, 3)), size)
    assert expected == outputs(net, size)


@pytest.mark.parametrize("depth", [18, 34])
def test_avg_down_rule_of_mmdetection(meta, params, depth):
    """ResNetV1d-18/34 projects in stage 1: 64·64 + 2·64 parameters more."""
    plain = params(meta("resnet", depth, avg_down=True))
    more = params(meta("resnet", depth, avg_down=True, projection="avg_down"))
    assert more - plain == 64 * 64 + 2 * 64


def test_avg_down_rule_leaves_bottlenecks(meta, params):
    """ResNetV1d-50 projects in stage 1 anyway."""
    plain = params(meta("resnet50", avg_down=True))
    assert plain == params(meta("resnet50", avg_down=True, projection="avg_down"))


@pytest.mark.parametrize(
    ("name", "sits_in"), [("caffe", "conv1"), ("pytorch", "conv2")]
)
def test_style(meta, name, sits_in):
    """Style caffe strides in the first 1x1, pytorch in the 3x3."""
    block = meta("resnet50", style=name).layer2[0]
    assert getattr(block, sits_in).stride == (2, 2)
    assert sum(each.stride == (2, 2) for each in (block.conv1, block.conv2)) == 1


@pytest.mark.parametrize("option", [{"style": "caffe"}, {"stride_in": "1x1"}])
def test_style_of_a_basic_block(meta, macs, option):
    """A basic block accepts a style and ignores it."""
    assert macs(meta("resnet18")) == macs(meta("resnet18", **option))


def test_base_channels(meta):
    """Planes of stage i are base_channels · 2^i."""
    net = meta("resnet50", base_channels=32, out_indices=(0, 1, 2, 3))
    assert [shape[0] for shape in outputs(net)] == [128, 256, 512, 1024]
    assert net.conv1.out_channels == 32


def test_stem_channels(meta):
    """A basic net whose stem is wider than stage 1 projects there."""
    net = meta("resnet18", stem_channels=128)
    assert net.layer1[0].downsample[0].weight.shape == (64, 128, 1, 1)


def test_out_channels(meta):
    """RES2_OUT_CHANNELS widens outputs, doubled per stage, not the insides."""
    net = meta("resnet50", out_channels=128, out_indices=(0, 1, 2, 3))
    assert [shape[0] for shape in outputs(net)] == [128, 256, 512, 1024]
    assert net.layer1[0].conv2.out_channels == 64


@pytest.mark.parametrize(
    "options",
    [
        {"strides": (1, 2, 2)},
        {"dilations": (1, 1, 1, 2, 2)},
        {"strides": (1, 2, 2, 0)},
        {"strides": 2},
        {"num_stages": 5},
        {"num_stages": 0},
        {"out_indices": (4,)},
        {"out_indices": ()},
        {"out_indices": 3},
        {"output_stride": 7},
        {"output_stride": 16, "strides": (1, 2, 2, 1)},
        {"output_stride": 16, "replace_stride_with_dilation": (False, False, True)},
        {"replace_stride_with_dilation": (0, 0, 1), "dilations": (1, 1, 1, 2)},
        {"style": "caffe", "stride_in": "3x3"},
        {"style": "tensorflow"},
        {"stride_in": "conv1"},
        {"stem": "patch"},
        {"stem": "cifar", "deep_stem": True},
        {"head": "max"},
        {"shortcut": "D"},
        {"projection": "always"},
        {"projection": "channels", "shortcut": "A"},
        {"avg_down": True, "shortcut": "A"},
        {"in_channels": 0},
        {"num_classes": -1},
        {"groups": 0},
        {"base_channels": 1, "width_per_group": 1},
    ],
    ids=str,
)
def test_impossible_options(meta, options):
    """Options that contradict each other or the network fail in one line."""
    with pytest.raises(SpecError) as caught:
        meta("resnet50", **options)
    assert "\n" not in str(caught.value)
    assert ": got " in str(caught.value)


@pytest.mark.parametrize("indices", [(2, 0), (3, 1, 2), (1, 1)])
def test_stages_are_returned_in_the_order_in_which_they_are_asked_for(meta, indices):
    """As a neck reads them, twice too."""
    maps = meta("resnet18", out_indices=indices)(
        torch.empty(1, 3, 64, 64, device="meta")
    )
    assert [64 << index for index in indices] == [one.shape[1] for one in maps]


def test_what_is_left_out_of_a_backbone_is_named(meta):
    """All of it, so that whole weights load into a part."""
    net = meta("resnet18", num_stages=2, num_classes=0)
    assert {"layer3.", "layer4.", "fc."} == {*net.omitted}
