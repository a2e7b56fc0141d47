"""Tracing leaves the model and the process as they were."""

import random
import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from resviz import TraceError, trace
from resviz.models import resnet18


def state(model):
    """Everything about a model and the process that a trace could change."""
    modules = dict(model.named_modules())
    return {
        "tensors": {
            name: (id(t), t.device, t._version, t.clone())
            for name, t in (*model.named_parameters(), *model.named_buffers())
        },
        "grads": {name: id(p.grad) for name, p in model.named_parameters()},
        "requires": {n: p.requires_grad for n, p in model.named_parameters()},
        "flags": {path: m.training for path, m in modules.items()},
        "classes": {path: (id(m), type(m)) for path, m in modules.items()},
        "attributes": {path: sorted(vars(m)) for path, m in modules.items()},
        "hooks": {
            path: (list(m._forward_hooks), list(m._forward_pre_hooks))
            for path, m in modules.items()
        },
        "global hooks": (
            len(nn.modules.module._global_forward_hooks),
            len(nn.modules.module._global_forward_pre_hooks),
        ),
        "random": (random.getstate(), torch.get_rng_state(), np.random.get_state()[1]),  # noqa: NPY002 - the global state is what is watched
        "process": (
            torch.is_grad_enabled(),
            torch.get_default_dtype(),
            sys.getrecursionlimit(),
            torch.nn.functional.conv2d,
            torch.utils._python_dispatch._len_torch_dispatch_stack()
            if hasattr(torch.utils._python_dispatch, "_len_torch_dispatch_stack")
            else None,
        ),
    }


def same(a, b):
    """Whether two states are equal, tensors compared by value."""
    if isinstance(a, (torch.Tensor, np.ndarray)):
        return type(a) is type(b) and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.fixture
def model():
    """A network in mixed modes, with a gradient and a hook of the user's."""
    net = resnet18(num_classes=10)
    net.layer1.eval()
    net.fc.weight.grad = torch.ones_like(net.fc.weight)
    net.layer2.register_forward_hook(lambda *args: None)
    return net


def test_the_comparison_can_fail(model):
    """A real forward in training mode is seen by the same comparison."""
    before = state(model)
    model(torch.zeros(2, 3, 32, 32))
    assert not same(before, state(model))


@pytest.mark.parametrize("training", [False, True])
def test_nothing_changes(model, training):
    """Before and after a trace that succeeds."""
    before = state(model)
    trace(model, (3, 64, 64), batch=2, training=training)
    assert same(before, state(model))


@pytest.mark.parametrize(
    "error", [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError]
)
def test_nothing_changes_when_the_forward_is_cut_off(model, error):
    """Before and after a forward that raises or is interrupted, deep inside."""

    def raising(*args):
        raise error("cut off")

    model.layer3[1].bn1.register_forward_hook(raising)
    before = state(model)
    expected = error if not issubclass(error, Exception) else TraceError
    with pytest.raises(expected):
        trace(model, (3, 64, 64))
    assert same(before, state(model))


def test_a_users_forward_may_change_itself(model):
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


def test_two_threads_trace_one_model(model):
    """Both get the same record, and the model is as it was."""
    before = state(model)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(trace(model, (3, 64, 64))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[0]] * 4 == found
    assert same(before["tensors"], state(model)["tensors"])


def test_a_traced_model_can_be_collected():
    """The record holds nothing of the model."""
    import gc
    import weakref

    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    gone = weakref.ref(net)
    arch = trace(net, (3, 8, 8))
    del net
    gc.collect()
    assert (None, 2) == (gone(), len(arch.layers))
