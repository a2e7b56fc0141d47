"""Calls of modules are noted, and are as torch's own."""

import copy
import gc
from weakref import ref

import pytest
import torch
from torch import nn
from torch.nn.modules import module as all_modules

import resviz
from resviz.models.catalogue import build_network
from resviz.tracing import clone, trace


class Inner(nn.Module):
    """A module that calls two others."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.norm(self.conv(x))


class Outer(nn.Module):
    """Does something with a module that it calls."""

    def __init__(self, use, inner=None):
        super().__init__()
        self.inner = inner or Inner()
        self.use = use

    def forward(self, x):
        return self.use(self.inner, x)


def hooked(inner, x):
    """A hook for one call."""
    handle = inner.register_forward_hook(lambda *args: args[-1] * 2)
    y = inner(x)
    handle.remove()
    return y


def hooked_before(inner, x):
    """The same before it."""
    handle = inner.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    y = inner(x)
    handle.remove()
    return y


def hooked_everywhere(inner, x):
    """A hook on all modules, which minds one class."""
    handle = all_modules.register_module_forward_hook(
        lambda module, args, y: y * 2 if isinstance(module, Inner) else None
    )
    try:
        return inner(x)
    finally:
        handle.remove()


def named(inner, x):
    """Called by keyword."""
    return inner(x=x)


def replaced(inner, x):
    """A forward of its own."""
    inner.forward = lambda x: x * 2
    return inner(x)


def interrupted(inner, x):
    """A call that raises, and one that does not."""
    with pytest.raises(TypeError):
        inner(x, x)
    return inner(x)


def of_another_class(inner, x):
    """Given another class as it is called."""
    inner.__class__ = type("Other", (Inner,), {"forward": lambda self, x: self.conv(x)})
    return inner(x)


class Doubling(Inner):
    """A call of its own, through which torch goes."""

    def _call_impl(self, *args, **kwargs):
        return super()._call_impl(*args, **kwargs) * 2


class Direct(nn.Module):
    """A `__call__` of its own, which goes past torch's."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def __call__(self, x):
        return self._call_impl(x)

    def forward(self, x):
        return self.conv(x)


BOTH = ("inner.conv", "inner.norm")


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Outer(hooked), (*BOTH, "mul")),
        (Outer(hooked_before), ("inner:mul", *BOTH)),
        (Outer(hooked_everywhere), (*BOTH, "inner:mul")),
        (Outer(named), BOTH),
        (Outer(replaced), ("inner",)),
        (Outer(interrupted), BOTH),
        (Outer(of_another_class), ("inner.conv",)),
        (Outer(lambda inner, x: inner(x), Doubling()), (*BOTH, "mul")),
    ],
    ids=lambda value: getattr(getattr(value, "use", None), "__name__", ""),
)
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_nothing_is_left_out(model, names, mode):
    """What torch does around a forward is done, and seen where it is done."""
    arch = resviz.trace(model, (3, 8, 8), mode=mode)
    assert names == tuple(layer.name for layer in arch.layers)
    assert {"", "inner"} >= {call.path for call in arch.calls}


def doubled_call(inner, x):
    """Torch's call, replaced on one module."""
    inner._call_impl = lambda x: nn.Module._call_impl(inner, x) * 2
    return inner(x)


def of_another_call(inner, x):
    """Given a class with a call of its own as it is called."""
    inner.__class__ = Doubling
    return inner(x)


def called_inside(inner, x):
    """Torch's call, asked for by its inner name."""
    return inner._call_impl(x)


def hooked_twice(inner, x):
    """A hook for each of two calls."""
    return hooked(inner, hooked(inner, x))


TWICE = (*BOTH, "mul", "inner.conv#2", "inner.norm#2", "mul#2")


@pytest.mark.parametrize(
    ("use", "names"),
    [
        (doubled_call, (*BOTH, "mul")),
        (of_another_call, (*BOTH, "mul")),
        (called_inside, BOTH),
        (hooked_twice, TWICE),
    ],
)
def test_calls_that_are_changed_on_the_way(use, names):
    """They are those of the module, once or twice."""
    arch = resviz.trace(Outer(use), (3, 8, 8))
    assert names == tuple(layer.name for layer in arch.layers)
    assert ["", *["inner"] * (len(names) // 2)][:3] == [c.path for c in arch.calls][:3]


def test_a_call_that_goes_past_torchs():
    """It is noted all the same."""
    arch = resviz.trace(Outer(lambda inner, x: inner(x), Direct()), (3, 8, 8))
    assert ["", "inner"] == [call.path for call in arch.calls]


@pytest.mark.parametrize("name", ["_call_impl", "__call__"])
def test_torchs_own_call_was_replaced(name, monkeypatch):
    """As a profiler may do it; it sees every call that is not bypassed."""
    seen = []
    plain = nn.Module._call_impl

    def watched(self, *args, **kwargs):
        seen.append(type(self).__name__)
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(nn.Module, name, watched)
    arch = resviz.trace(Outer(named), (3, 8, 8))
    assert {"Outer", "Inner"} <= {*seen}
    assert ["", "inner"] == [call.path for call in arch.calls]


HOOKED = nn.Sequential(nn.Conv2d(3, 3, 1))
HOOKED[0].register_forward_hook(lambda *args: args[-1] * 2)


@pytest.mark.parametrize(
    ("inner", "shape", "kind"),
    [
        (Inner(), (3, 8, 8), "conv"),
        (HOOKED, (3, 8, 8), "conv"),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (4, 8), "bmm"),
    ],
)
def test_a_copied_module(inner, shape, kind):
    """One that a forward copies is no part of the model; its operations are there."""
    model = Outer(lambda inner, x: copy.deepcopy(inner)(x) + inner(x), inner)
    arch = resviz.trace(model.eval(), shape)
    assert kind in {layer.type for layer in arch.layers if not layer.module}
    assert any(layer.module for layer in arch.layers)
    assert ["", "inner"] == [call.path for call in arch.calls]


def test_a_transformer_is_not_fused():
    """Torch runs one kernel where nothing in a layer has hooks, and hides its parts."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    for model in (layer, nn.TransformerEncoder(layer, 2)):
        arch = resviz.trace(model.eval(), (4, 8), mode="run")  # on meta it never is
        names = [each.name for each in arch.layers]
        assert any(name.endswith("self_attn") for name in names), names


PADDED = nn.Sequential(nn.Conv2d(3, 3, 3, padding="same"))


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (4, 8)),
        (PADDED, (3, 8, 8)),
        (HOOKED, (3, 8, 8)),
        (Outer(named), (3, 8, 8)),
    ],
)
def test_a_clone_is_gone_at_once(model, shape, monkeypatch):
    """Also where hooks of ours are left on its modules; no collector is waited for."""
    clones = []
    plain = clone.Clone.copy_module

    def announced(self, *args):
        copied = plain(self, *args)
        clones.append(ref(copied))
        return copied

    monkeypatch.setattr(clone.Clone, "copy_module", announced)
    gc.collect()
    gc.disable()
    try:
        resviz.trace(model.eval(), shape)
        assert clones
        assert not any(alive() for alive in clones)
    finally:
        gc.enable()


def test_no_trace_of_it_is_left():
    """Neither on the model, nor on a network that was traced itself."""
    model = Outer(named)
    resviz.trace(model, (3, 8, 8))
    with torch.device("meta"):
        lent = build_network("resnet18")
    trace(lent, trace_only=True)
    for module in (*model.modules(), *lent.modules()):
        assert "_compiled_call_impl" not in vars(module)
