"""Padding: positions, or channels, put around what flows; or cut off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import SELECTION, OperationKind
from resviz.operations.shared_rules import save_nothing, save_operand
from resviz.operations.size_rules import (
    BY_CODE,
    SizesDisagree,
    SizeUnknown,
    refuse_change,
)
from resviz.operations.windows import slide_last_axes, taps_of_slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.kind import OutputMaps
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Shape


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


PADDING_MODULES = frozenset(
    f"{kind}Pad{axes}d" for kind in ("Zero", "Constant") for axes in (1, 2, 3)
)
"""Modules of torch that were given their borders when they were made."""


def resize_pad(step: SizeStep) -> list[Shape]:
    """Add the same borders, where they can hardly depend on the size of the map."""
    pads = step.arguments.get("pad")
    if pads is None:
        return refuse_change(step)
    is_fixed = step.module in PADDING_MODULES
    borders = [*zip(pads[::2], pads[1::2], strict=True)]
    changing = [step.changes_along(-place) for place in range(1, len(borders) + 1)]
    pads_others = any(
        any(border)
        for border, changes in zip(borders, changing, strict=True)
        if not changes
    )
    for border, changes in zip(borders, changing, strict=True):
        # of new channels, as option A adds, it is no matter of positions
        if changes and not is_fixed and (any(border) or not pads_others):
            raise SizeUnknown(BY_CODE)
    return [add_borders(step, pads)]


def resize_mirror(step: SizeStep) -> list[Shape]:
    """Add the same borders, each smaller than the map where it is mirrored."""
    pads = step.arguments.get("padding")
    if pads is None:
        return refuse_change(step)
    if step.op.name.startswith("reflection"):
        sizes = step.shape[::-1][: len(pads) // 2]
        for size, *border in zip(sizes, pads[::2], pads[1::2], strict=True):
            if max(border) >= size:
                raise SizesDisagree(f"a border of {max(border)} mirrors {size}")
    return [add_borders(step, pads)]


def add_borders(step: SizeStep, pads: Sequence[int]) -> Shape:
    """Return a shape with borders: before and after the last axis, then the next."""
    shape = [*step.shape]
    for place, border in enumerate(zip(pads[::2], pads[1::2], strict=True), 1):
        shape[-place] += sum(border)
    if any(size < 1 for size in shape):
        raise SizesDisagree(f"nothing is left of {step.shape}")
    return tuple(shape)


mirror = partial(
    OperationKind,
    family=SELECTION,
    arguments=("padding",),
    field=follow_mirror,
    sizes=resize_mirror,
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
        sizes=resize_pad,
    ),
    mirror("reflection_pad1d", saved=save_operand),
    mirror("reflection_pad2d", saved=save_operand),
    mirror("replication_pad2d", saved=save_operand),
    mirror("reflection_pad3d"),
    mirror("replication_pad1d"),
    mirror("replication_pad3d"),
)
