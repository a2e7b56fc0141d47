"""Random nets of forms that have little in common, each of which knows its own truth.

A form draws a net and says what a reader of its code would: the types of every block's
units, in execution order, and how many blocks each stage has. `random_every` tries many
of each.
"""

import random
from dataclasses import dataclass

import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_parts import (
    BODIES,
    UNITS,
    WIDTH,
    Run,
    add,
    add_each,
    add_in_rows,
    draw_norm,
)
from .toys import conv


@dataclass(frozen=True)
class Drawn:
    """A net, what goes in, and its truth.

    Attributes:
        net: the model.
        inputs: what it is given.
        blocks: the types of every block's units.
        stages: numbers of blocks.
        mode: how it is traced.
    """

    net: nn.Module
    inputs: tuple[torch.Tensor, ...]
    blocks: list[tuple[str, ...]]
    stages: list[int]
    mode: str = "auto"


# Units of transformers

BLOCKS = (
    ("attention", "MLP"),
    ("attention", "attention", "MLP"),
    ("attention", "convolution module", "MLP"),
    ("MLP", "attention", "convolution module", "MLP"),
    ("row MLP", "MLP"),
    ("convolution module", "MLP"),
    ("recurrent", "MLP"),
)
"""What blocks have for units."""


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
    blocks = [tuple(kind.removeprefix("row ") for kind in types)] * count
    return Drawn(net, (torch.zeros(2, 9, WIDTH),), blocks, [count])


# Convolutional blocks


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


# Streams that exchange


def exchange(self, a, b):
    """Add to each stream what the other gives, in turn."""
    a = a + self.scale * self.f(b)
    return a, self.g(a) + b


def run_pairs(self, x):
    """Part a tensor into two streams, and put them together behind all blocks."""
    a, b = self.part(x)
    for block in self.blocks:
        a, b = block(a, b)
    return torch.cat([a, b], self.axis)


def run_pair(self, x):
    """The same around one block."""
    a, b = self.block(*self.part(x))
    return torch.cat([b, a] if self.turned else [a, b], self.axis)


def draw_reversible(rng):
    """Reversible blocks over maps or rows, parted within each or before all."""
    over_rows, scale = rng.random() < 0.5, rng.choice((1, 0.5))
    count, axis = rng.randint(2, 4), 2 if over_rows else 1
    if over_rows:
        types, width = rng.choice((("attention", "MLP"), ("MLP", "MLP"))), WIDTH
    else:
        types, width = tuple(rng.choice([*BODIES]) for _ in range(2)), 8

    def draw_branch(kind):
        if over_rows:
            return UNITS[kind](rng)
        norm = [nn.BatchNorm2d(width)] * rng.randint(0, 1)
        return nn.Sequential(*norm, *BODIES[kind](width, width, 1))

    pairs = [
        Run(exchange, **dict(zip("fg", map(draw_branch, types), strict=True)))
        for _ in range(count)
    ]
    for pair in pairs:
        pair.scale = scale
    parts = {
        "chunk": lambda x: x.chunk(2, axis),
        "split": lambda x: x.split(width, axis),
        "slices": lambda x: (x.narrow(axis, 0, width), x.narrow(axis, width, width)),
        "twice": lambda x: (x, x),
    }
    styles = ("chunk", "split", "slices")
    if rng.random() < 0.5:
        part = rng.choice((*styles, "twice"))
        runs = [Run(run_pairs, blocks=pairs)]
    else:
        part = rng.choice(styles)
        runs = [Run(run_pair, block=pair) for pair in pairs]
    for run in runs:
        run.part, run.axis, run.turned = parts[part], axis, rng.random() < 0.5
    wide = width if part == "twice" else 2 * width
    stem = nn.Linear(5, wide) if over_rows else conv(3, 3, wide)
    shape = (2, 9, 5) if over_rows else (2, 3, 16, 16)
    net = nn.Sequential(stem, *runs)
    return Drawn(net, (torch.zeros(shape),), [types] * count, [count])


# Graphs

GATHERS = {
    "index_add_": lambda m, n, to: m.new_zeros(n, WIDTH).index_add_(0, to, m),
    "index_add": lambda m, n, to: torch.zeros(n, WIDTH).index_add(0, to, m),
    "scatter_add_": lambda m, n, to: torch.zeros(n, WIDTH).scatter_add_(
        0, to[:, None].expand_as(m), m
    ),
    "index_put_": lambda m, n, to: m.new_zeros(n, WIDTH).index_put_(
        (to,), m, accumulate=True
    ),
}
"""How messages are summed where they arrive."""


def pass_messages(self, x, edges):
    """A graph convolution over an edge index."""
    start, end = edges
    y = self.linear(x)
    messages = y[start] - y[end] if self.differs else y[start]
    y = GATHERS[self.gather](messages, len(x), end)
    return y + self.root(x) if self.has_root else y


def multiply_edges(self, x, edges):
    """A graph convolution by an adjacency matrix."""
    return edges @ self.linear(x)


def run_graph(self, x, edges):
    """Residual layers over a graph, with or without norm and activation."""
    x = self.stem(x)
    for norm, layer in zip(self.norms, self.layers, strict=True):
        y = layer(norm(x), edges)
        x = x + y.relu() if self.acts else y + x
    return self.head(x)


def draw_graph(rng):
    """A residual net over the nodes of a graph."""
    count, is_dense = rng.randint(2, 5), rng.random() < 0.3
    layers = [
        Run(
            multiply_edges if is_dense else pass_messages,
            linear=nn.Linear(WIDTH, WIDTH), root=nn.Linear(WIDTH, WIDTH),
        )
        for _ in range(count)
    ]  # fmt: skip
    gather, has_root = rng.choice([*GATHERS]), rng.random() < 0.3
    differs = rng.random() < 0.3
    for layer in layers:
        layer.gather, layer.has_root, layer.differs = gather, has_root, differs
    norms = [draw_norm(rng) for _ in layers]
    parts = {"stem": nn.Linear(5, WIDTH), "head": nn.Linear(WIDTH, 2)}
    net = Run(run_graph, layers=layers, norms=norms, **parts)
    net.acts = rng.random() < 0.5
    edges = torch.eye(9) if is_dense else torch.zeros(2, 20, dtype=torch.long)
    return Drawn(net, (torch.zeros(9, 5), edges), [("residual",)] * count, [count])


# Blocks in blocks


class Around(nn.Module):
    """A body around a residual, which adds its input where nothing changes."""

    def __init__(self, c, o, stride, inner, bodies):
        super().__init__()
        first, last = bodies
        self.first, self.last = conv(first, c, o, stride=stride), conv(last, o, o)
        self.inner, self.adds = inner, c == o and stride == 1

    def forward(self, x):
        y = self.last(self.inner(self.first(x).relu()))
        return x + y if self.adds else y


def draw_around(rng):
    """Stages whose first block has no shortcut, and residuals in all their bodies."""
    kernels, width = (rng.choice((1, 3)), rng.choice((1, 3))), 8
    inner_kernel = rng.choice((1, 3))
    blocks, stages, layers = [], [], []
    for _ in range(rng.randint(1, 3)):
        before, width, count = width, width + 8, rng.randint(2, 3)
        for place in range(count):
            body = conv(1, width, 4), nn.ReLU(), conv(inner_kernel, 4, width)
            inner = Run(add, body=nn.Sequential(*body))
            inner.scale = 1
            c = width if place else before
            layers.append(Around(c, width, 1 if place else 2, inner, kernels))
        blocks += [("plain",)] + [("residual",)] * (count - 1)
        stages.append(count)
    net = nn.Sequential(conv(3, 3), *layers)
    return Drawn(net, (torch.zeros(2, 3, 32, 32),), blocks, stages)


# Cells


class Cell(nn.Module):
    """Sums of two operations each on what came before, put side by side."""

    def __init__(self, rng, widths, width):
        super().__init__()
        self.before = nn.ModuleList(
            nn.Sequential(nn.ReLU(), conv(1, c, width), nn.BatchNorm2d(width))
            for c in widths
        )
        self.pairs = [[rng.randrange(2 + node) for _ in range(2)] for node in range(4)]
        self.operations = nn.ModuleList(
            self.draw_operation(rng, width) for pair in self.pairs for _ in pair
        )

    @staticmethod
    def draw_operation(rng, c):
        """A separable convolution, a pool, or nothing."""
        k = rng.choice((3, 5))
        return rng.choice(
            (
                nn.Sequential(
                    nn.ReLU(), conv(k, c, c, groups=c), conv(1, c, c),
                    nn.BatchNorm2d(c),
                ),
                nn.Sequential(nn.ReLU(), conv(k, c, c), nn.BatchNorm2d(c)),
                nn.MaxPool2d(3, 1, 1), nn.Identity(),
            )
        )  # fmt: skip

    def forward(self, a, b):
        nodes = [before(x) for before, x in zip(self.before, (a, b), strict=True)]
        operations = iter(self.operations)
        for pair in self.pairs:
            first, second = (next(operations)(nodes[k]) for k in pair)
            nodes.append(first + second if first is not second else first + nodes[0])
        return torch.cat(nodes[2:], 1)


def run_cells(self, x):
    """Each cell reads the two before it; residual blocks may follow."""
    a = b = self.stem(x)
    for cell in self.cells:
        a, b = b, cell(a, b)
    return self.blocks(b)


def draw_cells(rng):
    """A net of cells, in which nothing is a block, before blocks or none."""
    widths, cells = [8, 8], []
    for _ in range(rng.randint(1, 4)):
        cells.append(Cell(rng, widths[-2:], 4))
        widths.append(16)
    kinds = [rng.choice([*BODIES]) for _ in range(rng.randint(0, 2))]
    blocks = [Run(add, body=nn.Sequential(*BODIES[kind](16, 16, 1))) for kind in kinds]
    for block in blocks:
        block.scale = 1
    net = Run(run_cells, stem=conv(3, 3), cells=cells, blocks=nn.Sequential(*blocks))
    stages = [len(kinds)] if kinds else []
    return Drawn(net, (torch.zeros(2, 3, 8, 8),), [(kind,) for kind in kinds], stages)


FORMS = {
    "transformer": draw_transformer,
    "written out": draw_written_out,
    "reversible": draw_reversible,
    "graph": draw_graph,
    "around": draw_around,
    "cells": draw_cells,
}
"""What draws a net of each form."""


def draw(form, seed):
    """Draw the net of a form and a seed."""
    return FORMS[form](random.Random(f"{form} {seed}"))


def compare(drawn):
    """Return what was read off a net and its truth, alike if all is right."""
    arch = resviz.trace(drawn.net.eval(), inputs=drawn.inputs, mode=drawn.mode)
    built = read_structure(arch)
    blocks = [tuple(unit.type for unit in block.units) for block in built.blocks]
    stages = [len(stage.blocks) for stage in built.stages]
    return (blocks, stages), (drawn.blocks, drawn.stages)
