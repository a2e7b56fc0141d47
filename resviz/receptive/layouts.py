"""Rules of what lays values out anew: views, permutations, pieces, joins of pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.receptive.axis import shifted
from resviz.receptive.maps import PLAIN, Map, Run, axes
from resviz.receptive.steps import Given, Step, meet, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.record import Shape


@rule(
    "view", "_unsafe_view", "reshape", "_reshape_alias", "flatten", "squeeze",
    "unsqueeze",
)  # fmt: skip
def view(step: Step) -> Given | None:
    """The same values in the same order along other axes."""
    it = step.seeing[0]
    layout = viewed(it.layout, step.op.inputs[0], step.shape)
    if layout is None:
        step.why = "a map is cut into pieces"
        return None
    return [it.lay(layout)]


def viewed(layout: Sequence[Run], before: Shape, after: Shape) -> list[Run] | None:
    """A layout under another shape; None if an axis of positions is cut.

    Axes that stay at either end are kept as they are, those between are cut up and
    put together.
    """
    head = 0
    shorter = min(len(before), len(after))
    while head < shorter and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shorter - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    stop = len(layout) - tail
    parts = [part for run in layout[head:stop] for part in run if part[0] != 1]
    middle = grouped(parts, after[head : len(after) - tail])
    if middle is None:
        return None
    return [*layout[:head], *middle, *layout[stop:]]


def grouped(parts: Sequence[tuple[int, int]], shape: Shape) -> list[Run] | None:
    """Parts in their order as runs of given sizes; None if positions are cut."""
    pending = merged(parts)[::-1]
    runs: list[Run] = []
    for size in shape:
        run: list[tuple[int, int]] = []
        need = size
        while need > 1 and pending:
            n, k = pending.pop()
            if need % n == 0:
                run.append((n, k))
                need //= n
            elif k == PLAIN and n % need == 0:
                run.append((need, k))
                pending.append((n // need, k))
                need = 1
            else:
                return None
        if need != 1:
            return None
        runs.append(tuple(run) or ((1, PLAIN),))
    return runs


def merged(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Parts with neighbours that are no positions put together."""
    together: list[tuple[int, int]] = []
    for n, k in parts:
        if k == PLAIN and together and together[-1][1] == PLAIN:
            together[-1] = (together[-1][0] * n, PLAIN)
        else:
            together.append((n, k))
    return together


@rule("permute", "transpose", "t")
def permute(step: Step) -> Given | None:
    """The same axes in another order."""
    it = step.seeing[0]
    rank = len(it.layout)
    order = list(range(rank))
    if step.op.name == "permute":
        order = [d % rank for d in step.arguments.get("dims", ())]
    elif step.op.name == "t":
        order.reverse()
    elif "dim0" in step.arguments:
        a, b = step.arguments["dim0"] % rank, step.arguments["dim1"] % rank
        order[a], order[b] = b, a
    else:
        return None
    if sorted(order) != list(range(rank)):
        return None
    return [it.lay(it.layout[d] for d in order)]


@rule("select", "unbind")
def select(step: Step) -> Given | None:
    """One of the values along an axis, which goes; or each of them."""
    it = step.seeing[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(it.layout)
    if step.op.inputs[0][place] > 1 and axes(it.layout[place]):
        step.why = "one position is singled out"
        return None
    return [it.drop(place)] * len(step.op.outputs)


@rule("split", "split_with_sizes", "unsafe_split", "chunk")
def split(step: Step) -> Given | None:
    """Pieces along an axis, one after the other."""
    it = step.seeing[0]
    if "dim" not in step.arguments:
        return None
    place = step.arguments["dim"] % len(it.layout)
    pieces: list[Map] = []
    start = 0
    for shape in step.op.outputs:
        pieces.append(it.slide(place, [shifted(start)], shape))
        start += shape[place]
    return pieces


@rule("cat")
def cat(step: Step) -> Given | None:
    """Operands one behind the other: a union where that is along channels."""
    place = step.arguments.get("dim")
    if place is None:
        return None
    maps = [it for it in step.seeing if len(it.layout) == len(step.shape)]
    place %= len(step.shape)
    if any(axes(it.layout[place]) for it in maps):
        step.why = "positions are put one behind the other"
        return None
    size = step.shape[place]
    return [meet(step, [it.put(place, ((size, PLAIN),)) for it in maps], step.shape)]


@rule("stack")
def stack(step: Step) -> Given | None:
    """Operands side by side along a new axis: a union."""
    place = step.arguments.get("dim")
    if place is None:
        return None
    place %= len(step.shape)
    new: Run = ((step.shape[place], PLAIN),)
    laid = (it.lay((*it.layout[:place], new, *it.layout[place:])) for it in step.seeing)
    return [meet(step, list(laid), step.shape)]


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(step: Step) -> Given | None:
    """The channels in another order."""
    it = step.seeing[0]
    return None if axes(it.layout[1]) else [it]


@rule("glu")
def glu(step: Step) -> Given | None:
    """One half along an axis times a gate of the other."""
    it = step.seeing[0]
    sizes = zip(step.op.inputs[0], step.shape, strict=True)
    place = next(d for d, (before, after) in enumerate(sizes) if before != after)
    return [it.slide(place, [None], step.shape)]
