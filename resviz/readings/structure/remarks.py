"""What is unusual about a network's structure, in words."""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import CONVOLUTIONS, RESHAPES, SELECTIONS
from resviz.readings.batch_axes import find_folds
from resviz.readings.resizes import find_slice_step
from resviz.readings.structure.efforts import HEAVY_OPERATIONS
from resviz.readings.structure.fusions import FUSION
from resviz.readings.structure.join_reasons import name_sum
from resviz.readings.structure.outer_regions import find_repeated_sums
from resviz.readings.structure.regions import JoinKind
from resviz.readings.structure.towers import find_entry
from resviz.readings.structure.weights import is_upsampling, list_live_operations
from resviz.record.cached import cache_reading
from resviz.units import format_names, format_per_axis, format_plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.readings.structure import Structure
    from resviz.readings.structure.graph import Graph
    from resviz.readings.structure.parts import Block, Shortcut, Stage
    from resviz.record import Operation


@cache_reading
def find_remarks(structure: Structure) -> tuple[str, ...]:
    """List what a reader of He et al. 2015 would not expect, one line each."""
    return tuple(line for rule in REMARK_RULES for line in rule(structure))


def weights_off_main_way(structure: Structure) -> Iterator[str]:
    """Say where the depth's layers come aside, or else why the depth is 0."""
    graph = structure.graph
    path = structure.main_path
    weighted = [node for node, effort in graph.efforts.items() if effort.weighted]
    if not {*path} & {*weighted}:
        yield from explain_no_depth(structure, weighted)
        return
    aside = [
        (node, graph.side_edges[node][before])
        for before, node in pairwise(path)
        if before in graph.side_edges.get(node, ())
    ]
    if aside:
        kinds = " and ".join(sorted({kind.value for _, kind in aside}))
        yield from remark_on(
            f"all weights come aside ({kinds}), so that the main path follows them",
            [graph.layers[node].name for node, _ in aside],
        )


def explain_no_depth(structure: Structure, weighted: list[int]) -> Iterator[str]:
    """Say of a network with parameters why no weighted layer is on its main path."""
    layers = structure.arch.stored_layers
    if weighted:
        names = [layers[node].name for node in weighted]
        yield from remark_on("depth 0, the output is made of no weighted layer", names)
        return
    names = [
        layer.name
        for layer in layers
        if layer.parameters
        and not HEAVY_OPERATIONS.isdisjoint([op.name for op in layer.operations])
    ]
    if names:
        yield from remark_on("depth 0, weighted layers read constants alone", names)
    elif structure.arch.params:
        yield "depth 0, no parameter is of a convolution or a linear layer"


def needless_projections(structure: Structure) -> Iterator[str]:
    """Name projections where an identity would fit; option C has one in every block."""
    names = [
        name
        for name, block in name_blocks(structure)
        if any(unit.shortcut.reason == "always" for unit in block.units)
    ]
    yield from remark_on("projects although an identity would fit", names)


def downsampling_before_blocks(structure: Structure) -> Iterator[str]:
    """Name stages whose map shrinks before their first block, as ConvNeXt's."""
    names: list[str] = []
    for before, stage in pair_stages(structure):
        last, first = before.blocks[-1], stage.blocks[0]
        is_smaller = last.output_size[0] > first.output_size[0]
        keeps = first.units[0].shortcut.reason not in {"resolution", "both"}
        if is_smaller and keeps and shrinks_between(structure, last, first):
            names.append(stage.name)
    yield from remark_on(
        "the map shrinks before the first block, in no shortcut", names
    )


def shrinks_between(structure: Structure, before: Block, block: Block) -> bool:
    """Tell whether a map shrinks on its way from a block to another.

    What only takes some tokens shrinks none, nor do rows of their own, which read it.
    Source: Chen et al. 2021, CrossViT, whose class tokens change places; Carion et al.
    2020, DETR.
    """
    graph = structure.graph
    pending, visited = [(find_entry(graph, block), False)], set[tuple[int, bool]]()
    while pending:
        place = node, shrinks = pending.pop()
        if node == before.end and shrinks:
            return True
        if node <= before.end or place in visited:
            continue
        visited.add(place)
        size = graph.size_of_node(node)[0]
        for source in graph.main_sources[node]:
            is_smaller = size < graph.size_of_node(source)[0]
            pending.append(
                (source, shrinks or (is_smaller and not takes_some(graph, node)))
            )
    return False


def takes_some(graph: Graph, node: int) -> bool:
    """Tell whether a node takes some of the values that it reads, side by side.

    What finds out which is none of its stream: that passes first operands.
    """
    layer = graph.layers[node]
    number, names = len(layer.operations) - 1, set[str]()
    while number >= 0:
        op = layer.operations[number]
        names.add(op.name)
        if is_upsampling(op):
            return False
        first = op.sources[0] if op.sources else None
        number = first.layer if first else -1
    selects = names <= SELECTIONS | RESHAPES and not names <= RESHAPES
    return selects and not find_slice_step(layer)


def changes_without_projection(structure: Structure) -> Iterator[str]:
    """Name blocks that change resolution or width on a shortcut without weights."""
    for phrase, fits in WEIGHTLESS_SHORTCUTS.items():
        names = [
            name
            for name, block in name_blocks(structure)
            if any(fits(unit.shortcut) for unit in block.units)
        ]
        yield from remark_on(phrase, names)


def pools_positions(shortcut: Shortcut) -> bool:
    """Tell whether a shortcut sees all positions through windows, and drops none."""
    ops = list_live_operations(
        shortcut.arch.stored_layers[index] for index in shortcut.layer_indices
    )
    return any(op.window and prod(op.window.kernel) > 1 for op in ops)


WEIGHTLESS_SHORTCUTS: dict[str, Callable[[Shortcut], bool]] = {
    "option A, zero channels and no projection": (
        lambda shortcut: shortcut.kind == "zero-padded"
    ),
    "the shortcut drops positions, no projection": (
        lambda shortcut: shortcut.kind == "subsampled" and not pools_positions(shortcut)
    ),
    "the shortcut pools positions, no projection": (
        lambda shortcut: shortcut.kind == "subsampled" and pools_positions(shortcut)
    ),
    "no shortcut": lambda shortcut: shortcut.kind == "none",
}
"""What is said of shortcuts without weights; adding one is a row."""


def early_strides(structure: Structure) -> Iterator[str]:
    """Name bottlenecks that stride in the first 1×1, as the paper's own do."""
    names = [name for name, block in name_blocks(structure) if strides_in_1x1(block)]
    where = "the stride is in the first 1×1 (v1), not in the 3×3 (v1.5)"
    yield from remark_on(where, names)


def strides_in_1x1(block: Block) -> bool:
    """Tell whether a bottleneck's first convolution is a 1×1 with a stride."""
    ops = list_main_operations(block)
    windows = [op.window for op in ops if op.name in CONVOLUTIONS]
    first = windows[0] if len(windows) > 1 else None
    return first is not None and prod(first.kernel) == 1 and prod(first.stride) > 1


def dilated_stages(structure: Structure) -> Iterator[str]:
    """Name stages that widen the kernels' reach where others would shrink the map."""
    for before, stage in pair_stages(structure):
        rates = {
            op.window.dilation
            for block in stage.blocks
            for op in list_main_operations(block)
            if op.name in CONVOLUTIONS and op.window and prod(op.window.dilation) > 1
        }
        resolutions = {part.blocks[-1].output_size[0] for part in (before, stage)}
        if rates and len(resolutions) == 1:
            sizes = " and ".join(format_per_axis(rate) for rate in sorted(rates))
            yield f"{stage.name} keeps its resolution, its kernels dilated by {sizes}"


def sums_outside_blocks(structure: Structure) -> Iterator[str]:
    """Name additions that are no block, by what they are."""
    left_out = {index for block in structure.blocks for index in block.layer_indices}
    graph = structure.graph
    left_out |= graph.dead_joins | find_repeated_sums(graph, structure.regions).keys()
    layers = structure.arch.stored_layers
    names_of_sums: dict[tuple[str, str], list[str]] = {name: [] for name in SUM_ORDER}
    for region in structure.regions:
        if region.join not in left_out:
            sum_name, reason = name_sum(structure, region)
            key = sum_name, reason if sum_name == JoinKind.OPEN.value else ""
            names_of_sums.setdefault(key, []).append(layers[region.join].name)
    for (sum_name, reason), names in names_of_sums.items():
        because = f", since {reason}" if reason else ""
        yield from remark_on(format_plural(len(names), sum_name) + because, names)


SUM_ORDER = [
    ("long skip", ""),
    ("multi-branch convolution", ""),
    ("parallel sum", ""),
    ("weightless sum", ""),
    (FUSION, ""),
]
"""Sums outside of blocks in the order in which they are told; open ones come last."""


def folded_samples(structure: Structure) -> Iterator[str]:
    """Name views that fold samples into another axis, whose numbers are shares then."""
    for fold in find_folds(structure.arch):
        change = f"{fold.layer} makes {fold.after} of {fold.before}"
        if fold.rows:
            yield f"the output has {fold.rows} rows for one sample: {change}"
        else:
            yield f"samples are mixed, numbers of one sample are shares: {change}"


REMARK_RULES: tuple[Callable[[Structure], Iterable[str]], ...] = (
    weights_off_main_way,
    needless_projections,
    downsampling_before_blocks,
    changes_without_projection,
    early_strides,
    dilated_stages,
    sums_outside_blocks,
    folded_samples,
)
"""Everything that is looked for; adding a remark is a row."""


def pair_stages(structure: Structure) -> Iterator[tuple[Stage, Stage]]:
    """Yield every stage after the one before it in its tower."""
    last_of_tower: dict[int, Stage] = {}
    for stage in structure.stages:
        if before := last_of_tower.get(stage.tower):
            yield before, stage
        last_of_tower[stage.tower] = stage


def name_blocks(structure: Structure) -> Iterator[tuple[str, Block]]:
    """Yield every block with the paper's name of it, stage by stage."""
    for stage in structure.stages:
        for number, block in enumerate(stage.blocks, start=1):
            yield stage.block_name(number), block


def list_main_operations(block: Block) -> list[Operation]:
    """List the operations on a block's main branches."""
    return list_live_operations(
        block.arch.stored_layers[index] for index in block.main_indices
    )


MAX_NAMES = 4
"""Names that are listed."""


def remark_on(phrase: str, names: list[str]) -> Iterator[str]:
    """Yield a remark on what has some names, of many the first; nothing if none has."""
    if names:
        yield f"{phrase}: {format_names(names, MAX_NAMES)}"
