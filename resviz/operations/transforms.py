"""Fourier transforms, counted by the convention of those who measure them."""

from __future__ import annotations

from functools import partial
from math import log2, prod
from typing import TYPE_CHECKING

from resviz.operations.kind import OperationKind
from resviz.operations.shared_rules import save_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Operation, Shape

REAL_FLOPS = 2.5
"""Real FLOPs for each real value and halving of a transform from or to real values."""

COMPLEX_FLOPS = 5
"""The same for each complex value of a transform of complex ones."""


def count_transform_macs(op: Operation) -> int:
    """Count the real MACs of a Fourier transform along some axes, half its FLOPs.

    Shapes: of N values along the transformed axes together, for each place of the
    others: 5 · N · log₂N FLOPs, half of that where one side is real; N is that of the
    real side. torch may take a way that is slower where N is no power of two.
    Source: Frigo and Johnson 2005, The Design and Implementation of FFTW3, section V.
    """
    before, after = op.inputs[0], op.outputs[0]
    if op.name == "_fft_c2c":
        return halve_flops(COMPLEX_FLOPS, before, op.arguments.get("dim", ()))
    real = after if op.name == "_fft_c2r" else before
    return halve_flops(REAL_FLOPS, real, op.arguments.get("dim", ()))


def halve_flops(flops_per_step: float, shape: Shape, dims: Sequence[int]) -> int:
    """Return half the FLOPs of the transforms of a tensor along some axes."""
    length = prod(shape[dim % len(shape)] for dim in dims)
    return round(flops_per_step * prod(shape) * log2(length) / 2) if length else 0


transform = partial(
    OperationKind,
    min_operands=1,
    arguments=("dim",),
    macs=count_transform_macs,
    convention="Fourier transforms, 5·N·log₂N FLOPs, half if real",
    saved=save_nothing,
)

ROWS = (transform("_fft_r2c"), transform("_fft_c2r"), transform("_fft_c2c"))
