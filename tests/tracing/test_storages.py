"""Storages: which operations share memory, and when the forward lets go of it."""

from types import BuiltinMethodType
from weakref import ref

import pytest
import torch
from torch import nn

import resviz
from resviz.record import CONSTANT, LEARNED
from resviz.tracing.storages import StorageNumbers

from .harm import Seen


def only(arch, name):
    """The one operation of a layer."""
    (operation,) = arch[name].operations
    return operation


def test_in_place_operations_and_views_make_nothing(record):
    """A ReLU of ResNet's writes where it reads, `flatten` gives a view."""
    arch = record("resnet18")
    for name in ("relu", "layer1.0:add", "flatten"):
        assert only(arch, name).reads[:1] == only(arch, name).writes


class Halving(nn.Module):
    def forward(self, x):
        first, second = x.chunk(2, 1)
        return first + second


def test_several_views_of_one_memory_are_one_write():
    """Both halves lie in the input's, which is named once."""
    split = resviz.trace(Halving(), (4, 2, 2)).layers[0]
    assert (2, (0,)) == (len(split.outputs), split.operations[0].writes)


class Summing(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(1, 4))

    def forward(self, x):
        self.total.add_(x)
        return x * self.total


def test_writing_to_a_buffer_makes_nothing():
    """The sum lies where the buffer did, and is read from there."""
    arch = resviz.trace(Summing(), (4,))
    added, times = (op for layer in arch for op in layer.operations)
    assert ((CONSTANT, 0), (CONSTANT,)) == (added.reads, added.writes)
    assert (0, CONSTANT) == times.reads
    assert 2 == len(arch.storages)


def test_a_max_pool_makes_values_and_indices(record):
    """64·56·56 of 4 bytes, and as many of 8."""
    arch = record("resnet18")
    made = [arch.storages[number] for number in only(arch, "maxpool").writes]
    assert [("float32", 802_816), ("int64", 1_605_632)] == [
        (it.dtype, it.bytes) for it in made
    ]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.project = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        shortcut = self.project(x)
        return (self.conv(x) + shortcut).relu()


def test_a_shortcut_is_held_until_its_block_returns():
    """Its name lives on after the sum, its last reader, and through the ReLU."""
    arch = resviz.trace(nn.Sequential(Block(), nn.Conv2d(3, 3, 1)), (3, 4, 4))
    assert ["project", "conv", "add", "relu"] == [
        la.name.removeprefix("0").strip(".:") for la in arch.layers[:4]
    ]
    shortcut = arch.storages[only(arch, "0.project").writes[0]]
    branch = arch.storages[only(arch, "0.conv").writes[0]]
    assert (4, 3) == (shortcut.released, branch.released)


def test_parameters_and_buffers_are_told_apart(record):
    """Input, γ and β, running mean and variance of a batch norm."""
    reads = only(record("resnet18"), "bn1").reads
    assert (LEARNED, LEARNED, CONSTANT, CONSTANT) == reads[1:]


def test_a_frozen_parameter_asks_for_no_gradient():
    """The record says so, and its dtype."""
    model = nn.Conv2d(3, 3, 1).double()
    model.weight.requires_grad_(requires_grad=False)
    arch = resviz.trace(model, (3, 4, 4))
    weight, bias = arch.layers[0].parameters
    assert (True, False, "float64") == (weight.frozen, bias.frozen, bias.dtype)
    assert (CONSTANT, LEARNED) == arch.layers[0].operations[0].reads[1:]


def test_buffers_are_counted_in_bytes():
    """Each once, also one that two modules share."""
    norm = nn.BatchNorm2d(3)
    shared = nn.BatchNorm2d(3)
    shared.running_mean = norm.running_mean
    arch = resviz.trace(nn.Sequential(norm, shared), (3, 4, 4))
    assert {"float32": 3 * 3 * 4, "int64": 2 * 8} == arch.buffers


class Watcher(nn.Module):
    """Lets go of a tensor, and looks whether it is gone."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.gone = []

    def forward(self, x):
        y = self.conv(x)
        watched = ref(y)
        y = self.conv(y)
        GONE.append(watched() is None)
        return y


GONE = Seen()


@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_trace_holds_nothing_that_the_forward_lets_go_of(mode):
    """Or it would take more memory than the forward, and time its end wrongly."""
    GONE.clear()
    resviz.trace(Watcher(), (3, 4, 4), mode=mode)
    assert [True] == GONE


class Counting(nn.Module):
    """Many products that are gone, and then tensors that no operation gave."""

    def forward(self, x):
        products = [x.mul(2) for _ in range(30)]
        products.clear()
        unseen = [torch.Tensor._make_subclass(torch.Tensor, x) for _ in range(30)]
        return [tensor + 1 for tensor in unseen]


def test_a_new_tensor_is_not_taken_for_a_dead_one_at_its_address():
    """It may be of unknown origin, but is no product that is gone."""
    arch = resviz.trace(Counting(), (3, 4, 4))
    products = {layer.index for layer in arch.layers if layer.type == "mul"}
    sums = [layer for layer in arch.layers if layer.type == "add"]
    assert 30 == len(sums) == len(products)
    assert products.isdisjoint(s.layer for layer in sums for s in layer.sources)


def test_what_is_run_for_real_is_followed_alike():
    """Sizes and ends of storages do not depend on the mode."""
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
    runs = [resviz.trace(model, (3, 8, 8), mode=it) for it in ("shapes", "run")]
    assert runs[0].storages == runs[1].storages


def test_a_sparse_tensor_has_no_storage_and_does_no_harm():
    """Its bytes are counted as if it were dense."""

    class Sparse(nn.Module):
        def forward(self, x):
            return torch.eye(4).to_sparse() @ x[0, 0]

    arch = resviz.trace(Sparse(), (1, 4, 4), mode="run")
    assert (4, 4) == arch.layers[-1].output_shape


def test_the_record_stays_small(record):
    """Storages are a seventh of ResNet-50's record."""
    assert 195_000 > len(record("resnet50").to_json())


DOUBLED = """
from torch import nn
from resviz.tracing import trace

class Doubled(nn.Conv2d):
    def forward(self, x):
        return super().forward(x) * 2

net = nn.Sequential(Doubled(3, 4, 3), nn.ReLU())
first, second = (trace(net, (3, 8, 8)).storages for _ in range(2))
assert first == second, (first, second)
"""


def test_a_kernel_that_imports_something_holds_nothing(run):
    """The first trace of a process says the same as the second."""
    run("-c", DOUBLED)


def test_no_code_of_ours_runs_when_a_storage_dies():
    """An interrupt that is raised in a reference's callback is lost."""
    storages = StorageNumbers(set(), [])
    tensor = torch.empty(4)
    storages.number_input(tensor)
    (reference,) = storages.references
    assert isinstance(reference.__callback__, BuiltinMethodType)
    storages.steps.append(None)
    del tensor
    other = torch.empty(8)
    assert storages.number_results([other], new=True) == (1,)
    assert storages.released_after == {0: 1}
    assert list(storages.numbers.values()) == [1]
