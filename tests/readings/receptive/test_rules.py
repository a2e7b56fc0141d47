"""Fields of single operations and of small graphs, by hand."""

from fractions import Fraction

import msgspec
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.receptive import WHOLE, compute_receptive_fields
from resviz.record.storage import parse_record
from tests.forwards import Function


def after(function, size=(4, 10, 10)):
    """The reading of a 3×3 convolution and a function of what it gives."""
    first = nn.Conv2d(4, 4, 3, padding=1)
    return compute_receptive_fields(
        resviz.trace(nn.Sequential(first, Function(function)), size)
    )


def numbers(axis):
    """Field, stride, padding and centre."""
    return axis.size, axis.stride, axis.padding, axis.offset


half, quarter = Fraction(1, 2), Fraction(1, 4)

WINDOWS = {
    "max pool": (lambda x: F.max_pool2d(x, 3, 2, 1), (5, 2, 2, 0)),
    "rounded up": (lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), (5, 2, 1, 1)),
    "average pool": (lambda x: F.avg_pool2d(x, 2), (4, 2, 1, half)),
    "adaptive pool": (lambda x: F.adaptive_avg_pool2d(x, 5), (4, 2, 1, half)),
    "uneven pool": (
        lambda x: F.adaptive_max_pool2d(x, 3),
        (6, Fraction(10, 3), 1, Fraction(7, 6)),
    ),
    "crop": (lambda x: x[:, :, 2:-2, 2:-2], (3, 1, -1, 2)),
    "last rows": (lambda x: x[:, :, -4:, -4:], (3, 1, -5, 6)),
    "subsampling": (lambda x: x[:, :, 1::2, 1::2], (3, 2, 0, 1)),
    "padding": (lambda x: F.pad(x, (2, 1, 2, 1)), (3, 1, 3, -2)),
    "mirror": (lambda x: F.pad(x, (2, 1, 2, 1), "reflect"), (3, 1, 3, -2)),
    "piece": (lambda x: x.chunk(2, 2)[1].chunk(2, 3)[1], (3, 1, -4, 5)),
    "nearest": (lambda x: F.interpolate(x, scale_factor=2), (3, half, 1, -quarter)),
    "bilinear": (
        lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
        (4, half, 2, -quarter),
    ),
    "pixel shuffle": (lambda x: F.pixel_shuffle(x, 2), (3, half, 1, -quarter)),
    "pixel unshuffle": (lambda x: F.pixel_unshuffle(x, 2), (4, 2, 1, half)),
    "transposed": (
        lambda x: F.conv_transpose2d(x, torch.ones(4, 1, 4, 4), stride=2, padding=1),
        (4, half, 2, -quarter),
    ),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name):
    """Field, stride, padding, centre after a 3×3 convolution, by hand."""
    function, expected = WINDOWS[name]
    found = after(function)
    assert [expected, expected] == [numbers(axis) for axis in found.layers[-1]]
    assert () == found.unknown


SAME = {
    "activation": F.relu,
    "batch norm": lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4)),
    "group norm": lambda x: F.group_norm(x, 2),
    "layer norm over channels": lambda x: F.layer_norm(x.permute(0, 2, 3, 1), (4,))
    .permute(0, 3, 1, 2),
    "linear over channels": lambda x: F.linear(x.permute(0, 2, 3, 1), torch.ones(5, 4)),
    "softmax over channels": lambda x: x.softmax(1),
    "mean over channels": lambda x: x.mean(1, keepdim=True),
    "half of the channels": lambda x: x.split([1, 3], 1)[1],
    "gated linear unit": lambda x: F.glu(x, 1),
    "channel shuffle": lambda x: x.view(-1, 2, 2, 10, 10).transpose(1, 2)
    .reshape(-1, 4, 10, 10),
    "tokens and back": lambda x: x.flatten(2).transpose(1, 2).relu().transpose(1, 2)
    .unflatten(2, (10, 10)),
    "stacked": lambda x: torch.stack([x, x.relu()], 1).sum(1),
    "copied": lambda x: torch.zeros_like(x).copy_(x),
    "fitted twice": lambda x: x + x,
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_what_changes_no_field(name):
    """Channels, norms and layouts: still 3×3."""
    found = after(SAME[name])
    assert [(3, 1, 1, 0)] * 2 == [numbers(axis) for axis in found.layers[-1]]
    assert () == found.unknown + found.gated + found.off_centre


ALL = {
    "adaptive pool": lambda x: F.adaptive_avg_pool2d(x, 1),
    "mean": lambda x: x.mean((2, 3)),
    "maximum": lambda x: x.amax((2, 3)),
    "mean of all": lambda x: x.mean(),
    "linear over positions": lambda x: F.linear(x.flatten(1), torch.ones(2, 400)),
    "difference to the mean": lambda x: x - x.mean((2, 3), keepdim=True),
    "softmax over positions": lambda x: x.flatten(2).softmax(2),
    "attention": lambda x: F.scaled_dot_product_attention(
        *[x.flatten(2).transpose(1, 2)] * 3
    ),
    "a pooled addend": lambda x: torch.baddbmm(
        x.mean((2, 3))[:, :1, None], torch.ones(1, 5, 4), x.flatten(2)
    ),
    "a pooled branch": lambda x: torch.cat(
        [x, F.interpolate(F.adaptive_avg_pool2d(x, 1), size=(10, 10))], 1
    ),
}


@pytest.mark.parametrize("name", ALL)
def test_what_sees_the_whole_input(name):
    """After it no number stands."""
    found = after(ALL[name])
    assert (WHOLE, WHOLE) == found.layers[-1]
    assert () == found.unknown


@pytest.mark.parametrize(
    "cut", [lambda x: x[:, :, :-2, :-2], lambda x: x[:, :, 2:, 2:]]
)
def test_what_misses_the_last_pixel_does_not_see_all(cut):
    """A pool over a crop gathers a part of the input, of which nobody knows more."""
    found = after(lambda x: F.adaptive_avg_pool2d(cut(x), 1))
    assert (None, None) == found.layers[-1]


@pytest.mark.parametrize("side", range(12, 16))
def test_what_a_last_stride_leaves_over_is_seen_all_the_same(side):
    """A position more would not fit; of three that are there, two are not all."""
    patches = nn.Conv2d(4, 4, 4, stride=4)
    for pooled, seen in ((lambda x: x, WHOLE), (lambda x: x[:, :, :2, :2], None)):
        net = nn.Sequential(
            patches, Function(lambda x, cut=pooled: cut(x).mean((2, 3)))
        )
        reading = compute_receptive_fields(resviz.trace(net, (4, side, side)))
        assert (seen, seen) == reading.layers[-1]


def test_a_pool_over_one_position_gathers_nothing():
    """Of a map of one position it sees what that one sees."""
    found = after(lambda x: F.adaptive_avg_pool2d(x[:, :, 4:5, 4:5], 1))
    assert [3, 3] == [axis.size for axis in found.layers[-1]]
    assert () == found.unknown


def test_of_three_branches_the_farthest_centres_are_said():
    """One is moved by two columns; the third is where the first is."""
    found = after(lambda x: torch.cat([x, F.pad(x, (2, -2)), x], 1))
    (join,) = found.off_centre
    assert (0, 2) == join.apart


def test_rows_that_meet_themselves_across_have_no_field():
    """A sum over all pairs of rows has positions of two, not of one."""
    found = after(lambda x: x[..., :1] + x[..., :1].transpose(2, 3))
    assert None is found.layers[-1][0]
    assert "axes meet that run over other positions" == found.unknown[0].why


def test_one_axis_may_be_seen_whole():
    """A mean over rows leaves columns apart."""
    rows, columns = after(lambda x: x.mean(2)).layers[-1]
    assert (WHOLE, (3, 1, 1, 0)) == (rows, numbers(columns))


def written(x):
    """A map that is written to in part."""
    y = x * 1
    y[:, :, ::2] = 0
    return y


UNKNOWN = {
    "no rule for roll": lambda x: x.roll(1, 2),
    "no rule for im2col": lambda x: F.unfold(x, 3),
    "a map is cut into pieces, as into windows of attention": lambda x: x.view(
        -1, 4, 2, 5, 2, 5
    ),
    "axes meet that run over other positions": lambda x: x + x.transpose(2, 3),
    "one position is singled out": lambda x: x[:, :, 3],
    "positions are put one behind the other": lambda x: torch.cat(
        [x, F.avg_pool2d(x, (3, 1), 1)], 2
    ),
    "a part of the input is gathered": lambda x: x[:, :, :3, :3].mean((2, 3)),
    "a part of a tensor is written over": written,
    "branches with total strides of 2 and 1 pixels meet": lambda x: (
        F.avg_pool2d(x, 2) + x[:, :, :5, :5]
    ),
    "no rule for convolution here": lambda x: F.conv2d(
        x.transpose(1, 2), torch.ones(x.shape[2], x.shape[2] // 2, 1, 1), groups=2
    ),
    "a part of the input is spread over all positions": lambda x: (
        x + F.avg_pool2d(x[:, :, :3, :3], 3)
    ),
}


@pytest.mark.parametrize("why", UNKNOWN)
def test_what_is_not_known_is_said_once(why):
    """None, never a wrong number; the reason, how often, and where."""
    found = after(UNKNOWN[why])
    rows, columns = found.layers[-1]
    assert rows is None
    assert (columns is None) == (why != "one position is singled out")
    assert [(why, 1, "1")] == [(gap.why, gap.count, gap.first) for gap in found.unknown]


def tokens(x):
    """The positions of a map as a sequence, channels last."""
    return x.flatten(2).transpose(1, 2)


def with_class_token(x):
    """A row of zeros before the positions of a map."""
    return torch.cat([torch.zeros(len(x), 1, 4), tokens(x)], 1)


JOINED = {
    "a class token": (with_class_token, [(1, 101)]),
    "another behind": (
        lambda x: torch.cat([with_class_token(x), torch.zeros(len(x), 2, 4)], 1),
        [(1, 101), (2, 103)],
    ),
    "tokens first": (lambda x: with_class_token(x).transpose(0, 1) * 2, [(1, 101)]),
    "heads": (lambda x: with_class_token(x).unflatten(2, (2, 2)), [(1, 101)]),
    "taken away again": (
        lambda x: with_class_token(x)[:, 1:].mT.unflatten(2, (10, 10)),
        [(1, 101)],
    ),
    "split off": (lambda x: with_class_token(x).split([1, 100], 1)[1], [(1, 101)]),
    "put back": (
        lambda x: torch.cat([*with_class_token(x).split([1, 100], 1)], 1),
        [(1, 101), (1, 101)],
    ),
    "itself": (lambda x: torch.cat([x, x], 2), []),
}


@pytest.mark.parametrize("name", JOINED)
def test_positions_beside_those_that_see_nothing_keep_their_field(name):
    """Still 3×3, and how many see nothing is said."""
    function, blind = JOINED[name]
    found = after(function)
    assert [(3, 1, 1, 0)] * 2 == [numbers(axis) for axis in found.layers[-1]]
    assert ((), blind) == (
        found.unknown,
        [(spot.count, spot.positions) for spot in found.blind],
    )


def test_a_class_token_alone_sees_nothing():
    """Before it attends to the others."""
    assert None is after(lambda x: with_class_token(x)[:, :1]).layers[-1]


def test_attention_beside_a_class_token_sees_all():
    """Its fields together are the input."""
    found = after(lambda x: F.scaled_dot_product_attention(*[with_class_token(x)] * 3))
    assert ((WHOLE, WHOLE), ()) == (found.layers[-1], found.unknown)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.conv1d(with_class_token(x).mT, torch.ones(4, 4, 3)),
        lambda x: with_class_token(x)[:, :50],
        lambda x: with_class_token(x)[:, ::2],
        lambda x: with_class_token(x)[:, 1:].unflatten(1, (4, 25)),
        lambda x: with_class_token(x) + with_class_token(x).flip(1),
        lambda x: (
            torch.cat([torch.zeros(1, 1, 4), tokens(x)], 1)
            + torch.cat([tokens(x), torch.zeros(1, 1, 4)], 1)
        ),
    ],
)
def test_what_mixes_joined_positions_has_no_field(function):
    """Windows over both kinds, pieces of one, sums in another order."""
    assert (None, None) == after(function, (4, 10, 10)).layers[-1]


def test_fields_beside_a_class_token_are_those_of_its_gradients():
    """Each token depends on the pixels of the map's position that it is."""
    net = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), Function(with_class_token))
    (rows, columns) = compute_receptive_fields(resviz.trace(net, (1, 8, 8))).layers[-1]
    x = torch.rand(1, 1, 8, 8, requires_grad=True)
    for place, token in enumerate(net(x)[0, 1:]):
        (gradient,) = torch.autograd.grad(token.sum(), x, retain_graph=True)
        touched = gradient[0, 0].nonzero().tolist()
        for axis, k in ((rows, 0), (columns, 1)):
            first, last = axis.interval_at(divmod(place, 4)[k])
            pixels = [pixel[k] for pixel in touched]
            assert (max(first, 0), min(last, 7)) == (min(pixels), max(pixels))


class Gated(nn.Module):
    """Squeeze-and-excitation around a map."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return x * self.fc(F.adaptive_avg_pool2d(x, 1)).sigmoid()


def test_a_gate_is_left_out_and_said():
    """The field is that of the map; the gate sees the whole input."""
    arch = resviz.trace(nn.Sequential(nn.Conv2d(4, 4, 3), Gated()), (4, 9, 9))
    found = compute_receptive_fields(arch)
    assert [(3, 1, 0, 1)] * 2 == [numbers(axis) for axis in found.layers[-1]]
    assert (("1:mul",), (WHOLE, WHOLE)) == (found.gated, found.layers[2])


def test_branches_off_centre_are_said():
    """2×2 averages are centred half a pixel beside 3×3 maxima."""
    found = after(lambda x: F.avg_pool2d(x, 2) + F.max_pool2d(x, 3, 2, 1))
    assert [("1", (half, half))] == [(it.name, it.apart) for it in found.off_centre]
    assert (5, 2, 2, 0) == numbers(found.layers[-1][0])


def test_aligned_branches_are_not(record):
    """ResNet-50's projections are centred on its windows."""
    assert () == compute_receptive_fields(record("resnet50")).off_centre


def test_resnet_d_is_off_centre(record):
    """Its shortcut averages 2×2 where its main branch slides a 3×3."""
    arch = record("resnet(50, avg_down=True)")
    first, *others = compute_receptive_fields(arch).off_centre
    assert (2, 2, 2) == (*first.apart, len(others))


def test_axes_differ():
    """Rows and columns have fields of their own."""
    conv = nn.Conv2d(3, 4, (3, 5), (1, 2), (0, 2), (2, 1))
    rows, columns = compute_receptive_fields(resviz.trace(conv, (3, 20, 20))).layers[0]
    assert ((5, 1, 0, 2), (5, 2, 2, 0)) == (numbers(rows), numbers(columns))


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (nn.Sequential(nn.Conv1d(3, 4, 3), nn.MaxPool1d(2)), (3, 20)),
        (nn.Sequential(nn.Conv3d(3, 4, 3), nn.AvgPool3d(2)), (3, 8, 8, 8)),
    ],
)
def test_one_and_three_axes(model, size):
    """A window of 3, a pool of 2 along each axis."""
    found = compute_receptive_fields(resviz.trace(model, size)).layers[-1]
    assert [(4, 2, 0, Fraction(3, 2))] * (len(size) - 1) == [*map(numbers, found)]


def test_an_input_without_a_map_has_no_fields():
    """Features are no positions."""
    assert (None,) == compute_receptive_fields(
        resviz.trace(nn.Linear(4, 2), (4,))
    ).layers


def test_a_record_of_before_says_that_it_does_not_know():
    """Which operation of a layer feeds which was not always recorded."""
    arch = resviz.trace(nn.Sequential(nn.Conv1d(3, 3, 1), nn.MaxPool1d(2)), (3, 8))
    data = msgspec.to_builtins(arch)
    for operation in data["layers"][1]["operations"]:
        operation.pop("sources")
    data["layers"][1].pop("ends")
    found = compute_receptive_fields(parse_record(msgspec.json.encode(data)))
    assert (None,) == found.layers[-1]
    assert ["an older record, which does not say what feeds what"] == [
        gap.why for gap in found.unknown
    ]


def test_a_mask_is_no_gap():
    """Dropout in training gives one beside its values."""
    net = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Dropout(0.5), nn.Conv2d(4, 4, 3))
    found = compute_receptive_fields(resviz.trace(net, (4, 9, 9), training=True))
    assert (5, ()) == (found.layers[-1][0].size, found.unknown)


def test_ten_thousand_layers():
    """A long chain is walked without recursion: 1 + 2 · 10,000."""
    conv = nn.Conv2d(1, 1, 3, padding=1)
    arch = resviz.trace(nn.Sequential(*[conv] * 10_000), (1, 8, 8))
    assert (20_001, 1, 10_000, 0) == numbers(
        compute_receptive_fields(arch).layers[-1][0]
    )
