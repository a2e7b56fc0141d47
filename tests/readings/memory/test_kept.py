"""What training keeps: torch's own saved tensors, to the byte."""

import pytest
from torch import nn

import resviz
from resviz.readings import memory

SHAPE = (2, 3, 64, 64)


@pytest.mark.parametrize("training", [False, True])
def test_what_is_kept_is_what_torch_saves(network, torchs, training):
    """Each storage once, parameters and buffers aside."""
    arch = resviz.trace(network, SHAPE[1:], SHAPE[0], training=training)
    kept = memory.find_saved_for_backward(arch)
    assert torchs.kept(network, SHAPE, training=training) == kept.bytes
    assert () == kept.uncounted


def test_statistics_of_batch_norm_are_kept_in_training_alone(record):
    """A mean and an inverse deviation for each channel, of 4 bytes each."""
    trained = resviz.trace("resnet50", training=True)
    norms = [la for la in trained.layers if la.type == "BatchNorm2d"]
    more = (
        memory.find_saved_for_backward(trained).bytes
        - memory.find_saved_for_backward(record("resnet50")).bytes
    )
    assert 53 == len(norms)
    assert sum(2 * 4 * la.output_shape[1] for la in norms) == more


def test_a_frozen_start_keeps_nothing(torchs):
    """No derivative passes what asks for no gradient; nor is there a gradient."""
    model = resviz.models.resnet18()
    for part in (model.conv1, model.bn1, model.layer1, model.layer2):
        part.requires_grad_(requires_grad=False)
    arch = resviz.trace(model, SHAPE[1:], SHAPE[0])
    asking = sum(p.nbytes for p in model.parameters() if p.requires_grad)
    assert torchs.kept(model, SHAPE) == memory.find_saved_for_backward(arch).bytes
    assert {"float32": asking} == memory.count_gradient_bytes(arch)
    assert 0 == sum(
        memory.find_saved_for_backward(arch).layers[: arch["layer3.0.conv1"].index]
    )


def test_half_precision_keeps_half(torchs):
    """What a network in bfloat16 keeps, of every dtype."""
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.MaxPool2d(2)).bfloat16()
    kept = memory.find_saved_for_backward(resviz.trace(model, SHAPE[1:], SHAPE[0]))
    assert torchs.kept(model, SHAPE) == kept.bytes
    assert {"bfloat16", "int64"} == set(kept.dtypes)


def test_an_operation_without_a_rule_is_named_and_not_zero():
    """It is listed with its count and its first place, in every format."""
    model = nn.Sequential(nn.Conv2d(3, 3, 1), Sinc(), Sinc())
    arch = resviz.trace(model, (3, 8, 8))
    (gap,) = memory.find_saved_for_backward(arch).uncounted
    assert ("sinc", 2, "1") == (gap.operation, gap.count, gap.first)
    note = "unknown what training keeps of sinc, 2×, first at 1"
    assert note in str(resviz.memory(arch))


class Sinc(nn.Module):
    def forward(self, x):
        return x.sinc()


def test_what_learns_nothing_needs_no_rule():
    """Before the first parameter, nothing is kept of an operation, known or not."""
    kept = memory.find_saved_for_backward(
        resviz.trace(nn.Sequential(Sinc(), nn.Conv2d(3, 3, 1)), (3, 8, 8))
    )
    assert ((), 3 * 8 * 8 * 4) == (kept.uncounted, kept.bytes)
