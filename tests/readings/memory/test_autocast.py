"""Memory under autocast: what torch itself holds and keeps there, to the byte."""

from math import prod

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.models import Bottleneck
from resviz.readings.autocast import cast_record
from resviz.readings.fitting_batches import BatchFit
from resviz.readings.memory import find_peak, find_saved_for_backward
from resviz.readings.recomputation import find_checkpoint_front
from resviz.record import LEARNED
from tests.forwards import Function

from .conftest import MODELS, SPECS, built
from .test_recomputation import SHAPE, build, keep_for_real

UNKNOWN = {"attention", "standardised"}
"""Networks with operations of which it is not known what becomes of them."""


def cast(model, shape, *, training, dtype="bfloat16"):
    """The record of a network under autocast."""
    arch = resviz.trace(model, shape[1:], shape[0], training=training)
    return cast_record(arch, dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", [*SPECS, *sorted(MODELS.keys() - UNKNOWN)])
def test_kept_and_held_are_torchs(torchs, name, training, dtype):
    """Copies of parameters once each, of what flows each time; norms as they come."""
    torch.manual_seed(0)
    model = MODELS[name]() if name in MODELS else built(name)
    shape = (2, 3, 32, 32) if name in MODELS else (2, 3, 64, 64)
    word = str(dtype).removeprefix("torch.")
    arch = cast(model, shape, training=training, dtype=word)
    with torch.autocast("cpu", dtype):
        kept = torchs.kept(model, shape, training=training)
    with torch.autocast("cpu", dtype):
        held = torchs.held(model, shape, training=training)
    assert kept == find_saved_for_backward(arch).bytes
    assert max(held) == find_peak(arch).bytes


ALPHA = nn.Parameter(torch.ones(()))
"""A factor without axes, which widens nothing."""

FUNCTIONS = {
    "factor": lambda x: x * ALPHA,
    "relu": F.relu, "silu": F.silu, "gelu": F.gelu, "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
    "elu": F.elu, "leaky": F.leaky_relu, "relu6": F.relu6, "mish": F.mish,
    "softplus": F.softplus, "softmax": lambda x: x.softmax(1),
    "max pool": lambda x: F.max_pool2d(x, 2), "pool": lambda x: F.avg_pool2d(x, 2),
    "global": lambda x: x * F.adaptive_avg_pool2d(x, 1), "mean": lambda x: x - x.mean(),
    "sum": lambda x: x / x.sum((2, 3), keepdim=True).exp(),
    "amax": lambda x: x * x.amax(1, keepdim=True), "pad": lambda x: F.pad(x, (1, 1)),
    "chunk": lambda x: torch.cat([*x.chunk(2, 1)][::-1], 1),
    "shuffle": lambda x: F.channel_shuffle(x, 2), "abs": torch.abs,
    "square": lambda x: x.pow(2), "root": lambda x: (x.abs() + 1).sqrt(),
    "rsqrt": lambda x: (x.abs() + 1).rsqrt(), "half": lambda x: x * 0.5,
    "stack": lambda x: torch.stack([x, x], 1).sum(1),
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "bilinear": lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "flip": lambda x: x.flip(2), "slice": lambda x: x[:, :, ::2],
    "clamp": lambda x: x.clamp(-1, 1), "maximum": lambda x: torch.maximum(x, -x),
    "where": lambda x: torch.where(x > 0, x, -x),
    "drop": lambda x: F.dropout(x, 0.5, training=True),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("full", [False, True])
def test_operations_between_convolutions(torchs, name, full):
    """Of what a convolution gives, and of what it meets in float32."""
    torch.manual_seed(0)
    first, last = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1)
    scale = nn.Parameter(torch.ones(4, 1, 1))
    function = FUNCTIONS[name]

    def forward(x):
        x = first(x)
        return last(function(x * scale if full else x))

    model = Function(forward)
    model.first, model.last, model.scale = first, last, scale
    arch = cast(model, (2, 3, 10, 10), training=True)
    with torch.autocast("cpu", torch.bfloat16):
        kept = torchs.kept(model, (2, 3, 10, 10), training=True)
    with torch.autocast("cpu", torch.bfloat16):
        held = torchs.held(model, (2, 3, 10, 10), training=True)
    assert kept == find_saved_for_backward(arch).bytes
    assert max(held) == find_peak(arch).bytes


def test_shared_weights_are_copied_once(torchs):
    """A module that is called twice; a norm of layers, and one of groups."""
    torch.manual_seed(0)
    conv = nn.Conv2d(4, 4, 3, padding=1)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 1), conv, nn.GroupNorm(2, 4), conv, nn.LayerNorm(8), nn.ReLU(),
        nn.Flatten(), nn.Linear(256, 4), nn.Dropout(), nn.Linear(4, 4),
    )  # fmt: skip
    arch = cast(model, (2, 3, 8, 8), training=True)
    with torch.autocast("cpu", torch.bfloat16):
        kept = torchs.kept(model, (2, 3, 8, 8), training=True)
    assert kept == find_saved_for_backward(arch).bytes


@pytest.mark.parametrize("frozen", ["layer1", "layer3", "bn", ""])
def test_frozen_weights_are_copied_anew(torchs, frozen):
    """A copy of one lives no longer than what needs it."""
    model = built("resnet18")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(frozen not in name or name.startswith("fc"))
    arch = cast(model, (2, 3, 64, 64), training=True)
    with torch.autocast("cpu", torch.bfloat16):
        kept = torchs.kept(model, (2, 3, 64, 64), training=True)
    with torch.autocast("cpu", torch.bfloat16):
        held = torchs.held(model, (2, 3, 64, 64), training=True)
    assert kept == find_saved_for_backward(arch).bytes
    assert max(held) == find_peak(arch).bytes


def test_plans_are_those_of_torch_to_the_byte():
    """With no block checkpointed, with some, with all."""
    arch = cast(build(Bottleneck), SHAPE, training=True)
    plans = find_checkpoint_front(arch)
    copies = {
        layer.path: sum(
            arch.storages[op.writes[0]].bytes
            for op in layer.operations
            if op.name == "_to_copy" and op.reads == (LEARNED,)
        )
        for layer in arch.stored_layers
    }
    classes = 7 * 2  # a copy of the classifier's bias, which no derivative reads
    image = 4 * prod(SHAPE)  # of which backward reads the copy
    for plan in (plans[0], plans[len(plans) // 2], plans[-1]):
        paths = [unit.path for unit in plan.units]
        with torch.autocast("cpu", torch.bfloat16):
            held = keep_for_real(build(Bottleneck), paths, training=True)
        cached = sum(
            size
            for path, size in copies.items()
            if path.startswith(tuple(f"{each}." for each in paths))
        )
        assert held == plan.kept_bytes + image + classes + cached


def test_the_largest_batch_is_told_at_any_batch():
    """At one image copies of weights hold most, at many what flows does."""
    found = set()
    for batch in (1, 4, 32):
        fitted = BatchFit(resviz.trace("resnet18", batch=batch), "bfloat16")
        found.add((fitted.fit_inference().largest(2**32),
                   fitted.fit_training((0, 7), "adam").largest(2**32)))  # fmt: skip
    ((inference, training),) = found
    arch = resviz.trace("resnet18", batch=inference)
    taken = find_peak(cast_record(arch, "bfloat16")).bytes
    taken += 4 * arch.params + sum(arch.buffers.values())
    each = taken / inference
    assert 2**32 - 2 * each < taken <= 2**32
    assert 0 < training < inference


def test_the_tables_say_what_they_follow(record):
    """By which rules; and that CUDA keeps more of some operations."""
    table = resviz.memory(record("resnet18"), autocast="bfloat16")
    assert "bfloat16" == table.to_dict()["autocast"]
    assert "under autocast to bfloat16, by torch's rules" in table.render("text")
    less = resviz.memory(record("resnet18"), fit="8GiB").to_dict()
    more = resviz.memory(record("resnet18"), fit="8GiB", autocast="float16").to_dict()
    assert (None, "float16") == (less["autocast"], more["autocast"])
    batches = [data["plans"][0]["largest_batch"]["sgd"] for data in (less, more)]
    assert 1.7 < batches[1] / batches[0] < 2
    softmax = nn.Sequential(nn.Linear(4, 4), nn.Softmax(1))
    text = resviz.memory(softmax, input_size=(4,), autocast="bfloat16").render("text")
    assert "on CUDA softmax run in float32, and keep more" in text


@pytest.mark.parametrize(
    ("network", "dtype", "message"),
    [
        (built("cifar8"), "half", "autocast: got 'half', want bfloat16 or float16"),
        (MODELS["attention"](), "bfloat16", r"1:softmax: .* becomes of softmax; want"),
        (MODELS["standardised"](), "bfloat16", r"becomes of var_mean"),
        (built("cifar8").bfloat16(), "bfloat16", "traced in bfloat16, want float32"),
    ],
)
def test_what_is_not_followed_is_refused(network, dtype, message):
    """By the name of the operation, or the dtype."""
    with pytest.raises(resviz.SpecError, match=message):
        resviz.memory(network, input_size=(3, 32, 32), autocast=dtype)


def test_masters_of_half_weights_are_told():
    """Beside weights in 16 bits an optimiser may keep float32, of twice the bytes."""
    net = built("resnet18").bfloat16()
    text = resviz.memory(net, input_size=(3, 32, 32), fit="4GiB").render("text")
    assert "float32 masters take 44.59 MiB more, and each value" in text
