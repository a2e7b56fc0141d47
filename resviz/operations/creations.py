"""Creations: values that are made out of none, or written over what was there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import CREATION, ELEMENTWISE, OperationKind
from resviz.operations.shared_rules import (
    follow_pointwise_pair,
    save_nothing,
    save_rest,
)

if TYPE_CHECKING:
    from resviz.operations.kind import OutputMaps
    from resviz.readings.receptive.step import FieldStep


def follow_fill(step: FieldStep) -> OutputMaps:
    """Lose the fields of an operand whose values are written over."""
    return [None] * len(step.op.outputs)


creation = partial(OperationKind, family=CREATION, is_differentiable=False)

ROWS = (
    creation("empty_like"),
    creation("zeros_like"),
    creation("ones_like"),
    creation("full_like"),
    creation("rand_like"),
    creation("randn_like"),
    creation("new_empty"),
    creation("new_zeros"),
    creation("new_ones"),
    creation("new_full"),
    creation("new_empty_strided"),
    OperationKind("fill", ELEMENTWISE, saved=save_nothing, field=follow_fill),
    OperationKind("zero", ELEMENTWISE, saved=save_nothing, field=follow_fill),
    OperationKind(
        "bernoulli",
        ELEMENTWISE,
        is_quiet=True,
        is_linear=True,
        saved=save_nothing,
        field=follow_fill,
    ),
    OperationKind("uniform", ELEMENTWISE, saved=save_nothing),
    OperationKind("normal", ELEMENTWISE, saved=save_nothing),
    OperationKind(
        "native_dropout",
        ELEMENTWISE,
        label="dropout",
        is_quiet=True,
        is_linear=True,
        saved=save_rest,
        field=follow_pointwise_pair,
    ),
)
