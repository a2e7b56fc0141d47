"""Random residual nets that know their own truth.

A `Plan` says what every block of a net has: its body, its shortcut, a convolution of
several branches, a gate, a condition, a tap. `RandomNet` builds it, and says what a
reader of its code would say; the reading under test sees a record only.
"""

import random
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from .toys import conv

CHOICES = {
    "body": ("basic", "preactivation", "bottleneck", "dense", "nested"),
    "shortcut": ("A", "A by a transpose", "B", "C", "D", "two pooled halves"),
    "several": ("", "", "", "LoRA", "RepVGG", "adapter", "DoRA"),
    "gate": ("", "", "SE", "CBAM", "coordinates", "full size", "added context"),
    "condition": ("", "", "", "added", "FiLM", "cross-attention"),
    "tap": ("", "", "dead", "kept", "returned", "late", "auxiliary"),
    "join": ("+", "turned", "in place", "stacked", "scaled"),
    "shape": (
        "stages",
        "stages",
        "long skip",
        "hourglass",
        "U-Net",
        "towers",
        "siamese",
    ),
}
"""What a plan chooses from; "" is nothing."""


@dataclass(frozen=True)
class Plan:
    """What every block of a net has."""

    body: str
    shortcut: str
    several: str
    gate: str
    condition: str
    tap: str
    join: str
    shape: str
    counts: tuple[int, ...]


def draw_plan(seed):
    """The plan of a seed."""
    rng = random.Random(seed)
    chosen = {name: rng.choice(values) for name, values in CHOICES.items()}
    return Plan(
        **chosen, counts=tuple(rng.randint(1, 3) for _ in range(rng.randint(2, 3)))
    )


class Several(nn.Module):
    """A 3×3 written as the sum of two convolutions or three."""

    def __init__(self, how, c, o, stride):
        super().__init__()
        self.how, self.base = how, conv(3, c, o, stride=stride)
        self.one = conv(1, c, o, stride=stride)
        self.down, self.up = conv(3, c, 2, stride=stride), conv(1, 2, o)

    def forward(self, x):
        y = self.base(x)
        if self.how in {"LoRA", "DoRA"}:
            y = y + 2 * self.up(self.down(x))
        if self.how in {"RepVGG", "adapter", "DoRA"}:
            y = y + self.one(x)
        return y


class Gate(nn.Module):
    """What weighs a map; none of its layers is on the main path."""

    def __init__(self, how, c):
        super().__init__()
        self.how, self.a, self.b = how, conv(1, c, 4), conv(1, 4, c)
        self.wide, self.full = conv(7, 2, 1), conv(3, c, c)

    def forward(self, x):
        if self.how == "SE":
            return x * self.excite(x.mean((2, 3), keepdim=True)).expand_as(x)
        if self.how == "CBAM":
            x = x * self.excite(x.mean((2, 3), keepdim=True))
            both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
            return x * self.wide(both).sigmoid()
        if self.how == "coordinates":
            return x * self.excite(x.mean(3, True)) * self.excite(x.mean(2, True))
        if self.how == "full size":
            return (
                x * F.interpolate(self.full(F.avg_pool2d(x, 2)), x.shape[2:]).sigmoid()
            )
        return x + self.b(self.a(x.mean((2, 3), keepdim=True)).relu())

    def excite(self, x):
        return self.b(self.a(x).relu()).sigmoid()


class Condition(nn.Module):
    """A second input of the model, (N, 8), that comes into a body."""

    def __init__(self, how, c):
        super().__init__()
        self.how, self.embed = how, nn.Linear(8, 2 * c)
        self.query, self.out = nn.Linear(c, c), nn.Linear(c, c)

    def forward(self, x, t):
        a, b = self.embed(t).chunk(2, 1)
        if self.how == "added":
            return x + (a + b)[:, :, None, None]
        if self.how == "FiLM":
            return x * (1 + a[:, :, None, None]) + b[:, :, None, None]
        rows = x.flatten(2).transpose(1, 2)
        weights = self.query(rows) @ a.unsqueeze(2).expand(-1, -1, 3)
        rows = weights.softmax(-1) @ b.unsqueeze(1).expand(-1, 3, -1)
        return self.out(rows).transpose(1, 2).reshape(x.shape)

    @property
    def deep(self):
        return 2 if self.how == "cross-attention" else 0


class Body(nn.Module):
    """A main branch; `deep` is its number of weights in a row."""

    def __init__(self, plan, c, o, stride):
        super().__init__()

        def wide(a, b, s=1):
            return (
                Several(plan.several, a, b, s)
                if plan.several
                else conv(3, a, b, stride=s)
            )

        self.plan, norm, act = plan, nn.BatchNorm2d, nn.ReLU
        bodies = {
            "basic": lambda: [wide(c, o, stride), norm(o), act(), wide(o, o), norm(o)],
            "preactivation": lambda: [
                norm(c), act(), wide(c, o, stride), norm(o), act(), wide(o, o),
            ],
            "bottleneck": lambda: [
                conv(1, c, 4), act(), wide(4, 4, stride), norm(4), act(), conv(1, 4, o),
            ],
            "dense": lambda: [wide(c, o, stride), act(), Dense(o)],
            "nested": lambda: [wide(c, o, stride), act(), Nested(o), conv(3, o, o)],
        }  # fmt: skip
        self.steps = nn.Sequential(*bodies[plan.body]())
        self.condition = Condition(plan.condition, o) if plan.condition else None
        self.gate = Gate(plan.gate, o) if plan.gate else None
        self.head = nn.Linear(4 if plan.body == "bottleneck" else o, 2)
        self.deep = {"basic": 2, "preactivation": 2, "nested": 4}.get(plan.body, 3)
        self.deep += self.condition.deep if self.condition else 0

    def forward(self, x, t, taps):
        y = self.steps[:3](x)
        if self.plan.tap == "dead":
            y.abs().mean()
        elif self.plan.tap == "kept":
            self.last = y.detach()
        elif self.plan.tap:
            mean = y.mean((2, 3))
            taps.append(self.head(mean) if self.plan.tap == "auxiliary" else mean)
        y = self.steps[3:](y)
        y = self.condition(y, t) if self.condition else y
        return self.gate(y) if self.gate else y


class Dense(nn.Module):
    """Two convolutions, the second of which reads all that came before it."""

    def __init__(self, c):
        super().__init__()
        self.a, self.b = conv(3, c, 4), conv(3, c + 4, c)

    def forward(self, x):
        return self.b(torch.cat([x, self.a(x).relu()], 1))


class Nested(nn.Module):
    """A residual of its own inside a body, which is part of that."""

    def __init__(self, c):
        super().__init__()
        self.a, self.b = conv(1, c, 4), conv(1, 4, c)

    def forward(self, x):
        return x + self.b(self.a(x).relu())


class Shortcut(nn.Module):
    """The other way around a body; `kind` is what it is."""

    def __init__(self, how, c, o, stride):
        super().__init__()
        self.how, self.stride, self.gap = how, stride, o - c
        same = c == o and stride == 1
        self.kind = "projection"
        if same and how != "C":
            self.how, self.kind = "", "identity"
        elif how.startswith("A"):
            self.kind = "zero-padded" if o > c else "subsampled"
        halves = o // 2 if how == "two pooled halves" else o
        self.a = nn.Conv2d(c, halves, 1, stride if how in {"B", "C"} else 1)
        self.b = nn.Conv2d(c, o - halves or 1, 1)

    def forward(self, x):
        if not self.how:
            return x
        if self.how == "A":
            return F.pad(
                x[:, :, :: self.stride, :: self.stride], (0,) * 4 + (0, self.gap)
            )
        if self.how == "A by a transpose":
            x = x[:, :, :: self.stride, :: self.stride].transpose(1, 3)
            return F.pad(x, (0, self.gap)).transpose(1, 3)
        if self.how == "two pooled halves":
            moved = F.pad(x, (1, 0, 1, 0))[:, :, :-1, :-1]
            halves = [self.a(self.pool(x)), self.b(self.pool(moved))]
            return torch.cat(halves, 1)
        return self.a(x) if self.how in {"B", "C"} else self.a(self.pool(x))

    def pool(self, x):
        return F.avg_pool2d(x, self.stride, self.stride)


class RandomBlock(nn.Module):
    """A residual block of a plan."""

    def __init__(self, plan, c, o, stride=1):
        super().__init__()
        self.join, self.body = plan.join, Body(plan, c, o, stride)
        self.shortcut = Shortcut(plan.shortcut, c, o, stride)

    def forward(self, x, t, taps):
        y, x = self.body(x, t, taps), self.shortcut(x)
        if self.join == "stacked":
            return torch.stack([x, y]).sum(0)
        if self.join == "in place":
            return y.add_(x)
        return {"+": y + x, "turned": x + y, "scaled": x + 0.2 * y}[self.join]


class Row(nn.Module):
    """Blocks in a row."""

    def __init__(self, *blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)

    def forward(self, x, t, taps):
        for block in self.blocks:
            x = block(x, t, taps)
        return x

    @property
    def kinds(self):
        return [block.shortcut.kind for block in self.blocks]

    @property
    def deep(self):
        return sum(block.body.deep for block in self.blocks)


class RandomNet(nn.Module):
    """A stem, rows of blocks, a head; and the truth about them.

    Attributes:
        kinds: of every shortcut, in no order.
        depth: weights in a row on the main path.
        stages: numbers of blocks.
    """

    def __init__(self, plan):
        super().__init__()
        self.plan, self.stem = plan, conv(3, 3, 8)
        self.down, self.up = conv(3, 8, 8, stride=2), conv(1, 16, 8)
        counts = plan.counts if plan.shape == "stages" else plan.counts[:2]
        if plan.shape in {"long skip", "siamese"}:
            counts = (plan.counts[0] + 1,)
        self.rows, width = nn.ModuleList(), 8
        for count in counts:
            changes = len(self.rows) > 0 and plan.shape == "stages"
            before, width = width, 2 * width if changes else width
            blocks = [RandomBlock(plan, before, width, 1 + changes)]
            blocks += [RandomBlock(plan, width, width) for _ in range(count - 1)]
            self.rows.append(Row(*blocks))
        self.tail, self.head = conv(3), nn.Linear(width, 4)
        runs = 2 if plan.shape == "siamese" else 1
        self.kinds = [kind for row in self.rows for kind in row.kinds] * runs
        self.stages = [*counts] * runs
        deep = [row.deep for row in self.rows]
        self.depth = (
            2
            + {
                "long skip": lambda: deep[0] + 1,
                "hourglass": lambda: max(deep[0], deep[1] + 1),
                "U-Net": lambda: deep[0] + deep[1] + 2,
                "towers": lambda: max(deep) + 1,
            }.get(plan.shape, lambda: sum(deep))()
        )

    def forward(self, x, *condition):
        taps = []
        t = condition[0] if condition else None
        x = self.run_rows(self.stem(x), t, taps)
        x = self.head(x.mean((2, 3)))
        if not taps:
            return x
        if self.plan.tap == "late":
            return x + torch.cat(taps, 1).mean(1, keepdim=True)
        return x, *taps

    def run_rows(self, x, t, taps):
        """Run the rows as the plan's shape has them."""
        shape, rows = self.plan.shape, self.rows
        if shape == "long skip":
            return x + self.tail(rows[0](x, t, taps))
        if shape == "siamese":
            a, b = (rows[0](it, t, taps) for it in (x, x.flip(-1)))
            return (a - b).abs()
        if shape == "hourglass":
            low = F.interpolate(rows[1](self.down(x), t, taps), scale_factor=2)
            return rows[0](x, t, taps) + low
        if shape == "U-Net":
            skip = rows[0](x, t, taps)
            low = F.interpolate(rows[1](self.down(skip), t, taps), scale_factor=2)
            return self.up(torch.cat([skip, low], 1))
        if shape == "towers":
            return self.up(torch.cat([row(x, t, taps) for row in rows], 1))
        for row in rows:
            x = row(x, t, taps)
        return x
