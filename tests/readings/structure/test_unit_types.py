"""What the main branch of a unit is called, by kernels, widths and groups."""

import pytest
import torch
from torch import nn

import resviz
from resviz.figures.overview.sentences import describe_network
from resviz.readings.structure import count_depth, read_structure

from .random_parts import Run
from .toys import conv, residual

UP, DOWN = conv(1, 8, 32), conv(1, 32, 8)


def depthwise(kernel, c=8):
    """A depthwise convolution."""
    return conv(kernel, c, c, groups=c)


class ChannelsLast(nn.Module):
    """Linear layers over the channels of a map, as torch's ConvNeXt has them."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))

    def forward(self, x):
        return self.layers(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Halving(nn.Module):
    """Half of the channels, by which the other half is multiplied."""

    def forward(self, x):
        left, right = x.chunk(2, dim=1)
        return left * right


TWICE = conv(3, 2, 2), conv(3, 2, 2)

BRANCHES = {
    "ResNet-18": ("basic", [conv(3), conv(3)]),
    "HiFi-GAN": ("basic", [nn.Conv2d(8, 8, 7, padding=9, dilation=3), conv(7)]),
    "two kernels": ("residual", [conv(5), conv(3)]),
    "two of 1×1": ("residual", [conv(1), conv(1)]),
    "PoolFormer": ("MLP", [UP, DOWN]),
    "NAFNet's second": ("MLP", [conv(1, 8, 16), Halving(), conv(1)]),
    "ResNet-50": ("bottleneck", [conv(1, 8, 2), conv(3, 2, 2), conv(1, 2, 8)]),
    "BagNet": ("bottleneck", [conv(1, 8, 2), conv(1, 2, 2), conv(1, 2, 8)]),
    "7×7": ("bottleneck", [conv(1, 8, 2), conv(7, 2, 2), conv(1, 2, 8)]),
    "Res2Net": ("bottleneck", [conv(1, 8, 2), *TWICE, conv(1, 2, 8)]),
    "wide Res2Net": ("bottleneck", [UP, conv(3, 32, 32), conv(3, 32, 32), DOWN]),
    "1×1 inside": ("residual", [conv(1, 8, 2), conv(1, 2, 2), *TWICE, conv(1, 2, 8)]),
    "ShuffleNet": ("bottleneck", [conv(1, 8, 2), depthwise(3, 2), conv(1, 2, 8)]),
    "wide in 5×5": ("residual", [UP, conv(5, 32, 32), DOWN]),
    "three of 1×1": ("residual", [conv(1), conv(1), conv(1)]),
    "MobileNetV2": ("inverted bottleneck", [UP, depthwise(3, 32), DOWN]),
    "ConvNeXt": ("inverted bottleneck", [depthwise(7), UP, DOWN]),
    "ConvNeXt's own": ("inverted bottleneck", [depthwise(7), ChannelsLast()]),
    "MobileNetV4": ("inverted bottleneck", [depthwise(3), UP, depthwise(5, 32), DOWN]),
    "NAFNet": (
        "inverted bottleneck",
        [conv(1, 8, 16), depthwise(3, 16), Halving(), conv(1)],
    ),
    "Conformer": ("bottleneck", [conv(1, 8, 16), Halving(), depthwise(3), conv(1)]),
    "no width": ("residual", [conv(1), depthwise(5), conv(1)]),
    "separable": ("residual", [depthwise(3), conv(1), depthwise(3), conv(1)]),
    "linear": ("MLP", [ChannelsLast()]),
}
"""Main branches of published blocks and of their neighbours, and their types."""


@pytest.mark.parametrize("name", BRANCHES)
def test_a_type_is_read_off_kernels_widths_and_groups(name):
    """Activations between, and no name, tell nothing."""
    kind, layers = BRANCHES[name]
    branch = nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))
    net = nn.Sequential(conv(3, 3), residual(branch))
    built = read_structure(resviz.trace(net, inputs=(torch.zeros(2, 3, 16, 16),)))
    assert [kind] == [block.type for block in built.blocks]


class Mixer(nn.Module):
    """Query, key and value of a linear layer, and what a function makes of them."""

    def __init__(self, mix):
        super().__init__()
        self.qkv, self.out, self.mix = nn.Linear(8, 24), nn.Linear(8, 8), mix
        self.heads, self.between = nn.Linear(4, 4), nn.Linear(8, 8)

    def forward(self, x):
        return self.out(self.mix(self, *self.qkv(x).chunk(3, -1)))


def scan(net, x, b, c):
    """A state space: a state is added to, and read by a product, at every step."""
    states, state = [], 0
    for k in range(x.shape[1]):
        state = state * x[:, k].sigmoid()[..., None] + torch.einsum(
            "bi,bn->bin", x[:, k], b[:, k]
        )
        states.append(torch.einsum("bin,bn->bi", state, c[:, k]))
    return torch.stack(states, 1)


def talk(net, q, k, v):
    """Attention of four heads of two channels, whose weights are mixed."""
    q, k, v = (t.unflatten(-1, (4, 2)).transpose(1, 2) for t in (q, k, v))
    weights = net.heads((q @ k.mT).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    weights = weights.softmax(-1)
    weights = net.heads(weights.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    return (weights @ v).transpose(1, 2).flatten(2)


def graph_twice(net, x, a, b):
    """Two products with a matrix made of the input, and a weight between."""
    adjacency = a[..., :6].relu()
    return adjacency @ net.between((adjacency @ x).relu())


MIXERS = {
    "state space": ("residual", scan),
    "graph": ("residual", graph_twice),
    "talking heads": ("attention", talk),
    "linear": ("attention", lambda net, q, k, v: q.exp() @ (k.exp().mT @ v)),
    "unscaled": ("attention", lambda net, q, k, v: (q @ k.mT / 8).relu() @ v),
}
"""What is made of three projections, and the type of the unit."""


@pytest.mark.parametrize("name", MIXERS)
def test_attention_weighs_by_a_product_of_what_flows(name):
    """A product that reads no other, and no softmax, is none."""
    kind, mix = MIXERS[name]
    net = nn.Sequential(nn.Linear(8, 8), residual(Mixer(mix)))
    arch = resviz.trace(net, inputs=(torch.zeros(2, 6, 8),))
    assert [kind] == [block.type for block in arch.blocks]
    attends = kind == "attention"
    for text in (str(resviz.table(arch)), describe_network(arch)):
        assert attends == ("attention" in text or "MSA" in text)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"bidirectional": True}])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_a_real_run_reads_recurrent_layers_as_a_shape_trace(kind, options):
    """Though torch runs an LSTM's as one operation of its own then."""
    width = 8 if "bidirectional" in options else 16
    layer = kind(16, width, batch_first=True, **options)
    block = Run(lambda self, x: x + self.layer(x)[0], layer=layer)
    net = nn.Sequential(nn.Linear(8, 16), block).eval()
    shapes, run = (
        read_structure(resviz.trace(net, (9, 8), mode=mode))
        for mode in ("shapes", "run")
    )
    assert [("recurrent", "identity")] == [
        (block.type, block.shortcut.label) for block in run.blocks
    ]
    assert count_depth(shapes) == count_depth(run) == 1 + options.get("num_layers", 1)


def row_conv(kernel, before=16, after=16, **options):
    """A convolution along a sequence."""
    return nn.Conv1d(before, after, kernel, padding=kernel // 2, **options)


SEQUENCES = {
    "convolution module": (
        (row_conv(1, 16, 32), nn.GLU(1), row_conv(31, groups=16), row_conv(1)),
        (row_conv(1), nn.SiLU(), row_conv(3, groups=16), nn.SiLU(), row_conv(1)),
    ),
    "MLP": (
        (row_conv(1), nn.ReLU(), row_conv(1)),
        (row_conv(1, 16, 8), nn.ReLU(), row_conv(1, 8, 16)),
        (row_conv(1, 16, 64), nn.ReLU(), row_conv(1, 64, 16)),
    ),
    "inverted bottleneck": (
        (row_conv(1, 16, 32), row_conv(3, 32, 32, groups=32), row_conv(1, 32, 16)),
    ),
    "residual": (
        (row_conv(3), nn.ReLU(), row_conv(1)),
        (row_conv(1, groups=4), nn.ReLU(), row_conv(1)),
    ),
}  # fmt: skip
"""Main branches along a sequence, by their types."""


@pytest.mark.parametrize(
    ("kind", "layers"),
    [(kind, layers) for kind, rows in SEQUENCES.items() for layers in rows],
)
def test_a_type_along_a_sequence(kind, layers):
    """Conformer's convolutions, and MLPs of 1×1, as of points, whatever their width."""
    net = nn.Sequential(row_conv(1, 3, 16), residual(nn.Sequential(*layers)))
    built = read_structure(resviz.trace(net.eval(), (3, 20)))
    assert [kind] == [block.type for block in built.blocks]
