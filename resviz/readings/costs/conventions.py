"""What other tools and papers count: one entry a convention.

Every tool starts from the MACs of convolutions and linear layers, once or twice, and
adds amounts of its own. Each entry was compared with what the tool itself prints: for
the networks in tests/data/tool_totals.csv and tool_measurements.csv, and for single
operations in tool_operations.csv; for kinds of operations that were not, it gives no
number.
"""

from __future__ import annotations

from dataclasses import dataclass

from resviz.readings.costs import convention_attention as attention
from resviz.readings.costs import convention_terms as term
from resviz.readings.costs.convention_kinds import (
    ALL_KINDS,
    COMPARED_KINDS,
    GRAPH_KINDS,
    LENS_PRODUCTS,
    QUIET_KINDS,
    RESIZING_KINDS,
    SCAN_ZEROS,
    SIMPLE_KINDS,
    SQUARE_ALONE,
    TORCH_COUNTED_KINDS,
    WEIGHTED_KINDS,
    ZERO_KINDS,
)
from resviz.readings.costs.convention_terms import Amount

AddedAmount = tuple[int, Amount]
"""How often a convention counts each element of an amount."""


@dataclass(frozen=True, slots=True)
class Convention:
    """One published way to count.

    Attributes:
        tools: who counts so, each with its version; of a paper, the year.
        number_name: the tool's name for its number.
        source: the place that says so, and what to know of it.
        macs: how often it counts a MAC.
        adds: what it adds to them, and how often.
        knows: kinds for which its count is known, besides those that it adds.
        modules: whether it looks at modules of torch alone, so that what functions
            do is not known.
        module_knows: kinds for which its count is known where a module runs them.
    """

    tools: tuple[tuple[str, str], ...]
    number_name: str
    source: str
    macs: int = 1
    adds: tuple[AddedAmount, ...] = ()
    knows: frozenset[str] = WEIGHTED_KINDS | COMPARED_KINDS
    modules: bool = False
    module_knows: frozenset[str] = frozenset()

    @property
    def tool_names(self) -> str:
        """The tools with their versions: "fvcore 0.1.5, mmengine 0.10.7"."""
        return ", ".join(" ".join(tool).strip() for tool in self.tools)


PATCHED_FUNCTIONS: tuple[AddedAmount, ...] = (
    (1, term.CONV_BIAS),
    (2, term.BATCH_NORM),
    (5, term.LAYER_NORM),
    (5, term.GROUP_NORM),
    (1, term.RELU),
    (1, term.GELU),
    (1, term.SILU),
    (1, term.LEAKY_RELU),
    (1, term.PRELU),
    (1, term.SOFTMAX),
    (1, term.POOL_IN),
)
"""What calflops and DeepSpeed add, which take the place of the same functions."""

CONVENTIONS = (
    Convention(
        (("torchvision", "0.28.0"),),
        "GFLOPS",
        "_ops of its weights, in units of 1e9",
        knows=ALL_KINDS,
    ),
    Convention(
        (("He et al.", "2015"),), "FLOPs", "section 3.3, multiply-adds", knows=ALL_KINDS
    ),
    Convention(
        (("calflops", "0.3.2"),),
        "MACs",
        "calflops/pytorch_ops.py",
        adds=((-1, attention.ANY_ATTENDING_MACS),),
        knows=WEIGHTED_KINDS | ZERO_KINDS,
        modules=True,
    ),
    Convention(
        (("DeepSpeed", "0.19.8"),),
        "MACs",
        "deepspeed/profiling/flops_profiler/profiler.py",
        knows=WEIGHTED_KINDS | ZERO_KINDS | attention.MEASURED,
        modules=True,
    ),
    Convention(
        (("torchlens", "2.36.1"),),
        "MACs",
        "torchlens/capture/flops.py",
        knows=WEIGHTED_KINDS
        | ZERO_KINDS
        | LENS_PRODUCTS
        | attention.MEASURED - {attention.CROSS},
    ),
    Convention(
        (("pycls", "0.1.1"),),
        "flops",
        "pycls/core/net.py, a bias once; since July 2021 at each position",
        adds=((1, term.BIAS_PARAMETERS),),
        knows=WEIGHTED_KINDS - {"linear over positions"} | COMPARED_KINDS,
    ),
    Convention(
        (("ptflops (aten)", "0.7.5"),),
        "MACs",
        "ptflops/aten_ops.py",
        adds=(
            (1, term.BIAS),
            (1, term.TRANSPOSED_BIAS),
            (-1, attention.HEADS_MACS),
            (1, attention.ADDMM_BIASES),
        ),
        knows=WEIGHTED_KINDS
        | ZERO_KINDS
        | {"bmm", "transposed convolution"}
        | {attention.WEIGHED},
    ),
    Convention(
        (("torchinfo", "1.8.0"),),
        "mult-adds",
        "torchinfo/layer_info.py, parameters times positions",
        adds=(
            (1, term.FLAT_BIAS),
            (1, term.NORM_PARAMETERS),
            (1, term.OTHER_NORM_PARAMETERS),
            (-1, attention.ATTENTION_MACS),
            (-1, attention.DOT_MACS),
        ),
        knows=WEIGHTED_KINDS - {"linear over positions"}
        | COMPARED_KINDS - {"linear bias"}
        | QUIET_KINDS
        | RESIZING_KINDS
        | {"softmax", "softmax over positions"},
        modules=True,
    ),
    Convention(
        (("torchprofile", "0.1.0"),),
        "MACs",
        "torchprofile/handlers.py",
        adds=(
            (1, term.BATCH_NORM),
            (1, term.LAYER_NORM),
            (1, term.GROUP_NORM),
            (1, term.MULTIPLICATION),
            (1, term.LEAKY_RELU),
            (1, term.AVERAGE_POOL),
            (1, term.GLOBAL_OUT),
            (1, term.MEAN_OUT),
            (4, term.BILINEAR),
            (4, term.GRID_SAMPLE),
            (4, attention.CALLS),
            (1, attention.SCALED_QUERIES),
        ),
        knows=GRAPH_KINDS | {attention.DOT},
    ),
    Convention(
        (("fvcore", "0.1.5"), ("mmengine", "0.10.7"), ("timm", "")),
        "flops",
        "fvcore/nn/jit_handles.py, mmengine/analysis/jit_handles.py; "
        "timm/benchmark.py runs fvcore",
        adds=(
            (2, term.BATCH_NORM),
            (5, term.LAYER_NORM),
            (5, term.GROUP_NORM),
            (1, term.GLOBAL_IN),
            (1, term.NEAREST),
            (4, term.BILINEAR),
            (4, term.GRID_SAMPLE),
            (-1, attention.ATTENDING_MACS),
        ),
        knows=GRAPH_KINDS
        | {"matrix product", "transposed convolution", attention.WEIGHED},
    ),
    Convention(
        (("torchscan", "0.2.0"),),
        "MACs",
        "torchscan/modules/macs.py, for windows given as one number",
        adds=(
            (2, term.BATCH_NORM),
            (1, term.COMPARISONS),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.SQUARE_AVERAGE_POOL),
            (1, term.EVEN_IN),
            (1, term.EVEN_OUT),
            (1, term.ADAPTIVE_COMPARISONS),
            (-1, attention.ATTENTION_MACS),
            (-1, attention.DOT_MACS),
        ),
        knows=WEIGHTED_KINDS
        | COMPARED_KINDS - {"uneven pool"}
        | SIMPLE_KINDS - SQUARE_ALONE
        | SCAN_ZEROS
        | {"leaky_relu", "layer norm"},
        modules=True,
    ),
    Convention(
        (("ptflops (pytorch)", "0.7.5"),),
        "MACs",
        "ptflops/pytorch_ops.py, ReLU and pools by hook and by function, "
        "which misses sums and products written + and *",
        adds=(
            (1, term.BIAS),
            (1, term.LINEAR_BIAS),
            (1, term.TRANSPOSED_BIAS),
            (2, term.BATCH_NORM),
            (1, term.LAYER_NORM),
            (2, term.GROUP_NORM),
            (2, term.RELU),
            (1, term.RELU6),
            (2, term.GELU),
            (1, term.SILU),
            (1, term.LEAKY_RELU),
            (2, term.PRELU),
            (1, term.SOFTMAX),
            (2, term.POOL_IN),
            (-1, attention.DOT_MACS),
            (1, attention.WEIGHED_MACS),
            (1, attention.SELF_SOFTMAX),
            (1, attention.WEIGHED_SOFTMAX),
            (1, attention.SELF_QUERIES),
            (1, attention.BIASES),
        ),
        knows=WEIGHTED_KINDS | COMPARED_KINDS | SIMPLE_KINDS,
        module_knows=frozenset({"transposed convolution"}),
        modules=True,
    ),
    Convention(
        (("thop", "0.1.1"),),
        "MACs",
        "thop/vision/basic_hooks.py",
        adds=(
            (4, term.BATCH_NORM),
            (4, term.LAYER_NORM),
            (1, term.PRELU),
            (3, term.FLAT_SOFTMAX),
            (-1, term.SOFTMAX_ROWS),
            (1, term.AVERAGE_POOL),
            (1, term.GLOBAL_IN),
            (1, term.GLOBAL_OUT),
            (1, term.NEAREST),
            (11, term.BILINEAR),
            (-1, attention.ATTENTION_MACS),
            (-1, attention.DOT_MACS),
        ),
        knows=WEIGHTED_KINDS | COMPARED_KINDS | QUIET_KINDS | {"native_group_norm"},
        modules=True,
    ),
    Convention(
        (("torch FlopCounterMode", "2.13.0"),),
        "FLOP",
        "torch/utils/flop_counter.py, on meta tensors",
        macs=2,
        knows=ZERO_KINDS | TORCH_COUNTED_KINDS,
    ),
    Convention(
        (("calflops", "0.3.2"),),
        "FLOPs",
        "calflops/pytorch_ops.py, which misses sums and products written + and *",
        macs=2,
        adds=(
            *PATCHED_FUNCTIONS,
            (-2, attention.ANY_ATTENDING_MACS),
            (1, attention.WEIGHED_SOFTMAX),
        ),
        knows=WEIGHTED_KINDS | COMPARED_KINDS - {"ReLU6"} | SIMPLE_KINDS,
        module_knows=frozenset({"ReLU6"}),
        modules=True,
    ),
    Convention(
        (("DeepSpeed", "0.19.8"),),
        "FLOPs",
        "deepspeed/profiling/flops_profiler/profiler.py, which misses sums and "
        "products written + and *",
        macs=2,
        adds=(*PATCHED_FUNCTIONS, (1, attention.WEIGHED_SOFTMAX)),
        knows=WEIGHTED_KINDS
        | COMPARED_KINDS - {"ReLU6"}
        | SIMPLE_KINDS
        | attention.MEASURED,
        module_knows=frozenset({"ReLU6"}),
        modules=True,
    ),
    Convention(
        (("torchscan", "0.2.0"),),
        "FLOPs",
        "torchscan/modules/flops.py, for windows given as one number",
        macs=2,
        adds=(
            (-1, term.WEIGHTED_OUT),
            (1, term.BIAS),
            (4, term.BATCH_NORM),
            (2, term.NORM_CHANNELS),
            (1, term.RELU),
            (2, term.RELU6),
            (4, term.LEAKY_RELU),
            (4, term.SIGMOID),
            (6, term.TANH),
            (1, term.DROPOUT),
            (1, term.COMPARISONS),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.SQUARE_AVERAGE_POOL),
            (1, term.EVEN_IN),
            (1, term.EVEN_OUT),
            (1, term.ADAPTIVE_COMPARISONS),
            (-2, attention.DOT_MACS),
        ),
        knows=WEIGHTED_KINDS
        | COMPARED_KINDS - {"uneven pool", "linear bias"}
        | SIMPLE_KINDS - SQUARE_ALONE
        | SCAN_ZEROS,
        modules=True,
    ),
    Convention(
        (("torchlens", "2.36.1"),),
        "FLOPs",
        "torchlens/capture/flops.py, a multiply-accumulate as two, "
        "for windows given as one number",
        macs=2,
        adds=(
            (1, term.BIAS),
            (1, term.LINEAR_BIAS),
            (1, term.TRANSPOSED_BIAS),
            (5, term.BATCH_NORM),
            (1, term.RELU),
            (1, term.RELU6),
            (4, term.SIGMOID),
            (14, term.GELU),
            (5, term.SOFTMAX),
            (1, term.ADDITION),
            (1, term.MULTIPLICATION),
            (2, term.DROPOUT),
            (1, term.MAX_POOL_WIDE),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.GLOBAL_IN),
            (1, term.MEAN_IN),
            (1, term.REDUCED),
            (2, term.FOUND),
            (3, term.VARIED),
            (1, term.SIMPLE),
            (2, term.ROOTS),
            (3, term.BLENDS),
            (4, term.RESIZED),
            (5, term.NORMALISED),
            (6, term.TANH),
            (6, term.LOG_SOFTMAX),
            (8, term.EXPONENTIALS),
            (9, term.SOFTPLUS),
            (1, attention.BIASES),
            (6, attention.FUSED_SOFTMAX),
            (5, attention.WEIGHED_SOFTMAX),
            (1, attention.SCALED_QUERIES),
            (1, attention.MEANS),
        ),
        knows=WEIGHTED_KINDS
        | COMPARED_KINDS
        | LENS_PRODUCTS - {"baddbmm"}
        | {attention.UNBIASED},
    ),
)
"""Every convention, by its total for ResNet-50. To add one, add an entry."""
