"""What a forward holds: torch's own storages and allocator, and closed forms."""

import json

import msgspec
import pytest
import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

import resviz
from resviz import RecordError
from resviz.models import resnet18
from resviz.readings import memory
from resviz.record.storage import parse_record

SHAPE = (2, 3, 64, 64)


def operations(arch):
    """All operations, in order."""
    return [op for layer in arch.layers for op in layer.operations]


@pytest.mark.parametrize("training", [False, True])
def test_what_is_held_is_what_torch_holds(network, torchs, training):
    """At every operation, to the byte; an idle module is followed by an alias."""
    arch = resviz.trace(network, SHAPE[1:], SHAPE[0], training=training)
    live = zip(memory.build_timeline(arch).live_bytes, operations(arch), strict=True)
    expected = torchs.held(network, SHAPE, training=training)
    assert expected == [held for held, op in live if op.name != "alias"]


def test_the_peak_is_that_of_torchs_allocator():
    """Its running sum at the end of each operation, when workspaces are freed."""
    model, x = resnet18().eval(), torch.randn(SHAPE)
    activities = [ProfilerActivity.CPU]
    with torch.no_grad(), profile(activities=activities, profile_memory=True) as seen:
        model(x)
    events = seen.profiler.kineto_results.events()
    ends = [e.start_ns() + e.duration_ns() for e in outer(events)]
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    live = [x.nbytes + sum(n for at, n in changes if at <= end) for end in ends]
    arch = resviz.trace("resnet18", SHAPE[1:], SHAPE[0])
    assert max(live) == memory.find_peak(arch).bytes


def outer(events):
    """The operations among a profiler's events that lie in no other."""
    found, end = [], 0
    operations = [e for e in events if e.name().startswith("aten::")]
    for event in sorted(operations, key=lambda e: (e.start_ns(), -e.duration_ns())):
        if event.start_ns() >= end:
            end = event.start_ns() + event.duration_ns()
            found.append(event)
    return found


def test_a_chain_by_hand():
    """Conv 3→8, ReLU in place, conv 8→4 on 4×4 values of 4 bytes.

    The second convolution holds the model's input, 3·16·4, its own, 8·16·4, and
    gives 4·16·4.
    """
    layers = nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 4, 1)
    arch = resviz.trace(nn.Sequential(*layers), (3, 4, 4))
    peak = memory.find_peak(arch)
    assert (192 + 512 + 256, "2") == (peak.bytes, arch.layers[peak.layer].name)
    assert [512, 256, 192] == [
        arch.storages[number].bytes for number in peak.held_storages
    ]
    assert (512, 0, 256) == memory.count_allocated_bytes(arch)


def test_what_was_let_go_of_before_the_peak_is_not_held_there():
    """Of 3→8→4→16 channels, the 8 are gone when the last convolution runs."""
    layers = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 4, 1), nn.Conv2d(4, 16, 1)
    arch = resviz.trace(nn.Sequential(*layers), (3, 4, 4))
    assert [1024, 256, 192] == [
        arch.storages[number].bytes for number in memory.find_peak(arch).held_storages
    ]


class Named(nn.Module):
    """Holds its first result by a name until it returns, or lets it go."""

    def __init__(self, *, keeps):
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3, 3, 1) for _ in range(3))
        self.keeps = keeps

    def forward(self, x):
        y = self.first(x)
        z = self.second(y)
        if not self.keeps:
            del y
        return self.third(z)


def test_a_name_holds_what_it_names():
    """A tensor that no operation reads any more, and a variable does."""
    peaks = [
        memory.find_peak(resviz.trace(Named(keeps=it), (3, 4, 4))) for it in (0, 1)
    ]
    assert [3 * 192, 4 * 192] == [peak.bytes for peak in peaks]


def test_doubling_the_batch_doubles_it(record):
    """All of a ResNet's activations have a batch axis."""
    two = memory.find_peak(resviz.trace("resnet18", batch=2)).bytes
    assert two == 2 * memory.find_peak(record("resnet18")).bytes


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_bytes_are_those_of_the_dtype(dtype):
    """Half a network in half precision, its max-pool's indices aside."""
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.MaxPool2d(2)).to(dtype)
    arch = resviz.trace(model, (3, 4, 4))
    name, size = str(dtype).removeprefix("torch."), dtype.itemsize
    assert {name: 16 * size} == memory.count_parameter_bytes(arch)
    assert {name: (64 + 16) * size, "int64": 16 * 8} == memory.count_activation_bytes(
        arch
    )


def test_a_record_without_storages_is_refused(record):
    """A lower bound would be taken for the truth."""
    data = msgspec.to_builtins(record("resnet18"))
    del data["storages"]
    for layer in data["layers"]:
        for operation in layer["operations"]:
            operation.pop("reads", None)
            operation.pop("writes", None)
    old = parse_record(json.dumps(data).encode())
    assert old.params == record("resnet18").params
    with pytest.raises(RecordError, match="resnet18: recorded without its storages"):
        resviz.memory(old)


def test_ten_thousand_layers_are_read_in_a_breath():
    """Once over the operations, with no recursion."""
    arch = resviz.trace(nn.Sequential(*[nn.ReLU() for _ in range(10_000)]), (3, 2, 2))
    assert (144, 10_000 * 48) == (
        memory.find_peak(arch).bytes,
        memory.count_activation_bytes(arch)["float32"],
    )
