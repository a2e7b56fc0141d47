"""Checkpointed blocks: what torch itself keeps of them, to the byte."""

import gc
from itertools import pairwise

import msgspec
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import resviz
from resviz.errors import ResizeError
from resviz.models import BasicBlock, Bottleneck, ResNet
from resviz.readings.fitting_batches import BatchFit
from resviz.readings.memory import count_parameter_bytes, find_saved_for_backward
from resviz.readings.recomputation import (
    find_checkpoint_front,
    find_checkpoint_units,
    make_plan,
)

from .conftest import Held

SHAPE = (2, 3, 32, 32)


def keep_for_real(model, paths, *, training, shape=SHAPE):
    """Bytes that live after a real forward with some modules checkpointed.

    Counted as storages come and go; of the input and output only what is saved.
    """
    for path in paths:
        module = model.get_submodule(path)
        forward = module.forward

        def again(x, forward=forward):
            return checkpoint(forward, x, use_reentrant=False)

        module.forward = again
    model.train(training)
    x = torch.randn(shape)
    mode = Held([*model.parameters(), *model.buffers()])
    mode.add(x)
    with mode:
        output = model(x)
    assert output.grad_fn is not None
    gc.collect()
    return mode.live - output.untyped_storage().nbytes()


def build(block):
    """A small ResNet whose first blocks are worth most."""
    return ResNet(block, [2, 1, 2], num_classes=7, base_channels=8)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_plans_are_those_of_torch_to_the_byte(block, training):
    """Some of the front: without, with few, and with all blocks."""
    arch = resviz.trace(build(block), SHAPE[1:], SHAPE[0], training=training)
    plans = find_checkpoint_front(arch)
    assert () == plans[0].units
    assert find_saved_for_backward(arch).bytes == plans[0].kept_bytes
    for plan in (plans[0], plans[1], plans[len(plans) // 2], plans[-1]):
        paths = [unit.path for unit in plan.units]
        kept = keep_for_real(build(block), paths, training=training)
        assert kept == plan.kept_bytes, paths


TOKENS = (3, 20, 16)


class Encoder(nn.Module):
    """Layers of self-attention, whose weights meet a batch that is turned."""

    def __init__(self, *, norm_first):
        super().__init__()
        self.embed = nn.Linear(16, 32)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                32, 4, 48, dropout=0.1, batch_first=True, norm_first=norm_first
            )
            for _ in range(3)
        )

    def forward(self, x):
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x)
        return x


@pytest.mark.parametrize("norm_first", [False, True])
def test_plans_of_a_transformer_are_those_of_torch_to_the_byte(norm_first):
    """With the copies that training makes of what lies in another order."""
    shape = TOKENS
    arch = resviz.trace(
        Encoder(norm_first=norm_first), shape[1:], shape[0], training=True
    )
    plans = find_checkpoint_front(arch)
    assert len(plans) > 1
    for plan in plans:
        kept = keep_for_real(
            Encoder(norm_first=norm_first),
            [unit.path for unit in plan.units],
            training=True,
            shape=shape,
        )
        assert kept == plan.kept_bytes, plan.units


@pytest.mark.parametrize("training", [False, True])
def test_a_largest_batch_of_a_transformer_fits(training):
    """Its weights meet a batch that is turned, at any batch of several samples."""
    net = Encoder(norm_first=True)
    fitted = BatchFit(resviz.trace(net, TOKENS[1:], 2, training=training))
    weights = sum(count_parameter_bytes(fitted.arch).values())
    room = 20 * 2**20
    for optimiser, copies in (("sgd", 2), ("adam", 4)):
        batch = fitted.fit_training((), optimiser).largest(room)
        fits, exceeds = (
            find_saved_for_backward(
                resviz.trace(net, TOKENS[1:], n, training=training)
            ).bytes
            for n in (batch, batch + 1)
        )
        assert fits <= room - copies * weights < exceeds


def test_one_sample_of_a_transformer_says_what_to_trace():
    """Torch takes other operations for it than for several."""
    arch = resviz.trace(Encoder(norm_first=True), TOKENS[1:])
    with pytest.raises(ResizeError, match=r"what two samples tell, --batch 2$"):
        BatchFit(arch)


def test_on_a_front_less_is_kept_for_more_work(record):
    """And no single block does better than the plan of its cost."""
    arch = record("resnet50")
    plans = find_checkpoint_front(arch)
    units, refusals = find_checkpoint_units(arch)
    assert (16, ()) == (len(units), refusals)
    for before, after in pairwise(plans):
        assert before.kept_bytes > after.kept_bytes
        assert before.macs < after.macs
    for unit in units:
        alone = make_plan(arch, [unit])
        cheaper = [plan for plan in plans if plan.macs <= alone.macs]
        assert len(plans) == 10 or cheaper[-1].kept_bytes <= alone.kept_bytes


def test_the_first_blocks_of_resnet_50():
    """Batch 32: 2.56 GiB, and without what the three of conv2_x save 1.89."""
    arch = resviz.trace("resnet50", batch=32)
    units, _ = find_checkpoint_units(arch)
    plan = make_plan(arch, units[:3])
    whole = find_saved_for_backward(arch).bytes
    assert (2.56, 1.89) == (round(whole / 2**30, 2), round(plan.kept_bytes / 2**30, 2))
    assert 0.16 == round(plan.macs / arch.macs, 2)


class Overwriting(nn.Module):
    """A block whose first ReLU writes over what a second run would read."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        x = x.relu_()
        return self.norm(self.conv(x)) + x


def test_what_would_be_computed_from_another_value_is_refused():
    """A block that writes over its input is not checkpointed, and it is said."""
    model = nn.Sequential(nn.Conv2d(3, 8, 1), Overwriting(), Overwriting())
    arch = resviz.trace(model, (3, 8, 8))
    units, refusals = find_checkpoint_units(arch)
    assert () == units
    assert {"its input is written over in place"} == {why for _, why in refusals}


def test_a_largest_batch_fits_and_one_more_does_not():
    """By the record at both batches, for each optimiser."""
    arch = resviz.trace("cifar8", training=True)
    fitted, room = BatchFit(arch), 50 * 2**20
    weights = sum(count_parameter_bytes(arch).values())
    buffers = sum(arch.buffers.values())
    for optimiser, copies in (("sgd", 2), ("momentum", 3), ("adam", 4)):
        batch = fitted.fit_training((), optimiser).largest(room)
        assert batch is not None
        free = room - copies * weights - buffers
        fits, exceeds = (
            find_saved_for_backward(resviz.trace("cifar8", batch=n, training=True))
            for n in (batch, batch + 1)
        )
        assert fits.bytes <= free < exceeds.bytes


def test_the_table_says_what_fits(record):
    """In Python as on the command line, with what is counted below."""
    table = resviz.memory(record("resnet18"), fit="8GiB")
    data = table.to_dict()
    found = data["inference"]
    assert found["bytes"] <= data["fit_bytes"] < found["bytes"] + found["bytes_each"]
    batches = [plan["largest_batch"]["adam"] for plan in data["plans"]]
    assert batches == sorted(batches)
    assert "use_reentrant=False" in table.render("text")
    small = resviz.memory(record("resnet18"), fit="1MiB")
    assert "no batch, weights alone take 44.63 MiB" in small.render("text")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fit": "much"}, "fit: got 'much', want bytes as 2GiB"),
        ({"fit": "0"}, "fit: got 0, want bytes as 24GiB"),
        ({"fit": "1GiB", "every": True}, "fit: shows plans in their order"),
    ],
)
def test_a_wrong_size(record, options, message):
    """It is told."""
    with pytest.raises(resviz.SpecError, match=message):
        resviz.memory(record("resnet18"), **options)


def test_what_one_trace_does_not_tell_has_a_remedy(record):
    """A forward that looks at values is followed at no other batch."""
    arch = record("resnet18")
    with pytest.raises(resviz.ResvizError, match="see what single batches take, --bat"):
        resviz.memory(msgspec.structs.replace(arch, mode="run"), fit="1GiB")


def test_little_room_is_written_as_it_is(record):
    """As 24 for 24GiB."""
    words = {"24": "24 bytes", "1KiB": "1,024 bytes", "3TiB": "3,072 GiB"}
    assert [f"ResNet-18: what fits into {room}" for room in words.values()] == [
        resviz.memory(record("resnet18"), fit=fit).title for fit in words
    ]
