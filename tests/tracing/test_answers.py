"""Modules answered whole: the same record as when they are run, and when they are."""

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import resviz
from resviz.source import build
from resviz.source.spec import parse
from resviz.tracing import answers, trace
from resviz.tracing.answering import Answering
from resviz.tracing.postponed import Postponed

small = st.integers(1, 4)


@pytest.fixture
def answered(monkeypatch):
    """Paths of the modules that were answered whole."""
    paths, noted = [], Answering.noted

    def follow(self, module, *args):
        output = noted(self, module, *args)
        if output is not None:
            paths.append(self.clone.paths[id(module)])
        return output

    monkeypatch.setattr(Answering, "noted", follow)
    return paths


def run(model, *args, **kwargs):
    """The record of a trace that answers nothing whole, or what it says."""
    kept = dict(answers.ANSWERS)
    answers.ANSWERS.clear()
    try:
        return outcome(model, *args, **kwargs)
    finally:
        answers.ANSWERS.update(kept)


def outcome(model, *args, **kwargs):
    """A record, or what a trace says that fails."""
    try:
        return trace(model, *args, **kwargs)
    except resviz.TraceError as error:
        return str(error)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_unit_is_told_the_same_of(data):
    """Convolution, norm and activation of any size, that fit or do not."""
    groups, width, size = (data.draw(small) for _ in range(3))
    kernel, stride, padding, dilation = (data.draw(small) for _ in range(4))
    conv = nn.Conv2d(
        groups * width, groups * 2, kernel, stride, padding - 1, dilation, groups,
        bias=data.draw(st.booleans()),
    )  # fmt: skip
    norm = nn.BatchNorm2d(
        groups * data.draw(st.sampled_from([2, 2, 2, 3])),
        affine=data.draw(st.booleans()),
        track_running_stats=data.draw(st.booleans()),
    )
    activation = data.draw(st.sampled_from([nn.ReLU, nn.SiLU]))
    net = nn.Sequential(conv, norm, activation(inplace=data.draw(st.booleans())))
    shape = (groups * width, size * 3, size)
    training = data.draw(st.booleans())
    told = outcome(net, shape, training=training, batch=2)
    assert run(net, shape, training=training, batch=2) == told


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "spec",
    [
        "resnet18", "resnet50", "resnext50_32x4d", "cifar20",
        "resnet(50, output_stride=8)", "resnet(34, shortcut='A')",
    ],
)  # fmt: skip
def test_networks_are_told_the_same_of(spec, training):
    """Each of ours, in evaluation and in training."""
    net = build.network(parse(spec))
    assert run(net, (3, 64, 64), training=training) == trace(
        net, (3, 64, 64), training=training
    )


def unit(*before, **options):
    """A small network whose last three modules can be answered."""
    conv = nn.Conv2d(3, 4, 3, **options)
    return nn.Sequential(*before, conv, nn.BatchNorm2d(4), nn.ReLU()).eval()


def test_a_unit_is_answered_whole(answered):
    """All three modules of the usual one."""
    trace(unit(), (3, 8, 8))
    assert ["0", "1", "2"] == answered


class Parent(nn.Module):
    """A forward that does something with the convolution that it holds."""

    def __init__(self, forward):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.work = forward

    def forward(self, x):
        return self.work(self.conv, x)


class Twice(nn.Conv2d):
    def forward(self, x):
        return super().forward(x) * 2


def hooked():
    net = unit()
    net[0].register_forward_hook(lambda module, args, output: output * 2)
    return net


def patched():
    net = unit()
    net[0].forward = lambda x, own=net[0].forward: own(x) * 2
    return net


def listed():
    net = unit()
    net[0].stride = [1, 1]
    return net


def standardised(conv, x):
    return conv(x) + conv.weight.mean()


def rescaled(conv, x):
    conv.weight.data.mul_(2)
    return conv(x)


def copied(conv, x):
    return copy.deepcopy(conv.weight).sum() + conv(x)


def hooking(conv, x):
    handle = conv.register_forward_hook(lambda module, args, output: output * 2)
    y = conv(x)
    handle.remove()
    return conv(y)


def cast(conv, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return conv(x)


def learning(conv, x):
    with torch.enable_grad():
        return conv(x)


class Scaled(TorchFunctionMode):
    def __torch_function__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        return given * 2 if func is torch.nn.functional.conv2d else given


def scaled(conv, x):
    with Scaled():
        return conv(x)


class Doubled(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = func(*args, **(kwargs or {}))
        return given * 2 if func is torch.ops.aten.convolution.default else given


def doubled(conv, x):
    with Doubled():
        return conv(x)


def named(conv, x):
    return conv(input=x)


def turned(conv, x):
    return conv(x.transpose(2, 3))


def constant(conv, x):
    return x + conv(torch.ones(1, 3, 8, 8))


def through_a_view(conv, x):
    y = conv(x)
    nn.ReLU(inplace=True)(y[:, 1:])
    return conv(y)


def tied():
    net = nn.Sequential(nn.Conv2d(3, 3, 1), Parent(standardised))
    net[1].conv.weight = nn.Parameter(torch.ones(3, 3, 1, 1))
    net[0].weight = net[1].conv.weight
    return net


RUN = {
    "a hook": (hooked(), "0"),
    "a forward of its own": (patched(), "0"),
    "a subclass": (nn.Sequential(Twice(3, 4, 3), nn.ReLU()), "0"),
    "a padding by mirrors": (unit(padding=1, padding_mode="reflect"), "0"),
    "a padding by name": (unit(padding="same"), "0"),
    "a list": (listed(), "0"),
    "a weight that is read": (Parent(standardised), ""),
    "a weight that is written to": (Parent(rescaled), "conv"),
    "a weight that is copied": (Parent(copied), "conv"),
    "a hook of the forward": (Parent(hooking), "conv"),
    "a cast": (Parent(cast), "conv"),
    "gradients": (Parent(learning), "conv"),
    "a function mode": (Parent(scaled), "conv"),
    "a dispatch mode": (Parent(doubled), "conv"),
    "an argument by name": (Parent(named), "conv"),
    "a map that lies otherwise": (Parent(turned), "conv"),
    "a constant": (Parent(constant), "conv"),
    "a write through a view": (Parent(through_a_view), ""),
    "a tied weight": (tied(), ""),
}
"""What keeps a module from being answered, and which one; "" where none is kept."""


@pytest.mark.parametrize("reason", RUN)
def test_what_is_not_as_usual_is_run(answered, reason):
    """The module runs, and the record is that of a run."""
    net, path = RUN[reason]
    told = trace(net, (3, 8, 8))
    assert path not in answered
    assert run(net, (3, 8, 8)) == told


def test_what_looks_on_everywhere_is_seen(answered):
    """A hook on all modules, as a profiler sets one."""
    seen = []
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, args, output: seen.append(module)
    )
    try:
        trace(unit(), (3, 8, 8))
    finally:
        handle.remove()
    assert (4, []) == (len(seen), answered)


def test_a_class_that_was_changed_is_run(answered, monkeypatch):
    """Somebody's own forward in the place of torch's."""
    monkeypatch.setattr(nn.ReLU, "forward", lambda self, x: x.clamp(0, 6))
    assert "clamp" == trace(unit(), (3, 8, 8)).layers[-1].operations[0].name
    assert ["0", "1"] == answered


def test_no_stand_in_is_made(monkeypatch):
    """A network answered whole has no tensor of its own."""
    made = []

    def fill(held):
        made.append(held)

    monkeypatch.setattr(Postponed, "fill", fill)
    trace(unit(), (3, 8, 8))
    assert [] == made


WAYS = {
    "dict": dict,
    "**": lambda held: {**held},
    "|": lambda held: held | {},
    "| from the left": lambda held: {} | held,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda held: pickle.loads(pickle.dumps(held)),
    "its copy": lambda held: held.copy(),
    "items": lambda held: dict(held.items()),
    "values": lambda held: dict(zip(held, held.values(), strict=True)),
    "keys": lambda held: {name: held[name] for name in held.keys()},  # noqa: SIM118
    "get": lambda held: {name: held.get(name) for name in ("weight", "bias")},
    "pop": lambda held: {name: held.pop(name) for name in ("weight", "bias")},
    "update": lambda held: [held.update({}), {**held}][1],
    "itself": lambda held: held,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_postponed_is_there_when_asked_for(way):
    """Whoever looks into the dictionary finds the stand-ins, and only those."""
    held = Postponed({"weight": 1, "bias": None}, lambda x: x and x + 1)
    assert {"weight": 2, "bias": None} == WAYS[way](held)


def test_every_access_to_a_dictionary_is_covered():
    """No method of dictionaries sees the empty one underneath."""
    plain = {"__class_getitem__", "fromkeys", *dir(object)}
    assert set() == set(dir(dict)) - plain - set(vars(Postponed)) - {"__doc__"}


def test_what_is_set_before_is_kept():
    """What a forward puts there stays, though the rest is filled in."""
    held = Postponed({"weight": 1, "bias": None}, lambda x: x and x + 1)
    held["bias"] = 7
    assert {"weight": 2, "bias": 7} == held
