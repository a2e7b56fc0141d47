"""Records at another input are those of a trace there, or are refused in words."""

import random
from contextlib import suppress

import pytest
import torch
from msgspec.structs import replace
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.errors import ResizeError, SpecError, TraceError
from resviz.readings.compare.fingerprint import make_fingerprint
from resviz.record import Source

SPECS = ("resnet18", "cifar20", "resnet(50, output_stride=8)", "paper34")

SIZES = [(random.Random(5).randint(90, 260), side) for side in (32, 97, 131, 224)]


def compare(source, arch, size, batch=None):
    """Tell whether an answer is that of a trace; None where it is refused."""
    try:
        answer = arch.resized(size, batch)
    except ResizeError as refusal:
        if refusal.fails:
            with pytest.raises(TraceError):
                resviz.trace(source, size, batch=batch)
        return None
    return answer == resviz.trace(source, size, batch=batch)


@pytest.mark.parametrize("spec", SPECS)
def test_a_network_of_ours_is_as_traced(spec):
    """Shapes, windows, arguments, storages and totals, at any size and batch."""
    arch = resviz.trace(spec)
    for size in SIZES:
        assert compare(spec, arch, (3, *size), 2) is True


class Pooled(nn.Module):
    """Odd maps, ceil mode, a transposed window, a group and a layer norm, a gate."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, 2, 1, dilation=2)
        self.pool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.norm = nn.GroupNorm(2, 8)
        self.up = nn.ConvTranspose2d(8, 8, 3, 2, 1, output_padding=1)
        self.last = nn.LayerNorm(16)

    def forward(self, x):
        x = self.norm(self.pool(self.conv(x)))
        x = self.up(x) + F.interpolate(x, scale_factor=2)
        x = x * x.mean((2, 3), keepdim=True).sigmoid()
        x = torch.cat([x[:, :, ::2, ::2], x[:, :, 1::2, ::2]], 1)
        return self.last(x.permute(0, 2, 3, 1))


@pytest.mark.parametrize("training", [False, True])
def test_usual_operations_are_as_traced(training):
    """In both modes, for twenty random sizes."""
    net, draw = Pooled(), random.Random(7)
    arch = resviz.trace(net, (3, 64, 64), training=training)
    for _ in range(20):
        size = (3, draw.randint(20, 90), draw.randint(20, 90))
        fresh = resviz.trace(net, size, batch=2, training=training)
        assert arch.resized(size, 2) == fresh


class Code(nn.Module):
    """A forward of one line, with weights of all kinds at hand."""

    def __init__(self, forward):
        super().__init__()
        self.line = forward
        self.conv = nn.Conv2d(3, 12, 3, 2, 1)
        self.linear = nn.Linear(12 * 8 * 8, 4)
        self.position = nn.Parameter(torch.zeros(1, 12, 8, 8))
        self.token = nn.Parameter(torch.zeros(1, 1, 12))
        self.instance = nn.InstanceNorm2d(12)
        self.adaptive = nn.AdaptiveAvgPool2d((4, None))
        self.passed = nn.Identity()
        self.attention = nn.MultiheadAttention(12, 2, batch_first=True)

    def forward(self, x):
        return self.line(self, self.conv(x))


def put_token_first(net, x):
    """Put a token before those of a map."""
    tokens = x.flatten(2).transpose(1, 2)
    return torch.cat([net.token.expand(len(tokens), -1, -1), tokens], 1)


def expand_for_two(net, x):
    """Expand a gate that a map is weighed with, and that is summed up."""
    del net
    gate = x.mean((2, 3), keepdim=True).expand(-1, -1, 8, 8)
    return x * gate, gate.sum((2, 3))


LINES = {
    "pads to a multiple": lambda _, x: F.pad(
        x, (0, -x.shape[3] % 8, 0, -x.shape[2] % 8)
    ),
    "pads alike": lambda _, x: F.pad(x, (1, 1, 1, 1)),
    "pools all": lambda _, x: F.avg_pool2d(x, x.shape[2:]),
    "pools a half": lambda _, x: F.adaptive_avg_pool2d(x, x.shape[2] // 2),
    "pools one axis": lambda net, x: net.adaptive(x),
    "interpolates": lambda _, x: F.interpolate(x, (8, 8)),
    "interpolates one": lambda _, x: F.interpolate(x.mean((2, 3), True), x.shape[2:]),
    "flattens": lambda net, x: net.linear(x.flatten(1)),
    "folds": lambda _, x: x.view(-1, 12),
    "folds fixed": lambda net, x: net.linear(x.view(-1, 768)),
    "makes windows": lambda _, x: x.view(len(x), 12, -1, 4, x.shape[3]),
    "makes zeros": lambda _, x: torch.cat([x, torch.zeros(len(x), 1, *x.shape[2:])], 1),
    "makes new zeros": lambda _, x: torch.cat([x, x.new_zeros(x.shape)], 1),
    "counts": lambda _, x: x + torch.arange(x.shape[3]).float(),
    "counts one": lambda _, x: x + torch.zeros(len(x), 1, 1, 1),
    "halves": lambda _, x: x[:, :, : x.shape[2] // 2],
    "crops": lambda _, x: x[:, :, 1:-1, 1:-1],
    "crops a share": lambda _, x: x[:, :, x.shape[2] // 4 :],
    "chunks": lambda _, x: x.chunk(2, 2)[0] * 2,
    "steps": lambda _, x: x.unbind(2)[0] * 2,
    "adds a position": lambda net, x: x + net.position,
    "expands": lambda _, x: x.mean((2, 3), keepdim=True).expand_as(x) * x,
    "expands for two": expand_for_two,
    "scales": lambda _, x: F.interpolate(x, scale_factor=1.5),
    "scales down": lambda _, x: F.interpolate(x, scale_factor=0.7, mode="bilinear"),
    "scales by thirds": lambda _, x: F.interpolate(x, scale_factor=(1 / 3, 7 / 3)),
    "gives what it reads": lambda net, x: net.passed(x) * 2,
    "repeats": lambda net, x: net.token.repeat(len(x), 3, 1) * 2,
    "token": put_token_first,
    "instances": lambda net, x: net.instance(x),
    "squeezes": lambda _, x: x.mean((2, 3), keepdim=True).squeeze(),
    "unsqueezes": lambda _, x: x.mean((2, 3)).unsqueeze(0),
    "channels behind": lambda _, x: x.mean((2, 3)).view(len(x), 1, -1),
    "rolls": lambda _, x: x.roll(x.shape[2] // 2, 2),
    "attends": lambda net, x: net.attention(*[x.flatten(2).transpose(1, 2)] * 3)[0],
    "multiplies": lambda _, x: x @ x.transpose(2, 3),
    "shuffles": lambda _, x: (
        x.view(len(x), 2, 6, *x.shape[2:]).transpose(1, 2).flatten(1, 2)
    ),
    "merges samples and groups": lambda _, x: (
        x.view(len(x), 3, 4, *x.shape[2:]).transpose(1, 2).reshape(-1, 3, *x.shape[2:])
    ),
    "merges what is copied": lambda _, x: (
        x.view(len(x), 3, 4, -1).transpose(1, 3).reshape(len(x) * 4, -1, 3)
    ),
    "merges heads": lambda _, x: (
        x.view(len(x), 3, 4, -1).transpose(1, 3).reshape(len(x), -1, 12)
    ),
    "selects": lambda _, x: x[:, :, 0] * x[:, :, x.shape[2] // 2],
    "reads values": lambda _, x: x[x > 0],
    "statistics": lambda _, x: F.layer_norm(x, x.shape[1:]),
}
"""Forwards whose code may work out sizes, which no record holds."""

ANSWERED = {
    "attends", "channels behind", "counts one", "crops", "expands",
    "gives what it reads", "instances", "merges heads", "merges samples and groups",
    "multiplies", "rolls", "scales",
    "scales by thirds", "scales down", "shuffles", "squeezes", "statistics", "token",
    "unsqueezes",
}  # fmt: skip
"""Those that are followed to another size, of one sample."""


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("name", LINES)
def test_no_answer_is_wrong(name, samples):
    """An answer is that of a trace, and what is said to fail does fail.

    Of one sample torch sees what it has to copy of several, and the other way round.
    """
    net = Code(LINES[name])
    arch = resviz.trace(net, (3, 16, 16), batch=samples)
    answers = {
        (size, batch): compare(net, arch, (3, *size), batch)
        for size in ((16, 16), (20, 32), (31, 16), (1, 1), (2, 64), (32, 32))
        for batch in (1, 2, 3)
    }
    assert False not in answers.values()
    if samples == 1:
        assert answers[(20, 32), 1] is (True if name in ANSWERED else None)


def test_a_gate_may_be_expanded_to_a_size_of_its_own():
    """A map of one position goes with any, and the code may name one."""
    net = Code(lambda _, x: x.mean((2, 3), keepdim=True).expand(-1, -1, 8, 8) * x)
    arch = resviz.trace(net, (3, 16, 16))
    assert (1, 12, 8, 8) == resviz.trace(net, (3, 1, 1)).layers[-1].output_shape
    for size in ((3, 1, 1), (3, 16, 1), (3, 2, 16)):
        with pytest.raises(ResizeError):
            arch.resized(size)


def test_what_no_operation_made_is_of_no_size_that_is_known():
    """A layer may give a table that it chose by the size of what it read."""
    arch = resviz.trace(Code(LINES["gives what it reads"]), (3, 16, 16))
    *layers, last = arch.stored_layers
    older = replace(arch, stored_layers=(*layers, replace(last, ends=(None,))))
    with pytest.raises(ResizeError, match=f"{last.name}: it gives what no operation"):
        older.resized((3, 20, 32))


@pytest.mark.parametrize("batch", [2, 5])
def test_a_parameter_of_one_sample_goes_with_any_batch(batch):
    """It is learned, and not made for the samples that there are."""
    net = Code(LINES["adds a position"])
    arch = resviz.trace(net, (3, 16, 16))
    assert arch.resized(batch=batch) == resviz.trace(net, (3, 16, 16), batch=batch)


@pytest.mark.parametrize("batch", [0, -1, 2.5, "2", True])
def test_a_wrong_batch(batch, record):
    """It is a whole number from 1 on."""
    with pytest.raises(SpecError, match="batch: want a whole number from 1 on, got"):
        record("resnet18").resized(batch=batch)


AXES = {
    "first": lambda _, x: x.mean((2, 3)).unsqueeze(0) * 2,
    "second": lambda _, x: x.mean((2, 3)).unsqueeze(1) * 2,
    "last": lambda _, x: x.mean((2, 3)).unsqueeze(-1) * 2,
    "one less": lambda _, x: x.mean((2, 3), keepdim=True).squeeze(-1) * 2,
    "two less": lambda _, x: x.mean((2, 3), keepdim=True).squeeze((2, 3)) * 2,
    "kept": lambda _, x: x.squeeze(2) * 2,
}
"""Axes of one position that come and go, of a batch of one."""


def forget_axis(op):
    """An operation as an older record has it."""
    return replace(op, arguments={}) if "squeeze" in op.name else op


@pytest.mark.parametrize("name", AXES)
def test_the_record_says_which_axis_comes_or_goes(name):
    """So another batch is followed; of an older record it is refused, or right."""
    net = Code(AXES[name])
    arch = resviz.trace(net, (3, 16, 16))
    for size, batch in (((16, 16), 2), ((20, 12), 3)):
        assert compare(net, arch, (3, *size), batch) is True
    layers = tuple(
        replace(layer, operations=tuple(map(forget_axis, layer.operations)))
        for layer in arch.stored_layers
    )
    older = replace(arch, stored_layers=layers)
    with suppress(ResizeError):
        answer = older.resized((3, 16, 16), 2)
        fresh = resviz.trace(net, (3, 16, 16), batch=2)
        shapes = [layer.output_shape for layer in fresh.stored_layers]
        assert shapes == [layer.output_shape for layer in answer.stored_layers]
    assert make_fingerprint(older) == make_fingerprint(arch)


def test_a_constant_that_no_operation_made_is_refused():
    """Older records have none for what a forward makes without an operand."""
    arch = resviz.trace(Code(LINES["counts one"]), (3, 16, 16))
    conv, _, add = arch.stored_layers
    op = replace(add.operations[0], sources=())
    add = replace(
        add,
        index=1,
        sources=add.sources[:1],
        inputs=add.inputs[:1],
        operations=(op,),
        ends=(),
    )
    older = replace(
        arch,
        stored_layers=(conv, add),
        calls=tuple(replace(call, stop=min(call.stop, 2)) for call in arch.calls),
        storages=tuple(replace(s, released=min(s.released, 2)) for s in arch.storages),
        outputs=(Source(1),),
    )
    assert (1, 12, 10, 16) == arch.resized((3, 20, 32)).layers[-1].output_shape
    with pytest.raises(ResizeError, match=r"a constant of \(1, 1, 1, 1\) that the"):
        older.resized((3, 20, 32))
