"""Memory of timm's networks under autocast beside torch's own, to the byte."""

import pytest
import torch

import resviz
from resviz.readings.autocast import cast_record
from resviz.readings.memory import find_peak, find_saved_for_backward
from tests.readings.memory.conftest import held, kept

from . import packages


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "name", ["convnext_atto", "densenet121", "mobilenetv3_small_050", "resnetv2_50"]
)
def test_torch_keeps_and_holds_as_much(name, training):
    """Layer norms and scales, concatenations, gates, standardised weights."""
    model = packages.build(f"timm:{name}", real=True).model
    arch = resviz.trace(model, (3, 64, 64), 2, training=training)
    cast = cast_record(arch, "bfloat16")
    with torch.autocast("cpu", torch.bfloat16):
        saved = kept(model, (2, 3, 64, 64), training=training)
    with torch.autocast("cpu", torch.bfloat16):
        peak = max(held(model, (2, 3, 64, 64), training=training))
    assert saved == find_saved_for_backward(cast).bytes
    assert peak == find_peak(cast).bytes
