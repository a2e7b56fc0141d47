"""Random nets of sums that multiply, of momentum, and of steps in a loop.

Each knows its own truth, as those of `random_forms`.
"""

import random

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import BODIES, WIDTH, Run, draw_mlp
from .random_streams import MIXES
from .toys import conv

ACTS = (torch.relu, torch.tanh, nn.functional.gelu)

# Sums that multiply


class Products(nn.Module):
    """Residuals whose sum and last product are one operation."""

    def __init__(self, rng, shape):
        super().__init__()
        self.weights = nn.ParameterList(
            nn.Parameter(torch.zeros(shape)) for _ in range(rng.randint(1, 2))
        )
        self.acts = [rng.choice(ACTS) for _ in self.weights]
        self.last = rng.choice((*ACTS, None, None))
        self.scale = rng.choice((1, 0.5))
        self.norm = nn.LayerNorm(WIDTH) if rng.random() < 0.3 else nn.Identity()

    def forward(self, x):
        multiply, add = (
            (torch.mm, torch.addmm) if x.dim() == 2 else (torch.bmm, torch.baddbmm)
        )
        y, (*others, weight) = self.norm(x), self.weights
        for other, act in zip(others, self.acts, strict=False):
            y = act(multiply(y, other))
        x = add(x, y, weight, beta=self.scale)
        return x if self.last is None else self.last(x)


def draw_products(rng):
    """Residuals by `addmm` and `baddbmm`, which may add to what they multiply."""
    batched, count = rng.random() < 0.5, rng.randint(1, 4)
    shape = (2, WIDTH, WIDTH) if batched else (WIDTH, WIDTH)
    blocks = [Products(rng, shape) for _ in range(count)]
    net = nn.Sequential(nn.Linear(5, WIDTH), *blocks, nn.Linear(WIDTH, 3))
    kinds = [("MLP" if len(block.weights) > 1 else "residual",) for block in blocks]
    inputs = (torch.zeros(2, 9, 5) if batched else torch.zeros(4, 5),)
    return Drawn(net, inputs, kinds, [count])


# Momentum


def run_with_momentum(self, x):
    """Add to a velocity what each body makes, and that to the stream."""
    x = self.stem(x)
    velocity = torch.zeros_like(x) if self.starts_as_map else 0
    for body in self.bodies:
        y = self.step * body(x)
        velocity = (
            y + self.decay * velocity if self.turned else self.decay * velocity + y
        )
        x = self.act(x + velocity)
    return x


def draw_momentum(rng):
    """Residuals of maps or rows whose branch keeps what it added before."""
    over_rows, count = rng.random() < 0.5, rng.randint(1, 5)
    kind = "MLP" if over_rows else rng.choice([*BODIES])
    bodies = [
        draw_mlp(rng) if over_rows else nn.Sequential(*BODIES[kind](8, 8, 1))
        for _ in range(count)
    ]
    stem = nn.Linear(5, WIDTH) if over_rows else conv(3, 3)
    act = rng.choice((nn.Identity, nn.ReLU))()
    net = Run(run_with_momentum, stem=stem, bodies=bodies, act=act)
    net.decay, net.step = rng.choice((0.9, 1)), rng.choice((1, 0.1))
    net.starts_as_map, net.turned = rng.random() < 0.5, rng.random() < 0.5
    shape = (2, 9, 5) if over_rows else (2, 3, 8, 8)
    return Drawn(net, (torch.zeros(shape),), [(kind,)] * count, [count])


# Steps of a sequence


class Loop(nn.Module):
    """A recurrent net that runs step by step, added around all or at each step."""

    def __init__(self, rng, *, adds_each):
        super().__init__()
        self.kind = rng.choice(("lstm", "gru", "rnn", "sum", "early sum", "cat", "raw"))
        cells = {"lstm": nn.LSTMCell, "gru": nn.GRUCell, "rnn": nn.RNNCell}
        if self.kind in cells:
            self.cell = cells[self.kind](WIDTH, WIDTH)
        elif self.kind == "cat":
            self.both = nn.Linear(2 * WIDTH, WIDTH)
        elif self.kind == "raw":
            self.u, self.w = (nn.Parameter(torch.zeros(WIDTH, WIDTH)) for _ in range(2))
        else:
            self.u, self.w = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.act = rng.choice((torch.tanh, torch.relu))
        self.adds_each = adds_each
        self.unbinds, self.turned = rng.random() < 0.5, rng.random() < 0.5

    def step(self, x, state):
        """The next state, and what is given of it."""
        if self.kind == "lstm":
            state = self.cell(x, state)
            return state, state[0]
        if self.kind in ("gru", "rnn"):
            y = self.cell(x, state)
        elif self.kind == "cat":
            y = self.act(self.both(torch.cat([x, state], 1)))
        elif self.kind == "raw":
            y = self.act(x @ self.w + state @ self.u)
        else:
            y = self.act((x if self.kind == "early sum" else self.w(x)) + self.u(state))
        return y, y

    def forward(self, x):
        state = torch.zeros_like(x[:, 0])
        state = (state, state) if self.kind == "lstm" else state
        read = self.w(x) if self.kind == "early sum" else x
        steps = read.unbind(1) if self.unbinds else [read[:, k] for k in range(5)]
        rows = []
        for k, step in enumerate(steps):
            state, y = self.step(step, state)
            if self.adds_each:
                own = x[:, k] if self.kind == "early sum" else step
                y = own + y if self.turned else y + own
            rows.append(y)
        rows = torch.stack(rows, 1)
        return rows if self.adds_each else x + rows


def draw_loop_net(rng):
    """Recurrent nets in a loop; those added step by step are no blocks."""
    adds_each = rng.random() < 0.5  # a call of a block's class is a block too
    loops = [Loop(rng, adds_each=adds_each) for _ in range(rng.randint(1, 2))]
    mlp = Run(lambda self, x: x + self.body(x), body=draw_mlp(rng))
    net = nn.Sequential(nn.Linear(8, WIDTH), *loops, mlp)
    blocks = [] if adds_each else [("recurrent",)] * len(loops)
    blocks += [("MLP",)]
    return Drawn(net, (torch.zeros(2, 5, 8),), blocks, [len(blocks)])


# Steps that refine


def take_gated_step(self, h, x):
    """A convolutional cell, which may take two turns, one for each axis."""
    for z, r, q in zip(self.zs, self.rs, self.qs, strict=True):
        both = torch.cat([h, x], 1)
        gate, reset = z(both).sigmoid(), r(both).sigmoid()
        new = q(torch.cat([reset * h, x], 1)).tanh()
        h = self.mix(new, gate, h)
    return h


def refine(self, x):
    """Add to a map, step by step, what a cell gives that reads the map."""
    x = self.encoder(self.stem(x))
    h, context = self.split(x).chunk(2, 1)
    h, context = h.tanh(), context.relu()
    y = self.first(x) if self.starts_made else torch.zeros_like(x[:, :2])
    rows = []
    for _ in range(self.steps):
        read = y.detach() if self.cuts else y
        motion = self.motion(torch.cat([context, read], 1)).relu()
        h = self.cell(h, motion)
        y = read + self.head(h)
        rows.append(y)
    return rows if self.gives_all else y


def draw_refinement(rng):
    """An encoder of residual blocks, and steps of one cell, which are no blocks."""
    count, turns = rng.randint(1, 3), rng.randint(1, 2)
    bodies = [nn.Sequential(*BODIES["basic"](8, 8, 1)) for _ in range(count)]
    blocks = [Run(lambda self, x: x + self.body(x), body=body) for body in bodies]
    names = ("zs", "rs", "qs")
    cell = Run(
        take_gated_step, **{n: [conv(3, 16) for _ in range(turns)] for n in names}
    )
    cell.mix = rng.choice(MIXES)
    head = nn.Sequential(conv(3), nn.ReLU(), conv(3, 8, 2))
    net = Run(
        refine,
        stem=conv(3, 3), encoder=nn.Sequential(*blocks), split=conv(1, 8, 16),
        first=conv(1, 8, 2), motion=conv(3, 10), cell=cell, head=head,
    )  # fmt: skip
    net.steps = rng.randint(2, 4)
    net.starts_made, net.cuts, net.gives_all = (rng.random() < 0.5 for _ in range(3))
    return Drawn(net, (torch.zeros(2, 3, 8, 8),), [("basic",)] * count, [count])


LOOP_FORMS = {
    "refinement": draw_refinement,
    "products": draw_products,
    "momentum": draw_momentum,
    "steps": draw_loop_net,
}
"""What draws a net of each form."""


def draw_loop(form, seed):
    """Draw the net of a form and a seed."""
    return LOOP_FORMS[form](random.Random(f"{form} {seed}"))
