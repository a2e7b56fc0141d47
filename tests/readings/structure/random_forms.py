"""Random nets of forms that have little in common, each of which knows its own truth.

A form draws a net and says what a reader of its code would: the types of every block's
units, in execution order, and how many blocks each stage has. `python -m
tests.readings.structure.random_forms 1000` tries so many of each.
"""

import random
import sys
from dataclasses import dataclass

import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .toys import Attention, conv


@dataclass(frozen=True)
class Drawn:
    """A net, what goes in, and its truth.

    Attributes:
        net: the model.
        shapes: of its inputs, or tensors.
        blocks: the types of every block's units.
        stages: numbers of blocks; None where that is a matter of taste.
    """

    net: nn.Module
    inputs: tuple[torch.Tensor, ...]
    blocks: list[tuple[str, ...]]
    stages: list[int] | None = None


class Run(nn.Module):
    """Modules of its own, and a forward that is given."""

    def __init__(self, forward, **modules):
        super().__init__()
        self.run = forward
        for name, module in modules.items():
            is_list = isinstance(module, list)
            setattr(self, name, nn.ModuleList(module) if is_list else module)

    def forward(self, *inputs):
        return self.run(self, *inputs)


# Units of transformers

WIDTH = 16


def draw_norm(rng):
    """A norm of rows, or none."""
    return rng.choice((nn.LayerNorm, nn.Identity))(WIDTH)


def draw_attention(rng):
    """Attention behind a norm or none."""
    return nn.Sequential(draw_norm(rng), Attention(WIDTH))


def draw_mlp(rng):
    """Two linear layers, which may have a dropout between."""
    act = rng.choice((nn.GELU, nn.ReLU, nn.SiLU))()
    layers = [draw_norm(rng), nn.Linear(WIDTH, 32), act]
    layers += [nn.Dropout(0.1)] if rng.random() < 0.5 else []
    return nn.Sequential(*layers, nn.Linear(32, WIDTH))


def draw_row_convolution(rng):
    """A 1×1, a depthwise convolution over rows, and a 1×1, as the Conformer's."""
    act = rng.choice((nn.SiLU, nn.ReLU))()
    body = nn.Sequential(
        nn.Conv1d(WIDTH, 32, 1), nn.GLU(1),
        nn.Conv1d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH),
        nn.BatchNorm1d(WIDTH), act, nn.Conv1d(WIDTH, WIDTH, 1),
    )  # fmt: skip
    return Run(lambda self, x: self.body(x.mT).mT, body=body)


def draw_row_mlp(rng):
    """Two linear layers over the rows, as MLP-Mixer's; nine rows go in."""
    act = rng.choice((nn.GELU, nn.ReLU))()
    body = nn.Sequential(nn.Linear(9, 18), act, nn.Linear(18, 9))
    parts = {"norm": nn.LayerNorm(WIDTH), "body": body}
    return Run(lambda self, x: self.body(self.norm(x).mT).mT, **parts)


UNITS = {
    "attention": draw_attention,
    "MLP": draw_mlp,
    "bottleneck": draw_row_convolution,
    "row MLP": draw_row_mlp,
}
"""The units of blocks, drawn by their type; a row MLP's is "MLP" too."""

BLOCKS = (
    ("attention", "MLP"),
    ("attention", "attention", "MLP"),
    ("attention", "bottleneck", "MLP"),
    ("MLP", "attention", "bottleneck", "MLP"),
    ("row MLP", "MLP"),
    ("bottleneck", "MLP"),
)
"""What blocks have for units."""


def add(self, x):
    """Add what a module makes of its input."""
    return x + self.scale * self.body(x)


def add_each(self, x):
    """Add what each unit makes of what came before."""
    for norm, unit in zip(self.norms, self.units, strict=True):
        x = norm(unit(x) + x)
    return x


def add_in_rows(self, x):
    """The same, in a loop over lists of modules."""
    for units in self.rows:
        for unit in units:
            x = unit(x) + x
    return x


def draw_transformer(rng):
    """Blocks of several units: in one forward, in a parent's, or modules in a row."""
    types = rng.choice(BLOCKS)
    count = rng.randint(2, 4)
    rows = [[UNITS[kind](rng) for kind in types] for _ in range(count)]
    style = rng.choice(("block", "two in a block", "parent", "modules", "root"))
    if style == "parent":
        net = nn.Sequential(Run(add_in_rows, rows=[nn.ModuleList(r) for r in rows]))
    elif style == "root":
        net = Run(add_in_rows, rows=[nn.ModuleList(row) for row in rows])
    elif style == "modules":
        scale = rng.choice((1, 0.5))
        units = [Run(add, body=unit) for row in rows for unit in row]
        for unit in units:
            unit.scale = scale
        net = nn.Sequential(*units)
    else:
        if style == "two in a block":
            again = [[UNITS[kind](rng) for kind in types] for _ in range(count)]
            rows = [row + more for row, more in zip(rows, again, strict=True)]
        norm = rng.choice((nn.LayerNorm, nn.Identity))
        blocks = [
            Run(add_each, units=row, norms=[norm(WIDTH) for _ in row]) for row in rows
        ]
        net = nn.Sequential(*blocks)
        count *= 2 if style == "two in a block" else 1
    blocks = [tuple(kind.split()[-1] for kind in types)] * count
    return Drawn(net, (torch.zeros(2, 9, WIDTH),), blocks, [count])


# Convolutional blocks

BODIES = {
    "basic": lambda c, o, s: [conv(3, c, o, stride=s), nn.ReLU(), conv(3, o, o)],
    "bottleneck": lambda c, o, s: [
        conv(1, c, 4), nn.ReLU(), conv(3, 4, 4, stride=s), nn.SiLU(), conv(1, 4, o),
    ],
    "residual": lambda c, o, s: [conv(5, c, o, stride=s), nn.ReLU(), conv(5, o, o)],
}  # fmt: skip
"""Main branches by their types."""


def add_two(self, x):
    """Two blocks written out in one forward, the first of which may project."""
    x = (self.side(x) + self.first(x)).relu()
    return self.act(x + self.second(x))


def draw_written_out(rng):
    """Pairs of convolutional blocks written out in one module's forward."""
    count, width = rng.randint(1, 3), 8
    pairs, blocks, stages = [], [], []
    for _ in range(count):
        types = [rng.choice([*BODIES]) for _ in range(2)]
        stride = rng.choice((1, 2))
        bodies = [BODIES[types[0]](8, 8, stride), BODIES[types[1]](8, 8, 1)]
        first, second = (
            nn.Sequential(*body, *[nn.BatchNorm2d(width)] * rng.randint(0, 1))
            for body in bodies
        )
        side = conv(1, stride=2) if stride == 2 else nn.Identity()
        act = rng.choice((nn.ReLU, nn.Identity))()
        pairs.append(Run(add_two, first=first, second=second, side=side, act=act))
        blocks += [(kind,) for kind in types]
        stages = (
            [*stages, 2]
            if stride == 2 or not stages
            else [*stages[:-1], stages[-1] + 2]
        )
    net = nn.Sequential(conv(3, 3), *pairs)
    return Drawn(net, (torch.zeros(2, 3, 16, 16),), blocks, stages)


FORMS = {
    "transformer": draw_transformer,
    "written out": draw_written_out,
}
"""What draws a net of each form."""


def draw(form, seed):
    """Draw the net of a form and a seed."""
    return FORMS[form](random.Random(f"{form} {seed}"))


def compare(drawn):
    """Return what was read off a net and its truth, alike if all is right."""
    built = read_structure(resviz.trace(drawn.net.eval(), inputs=drawn.inputs))
    blocks = [tuple(unit.type for unit in block.units) for block in built.blocks]
    stages = [len(stage.blocks) for stage in built.stages]
    return (blocks, drawn.stages and stages), (drawn.blocks, drawn.stages)


def count_wrong(form, count):
    """Count the nets of a form that are read wrong; say which on the way."""
    wrong = 0
    for seed in range(count):
        read, truth = compare(draw(form, seed))
        if read != truth:
            wrong += 1
            sys.stdout.write(f"{form} {seed}: {read} for {truth}\n")
    return wrong


if __name__ == "__main__":
    for name in sys.argv[2:] or FORMS:
        amount = count_wrong(name, int(sys.argv[1]))
        sys.stdout.write(f"{name}: {amount} wrong of {sys.argv[1]}\n")
