"""Amounts that counting tools add to multiply-accumulates.

An amount is a number of elements read off one operation; a convention says how often
it counts each of them. Tools tell operations apart by kind, and so does this.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from resviz.operations import families
from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Layer, Operation

MOVING_OPERATIONS = families.CREATIONS | families.RESHAPES | families.SELECTIONS
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


SPECIAL_KINDS: dict[str, tuple[tuple[str, Callable[[Layer, Operation], bool]], ...]] = {
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
    "mean": (("global pool", lambda _, op: op.arguments == GLOBAL_MEAN),),
    "global pool": (("uneven pool", lambda _, op: has_uneven_windows(op)),),
    "batch norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 5),),
    "layer norm": (("norm without γ and β", lambda _, op: len(op.inputs) < 3),),
    "alias": (("dropout", lambda la, _: la.type == "Dropout"),),
}
"""What a kind is called where some tool counts it otherwise than the rest."""


SPECIAL_KIND_NAMES = frozenset(
    name for rows in SPECIAL_KINDS.values() for name, _ in rows
)
"""Those kinds."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Elements of operations of some kinds.

    Attributes:
        label: what they are, "batch norm".
        kinds: of the operations that have them, as `name_tool_kind` gives them.
        measure: how many one operation has.
    """

    label: str
    kinds: frozenset[str]
    measure: Callable[[Operation], int]


def count_read(op: Operation) -> int:
    """Count the elements of the first operand."""
    return prod(op.inputs[0])


def count_written(op: Operation) -> int:
    """Count the elements of the first output."""
    return prod(op.outputs[0])


def count_biased_outputs(op: Operation) -> int:
    """Count output elements if a bias is added to them."""
    with_bias = op.name == "addmm" or (op.name == "convolution" and len(op.inputs) > 2)
    return count_written(op) if with_bias else 0


def count_sample_biases(op: Operation) -> int:
    """Count biases once a sample, whatever the number of positions."""
    return prod(op.outputs[0][:2]) if count_biased_outputs(op) else 0


def count_sample_norm_parameters(op: Operation) -> int:
    """Count γ and β once a sample."""
    return 2 * prod(op.inputs[1]) * prod(op.inputs[0][:1])


def count_norm_channels(op: Operation) -> int:
    """Count channels, whatever the batch."""
    return prod(op.inputs[1])


def count_window_inputs(op: Operation) -> int:
    """Multiply the output elements by the window's width."""
    return count_written(op) * prod(op.window.kernel[:1] if op.window else ())


def count_comparisons(op: Operation) -> int:
    """Multiply the output elements by the window's width less one."""
    return count_window_inputs(op) - count_written(op)


def count_samples(op: Operation) -> int:
    """Count samples."""
    return prod(op.outputs[0][:1])


def make_amount(label: str, kinds: str, measure: Callable[[Operation], int]) -> Amount:
    """Make an amount from a comma-separated list of kinds."""
    return Amount(label, frozenset(kinds.split(", ")), measure)


CONV = "convolution"
LINEAR = "linear, linear over positions"
POOLS = "max pool, average pool, global pool, uneven pool"

BIAS = make_amount("biases", f"{CONV}, {LINEAR}", count_biased_outputs)
FLAT_BIAS = make_amount("biases", f"{CONV}, linear", count_biased_outputs)
BIAS_PARAMETERS = make_amount("biases", f"{CONV}, linear", count_sample_biases)
CONV_BIAS = make_amount("convolution biases", CONV, count_biased_outputs)
WEIGHTED_OUT = make_amount("conv, linear outputs", f"{CONV}, {LINEAR}", count_written)
BATCH_NORM = make_amount("batch norm", "batch norm", count_written)
LAYER_NORM = make_amount("layer norm", "layer norm", count_written)
NORM_PARAMETERS = make_amount(
    "batch-norm parameters", "batch norm", count_sample_norm_parameters
)
NORM_CHANNELS = make_amount("batch-norm channels", "batch norm", count_norm_channels)
RELU = make_amount("ReLU", "ReLU", count_written)
RELU6 = make_amount("ReLU6", "ReLU6", count_written)
GELU = make_amount("GELU", "GELU", count_written)
SIGMOID = make_amount("sigmoid", "sigmoid", count_written)
SOFTMAX = make_amount("softmax", "softmax", count_written)
SOFTMAX_ROWS = make_amount("softmax rows", "softmax", count_samples)
ADDITION = make_amount("additions", "addition", count_written)
MULTIPLICATION = make_amount("multiplications", "multiplication", count_written)
DROPOUT = make_amount("idle dropout", "dropout", count_written)
POOL_IN = make_amount("pool inputs", POOLS, count_read)
COMPARISONS = make_amount("max-pool comparisons", "max pool", count_comparisons)
MAX_POOL_WIDE = make_amount("max-pool outputs × width", "max pool", count_window_inputs)
AVERAGE_POOL = make_amount("average-pool outputs", "average pool", count_written)
AVERAGE_POOL_WIDE = make_amount(
    "average-pool outputs × width", "average pool", count_window_inputs
)
GLOBAL_IN = make_amount("global-pool inputs", "global pool, uneven pool", count_read)
GLOBAL_OUT = make_amount(
    "global-pool outputs", "global pool, uneven pool", count_written
)
EVEN_IN = make_amount("global-pool inputs", "global pool", count_read)
EVEN_OUT = make_amount("global-pool outputs", "global pool", count_written)
MEAN_IN = make_amount("mean inputs", "mean", count_read)
MEAN_OUT = make_amount("mean outputs", "mean", count_written)
