"""Models that nobody prepared: each is traced rightly, or refused in words."""

import random
import threading
from collections import defaultdict
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from resviz import TraceError, trace
from resviz.readings import costs
from resviz.readings.shape_flow import read_flow
from resviz.readings.structure import read_structure
from tests.forwards import Forward

from .harm import Seen


def names(arch):
    """The layer names of a record."""
    return [layer.name for layer in arch.layers]


def test_reductions_without_an_axis():
    """`x.mean()` and `x.sum()` take no axis."""
    assert names(trace(Forward(lambda m, x: x.mean() + x.sum()), (4,))) == [
        "mean",
        "sum",
        "add",
    ]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_input_has_the_models_dtype(dtype):
    """A model in half or double precision takes such an input."""
    arch = trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).to(dtype), (3, 8, 8))
    assert str(dtype) == f"torch.{arch.layers[-1].outputs[0].dtype}"


class Gate(nn.Module):
    """Squeeze-and-excitation with convolutions over one position."""

    def __init__(self, channels):
        super().__init__()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return x * self.fc(self.pool(x)).sigmoid()


def test_a_gate_is_no_part_of_the_flow():
    """The map that a gate pools to one position is beside the main path."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), Gate(8), nn.Conv2d(8, 8, 3, 2, 1), Gate(8)
    )
    sizes = [step.size[0] for step in read_flow(trace(model, (3, 32, 32)))]
    assert sizes == [32, 16, 8]


def test_the_depth_does_not_depend_on_the_input(record):
    """ResNet-50 has 50 layers at 32×32 too, where its last maps have one position."""
    import resviz

    small = record("resnet50", (3, 32, 32))
    assert resviz.summary(small).to_dict()["depth"] == 50


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_model_is_traced_through_the_original():
    """The same record, and nothing of the user's is touched."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    compiled = torch.compile(net)
    assert (
        trace(compiled, (3, 8, 8), training=True).layers
        == trace(net, (3, 8, 8), training=True).layers
    )
    assert net[1].num_batches_tracked == 0


def held(kind):
    """A model that holds a batch norm where torch does not look for modules."""
    norm = nn.BatchNorm2d(3)
    holders = {
        "list": [norm],
        "dict": {"norm": norm},
        "default": defaultdict(list, {"norm": norm}),
        "namespace": SimpleNamespace(norm=norm),
        "set": {norm},
        "partial": partial(nn.BatchNorm2d.forward, norm),
    }
    reach = {
        "list": lambda m, x: m.held[0](x),
        "dict": lambda m, x: m.held["norm"](x),
        "default": lambda m, x: m.held["norm"](x),
        "namespace": lambda m, x: m.held.norm(x),
        "set": lambda m, x: next(iter(m.held))(x),
        "partial": lambda m, x: m.held(x),
    }
    return norm, Forward(reach[kind], held=holders[kind])


@pytest.mark.parametrize(
    "kind", ["list", "dict", "default", "namespace", "set", "partial"]
)
def test_modules_in_plain_attributes_are_not_run_themselves(kind):
    """A training trace leaves their statistics alone."""
    norm, model = held(kind)
    arch = trace(model, (3, 8, 8), batch=2, training=True)
    assert (norm.num_batches_tracked.item(), arch.params) == (0, 6)


def test_a_tensor_of_the_users_is_never_written_to():
    """Not even one that a closure reaches past the clone."""
    mine = torch.zeros(4)
    trace(Forward(lambda m, x: mine.add_(1) + x), (4,))
    assert mine.tolist() == [0, 0, 0, 0]


def test_a_constant_made_in_the_forward_has_values():
    """It may be looked at, and meets the flow as an empty tensor of its shape."""

    def function(model, x):
        steps = torch.arange(4)
        if steps.sum().item() == 6:
            x = x + torch.zeros(4)
        return torch.cat([x, torch.ones(1, 4)], 1)

    assert trace(Forward(function), (4,)).layers[-1].output_shape == (1, 8)


def test_a_write_through_a_view_is_seen():
    """Who reads a tensor reads what was added to a slice of it."""

    def function(model, x):
        y = model.conv(x)
        y[:, :2] += x[:, :2]
        return y.relu()

    arch = trace(Forward(function, conv=nn.Conv2d(3, 4, 1)), (3, 8, 8))
    sources = [arch.layers[s.layer].type for s in arch.layers[-1].sources]
    assert sources == ["copy"]


WRITES = {
    "add": lambda zeros, x: zeros.add_(x),
    "scatter_add": lambda zeros, x: zeros.scatter_add_(
        1, torch.zeros(x.shape, dtype=torch.long), x
    ),
    "index_put": lambda zeros, x: zeros.__setitem__(torch.tensor([0]), x),
    "copy": lambda zeros, x: zeros.__setitem__((slice(None), slice(2)), x[:, :2]),
    "mul": lambda zeros, x: torch.mul(x, 2, out=zeros),
}
"""Ways to write to a tensor of zeros, directly, by a view, by `out`."""


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("name", WRITES)
def test_what_is_written_to_a_constant_flows_on(name, fast):
    """Zeros made on the CPU that take up a layer's values are those from then on."""

    def function(model, x):
        zeros = torch.zeros(1, 4)
        WRITES[name](zeros, model.linear(x))
        return zeros.relu()

    net = Forward(function, linear=nn.Linear(4, 4))
    arch = trace(net, (4,), fast=fast)
    sources = [arch.layers[s.layer].type for s in arch.layers[-1].sources]
    assert ([name], True) == (sources, arch.layers[-1].operations[0].flowing[0])


def test_what_is_written_to_a_constant_has_no_values():
    """Who looks at them then gets those of a real run."""

    def function(model, x):
        count = torch.zeros(4)
        count += model.linear(x)[0] * 0 + 1
        return x[:, :2] if count.sum().item() == 4 else x

    arch = trace(Forward(function, linear=nn.Linear(4, 4)), (4,))
    assert (1, 2) == arch.layers[-1].output_shape


def test_zero_padding_by_assignment_is_a_shortcut():
    """Option A, as it is often written."""

    class Padded(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(4, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1)
            )

        def forward(self, x):
            y = self.body(x)
            z = torch.zeros_like(y)
            z[:, :4] = x[:, :, ::2, ::2]
            return y + z

    model = nn.Sequential(nn.Conv2d(3, 4, 1), Padded())
    (block,) = read_structure(trace(model, (3, 8, 8))).blocks
    assert (block.shortcut.kind, block.shortcut.stride) == ("zero-padded", (2, 2))


def test_strides_survive_an_activation():
    """What a forward views afterwards depends on them."""

    def function(model, x):
        y = x.permute(0, 2, 3, 1).relu()
        return y.permute(0, 3, 1, 2).reshape(1, 3, 64).view(1, -1)

    assert trace(Forward(function), (3, 8, 8)).layers[-1].output_shape == (1, 192)


def test_channels_last_models():
    """Weights in another memory format."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    last = model.to(memory_format=torch.channels_last)
    assert trace(last, (3, 8, 8)).layers[-1].output_shape == (1, 4, 6, 6)


def test_inference_mode_around_a_trace():
    """Costs are the same inside `torch.inference_mode()`."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2))
    with torch.inference_mode():
        arch = trace(model, (3, 8, 8))
    assert costs.sum_layer_costs(arch.layers).macs == 4 * 27 * 36 + 288
    assert costs.find_uncounted(arch) == ()


def test_work_on_parameters_is_counted():
    """Spectral norm multiplies its 4×27 weights by two vectors in every forward."""
    model = nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 4, 3)))
    macs = costs.sum_layer_costs(trace(model, (3, 8, 8)).layers).macs
    assert macs == 4 * 27 * 36 + 4 * 27 + 4


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_lazy_modules_take_shape_on_the_clone(mode):
    """The user's stay uninitialised."""
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))
    arch = trace(model, (3, 8, 8), mode=mode)
    assert arch.params == 4 * 27 + 4 + 144 * 2 + 2
    assert type(model[0]) is nn.LazyConv2d


def test_a_scripted_module_that_cannot_be_copied_is_refused_in_words():
    """This one is empty."""
    from torch.jit import ScriptModule

    scripted = object.__new__(ScriptModule)
    with pytest.raises(TraceError, match="trace the module that it was made from"):
        trace(scripted, (4,))


def test_a_module_named_like_a_repeated_call():
    """Names stay unique."""
    model = nn.Sequential()
    relu = nn.ReLU()
    model.add_module("r", relu)
    model.add_module("r#2", nn.ReLU())
    wrapped = Forward(lambda m, x: m.s(m.s.r(m.s.r(x))), s=model)
    assert len(set(names(trace(wrapped, (4,))))) == 4


def test_an_early_call_with_keywords_fails_in_words():
    """A module that is called with keywords is described too."""
    model = Forward(lambda m, x: m.pool(input=x), pool=nn.AvgPool2d(9))
    with pytest.raises(TraceError, match=r"pool \(AvgPool2d\): the 9×9 window"):
        trace(model, (3, 4, 4))


@pytest.mark.parametrize(("mode", "runs"), [("shapes", 1), ("auto", 6)])
def test_a_forward_that_always_raises(mode, runs):
    """It is tried for real, on values of each draw; no size is looked for."""
    calls = Seen()

    def function(model, x):
        calls.append(1)
        raise ValueError("no")

    with pytest.raises(TraceError, match=r"ValueError: no at .*, got"):
        trace(Forward(function), (3, 8, 8), mode=mode)
    assert runs == len(calls)


def test_an_error_that_cannot_be_shown():
    """Even its message may raise."""

    class OddError(Exception):
        def __str__(self):
            raise ValueError

    def function(model, x):
        raise OddError

    with pytest.raises(TraceError, match="OddError"):
        trace(Forward(function), (4,))


def test_a_forward_that_draws_leaves_the_generators_alone():
    """What it drew is drawn again by the user."""
    random.seed(1)
    first = random.random()
    random.seed(1)
    trace(Forward(lambda m, x: x * random.random()), (4,))
    assert random.random() == first


def test_overlapping_traces_leave_the_recursion_limit(monkeypatch):
    """Two threads, one inside the other's forward."""
    import sys

    before = sys.getrecursionlimit()
    inside, leave = threading.Event(), threading.Event()

    def function(model, x):
        inside.set()
        leave.wait(5)
        return x

    thread = threading.Thread(target=trace, args=(Forward(function), (4,)))
    thread.start()
    inside.wait(5)
    trace(nn.ReLU(), (4,))
    leave.set()
    thread.join()
    assert sys.getrecursionlimit() == before


def test_what_is_held_beside_the_model_is_not_its_own():
    """An averaged copy in a list, never called, adds no parameters."""
    model = nn.Sequential(nn.Linear(4, 4))
    model.averaged = [nn.Linear(4, 4)]
    assert sum(p.numel() for p in model.parameters()) == trace(model, (4,)).params


def test_a_size_stays_a_size():
    """A tuple of a class of its own, as `torch.Size`, is handed on as it is."""
    model = Forward(lambda m, x: x * m.size.numel(), size=torch.Size([2, 3]))
    assert trace(model, (4,)).layers[0].operations[0].name == "mul"


def test_marks_are_compared_by_identity():
    """An object that holds nothing is not copied."""

    class Mark:
        pass

    mark = Mark()

    def function(model, x):
        return x * 2 if model.mark is mark else x

    arch = trace(Forward(function, mark=mark), (4,))
    assert arch.layers[0].operations[0].name == "mul"
