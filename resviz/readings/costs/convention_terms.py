"""Amounts that counting tools add to multiply-accumulates.

An amount is a number of elements read off one operation; a convention says how often
it counts each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.record import Operation


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


def count_lost(op: Operation) -> int:
    """Count the values that are read and not written."""
    return count_read(op) - count_written(op)


def count_samples(op: Operation) -> int:
    """Count samples."""
    return prod(op.outputs[0][:1])


def make_amount(label: str, kinds: str, measure: Callable[[Operation], int]) -> Amount:
    """Make an amount from a comma-separated list of kinds."""
    return Amount(label, frozenset(kinds.split(", ")), measure)


CONV = "convolution"
LINEAR = "linear, linear over positions, matrix product"
POOLS = (
    "max pool, average pool, global pool, uneven pool, oblong max pool, "
    "oblong average pool, global pool over a line, adaptive_max_pool2d, uneven max pool"
)
ANY_SOFTMAX = "softmax, softmax over positions"

BIAS = make_amount("biases", f"{CONV}, {LINEAR}", count_biased_outputs)
LINEAR_BIAS = make_amount("biases of linear layers", "linear bias", count_written)
TRANSPOSED_BIAS = make_amount(
    "biases of transposed convolutions",
    "transposed convolution",
    count_biased_outputs,
)
FLAT_BIAS = make_amount("biases", f"{CONV}, linear", count_biased_outputs)
BIAS_PARAMETERS = make_amount("biases", f"{CONV}, linear", count_sample_biases)
CONV_BIAS = make_amount("convolution biases", CONV, count_biased_outputs)
WEIGHTED_OUT = make_amount("conv, linear outputs", f"{CONV}, {LINEAR}", count_written)
BATCH_NORM = make_amount("batch norm", "batch norm", count_written)
LAYER_NORM = make_amount("layer norm", "layer norm", count_written)
GROUP_NORM = make_amount("group norm", "native_group_norm", count_written)
NORM_PARAMETERS = make_amount(
    "batch-norm parameters", "batch norm", count_sample_norm_parameters
)
OTHER_NORM_PARAMETERS = make_amount(
    "parameters of other norms",
    "layer norm, native_group_norm",
    count_sample_norm_parameters,
)
NORM_CHANNELS = make_amount("batch-norm channels", "batch norm", count_norm_channels)
RELU = make_amount("ReLU", "ReLU", count_written)
RELU6 = make_amount("ReLU6", "ReLU6", count_written)
GELU = make_amount("GELU", "GELU", count_written)
SILU = make_amount("SiLU", "silu", count_written)
LEAKY_RELU = make_amount("leaky ReLU", "leaky_relu", count_written)
PRELU = make_amount("PReLU", "_prelu_kernel", count_written)
SIGMOID = make_amount("sigmoid", "sigmoid", count_written)
SOFTMAX = make_amount("softmax", ANY_SOFTMAX, count_written)
FLAT_SOFTMAX = make_amount("softmax", "softmax", count_written)
SOFTMAX_ROWS = make_amount("softmax rows", "softmax", count_samples)
ADDITION = make_amount("additions", "addition", count_written)
MULTIPLICATION = make_amount("multiplications", "multiplication", count_written)
DROPOUT = make_amount("idle dropout", "dropout", count_written)
POOL_IN = make_amount("pool inputs", POOLS, count_read)
COMPARISONS = make_amount("max-pool comparisons", "max pool", count_comparisons)
MAX_POOL_WIDE = make_amount("max-pool outputs × width", "max pool", count_window_inputs)
AVERAGE_POOL = make_amount(
    "average-pool outputs", "average pool, oblong average pool", count_written
)
SQUARE_AVERAGE_POOL = make_amount("average-pool outputs", "average pool", count_written)
AVERAGE_POOL_WIDE = make_amount(
    "average-pool outputs × width", "average pool", count_window_inputs
)
ADAPTIVE_COMPARISONS = make_amount(
    "adaptive max-pool comparisons", "adaptive_max_pool2d", count_lost
)
GLOBAL_IN = make_amount("global-pool inputs", "global pool, uneven pool", count_read)
GLOBAL_OUT = make_amount(
    "global-pool outputs", "global pool, uneven pool", count_written
)
EVEN_IN = make_amount("global-pool inputs", "global pool", count_read)
EVEN_OUT = make_amount("global-pool outputs", "global pool", count_written)
MEAN_IN = make_amount("mean inputs", "mean", count_read)
MEAN_OUT = make_amount("mean outputs", "mean", count_written)
NEAREST = make_amount("nearest resizing", "upsample_nearest2d", count_written)
BILINEAR = make_amount("bilinear resizing", "upsample_bilinear2d", count_written)
GRID_SAMPLE = make_amount("sampled values", "grid_sampler_2d", count_written)
REDUCED = make_amount(
    "values that are reduced",
    "amax, amin, sum, maximum of all, argmax, logsumexp, cumsum, prod",
    count_read,
)
FOUND = make_amount(
    "values in norms and extremes with their places",
    "max, min, linalg_vector_norm, adaptive_max_pool2d, uneven max pool",
    count_read,
)
VARIED = make_amount("values of variances", "var, std", count_read)
SIMPLE = make_amount(
    "simple values",
    "sub, rsub, div, neg, abs, reciprocal, maximum, minimum, clamp, clamp_min, gt, ge, "
    "masked_fill, where, leaky_relu, _prelu_kernel, hardtanh",
    count_written,
)
ROOTS = make_amount("roots", "sqrt, rsqrt", count_written)
BLENDS = make_amount(
    "hard sigmoids and blends", "hardsigmoid, addcmul, lerp", count_written
)
RESIZED = make_amount(
    "hard swishes and resized values",
    "hardswish, grid_sampler_2d, upsample_nearest1d, upsample_nearest2d, "
    "_upsample_nearest_exact2d, upsample_linear1d, upsample_bilinear2d, "
    "upsample_bicubic2d",
    count_written,
)
NORMALISED = make_amount(
    "SiLU and other norms",
    "silu, log_sigmoid_forward, layer norm, native_group_norm, norm without γ and β",
    count_written,
)
TANH = make_amount("tanh", "tanh", count_written)
LOG_SOFTMAX = make_amount("log-softmax", "_log_softmax", count_written)
EXPONENTIALS = make_amount(
    "exponentials and sines", "exp, exp2, log, sin, cos, erf, mish", count_written
)
SOFTPLUS = make_amount("softplus and CELU", "softplus, celu", count_written)
