"""Tracing leaves the model and the process as they were."""

import gc
import os
import signal
import sys
import threading
import traceback
import warnings
import weakref
from collections import OrderedDict
from contextlib import suppress

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from resviz import ResvizError, TraceError, trace
from resviz.models import catalogue, resnet18
from resviz.tracing import process
from resviz.tracing.fast.bypass import Bypass
from resviz.tracing.recorder import Recorder
from tests.forwards import Forward

from .harm import PATCHABLE, Alarm, Snapshot, changes
from .odd import ODD

ERRORS = [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError]


@pytest.fixture(scope="module", autouse=True)
def _warm():
    """What torch imports at the first trace is no harm."""
    for mode in ("shapes", "run"):
        trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), (3, 8, 8), mode=mode)


@pytest.fixture
def model():
    """A network in mixed modes, with a gradient and a hook of the user's."""
    net = resnet18(num_classes=10)
    net.layer1.eval()
    net.fc.weight.grad = torch.ones_like(net.fc.weight)
    net.layer2.register_forward_hook(lambda *args: None)
    return net


def resnet50():
    """All 50 layers, at an eighth of their width."""
    return catalogue.build_network("resnet", 50, base_channels=8)


def attempt(model, size, **options):
    """Trace, whatever comes of it."""
    with suppress(ResvizError, KeyboardInterrupt, SystemExit):
        trace(model, size, **options)


HARMS = {
    "a running mean": lambda m: m.bn1.running_mean.data.add_(1),
    "one bit": lambda m: m.fc.bias.data.view(torch.int32)[:1].bitwise_xor_(1),
    "a gradient": lambda m: m.fc.weight.grad.zero_(),
    "no gradient": lambda m: setattr(m.fc.weight, "grad", None),
    "another tensor": lambda m: setattr(m.fc, "bias", nn.Parameter(m.fc.bias.data)),
    "another device": lambda m: m.fc.to("meta"),
    "a flag": lambda m: m.layer3.eval(),
    "a hook": lambda m: m.fc.register_forward_pre_hook(lambda *args: None),
    "a hook's dictionary": lambda m: setattr(m.fc, "_forward_hooks", {}),
    "an attribute": lambda m: setattr(m.fc, "in_features", 7),
    "a class": lambda m: setattr(m.fc, "__class__", nn.Identity),
    "frozen": lambda m: m.requires_grad_(requires_grad=False),
    "torch's generator": lambda m: torch.rand(1),
    "a whole forward": lambda m: m(torch.zeros(2, 3, 32, 32)),
}


@pytest.mark.parametrize("harm", HARMS)
def test_the_comparison_can_fail(model, harm):
    """Whatever a trace might do to a model is seen."""
    before = Snapshot(model)
    HARMS[harm](model)
    assert changes(before, Snapshot(model))


@pytest.mark.parametrize("place", PATCHABLE)
def test_a_patched_function_is_seen(place, monkeypatch):
    """One name more or one replaced."""
    before = Snapshot()
    monkeypatch.setattr(PATCHABLE[place], "conv2d", len, raising=False)
    assert [place] == changes(before, Snapshot())


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_nothing_changes(model, training, mode):
    """Before and after a trace that succeeds."""
    before = Snapshot(model)
    trace(model, (3, 64, 64), batch=2, training=training, mode=mode)
    assert [] == changes(before, Snapshot(model))


@pytest.mark.parametrize("error", ERRORS)
def test_nothing_changes_when_a_call_is_cut_off(error):
    """Of ResNet-50's 183 module calls every fourth, each by one of the errors."""
    model, alarm = resnet50(), Alarm()
    for module in model.modules():
        module.register_forward_pre_hook(lambda *args: alarm())
    trace(model, (3, 33, 33))
    calls = alarm.count
    before = Snapshot(model)
    expected = error if not issubclass(error, Exception) else TraceError
    harmed = {}
    for number in range(ERRORS.index(error), calls, len(ERRORS)):
        alarm.set(error, number)
        with pytest.raises(expected):
            trace(model, (3, 33, 33), mode="shapes")
        harmed[number] = changes(before, Snapshot(model))
    assert 183 == calls
    assert [] == [number for number in harmed if harmed[number]]


@pytest.fixture
def alarm(monkeypatch):
    """Rings before every operation that a trace follows, and every answer it gives."""
    bell = Alarm()

    def rung(follow):
        def followed(*args, **kwargs):
            bell()
            return follow(*args, **kwargs)

        return followed

    for holder, name in ((Recorder, "__torch_dispatch__"), (Bypass, "note_operation")):
        monkeypatch.setattr(holder, name, rung(getattr(holder, name)))
    return bell


MOST_CUTS = 50


def cut_off_everywhere(model, size, alarm, *errors):
    """What changed when a trace was cut off at its operations in turn.

    That is at each, or at `MOST_CUTS` from the first to the last of a long forward.
    """
    attempt(model, size, batch=2, training=True)
    count, before = alarm.count, Snapshot(model)
    harmed = {}
    cuts = min(count, MOST_CUTS)
    for number in [round(k * (count - 1) / max(cuts - 1, 1)) for k in range(cuts)]:
        alarm.set(errors[number % len(errors)], number)
        attempt(model, size, batch=2, training=True)
        harmed[number] = changes(before, Snapshot(model))
    return count, {number: harm for number, harm in harmed.items() if harm}


@pytest.mark.parametrize("error", ERRORS)
def test_nothing_changes_when_an_operation_is_cut_off(alarm, error):
    """Each of the 21 operations of a network with one block."""
    small = catalogue.build_network(
        "resnet", block="basic", layers=[1], base_channels=8
    )
    assert (21, {}) == cut_off_everywhere(small, (3, 32, 32), alarm, error)


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("training", [False, True])
def test_an_odd_model_is_left_as_it_was(name, training):
    """Whether it can be traced or not; what torch imports for it comes before."""
    attempt(ODD[name].build(), ODD[name].size, batch=2, training=training)
    model = ODD[name].build()
    before = Snapshot(model)
    attempt(model, ODD[name].size, batch=2, training=training)
    assert [] == changes(before, Snapshot(model))


@pytest.mark.parametrize("name", ODD)
def test_an_odd_model_that_is_cut_off(name, alarm):
    """At each of its operations, by an error or by an interrupt."""
    model, size = ODD[name].build(), ODD[name].size
    errors = (RuntimeError, KeyboardInterrupt)
    assert {} == cut_off_everywhere(model, size, alarm, *errors)[1]


def meddle(model, x):
    """What packages do when they are imported."""
    warnings.simplefilter("once", ImportWarning)
    os.environ["MEDDLED"], os.environ["KEPT"] = "1", "2"
    os.environ.pop("LOST")
    return x + model.missing if x.shape[-1] == 5 else x + 1


@pytest.mark.parametrize("size", [(4,), (5,)])
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_what_an_import_changes_is_put_back(size, mode, monkeypatch):
    """Filters of warnings and the environment, also where the forward fails."""
    monkeypatch.setenv("KEPT", "1")
    monkeypatch.setenv("LOST", "1")
    model = Forward(meddle)
    attempt(model, size, mode=mode)  # what torch's modules define late is no harm
    before = Snapshot(model)
    attempt(model, size, mode=mode)
    assert [] == changes(before, Snapshot(model))


def test_a_first_forward_that_fails_changes_nothing(run):
    """Torch imports sympy to say why, which adds a filter; its compiler, a folder."""
    code = (
        "import os, sys, warnings, torch, resviz\n"
        "def facts(): return [*warnings.filters], {**os.environ}\n"
        "def fail(*args): raise RuntimeError('cut off')\n"
        "layers = [torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)]\n"
        "layers[1].register_forward_pre_hook(fail)\n"
        "resviz.trace(layers[0], (3, 8, 8))\n"
        "before = facts()\n"
        "try: resviz.trace(torch.nn.Sequential(*layers), (3, 9, 9), mode='shapes')\n"
        "except resviz.TraceError: print('sympy' in sys.modules, before == facts())\n"
    )
    assert "True True" == run("-c", code).stdout.strip()


class Interrupted:
    """While entered, Ctrl-C comes at the n-th call in what moves the process.

    That is where Python looks for signals.
    """

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def __enter__(self):
        sys.setprofile(self.profile)
        return self

    def __exit__(self, *error):
        sys.setprofile(None)

    def profile(self, frame, event, arg):
        """Count one call of a function of ours, or one that it made in C."""
        code = frame.f_code
        if event in {"call", "c_return"} and code.co_filename == process.__file__:
            number, self.count = self.count, self.count + 1
            if number == self.at:
                raise KeyboardInterrupt


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_nothing_changes_when_moving_the_process_is_cut_off(mode):
    """Nor when putting it back is."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    before = Snapshot(model)
    with Interrupted(-1) as every:
        trace(model, (3, 8, 8), mode=mode)
    harmed = {}
    for number in range(every.count):
        with Interrupted(number), suppress(KeyboardInterrupt):
            trace(model, (3, 8, 8), mode=mode)
        harmed[number] = changes(before, Snapshot(model))
    assert 20 < every.count
    assert {} == {number: harm for number, harm in harmed.items() if harm}


def test_a_users_forward_may_change_itself():
    """Attributes that a forward sets stay on the clone."""

    class Counting(nn.Module):
        calls = 0

        def forward(self, x):
            self.calls += 1
            self.last = x
            return x * 2

    counting = Counting()
    trace(counting, (4,))
    assert (0, False) == (counting.calls, hasattr(counting, "last"))


def test_no_weight_is_read():
    """Every operation that reaches torch sees meta tensors alone."""
    devices = set()

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            leaves = torch.utils._pytree.tree_leaves((args, kwargs, out))
            devices.update(t.device.type for t in leaves if isinstance(t, torch.Tensor))
            return out

    net = resnet18()
    with Watch():
        trace(net, (3, 64, 64))
    assert {"meta"} == devices


def test_resnet152_is_traced_without_its_weights(run):
    """Its 230 MB are never allocated: the process grows by less than 90 MB."""
    code = (
        "import resource, torch, resviz, resviz.tracing, resviz.models\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = peak(); resviz.trace('resnet152'); print(peak() - before)"
    )
    assert int(run("-c", code).stdout) < 90


def in_threads(*functions):
    """What each function gives, all run at once."""
    gate = threading.Barrier(len(functions))
    found = [None] * len(functions)

    def start(place, function):
        gate.wait(5)
        found[place] = function()

    threads = [
        threading.Thread(target=start, args=pair) for pair in enumerate(functions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_threads_trace_one_model(model):
    """All get the same record, and the model is as it was."""
    before = Snapshot(model)
    found = in_threads(*[lambda: trace(model, (3, 64, 64))] * 4)
    assert [found[0]] * 4 == found
    assert [] == changes(before, Snapshot(model))


def test_one_thread_traces_while_another_runs():
    """The outputs are those of before, bit for bit, and no record is disturbed."""
    model, x = resnet50().eval(), torch.randn(2, 3, 33, 33)
    want, arch = model(x), trace(model, (3, 33, 33))

    def outputs():
        return [torch.equal(want, model(x)) for _ in range(20)]

    def records():
        return [trace(model, (3, 33, 33)) == arch for _ in range(20)]

    before = Snapshot(model)
    assert [[True] * 20] * 3 == in_threads(outputs, records, records)
    assert [] == changes(before, Snapshot(model))


def left(build, size=(4,), **options):
    """What of a model is still there after its trace, its record or error kept.

    The error's own traceback is Python's, and holds the frames of its callers.
    """
    model, kept = build(), []
    try:
        kept.append(trace(model, size, **options))
    except TraceError as error:
        kept.append(error.with_traceback(None))
    except KeyboardInterrupt:
        kept.append(None)
    parts = [*model.modules(), *model.parameters()]
    gone = [weakref.ref(part) for part in parts]
    del model, parts
    gc.collect()
    return [reference() for reference in gone if reference() is not None]


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_traced_model_can_be_collected(mode):
    """The record holds nothing of it."""

    def build():
        return nn.Sequential(nn.Linear(4, 4), nn.ReLU())

    assert [] == left(build, mode=mode)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_model_whose_trace_failed_can_be_collected(error):
    """While the error is kept, its cause and the record up to there too."""

    def function(model, x):
        try:
            model.inner(x).missing()
        except AttributeError:
            raise error from None

    assert [] == left(lambda: Forward(function, inner=nn.Linear(4, 4)))


def test_a_kept_error_still_shows_where_it_came_from():
    """The user's own line stands in the traceback of its cause."""

    def function(model, x):
        raise ValueError("not on Sundays")

    with pytest.raises(TraceError) as caught:
        trace(Forward(function), (4,))
    lines = traceback.format_exception(caught.value)
    assert any('raise ValueError("not on Sundays")' in line for line in lines)


class Holder(OrderedDict):
    """A dictionary of somebody's own class."""


def test_hooks_in_a_dictionary_of_ones_own():
    """They hold, and nothing is added to them."""
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1))
    for name in ("_forward_hooks", "_forward_pre_hooks"):
        setattr(model[1], name, Holder())
    model[0]._forward_hooks = hooks = Holder({5: lambda *args: args[-1] * 2})
    arch = trace(model, (3, 4, 4))
    assert ["0", "1"] == [layer.name for layer in arch if layer.module]
    assert "mul" in {op.name for layer in arch for op in layer.operations}
    assert ([5], []) == ([*hooks], [*model[1]._forward_hooks])
    assert (1, 3, 4, 4) == model(torch.zeros(1, 3, 4, 4)).shape


class Strided(nn.Module):
    """Writes into a list of its convolution's."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.conv.stride = [1, 1]

    def forward(self, x):
        self.conv.stride[0] = 2
        return self.conv(x)


def test_numbers_in_a_list():
    """Torch keeps them in tuples, which nobody can write to."""
    model = Strided()
    assert (1, 3, 2, 4) == trace(model, (3, 4, 4)).layers[-1].output_shape
    assert [1, 1] == model.conv.stride


class Stored(nn.Module):
    """Two modules that hold one dictionary, empty as yet."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(3, 3, 1)
        self.store = self.head.store = {}

    def forward(self, x):
        self.store["x"] = x
        return self.head(self.head.store["x"])


def test_an_empty_dictionary_of_two():
    """It is one in the clone as well, and the model's stays empty."""
    model = Stored()
    assert 1 == len(trace(model, (3, 4, 4)).layers)
    assert {} == model.store


@pytest.mark.parametrize("name", ODD)
def test_an_odd_model_can_be_collected(name):
    """Each of them, whatever its trace came to."""
    assert [] == left(ODD[name].build, ODD[name].size)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="only POSIX has timers")
def test_a_trace_interrupted_by_chance_leaves_nothing_changed(run):
    """Collector, modes, recursion limit, device, random numbers, model; 400 tries.

    In a process of its own: callbacks of the collector, as hypothesis has one, would
    be cut off, and nobody told.
    """
    interrupted, faults = run(
        "-m", "tests.tracing.interrupts", "400", "11"
    ).stdout.split(" interrupted; ")
    assert int(interrupted) > 100
    assert faults.splitlines() == ["0 faults"]
