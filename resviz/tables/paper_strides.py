"""Where the stride sits, as the paper says below its Table 1."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.operations.families import AVERAGE_POOLS, MAX_POOLS, REDUCTIONS
from resviz.readings.resizes import find_slice_step
from resviz.readings.shape_flow import read_flow
from resviz.readings.structure import gates, index_block_layers
from resviz.readings.structure.heads import group_by_output
from resviz.readings.structure.stems import find_stems
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.record.cached import cache_reading
from resviz.units import format_kernel, format_per_axis, format_sizes, join_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.readings.shape_flow import FlowStep
    from resviz.readings.structure import Block, Structure
    from resviz.record import Architecture, Layer, Operation, Shape

DOWNSAMPLING = "downsampling is performed "
"""How a sentence on the strides begins."""

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
"""How operations of one window are told apart; behind the sixth they are not."""


class Downsampling(NamedTuple):
    """A layer on the main path that strides, behind the stem and before the head.

    Attributes:
        layer: its name.
        block: that in which it lies, or the next one.
        inside: whether it lies in that.
        place: which of the block's layers it is, as "first 1×1"; or what it is.
        kernel: of its window.
        stride: likewise.
    """

    layer: str
    block: str
    inside: bool
    place: str
    kernel: Shape
    stride: Shape

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return self._asdict() | {"kernel": [*self.kernel], "stride": [*self.stride]}


@cache_reading
def find_downsampling(structure: Structure) -> tuple[Downsampling, ...]:
    """List the layers that stride on the main path, or in blocks of towers beside it.

    What leads to no block is a head, also where another tower runs behind.
    """
    arch = structure.arch
    steps = {step.name: stride for step, stride in find_windowless_steps(arch)}
    ends = {la.index for part in group_by_output(structure).values() for la in part}
    ends.update(la.index for stem in find_stems(structure) for la in stem.layers)
    places = index_block_layers(arch)
    numbers = {index: k for k, index in enumerate(structure.main_path)}
    found: list[Downsampling] = []
    for index in list_striding_places(structure):
        layer = arch.stored_layers[index]
        op = find_strided(layer)
        if index in ends or (op is None and layer.name not in steps):
            continue
        own = places.get(index)
        block = own.block if own else find_next_block(structure, numbers[index])
        if block is None or (own and keeps_size(own.block, index)):
            continue
        if op is not None and op.window is not None:
            place = name_place(block, op) if own else name_window(op)
            kernel, stride = op.window.kernel, op.window.stride
        else:
            kernel = stride = steps[layer.name]
            path = [
                arch.stored_layers[each]
                for each in structure.main_path
                if index <= each < block.end
            ]
            place = name_windowless_step(path, stride)
        is_inside = own is not None
        found.append(
            Downsampling(layer.name, block.name, is_inside, place, kernel, stride)
        )
    return tuple(found)


def list_striding_places(structure: Structure) -> list[int]:
    """List the layers that may stride: the main path, and blocks of other towers."""
    places = {*structure.main_path}
    if structure.has_towers:
        for block in structure.blocks:
            if places.isdisjoint(block.layer_indices):
                places.update(block.main_indices)
    return sorted(places)


def find_windowless_steps(arch: Architecture) -> Iterator[tuple[FlowStep, Shape]]:
    """Yield the steps of the shape flow that make a map so many times smaller.

    Those of layers whose windows stride are among them.
    """
    for before, step in pairwise(read_flow(arch)):
        sizes = [*zip(before.size, step.size, strict=True)]
        ratio = tuple(large // small for large, small in sizes)
        if max(ratio) > 1 and all(large % small == 0 for large, small in sizes):
            yield step, ratio


def name_windowless_step(path: Sequence[Layer], stride: Shape) -> str:
    """Name what makes a map smaller without a window, as patch merging.

    Args:
        path: the layers from there to the next block.
        stride: by how much.
    """
    layer, *behind = path
    names = {op.name for op in layer.operations}
    if find_slice_step(layer):
        joins = any(op.name == "cat" for each in behind for op in each.operations)
        return "space-to-depth step" if joins else "slice"
    if any(name.startswith("upsample") for name in names):
        return "resize"
    for word, reductions in (("average", {"mean"}), ("max", {"amax", "max"})):
        if names & reductions:
            return f"{format_sizes(stride)} {word} pool"
    return "reduction" if names & REDUCTIONS else "space-to-depth step"


def find_strided(layer: Layer) -> Operation | None:
    """Find the operation of a layer whose window takes steps, or None."""
    windows = ((op, op.window) for op in list_live_operations([layer]))
    return next(
        (op for op, w in windows if w and not w.transposed and max(w.stride) > 1), None
    )


def keeps_size(block: Block, index: int) -> bool:
    """Tell whether the unit of a layer gives the size that it is given.

    Attention may ask fewer keys than it has positions.
    """
    units = (unit for unit in block.units if index in unit.main_indices)
    return any(unit.shortcut.kind == "identity" for unit in units)


def find_next_block(structure: Structure, number: int) -> Block | None:
    """Find the first block behind a layer of the main path, by its number there.

    Where none is on it, it is the first that ends behind the layer; None without one.
    """
    places = index_block_layers(structure.arch)
    index, *behind = structure.main_path[number:]
    on_path = (places[each].block for each in behind if each in places)
    after = (block for block in structure.blocks if block.end > index)
    return next(on_path, None) or next(after, None)


def name_place(block: Block, op: Operation) -> str:
    """Name an operation among those of a block's main branch, as "first 1×1".

    A lone one of its kind is its kind alone.
    """
    ops = [
        other
        for is_gate, run in gates.split_gates(block)
        if not is_gate
        for other in list_live_operations(run)
        if is_weighted(other) or find_pool_word(other)
    ]
    alike = [other for other in ops if name_window(other) == name_window(op)]
    numbers = [k for k, other in enumerate(alike) if other is op]
    if len(alike) < 2 or not numbers or numbers[0] >= len(ORDINALS):
        return name_window(op)
    return f"{ORDINALS[numbers[0]]} {name_window(op)}"


def find_pool_word(op: Operation) -> str:
    """Return the word for a pool; "" for what is none."""
    words = {"max pool": MAX_POOLS, "average pool": AVERAGE_POOLS}
    return next((word for word, names in words.items() if op.name in names), "")


def name_window(op: Operation) -> str:
    """Name an operation by its window, "3×3" or "2×2 average pool"."""
    kernel = format_kernel(op.window.kernel) if op.window else "fc"
    return f"{kernel} {find_pool_word(op)}".strip()


def describe_downsampling(found: Iterable[Downsampling]) -> tuple[str, ...]:
    """Say where a network strides, a sentence for each place and stride.

    Source: He et al. 2016, below table 1, "Downsampling is performed by conv3_1,
    conv4_1, and conv5_1 with a stride of 2".
    """
    places: dict[tuple[bool, str, Shape], list[str]] = {}
    for each in found:
        names = places.setdefault((each.inside, each.place, each.stride), [])
        if each.block not in names:
            names.append(each.block)
    lines = []
    for (inside, place, stride), names in places.items():
        by = f"with a stride of {format_per_axis(stride)}"
        if inside:
            owner = "their" if len(names) > 1 else "its"
            lines.append(f"by {join_words(names)} {by}, at {owner} {place}")
        else:
            lines.append(f"by a {place} {by} before {join_words(names)}")
    return tuple(f"{DOWNSAMPLING}{line}" for line in lines)
