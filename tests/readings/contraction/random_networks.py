"""Random networks of convolutions, pools, upsamplings, sums, products and joins."""

import random

import torch
from torch import nn

SIDE, WIDTH = 32, 8


class BranchingNet(nn.Module):
    """A network that is drawn from a seed; what nothing reads is returned."""

    def __init__(self, seed, most=40):
        super().__init__()
        self.rng = random.Random(seed)
        self.steps, self.parts = [], nn.ModuleList()
        self.maps = [(WIDTH, SIDE)]
        for _ in range(self.rng.randint(6, most)):
            near = self.rng.random() < 0.7
            source = self.rng.randrange(
                len(self.maps) - 3 if near else 0, len(self.maps)
            )
            self.add_step(max(source, 0))
        read = {source for _, sources in self.steps for source in sources}
        ends = [k for k in range(1, len(self.maps)) if k not in read]
        self.ends = ends or [len(self.maps) - 1]

    def add_step(self, source):
        """Add a step that reads a map, and another if it is a join."""
        width, side = self.maps[source]
        chance = self.rng.random()
        if chance < 0.4:
            self.put("module", (source,), (WIDTH, side), conv(width, 1))
        elif chance < 0.5 and side > 4:
            self.put("module", (source,), (WIDTH, side // 2), conv(width, 2))
        elif chance < 0.56 and side > 4:
            self.put("module", (source,), (width, side // 2), nn.MaxPool2d(2))
        elif chance < 0.64 and side < SIDE:
            up = nn.Upsample(scale_factor=2)
            self.put("module", (source,), (width, side * 2), up)
        elif chance < 0.7:
            self.put("module", (source,), (width, side), nn.ReLU())
        else:
            self.add_join(source)

    def add_join(self, source):
        """Add a join of a map with another of its side, if there is one."""
        width, side = self.maps[source]
        others = [k for k, (_, s) in enumerate(self.maps) if s == side and k != source]
        if not others:
            return
        other = self.rng.choice(others)
        if self.maps[other][0] == width and self.rng.random() < 0.7:
            kind = "+" if self.rng.random() < 0.8 else "×"
            self.put(kind, (source, other), (width, side))
        elif width + self.maps[other][0] < 200:
            total = width + self.maps[other][0]
            self.put("cat", (source, other), (total, side))

    def put(self, kind, sources, shape, part=None):
        """Add a step that gives a map of some width and side."""
        self.steps.append((kind, sources))
        self.parts.append(part or nn.Identity())
        self.maps.append(shape)

    def forward(self, x):
        maps = [x]
        for (kind, sources), part in zip(self.steps, self.parts, strict=True):
            read = [maps[source] for source in sources]
            maps.append(part(read[0]) if kind == "module" else JOINS[kind](*read))
        return [maps[k] for k in self.ends]


def conv(width, stride):
    """A 3×3 convolution."""
    return nn.Conv2d(width, WIDTH, 3, stride, 1)


JOINS = {
    "+": torch.add,
    "×": torch.mul,
    "cat": lambda a, b: torch.cat([a, b], 1),
}
"""How two maps are joined."""


class RepeatedNet(nn.Module):
    """A random motif that runs several times, with what a turn may read of others.

    Each turn reads the one before; if `lag` is 2, that before it too. What is behind
    reads the last turn, or all of them. One turn may run another layer, and one may
    read elsewhere than the others.
    """

    def __init__(self, seed):
        super().__init__()
        rng = random.Random(seed)
        self.lag, self.reads_all = rng.choice((1, 2)), rng.random() < 0.3
        self.returns_turns, self.join = rng.random() < 0.3, rng.choice(("+", "×"))
        times = rng.randint(2, 6)
        self.turns = nn.ModuleList(
            nn.ModuleList(conv(WIDTH, 1) for _ in range(3)) for _ in range(times)
        )
        if rng.random() < 0.3:
            unlike = nn.Conv2d(WIDTH, WIDTH, 5, 1, 2)
            self.turns[rng.randrange(times)][0] = unlike
        self.odd_turn = rng.randrange(times) if rng.random() < 0.6 else -1
        self.odd_way = rng.choice(("swapped", "far", "early", "left out"))
        self.last = conv(WIDTH * (times if self.reads_all else 1), 1)

    def forward(self, x):
        maps = [x, x]  # what each turn gives, behind the input
        for number, (first, second, third) in enumerate(self.turns):
            a, b = maps[-1], maps[-self.lag]
            if number == self.odd_turn:
                a, b = {
                    "swapped": (b, a),
                    "far": (a, maps[max(-3, -len(maps))]),
                    "early": (maps[0], b),
                    "left out": (a, a),
                }[self.odd_way]
            y, z = first(a), second(b)
            maps.append(third(JOINS[self.join](y, z)) * y)
        end = self.last(torch.cat(maps[2:], 1) if self.reads_all else maps[-1])
        return [end, *maps[2:]] if self.returns_turns else end
