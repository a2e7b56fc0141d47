"""Contexts that a forward enters: they change no count, inference mode included."""

from contextlib import ExitStack
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from resviz import trace
from resviz.models import resnet18
from tests.tracing.harm import Snapshot, changes


def count_by_torch(model, *shape):
    """MACs as torch's own counter counts them, under `no_grad`.

    In training: in evaluation torch fuses attention to what it does not count.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(shape))
    return counter.get_total_flops() // 2


class Within(nn.Module):
    """A frozen backbone run within contexts, and a head outside of them."""

    def __init__(self, *contexts):
        super().__init__()
        self.contexts = contexts
        self.backbone, self.head = resnet18(num_classes=64), nn.Linear(64, 10)
        self.mix = nn.MultiheadAttention(64, 4, batch_first=True)
        self.step = nn.GRUCell(64, 64)

    def forward(self, x):
        with ExitStack() as stack:
            for context in self.contexts:
                stack.enter_context(context())
            y = self.backbone(x)[:, None].expand(-1, 3, -1)
            y = y + self.mix(y, y, y)[0] + F.scaled_dot_product_attention(y, y, y)
            y = self.step(torch.einsum("bnd,bnd->bd", y, y))
        return self.head(y)


CONTEXTS = {
    "no_grad": [torch.no_grad],
    "enable_grad": [torch.enable_grad],
    "set_grad_enabled": [partial(torch.set_grad_enabled, True)],
    "autocast": [partial(torch.autocast, "cpu")],
    "device": [partial(torch.device, "cpu")],
    "inference_mode": [torch.inference_mode],
    "inference_mode(False)": [partial(torch.inference_mode, False)],
    "gradients in inference": [torch.inference_mode, torch.enable_grad],
    "inference in gradients": [torch.enable_grad, torch.inference_mode],
    "out of inference": [torch.inference_mode, partial(torch.inference_mode, False)],
    "inference on a device": [partial(torch.device, "cpu"), torch.inference_mode],
    "inference and autocast": [torch.inference_mode, partial(torch.autocast, "cpu")],
}  # fmt: skip


@pytest.mark.parametrize("name", CONTEXTS)
def test_a_context_changes_no_record(name):
    """Shapes, counts, blocks: all as without it, and as torch counts."""
    plain, model = Within(), Within(*CONTEXTS[name])
    record = trace(plain, (3, 64, 64))
    assert count_by_torch(plain, 1, 3, 64, 64) == record.macs
    assert record == trace(model, (3, 64, 64), fast=False)
    before = Snapshot(model)
    assert record == trace(model, (3, 64, 64))
    assert [] == changes(before, Snapshot(model))


@pytest.mark.parametrize("decorator", [torch.inference_mode(), torch.no_grad()])
def test_a_context_as_a_decorator(decorator):
    """Around the forward itself; ResNet-18 has 148,557,824 MACs at 64 × 64."""

    class Decorated(nn.Sequential):
        forward = decorator(nn.Sequential.forward)

    record = trace(Decorated(resnet18()), (3, 64, 64))
    assert (148_557_824, 18) == (record.macs, record.depth)


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("mode", ["shapes", "run"])
def test_a_trace_within_inference_mode(mode, fast):
    """Of a model built there, whose norms write their statistics in training."""
    with torch.inference_mode():
        model = resnet18()
        record = trace(model, (3, 64, 64), batch=2, training=True, mode=mode, fast=fast)
    assert 2 * 148_557_824 == record.macs
