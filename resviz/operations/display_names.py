"""What people call an operation whose ATen name is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resviz.record import Operation

DISPLAY_NAMES = {
    "convolution": "conv",
    "native_batch_norm": "batch_norm",
    "max_pool2d_with_indices": "max_pool2d",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "constant_pad_nd": "pad",
    "addmm": "linear",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "_log_softmax": "log_softmax",
}
"""Everyday names by ATen's."""


def find_display_name(operation: Operation) -> str:
    """Return an operation's display name, "flatten" for a merging view."""
    name = operation.name
    if name in {"view", "_unsafe_view", "reshape"} and operation.inputs:
        before, after = operation.inputs[0], operation.outputs[0]
        shared = len(after) - 1
        is_flatten = 0 < len(after) < len(before) and before[:shared] == after[:shared]
        return "flatten" if is_flatten else "reshape"
    return DISPLAY_NAMES.get(name, name)
