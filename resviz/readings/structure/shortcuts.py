"""What a shortcut is and why: its kind, its label, its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import (
    ACTIVATIONS,
    ELEMENTWISE,
    FACTORS,
)
from resviz.readings.batch_axes import is_lone_sample
from resviz.readings.structure.channel_axes import follow_axis, to_channels_first
from resviz.readings.structure.no_ops import changes_nothing
from resviz.readings.structure.parts import EXCHANGE_NOTE, Shortcut
from resviz.readings.structure.shortcut_labels import (
    SILENT_OPERATIONS,
    ShortcutStep,
    drops_positions,
    label_identity,
    label_moved_values,
    label_step,
    pads_channels,
    takes_channels,
)
from resviz.readings.structure.weights import is_weighted
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.structure.graph import Graph, MapSize
    from resviz.readings.structure.region_branches import JoinRegion
    from resviz.record import Layer, Shape

SHORTCUT_NOUNS = {
    "identity": ("identity shortcut", "identity shortcuts"),
    "projection": ("projection", "projections"),
    "zero-padded": ("zero-padded shortcut", "zero-padded shortcuts"),
    "subsampled": ("subsampled shortcut", "subsampled shortcuts"),
    "other": ("other shortcut", "other shortcuts"),
    "none": ("block without shortcut", "blocks without shortcut"),
}
"""One and several shortcuts of each kind."""

REARRANGING = {
    "_reshape_alias", "_unsafe_view", "clone", "flatten", "permute", "reshape",
    "transpose", "view",
}  # fmt: skip
"""What keeps all values: a map that only becomes one row of them is what it was."""

SHORTCUT_KINDS = (*SHORTCUT_NOUNS,)
"""What a shortcut can be. "subsampled" drops positions and changes nothing else."""

PARTIAL_NOTE = " (some channels)"
"""What is said of a sum in which the other channels take no part."""


def read_shortcut(
    graph: Graph, region: JoinRegion, branch: frozenset[int], beside: frozenset[int]
) -> Shortcut:
    """Read the shortcut of a residual unit off its branch.

    What weighs it is on the branch, and no part of what it is, nor is what stands
    `beside` another branch of one convolution. Where only some channels are added to,
    to take them is none either.
    """
    fork, join = region.fork, region.join
    layers = [*graph.select_layers(branch & region.main_branches[0] - beside)]
    moving = [layer.index for layer in layers if not divides_by_itself(layer)]
    norms = len(moving) < len(layers)
    steps = [step for node in moving for step in iter_steps(graph, node)]
    before = find_branch_input_shape(graph, fork, join, branch)
    if region.bypass_nodes:
        if steps and takes_channels(steps[0].op, steps[0].axis):
            before = steps[0].op.outputs[0]
        steps = [step for step in steps if not takes_channels(step.op, step.axis)]
    after = graph.shape_of_node(join)
    output_shape = to_channels_first(after, graph.channel_axes[join])
    first = 0 if is_lone_sample(graph.arch) else 1
    axes = max(len(after) - 1 - first, 0)
    note = PARTIAL_NOTE if region.bypass_nodes else ""
    note += EXCHANGE_NOTE if region.is_exchange else ""
    if not steps and not norms and before == after:
        return Shortcut(
            graph.arch,
            kind="identity",
            label=f"identity{note}",
            reason=None,
            input_shape=output_shape,
            output_shape=output_shape,
            stride=(1,) * axes,
            layer_indices=tuple(sorted(branch)),
        )
    sizes = graph.size_of_node(fork, before), graph.size_of_node(join)
    ops = [step.op for step in steps]
    words = [word for step in steps if (word := label_step(step))]
    projects = any(map(is_weighted, ops))
    kind = classify_shortcut(steps, projects=projects)
    is_row = axes == 0 < len(ops) and all(op.name in REARRANGING for op in ops)
    if not words:
        words = [label_identity(ops, norms=norms)]
        if moved := "" if is_row else label_moved_values(*sizes):
            kind, words = "other", [moved]
    return Shortcut(
        graph.arch,
        kind=kind,
        label=" + ".join(dict.fromkeys(words)) + note,
        reason=None if is_row else find_reason(*sizes, projects=projects),
        input_shape=to_channels_first(before, graph.channel_axes.get(fork)),
        output_shape=output_shape,
        stride=multiply_strides(steps, axes, first=first),
        layer_indices=tuple(sorted(branch)),
    )


def iter_steps(graph: Graph, node: int) -> Iterator[ShortcutStep]:
    """Yield what a node does, with the channel axis; 1 where that is not known.

    What changes nothing is no step. To put a tensor beside itself only repeats it, as
    the size tells; beside nought times itself, it pads.
    """
    axis = graph.channel_axes[graph.before[node][0]]
    for op in graph.operations[node]:
        axis = follow_axis([op], axis)
        if changes_nothing(op):
            continue
        place = 1 if axis is None else axis
        pads = pads_channels(op, place)
        if pads and op.name == "cat" and all(op.flowing):
            if len(graph.sources[node]) == 1:
                continue
            before = graph.list_operations(graph.sources[node])
            pads = any(op.name in FACTORS for op in before)
        yield ShortcutStep(op, place, pads)


def make_missing_shortcut(graph: Graph, fork: int, end: int) -> Shortcut:
    """Make the placeholder shortcut of a block that has none."""
    sizes = graph.size_of_node(fork), graph.size_of_node(end)
    before, after = (
        to_channels_first(graph.shape_of_node(node), graph.channel_axes.get(node))
        for node in (fork, end)
    )
    reason = find_reason(*sizes, projects=False)
    return Shortcut(graph.arch, "none", "none", reason, before, after, (), ())


def find_branch_input_shape(
    graph: Graph, fork: int, join: int, branch: frozenset[int]
) -> Shape:
    """Find the shape that a branch reads from the fork, which may have many outputs."""
    for layer in graph.select_layers(branch or {join}):
        for source, tensor in zip(layer.sources, layer.inputs, strict=True):
            if source.layer == fork:
                return tensor.shape
    return graph.shape_of_node(fork)


def classify_shortcut(steps: list[ShortcutStep], *, projects: bool) -> str:
    """Classify a shortcut by its operations."""
    if projects:
        return "projection"
    if any(step.pads for step in steps):
        return "zero-padded"
    if any(drops_positions(step.op) for step in steps):
        return "subsampled"
    if all(step.op.name in SILENT_OPERATIONS for step in steps):
        return "identity"
    return "other"


def find_reason(before: MapSize, after: MapSize, *, projects: bool) -> str | None:
    """Name what changes between the fork and the addition, in one word."""
    resolution, channels = (a != b for a, b in zip(before, after, strict=True))
    if channels and resolution:
        return "both"
    if channels:
        return "channels"
    if resolution:
        return "resolution"
    return "always" if projects else None


def divides_by_itself(layer: Layer) -> bool:
    """Tell whether a layer weighs its input by what it computes of it, as a norm.

    Source: Krizhevsky et al. 2012; Zhang and Sennrich 2019, RMSNorm.
    """
    if len(layer.operations) < 2:
        return False
    names: list[set[str]] = []
    for op in layer.operations:
        inner = [src for src in op.sources if src and src.layer != MODEL_INPUT]
        is_weighing = len(op.sources) == sum(op.flowing) == 2 == len(inner) + 1
        above = {op.name}.union(*(names[source.layer] for source in inner))
        if is_weighing and op.name in FACTORS and above - ELEMENTWISE - ACTIVATIONS:
            return True
        names.append(above)
    return False


def multiply_strides(steps: list[ShortcutStep], axes: int, *, first: int) -> Shape:
    """Multiply the strides of windows and slices, one product per spatial axis.

    Those lie from axis `first` on, beside the channels.
    """
    strides = [1] * axes
    for op, axis, _ in steps:
        window = op.window
        if window and not window.transposed:
            own = window.stride
            if axes == 1 and len(own) == 2 and window.kernel[0] == 1:
                own = own[1:]  # torch runs a 1-d pool as a 2-d one
            if len(own) == axes:
                strides = [a * b for a, b in zip(strides, own, strict=True)]
        elif op.name == "slice":
            places = range(first, first + axes + 1)
            spatial = [place for place in places if place != axis][-axes:]
            if op.arguments.get("dim", 0) in spatial:
                place = spatial.index(op.arguments["dim"])
                strides[place] *= op.arguments.get("step", 1)
    return tuple(strides)
