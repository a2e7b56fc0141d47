"""Amounts that counting tools add to multiply-accumulates.

An amount is a number of elements read off one operation; a convention says how often
it counts each of them. Tools tell operations apart by kind, and so does this.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Layer, Operation

MOVES = vocabulary.CREATIONS | vocabulary.RESHAPES | vocabulary.SELECTIONS
"""Operations to which no tool gives a count."""

KINDS = {
    "addmm": "linear",
    "mm": "linear",
    "native_batch_norm": "batch norm",
    "native_layer_norm": "layer norm",
    "relu": "ReLU",
    "hardtanh": "ReLU6",
    "gelu": "GELU",
    "_softmax": "softmax",
    "add": "addition",
    "mul": "multiplication",
    "max_pool2d_with_indices": "max pool",
    "avg_pool2d": "average pool",
    "_adaptive_avg_pool2d": "global pool",
}
"""What tools tell apart, by ATen name; other operations go by that."""

GLOBAL = {"dim": [-1, -2], "keepdim": True}
"""How torch calls a mean for an adaptive average pool to one position."""


def kind(layer: Layer, op: Operation) -> str:
    """What a tool takes an operation of a layer for."""
    name = KINDS.get(op.name, op.name)
    for special, found in SPECIAL.get(name, ()):
        if found(layer, op):
            return special
    return name


def uneven(op: Operation) -> bool:
    """Whether the windows of an adaptive pool differ in size."""
    sizes = zip(op.inputs[0][2:], op.outputs[0][2:], strict=False)
    return any(before % after for before, after in sizes)


SPECIAL: dict[str, tuple[tuple[str, Callable[[Layer, Operation], bool]], ...]] = {
    "linear": (
        ("recurrent layer", lambda la, _: la.type in {"LSTM", "GRU", "RNN"}),
        ("linear over positions", lambda la, _: len(la.input_shape) != 2),
    ),
    "softmax": (("softmax over positions", lambda la, _: len(la.input_shape) != 2),),
    "convolution": (
        (
            "transposed convolution",
            lambda _, op: op.window is not None and op.window.transposed,
        ),
    ),
    "mean": (("global pool", lambda _, op: op.arguments == GLOBAL),),
    "global pool": (("uneven pool", lambda _, op: uneven(op)),),
    "batch norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 5),),
    "layer norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 3),),
    "alias": (("dropout", lambda la, _: la.type == "Dropout"),),
}
"""What a kind is called where some tool counts it otherwise than the rest."""


VARIANTS = frozenset(name for rows in SPECIAL.values() for name, _ in rows)
"""Those kinds."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Elements of operations of some kinds.

    Attributes:
        label: what they are, "batch norm".
        kinds: of the operations that have them, as `kind` gives them.
        of: how many one operation has.
    """

    label: str
    kinds: frozenset[str]
    of: Callable[[Operation], int]


def read(op: Operation) -> int:
    """Elements of the first operand."""
    return prod(op.inputs[0])


def written(op: Operation) -> int:
    """Elements of the first output."""
    return prod(op.outputs[0])


def biased(op: Operation) -> int:
    """Output elements, where a bias is added to them."""
    with_bias = op.name == "addmm" or (op.name == "convolution" and len(op.inputs) > 2)
    return written(op) if with_bias else 0


def bias(op: Operation) -> int:
    """Biases once for every sample, however many positions they are added to."""
    return prod(op.outputs[0][:2]) if biased(op) else 0


def affine(op: Operation) -> int:
    """γ and β once for every sample."""
    return 2 * prod(op.inputs[1]) * prod(op.inputs[0][:1])


def channels(op: Operation) -> int:
    """Channels, whatever the batch."""
    return prod(op.inputs[1])


def wide(op: Operation) -> int:
    """Output elements times the width of the window."""
    return written(op) * prod(op.window.kernel[:1] if op.window else ())


def compared(op: Operation) -> int:
    """Output elements times one less than the width of the window."""
    return wide(op) - written(op)


def rows(op: Operation) -> int:
    """Samples."""
    return prod(op.outputs[0][:1])


def amount(label: str, kinds: str, of: Callable[[Operation], int]) -> Amount:
    """An amount; `kinds` is a list with commas."""
    return Amount(label, frozenset(kinds.split(", ")), of)


CONV = "convolution"
LINEAR = "linear, linear over positions"
POOLS = "max pool, average pool, global pool, uneven pool"

BIAS = amount("biases", f"{CONV}, {LINEAR}", biased)
FLAT_BIAS = amount("biases", f"{CONV}, linear", biased)
BIAS_PARAMETERS = amount("biases", f"{CONV}, linear", bias)
CONV_BIAS = amount("convolution biases", CONV, biased)
WEIGHTED_OUT = amount("conv, linear outputs", f"{CONV}, {LINEAR}", written)
BATCH_NORM = amount("batch norm", "batch norm", written)
LAYER_NORM = amount("layer norm", "layer norm", written)
NORM_PARAMETERS = amount("batch-norm parameters", "batch norm", affine)
NORM_CHANNELS = amount("batch-norm channels", "batch norm", channels)
RELU = amount("ReLU", "ReLU", written)
RELU6 = amount("ReLU6", "ReLU6", written)
GELU = amount("GELU", "GELU", written)
SIGMOID = amount("sigmoid", "sigmoid", written)
SOFTMAX = amount("softmax", "softmax", written)
SOFTMAX_ROWS = amount("softmax rows", "softmax", rows)
ADDITION = amount("additions", "addition", written)
MULTIPLICATION = amount("multiplications", "multiplication", written)
DROPOUT = amount("idle dropout", "dropout", written)
POOL_IN = amount("pool inputs", POOLS, read)
COMPARISONS = amount("max-pool comparisons", "max pool", compared)
MAX_POOL_WIDE = amount("max-pool outputs × width", "max pool", wide)
AVERAGE_POOL = amount("average-pool outputs", "average pool", written)
AVERAGE_POOL_WIDE = amount("average-pool outputs × width", "average pool", wide)
GLOBAL_IN = amount("global-pool inputs", "global pool, uneven pool", read)
GLOBAL_OUT = amount("global-pool outputs", "global pool, uneven pool", written)
EVEN_IN = amount("global-pool inputs", "global pool", read)
EVEN_OUT = amount("global-pool outputs", "global pool", written)
MEAN_IN = amount("mean inputs", "mean", read)
MEAN_OUT = amount("mean outputs", "mean", written)
