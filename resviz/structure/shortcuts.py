"""What a shortcut is and why: its kind, its label, its reason."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.structure.axes import channels_first
from resviz.structure.graph import Graph, operations, weighted
from resviz.units import per_axis, times
from resviz.vocabulary import (
    ACTIVATIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    ELEMENTWISE,
    MAX_POOLS,
    NORMS,
    RESHAPES,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Layer, Operation, Shape, Window
    from resviz.structure.axes import Extent
    from resviz.structure.regions import Region


KINDS = ("identity", "projection", "zero-padded", "subsampled", "other", "none")
"""What a shortcut can be. "subsampled" drops positions and changes nothing else."""

NOUNS = {
    "identity": ("identity shortcut", "identity shortcuts"),
    "projection": ("projection", "projections"),
    "zero-padded": ("zero-padded shortcut", "zero-padded shortcuts"),
    "subsampled": ("subsampled shortcut", "subsampled shortcuts"),
    "other": ("other shortcut", "other shortcuts"),
    "none": ("block without shortcut", "blocks without shortcut"),
}
"""One and several shortcuts of each kind."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """The lightest branch of a residual block.

    Attributes:
        kind: one of `KINDS`.
        label: what is on it in order, as "2×2 average pool, /2 + 1×1".
        reason: what makes an identity impossible: "resolution", "channels" or
            "both"; "always" where the block projects without need; None for an
            identity.
        input_shape: what it reads, (N, C, H, W).
        output_shape: what the addition wants.
        stride: of its windows and slices together, one number per spatial axis.
        layers: indices of the layers on it.
    """

    kind: str
    label: str
    reason: str | None
    input_shape: Shape
    output_shape: Shape
    stride: Shape
    layers: tuple[int, ...]


PARTIAL = " (some channels)"
"""What is said of a sum in which the other channels take no part."""


def shortcut(graph: Graph, region: Region, branch: frozenset[int]) -> Shortcut:
    """Read the shortcut of a residual unit off its branch."""
    fork, join = region.fork, region.join
    layers = list(graph.layers(branch))
    before, after = read_shape(graph, fork, join, branch), graph.shape(join)
    ops = operations(layers)
    words = [word for word in map(part, ops) if word]
    if not words:
        words = [plain_words(ops)]
    projects = any(map(weighted, ops))
    extents = graph.extent(fork, before), graph.extent(join)
    return Shortcut(
        kind_of(ops, projects=projects),
        " + ".join(dict.fromkeys(words)) + (PARTIAL if region.around else ""),
        reason(*extents, projects=projects),
        channels_first(before, graph.axis.get(fork)),
        channels_first(after, graph.axis[join]),
        stride(layers, axes=max(len(after) - 2, 0)),
        tuple(layer.index for layer in layers),
    )


def missing(graph: Graph, fork: int, end: int) -> Shortcut:
    """What stands for the shortcut of a block that has none."""
    before, after = graph.shape(fork), graph.shape(end)
    extents = graph.extent(fork), graph.extent(end)
    why = reason(*extents, projects=False)
    before = channels_first(before, graph.axis.get(fork))
    after = channels_first(after, graph.axis[end])
    return Shortcut("none", "none", why, before, after, (), ())


def read_shape(graph: Graph, fork: int, join: int, branch: frozenset[int]) -> Shape:
    """Shape of what a branch reads from the fork, which may have several outputs."""
    for layer in graph.layers(branch or {join}):
        for source, tensor in zip(layer.sources, layer.inputs, strict=True):
            if source.layer == fork:
                return tensor.shape
    return graph.shape(fork)


def kind_of(ops: list[Operation], *, projects: bool) -> str:
    """Which of the few kinds a shortcut with these operations is."""
    if projects:
        return "projection"
    if any(pads_channels(op) for op in ops):
        return "zero-padded"
    if any(strided(op) for op in ops):
        return "subsampled"
    if all(op.name in SILENT for op in ops):
        return "identity"
    return "other"


def reason(before: Extent, after: Extent, *, projects: bool) -> str | None:
    """What changes between the fork and the addition, in one word."""
    resolution, channels = (a != b for a, b in zip(before, after, strict=True))
    if channels and resolution:
        return "both"
    if channels:
        return "channels"
    if resolution:
        return "resolution"
    return "always" if projects else None


SILENT = NORMS | ACTIVATIONS | RESHAPES | ELEMENTWISE
"""Operations that leave a shortcut's values where they are."""


def plain_words(ops: list[Operation]) -> str:
    """Words for a shortcut on which nothing moves: normed, scaled, or as it is."""
    names = {op.name for op in ops}
    for kinds, words in PLAIN:
        if names & kinds:
            return words
    return "identity"


PLAIN: tuple[tuple[frozenset[str], str], ...] = (
    (NORMS, "identity + norm"),
    (frozenset({"mul", "div"}), "scaled identity"),
)
"""What an identity's operations may do all the same; adding one is a row."""


def part(op: Operation) -> str:
    """What one operation adds to a shortcut's label; "" if nothing."""
    for names, words in PARTS:
        if op.name in names:
            return words(op)
    return "" if op.name in SILENT else op.name


def windowed(what: str) -> Callable[[Operation], str]:
    """Words for an operation with a window: "1×1", "3×3 average pool, /2"."""

    def words(op: Operation) -> str:
        window = op.window
        if window is None:
            return f"global{what}"
        if what and prod(window.kernel) == prod(window.stride) == 1:
            return ""  # a pool over one position, as ResNet-D keeps at stride 1
        groups = f", {window.groups} groups" if window.groups > 1 else ""
        turned = " transposed" if window.transposed else ""
        return f"{times(window.kernel)}{turned}{what}{groups}{over(window)}"

    return words


def sliced(op: Operation) -> str:
    """Words for a slice: every second position, or some of the channels."""
    if strided(op):
        return f"every {ordinal(op.arguments.get('step', 1))} position"
    return "some channels" if op.inputs[0][1:2] != op.outputs[0][1:2] else ""


def padded(op: Operation) -> str:
    """Words for padding, if it widens the channels."""
    return "zero-padded channels" if pads_channels(op) else ""


PARTS: tuple[tuple[frozenset[str], Callable[[Operation], str]], ...] = (
    (CONVOLUTIONS, windowed("")),
    (AVERAGE_POOLS, windowed(" average pool")),
    (MAX_POOLS, windowed(" max pool")),
    (frozenset({"slice"}), sliced),
    (frozenset({"constant_pad_nd", "cat", "copy"}), padded),
)
"""How each kind of operation reads on a shortcut; adding one is a row."""


def over(window: Window) -> str:
    """A stride as ", /2", a transposed one as ", ×2"; "" if it is 1."""
    if prod(window.stride) == 1:
        return ""
    sign = "×" if window.transposed else "/"
    return f", {sign}{per_axis(window.stride)}"


def ordinal(step: int) -> str:
    """A slice's step in words."""
    return {2: "2nd", 3: "3rd"}.get(step, f"{step}th")


def strided(op: Operation) -> bool:
    """Whether an operation drops positions: a strided slice or window."""
    if op.name == "slice":
        return op.arguments.get("step", 1) > 1
    window = op.window
    return window is not None and not window.transposed and prod(window.stride) > 1


def pads_channels(op: Operation) -> bool:
    """Whether an operation appends channels to what flows."""
    padding = op.name in {"constant_pad_nd", "cat", "copy"}
    return padding and op.inputs[0][1:2] != op.outputs[-1][1:2]


def stride(layers: list[Layer], axes: int) -> Shape:
    """How many input positions one output position steps over, per axis."""
    steps = [1] * axes
    for op in (op for layer in layers for op in layer.operations):
        window = op.window
        if window and not window.transposed and len(window.stride) == axes:
            steps = [a * b for a, b in zip(steps, window.stride, strict=True)]
        elif op.name == "slice" and 0 <= op.arguments.get("dim", 0) - 2 < axes:
            steps[op.arguments["dim"] - 2] *= op.arguments.get("step", 1)
    return tuple(steps)
