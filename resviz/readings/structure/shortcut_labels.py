"""What is written on a shortcut: its operations, in a word or two each."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import (
    ACTIVATIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    CREATIONS,
    EDGE_PADDINGS,
    ELEMENTWISE,
    FACTORS,
    MAX_POOLS,
    NORMS,
    PADDINGS,
    PRODUCTS,
    RESHAPES,
)
from resviz.operations.table import find_display_name
from resviz.readings.structure.fixed_filters import FIXED_FILTER
from resviz.readings.structure.no_ops import shifts
from resviz.readings.structure.weights import is_depthwise, is_upsampling, is_weighted
from resviz.units import format_kernel, format_per_axis, format_sizes

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.readings.structure.graph import MapSize
    from resviz.record import Operation


class ShortcutStep(NamedTuple):
    """An operation on a shortcut.

    Attributes:
        op: the operation.
        axis: in which the channels lie there.
        pads: whether it appends channels that hold nothing.
    """

    op: Operation
    axis: int
    pads: bool


UNLABELLED_OPERATIONS = NORMS | ACTIVATIONS | RESHAPES | ELEMENTWISE
"""Operations that leave a shortcut's values where they are."""

SILENT_OPERATIONS = UNLABELLED_OPERATIONS | CREATIONS
"""Operations of which a shortcut's label tells nothing."""


def label_identity(ops: list[Operation], *, norms: bool) -> str:
    """Label a shortcut that moves nothing: cut, normed, scaled, or plain identity."""
    if any(op.name in CUTS and prod(op.outputs[0]) < prod(op.inputs[0]) for op in ops):
        return "some positions"
    names = {op.name for op in ops}
    if norms:
        names |= NORMS
    for kinds, words in IDENTITY_LABELS:
        if names & kinds:
            return words
    return "identity"


CUTS = PADDINGS | {"slice"}
"""Operations that may cut a map: a padding by less than nothing, too."""


def label_moved_values(before: MapSize, after: MapSize) -> str:
    """Label what only reshapes may do to a map; "" if nothing or less of it is left."""
    (positions, width), (positions_after, width_after) = before, after
    if (
        positions * width == positions_after * width_after
        and positions != positions_after
    ):
        shrinks = positions_after < positions
        return "space to depth" if shrinks else "depth to space"
    grown = [
        f"{noun} repeated, ×{count_after / count:.3g}"
        for noun, count, count_after in (
            ("positions", positions, positions_after),
            ("channels", width, width_after),
        )
        if count_after > count > 0
    ]
    return " + ".join(grown)


IDENTITY_LABELS: tuple[tuple[frozenset[str], str], ...] = (
    (NORMS, "identity + norm"),
    (FACTORS, "scaled identity"),
)
"""What an identity's operations may do all the same; adding one is a row."""


def label_step(step: ShortcutStep) -> str:
    """Label one step of a shortcut; "" if nothing is to be told of it."""
    if step.pads:
        return "zero-padded channels"
    if step.op.name == "cat":
        return "concat" if changes_width(step.op, step.axis) else ""
    return label_operation(step.op, step.axis)


def label_operation(op: Operation, axis: int = 1) -> str:
    """Label one operation on a shortcut; "" if nothing is to be told of it.

    Args:
        op: the operation.
        axis: where the channels lie.
    """
    for names, words in OPERATION_LABELS:
        if op.name in names:
            return words(op, axis)
    if is_upsampling(op):
        return label_upsampling(op, axis)
    if op.name in SILENT_OPERATIONS:
        return ""
    return find_display_name(op).strip("_").replace("_", " ")


def label_window(op: Operation, axis: int, noun: str = "") -> str:
    """Label an operation with a window: "1×1", "3×3 depthwise, /2", "3×3 max pool"."""
    window = op.window
    if window is None:
        return label_whole_pool(op, noun.removesuffix(" pool").strip(), axis)
    transposed = " transposed" if window.transposed else ""
    groups = ""
    if window.groups > 1:
        depthwise = is_depthwise(op)
        groups = " depthwise" if depthwise else f", {window.groups} groups"
    sign = "×" if window.transposed else "/"
    strides = prod(window.stride) != 1
    stride = f", {sign}{format_per_axis(window.stride)}" if strides else ""
    return f"{format_kernel(window.kernel)}{transposed}{noun}{groups}{stride}"


def label_whole_pool(op: Operation, kind: str, axis: int = 1) -> str:
    """Label a pool without a window: "global max pool", "average pool to 8×8"."""
    before, after = op.inputs[0], op.outputs[0]
    if prod(after) == prod(before[:1] + before[axis : axis + 1]):
        return f"global {kind} pool"
    places = [place for place in range(1, len(after)) if place != axis]
    if len(before) == len(after) and any(before[k] != after[k] for k in places):
        return f"{kind} pool to {format_sizes([after[k] for k in places])}"
    return "mean" if kind == "average" else kind


def label_slice(op: Operation, axis: int) -> str:
    """Label a slice: every second position, or some of the channels."""
    if drops_positions(op):
        step = op.arguments.get("step", 1)
        ordinal = {2: "2nd", 3: "3rd"}.get(step, f"{step}th")
        return f"every {ordinal} position"
    return "some channels" if takes_channels(op, axis) else ""


def label_upsampling(op: Operation, axis: int) -> str:
    """Label an interpolation by its scale: "bilinear upsampling, ×2", or down, "/2"."""
    if "shuffle" in op.name:
        return f"pixel shuffle, ×{op.outputs[0][-1] // max(op.inputs[0][-1], 1)}"
    mode = next((mode for mode in INTERPOLATION_MODES if mode in op.name), "")
    sizes = [*zip(op.inputs[0], op.outputs[0], strict=False)]
    del sizes[axis : axis + 1], sizes[:1]
    if all(before == after for before, after in sizes):
        return f"{mode} resampling".lstrip()
    shrinks = all(after <= before for before, after in sizes)
    way, sign = ("down", "/") if shrinks else ("up", "×")
    scales = [
        f"{before / max(after, 1) if shrinks else after / max(before, 1):.3g}"
        for before, after in sizes
    ]
    scale = scales[0] if len({*scales}) == 1 else "×".join(scales)
    return f"{mode} {way}sampling, {sign}{scale}".lstrip()


INTERPOLATION_MODES = ("nearest", "bilinear", "trilinear", "linear", "bicubic")
"""What interpolations are called, as far as their names in ATen tell."""


def label_padding(op: Operation, axis: int) -> str:
    """Label padding, if it widens the channels or moves the map."""
    if pads_channels(op, axis):
        return "zero-padded channels"
    return "shift" if shifts(op) else ""


OPERATION_LABELS: tuple[tuple[frozenset[str], Callable[[Operation, int], str]], ...] = (
    (CONVOLUTIONS, label_window),
    (AVERAGE_POOLS, partial(label_window, noun=" average pool")),
    (MAX_POOLS, partial(label_window, noun=" max pool")),
    (frozenset({FIXED_FILTER}), partial(label_window, noun=" fixed filter")),
    (PRODUCTS, lambda op, _: "linear" if is_weighted(op) else "product"),
    (frozenset({"slice"}), label_slice),
    (PADDINGS | EDGE_PADDINGS, label_padding),
)
"""How each kind of operation reads on a shortcut; adding one is a row."""


def drops_positions(op: Operation) -> bool:
    """Tell whether an operation drops positions: a strided slice or window."""
    if op.name == "slice":
        return op.arguments.get("step", 1) > 1
    window = op.window
    return window is not None and not window.transposed and prod(window.stride) > 1


def takes_channels(op: Operation, axis: int) -> bool:
    """Tell whether an operation takes some of the channels."""
    return op.name == "slice" and changes_width(op, axis)


def pads_channels(op: Operation, axis: int) -> bool:
    """Tell whether an operation appends channels to what flows."""
    return op.name in PADDINGS and changes_width(op, axis)


def changes_width(op: Operation, axis: int) -> bool:
    """Tell whether an operation gives more or fewer channels than it reads."""
    return op.inputs[0][axis : axis + 1] != op.outputs[-1][axis : axis + 1]
