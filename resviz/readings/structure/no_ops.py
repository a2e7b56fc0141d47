"""Operations that change nothing: a pad by nothing, a pool over one position.

Source: He et al. 2019, ResNet-D, which pools over one position at stride 1, as do Deng
et al. 2019, ArcFace, in all blocks of a stage.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import EDGE_PADDINGS, PADDINGS, POOLS
from resviz.readings.structure.forks import SPLIT_OPERATIONS
from resviz.readings.structure.weights import is_upsampling

if TYPE_CHECKING:
    from resviz.record import Operation


def changes_nothing(op: Operation) -> bool:
    """Tell whether an operation gives the values that it reads, in their order."""
    before, after = op.inputs[0], op.outputs[0]
    name, window = op.name, op.window
    if name in {"cat", "stack"}:
        return len(op.inputs) == 1
    if window is None and (name in POOLS or name == "select"):
        return prod(before) == prod(after)  # each is made of one value
    if before != after:
        return False
    if window is not None:
        return name in POOLS and prod(window.kernel) == prod(window.stride) == 1
    if is_upsampling(op) or name in SPLIT_OPERATIONS:
        return len(op.outputs) == 1 and not is_rescaled(op)
    # A copy to a part of a wider tensor has that for its second output.
    is_padding = name in PADDINGS | EDGE_PADDINGS and len(op.outputs) == 1
    return name in WHOLE_OPERATIONS or (is_padding and not shifts(op))


def is_rescaled(op: Operation) -> bool:
    """Tell whether an interpolation to the same size has another factor than 1."""
    factors = (op.arguments.get(f"scales{axis}") for axis in ("", "_d", "_h", "_w"))
    return not {None, 1.0}.issuperset(factors)


WHOLE_OPERATIONS = {"slice", "repeat", "pixel_unshuffle"}
"""Operations that change nothing if their output is of their input's shape."""


def shifts(op: Operation) -> bool:
    """Tell whether a padding moves a map, cut at one end by what the other gains."""
    pads = op.arguments.get("pad") or op.arguments.get("padding") or ()
    return op.inputs[0] == op.outputs[0] and any(pads)
