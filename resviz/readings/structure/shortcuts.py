"""What a shortcut is and why: its kind, its label, its reason."""

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
from resviz.readings.batch_axes import is_lone_sample
from resviz.readings.structure.channel_axes import follow_axis, to_channels_first
from resviz.readings.structure.fixed_filters import FIXED_FILTER
from resviz.readings.structure.no_ops import changes_nothing, shifts
from resviz.readings.structure.parts import EXCHANGE_NOTE, Shortcut
from resviz.readings.structure.weights import is_depthwise, is_upsampling, is_weighted
from resviz.record import MODEL_INPUT
from resviz.units import format_kernel, format_per_axis, format_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resviz.readings.structure.graph import Graph, MapSize
    from resviz.readings.structure.regions import JoinRegion
    from resviz.record import Layer, Operation, Shape

SHORTCUT_NOUNS = {
    "identity": ("identity shortcut", "identity shortcuts"),
    "projection": ("projection", "projections"),
    "zero-padded": ("zero-padded shortcut", "zero-padded shortcuts"),
    "subsampled": ("subsampled shortcut", "subsampled shortcuts"),
    "other": ("other shortcut", "other shortcuts"),
    "none": ("block without shortcut", "blocks without shortcut"),
}
"""One and several shortcuts of each kind."""

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
    if not words:
        words = [label_identity(ops, norms=norms)]
        if moved := label_moved_values(*sizes):
            kind, words = "other", [moved]
    return Shortcut(
        graph.arch,
        kind=kind,
        label=" + ".join(dict.fromkeys(words)) + note,
        reason=find_reason(*sizes, projects=projects),
        input_shape=to_channels_first(before, graph.channel_axes.get(fork)),
        output_shape=output_shape,
        stride=multiply_strides(steps, axes, first=first),
        layer_indices=tuple(sorted(branch)),
    )


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


UNLABELLED_OPERATIONS = NORMS | ACTIVATIONS | RESHAPES | ELEMENTWISE
"""Operations that leave a shortcut's values where they are."""

SILENT_OPERATIONS = UNLABELLED_OPERATIONS | CREATIONS
"""Operations of which a shortcut's label tells nothing."""


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
