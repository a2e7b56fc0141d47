"""Bytes that layers move, against numbers worked out by hand, and their bounds."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.devices import DEVICES, find_device
from resviz.readings.roofline import list_traffic, read_roofline

DEVICE = find_device("name=Ours,flops=1T,bandwidth=100GB/s")


def test_bytes_of_a_resnet_are_those_by_hand(record):
    """A convolution reads maps and weights; a norm four vectors; a ReLU its map."""
    arch = record("resnet18")
    conv, norm, relu, pool = list_traffic(arch)[:4]
    image, full, half = 3 * 224**2, 64 * 112**2, 64 * 56**2
    assert (4 * (image + 64 * 3 * 49), 4 * full) == (conv.read, conv.written)
    assert (4 * (full + 4 * 64), 4 * full) == (norm.read, norm.written)
    assert (4 * full, 4 * full) == (relu.read, relu.written)
    assert (4 * full, (4 + 8) * half) == (pool.read, pool.written)
    assert 2 * 118_013_952 / conv.bytes == conv.intensity


def test_what_no_window_reaches_is_not_read(record):
    """A 1×1 of stride 2 reads a quarter of its map, a view nothing."""
    arch = record("resnet18")
    down, flat = arch["layer2.0.downsample.0"].index, arch["flatten"].index
    traffic = {each.layers[0]: each for each in list_traffic(arch)}
    assert 4 * (64 * 28**2 + 64 * 128) == traffic[down].read
    assert 0 == traffic[flat].bytes


def test_lookups_read_their_rows():
    """Not the whole table; and what is written in part is moved in part."""

    class Lookup(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(10_000, 16)

        def forward(self, ids):
            found = self.table(ids)
            return found + found

    table, _ = list_traffic(resviz.trace(Lookup(), "ids=int64:N,8"))
    assert (8 * 16 * 4 + 8 * 8, 8 * 16 * 4) == (table.read, table.written)


def test_folded_layers_move_nothing_of_their_own(record):
    """A block's norms, ReLUs and addition cost but the skip, which is read again."""
    arch = record("resnet18")
    kernels = list_traffic(arch, fused=True)
    assert 20 + 1 + 1 + 1 + 1 == len(kernels)
    assert sum(len(each.layers) for each in kernels) == len(arch)
    assert sum(each.macs for each in kernels) == arch.macs
    last = next(k for k in kernels if k.layers[0] == arch["layer1.0.conv2"].index)
    names = [arch.layers[number].name for number in last.layers]
    maps = 64 * 56**2
    assert ["layer1.0.conv2", "layer1.0.bn2", "layer1.0:add"] == names[:3]
    assert 4 * (maps + 64 * 64 * 9 + maps) == last.read


def test_norms_of_training_are_not_folded():
    """They need the statistics of what is written first."""
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8), nn.ReLU())
    kernels = [
        len(list_traffic(resviz.trace(model, (3, 8, 8), training=mode), fused=True))
        for mode in (False, True)
    ]
    assert [1, 3] == kernels


class AfterConv(nn.Module):
    """A convolution, and what a line of code makes of what it gives."""

    def __init__(self, line):
        super().__init__()
        self.conv, self.line = nn.Conv2d(3, 3, 1), line

    def forward(self, x):
        return self.line(self.conv(x))


@pytest.mark.parametrize(
    ("line", "kernels"),
    [
        (lambda x: torch.sigmoid(torch.relu(x)), 1),
        (lambda x: (torch.relu(x), torch.sigmoid(x)), 3),
        (lambda x: (x, torch.relu(x)), 2),
        (lambda x: [torch.relu(x), {"map": x}], 2),
        (lambda x: (y := torch.relu(x), torch.sigmoid(y)), 2),
        (lambda x: torch.relu(x.new_zeros(2, 3, 8, 8) + x), 4),
        (lambda x: x.softmax(1), 2),
    ],
    ids=["a chain", "two readers", "given too", "given later", "given between",
         "broadcast", "no elementwise work"],
)  # fmt: skip
def test_what_others_read_too_is_written(line, kernels):
    """An output of two readers, of which one may be who called, is folded in none."""
    traffic = list_traffic(resviz.trace(AfterConv(line), (3, 8, 8)), fused=True)
    assert kernels == len([each for each in traffic if each.bytes])


def test_bounds_are_the_larger_of_both_times(record):
    """Written out; the total is their sum, and half the bytes take half the time."""
    arch = record("resnet18")
    read = read_roofline(arch, DEVICE, fused=False)
    for bound in read.bounds:
        traffic = bound.traffic
        assert max(traffic.bytes / 1e11, traffic.flops / 1e12) == bound.seconds
        assert bound.is_memory_bound == (traffic.intensity < read.ridge)
    half = read_roofline(arch, DEVICE, "float16", fused=False)
    integers = 2 * 8 * 64 * 56**2  # the places of maxima stay as they are
    whole, less = (sum(b.traffic.bytes for b in r.bounds) for r in (read, half))
    assert whole - less == pytest.approx((whole - integers / 2) / 2)


@pytest.mark.parametrize("name", DEVICES)
def test_published_peaks_are_of_one_order(name):
    """Fewer bits are no slower, and every device says where its numbers are from."""
    device = DEVICES[name]
    peaks = [device.find_flops(p) for p in ("float64", "float32", "tf32", "float16")]
    known = [peak for peak in peaks if peak]
    assert sorted(known) == known
    assert device.source
    assert device == find_device(name.lower()) == find_device(f"nvidia {name}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A10", "want one of T4, V100, A100-40GB"),
        ("A100", "A100-40GB"),
        ("flops=10T", "want name, flops, bandwidth once each"),
        ("flops=10T,flops=9T,bandwidth=1G", "once each"),
        ("flops=10T,bandwith=1G", "'bandwith' in it"),
        ("flops=fast,bandwidth=1G", "flops: got 'fast'"),
        ("flops=1T,bandwidth=0", "bandwidth: got '0'"),
    ],
)
def test_wrong_devices_are_refused(text, words):
    """With what is legal."""
    with pytest.raises(resviz.SpecError, match=words):
        find_device(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("1.555 TB/s", 1.555e12), ("900GB/s", 9e11), ("900 G", 9e11), ("68.3gb/s", None),
     ("512B/s", 512)],
)  # fmt: skip
def test_units_may_be_written(text, rate):
    """Decimal ones, as vendors write them."""
    spec = f"flops=312 TFLOP/s,bandwidth={text}"
    if rate is None:
        with pytest.raises(resviz.SpecError, match="want 900G or"):
            find_device(spec)
    else:
        device = find_device(spec)
        assert (rate, 312e12) == (device.bandwidth, device.find_flops("float32"))
