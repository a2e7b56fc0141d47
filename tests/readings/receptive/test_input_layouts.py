"""Fields of inputs whose channels or samples lie elsewhere, against gradients."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.receptive import WHOLE, Axis, compute_receptive_fields
from resviz.record.storage import parse_record
from tests.forwards import Forward


def two(m, x):
    return m.b(m.a(x))


def steps(m, x):
    """Each step in time on its own, and all of them together at the end."""
    y = two(m, x.flatten(0, 1)).unflatten(0, x.shape[:2])
    return y.mean(m.time) if m.time is not None else y


def attend(m, x):
    x = m.n(x)
    return x + (x.transpose(0, 1) @ x.permute(1, 2, 0) @ x.transpose(0, 1)).transpose(
        0, 1
    )


def window(m, x):
    """A convolution over time, each position on its own."""
    t, n, h, w, c = x.shape
    y = m.t(x.permute(1, 2, 3, 4, 0).reshape(n * h * w, c, t))
    y = y.reshape(n, h, w, 2, t).permute(0, 4, 3, 1, 2).flatten(0, 1)
    return two(m, y).unflatten(0, (n, t))


def conv(dimensions, kernel=3, stride=1, width=2):
    kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dimensions - 1]
    return kind(width, 2, kernel, stride, kernel // 2)


PAIR = {"a": conv(2), "b": conv(2, 5, 2)}
LINE = {"a": conv(1), "b": conv(1, 5, 2)}

CASES = {
    "channels last": (
        Forward(lambda m, x: two(m, x.permute(0, 3, 1, 2)), **PAIR),
        "N,24,20,2",
        (1, 2),
    ),
    "and back": (
        Forward(lambda m, x: two(m, x.permute(0, 3, 1, 2)).movedim(1, 3), **PAIR),
        "N,24,20,2",
        (1, 2),
    ),
    "after a norm and a linear layer": (
        Forward(
            lambda m, x: two(m, m.l(m.n(x)).permute(0, 3, 1, 2)),
            n=nn.Tanh(),
            l=nn.Linear(2, 2),
            **PAIR,
        ),
        "N,24,20,2",
        (1, 2),
    ),
    "a volume with channels last": (
        Forward(lambda m, x: m.a(x.permute(0, 4, 1, 2, 3)), a=conv(3)),
        "N,9,8,7,2",
        (1, 2, 3),
    ),
    "a line with channels last": (
        Forward(lambda m, x: two(m, x.transpose(1, 2)), **LINE),
        "N,24,2",
        (1,),
    ),
    "a sequence first": (
        Forward(lambda m, x: two(m, x.permute(1, 2, 0)), **LINE),
        "24,N,2",
        (0,),
    ),
    "attention, a sequence first": (Forward(attend, n=nn.Linear(2, 2)), "9,N,2", (0,)),
    "steps in time": (Forward(steps, time=None, **PAIR), "4,N,2,24,20", (0, 3, 4)),
    "steps that are averaged": (
        Forward(steps, time=0, **PAIR),
        "4,N,2,24,20",
        (0, 3, 4),
    ),
    "frames": (Forward(steps, time=1, **PAIR), "N,4,2,24,20", (1, 3, 4)),
    "time, then place": (
        Forward(window, t=conv(1), **PAIR),
        "7,N,24,20,2",
        (0, 2, 3),
    ),
    "steps one by one": (
        Forward(
            lambda m, x: torch.stack([two(m, frame) for frame in x]).sum(0), **PAIR
        ),
        "4,N,2,24,20",
        (0, 3, 4),
    ),
    "a lone map": (Forward(lambda m, x: two(m, x[None]), **PAIR), (2, 24, 20), (1, 2)),
    "a lone map, channels last": (
        Forward(lambda m, x: two(m, x.permute(2, 0, 1)), **PAIR),
        (24, 20, 2),
        (0, 1),
    ),
    "channels first": (Forward(two, **PAIR), "N,2,24,20", (2, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_fields_are_those_of_gradients(name):
    """Along every axis of positions, of an output in the middle."""
    model, size, axes = CASES[name]
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    if isinstance(size, str):
        arch = resviz.trace(model, size)
    else:
        arch = resviz.trace(model, inputs=torch.zeros(size))
    fields = compute_receptive_fields(arch)
    assert axes == fields.axes
    x = torch.rand(arch.input_shape, requires_grad=True)
    y = model(x)
    y[tuple(side // 2 for side in y.shape)].backward()
    for axis, seen in zip(axes, fields.layers[-1], strict=True):
        others = [k for k in range(x.dim()) if k != axis]
        read = x.grad.abs().sum(others).nonzero()
        extent = int(read.max() - read.min()) + 1
        if isinstance(seen, Axis):
            assert extent == seen.size
        elif seen == WHOLE:
            assert extent == x.shape[axis]
        else:
            assert name == "steps one by one"
            assert "positions are taken apart, one by one" == fields.unknown[0].why
    assert fields == compute_receptive_fields(parse_record(arch.to_json()))
    data = resviz.receptive(arch).data
    assert list(axes) == data.get("position_axes", [2, 3])


def test_words_have_positions():
    """A convolution over five of them sees five, attention sees all."""
    embedding, head = nn.Embedding(9, 4), conv(1, 5, width=4)
    tower = Forward(lambda m, x: m.c(m.e(x).transpose(1, 2)), e=embedding, c=head)
    arch = resviz.trace(tower, "int64:N,32")
    fields = compute_receptive_fields(arch)
    assert ((1,), 5) == (fields.axes, fields.layers[-1][0].size)
    assert "5" in str(resviz.receptive(arch))
    encoder = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    arch = resviz.trace(nn.Sequential(embedding, encoder), "int64:N,32")
    assert (WHOLE,) == compute_receptive_fields(arch).layers[-1]


def test_what_nothing_tells_is_unknown():
    """Without weights, no axis of (L, N, D) is known for its channels."""
    arch = resviz.trace(nn.Tanh(), "9,N,2")
    fields = compute_receptive_fields(arch)
    assert ((), None) == (fields.axes, fields.layers[-1])
    assert "in which axis" in str(resviz.receptive(arch))
