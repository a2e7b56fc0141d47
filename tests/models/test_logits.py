"""Logits under weights that a rule fills, against those of torchvision 0.28."""

import json
import math
from pathlib import Path

import pytest
import torch

from resviz import models

CASES = json.loads((Path(__file__).parent / "data" / "logits.json").read_text())[
    "cases"
]


def wave(count, offset=0.0):
    """Values in [-1, 1): the fractions of a large sine, as the rule in the data."""
    j = torch.arange(1, count + 1, dtype=torch.float64)
    value = (12.9898 * j + offset).sin_().abs_().mul_(43758.5453)
    return value.frac_().mul_(2).sub_(1)


def filled(i, name, value):
    """Entry ``i`` of a state dict, by the rule in the data."""
    if not value.is_floating_point():
        return torch.zeros(value.shape, dtype=value.dtype)
    w = wave(value.numel(), 78.233 * (i + 1)).reshape(value.shape)
    if name.endswith("running_var"):
        return 1 + 0.1 * w
    if value.dim() > 1:
        return w.mul_(math.sqrt(6 / value[0].numel()))
    return 0.4 + 0.1 * w if name.endswith(".weight") else 0.1 * w


def logits(case):
    """What the network gives for the rule's image under the rule's weights."""
    with torch.device("meta"):
        net = getattr(models, case["model"])(**case["kwargs"])
    entries = enumerate(net.state_dict().items())
    state = {name: filled(i, name, value) for i, (name, value) in entries}
    net.load_state_dict(state, assign=True)
    size = case["input"]
    pixels = torch.arange(3 * size * size, dtype=torch.float64)
    with torch.no_grad():
        return net.eval()((0.01 * pixels).sin().reshape(1, 3, size, size))[0]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: "-".join([case["model"], *case["kwargs"]])
)
def test_logits(case):
    """First logits and their sum agree within 1e-6 of the largest logit."""
    found = logits(case)
    tolerance = 1e-6 * case["logits_abs_max"]
    assert case["logits_first8"] == pytest.approx(found[:8].tolist(), abs=tolerance)
    summed = tolerance * len(found)
    assert case["logits_sum"] == pytest.approx(float(found.sum()), abs=summed)
    assert case["logits_abs_max"] == pytest.approx(float(found.abs().max()), rel=1e-6)
