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
from resviz.operations.size_rules import keep_size, refuse_always

if TYPE_CHECKING:
    from resviz.operations.kind import OutputMaps
    from resviz.readings.receptive.step import FieldStep


def follow_fill(step: FieldStep) -> OutputMaps:
    """Lose the fields of an operand whose values are written over."""
    return [None] * len(step.op.outputs)


creation = partial(
    OperationKind, family=CREATION, is_differentiable=False, sizes=refuse_always
)

ROWS = (
    creation("empty_like", sizes=keep_size),
    creation("zeros_like", sizes=keep_size),
    creation("ones_like", sizes=keep_size),
    creation("full_like", sizes=keep_size),
    creation("rand_like", sizes=keep_size),
    creation("randn_like", sizes=keep_size),
    creation("new_empty"),
    creation("new_zeros"),
    creation("new_ones"),
    creation("new_full"),
    creation("new_empty_strided"),
    OperationKind(
        "fill", ELEMENTWISE, saved=save_nothing, field=follow_fill, sizes=keep_size
    ),
    OperationKind(
        "zero", ELEMENTWISE, saved=save_nothing, field=follow_fill, sizes=keep_size
    ),
    OperationKind(
        "bernoulli",
        ELEMENTWISE,
        is_quiet=True,
        is_linear=True,
        saved=save_nothing,
        field=follow_fill,
        sizes=keep_size,
    ),
    OperationKind("uniform", ELEMENTWISE, saved=save_nothing, sizes=keep_size),
    OperationKind("normal", ELEMENTWISE, saved=save_nothing, sizes=keep_size),
    OperationKind(
        "native_dropout",
        ELEMENTWISE,
        label="dropout",
        is_quiet=True,
        is_linear=True,
        saved=save_rest,
        field=follow_pointwise_pair,
        sizes=keep_size,
    ),
)
