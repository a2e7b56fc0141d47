"""Odd models: each holds, shares or changes something that a trace could harm."""

from __future__ import annotations

import copy
import random
import threading
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

from tests.forwards import Forward

if TYPE_CHECKING:
    from collections.abc import Callable


class Odd(NamedTuple):
    """How to build a model, and the size of one sample."""

    build: Callable[[], nn.Module]
    size: tuple[int, ...] = (4,)


ODD: dict[str, Odd] = {}
"""Every odd model by name."""


def odd(*size: int) -> Callable[[Callable[[], nn.Module]], Callable[[], nn.Module]]:
    """Make the decorated function the builder of an odd model."""

    def register(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        ODD[build.__name__] = Odd(build, size or (4,))
        return build

    return register


@odd(3, 8, 8)
def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))


@odd(3, 8, 8)
def weight_norm():
    return nn.Sequential(parametrizations.weight_norm(nn.Conv2d(3, 4, 3)))


@odd(3, 8, 8)
def legacy_weight_norm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(torch.nn.utils.weight_norm(nn.Conv2d(3, 4, 3)))


@odd(3, 8, 8)
def spectral_norm():
    return nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)))


@odd(3, 8, 8)
def legacy_spectral_norm():
    return nn.Sequential(torch.nn.utils.spectral_norm(nn.Conv2d(3, 4, 3)))


@odd()
def orthogonal():
    return nn.Sequential(parametrizations.orthogonal(nn.Linear(4, 4)))


@odd(3, 8, 8)
def pruned():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    prune.l1_unstructured(net[0], "weight", amount=0.5)
    return net


@odd()
def quantised():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        return torch.ao.quantization.quantize_dynamic(net, {nn.Linear})


@odd(3, 8, 8)
def half():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(torch.bfloat16)


@odd(3, 8, 8)
def channels_last():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    return net.to(memory_format=torch.channels_last)


@odd()
def checkpointed():
    def function(model, x):
        return checkpoint(model.body, x, use_reentrant=False)

    return Forward(function, body=nn.Sequential(nn.Linear(4, 4), nn.Dropout()))


@odd(3, 8, 8)
def compiled():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.compile(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))


@odd(2, 4)
def recurrent():
    return Forward(
        lambda m, x: m.gru(m.lstm(x)[0])[0],
        lstm=nn.LSTM(4, 6, batch_first=True),
        gru=nn.GRU(6, 3, batch_first=True, bidirectional=True),
    )


@odd(5, 8)
def attention():
    return Forward(
        lambda m, x: m.coder(m.heads(x, x, x)[0]),
        heads=nn.MultiheadAttention(8, 2, batch_first=True),
        coder=nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
    )


def held(reach: Callable[..., Any], hold: Callable[..., Any]) -> nn.Module:
    """A model that holds a batch norm where torch does not look for modules."""
    return Forward(lambda m, x: reach(m.held)(x), held=hold(nn.BatchNorm1d(4)))


class Cache:
    """An object of the user's that a forward writes to."""

    def __init__(self, norm: nn.Module) -> None:
        self.norm, self.calls, self.last = norm, 0, None


HOLDERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "a list": (lambda h: h[0], lambda n: [n]),
    "a tuple": (lambda h: h[0], lambda n: (n,)),
    "a named tuple": (lambda h: h.norm, namedtuple("Pair", "norm")),  # noqa: PYI024
    "a deque": (lambda h: h[0], lambda n: deque([n])),
    "a dictionary": (lambda h: h["a"], lambda n: {"a": n}),
    "an ordered one": (lambda h: h["a"], lambda n: OrderedDict(a=n)),
    "a default one": (lambda h: h["a"], lambda n: defaultdict(list, a=n)),
    "a set": (lambda h: next(iter(h)), lambda n: {n}),
    "a namespace": (lambda h: h.norm, lambda n: SimpleNamespace(norm=n)),
    "an object": (lambda h: h.norm, Cache),
    "a method": (lambda h: h, lambda n: n.forward),
    "a partial function": (
        lambda h: h,
        lambda n: partial(nn.BatchNorm1d.forward, n),
    ),
}
for _name, _pair in HOLDERS.items():
    ODD[f"held in {_name}"] = Odd(partial(held, *_pair))


@odd()
def weakly_held():
    parent = Forward(lambda m, x: m.child(x), norm=nn.BatchNorm1d(4))
    parent.child = Forward(lambda m, x: m.up().norm(x), up=ref(parent))
    return parent


@odd()
def an_object_that_is_written_to():
    def function(model, x):
        model.cache.calls += 1
        model.cache.last = x
        return x * 2

    return Forward(function, cache=Cache(nn.Identity()))


class Slotted(nn.Module):
    """A module with slots beside its dictionary."""

    __slots__ = ("factor",)

    def __init__(self):
        super().__init__()
        self.factor = torch.ones(4)

    def forward(self, x):
        self.factor += 1
        return x * self.factor


@odd()
def slotted():
    return nn.Sequential(Slotted())


class Touchy(nn.Linear):
    """A module that cannot be compared, counted or shown."""

    def __eq__(self, other):
        raise AssertionError("compared")

    def __bool__(self):
        raise AssertionError("asked whether it is true")

    def __len__(self):
        raise AssertionError("counted")

    def __repr__(self):
        raise AssertionError("shown")

    __hash__ = nn.Module.__hash__


@odd()
def touchy():
    return nn.Sequential(Touchy(4, 4), nn.ReLU())


@odd()
def locked():
    return Forward(lambda m, x: x * 2, lock=threading.Lock(), size=torch.Size([4]))


@odd()
def tied():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    net[2].weight = net[0].weight
    net.append(net[0])
    return net


def spoil(model: Any, x: torch.Tensor) -> torch.Tensor:
    """A forward that changes everything about its model."""
    model.count += 1
    model.last = x
    model.seen.append(x)
    model.train(not model.training)
    model.register_buffer("fresh", torch.ones(4))
    model.extra = nn.Linear(4, 4)
    del model.spare
    model.handle.remove()
    model.linear.register_forward_hook(lambda *args: None)
    model.linear.weight.data.mul_(2)
    model.linear.weight.data = torch.zeros(4, 4)
    with torch.no_grad():
        model.linear.bias.add_(1)
    model.linear.bias.grad = torch.ones(4)
    model.linear.requires_grad_(requires_grad=False)
    model.state += 1
    model.__class__ = Spoiled
    return model.linear(x) + model.state


class Spoiled(Forward):
    """What a spoilt model becomes."""


@odd()
def spoiling():
    model = Forward(spoil, count=0, seen=[], spare=1, linear=nn.Linear(4, 4))
    model.register_buffer("state", torch.zeros(4))
    model.handle = model.linear.register_forward_pre_hook(lambda *args: None)
    return model


@odd()
def looking_at_values():
    def function(model, x):
        model.count += 1
        y = model.norm(x)
        return y if y.sum() > 1e9 else y * torch.rand(4)

    return Forward(function, count=0, norm=nn.BatchNorm1d(4))


def disturb(model: Any, x: torch.Tensor) -> torch.Tensor:
    """A forward that moves the process."""
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global state is what is watched
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float64)
    return model.drop(x) * torch.rand(4) * random.random()


@odd()
def disturbing():
    return Forward(disturb, drop=nn.Dropout())


@odd()
def drawing_from_its_own():
    def function(model, x):
        drawn = torch.rand(4, generator=model.torch)
        return x * drawn * model.python.random() * float(model.numpy.random())

    return Forward(
        function,
        torch=torch.Generator().manual_seed(1),
        python=random.Random(1),
        numpy=np.random.default_rng(1),
    )


@odd()
def counting_in_an_array():
    def function(model, x):
        model.seen += 1
        return x * 2

    return Forward(function, seen=np.zeros(2))


@odd()
def writing_to_the_users():
    hidden = torch.zeros(4)

    def function(model, x):
        hidden.add_(1)
        return x + hidden

    return Forward(function)


@odd()
def hooked():
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    net[0].register_forward_hook(lambda m, a, o: o * 2)
    net[0].register_forward_pre_hook(lambda m, a, k: (a, k), with_kwargs=True)
    net[1].register_forward_hook(lambda m, a, o: None, always_call=True)
    net[1].register_full_backward_hook(lambda *args: None)
    net[1].register_full_backward_pre_hook(lambda *args: None)
    net[0].weight.register_hook(lambda grad: grad)
    net[0].weight.register_post_accumulate_grad_hook(lambda p: None)
    net.register_load_state_dict_post_hook(lambda *args: None)
    return net


@odd()
def trained():
    net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    net(torch.randn(3, 4)).sum().backward()
    net.kept = net[0].weight * 2
    net.eval()[1].train()
    net[0].bias.requires_grad_(requires_grad=False)
    return net


@odd()
def raising():
    def function(model, x):
        model.count += 1
        raise ValueError("not on Sundays")

    return Forward(function, count=0, linear=nn.Linear(4, 4))


@odd()
def catching():
    def function(model, x):
        try:
            return model.linear(x[:, :2])
        except RuntimeError:
            return model.linear(x)

    return Forward(function, linear=nn.Linear(4, 4))


@odd()
def deep():
    net = nn.Linear(4, 4)
    for _ in range(150):
        net = nn.Sequential(net)
    return net


@odd()
def uncalled():
    net = Forward(lambda m, x: x * m.scale, scale=nn.Parameter(torch.ones(4)))
    net.idle = nn.Linear(4, 4)
    net.twin = [copy.deepcopy(net.idle)]
    return net
