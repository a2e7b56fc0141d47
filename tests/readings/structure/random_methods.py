"""Random nets that are methods for differential equations, of several steps or stages.

Each knows its own truth, as those of `random_forms`: one block for each new state.
"""

import random

import torch
from torch import nn

from .random_forms import Drawn
from .random_parts import BODIES, WIDTH, Run, draw_mlp
from .toys import conv

# Methods of several steps


def leapfrog(a, b, y, _):
    """The state before the last, and twice what is made of the last."""
    return a + 2 * y


def verlet(a, b, y, _):
    """A difference of second order."""
    return 2 * b - a + 0.1 * y


def weigh_states(a, b, y, k):
    """The last two states, weighed by what is learnt."""
    return (1 - k) * b + k * a + y


def push(a, b, y, _):
    """A heavy ball."""
    return b + y + 0.9 * (b - a)


def push_first(a, b, y, _):
    """The same, summed in another order."""
    return y + (b + (b - a) / 2)


STEPS = (leapfrog, verlet, weigh_states, push, push_first)
"""How a new state is made of the last two and of a branch."""


def run_steps(self, x):
    """Keep two states."""
    a = self.stem(x)
    b = a + self.first(a) if self.starts_residual else self.act(a)
    for k, body in zip(self.weights, self.bodies, strict=True):
        a, b = b, self.act(self.step(a, b, body(b), k))
    return b


def run_slopes(self, x):
    """Keep the slopes that were added before: Adams and Bashforth's method."""
    x = self.stem(x)
    slopes = []
    for body in self.bodies:
        slopes = [*slopes, body(x)][-self.order :]
        if len(slopes) == 1:
            y = slopes[-1]
        elif len(slopes) == 2:
            y = 1.5 * slopes[1] - 0.5 * slopes[0]
        else:
            y = (23 * slopes[2] - 16 * slopes[1] + 5 * slopes[0]) / 12
        x = x + y if self.turned else y + x
    return x


def draw_bodies(rng, count):
    """Bodies over maps or rows, their type, a stem, and what goes in."""
    if rng.random() < 0.5:
        bodies = [draw_mlp(rng) for _ in range(count)]
        return bodies, "MLP", nn.Linear(5, WIDTH), torch.zeros(2, 9, 5)
    kind = rng.choice([*BODIES])
    bodies = [nn.Sequential(*BODIES[kind](8, 8, 1)) for _ in range(count)]
    return bodies, kind, conv(3, 3), torch.zeros(2, 3, 8, 8)


def draw_steps(rng):
    """Methods of several steps, in the model's own forward or in a module's."""
    count = rng.randint(2, 5)
    (first, *bodies), kind, stem, x = draw_bodies(rng, count + 1)
    net = Run(rng.choice((run_steps, run_steps, run_slopes)), stem=stem, bodies=bodies)
    net.weights = nn.ParameterList(nn.Parameter(torch.zeros(1)) for _ in bodies)
    net.step, net.order = rng.choice(STEPS), rng.choice((2, 3))
    net.starts_residual = rng.random() < 0.5
    net.turned = rng.random() < 0.5
    net.act = rng.choice((nn.Identity, nn.Identity, nn.ReLU))()
    if net.run is run_steps and net.starts_residual:
        net.first = first
        count += 1
    if rng.random() < 0.5:
        net = nn.Sequential(net, nn.Linear(WIDTH, 2) if kind == "MLP" else conv(1))
    return Drawn(net, (x,), [(kind,)] * count, [count])


# Methods of several stages


def heun(f, x):
    """The mean of two slopes."""
    k1 = f(x)
    k2 = f(x + k1)
    return x + 0.5 * (k1 + k2)


def ralston(f, x):
    """The same, weighed and added one by one."""
    k1 = f(x)
    k2 = f(x + 2 / 3 * k1)
    return x + 0.25 * k1 + 0.75 * k2


def take_midpoint(f, x):
    """The slope in the middle."""
    return x + f(x + 0.5 * f(x))


def kutta(f, x):
    """Three slopes."""
    k1 = f(x)
    k2 = f(x + k1 / 2)
    k3 = f(x - k1 + 2 * k2)
    return x + (k1 + 4 * k2 + k3) / 6


def runge(f, x):
    """Four slopes, each made of the one before."""
    k1 = f(x)
    k2 = f(x + k1 / 2)
    k3 = f(x + k2 / 2)
    k4 = f(x + k3)
    return x + (k1 + 2 * k2 + 2 * k3 + k4) / 6


STAGES = (heun, ralston, take_midpoint, kutta, runge)
"""How a state is made of the one before by slopes of slopes."""


def run_stages(self, x):
    """Make each state by one body, which is called for every slope."""
    x = self.stem(x)
    for body in self.bodies:
        x = self.act(self.step(body, x))
    return x


def run_method(self, x):
    """The same, one state in a module."""
    return self.step(self.body, x)


def draw_stages(rng):
    """Methods of several stages: their blocks are recurrent, for weights act again."""
    count = rng.randint(1, 4)
    bodies, _, stem, x = draw_bodies(rng, count)
    step = rng.choice(STAGES)
    if rng.random() < 0.5:
        net = Run(run_stages, stem=stem, bodies=bodies)
        net.step, net.act = step, rng.choice((nn.Identity, nn.ReLU))()
    else:
        blocks = [Run(run_method, body=body) for body in bodies]
        for block in blocks:
            block.step = step
        net = nn.Sequential(stem, *blocks)
    return Drawn(net, (x,), [("recurrent",)] * count, [count])


# Streams in turn: Jacobsen et al. 2018, i-RevNet


def run_turn(self, a, b):
    """Add to one stream what the other gives, and take turns."""
    y = self.body(b)
    if self.stride == 2:
        a, b = self.to_channels(a), self.to_channels(b)
    return b, y + a


def move_at_once(x):
    """Take each square of four pixels as channels."""
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, 4 * c, h // 2, w // 2)


def move_by_rows(x):
    """The same, as the paper's code does it, column by column."""
    x = x.permute(0, 2, 3, 1)
    n, h, _, c = x.shape
    columns = [y.contiguous().view(n, h // 2, 4 * c) for y in x.split(2, 2)]
    return torch.stack(columns, 1).permute(0, 2, 1, 3).permute(0, 3, 1, 2)


def move_by_slices(x):
    """The same by slices, as YOLOv5's first layer does."""
    parts = [x[:, :, i::2, j::2] for i in range(2) for j in range(2)]
    return torch.cat(parts, 1)


def run_turns(self, x):
    """Part a map into two streams, and put them together behind all blocks."""
    x = self.stem(x)
    a, b = x.chunk(2, 1) if self.chunks else (x[:, :8], x[:, 8:])
    for block in self.blocks:
        a, b = block(a, b) if self.calls else block.forward(a, b)
    return torch.cat([a, b], 1)


def draw_turns(rng):
    """Streams that are added to in turn, each sum a block of its own."""
    move = rng.choice((move_at_once, move_by_rows, move_by_slices))
    width, blocks, stages = 8, [], [rng.randint(2, 4) for _ in range(rng.randint(1, 3))]
    for stage, count in enumerate(stages):
        for place in range(count):
            stride = 2 if stage and not place else 1
            before, width = width, width * (4 if stride == 2 else 1)
            norm = [nn.BatchNorm2d(before), nn.ReLU()] * rng.randint(0, 1)
            kinds = [conv(3, before, 4, stride=stride), nn.ReLU(), conv(3, 4, 4)]
            body = nn.Sequential(*norm, *kinds, nn.ReLU(), conv(3, 4, width))
            blocks.append(Run(run_turn, body=body))
            blocks[-1].stride, blocks[-1].to_channels = stride, move
    net = Run(run_turns, stem=conv(3, 3, 16), blocks=blocks)
    net.calls, net.chunks = rng.random() < 0.5, rng.random() < 0.5
    truth = [("residual",)] * len(blocks)
    return Drawn(net, (torch.zeros(2, 3, 16, 16),), truth, stages)


# A product that is added as it is made


def run_products(self, x):
    """Add to the state before the last a product of the last."""
    a = self.stem(x)
    b = a if self.starts_once else self.first(a).relu()
    for weight in self.weights:
        read = b.relu() if self.acts_first else b
        y = self.product(a, read, weight)
        a, b = b, y if self.acts_first else self.act(y)
    return self.head(b)


PRODUCTS = (
    torch.addmm,
    lambda a, b, w: torch.addmm(a, b, w, alpha=0.5),
    lambda a, b, w: torch.baddbmm(a[None], b[None], w[None])[0],
    lambda a, b, w: a + b @ w,
)
"""How a product with a weight is added."""


def draw_products(rng):
    """Leapfrog steps of one layer each, of two with two states to start from."""
    count = rng.randint(2, 6)
    net = Run(
        run_products,
        stem=nn.Linear(5, 8), first=nn.Linear(8, 8), head=nn.Linear(8, 2),
        act=rng.choice((nn.ReLU, nn.Tanh, nn.Identity))(),
    )  # fmt: skip
    net.weights = nn.ParameterList([torch.ones(8, 8) for _ in range(count)])
    net.product = rng.choice(PRODUCTS)
    net.starts_once = count > 2 and rng.random() < 0.7
    net.acts_first = rng.random() < 0.5
    return Drawn(net, (torch.zeros(10, 5),), [("residual",)] * count, [count])


METHOD_FORMS = {
    "products": draw_products,
    "turns": draw_turns,
    "several steps": draw_steps,
    "several stages": draw_stages,
}
"""What draws a net of each form."""


def draw_method(form, seed):
    """Draw the net of a form and a seed."""
    return METHOD_FORMS[form](random.Random(f"{form} {seed}"))
