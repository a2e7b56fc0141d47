"""Oracles: what torch itself holds in a forward, and what it keeps for backward."""

from __future__ import annotations

from typing import NamedTuple
from weakref import finalize

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from resviz.source import build
from resviz.source.spec import parse_spec


class Held(TorchDispatchMode):
    """Counts the bytes of storages that live, operation by operation."""

    def __init__(self, known):
        super().__init__()
        self.known = {tensor.untyped_storage()._cdata for tensor in known}
        self.live = 0
        self.timeline = []

    def add(self, tensor):
        """Count a tensor's storage until it is gone."""
        storage = tensor.untyped_storage()
        place, size = storage._cdata, storage.nbytes()
        if place not in self.known and size:
            self.known.add(place)
            self.live += size
            finalize(storage, self.drop, place, size)

    def drop(self, place, size):
        self.known.discard(place)
        self.live -= size

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(output):
            if isinstance(leaf, torch.Tensor):
                self.add(leaf)
        if func is not torch.ops.aten.empty.memory_format:  # of a kernel's own
            self.timeline.append(self.live)
        return output


def held(model, shape, *, training=False):
    """Bytes that are live at each operation of a real forward on the CPU."""
    x = torch.randn(shape, dtype=next(model.parameters()).dtype)
    mode = Held([*model.parameters(), *model.buffers()])
    mode.add(x)
    model.train(training)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), mode:
        model(x)
    return mode.timeline


def kept(model, shape, *, training=False):
    """Bytes of the storages that a real forward on the CPU saves for backward.

    Parameters, buffers, and numbers that torch wraps as tensors are left out.
    """
    own = {
        tensor.untyped_storage()._cdata
        for tensor in (*model.parameters(), *model.buffers())
    }
    saved = []

    def pack(tensor):
        saved.append(tensor)  # alive, so that no address comes twice
        return tensor

    model.train(training)
    x = torch.randn(shape, dtype=next(model.parameters()).dtype)
    with sdpa_kernel(SDPBackend.MATH), saved_tensors_hooks(pack, lambda it: it):
        output = model(x)
    storages = {
        t.untyped_storage()._cdata: t.untyped_storage() for t in saved if t.dim()
    }
    del output
    return sum(it.nbytes() for place, it in storages.items() if place not in own)


class Measured(NamedTuple):
    """The oracles, as functions."""

    held = staticmethod(held)
    kept = staticmethod(kept)


@pytest.fixture
def torchs():
    """What torch measures: `torchs.held(model, shape)`, `torchs.kept(…)`."""
    return Measured


class Gate(nn.Module):
    """Squeeze and excitation, whose product is taken in place or not."""

    def __init__(self, channels, *, inplace):
        super().__init__()
        self.reduce = nn.Conv2d(channels, channels // 4, 1)
        self.act = nn.SiLU(inplace=inplace)
        self.expand = nn.Conv2d(channels // 4, channels, 1)
        self.inplace = inplace

    def forward(self, x):
        gate = self.expand(self.act(self.reduce(x.mean((2, 3), keepdim=True))))
        gate = gate.sigmoid()
        return x.mul_(gate) if self.inplace else x * gate


class Block(nn.Module):
    """A gated block; what its names hold matters as much as what it computes."""

    def __init__(self, inputs, outputs, *, inplace):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.gate = Gate(outputs, inplace=inplace)
        self.project = nn.Conv2d(inputs, outputs, 1)
        self.drop = nn.Dropout(0.2)
        self.act = nn.ReLU(inplace=inplace)

    def forward(self, x):
        shortcut = self.project(x)
        out = self.gate(self.norm(self.conv(x)))
        out = self.drop(out) + shortcut
        return self.act(out)


class Attention(nn.Module):
    """Tokens that look at each other, by a layer norm and two linear layers."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.qkv = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        return x + self.out(mixed)


class Standardised(nn.Conv2d):
    """A convolution whose weight is computed from its parameter."""

    def forward(self, x):
        variance, mean = torch.var_mean(self.weight, (1, 2, 3), keepdim=True)
        weight = (self.weight - mean) * (variance + 1e-5).rsqrt()
        return nn.functional.conv2d(x, weight, self.bias, padding=1)


def gated(*, inplace):
    """A stem, two gated blocks, a head."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.MaxPool2d(2),
        Block(8, 8, inplace=inplace),
        Block(8, 16, inplace=inplace),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 5),
    )


MODELS = {
    "gated": lambda: gated(inplace=False),
    "gated in place": lambda: gated(inplace=True),
    "attention": lambda: nn.Sequential(nn.Conv2d(3, 16, 4, 4), Attention()),
    "standardised": lambda: nn.Sequential(Standardised(3, 8, 3), nn.GroupNorm(2, 8)),
}
"""Networks beside those that resviz builds itself."""

SPECS = (
    "resnet18",
    "resnet50",
    "cifar20",
    "resnet(34, shortcut='A')",
    "resnet(50, stem='deep', avg_down=True)",
    "resnext50_32x4d",
)
"""Networks that resviz builds itself, ResNet-D among them."""


@pytest.fixture(params=[*SPECS, *MODELS])
def network(request):
    """A network with weights, on the CPU."""
    name = request.param
    torch.manual_seed(0)
    return MODELS[name]() if name in MODELS else built(name)


def built(spec):
    """A network of resviz's own, with weights of some values."""
    return build.build_own_network(parse_spec(spec)).to_empty(device="cpu")
