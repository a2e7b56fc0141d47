"""Random residual nets of 8-bit integers, converted and run for real.

Each knows its own truth, as those of `random_forms`; its floating twin has the same.
"""

import copy
import random
import warnings
from dataclasses import dataclass

import torch
from torch import nn
from torch.ao import quantization
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.quantization.qconfig import default_qconfig

from .random_forms import Drawn
from .random_parts import WIDTH, Run
from .toys import conv

JOINS = (
    lambda f, x, y: f.add_relu(x, y),
    lambda f, x, y: f.add_relu(y, x),
    lambda f, x, y: f.add(x, y).relu(),
    lambda f, x, y: f.add(y, x),
)
"""How a sum is written, with an activation or without."""

ACTS = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.LeakyReLU)
"""What stands between convolutions; the first is made part of one."""

KERNELS = {
    "basic": (3, 3),
    "bottleneck": (1, 3, 1),
    "residual": (5, 3),
    "inverted bottleneck": (1, 3, 1),
}
"""The kernels of bodies by their types."""


def take_excitation(self, x):
    """A gate, whose product is a module too, since it has a scale."""
    y = self.up(self.down(self.pool(x)).relu()).sigmoid()
    return self.product.mul(x, y)


def add_quantised(self, x):
    """Add what a body makes, by a module that holds the sum's scale."""
    return self.join(self.sum, self.side(x), self.body(x))


def draw_body(rng, kind, before, after, stride):
    """Convolutions with norms and activations, and a gate or none."""
    act, kernels = rng.choice(ACTS), KERNELS[kind]
    has_norms, inner = rng.random() < 0.7, 4 if kind == "bottleneck" else after
    inner = 4 * before if kind == "inverted bottleneck" else inner
    layers, width = [], before
    for place, kernel in enumerate(kernels):
        is_last = place == len(kernels) - 1
        out = after if is_last else inner
        strides = stride if place == len(kernels) - 2 else 1
        groups = width if kind == "inverted bottleneck" and kernel == 3 else 1
        layers.append(conv(kernel, width, out, stride=strides, groups=groups))
        layers += [nn.BatchNorm2d(out)] if has_norms else []
        layers += [] if is_last else [act()]
        width = out
    if rng.random() < 0.3:
        parts = {"down": conv(1, after, 4), "up": conv(1, 4, after)}
        parts |= {"pool": nn.AdaptiveAvgPool2d(1), "product": FloatFunctional()}
        layers.append(Run(take_excitation, **parts))
    return nn.Sequential(*layers)


def draw_side(rng, before, after, stride):
    """Nothing, or a projection: strided, or behind a pool."""
    if stride == 1 and before == after:
        return nn.Identity()
    if rng.random() < 0.3:
        pool = nn.AvgPool2d(stride)
        return nn.Sequential(pool, conv(1, before, after))
    norm = [nn.BatchNorm2d(after)] if rng.random() < 0.5 else []
    return nn.Sequential(conv(1, before, after, stride=stride), *norm)


@dataclass(frozen=True)
class Twins:
    """A net of integers, and the one of floating point that it was made of."""

    drawn: Drawn
    floating: nn.Module


def fuse(net):
    """Make one module of every convolution and what follows it, as far as it can be."""
    for part in [part for part in net.modules() if isinstance(part, nn.Sequential)]:
        kinds = [type(layer) for layer in part]
        for place, kind in enumerate(kinds):
            run = 1
            for follower in (nn.BatchNorm2d, nn.ReLU) if kind is nn.Conv2d else ():
                run += kinds[place + run : place + run + 1] == [follower]
            if run > 1:
                names = [str(place + k) for k in range(run)]
                quantization.fuse_modules(part, names, inplace=True)


def quantise(net, x, *, fuses):
    """Convert a copy of a net to one of integers, its scales as one input has them."""
    net = copy.deepcopy(net).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has moved this elsewhere
        if fuses:
            fuse(net)
        net.qconfig = default_qconfig
        quantization.prepare(net, inplace=True)
        net(x)
        return quantization.convert(net, inplace=True)


def draw_twins(rng):
    """A ResNet of maps, or an MLP of rows, of integers and of floating point."""
    if rng.random() < 0.2:
        return draw_row_twins(rng)
    width, layers, blocks, stages = 8, [], [], []
    join = rng.choice(JOINS)
    for stage in range(rng.randint(1, 3)):
        before, width, count = width, width + 8 * (stage > 0), rng.randint(1, 3)
        kind = rng.choice([*KERNELS])
        for place in range(count):
            ends = (width if place else before), width, 1 + (stage > 0 and not place)
            parts = {"body": draw_body(rng, kind, *ends), "side": draw_side(rng, *ends)}
            layers.append(Run(add_quantised, **parts, sum=FloatFunctional()))
            layers[-1].join = join
        blocks += [(kind,)] * count
        stages.append(count)
    stem = [conv(3, 3), nn.BatchNorm2d(8), nn.ReLU()]
    pool = [nn.MaxPool2d(3, 2, 1)] * rng.randint(0, 1)
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 3)]
    parts = [*stem, *pool, *layers, *head]
    return convert(rng, parts, torch.rand(1, 3, 16, 16), blocks, stages)


def draw_row_twins(rng):
    """MLPs in a row."""
    count, join = rng.randint(1, 3), rng.choice(JOINS)
    layers = []
    for _ in range(count):
        body = nn.Sequential(nn.Linear(WIDTH, 32), nn.ReLU(), nn.Linear(32, WIDTH))
        parts = {"body": body, "side": nn.Identity(), "sum": FloatFunctional()}
        layers.append(Run(add_quantised, **parts))
        layers[-1].join = join
    parts = [nn.Linear(5, WIDTH), *layers, nn.Linear(WIDTH, 3)]
    return convert(rng, parts, torch.rand(2, 5), [("MLP",)] * count, [count])


def convert(rng, parts, x, blocks, stages):
    """Put parts between the stubs where integers begin and end, and convert them."""
    stubs = quantization.QuantStub(), quantization.DeQuantStub()
    floating = nn.Sequential(stubs[0], *parts, stubs[1]).eval()
    net = quantise(floating, x, fuses=rng.random() < 0.7)
    return Twins(Drawn(net, (x,), blocks, stages), floating)


def draw_quantised(rng):
    """The net of integers."""
    return draw_twins(rng).drawn


QUANTISED_FORMS = {"quantised": draw_quantised}
"""What draws a net of each form."""


def draw_quantised_twins(seed):
    """Draw both nets of a seed."""
    return draw_twins(random.Random(f"quantised {seed}"))
