"""Selections: slices, pieces, stacks, shuffles, indices, which copy some values."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import ELEMENTWISE, SELECTION, OperationKind, SavedTensors
from resviz.operations.layouts import (
    cut_joined_run,
    join_runs,
    list_input_axes,
    make_plain_layout,
    make_plain_run,
)
from resviz.operations.shared_rules import (
    save_nothing,
    save_rest,
    save_selector,
    save_two_operands,
)
from resviz.operations.size_rules import (
    LEARNED,
    SizeUnknown,
    keep_size,
    refuse_always,
    refuse_change,
    refuse_operands,
    replace_axis,
)
from resviz.operations.view_sizes import (
    resize_pieces,
    resize_selected,
    resize_shuffled,
    resize_slice,
)
from resviz.operations.windows import Taps, slide_last_axes, taps_of_slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.operations.kind import OperandLearns, OutputMaps
    from resviz.operations.layouts import AxisRun
    from resviz.operations.size_rules import SizeStep
    from resviz.readings.receptive.maps import FieldMap
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation, Shape


TAKEN_APART = "positions are taken apart, one by one"
"""Why fields are unknown where an axis of positions becomes many tensors."""


def follow_slice(step: FieldStep) -> OutputMaps | None:
    """Follow fields to every `step`-th position from `start` on."""
    field_map, shape = step.seeing_maps[0], step.op.inputs[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(shape)
    start, stride = step.arguments.get("start") or 0, step.arguments.get("step") or 1
    start = max(start + shape[place], 0) if start < 0 else start
    return [take_piece(field_map, place, start, step.shape, stride=stride)]


def take_piece(
    field_map: FieldMap, place: int, start: int, shape: Shape, *, stride: int = 1
) -> FieldMap | None:
    """Return the map of every `stride`-th position of an axis, from `start` on.

    None for those that were joined to others and see nothing, as a class token.
    """
    run = field_map.layout[place]
    piece = cut_joined_run(run, start, shape[place]) if stride == 1 else None
    if piece is not None:
        is_blind = not list_input_axes(piece)
        return None if is_blind else field_map.with_run(place, piece)
    return field_map.slide_taps(place, [taps_of_slice(start, stride)], shape)


def follow_select(step: FieldStep) -> OutputMaps | None:
    """Follow fields to one of the values along an axis, which goes; or each of them."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(field_map.layout)
    if step.op.inputs[0][place] > 1 and list_input_axes(field_map.layout[place]):
        is_one = len(step.op.outputs) == 1  # else as of the steps of an LSTM
        step.why = "one position is singled out" if is_one else TAKEN_APART
        field_map = field_map.forget_positions(list_input_axes(field_map.layout[place]))
    return [field_map.without_axis(place)] * len(step.op.outputs)


def follow_embedding(step: FieldStep) -> OutputMaps | None:
    """Follow fields to the rows of a table that words look up."""
    table, *words = step.maps
    if table is not None or words[0] is None:
        return None
    layout = (*words[0].layout, *make_plain_layout(step.shape[-1:]))
    return [words[0].with_layout(layout)]


def follow_split(step: FieldStep) -> OutputMaps | None:
    """Follow fields to consecutive pieces of an axis."""
    field_map = step.seeing_maps[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(field_map.layout)
    pieces: list[FieldMap | None] = []
    start = 0
    for shape in step.op.outputs:
        pieces.append(take_piece(field_map, place, start, shape))
        start += shape[place]
    return pieces


def follow_cat(step: FieldStep) -> OutputMaps | None:
    """Follow fields of concatenated operands: a union if that is along channels.

    Along positions, fields that are alike are kept, also beside what sees nothing.
    """
    place = step.arguments.get("dim")
    if place is None:
        return None
    rank = len(step.shape)
    maps = [
        field_map for field_map in step.seeing_maps if len(field_map.layout) == rank
    ]
    place %= rank
    if any(list_input_axes(field_map.layout[place]) for field_map in maps):
        if not are_alike_along(place, maps):
            step.why = "positions are put one behind the other"
            return None
        run = join_operands(step, place)
    else:
        run = make_plain_run(step.shape[place])
    widened_maps = [field_map.with_run(place, run) for field_map in maps]
    return [step.merge_maps(widened_maps, step.shape)]


def are_alike_along(place: int, maps: Sequence[FieldMap]) -> bool:
    """Tell whether the positions of maps along an axis have one field.

    They run over the same axes of the input, which lie nowhere else.
    """
    along = {frozenset(list_input_axes(field_map.layout[place])) for field_map in maps}
    if len(along) > 1:
        return False
    (axes,) = along
    fields = {tuple(field_map.seen[k] for k in axes) for field_map in maps}
    return len(fields) == 1 and all(
        axes.isdisjoint(field_map.without_axis(place).position_axes)
        for field_map in maps
    )


def join_operands(step: FieldStep, place: int) -> AxisRun:
    """Join the runs of operands along an axis; some may see nothing of the input."""
    runs: list[AxisRun] = []
    blind = 0
    for field_map, shape in zip(step.maps, step.op.inputs, strict=True):
        if len(shape) != len(step.shape):
            continue  # an empty tensor of one axis, which torch lets through
        if field_map is None:
            blind += shape[place]
        runs.append(
            field_map.layout[place] if field_map else make_plain_run(shape[place])
        )
    step.blind = blind, step.shape[place]
    return join_runs(runs)


def follow_stack(step: FieldStep) -> OutputMaps | None:
    """Follow fields of operands along a new axis: a union."""
    place = step.arguments.get("dim")
    if place is None:
        return None
    place %= len(step.shape)
    run = make_plain_run(step.shape[place])
    stacked_maps = [
        field_map.with_layout(
            (*field_map.layout[:place], run, *field_map.layout[place:])
        )
        for field_map in step.seeing_maps
    ]
    return [step.merge_maps(stacked_maps, step.shape)]


def follow_channel_shuffle(step: FieldStep) -> OutputMaps | None:
    """Follow fields where the channels are shuffled, which keeps them."""
    field_map = step.seeing_maps[0]
    return None if list_input_axes(field_map.layout[1]) else [field_map]


def keep_axis_before_map(op: Operation, axis: int) -> int | None:
    """Return the axis of channels whose number changes with the two axes behind it."""
    return axis if axis == len(op.inputs[0]) - 3 else None


def follow_pixel_shuffle(step: FieldStep) -> OutputMaps | None:
    """Follow channels to positions, or back: r positions read one, or one reads r."""
    field_map, before, after = step.seeing_maps[0], step.op.inputs[0], step.shape
    if list_input_axes(field_map.layout[-3]):
        return None
    taps: list[Taps] = []
    for small, large in zip(before[-2:], after[-2:], strict=True):
        if large >= small:
            ratio = max(large // small, 1) if small else 1
            taps.append(Taps(ratio, 1, (range(1),) * ratio))
        else:
            ratio = small // large if large else 1
            taps.append(Taps(1, ratio, (range(ratio),)))
    field_map = field_map.with_run(len(after) - 3, make_plain_run(after[-3]))
    return [slide_last_axes(field_map, taps, after)]


def resize_joined(step: SizeStep) -> list[Shape]:
    """Put operands side by side; along the other axes they are alike."""
    if not step.is_changed:
        return [*step.op.outputs]
    after = step.op.outputs[0]
    if "dim" not in step.arguments:
        raise SizeUnknown("the record does not say along which axis")
    axis = step.arguments["dim"] % len(after)
    shapes = [shape for shape in step.shapes if len(shape) == len(after)]
    is_along = any(
        len(old) == len(after) == len(now) and old[axis] != now[axis]
        for old, now in zip(step.op.inputs, step.shapes, strict=True)
    )
    has_made = any(
        not flows and number != LEARNED
        for flows, number in zip(step.op.flowing, step.op.reads, strict=False)
    )
    rests = [replace_axis(shape, axis, 0) for shape in shapes]
    is_alike = bool(rests) and all(rest == rests[0] for rest in rests)
    if not is_alike or (is_along and has_made):
        refuse_operands(step)
    return [replace_axis(shapes[0], axis, sum(shape[axis] for shape in shapes))]


def resize_stacked(step: SizeStep) -> list[Shape]:
    """Put operands that are alike along a new axis."""
    if any(shape != step.shape for shape in step.shapes):
        refuse_operands(step)
    if "dim" not in step.arguments:
        return refuse_change(step)
    axis = step.arguments["dim"] % len(step.op.outputs[0])
    shape = step.shape
    return [(*shape[:axis], len(step.shapes), *shape[axis:])]


def resize_embedded(step: SizeStep) -> list[Shape]:
    """Look up a row for each word.

    Shapes: table (V, D), words (N, L).
    """
    return [(*step.shapes[1], step.shape[-1])]


def save_indices(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save all indices that select values, one an axis."""
    del learns
    return SavedTensors(tuple(range(1, len(op.reads))))


def find_embedding_channel_axis(op: Operation) -> int:
    """Find the channel axis of an embedding, its last."""
    return len(op.outputs[0]) - 1


def move_axis_by_stack(op: Operation, axis: int) -> int:
    """Return the axis's place after a new axis was put in."""
    place = op.arguments.get("dim", 0) % len(op.outputs[0])
    return axis + (place <= axis)


def move_axis_by_select(op: Operation, axis: int) -> int | None:
    """Return the axis's place after one of the others was dropped."""
    place = op.arguments.get("dim", 0) % len(op.inputs[0])
    return None if place == axis else axis - (place < axis)


selection = partial(OperationKind, family=SELECTION)
piece = partial(selection, saved=save_nothing)

ADDING_WRITES = ("scatter_add", "scatter_reduce", "index_reduce")
"""What adds values to places, or takes their mean or largest; it has no MACs."""

WRITES = (
    "_unsafe_index_put", "diagonal_scatter", "index_copy", "index_fill", "index_put",
    "masked_scatter", "put", "select_scatter", "slice_scatter",
)  # fmt: skip
"""What writes values to places and computes none."""

OTHER_PICKS = (
    "_unsafe_index", "_unique2", "diag_embed", "kthvalue", "masked_select", "mode",
    "nonzero", "repeat_interleave", "take", "unique_consecutive", "unique_dim",
)  # fmt: skip
"""What picks or repeats values and computes none."""

ROWS = (
    piece(
        "slice",
        is_quiet=True,
        arguments=("dim", "start", "end", "step"),
        field=follow_slice,
        sizes=resize_slice,
    ),
    piece(
        "select",
        is_quiet=True,
        arguments=("dim", "index"),
        field=follow_select,
        sizes=resize_selected,
        moves_axis=move_axis_by_select,
    ),
    piece(
        "unbind",
        is_quiet=True,
        arguments=("dim",),
        field=follow_select,
        sizes=resize_selected,
        moves_axis=move_axis_by_select,
    ),
    piece(
        "split",
        is_quiet=True,
        arguments=("split_size", "dim"),
        field=follow_split,
        sizes=resize_pieces,
    ),
    piece(
        "split_with_sizes",
        is_quiet=True,
        arguments=("dim",),
        field=follow_split,
        sizes=resize_pieces,
    ),
    piece("unsafe_split", field=follow_split),
    piece("chunk", field=follow_split),
    piece(
        "cat",
        aliases=("quantized.cat",),
        label="concat",
        pads_channels=True,
        arguments=("dim",),
        field=follow_cat,
        sizes=resize_joined,
    ),
    piece(
        "stack",
        is_quiet=True,
        arguments=("dim",),
        field=follow_stack,
        sizes=resize_stacked,
        moves_axis=move_axis_by_stack,
    ),
    piece("channel_shuffle", field=follow_channel_shuffle, sizes=keep_size),
    selection("native_channel_shuffle", field=follow_channel_shuffle, sizes=keep_size),
    piece(
        "pixel_shuffle",
        field=follow_pixel_shuffle,
        moves_axis=keep_axis_before_map,
        sizes=resize_shuffled,
    ),
    piece(
        "pixel_unshuffle",
        field=follow_pixel_shuffle,
        moves_axis=keep_axis_before_map,
        sizes=resize_shuffled,
    ),
    piece("roll", label="shift", sizes=keep_size),
    piece("narrow"),
    piece("flip", sizes=keep_size),
    piece("repeat", sizes=refuse_always),
    piece("im2col"),
    piece("col2im"),
    piece("tril", sizes=keep_size),
    piece("triu", sizes=keep_size),
    selection(
        "embedding",
        is_lookup=True,
        saved=save_selector,
        sets_axis=find_embedding_channel_axis,
        field=follow_embedding,
        sizes=resize_embedded,
    ),
    OperationKind("_embedding_bag", ELEMENTWISE, is_lookup=True),
    OperationKind("_embedding_bag_forward_only", ELEMENTWISE, is_lookup=True),
    selection("index", is_lookup=True, saved=save_indices),
    selection("index_select", is_lookup=True, saved=save_selector),
    selection("gather", is_lookup=True, saved=save_two_operands),
    OperationKind("index_add", ELEMENTWISE, is_join=True, saved=save_selector),
    *(OperationKind(name, ELEMENTWISE) for name in ADDING_WRITES),
    *(OperationKind(name, SELECTION) for name in WRITES),
    selection("scatter", is_lookup=True, saved=save_selector),
    selection("topk", label="top k", saved=save_rest),
    selection("sort", saved=save_rest),
    selection("_pack_padded_sequence", saved=save_nothing),
    *(OperationKind(name, SELECTION) for name in OTHER_PICKS),
)
