"""Items: what is compared one by one, a layer each, or a gate of several."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ACTIVATIONS,
    ATTENTIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    JOINS,
    MAX_POOLS,
    NORMS,
    POOLS,
    REDUCTIONS,
    SOFTMAXES,
    SQUASHING,
)
from resviz.operations.norms import is_instance_norm
from resviz.operations.table import OPERATIONS
from resviz.readings.compare.shares import (
    RANDOM_MASKS,
    SILENT,
    Factors,
    is_idle_pool,
    list_flowing,
    share_of_layers,
)
from resviz.readings.compare.weight_work import SPREADS, list_weight_work
from resviz.readings.structure.weights import (
    is_live_product,
    is_live_weighted,
    is_recurrent,
)
from resviz.units import format_kernel

if TYPE_CHECKING:
    from resviz.readings.compare.parts import NetworkParts
    from resviz.readings.compare.shares import CostShare
    from resviz.record import Layer, Operation, Shape, Window

NORM_WORDS = {
    "BN": "batch norm",
    "LN": "layer norm",
    "GN": "group norm",
    "RMSNorm": "RMS norm",
}
"""Norms in words, by their label."""

DIVISIONS = {"div", "rsqrt", "reciprocal"}
"""Operations that divide by what they read, or by a constant."""

WEIGHTED_KINDS = {"conv", "linear", "attention"}
PRODUCT_KINDS = {"conv", "linear"}


@dataclass(eq=False)
class Item:
    """One layer of a row, or one gate of several.

    Attributes:
        kind: conv, linear, attention, norm, act, pool, gate, join, quiet or other.
        word: what it is, widths and stride left out: "3×3", "group norm".
        layers: in execution order.
        network: in which it is.
        inner: of a gate, its own items.
    """

    kind: str
    word: str
    layers: tuple[Layer, ...]
    network: NetworkParts
    inner: list[Item] = field(default_factory=list["Item"])

    @cached_property
    def share(self) -> CostShare:
        """What it costs."""
        return share_of_layers(self.layers)

    @property
    def layer(self) -> Layer:
        """Its first layer."""
        return self.layers[0]

    @cached_property
    def window(self) -> Window | None:
        """The window of a convolution or a pool."""
        return self.layer.window if self.kind in {"conv", "pool"} else None

    @property
    def stride(self) -> int:
        """Its largest stride; 1 of what has no window."""
        return max(self.window.stride) if self.window else 1

    @cached_property
    def input_size(self) -> Shape:
        """Batch and positions of what goes in."""
        return self.network.size_of(self.layer, out=False)

    def is_on(self, size: Shape) -> bool:
        """Tell whether it reads what flows, of some size, as scores of heads do not.

        Joins are, wherever what they read comes from.
        """
        if self.kind == "attention" and not self.layer.parameters:
            return False
        if self.kind not in {"norm", "act", "other"}:
            return True
        joins = any(op.name == "cat" for op in self.layer.operations)
        return joins or prod(self.input_size) == prod(size)

    @cached_property
    def output_size(self) -> Shape:
        """Batch and positions of what comes out."""
        return self.network.size_of(self.layers[-1], out=True)

    @cached_property
    def output_width(self) -> int:
        """Channels of what comes out."""
        return self.network.width_of(self.layers[-1], out=True)

    @cached_property
    def is_standardised(self) -> bool:
        """Whether its weight is normalised before it is used."""
        work = list_weight_work(self.network.arch)[self.layer.index]
        return self.kind == "conv" and any(op.name in SPREADS for op in work)

    @property
    def bare_word(self) -> str:
        """Its kernel alone."""
        return self.word.removesuffix(" depthwise")

    @cached_property
    def factors(self) -> Factors | None:
        """Its cost as a product; None where it is no such product."""
        layer = self.layer
        heavy = [op for op in layer.operations if is_live_weighted(op)]
        if len(self.layers) > 1 or len(heavy) != 1:
            return None
        found = read_factors(layer, heavy[0])
        if found and found.owns:
            more, rest = divmod(self.share.params - found.share.params, found.cout)
            found = replace(found, extras=0 if rest else max(more, 0))
        if found:
            values = max(found.cout * found.positions, 1)
            found = replace(found, element_bytes=self.share.memory // values)
        return found if found and found.share == self.share else None


def read_factors(layer: Layer, op: Operation) -> Factors | None:
    """Read the factors of the only weighted operation of a layer."""
    owns = bool(layer.params)
    if op.name in CONVOLUTIONS:
        if op.window is None or op.window.transposed or len(op.outputs[0]) < 3:
            return None
        n, cout, *sizes = op.outputs[0]
        return Factors(
            n * prod(sizes), op.inputs[0][1], cout, op.window.kernel,
            op.window.groups, len(op.inputs) > 2, owns, is_convolution=True,
        )  # fmt: skip
    left, right = op.inputs[-2:]
    if len(left) < 2 or len(right) < 2:
        return None
    has_bias = op.name.startswith("add") or any(
        len(parameter.shape) == 1 for parameter in layer.parameters
    )
    return Factors(
        prod(left[:-1]), left[-1], right[-1], (1,), 1, has_bias, owns,
        is_convolution=False,
    )  # fmt: skip


def name_convolution_kernel(op: Operation) -> str:
    """Name a convolution by its kernel: "3×3", "3×3 depthwise"."""
    window = op.window
    assert window
    words = format_kernel(window.kernel)
    if window.groups > 1 and window.groups == op.inputs[0][1]:
        words += " depthwise"
    return words + (" transposed" if window.transposed else "")


def name_pool(op: Operation) -> str:
    """Name a pool: "3×3 max pool", "global average pool"; "" over one position."""
    if is_idle_pool(op):
        return ""
    sort = "max" if op.name in MAX_POOLS else "average"
    kernel = format_kernel(op.window.kernel) if op.window else "global"
    return f"{kernel} {sort} pool"


def name_norm(op: Operation) -> str:
    """Name a norm: "batch norm"."""
    if is_instance_norm(op):
        return "instance norm"
    return NORM_WORDS.get(label_of(op), label_of(op))


def label_of(op: Operation) -> str:
    """Return the table's label of an operation, or its name."""
    row = OPERATIONS.get(op.name)
    return (row and row.label) or op.name.strip("_").replace("_", " ")


def name_activation(op: Operation) -> str:
    """Name an activation: "ReLU", "ReLU6"."""
    bounds = op.arguments.get("min_val"), op.arguments.get("max_val")
    return "ReLU6" if op.name == "hardtanh" and bounds == (0, 6) else label_of(op)


LIGHT_KINDS = (
    ("norm", NORMS, name_norm),
    ("pool", MAX_POOLS | AVERAGE_POOLS, name_pool),
    ("act", ACTIVATIONS, name_activation),
)
"""Kinds of layers without weights, their operations, and how these are named."""


MASKING = {*RANDOM_MASKS, "mul", "div"}
"""What dropout does: it draws what it keeps, and scales that."""


def classify_layer(layer: Layer) -> tuple[str, str]:
    """Tell the kind and the word of one layer."""
    ops = list_flowing(layer)
    if not ops and layer.parameters:
        return "other", "parameter"
    if weighted := classify_weighted(layer, ops):
        return weighted
    if is_norm_of_several(layer, ops):
        return "norm", "a norm of several operations"
    keeps_shape = len(ops) > 1 and layer.output_shape == layer.input_shape
    for kind, names, name_kind in LIGHT_KINDS:
        for op in ops:
            if op.name not in names or (op.name in REDUCTIONS and keeps_shape):
                continue
            word = join_labels(ops) if kind == "act" and keeps_shape else name_kind(op)
            return (kind, word) if word else ("quiet", "")
    return classify_light(layer, ops)


def is_norm_of_several(layer: Layer, ops: list[Operation]) -> bool:
    """Tell whether a layer divides what it reads by what it reduces of that.

    So norms do whose forward is written out; what squashes is a gate or a softmax.
    """
    names = {op.name for op in ops}
    is_even = layer.output_shape == layer.input_shape
    if not is_even or names & (SQUASHING | SOFTMAXES | {"exp"}):
        return False
    return bool(names & (REDUCTIONS | SPREADS) and names & DIVISIONS)


def classify_weighted(layer: Layer, ops: list[Operation]) -> tuple[str, str] | None:
    """Tell kind and word of a layer with weights or attention; None for others."""
    for op in ops:
        if op.name in CONVOLUTIONS and op.window:
            return "conv", name_convolution_kernel(op)
    if is_recurrent(layer):
        return "attention", "recurrent layer"
    if any(op.name in ATTENTIONS or is_live_product(op) for op in ops):
        return "attention", "attention product"
    return ("linear", "linear") if any(map(is_live_weighted, ops)) else None


def classify_light(layer: Layer, ops: list[Operation]) -> tuple[str, str]:
    """Tell kind and word of a layer without weights, norm, pool or activation."""
    names = {op.name for op in ops}
    if names & JOINS and len(layer.sources) > 1:
        return "join", "+"
    if names <= MASKING and any(op.name in RANDOM_MASKS for op in layer.operations):
        return "other", "dropout"
    if names <= SILENT and not share_of_layers((layer,)).without_memory:
        return "quiet", ""
    return "other", join_labels(ops) or layer.type


def join_labels(ops: list[Operation]) -> str:
    """Name the operations of a layer, each sort once: "sigmoid, ×"."""
    quiet = SILENT | POOLS
    return ", ".join(dict.fromkeys(label_of(op) for op in ops if op.name not in quiet))
