"""Padding: positions, or channels, put around what flows; or cut off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import SELECTION, OperationKind
from resviz.operations.shared_rules import save_nothing, save_operand
from resviz.operations.windows import slide_last_axes, taps_of_slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.kind import OutputMaps
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep


def follow_pad(step: FieldStep) -> OutputMaps | None:
    """Follow fields to positions at both ends of an axis; negative padding cuts.

    `pad` begins with the last axis: before and after it, before and after the next.
    """
    pads = step.arguments.get("pad")
    return None if pads is None else [pad_last_axes(step, pads)]


def follow_mirror(step: FieldStep) -> OutputMaps | None:
    """Follow fields through mirror padding: repeated values lie inside the input."""
    pads = step.arguments.get("padding")
    return None if pads is None else [pad_last_axes(step, pads)]


def pad_last_axes(step: FieldStep, pads: Sequence[int]) -> FieldMap:
    """Pad the last axes of a map."""
    taps = [taps_of_slice(-count) for count in pads[::2][::-1]]
    return slide_last_axes(step.seeing_maps[0], taps, step.shape)


mirror = partial(
    OperationKind, family=SELECTION, arguments=("padding",), field=follow_mirror
)

ROWS = (
    OperationKind(
        "constant_pad_nd",
        SELECTION,
        display_name="pad",
        label="pad",
        is_quiet=True,
        pads_channels=True,
        arguments=("pad", "value"),
        saved=save_nothing,
        field=follow_pad,
    ),
    mirror("reflection_pad1d", saved=save_operand),
    mirror("reflection_pad2d", saved=save_operand),
    mirror("replication_pad2d", saved=save_operand),
    mirror("reflection_pad3d"),
    mirror("replication_pad1d"),
    mirror("replication_pad3d"),
)
