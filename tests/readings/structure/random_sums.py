"""Random nets whose sums are written in other ways, or stand beside concatenations.

Each knows its own truth, as those of `random_forms`.
"""

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import BODIES, Run
from .toys import conv

# Additions in other clothes


def add_to_slice(x, y):
    """Add to the first channels, in place."""
    x = x.clone()
    x[:, : y.shape[1]] += y
    return x


def add_and_concatenate(x, y):
    """The same, put together anew."""
    c = y.shape[1]
    return torch.cat([x[:, :c] + y, x[:, c:]], 1)


PARTIAL_SUMS = (add_to_slice, add_and_concatenate)
"""Sums of which only some channels take part."""

SUMS = (
    lambda x, y: torch.add(x, y, alpha=0.5),
    lambda x, y: x.clone().add_(y),
    lambda x, y: y.add_(x),
    lambda x, y: sum([x, y]),
    lambda x, y: torch.stack([x, y]).sum(0),
    lambda x, y: torch.stack((y, x), -1).sum(-1),
    lambda x, y: torch.stack([x, y]).mean(0),
    lambda x, y: torch.cat([x[:, None], y[:, None]], 1).sum(1),
    lambda x, y: torch.cat([x, y]).view(2, *x.shape).sum(0),
    lambda x, y: torch.cat([y, x], 1).unflatten(1, (2, -1)).mean(1),
    lambda x, y: torch.stack([x, y]).permute(1, 2, 3, 0, 4).sum(3),
    lambda x, y: torch.stack([x, y], -1) @ torch.ones(2),
    lambda x, y: torch.einsum("k,kbchw->bchw", torch.ones(2), torch.stack([x, y])),
    lambda x, y: (torch.stack([x, y]) * torch.tensor([1, 0.5]).view(2, 1, 1, 1, 1)).sum(
        0
    ),
    torch.sub,
    torch.rsub,
    lambda x, y: y - x.neg(),
    torch.ops.aten.add,
    lambda x, y: x.__radd__(y),
    lambda x, y: torch.addcmul(x, y, torch.full_like(y, 0.5)),
    lambda x, y: torch.index_add(x, 1, torch.arange(x.shape[1]), y),
)
"""Sums of the whole."""


def add_in_clothes(self, x):
    """Add what a body makes, somehow."""
    return self.act(self.sum(x, self.body(x)))


def draw_clothes(rng):
    """Residual blocks whose additions are written in many ways."""
    kind, count = rng.choice([*BODIES]), rng.randint(1, 4)
    is_partial = rng.random() < 0.3
    blocks = []
    for _ in range(count):
        body = nn.Sequential(*BODIES[kind](8, 4 if is_partial else 8, 1))
        block = Run(add_in_clothes, body=body, act=rng.choice((nn.ReLU, nn.Identity))())
        block.sum = rng.choice(PARTIAL_SUMS if is_partial else SUMS)
        blocks.append(block)
    net = nn.Sequential(conv(3, 3), *blocks)
    return Drawn(net, (torch.zeros(2, 3, 8, 8),), [(kind,)] * count, [count])


# Dual paths: Chen et al. 2017, whose blocks add to some channels and append others


def take_dual_path(self, paths):
    """A sum and a concatenation at once."""
    x, dense = paths if isinstance(paths, tuple) else self.first(paths).split(8, 1)
    y = self.body(torch.cat([x, dense], 1))
    parts = (y[:, :8], y[:, 8:]) if self.slices else y.split((8, 4), 1)
    x = parts[0] + x if self.turned else x + parts[0]
    return x, torch.cat([dense, parts[1]], 1)


def run_dual_paths(self, x):
    """Blocks in a row, whose paths are put together at last."""
    return self.head(torch.cat(self.blocks(self.stem(x)), 1))


def draw_dual_paths(rng):
    """Residual sums beside concatenations that grow; all bodies read both."""
    count, wide = rng.randint(2, 5), 8
    blocks = []
    for k in range(count):
        wide += 8 if not k else 4
        body = [nn.BatchNorm2d(wide), nn.ReLU()] * rng.randint(0, 1)
        body += [conv(1, wide, 4), nn.ReLU(), conv(3, 4, 4), nn.ReLU()]
        block = Run(take_dual_path, body=nn.Sequential(*body, conv(1, 4, 12)))
        block.slices, block.turned = rng.random() < 0.5, rng.random() < 0.5
        blocks.append(block)
    blocks[0].first = conv(1, 8, 16)
    net = Run(
        run_dual_paths,
        stem=conv(3, 3), blocks=nn.Sequential(*blocks), head=conv(1, wide + 4, 4),
    )  # fmt: skip
    truth = [("bottleneck",)] * count
    return Drawn(net, (torch.zeros(2, 3, 8, 8),), truth, [count])


# Sequences whose shortcut is padded


def pad_rows(self, x):
    """Add what a body makes to the input, with zeros for the channels it lacks."""
    y = self.body(x)
    side = x[:, :, :: self.stride]
    if self.gap:
        if self.turns:
            side = nn.functional.pad(side.transpose(1, 2), self.pads).transpose(1, 2)
        else:
            side = nn.functional.pad(side, (0, 0, *self.pads))
    return y + side


def draw_padded(rng):
    """One-dimensional nets whose shortcuts are padded, mostly through a transpose."""
    width, blocks, stages, layers = 8, [], [], []
    kind = rng.choice(("basic", "residual"))
    for stage in range(rng.randint(2, 3)):
        before, width, count = width, width + 8 * (stage > 0), rng.randint(1, 3)
        for place in range(count):
            c, stride = (width, 1) if place or not stage else (before, 2)
            first = 3 if kind == "basic" else 7
            body = nn.Sequential(
                nn.Conv1d(c, width, first, stride, first // 2), nn.BatchNorm1d(width),
                nn.ReLU(), nn.Conv1d(width, width, 3, 1, 1),
            )  # fmt: skip
            layers.append(Run(pad_rows, body=body))
            block, gap = layers[-1], width - c
            block.stride, block.gap, block.turns = stride, gap, rng.random() < 0.7
            block.pads = (gap // 2, gap - gap // 2) if rng.random() < 0.5 else (0, gap)
        blocks += [(kind,)] * count
        stages.append(count)
    net = nn.Sequential(nn.Conv1d(2, 8, 7, padding=3), *layers)
    return Drawn(net, (torch.zeros(2, 2, 64),), blocks, stages)


SUM_FORMS = {
    "clothes": draw_clothes,
    "dual paths": draw_dual_paths,
    "padded sequences": draw_padded,
}
"""What draws a net of each form."""
