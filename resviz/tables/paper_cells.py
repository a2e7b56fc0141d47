"""The cells of Table 1: stem, pool, blocks and head of one network, in its words."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from resviz.operations.families import (
    AVERAGE_POOLS,
    CONVOLUTIONS,
    MAX_POOLS,
    PRODUCTS,
    SOFTMAXES,
)
from resviz.readings.batch_axes import is_lone_sample, put_batch_first
from resviz.readings.structure import gates
from resviz.readings.structure.heads import group_by_output, list_layers_beside
from resviz.readings.structure.stems import list_stems_before
from resviz.readings.structure.weights import is_weighted, list_live_operations
from resviz.record import Operation, Source
from resviz.tables.paper_attention import AttentionStream, split_attention
from resviz.tables.summary import split_into_parts
from resviz.tables.table import Cell, LayerGroup
from resviz.units import format_kernel, format_per_axis, format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.readings.structure import Block, Stage, Structure, Unit
    from resviz.readings.structure.stems import Stem
    from resviz.record import Architecture, Layer, Shape


class MapExtent(NamedTuple):
    """How large a map is along its axes, or of how many tokens it is."""

    sizes: tuple[int, ...]
    is_tokens: bool = False

    def __str__(self) -> str:
        if self.is_tokens:
            return format_plural(self.sizes[0], "token")
        return format_sizes(self.sizes)


PaperEntry = tuple[Cell, MapExtent]
"""A cell and the extent of the map after it."""


def paper_entries(structure: Structure) -> dict[str, PaperEntry]:
    """Return the cells of one column by row name, in order."""
    entries: dict[str, PaperEntry] = {}
    for number, stage in enumerate(structure.stages):
        for stem in list_stems_before(structure, number):
            entries |= stem_entries(structure, stem)
        entries[stage.name] = describe_stage(stage), measure_stage(stage)
    entries |= tower_head_entries(structure)
    lines = describe_heads(structure)
    if len(lines) == 1:
        words = tuple(w for la in structure.head for w in describe_head_layer(la))
        lines = words if any("," in word for word in words) else lines
    if lines:
        end = structure.arch.stored_layers[structure.head_end]
        extent = measure_extent(structure, end)
        after = extent if extent.sizes else MapExtent((1, 1))
        entries["head"] = Cell((LayerGroup(lines),)), after
    return entries


def tower_head_entries(structure: Structure) -> dict[str, PaperEntry]:
    """Return the cells of heads of single towers, as CLIP's image projection.

    Where there are several outputs each head has its line in the row of them all.
    """
    if describe_several_heads(structure) or not structure.has_towers:
        return {}
    return {
        name: (
            Cell((LayerGroup((line,)),)),
            MapExtent(measure_extent(structure, layers[-1]).sizes or (1, 1)),
        )
        for name, layers in split_into_parts(structure)
        if name.startswith("head of ") and (line := describe_head(layers))
    }


def stem_entries(structure: Structure, stem: Stem) -> dict[str, PaperEntry]:
    """Return the cells of a stem: of its convolutions, and of its last pool."""
    entries: dict[str, PaperEntry] = {}
    main = {*structure.main_path}  # a condition's layers may follow those on it
    convolutions = [
        (
            layer,
            describe_convolution(op, strided=True),
            measure_extent(structure, layer),
        )
        for layer in stem.layers
        for op in list_live_operations([layer])
        if is_weighted(op)
    ]
    if convolutions:
        lines = tuple(line for _, line, _ in convolutions)
        stem_row = "conv1" if structure.has_paper_names else stem.name
        ends = [extent for layer, _, extent in convolutions if layer.index in main]
        extent = ends[-1] if ends else convolutions[-1][2]
        entries[stem_row] = Cell((LayerGroup(lines),)), extent
    first = structure.stages[0].name if structure.has_paper_names else stem.name
    pool_row = f"{first} (pool)"
    for layer in stem.layers:
        if pool := describe_pool(layer):
            extent = measure_extent(structure, layer)
            entries[pool_row] = Cell((LayerGroup((pool,)),)), extent
    return entries


def measure_stage(stage: Stage) -> MapExtent:
    """Measure the output of a stage, whose channels lie second unless it is tokens."""
    last = stage.blocks[-1]
    shape = last.output_shape
    axis = len(shape) - 1 if gives_tokens(last) else last.channel_axis
    return measure_map(stage.arch, shape, axis)


def measure_map(
    arch: Architecture, shape: Shape, axis: int | None, source: Source | None = None
) -> MapExtent:
    """Measure a tensor along all axes but batch and channels, the latter in `axis`."""
    usual = 0 if is_lone_sample(arch) else 1
    shape, axis = put_batch_first(arch, shape, axis or usual, source)
    axis = axis or 1
    return MapExtent(shape[1:axis] + shape[axis + 1 :], (axis, len(shape)) == (2, 3))


def gives_tokens(block: Block) -> bool:
    """Tell whether a block gives rows of tokens, (N, L, C), and no 1-D map."""
    width = block.output_size[1]
    shape, axis = put_batch_first(block.arch, block.output_shape, block.channel_axis)
    return len(shape) == 3 and (axis == 2 or shape[1] != width == shape[2])


def measure_extent(structure: Structure, layer: Layer) -> MapExtent:
    """Measure the output of a layer along all axes but batch and channels."""
    axis = structure.channel_axes.get(layer.index)
    return measure_map(structure.arch, layer.output_shape, axis, Source(layer.index))


def describe_pool(layer: Layer) -> str:
    """Write a pool as "3×3 max pool, stride 2"; "" for any other layer."""
    for op in layer.operations:
        for names, kind in ((MAX_POOLS, "max"), (AVERAGE_POOLS, "average")):
            if op.name in names and op.window:
                stride = format_per_axis(op.window.stride)
                return f"{format_kernel(op.window.kernel)} {kind} pool, stride {stride}"
    return ""


def describe_stage(stage: Stage) -> Cell:
    """Write the blocks of a stage; those that read alike are one group."""
    groups = groupby(map(describe_block, stage.blocks))
    return Cell(tuple(LayerGroup(lines, len(list(equal))) for lines, equal in groups))


def describe_block(block: Block) -> tuple[str, ...]:
    """Write a line a convolution of a block's main branch, one a gate or attention.

    A block of other operations has its type.
    """
    lines = tuple(
        line
        for unit in block.units
        for line in describe_unit(unit, read_stream(block, unit))
    )
    return lines or (block.type,)


def describe_unit(unit: Unit, stream: AttentionStream) -> Iterator[str]:
    """Yield the lines of one unit; the last of a product that its sum does, `addmm`."""
    runs = gates.split_gates(unit)
    for part in split_attention(runs, stream, attends=unit.attends):
        if isinstance(part, str):
            yield part
        elif isinstance(part, Operation):
            yield describe_convolution(part)
        else:
            yield from describe_gate(part)
    if unit.join is not None:
        ops = list_live_operations([unit.arch.layers[unit.join]])
        for op in ops:
            if is_weighted(op) and len(op.outputs[0]) > 1:  # no vector, as of `addmv`
                yield describe_convolution(op)


def read_stream(block: Block, unit: Unit) -> AttentionStream:
    """Return how many samples a unit works on, and of how many positions each."""
    shape, _ = put_batch_first(unit.arch, unit.shortcut.input_shape, None)
    axes = shape[1:-1] if gives_tokens(block) else shape[2:]
    return AttentionStream(unit.arch.batch, prod(axes))


def describe_gate(gate: Sequence[Layer]) -> Iterator[str]:
    """Write a gate as the SENet paper does: "fc, [16, 256]"; others in words.

    Source: Hu et al. 2018, table 1, where the brackets hold the widths of both layers.
    """
    shared = {layer.path or layer.name: layer for layer in gate}  # an MLP called twice
    ops = gates.list_gate_weights([*shared.values()])
    widths = [op.outputs[0][-1 if op.window is None else 1] for op in ops]
    if gates.is_squeeze_excitation(gate):
        yield f"fc, [{', '.join(map(str, widths))}]"
    elif len(ops) > 1:
        yield f"gate, fc [{', '.join(map(str, widths))}]"
    else:
        yield from (f"gate, {describe_gate_weight(op)}" for op in ops)


def describe_gate_weight(op: Operation) -> str:
    """Write a gate's only weight, or one of several after each other.

    It is "5 conv over channels", as in ECA, "7×7 conv over positions", as in CBAM, or
    "fc [64]".
    """
    window = op.window
    if window is not None and prod(window.kernel) > 1:
        is_over_channels = len(window.kernel) == 1 == op.inputs[0][1]
        over = "channels" if is_over_channels else "positions"
        return f"{format_kernel(window.kernel)} conv over {over}"
    return f"fc [{op.outputs[0][-1 if window is None else 1]}]"


def describe_convolution(op: Operation, *, strided: bool = False) -> str:
    """Write a convolution as the paper does: "3×3, 64", or "7×7, 64, stride 2".

    Dilation and groups are named where they are not 1, as "d2" and "32 groups".
    """
    window = op.window
    if window is None:
        return f"{op.outputs[0][-1]}-d fc"
    parts = [format_kernel(window.kernel), str(op.outputs[0][1])]
    if strided and set(window.stride) != {1}:
        parts.append(f"stride {format_per_axis(window.stride)}")
    if set(window.dilation) != {1}:
        parts.append(f"d{format_per_axis(window.dilation)}")
    if window.groups > 1:
        parts.append(f"{window.groups} groups")
    return ", ".join(parts)


def describe_heads(structure: Structure) -> tuple[str, ...]:
    """Write a line for each head, after one for what several share.

    A lone head is what follows the last block; what it reads of other inputs has a line
    before it.
    """
    if several := describe_several_heads(structure):
        return several
    beside = list_layers_beside(structure)
    behind = [layer for layer in structure.head if layer not in beside]
    return tuple(filter(None, map(describe_head, (beside, behind))))


def describe_several_heads(structure: Structure) -> tuple[str, ...]:
    """Write a line for each head, or what they share; () where there are not several.

    What gives an output on the way to another, as features before a classifier, is no
    head of its own.
    """
    lines = {
        outputs: line
        for outputs, layers in group_by_output(structure).items()
        if outputs and (line := describe_head(layers))
    }
    ends = [one for one in lines if not any(other < one for other in lines)]
    return tuple(lines.values()) if len(ends) > 1 else ()


def describe_head(layers: Iterable[Layer]) -> str:
    """Write layers after the blocks in a row: "average pool, 1000-d fc"."""
    return ", ".join(word for layer in layers for word in describe_head_layer(layer))


def describe_head_layer(layer: Layer) -> Iterable[str]:
    """Yield what a layer after the last block adds to the head's row."""
    for op in layer.operations:
        if op.name in AVERAGE_POOLS:
            yield "average pool"
        elif op.name in MAX_POOLS:
            yield "max pool"
        elif op.name in PRODUCTS and is_weighted(op):
            yield f"{op.outputs[0][-1]}-d fc"
        elif op.name in CONVOLUTIONS:
            yield describe_convolution(op)
        elif op.name in SOFTMAXES:
            yield "softmax"
