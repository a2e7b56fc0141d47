"""The main path: the way from input to output with the most weights, gates left out."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_parts import Run
from .toys import conv


def main_path(module):
    """Names of the layers on the main path of a module behind a stem, and its depth."""
    arch = resviz.trace(nn.Sequential(conv(3, 3), module), (3, 8, 8))
    built = read_structure(arch)
    return [arch.layers[index].name for index in built.main_path], count_depth(built)


class Gated(nn.Module):
    """A gate of two convolutions on one position, which is expanded to the map."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(1), conv(1))

    def forward(self, x):
        return x * self.gate(x).expand_as(x)


def test_an_expanded_gate_is_a_gate():
    """As many positions as the map has do not make it a branch of the main path."""
    assert (["0", "1:mul"], 1) == main_path(Gated())


class Hourglass(nn.Module):
    """A branch of two convolutions on a coarser map, which comes back to the finer."""

    def __init__(self, up):
        super().__init__()
        self.down, self.deep, self.up = conv(3, stride=2), conv(3), up

    def forward(self, x):
        return torch.cat([x, self.up(self.deep(self.down(x)))], 1)


def test_an_enlarged_map_is_no_gate():
    """Upsampling and a transposed convolution make a full branch of a coarser one."""
    for up, convolutions in (
        (nn.Upsample(scale_factor=2), 3),
        (nn.ConvTranspose2d(8, 8, 2, 2), 4),
        (nn.Sequential(conv(1, 8, 32), nn.PixelShuffle(2)), 4),
    ):
        path, count = main_path(Hourglass(up))
        assert ("1.down", convolutions) == (path[1], count)


def test_of_branches_with_as_many_weights_one_keeps_the_map():
    """The pooled branch of an ASPP has more layers, and is no way of the map."""

    def forward(self, x):
        pooled = F.interpolate(self.pooled(x), size=x.shape[2:])
        return torch.cat([self.near(x), self.far(x), pooled], 1)

    aspp = Run(
        forward,
        near=conv(1),
        far=conv(3),
        pooled=nn.Sequential(nn.AdaptiveAvgPool2d(1), conv(1), nn.ReLU()),
    )
    assert (["0", "1.near", "1:cat"], 2) == main_path(aspp)


def test_of_branches_with_as_many_weights_the_longest_is_taken():
    """Whichever operand comes first."""

    class Fork(nn.Module):
        def __init__(self, *branches):
            super().__init__()
            self.branches = nn.ModuleList(branches)

        def forward(self, x):
            return torch.cat([branch(x) for branch in self.branches], 1)

    for order in (1, -1):
        branches = [conv(3), nn.Sequential(conv(3), nn.ReLU())][::order]
        path, _ = main_path(Fork(*branches))
        assert 4 == len(path)


def attend(self, x):
    """Torch's attention by weights that are each a layer's, as CLIP's pool has it."""
    biases = [layer.bias for layer in (self.q, self.k, self.v)]
    return F.multi_head_attention_forward(
        x, x, x, 8, 2, None, torch.cat(biases), None, None, False, 0.0,
        self.c.weight, self.c.bias, use_separate_proj_weight=True,
        q_proj_weight=self.q.weight, k_proj_weight=self.k.weight,
        v_proj_weight=self.v.weight,
    )[0]  # fmt: skip


def attention(**options):
    """Attention of three tensors that are one."""
    layer = nn.MultiheadAttention(8, 2, **options)
    return Run(lambda self, x: self.layer(x, x, x)[0], layer=layer)


def recurrent(make_layer, *options, **more):
    return Run(lambda self, x: self.layer(x)[0], layer=make_layer(*options, **more))


IN_A_ROW = {
    "separate weights": (2, Run(attend, **{name: nn.Linear(8, 8) for name in "qkvc"})),
    "attention": (2, attention()),
    "attention with keys of another width": (2, attention(kdim=8, vdim=8)),
    "an encoder layer": (4, nn.TransformerEncoderLayer(8, 2, 16)),
    "an LSTM": (1, recurrent(nn.LSTM, 8, 8)),
    "a GRU of two layers": (2, recurrent(nn.GRU, 8, 8, 2)),
    "an RNN both ways": (3, recurrent(nn.RNN, 8, 4, 3, bidirectional=True)),
    "an LSTM that projects": (4, recurrent(nn.LSTM, 8, 8, 2, proj_size=4)),
    "a GRU called twice": (2, nn.Sequential(*[recurrent(nn.GRU, 8, 8)] * 2)),
}
"""How many weights follow one another in modules of torch."""


@pytest.mark.parametrize("name", IN_A_ROW)
def test_weights_side_by_side_are_one_layer(name):
    """Query, key and value; what reads the input and the state; both directions.

    Whatever the number of steps, and whatever the batch.
    """
    depth, net = IN_A_ROW[name]
    for steps, batch in ((1, 2), (2, 1), (5, 3)):
        arch = resviz.trace(net.eval(), inputs=(torch.zeros(steps, batch, 8),))
        assert depth == arch.depth


def linears(count):
    """Linear layers in a row."""
    return nn.Sequential(*(nn.Linear(8, 8) for _ in range(count)))


class Attention(nn.Module):
    """Attention whose values pass one layer, and what weighs them any number."""

    def __init__(self, q=1, k=1, talk=None, attend=None):
        super().__init__()
        self.q, self.k, self.v, self.proj = map(linears, (q, k, 1, 1))
        self.talk = talk or nn.Identity()
        self.attend = attend or self.multiply

    def multiply(self, q, k, v):
        return self.talk((q @ k.transpose(-1, -2)).softmax(-1)) @ v

    def forward(self, x, memory=None):
        memory = x if memory is None else memory
        return self.proj(self.attend(self.q(x), self.k(memory), self.v(memory)))


class Talk(nn.Module):
    """A convolution over the heads of weights, and a norm."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)

    def forward(self, weights):
        return self.norm(self.conv(weights[:, None]))[:, 0]


class Multiply(nn.Module):
    """The products of an attention, as a module without weights."""

    def forward(self, q, k, v):
        return (q @ k.transpose(-1, -2)).softmax(-1) @ v


def add_attention(self, x):
    """A residual of attention, before a norm."""
    return x + self.attention(self.norm(x))


@pytest.mark.parametrize("tokens", [5, 8])
@pytest.mark.parametrize(
    "weigh",
    [
        lambda n: {},
        lambda n: {"q": 2},
        lambda n: {"k": 3},
        lambda n: {"talk": nn.Linear(n, n)},
        lambda n: {"talk": Talk()},
        lambda n: {"q": 2, "attend": F.scaled_dot_product_attention},
        lambda n: {"q": 2, "attend": Multiply()},
    ],
    ids=["plain", "query", "key", "linear talk", "convolved talk", "fused", "a module"],
)
def test_the_weights_of_an_attention_are_no_part_of_the_depth(weigh, tokens):
    """Layers on queries, keys or weights do not count, though as many as channels."""
    block = Run(add_attention, attention=Attention(**weigh(tokens)))
    block.norm = nn.LayerNorm(8)
    arch = resviz.trace(nn.Sequential(nn.Linear(8, 8), block), (tokens, 8))
    assert 3 == count_depth(read_structure(arch))


def run_decoder(self, x):
    """Residual layers for what asks, and one for the memory that it reads."""
    memory = self.encode(x)
    for layer in self.decode:
        x = x + layer(x)
    return x + self.attention(x, memory)


def test_the_path_goes_on_by_what_asks_for_a_memory():
    """Of cross-attention the longer stream is on the path, here that of the queries."""
    layers = [linears(2) for _ in range(3)]
    net = Run(run_decoder, encode=linears(1), decode=layers, attention=Attention())
    for model in (net, nn.Sequential(net)):
        arch = resviz.trace(model, (8, 8))
        assert 8 == count_depth(read_structure(arch))
