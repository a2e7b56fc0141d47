"""How Table 1 writes attention: one line for its products and their projections."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import POOLS
from resviz.readings.attention import (
    AttentionShape,
    channel_axis,
    count_own_heads,
    find_attentions,
    find_projection_after,
    find_projections_before,
    read_width,
)
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.units import format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Layer, Operation, Shape

ATTENTION_NOTES = {
    "MSA": "MSA: multi-head self-attention with its projections, as Dosovitskiy et al. "
    "2021 call it",
    "W-MSA": "W-MSA: multi-head self-attention within windows, with its projections, "
    "as Liu et al. 2021 call it",
    "XCA": "XCA: attention between channels, as El-Nouby et al. 2021 call it",
}
"""What the sign that begins a line of attention stands for."""


class AttentionStream(NamedTuple):
    """What attention works on: how many samples, of how many positions each."""

    batch: int
    positions: int


def split_attention(
    runs: Iterable[tuple[bool, Sequence[Layer]]],
    stream: AttentionStream,
    *,
    attends: bool = True,
) -> Iterator[Operation | Sequence[Layer] | str]:
    """Yield the weights of a branch in order, and a line of text for each attention.

    The linear layers that make queries, keys and values, and the one that reads what
    attention gives, belong to it: those between which no activation stands. So does
    what weighs its scores, as the places of positions do.

    Args:
        runs: the layers of the branch, each run a gate or not; a gate that is no part
            of attention is given back whole.
        stream: what the branch works on.
        attends: whether its products are attention's; else they are left out.
    """
    ops: list[Operation] = []
    gates: dict[int, Sequence[Layer]] = {}
    for is_gate, run in runs:
        if is_gate:
            gates[len(ops)] = run
        else:
            ops += list_live_operations(run)
    absorbed: set[int] = set()
    lines: dict[int, str] = {}
    for first, last in find_attentions(ops) if attends else ():
        inner = range(first + 1, last + 1)
        gates = {k: gate for k, gate in gates.items() if k not in inner}
        absorbed.update(inner)
        is_whole = count_own_heads(ops[first]) > 0  # with its projections
        made_by = [] if is_whole else [*find_projections_before(ops, first)]
        output = None if is_whole else find_projection_after(ops, last)
        absorbed.update([*made_by, *([] if output is None else [output])])
        lines[first] = describe_attention(
            AttentionShape.measure(
                ops[first : last + 1],
                batch=stream.batch,
                read=None if output is None else read_width(ops[output]),
            ),
            stream,
            made=sum(ops[k].outputs[0][channel_axis(ops[k])] for k in made_by),
            before=ops[:first],
        )
    for k in range(len(ops) + 1):
        if k in gates:
            yield gates[k]
        if k in lines:
            yield lines[k]
        elif k < len(ops) and is_weighted(ops[k]) and k not in absorbed:
            yield ops[k]


def describe_attention(
    size: AttentionShape,
    stream: AttentionStream,
    *,
    made: int,
    before: Sequence[Operation],
) -> str:
    """Write attention on one line, "MSA, 6 heads" or "W-MSA, 3 heads, 7×7 windows".

    Args:
        size: its sizes.
        stream: what it works on.
        made: channels of the queries, keys and values that its branch makes.
        before: what comes before it.
    """
    heads = [] if size.heads is None else [format_plural(size.heads, "head")]
    width = size.depth * (size.heads or 0)
    asks_all = size.queries * size.groups == stream.positions
    if size.summed * size.groups == stream.positions and not asks_all:
        return ", ".join(["XCA" if size.has_softmax else "linear attention", *heads])
    sign, group = name_groups(size, [op.outputs[0] for op in before if op.outputs])
    if group:
        return ", ".join([sign, *heads, group])
    unlike = [] if size.keys == size.queries else [f"{size.keys} keys"]
    if size.queries == 1 < size.keys:
        unlike = ["1 query"]
    sign = "MSA"
    if heads and made == width:
        sign = "cross-attention"
    elif unlike and not any(map(reduces_positions, before)):
        sign = "attention"  # of what else cannot be told
    return ", ".join([sign, *heads, *unlike])


def reduces_positions(op: Operation) -> bool:
    """Tell whether an operation gives fewer positions, as attention to fewer keys."""
    strides = op.window is not None and max(op.window.stride) > 1
    return strides or op.name in POOLS


def name_groups(size: AttentionShape, views: Sequence[Shape]) -> tuple[str, str]:
    """Name attention within groups of positions, and say what a group is.

    One window may be the whole map. What has no groups is called nothing.

    A map (H, W) is viewed as (H/h, h, W/w, w) to part it into windows of h by w, and
    as (h, H/h, w, W/w) to part it into grids.
    """
    for shape in views:
        for a, b, c, d in [shape[1:5], shape[2:6]] if len(shape) == 6 else []:
            if (b * d, a * c) == (size.keys, size.groups):
                return "W-MSA", f"{format_sizes((b, d))} windows"
            if (a * c, b * d) == (size.keys, size.groups) and size.groups > 1:
                return "grid MSA", f"{format_sizes((a, c))} grids"
    if size.groups > 1:
        return "MSA", f"{size.groups} groups of {size.keys}"
    return "", ""
