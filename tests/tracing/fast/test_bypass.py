"""Modules that are not run: the same record as when they are, and when they are."""

import copy
import functools
import pickle
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import resviz
from resviz.source import build
from resviz.source.spec import parse_spec
from resviz.tracing import trace
from resviz.tracing.fast import probe
from resviz.tracing.fast.bypass import Bypass
from resviz.tracing.fast.clone import PostponedTensors

small = st.integers(1, 4)


@pytest.fixture
def bypassed(monkeypatch):
    """Paths of the modules that were bypassed."""
    paths, noted = [], Bypass.note_operation

    def follow(self, module, *args):
        output = noted(self, module, *args)
        if output is not None:
            paths.append(self.clone.paths[id(module)])
        return output

    monkeypatch.setattr(Bypass, "note_operation", follow)
    return paths


def run(model, *args, **kwargs):
    """The record of a trace that bypasses nothing, or what it says."""
    return outcome(model, *args, fast=False, **kwargs)


def outcome(model, *args, **kwargs):
    """A record, or what a trace says that fails."""
    try:
        return trace(model, *args, **kwargs)
    except resviz.TraceError as error:
        return str(error)


@settings(max_examples=150)
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
    net = build.build_own_network(parse_spec(spec))
    assert run(net, (3, 64, 64), training=training) == trace(
        net, (3, 64, 64), training=training
    )


def unit(*before, **options):
    """A small network whose last three modules can be bypassed."""
    conv = nn.Conv2d(3, 4, 3, **options)
    return nn.Sequential(*before, conv, nn.BatchNorm2d(4), nn.ReLU()).eval()


def test_a_unit_is_answered_whole(bypassed):
    """All three modules of the usual one."""
    trace(unit(), (3, 8, 8))
    assert ["0", "1", "2"] == bypassed


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


def doubled_in(layer, name):
    net = unit()
    net[layer].get_parameter(name).data = torch.ones(4, dtype=torch.float64)
    return net


def listed():
    net = unit()
    net[0].stride = [1, 1]
    return net


def told(**options):
    net = unit()
    vars(net[0]).update(options)
    return net


def lacking(name):
    net = unit()
    del vars(net[0])[name]
    return net


def more():
    net = unit()
    net[0].alpha = nn.Parameter(torch.ones(1))
    return net


def reordered():
    net = unit()
    held = net[0]._parameters
    held["weight"] = held.pop("weight")
    return net


def emptied(conv, x):
    return conv(x[:0])


def forwards(conv, x):
    with torch.autograd.forward_ad.dual_level():
        return conv(x)


def given_tensors(conv, x):
    vars(conv)["_parameters"] = dict(conv._parameters)
    return conv(x)


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


def inferring(conv, x):
    with torch.inference_mode():
        return conv(x)


def given_a_forward(conv, x):
    conv.forward = lambda x: x * 2
    return conv(x)


def given_to_an_activation():
    net = Parent(given_a_forward)
    net.conv = nn.ReLU()
    return nn.Sequential(nn.Conv2d(3, 3, 1), net)


def given_a_class(conv, x):
    conv.__class__ = Twice
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
    "a bias of another dtype": (doubled_in(0, "bias"), "0"),
    "a norm's weight of another dtype": (doubled_in(1, "weight"), "1"),
    "a list": (listed(), "0"),
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
    "a stride that is no whole number": (told(stride=1.0), "0"),
    "a stride of 0": (told(stride=(0, 0)), "0"),
    "a group that is true": (told(groups=True), "0"),
    "no mode of padding": (lacking("padding_mode"), "0"),
    "another parameter": (more(), "0"),
    "another order of parameters": (reordered(), "0"),
    "no samples": (Parent(emptied), "conv"),
    "inference mode": (Parent(inferring), "conv"),
    "gradients forwards": (Parent(forwards), "conv"),
    "a dictionary that it is given": (Parent(given_tensors), "conv"),
    "a forward that it is given": (Parent(given_a_forward), "conv"),
    "a forward that an activation is given": (given_to_an_activation(), "1.conv"),
    "a class that it is given": (Parent(given_a_class), "conv"),
}
"""What keeps a module from being bypassed, and which one."""


@pytest.mark.parametrize("reason", RUN)
def test_what_is_not_as_usual_is_run(bypassed, reason):
    """The module runs, and the record is that of a run."""
    net, path = RUN[reason]
    said = outcome(net, (3, 8, 8))
    assert path not in bypassed
    assert run(net, (3, 8, 8)) == said


def late(conv, x):
    with torch.inference_mode():
        w = conv.weight.sum()
    conv.weight.mul_(2)
    return conv(x) * w


def differentiated(conv, x):
    return conv(torch.func.grad(lambda y: conv(y).sum())(x))


def caught(conv, x):
    y = conv(x)
    nn.ReLU(inplace=True)(y[:, :1])
    with suppress(RuntimeError):
        conv(y[:, :1])
    return y


def retied():
    net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    net[1].weight = net[0].weight
    return Halved(net)


class Halved(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        self.net[0].weight.data = self.net[0].weight.data[:2]
        self.net[0].bias.data = self.net[0].bias.data[:2]
        return self.net[0](x)


AFTERWARDS = {
    "a weight that is asked for in inference mode": Parent(late),
    "a weight that is asked for by a transform": Parent(differentiated),
    "a failure that is caught": Parent(caught),
    "a tied weight that is cut": retied(),
    "a weight that is read": Parent(standardised),
    "a write through a view": Parent(through_a_view),
    "a tied weight": tied(),
}
"""What happens to a module, or to what it gave, after it was bypassed."""


@pytest.mark.parametrize("what", AFTERWARDS)
def test_what_happens_later_changes_nothing(bypassed, what):
    """The record is that of a run."""
    net = AFTERWARDS[what]
    told = outcome(net, (3, 8, 8))
    assert run(net, (3, 8, 8)) == told


def test_one_network_does_not_spoil_another():
    """1.0 is equal to 1, and would be found where answers are kept."""
    first = nn.Sequential(nn.Conv2d(5, 6, 3, padding=1.0, bias=False))
    second = nn.Sequential(nn.Conv2d(5, 6, 3, padding=1, bias=False))
    outcome(first, (5, 9, 9))
    assert (1, 6, 9, 9) == trace(second, (5, 9, 9)).layers[0].output_shape


def test_numbers_of_numpy_can_be_saved():
    """They do not get into the record."""
    numpy = pytest.importorskip("numpy")
    net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=numpy.int64(2)), nn.ReLU())
    assert trace(net, (3, 9, 9)).to_json()


def test_hooks_that_are_caught_are_seen(bypassed):
    """A forward that catches everything does not hide that it hooks a module."""

    def hooking(conv, x):
        with suppress(BaseException):
            conv.register_forward_hook(lambda *args: args[-1] * 2)
        return conv(x)

    net = Parent(hooking)
    assert run(net, (3, 8, 8)) == trace(net, (3, 8, 8))


def test_a_tensor_without_axes():
    """An activation of one number, as of a sum, and in place."""

    def forward(conv, x):
        one = nn.functional.relu(x.sum())
        return conv(x) + net.relu(x.sum()) + net.written(x.mean() + one)

    net = Parent(forward)
    net.relu, net.written = nn.ReLU(), nn.ReLU(inplace=True)
    assert run(net, (3, 8, 8)) == trace(net, (3, 8, 8))


def test_shared_buffers_are_counted_once():
    """Also where one holder was asked for its tensors, and the other was not."""

    def asking(conv, x):
        return conv(x) + net.norm.running_mean.sum()

    net = Parent(asking)
    net.norm, net.other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    net.other.running_mean = net.norm.running_mean
    assert run(net, (3, 8, 8)).buffers == trace(net, (3, 8, 8)).buffers


def test_a_buffer_shared_with_a_layer_that_is_run_is_counted_once():
    """One of the two waits, the other is copied at once."""
    norm, hooked = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    hooked.running_mean = norm.running_mean
    hooked.register_forward_hook(lambda *args: None)
    found = trace(nn.Sequential(norm, hooked), (3, 8, 8)).buffers
    assert {"float32": 3 * 3 * 4, "int64": 2 * 8} == found


def test_a_replaced_name_is_no_other_class(run_code):
    """The rules are those of torch's classes, whatever `torch.nn` calls them."""
    run_code(
        "from torch import nn\nRelu = nn.ReLU\nnn.ReLU = nn.LeakyReLU\nimport resviz\n"
        "net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Relu())\n"
        "names = [l.operations[0].name for l in resviz.trace(net, (3, 8, 8))]\n"
        "assert ['convolution', 'leaky_relu', 'relu'] == names, names"
    )


@pytest.fixture
def run_code(request):
    """A function that runs code in a process of its own."""
    start = request.getfixturevalue("run")
    return lambda code: start("-c", code)


def test_what_looks_on_everywhere_is_seen(bypassed, monkeypatch):
    """A hook on all modules, as a profiler sets one: it sees no module of ours."""
    monkeypatch.setattr(probe, "FAITHFUL_CLASSES", {})  # as in the first trace
    seen = []
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, args, output: seen.append(module)
    )
    try:
        trace(unit(), (3, 8, 8))
    finally:
        handle.remove()
    assert (4, []) == (len(seen), bypassed)


@pytest.mark.parametrize(
    ("place", "name", "path"),
    [
        (nn.ReLU, "forward", "2"),
        (nn.modules.batchnorm._BatchNorm, "forward", "1"),
        (nn.BatchNorm2d, "_check_input_dim", "1"),
        (nn.Conv2d, "_conv_forward", "0"),
    ],
)
def test_a_class_that_was_changed_is_run(bypassed, monkeypatch, place, name, path):
    """Somebody's own method in the place of torch's, also of a class above."""
    original = getattr(place, name)

    @functools.wraps(original)
    def changed(*args):
        given = original(*args)
        return args[-1].abs() if given is None else given * 2

    monkeypatch.setattr(place, name, changed)
    told = trace(unit(), (3, 8, 8))
    assert {"0", "1", "2"} - {path} == {*bypassed}
    assert run(unit(), (3, 8, 8)) == told


def test_a_function_that_was_changed_is_called(monkeypatch):
    """Somebody's own in the place of one that torch's modules call."""
    monkeypatch.setattr(nn.functional, "relu", lambda x, inplace: x.clamp(0, 6))
    assert "clamp" == trace(unit(), (3, 8, 8)).layers[-1].operations[0].name


def test_a_function_that_changes_nothing_is_no_reason(bypassed, monkeypatch):
    """As that of a logger."""
    original = nn.functional.relu

    def logged(*args, **kwargs):
        return original(*args, **kwargs)

    monkeypatch.setattr(nn.functional, "relu", logged)
    trace(unit(), (3, 8, 8))
    assert ["0", "1", "2"] == bypassed


def test_no_stand_in_is_made(monkeypatch):
    """A network that is bypassed has no tensor of its own."""
    made = []

    def fill(held):
        made.append(held)

    monkeypatch.setattr(PostponedTensors, "make_all", fill)
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
    held = PostponedTensors({"weight": 1, "bias": None}, lambda x: x and x + 1)
    assert {"weight": 2, "bias": None} == WAYS[way](held)


def test_every_access_to_a_dictionary_is_covered():
    """No method of dictionaries sees the empty one underneath."""
    of_no_member = {
        "__class_getitem__", "fromkeys", "__doc__", "__getattribute__", "__hash__",
        "__init__", "__new__", "__sizeof__", "__lt__", "__le__", "__gt__", "__ge__",
    }  # fmt: skip
    assert set() == set(vars(dict)) - of_no_member - set(vars(PostponedTensors))


def test_what_is_set_before_is_kept():
    """What a forward puts there stays, though the rest is filled in."""
    held = PostponedTensors({"weight": 1, "bias": None}, lambda x: x and x + 1)
    held["bias"] = 7
    assert {"weight": 2, "bias": 7} == held
