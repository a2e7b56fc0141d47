"""Inputs that the first layers take for something else than they are."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from resviz import TraceError, trace
from tests.forwards import Forward


def pyramid(model, x):
    """Maps that halve `levels` times, and grow again to be added."""
    skips = []
    for _ in range(model.levels):
        skips.append(x)
        x = nn.functional.max_pool2d(x, 3, 2, 1)
    while skips:
        x = nn.functional.interpolate(x, scale_factor=2) + skips.pop()
    return x


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            3,
            r"got 3, which holds no tensor: want .*torch\.empty\(1, 3, 224",
        ),
        ((3, 9, 8), r"got 3, 9, 8, which .* sizes alone, input_size=\(3, 9, 8\)"),
        ("3,9,8", "got '3,9,8', which holds no tensor"),
        (np.zeros((1, 3, 9, 9)), r"got ndarray, want tensors, .*from_numpy\(x\)"),
    ],
)
def test_what_is_no_tensor_is_told_what_to_give(given, words):
    """As `inputs`, where torch tells of types of C++."""
    with pytest.raises(TraceError, match=f"; inputs=: {words}"):
        trace(nn.Sequential(nn.Conv2d(3, 4, 3)), inputs=given)


def test_a_number_that_a_forward_takes_is_no_wrong_input():
    """What fails for another reason is told that reason alone."""
    net = Forward(lambda model, n: torch.zeros(n, 3) @ torch.zeros(4, 5))
    with pytest.raises(TraceError) as raised:
        trace(net, inputs=3)
    assert "inputs=:" not in str(raised.value)


def halving(levels):
    """A net of a pyramid, and no weights."""
    net = Forward(pyramid)
    net.levels = levels
    return net


def shift_frames(model, x):
    """Frames of a batch that is clips of eight, one after another."""
    maps = model.conv(x)
    clips = maps.view(maps.shape[0] // 8, 8, *maps.shape[1:])
    return torch.roll(clips, 1, 1).view(maps.shape)


def classify_flat(model, x):
    """Digits, as the first net of every course has them."""
    return model.fc(model.conv(x).relu().flatten(1))


def read_pair(model, x):
    """Two pictures that are joined along the channels."""
    left, right = x.chunk(2, 1)
    return model.conv(left) + model.conv(right)


def add_coordinates(model, x):
    """A picture to which the places of its positions are joined."""
    n, _, h, w = x.shape
    return model.conv(torch.cat([x, x.new_zeros(n, 2, h, w)], 1))


def squeeze_pooled(model, x):
    """A head that drops every axis of one, the batch of a lone sample too."""
    return model.norm(model.conv(x).mean((2, 3), keepdim=True).squeeze())


def classify_squeezed(model, x):
    """The same, where classes are compared along the second axis."""
    return F.log_softmax(model.conv(x).mean((2, 3), keepdim=True).squeeze(), 1)


def join_squeezed(model, x):
    """The same, where a second feature is joined to it."""
    pooled = model.conv(x).mean((2, 3), keepdim=True).squeeze()
    return torch.cat([pooled, x.mean((2, 3))], 1)


TWO = "--batch 2 works, in Python batch=2: squeeze() takes away a batch of one"

VOLUMES = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1), nn.GroupNorm(2, 8))
SIGNALS = nn.Sequential(nn.Conv1d(1, 8, 3), nn.BatchNorm1d(8))
DIGITS = {"conv": nn.Conv2d(1, 8, 3), "fc": nn.Linear(8 * 26 * 26, 10)}

REMEDIES = {
    "multiples of 64": (halving(6), (3, 224, 224), "256×256 works, multiples of 64"),
    "multiples of 128": (halving(7), (3, 224, 224), "256×256 works, multiples of 128"),
    "multiples of 4": (halving(2), (3, 225, 226), "228×228 works, multiples of 4"),
    "a batch of clips": (
        Forward(shift_frames, conv=nn.Conv2d(3, 4, 1)),
        (3, 32, 32),
        "--batch 8 works, in Python batch=8",
    ),
    "a norm of what is squeezed": (
        Forward(squeeze_pooled, conv=nn.Conv2d(3, 4, 1), norm=nn.BatchNorm1d(4)),
        (3, 8, 8),
        TWO,
    ),
    "classes that are squeezed": (
        Forward(classify_squeezed, conv=nn.Conv2d(3, 4, 1)),
        (3, 8, 8),
        TWO,
    ),
    "a join of what is squeezed": (
        Forward(join_squeezed, conv=nn.Conv2d(3, 4, 1)),
        (3, 8, 8),
        TWO,
    ),
    "a volume": (VOLUMES, (3, 32, 32), "--input 1,16,32,32 works"),
    "a picture in grey": (Forward(classify_flat, **DIGITS), (28, 28), "1,28,28 works"),
    "a signal": (SIGNALS, (100,), "--input 1,100 works"),
    "a pair": (Forward(read_pair, conv=nn.Conv2d(3, 4, 1)), (3, 8, 8), "6,8,8 works"),
    "coordinates": (
        Forward(add_coordinates, conv=nn.Conv2d(6, 4, 1)),
        (3, 8, 8),
        "--input 4,8,8 works",
    ),
}
"""What is given to which net, and the remedy."""


@pytest.mark.parametrize("name", REMEDIES)
def test_a_misread_input_is_told_what_works(name):
    """What is told was tried, and so were two multiples of a factor that is named."""
    net, size, remedy = REMEDIES[name]
    with pytest.raises(TraceError) as raised:
        trace(net, size)
    assert remedy in str(raised.value)


def test_a_remedy_in_the_code_stays_where_no_input_works():
    """No picture has the channels that a constant has besides."""
    net = Forward(
        lambda model, x: model.conv(x.new_zeros(1, 2, 8, 8) + x.mean()),
        conv=nn.Conv2d(3, 4, 1),
    )
    with pytest.raises(TraceError, match="in_channels would have to be 2"):
        trace(net, (3, 8, 8))
