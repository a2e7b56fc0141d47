"""Trainable and frozen parameters: columns, and words where anything is frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.tables.table import Column
from resviz.units import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Architecture

TRAINABLE_COLUMNS = (
    Column("trainable_params", "trainable", "count"),
    Column("frozen_params", "frozen", "count"),
)
"""What of a row's parameters asks for a gradient, and what does not."""


def split_params(
    arch: Architecture, params: int, frozen_params: int
) -> dict[str, int | None]:
    """Split a number of parameters, as JSON has it; None if the record does not say."""
    if not arch.knows_frozen:
        return dict.fromkeys(column.key for column in TRAINABLE_COLUMNS)
    return {
        "trainable_params": params - frozen_params,
        "frozen_params": frozen_params,
    }


def add_trainable_column(
    arch: Architecture, columns: Sequence[Column]
) -> tuple[Column, ...]:
    """Return columns with the trainable behind all parameters if any are frozen."""
    if not arch.frozen_params:
        return tuple(columns)
    position = [column.key for column in columns].index("params") + 1
    return (*columns[:position], TRAINABLE_COLUMNS[0], *columns[position:])


def extra_trainable_columns(arch: Architecture) -> tuple[Column, ...]:
    """Return those of `TRAINABLE_COLUMNS` that are there where they are named."""
    return TRAINABLE_COLUMNS[1 if arch.frozen_params else 0 :]


def describe_parameters(arch: Architecture) -> str:
    """Say "11.7 M parameters, 513 k trainable", the latter where not all are."""
    words = f"{format_count(arch.params)} parameters"
    trainable = arch.trainable_params
    if trainable is None or not arch.frozen_params:
        return words
    return f"{words}, {format_count(trainable)} trainable"
