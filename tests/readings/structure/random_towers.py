"""Random nets of towers: ensembles, momentum encoders, necks behind backbones.

Each knows its own truth, as those of `random_forms`.
"""

import copy

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import BODIES, Run, add
from .toys import conv


def draw_tower(rng, inputs=3):
    """A stem, stages of residual blocks, a pool; their types and counts."""
    width, layers, blocks, stages = 8, [], [], []
    for stage in range(rng.randint(1, 3)):
        before, width, count = width, 8 * 2**stage, rng.randint(1, 3)
        kind = rng.choice([*BODIES])
        if stage:
            layers.append(nn.Sequential(conv(3, before, width, stride=2), nn.ReLU()))
        bodies = (nn.Sequential(*BODIES[kind](width, width, 1)) for _ in range(count))
        layers += [Run(add, body=body) for body in bodies]
        blocks += [(kind,)] * count
        stages.append(count)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 4)]
    return nn.Sequential(conv(3, inputs), *layers, *head), blocks, stages


# Ensembles

AVERAGES = (
    lambda rows: torch.stack(rows).mean(0),
    lambda rows: sum(rows) / len(rows),
    lambda rows: torch.stack([row.softmax(-1) for row in rows], 1).mean(1),
    lambda rows: torch.cat(rows, -1),
    lambda rows: torch.stack(rows).max(0).values,
)
"""How members of an ensemble are put together."""


def run_ensemble(self, x):
    """What all members give of one input, or each of a view of its own."""
    views = [x.flip(-1) if k % 2 and self.flips else x for k in range(len(self.nets))]
    return self.average([net(y) for net, y in zip(self.nets, views, strict=True)])


def draw_ensemble(rng):
    """Nets beside one another, alike or not, whose answers are averaged."""
    count, is_alike = rng.randint(2, 3), rng.random() < 0.5
    towers = [draw_tower(rng)] * count if is_alike else None
    towers = towers or [draw_tower(rng) for _ in range(count)]
    net = Run(run_ensemble, nets=[copy.deepcopy(net) for net, _, _ in towers])
    net.average, net.flips = rng.choice(AVERAGES), rng.random() < 0.3
    blocks = [kind for _, kinds, _ in towers for kind in kinds]
    stages = [count for _, _, counts in towers for count in counts]
    return Drawn(net, (torch.zeros(2, 3, 32, 32),), blocks, stages)


# Encoders that follow another's weights


def update(self):
    """Move the weights of the second encoder towards those of the first."""
    pairs = zip(self.first.parameters(), self.second.parameters(), strict=True)
    for query, key in pairs:
        if self.in_place:
            key.data.mul_(0.9).add_(query.data, alpha=0.1)
        else:
            key.data = 0.9 * key.data + 0.1 * query.data


def run_momentum_encoder(self, a, b):
    """Two views, by two encoders, the second of which follows: He et al. 2020, MoCo."""
    with torch.no_grad():
        update(self)
    q = nn.functional.normalize(self.first(a), dim=1)
    with torch.no_grad():
        k = nn.functional.normalize(self.second(b), dim=1)
    return torch.cat([(q * k).sum(1, keepdim=True), q @ self.queue.clone().detach()], 1)


def draw_momentum_encoder(rng):
    """Two encoders that are alike, of which the forward updates one."""
    tower, blocks, stages = draw_tower(rng)
    net = Run(run_momentum_encoder, first=tower, second=copy.deepcopy(tower))
    net.register_buffer("queue", torch.randn(4, 7))
    net.in_place = rng.random() < 0.5
    inputs = torch.zeros(2, 3, 32, 32), torch.zeros(2, 3, 32, 32)
    return Drawn(net, inputs, blocks * 2, stages * 2)


# Necks: Lin et al. 2017, FPN; Liu et al. 2018, PANet, as YOLO has them


def run_neck(self, x):
    """A backbone, a way down its maps from the coarsest, and one up again or none."""
    maps = [x := stage(x) for stage in self.stages]
    y, fine = maps[-1], [maps[-1]]
    for skip, level in zip(reversed(maps[:-1]), self.downs, strict=True):
        y = level(torch.cat([nn.functional.interpolate(y, scale_factor=2), skip], 1))
        fine.append(y)
    found = [y]
    for level, shrink, skip in zip(self.ups, self.shrinks, fine[-2::-1], strict=False):
        y = level(torch.cat([shrink(y), skip], 1))
        found.append(y)
    return [head(y) for head, y in zip(self.heads, found, strict=False)]


def draw_neck(rng):
    """Residual blocks in a backbone and in its neck, each level a stage of its own."""
    levels, rises, kind = rng.randint(2, 3), rng.random() < 0.5, rng.choice([*BODIES])
    blocks, counts = [], []

    def draw_level(before, count):
        bodies = (nn.Sequential(*BODIES[kind](8, 8, 1)) for _ in range(count))
        blocks.extend([(kind,)] * count)
        counts.append(count)
        return nn.Sequential(conv(1, before), *(Run(add, body=body) for body in bodies))

    stages = []
    for place in range(levels):
        shrink = conv(3, 8 if place else 3, stride=2)
        stages.append(nn.Sequential(shrink, draw_level(8, rng.randint(1, 3))))
    own = rng.randint(1, 2)
    net = Run(
        run_neck,
        stages=stages, downs=[draw_level(16, own) for _ in range(levels - 1)],
        ups=[draw_level(16, own) for _ in range((levels - 1) * rises)],
        shrinks=[conv(3, stride=2) for _ in range((levels - 1) * rises)],
        heads=[conv(1, 8, 5) for _ in range(levels if rises else 1)],
    )  # fmt: skip
    return Drawn(net, (torch.zeros(1, 3, 64, 64),), blocks, counts)


TOWER_FORMS = {
    "ensembles": draw_ensemble,
    "momentum encoders": draw_momentum_encoder,
    "necks": draw_neck,
}
"""What draws a net of each form."""
