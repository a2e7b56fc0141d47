"""Kinds of operations, as counting tools tell them apart, and which are alike to them.

That is by what torch runs, by the module that runs it, and by shape: a tool that counts
a linear layer's positions differs there alone from one that does not.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from resviz.operations import families
from resviz.operations.table import OPERATIONS
from resviz.readings.costs import COST_RULES, find_mac_rule
from resviz.readings.costs.convention_attention import (
    ATTENTION_KINDS,
    find_dot_products,
    name_heads,
)
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Architecture, Layer, Operation

COUNTED_SELECTIONS = frozenset(
    name
    for name in families.SELECTIONS
    if "upsample" in name or name in {"embedding", "topk", "sort"}
)
"""Operations that only select values, and that some tool counts."""

MOVING_OPERATIONS = (
    families.CREATIONS | families.RESHAPES | families.SELECTIONS - COUNTED_SELECTIONS
)
"""Operations to which no tool gives a count."""

TOOL_KINDS = {row.name: row.tool_kind for row in OPERATIONS.values() if row.tool_kind}
"""What tools tell apart, by ATen name; other operations go by that."""

GLOBAL_MEAN = {"dim": [-1, -2], "keepdim": True}
"""How torch calls a mean for an adaptive average pool to one position."""


def name_tool_kind(layer: Layer, op: Operation) -> str:
    """Name the kind that counting tools see in an operation."""
    name = TOOL_KINDS.get(op.name, op.name)
    for special, is_special in SPECIAL_KINDS.get(name, ()):
        if is_special(layer, op):
            return special
    return name


def has_uneven_windows(op: Operation) -> bool:
    """Tell whether the windows of an adaptive pool differ in size."""
    sizes = zip(op.inputs[0][2:], op.outputs[0][2:], strict=False)
    return any(before % after for before, after in sizes)


def has_oblong_window(_: Layer, op: Operation) -> bool:
    """Tell whether a pool's window was given as several numbers that differ."""
    return op.window is not None and len(set(op.window.kernel)) > 1


def is_over_line(_: Layer, op: Operation) -> bool:
    """Tell whether a pool is one over a line, which torch runs as one over a map."""
    return op.inputs[0][-2:-1] == (1,) != op.inputs[0][-1:]


SPECIAL_KINDS: dict[str, tuple[tuple[str, Callable[[Layer, Operation], bool]], ...]] = {
    "linear": (
        ("recurrent layer", lambda la, _: la.type in {"LSTM", "GRU", "RNN"}),
        ("matrix product", lambda la, op: op.name == "mm" and not la.module),
        ("linear over positions", lambda la, _: len(la.input_shape) != 2),
    ),
    "bmm": (("linear over positions", lambda la, _: la.type == "Linear"),),
    "addition": (("linear bias", lambda la, _: la.type == "Linear"),),
    "softmax": (("softmax over positions", lambda la, _: len(la.input_shape) != 2),),
    "convolution": (
        (
            "transposed convolution",
            lambda _, op: op.window is not None and op.window.transposed,
        ),
    ),
    "mean": (
        (
            "global pool over a line",
            lambda la, op: is_over_line(la, op) and op.arguments == GLOBAL_MEAN,
        ),
        ("global pool", lambda _, op: op.arguments == GLOBAL_MEAN),
    ),
    "global pool": (
        ("global pool over a line", is_over_line),
        ("uneven pool", lambda _, op: has_uneven_windows(op)),
    ),
    "max pool": (("oblong max pool", has_oblong_window),),
    "average pool": (("oblong average pool", has_oblong_window),),
    "adaptive_max_pool2d": (("uneven max pool", lambda _, op: has_uneven_windows(op)),),
    "max": (("maximum of all", lambda _, op: len(op.outputs) == 1),),
    "min": (("maximum of all", lambda _, op: len(op.outputs) == 1),),
    "ReLU6": (("hardtanh", lambda la, _: la.type == "Hardtanh"),),
    "batch norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 5),),
    "layer norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 3),),
    "native_group_norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 3),),
    "alias": (("dropout", lambda la, _: la.type.startswith("Dropout")),),
}
"""What a kind is called where some tool counts it otherwise than the rest."""


SPECIAL_KIND_NAMES = frozenset(
    name for rows in SPECIAL_KINDS.values() for name, _ in rows
)
"""Those kinds."""

WEIGHTED_KINDS = frozenset({"convolution", "linear", "linear over positions"})
"""Kinds of which every convention counts the MACs."""

COMPARED_KINDS = frozenset({
    "batch norm", "ReLU", "ReLU6", "sigmoid", "addition", "multiplication", "dropout",
    "max pool", "average pool", "global pool", "uneven pool", "mean", "linear bias",
})  # fmt: skip
"""Kinds in the networks with which every tool was compared."""

SIMPLE_KINDS = frozenset({
    "amax", "amin", "sum", "var", "std", "max", "min", "maximum of all", "argmax",
    "linalg_vector_norm", "logsumexp", "cumsum", "prod", "sub", "rsub", "div", "sqrt",
    "rsqrt", "exp", "exp2", "log", "neg", "abs", "reciprocal", "maximum", "minimum",
    "clamp", "clamp_min", "gt", "ge", "masked_fill", "addcmul", "lerp", "sin", "cos",
    "erf", "where", "pow", "tanh", "hardswish", "hardsigmoid", "mish", "softplus",
    "celu", "log_sigmoid_forward", "_log_softmax", "hardtanh", "oblong max pool",
    "oblong average pool",
})  # fmt: skip
"""Kinds that each tool was asked for, one by one, and that few of them count."""

QUIET_KINDS = SIMPLE_KINDS | {
    "silu", "GELU", "leaky_relu", "adaptive_max_pool2d", "uneven max pool",
}  # fmt: skip
"""Kinds that tools without rules for activations give nothing."""

RESIZING_KINDS = frozenset({
    "upsample_nearest1d", "upsample_nearest2d", "_upsample_nearest_exact2d",
    "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d",
})  # fmt: skip
"""Kinds that make a map larger or smaller."""

GRAPH_KINDS = (
    WEIGHTED_KINDS
    | COMPARED_KINDS
    | QUIET_KINDS
    | RESIZING_KINDS
    | {"softmax", "softmax over positions", "_prelu_kernel", "bmm"}
)
"""Kinds of which tools that read torch's graph were asked."""

SQUARE_ALONE = frozenset({"oblong max pool", "oblong average pool"})
"""Kinds of which the record does not tell how their window was given."""

SCAN_ZEROS = RESIZING_KINDS | {
    "silu", "GELU", "native_group_norm", "softmax", "softmax over positions",
}  # fmt: skip
"""Kinds to which torchscan gives nothing, as modules or not."""

LENS_PRODUCTS = frozenset({
    "bmm", "baddbmm", "matrix product", "transposed convolution",
})  # fmt: skip
"""Products that torchlens counts, besides those of layers with weights."""

PRODUCT_KINDS = WEIGHTED_KINDS | {
    "transposed convolution", "recurrent layer", "matrix product", *ATTENTION_KINDS,
}  # fmt: skip
"""Kinds that are products, whatever a tool makes of them."""

ZERO_KINDS = (
    COMPARED_KINDS
    | SIMPLE_KINDS
    | families.FREE_OPERATIONS
    | {*TOOL_KINDS.values(), *SPECIAL_KIND_NAMES, "RMS norm"} - PRODUCT_KINDS
)
"""Kinds to which a tool that counts products alone gives nothing."""

ALL_KINDS = ZERO_KINDS | PRODUCT_KINDS | frozenset(COST_RULES)
"""Kinds of a convention that is the sum of all MACs."""

TORCH_COUNTED_KINDS = PRODUCT_KINDS | {"bmm", "baddbmm"}
"""Products that torch's counter counts."""

HOOKED_MODULES = frozenset({
    "Conv1d", "Conv2d", "Conv3d", "Linear", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "LayerNorm", "GroupNorm", "ReLU", "ReLU6", "GELU", "SiLU", "LeakyReLU", "PReLU",
    "Tanh", "Sigmoid", "Softmax", "Dropout", "MaxPool2d", "AvgPool2d",
    "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "ConvTranspose1d", "ConvTranspose2d",
    "Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d",
})  # fmt: skip
"""Modules of torch that tools with hooks know."""


@cache_reading
def group_by_kind(arch: Architecture) -> dict[tuple[str, bool], list[Operation]]:
    """Group operations by kind, and by whether a module of torch ran them.

    What only moves values is left out, and so are constants, but for products.
    """
    groups: dict[tuple[str, bool], list[Operation]] = defaultdict(list)
    dot_products = find_dot_products(arch)
    for layer in arch.stored_layers:
        is_module = layer.module and layer.type in HOOKED_MODULES
        special = "RMS norm" if layer.type == "RMSNorm" else ""
        if layer.type == "MultiheadAttention":
            special = name_heads(layer)
        for place, op in enumerate(layer.operations):
            name = name_tool_kind(layer, op)
            if layer.type != "MultiheadAttention":
                name = dot_products.get((layer.index, place), name)
            if find_mac_rule(op) or (any(op.flowing) and name not in MOVING_OPERATIONS):
                groups[special or name, is_module].append(op)
    return groups
