"""What the JSON of every table says of the trace that it was read off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.record import Architecture, Tensor


def trace_header(arch: Architecture) -> dict[str, Any]:
    """What was traced, with what, and how.

    Tables join it to their own keys, of which the promised ones stand first.
    """
    return {
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "inputs": [input_data(*named_input) for named_input in arch.named_inputs],
        "batch": arch.batch,
        "training": arch.training,
        "mode": arch.mode,
        "unseen": list(arch.unseen),
    }


def input_data(name: str, tensor: Tensor) -> dict[str, Any]:
    """One input; its name is null where it has none."""
    return {"name": name or None, "shape": list(tensor.shape), "dtype": tensor.dtype}
