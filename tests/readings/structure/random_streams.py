"""Random nets of decoders, highways, skips, streams, and weights that are read early.

Each knows its own truth, as those of `random_forms`.
"""

import random
from dataclasses import replace

import torch
from torch import nn

from .random_forms import Drawn, draw_written_out
from .random_parts import BODIES, WIDTH, Run, draw_mlp
from .toys import conv


def decode(self, x):
    """Enlarge a map, and run a body that may add."""
    y = self.up(x).relu()
    return y + self.body(y) if self.adds else self.body(y)


def draw_decoder(rng):
    """Stages of one class that enlarge the map; those without addition are none."""
    stages = []
    for _ in range(rng.randint(2, 3)):
        up = rng.choice((
            lambda: nn.ConvTranspose2d(8, 8, 2, 2),
            lambda: nn.Sequential(nn.Upsample(scale_factor=2), conv(3)),
        ))()  # fmt: skip
        stage = Run(decode, up=up, body=nn.Sequential(*BODIES["basic"](8, 8, 1)))
        stage.adds = not stages or rng.random() < 0.5
        stages.append(stage)
    blocks = [("basic",) for stage in stages if stage.adds]
    net = nn.Sequential(conv(3, 3), *stages)
    return Drawn(net, (torch.zeros(2, 3, 8, 8),), blocks, [1] * len(blocks))


def mix_by_two(self, x):
    """A highway whose gate has a layer of its own."""
    return self.mix(self.h(x).relu(), self.t(x).sigmoid(), x)


def mix_by_one(self, x):
    """A highway whose gate is half of what one layer gives."""
    h, t = self.both(x).chunk(2, -1)
    return self.mix(h.relu(), t.sigmoid(), x)


MIXES = (
    lambda h, t, x: h * t + x * (1 - t),
    lambda h, t, x: (1 - t) * x + t * h,
    lambda h, t, x: x + t * (h - x),
)
"""How a highway weighs its candidate against what it carries."""


def draw_highway(rng):
    """Highways, which carry by a gate: no branch of them projects."""
    count, by_one, mix = rng.randint(1, 4), rng.random() < 0.5, rng.choice(MIXES)
    layers = []
    for _ in range(count):
        names = {"both": 2 * WIDTH} if by_one else {"h": WIDTH, "t": WIDTH}
        linear = {name: nn.Linear(WIDTH, width) for name, width in names.items()}
        layer = Run(mix_by_one if by_one else mix_by_two, **linear)
        layer.mix = mix
        layers.append(layer)
    net = nn.Sequential(nn.Linear(8, WIDTH), *layers)
    return Drawn(net, (torch.zeros(2, 8),), [("residual",)] * count, [count])


def gather_skips(self, x):
    """Give each layer's output to the next and, by another way, to the sum of skips."""
    x, skip = self.stem(x), 0
    for body, side, out in zip(self.bodies, self.sides, self.outs, strict=True):
        a, b = body(x).chunk(2, 1)
        y = a.tanh() * b.sigmoid()
        skip = skip + side(y)
        x = x + out(y)
    return self.head(skip.relu())


def draw_wavenet(rng):
    """Residual and skip sums that share a branch; the residual ones are the blocks."""
    count = rng.randint(2, 5)
    parts = {
        "stem": nn.Conv1d(1, 8, 1),
        "bodies": [
            nn.Conv1d(8, 16, 3, padding=2**k, dilation=2**k) for k in range(count)
        ],
        "sides": [nn.Conv1d(8, 8, 1) for _ in range(count)],
        "outs": [nn.Conv1d(8, 8, 1) for _ in range(count)],
        "head": nn.Conv1d(8, 4, 1),
    }
    net, inputs = Run(gather_skips, **parts), (torch.zeros(2, 1, 32),)
    return Drawn(net, inputs, [("residual",)] * count, [count])


class AttentionTo(nn.Module):
    """Rows that read those of another tensor."""

    def __init__(self):
        super().__init__()
        self.q, self.kv, self.out = (nn.Linear(WIDTH, k * WIDTH) for k in (1, 2, 1))

    def forward(self, x, memory):
        k, v = self.kv(memory).chunk(2, -1)
        return self.out((self.q(x) @ k.transpose(1, 2)).softmax(-1) @ v)


def attend_to_each_other(self, x, y):
    """Let two streams attend to one another, each with an MLP of its own."""
    x2, y2 = x + self.a(x, y), y + self.b(y, x)
    return x2 + self.f(x2), y2 + self.g(y2)


def run_streams(self, x, y):
    """Run layers that take two streams."""
    for layer in self.layers:
        x, y = layer(x, y)
    return torch.cat([x.mean(1), y.mean(1)], 1)


def draw_streams(rng):
    """Two streams that exchange, which are two towers."""
    count = rng.randint(1, 4)
    layers = [
        Run(
            attend_to_each_other,
            a=AttentionTo(), b=AttentionTo(), f=draw_mlp(rng), g=draw_mlp(rng),
        )
        for _ in range(count)
    ]  # fmt: skip
    rows = rng.sample(range(4, 12), 2)
    inputs = tuple(torch.zeros(2, length, WIDTH) for length in rows)
    blocks = [("attention", "MLP")] * (2 * count)
    return Drawn(Run(run_streams, layers=layers), inputs, blocks, [count, count])


def penalize(self, x):
    """Read all weights before they are used."""
    size = self.read([*self.parameters()])
    y = self.net(x)
    return (y, size) if size is not None else y


def clip(weights):
    """Clip weights in place."""
    for weight in weights:
        weight.data.clamp_(-1, 1)


READS = (
    lambda weights: sum(weight.pow(2).sum() for weight in weights),
    lambda weights: torch.stack([weight.norm() for weight in weights]),
    lambda weights: torch.cat([weight.flatten() for weight in weights]).abs().sum(),
    clip,
)
"""What a forward may do to all of its weights at first."""


def draw_penalized(rng):
    """Blocks of a net that reads its weights first, which stay the blocks' own."""
    inner = draw_written_out(rng)
    net = Run(penalize, net=inner.net)
    net.read = rng.choice(READS)
    layers = [layer for layer in inner.net.modules() if isinstance(layer, nn.Conv2d)]
    norms = [norm for norm in inner.net.modules() if isinstance(norm, nn.BatchNorm2d)]
    stem, own = inner.net[0], [*dict.fromkeys([*layers, *norms])]
    sizes = [p.numel() for part in own if part is not stem for p in part.parameters()]
    net.block_params = sum(sizes)
    return replace(inner, net=net)


STREAM_FORMS = {
    "decoder": draw_decoder,
    "highway": draw_highway,
    "wavenet": draw_wavenet,
    "streams": draw_streams,
    "penalized": draw_penalized,
}
"""What draws a net of each form."""


def draw_stream(form, seed):
    """Draw the net of a form and a seed."""
    return STREAM_FORMS[form](random.Random(f"{form} {seed}"))
