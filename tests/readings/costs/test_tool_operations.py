"""Conventions against what the tools print for single operations, one after another.

Each case stands behind one 1×1 convolution from 3 to 8 channels without bias, whose
count is taken off. tests/data/tool_operations.csv has what is not zero, on one sample
of 6×10 and on two of 8×6: tools were run as functions and modules say it, on torch
2.13.0 with gradients on. "none" stands where a tool gives no number.
"""

import csv
from collections import defaultdict
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import resviz
from resviz.readings.costs.by_convention import apply_conventions

SIZES = ((1, 3, 6, 10), (2, 3, 8, 6))


class Behind(nn.Module):
    """A convolution, and what comes behind it."""

    def __init__(self, function, module=None):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 1, bias=False)
        self.function, self.inside = function, module

    def forward(self, x):
        x = self.conv(x)
        return (
            self.function(x) if self.inside is None else self.function(x, self.inside)
        )


def apply_inside(x, module):
    """A module on the map."""
    return module(x)


def apply_to_tokens(x, module):
    """A module on tokens: one for each position, of eight features."""
    return module(x.flatten(2).transpose(1, 2))


def apply_to_line(x, module):
    """A module on a line."""
    return module(x.flatten(2))


def attend(x, module):
    """Self-attention over tokens."""
    tokens = x.flatten(2).transpose(1, 2)
    return module(tokens, tokens, tokens, need_weights=False)[0]


def attend_with_weights(x, module):
    """The same, as the module does it unless it is told otherwise."""
    tokens = x.flatten(2).transpose(1, 2)
    return module(tokens, tokens, tokens)[0]


def attend_to_others(x, module):
    """Attention to the first five tokens alone."""
    tokens = x.flatten(2).transpose(1, 2)
    return module(tokens, tokens[:, :5], tokens[:, :5], need_weights=False)[0]


def attend_in_sequence(x, module):
    """Self-attention over tokens that lie along the first axis."""
    tokens = x.flatten(2).permute(2, 0, 1)
    return module(tokens, tokens, tokens, need_weights=False)[0]


def attend_with_mask(x):
    """Attention with a mask that is added."""
    count = x.shape[2] * x.shape[3]
    mask = torch.zeros(count, count, device=x.device)
    return F.scaled_dot_product_attention(*[rows_of_heads(x)] * 3, attn_mask=mask)


def rows_of_heads(x):
    """Tokens in two heads, one after another in memory."""
    return heads(x).contiguous()


def heads(x):
    """Tokens in two heads of four features."""
    return x.view(x.shape[0], 2, 4, -1).transpose(2, 3)


MODULES = {
    "Sigmoid": nn.Sigmoid, "ReLU": nn.ReLU, "ReLU6": nn.ReLU6, "SiLU": nn.SiLU,
    "GELU": nn.GELU, "Tanh": nn.Tanh, "Hardswish": nn.Hardswish,
    "Hardsigmoid": nn.Hardsigmoid, "LeakyReLU": partial(nn.LeakyReLU, 0.1),
    "ELU": nn.ELU, "SELU": nn.SELU, "Mish": nn.Mish, "Softplus": nn.Softplus,
    "Hardtanh": nn.Hardtanh, "PReLU": nn.PReLU,
    "AdaptiveAvgPool2d": partial(nn.AdaptiveAvgPool2d, 1),
    "AdaptiveMaxPool2d": partial(nn.AdaptiveMaxPool2d, 1),
    "MaxPool2d": partial(nn.MaxPool2d, 3, 1, 1),
    "MaxPool2d of 2×3": partial(nn.MaxPool2d, (2, 3)),
    "AvgPool2d": partial(nn.AvgPool2d, 2),
    "Softmax": partial(nn.Softmax, 1),
    "Upsample": partial(nn.Upsample, scale_factor=2),
    "Upsample, bilinear": partial(nn.Upsample, scale_factor=2, mode="bilinear"),
    "ZeroPad2d": partial(nn.ZeroPad2d, 1), "PixelShuffle": partial(nn.PixelShuffle, 2),
    "Dropout": nn.Dropout, "Dropout2d": nn.Dropout2d,
    "BatchNorm2d": partial(nn.BatchNorm2d, 8),
    "BatchNorm2d without γ and β": partial(nn.BatchNorm2d, 8, affine=False),
    "InstanceNorm2d": partial(nn.InstanceNorm2d, 8),
    "GroupNorm": partial(nn.GroupNorm, 2, 8),
    "Conv2d": partial(nn.Conv2d, 8, 5, 3, padding=1),
    "Conv2d, depthwise": partial(nn.Conv2d, 8, 8, 3, groups=8, bias=False),
    "ConvTranspose2d": partial(nn.ConvTranspose2d, 8, 5, 2, stride=2),
    "ConvTranspose2d in groups": partial(
        nn.ConvTranspose2d, 8, 4, 3, stride=2, groups=2, bias=False
    ),
}  # fmt: skip
"""Modules on the map."""

TOKEN_MODULES = {
    "Linear": partial(nn.Linear, 8, 5),
    "Linear without bias": partial(nn.Linear, 8, 5, bias=False),
    "LayerNorm": partial(nn.LayerNorm, 8),
    "RMSNorm": partial(nn.RMSNorm, 8),
}

LINE_MODULES = {
    "Conv1d": partial(nn.Conv1d, 8, 5, 3),
    "AdaptiveAvgPool1d": partial(nn.AdaptiveAvgPool1d, 1),
    "MaxPool1d": partial(nn.MaxPool1d, 2),
    "AvgPool1d": partial(nn.AvgPool1d, 2),
}

FUNCTIONS = {
    "amax over positions": lambda x: x.amax((2, 3), keepdim=True),
    "amax over channels": lambda x: x.amax(1, keepdim=True),
    "max over channels": lambda x: x.max(1, keepdim=True)[0],
    "max of all": lambda x: x.max(),
    "amin": lambda x: x.amin(1),
    "argmax": lambda x: x.argmax(1).float(),
    "sum over positions": lambda x: x.sum((2, 3)),
    "mean over positions": lambda x: x.mean((2, 3)),
    "mean over channels": lambda x: x.mean(1, keepdim=True),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std((2, 3)),
    "norm": lambda x: torch.linalg.vector_norm(x, dim=(2, 3)),
    "normalize": F.normalize,
    "logsumexp": lambda x: x.logsumexp(1),
    "cumsum": lambda x: x.cumsum(2),
    "topk": lambda x: x.topk(2, 1)[0],
    "sort": lambda x: x.sort(1)[0],
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gate over channels": lambda x: x * x[:, :, :1, :1],
    "gate over positions": lambda x: x[:, :1] * x,
    "sum": lambda x: x + x,
    "difference": lambda x: 1 - x,
    "quotient": lambda x: x / x,
    "power": lambda x: x**2,
    "square": lambda x: x.square(),
    "rsqrt": lambda x: x.rsqrt(),
    "exp": lambda x: x.exp(),
    "sin": lambda x: x.sin(),
    "abs": lambda x: x.abs(),
    "maximum": lambda x: torch.maximum(x, x),
    "clamp": lambda x: x.clamp(0, 1),
    "where": lambda x: torch.where(x > 0, x, x),
    "addcmul": lambda x: torch.addcmul(x, x, x),
    "lerp": lambda x: torch.lerp(x, x, 0.5),
    "interpolate": lambda x: F.interpolate(x, scale_factor=2),
    "interpolate to 9×11": lambda x: F.interpolate(x, size=(9, 11)),
    "interpolate, bilinear": lambda x: F.interpolate(x, size=(9, 11), mode="bilinear"),
    "interpolate, bicubic": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "interpolate, exact": lambda x: F.interpolate(
        x, scale_factor=2, mode="nearest-exact"
    ),
    "interpolate a line": lambda x: F.interpolate(
        x.flatten(2), scale_factor=2, mode="linear"
    ),
    "grid_sample": lambda x: F.grid_sample(
        x, x.permute(0, 2, 3, 1)[..., :2], align_corners=False
    ),
    "softmax": lambda x: x.softmax(1),
    "softmax over tokens": lambda x: x.flatten(2).softmax(-1),
    "log_softmax": lambda x: F.log_softmax(x, 1),
    "cat": lambda x: torch.cat([x, x], 1),
    "pad": lambda x: F.pad(x, (1, 1)),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "bmm": lambda x: torch.bmm(x.flatten(2), x.flatten(2)[:, :5].transpose(1, 2)),
    "@": lambda x: x @ x.transpose(-2, -1),
    "einsum": lambda x: torch.einsum("bchw,bchv->bcwv", x, x),
    "mm": lambda x: torch.mm(x[:, :, 0, 0], x[:, :, 0, 0].t()),
    "scaled_dot_product_attention": lambda x: F.scaled_dot_product_attention(
        *[heads(x)] * 3
    ),
    "scaled_dot_product_attention of rows": lambda x: F.scaled_dot_product_attention(
        *[rows_of_heads(x)] * 3
    ),
    "scaled_dot_product_attention of 3 axes": lambda x: F.scaled_dot_product_attention(
        *[x.flatten(2).transpose(1, 2)] * 3
    ),
    "scaled_dot_product_attention, causal": lambda x: F.scaled_dot_product_attention(
        *[heads(x)] * 3, is_causal=True
    ),
    "scaled_dot_product_attention to others": lambda x: F.scaled_dot_product_attention(
        heads(x), heads(x)[:, :, :5], heads(x)[:, :, :5]
    ),
    "scaled_dot_product_attention with a mask": attend_with_mask,
}  # fmt: skip

HEADS = partial(nn.MultiheadAttention, 8, 2, batch_first=True)

ENCODER = partial(nn.TransformerEncoderLayer, 8, 2, 16, batch_first=True)

CASES = {
    **{name: (function, None) for name, function in FUNCTIONS.items()},
    **{name: (apply_inside, make) for name, make in MODULES.items()},
    **{name: (apply_to_tokens, make) for name, make in TOKEN_MODULES.items()},
    **{name: (apply_to_line, make) for name, make in LINE_MODULES.items()},
    "MultiheadAttention": (attend, HEADS),
    "MultiheadAttention with its weights": (attend_with_weights, HEADS),
    "MultiheadAttention to others": (attend_to_others, HEADS),
    "MultiheadAttention without biases": (attend, partial(HEADS, bias=False)),
    "MultiheadAttention, sequence first": (
        attend_in_sequence,
        partial(HEADS, batch_first=False),
    ),
    "TransformerEncoderLayer": (apply_to_tokens, ENCODER),
    "TransformerEncoderLayer, GELU": (
        apply_to_tokens,
        partial(ENCODER, activation="gelu", norm_first=True),
    ),
}


def make_case(name):
    """The network of one case, in evaluation."""
    function, make = CASES[name]
    return Behind(function, make and make()).eval()


def count_by_tool(model, size):
    """Total of each tool, by its name and what it calls the number."""
    return {
        (tool, one.convention.number_name): one.total
        for one in apply_conventions(resviz.trace(model, size[1:], size[0]))
        for tool, _ in one.convention.tools
    }


@pytest.fixture(scope="module", name="bare")
def totals_of_the_convolution():
    """What the convolution alone counts, at both sizes."""
    return [count_by_tool(Behind(lambda x: x), size) for size in SIZES]


def read_measured():
    """What is not zero, by case, tool and number."""
    path = Path(__file__).parents[2] / "data" / "tool_operations.csv"
    measured = defaultdict(lambda: (0, 0))
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers = [
                None if n == "none" else int(n) for n in (row["one"], row["two"])
            ]
            measured[row["case"], row["tool"], row["its name for it"]] = tuple(numbers)
    return measured


MEASURED = read_measured()

RAN = {tool for _, tool, _ in MEASURED}
"""The tools that were run."""


def compare(name, bare):
    """What is claimed for one case and what was measured, of tools that claim."""
    claims, facts = {}, {}
    totals = [count_by_tool(make_case(name), size) for size in SIZES]
    for tool, number in totals[0]:
        found = tuple(total[tool, number] for total in totals)
        if tool in RAN and None not in found:
            without = (each[tool, number] for each in bare)
            claims[tool, number] = tuple(map(int.__sub__, found, without))
            facts[tool, number] = MEASURED[name, tool, number]
    return claims, facts


@pytest.mark.parametrize("name", CASES)
def test_a_claimed_number_is_the_tools(name, bare):
    """At both sizes; where no number is claimed, nothing is said."""
    claims, facts = compare(name, bare)
    assert facts == claims


def test_what_gates_and_upsampling_use_is_claimed(bare):
    """For the tools that see functions, all of it; a claim of nothing cannot fail."""
    names = ("amax over channels", "max over channels", "mean over channels", "sigmoid",
             "gate over channels", "gate over positions", "interpolate, bilinear",
             "AdaptiveMaxPool2d", "Conv1d", "Hardsigmoid", "Hardswish")  # fmt: skip
    seeing = {("fvcore", "flops"), ("mmengine", "flops"), ("torchprofile", "MACs"),
              ("ptflops (aten)", "MACs"), ("torchlens", "FLOPs"),
              ("torchlens", "MACs"), ("torch FlopCounterMode", "FLOP")}  # fmt: skip
    assert {} == {
        name: missing
        for name in names
        if (missing := seeing - compare(name, bare)[0].keys())
    }


ATTENTION = {
    "MultiheadAttention": 15,
    "MultiheadAttention with its weights": 15,
    "MultiheadAttention to others": 12,
    "MultiheadAttention without biases": 14,
    "TransformerEncoderLayer": 11,
    "scaled_dot_product_attention of rows": 15,
    "scaled_dot_product_attention with a mask": 14,
}
"""How many of the 16 numbers of tools are claimed."""


@pytest.mark.parametrize("name", ATTENTION)
def test_what_tools_count_for_attention_is_claimed(name, bare):
    """What hangs on how values lie in memory, or was not measured, is not."""
    assert ATTENTION[name] == len(compare(name, bare)[0])


def test_a_mask_that_was_not_measured_is_not_claimed(bare):
    """Nor weights of others; products alone are counted by two tools of these."""

    def attend_masked(x, module):
        tokens = x.flatten(2).transpose(1, 2)
        mask = torch.zeros(tokens.shape[1], tokens.shape[1], device=x.device)
        return module(tokens, tokens, tokens, attn_mask=mask, need_weights=False)[0]

    def attend_others_weighed(x, module):
        tokens = x.flatten(2).transpose(1, 2)
        return module(tokens, tokens[:, :5], tokens[:, :5])[0]

    for function in (attend_masked, attend_others_weighed):
        totals = count_by_tool(Behind(function, HEADS()).eval(), SIZES[0])
        claimed = {tool for (tool, _), total in totals.items() if total is not None}
        assert {"torchvision", "He et al.", "torch FlopCounterMode"} == claimed
