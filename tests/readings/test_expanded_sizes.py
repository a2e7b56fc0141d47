"""Weights and tokens that are expanded: at other sizes as a fresh trace has them."""

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import ResizeError


class Expanding(nn.Module):
    """A forward of one line on tokens, with weights at hand."""

    def __init__(self, line):
        super().__init__()
        self.line = line
        self.linear = nn.Linear(16, 8)
        self.plain = nn.Linear(16, 8, bias=False)
        self.tokens = nn.Linear(20, 8)
        self.attention = nn.MultiheadAttention(16, 2, 0.1, batch_first=True)
        self.layer = nn.TransformerEncoderLayer(16, 2, 24, batch_first=True)
        self.weight = nn.Parameter(torch.zeros(6, 20))
        self.stack = nn.Parameter(torch.zeros(4, 16, 8))
        self.token = nn.Parameter(torch.zeros(1, 1, 16))

    def forward(self, x):
        return self.line(self, x)


def put_before(net, x, *tokens):
    """Put a token of a class, or two, before the others."""
    tokens = tokens or (net.token,)
    return torch.cat([*(token.expand(len(x), -1, -1) for token in tokens), x], 1)


LINES = {
    "attention": lambda net, x: net.attention(x, x, x)[0],
    "a layer": lambda net, x: net.layer(x),
    "turned": lambda net, x: net.linear(x.transpose(0, 1)),
    "without a bias": lambda net, x: net.plain(x.transpose(0, 1)),
    "cut": lambda net, x: net.linear(x[:, 1:]),
    "by a stack": lambda net, x: x[:, None] @ net.stack,
    "weight first": lambda net, x: net.plain.weight @ x.transpose(1, 2),
    "a token": put_before,
    "two tokens": lambda net, x: put_before(net, x, net.token, net.token),
}
"""Each is followed to other batches, and to other numbers of tokens."""

UNKNOWN = {
    "more tokens": lambda net, x: torch.cat([x, net.token.expand_as(x)], 1),
    "a bmm of its own": lambda net, x: x.bmm(net.stack[:1].expand(len(x), -1, -1)),
    "a token alone": lambda net, x: net.token.expand(len(x), -1, -1) * 2,
    "a token that is made": lambda net, x: put_before(net, x, net.token.exp()),
}
"""What the code may name otherwise."""


def compare_at(net, arch, size, batch):
    """Tell whether an answer is that of a trace; None if there is none."""
    try:
        answer = arch.resized(size, batch)
    except ResizeError:
        return None
    return answer == resviz.trace(net, size, batch, training=arch.training)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LINES)
def test_what_is_expanded_is_as_traced(name, training):
    """From several samples to others, and of one where torch does the same."""
    net = Expanding(LINES[name])
    arch = resviz.trace(net, (20, 16), 3, training=training)
    sizes = ((20, 16), (30, 16), (24, 16))  # 3 · 20 tokens are as many as 2 · 30
    outcomes = [compare_at(net, arch, s, n) for s in sizes for n in (2, 3, 5)]
    assert [True] * 9 == outcomes
    ones = [compare_at(net, arch, s, n) for s, n in (((20, 16), 1), ((1, 16), 3))]
    assert False not in ones
    single = resviz.trace(net, (20, 16), training=training)
    assert compare_at(net, single, (20, 16), 4) in {True, None}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_code_may_name_otherwise_is_unknown(name):
    """It is refused, or right."""
    net = Expanding(UNKNOWN[name])
    arch = resviz.trace(net, (20, 16), 2)
    assert None is compare_at(net, arch, (30, 16), 4)
