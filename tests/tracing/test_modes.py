"""Forwards that look at values are run for real, on copies and a seeded input."""

import pytest
import torch
from torch import nn

from resviz import SpecError, TraceError, summary, trace
from resviz.models import resnet18

from .harm import Snapshot, changes


class Looking(nn.Module):
    """A model whose forward asks what flows for a value."""

    def __init__(self, look):
        super().__init__()
        self.look, self.conv = look, nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.look(self.norm(self.conv(x)))


LOOKS = {
    "if": lambda x: x.relu() if x.sum() > -1e9 else x,
    "item": lambda x: x * x.mean().item(),
    "mask": lambda x: x[x > 0],
    "nonzero": lambda x: x.nonzero(),
    "unique": torch.unique,
    "list": lambda x: x if x.tolist() else None,
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_forward_that_looks_is_run(name):
    """The record says so, and has its layers."""
    arch = trace(Looking(LOOKS[name]), (3, 8, 8))
    assert arch.mode == "run"
    assert [layer.name for layer in arch.layers[:2]] == ["conv", "norm"]


def test_others_are_not():
    """Shapes are enough for a ResNet."""
    assert trace("resnet18", (3, 64, 64)).mode == "shapes"


def test_both_ways_give_the_same_layers():
    """The one without a single value, the other for real."""
    model = resnet18(num_classes=3)
    real = trace(model, (3, 64, 64), mode="run")
    assert real.layers == trace(model, (3, 64, 64), mode="shapes").layers


def test_it_can_be_forbidden():
    """Then the failure is told."""
    with pytest.raises(TraceError, match="meta"):
        trace(Looking(LOOKS["item"]), (3, 8, 8), mode="shapes")


def test_what_shapes_cannot_tell_has_its_remedy():
    """The modes in which the forward is run."""
    with pytest.raises(TraceError) as caught:
        trace(Looking(LOOKS["item"]), (3, 8, 8), mode="shapes")
    remedy = "; it looks at values: mode 'auto' or 'run' runs it for real"
    assert str(caught.value).endswith(remedy)


def test_the_model_stays_as_it_is():
    """Statistics, gradients and random state, in training mode."""
    model = Looking(LOOKS["if"])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    torch.manual_seed(3)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    trace(model, (3, 8, 8), batch=2, training=True)
    assert torch.rand(1) == drawn
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_a_users_tensor_is_not_written_to():
    """Not even when the forward is run for real."""
    mine = torch.zeros(4)

    def look(x):
        mine.add_(1)
        return x * x.mean().item()

    trace(Looking(look), (3, 8, 8))
    assert mine.tolist() == [0, 0, 0, 0]


def test_the_same_way_twice():
    """The input is seeded."""

    def look(x):
        return x.relu() if x.sum() > 0 else x.sigmoid()

    torch.manual_seed(1)
    model = Looking(look)
    assert trace(model, (3, 8, 8)) == trace(model, (3, 8, 8))


def test_a_model_without_values_cannot_be_run():
    """One line says what to do."""
    with pytest.raises(TraceError, match="build it on a real device"):
        trace(Looking(LOOKS["item"]).to("meta"), (3, 8, 8))


def test_tables_say_that_it_was_run():
    """Another input may take another way."""
    assert "run for real" in str(summary(trace(Looking(LOOKS["if"]), (3, 8, 8))))


def test_an_unknown_mode_is_refused():
    """With the legal ones."""
    with pytest.raises(SpecError, match="auto, shapes, run"):
        trace(nn.ReLU(), (4,), mode="fast")


def asserting(x):
    assert x.device.type in {"cpu", "cuda"}
    return x


def refusing(x):
    if not x.is_cpu:
        raise NotImplementedError("only on a CPU")
    return x


def packing(x):
    sequences = nn.utils.rnn.pack_sequence(list(x.flatten(2)))
    return nn.utils.rnn.pad_packed_sequence(sequences, batch_first=True)[0]


ONLY_META_FAILS = {
    "an assertion on the device": asserting,
    "a refusal of the device": refusing,
    "a format": lambda x: x if f"{x.mean():.3f}" else None,
    "a packed sequence": packing,
    "a table by device": lambda x: {"cpu": x, "cuda": x}[x.device.type],
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", ONLY_META_FAILS)
def test_what_fails_on_meta_alone_is_run(name, fast):
    """Whatever the error says."""
    arch = trace(Looking(ONLY_META_FAILS[name]), (3, 8, 8), fast=fast)
    assert ("run", ()) == (arch.mode, arch.uncounted)
    assert ["conv", "norm"] == [layer.name for layer in arch.layers[:2]]


@pytest.mark.parametrize("name", ["an assertion on the device", "a format"])
def test_mode_shapes_names_the_other(name):
    """Where it may help, and not where a shape is wrong."""
    with pytest.raises(TraceError, match="mode 'auto' or 'run' runs it for real"):
        trace(Looking(ONLY_META_FAILS[name]), (3, 8, 8), mode="shapes")
    with pytest.raises(TraceError) as raised:
        trace(Looking(ONLY_META_FAILS[name]), (4, 8, 8), mode="shapes")
    assert "mode" not in str(raised.value)


def test_a_run_that_fails_too_says_why():
    """Not what failed on meta before."""

    def look(x):
        assert x.device.type == "cpu"
        return nn.functional.linear(x, torch.ones(2, 5))

    with pytest.raises(TraceError, match="inner sizes of a product differ"):
        trace(Looking(look), (3, 8, 8))


MOVES = {
    "cuda()": lambda x: x.cuda() * 2,
    "to": lambda x: x.to("cuda") * 2,
    "to by number and dtype": lambda x: x.to(0, torch.float32) * 2,
    "and back": lambda x: x.to(device="cuda:0").cpu() * 2,
    "a constant there": lambda x: x * torch.full((1,), 2.0, device="cuda"),
    "a mask there": lambda x: x * torch.ones(6, 6).cuda(),
    "back": lambda x: x.cpu() * 2,
    "a class of tensors": lambda x: x.type(torch.cuda.FloatTensor) * 2,
    "its name": lambda x: x.type("torch.cuda.FloatTensor") * 2,
}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is such a device")
@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", MOVES)
def test_a_shape_trace_needs_no_device(name, fast):
    """What a forward moves elsewhere stays where it is."""
    model = Looking(MOVES[name])
    before = Snapshot(model)
    arch = trace(model, (3, 8, 8), fast=fast)
    assert {"conv", "norm", "mul"} <= {layer.name for layer in arch}
    assert ("shapes", 6 * 6 * 4 * 27, ()) == (arch.mode, arch.macs, arch.unseen)
    assert arch.macs == trace(model, (3, 8, 8), mode="run").macs
    assert [] == changes(before, Snapshot(model))


@pytest.mark.parametrize("mode", ["auto", "shapes"])
def test_a_model_without_values_that_wants_some(mode):
    """A real run would help, and how to come to one is said."""
    with torch.device("meta"):
        model = Looking(lambda x: {"cpu": x}[x.device.type])
    with pytest.raises(TraceError) as caught:
        trace(model, (3, 8, 8), mode=mode)
    assert "build it on a real device" in str(caught.value)
