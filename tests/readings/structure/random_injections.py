"""Random nets whose layers all add a first state between two weights.

Each knows its own truth, as those of `random_forms`: one block for each layer.
"""

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import WIDTH, Run
from .toys import conv


def inject(self, x, first):
    """Add a first state to what the first weight gives, or both of them weighed."""
    y = self.first(self.norm(x))
    y = self.mix(y, first) if self.turned else self.mix(first, y)
    y = self.second(self.act(y))
    return self.after(self.scale * x + y if self.adds else y)


MIXES = (
    lambda a, b: a + b,
    lambda a, b: 0.9 * a + 0.1 * b,
    lambda a, b: (a + b) / 2,
    lambda a, b: torch.add(a, b, alpha=0.5),
)
"""How a first state is added."""


def run_injected(self, x):
    """Start from the first state, or from a layer beside it."""
    x = self.stem(x)
    first = self.side(x)
    for layer in self.layers:
        x = layer(x, first)
    return self.head(x)


def draw_injected(rng):
    """Layers of two weights over maps or rows, residual or not, which may be one."""
    count, over_rows = rng.randint(2, 5), rng.random() < 0.5
    width = WIDTH if over_rows else 8
    weight = (lambda: nn.Linear(WIDTH, WIDTH)) if over_rows else (lambda: conv(3))
    norm = nn.LayerNorm(WIDTH) if over_rows else nn.GroupNorm(2, width)
    before, after = rng.choice(((norm, nn.Identity()), (nn.Identity(), norm)))
    acts, mix = rng.random() < 0.7, rng.choice(MIXES)
    scale, turned = rng.choice((1, 1, 0.5)), rng.random() < 0.5
    layers = [
        Run(
            inject,
            first=weight(), second=weight(), norm=before, after=after,
            act=nn.ReLU() if acts else nn.Identity(),
        )
        for _ in range(1 if rng.random() < 0.3 else count)
    ]  # fmt: skip
    adds = rng.random() < 0.6
    for layer in layers:
        vars(layer).update(mix=mix, scale=scale, turned=turned, adds=adds)
    layers = layers * count if len(layers) == 1 else layers
    stem, head = (
        (nn.Linear(5, WIDTH), nn.Linear(WIDTH, 2))
        if over_rows
        else (conv(3, 3), conv(1))
    )
    has_side = adds and rng.random() < 0.3
    side = weight() if has_side else nn.Identity()
    net = Run(run_injected, stem=stem, side=side, head=head, layers=layers)
    x = torch.zeros((2, 9, 5) if over_rows else (2, 3, 8, 8))
    blocks = [("MLP",) if over_rows else ("basic",)] * count
    if has_side and not over_rows:
        blocks[0] = ("residual",)  # for it holds the layer beside, too
    return Drawn(net, (x,), blocks, [count])


INJECTION_FORMS = {"injected": draw_injected}
"""What draws a net of each form."""
