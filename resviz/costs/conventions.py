"""What other tools and papers count: one entry a convention.

Every tool starts from the MACs of convolutions and linear layers, once or twice, and
adds amounts of its own. Each entry but pycls, whose code was read, was compared with
what the tool itself prints, for the networks in tests/data/tool_totals.csv and
tool_measurements.csv; for kinds of operations that were not, it gives no number.
"""

from __future__ import annotations

from dataclasses import dataclass

from resviz.costs import amounts
from resviz.costs.amounts import KINDS, VARIANTS, Amount
from resviz.costs.rules import FREE, RULES

Entry = tuple[int, Amount]
"""How often a convention counts each element of an amount."""

WEIGHTED = frozenset({"convolution", "linear", "linear over positions"})
"""Kinds of which every convention counts the MACs."""

PLAIN = frozenset({
    "batch norm", "ReLU", "ReLU6", "sigmoid", "addition", "multiplication", "dropout",
    "max pool", "average pool", "global pool", "uneven pool", "mean",
})  # fmt: skip
"""Kinds in the networks with which every tool was compared."""

PRODUCTS = WEIGHTED | {"transposed convolution", "recurrent layer"}
"""Kinds that are products, whatever a tool makes of them."""

SILENT = PLAIN | FREE | {*KINDS.values(), *VARIANTS} - PRODUCTS
"""Kinds to which a tool that counts products alone gives nothing."""

EVERYTHING = SILENT | PRODUCTS | frozenset(RULES)
"""Kinds of a convention that is the sum of all MACs."""

REGISTERED = PRODUCTS | {"bmm", "baddbmm"}
"""Products that torch's counter counts."""


@dataclass(frozen=True, slots=True)
class Convention:
    """One published way to count.

    Attributes:
        tools: who counts so, each with its version; of a paper, the year.
        calls_it: the tool's name for its number.
        source: the place that says so, and what to know of it.
        macs: how often it counts a MAC.
        adds: what it adds to them, and how often.
        knows: kinds for which its count is known, besides those that it adds.
        modules: whether it looks at modules of torch alone, so that what functions
            do is not known.
    """

    tools: tuple[tuple[str, str], ...]
    calls_it: str
    source: str
    macs: int = 1
    adds: tuple[Entry, ...] = ()
    knows: frozenset[str] = WEIGHTED | PLAIN
    modules: bool = False

    @property
    def counter(self) -> str:
        """The tools with their versions: "fvcore 0.1.5, mmengine 0.10.7"."""
        return ", ".join(" ".join(tool).strip() for tool in self.tools)


CONVENTIONS = (
    Convention(
        (("torchvision", "0.28.0"),),
        "GFLOPS",
        "_ops of its weights, in units of 1e9",
        knows=EVERYTHING,
    ),
    Convention(
        (("He et al.", "2015"),),
        "FLOPs",
        "section 3.3, multiply-adds",
        knows=EVERYTHING,
    ),
    Convention(
        (
            ("calflops", "0.3.2"),
            ("DeepSpeed", "0.19.8"),
        ),
        "MACs",
        "calflops/pytorch_ops.py, deepspeed/profiling/flops_profiler/profiler.py",
        knows=WEIGHTED | SILENT,
        modules=True,
    ),
    Convention(
        (("torchlens", "2.36.1"),),
        "MACs",
        "torchlens/capture/flops.py",
    ),
    Convention(
        (("pycls", "0.1.1"),),
        "flops",
        "pycls/models/blocks.py, read but not run",
        adds=((1, amounts.BIAS_PARAMETERS),),
        knows=WEIGHTED - {"linear over positions"} | PLAIN,
    ),
    Convention(
        (("ptflops (aten)", "0.7.5"),),
        "MACs",
        "ptflops/aten_ops.py",
        adds=((1, amounts.BIAS),),
        knows=WEIGHTED | SILENT,
    ),
    Convention(
        (("torchinfo", "1.8.0"),),
        "mult-adds",
        "torchinfo/layer_info.py, parameters times positions",
        adds=((1, amounts.FLAT_BIAS), (1, amounts.NORM_PARAMETERS)),
        knows=WEIGHTED - {"linear over positions"} | PLAIN | {"softmax"},
        modules=True,
    ),
    Convention(
        (("torchprofile", "0.1.0"),),
        "MACs",
        "torchprofile/handlers.py",
        adds=(
            (1, amounts.BATCH_NORM),
            (1, amounts.LAYER_NORM),
            (1, amounts.MULTIPLICATION),
            (1, amounts.AVERAGE_POOL),
            (1, amounts.GLOBAL_OUT),
            (1, amounts.MEAN_OUT),
        ),
        knows=WEIGHTED | PLAIN | {"GELU", "softmax"},
    ),
    Convention(
        (
            ("fvcore", "0.1.5"),
            ("mmengine", "0.10.7"),
            ("timm", ""),
        ),
        "flops",
        "fvcore/nn/jit_handles.py, mmengine/analysis/jit_handles.py; "
        "timm/benchmark.py runs fvcore",
        adds=(
            (2, amounts.BATCH_NORM),
            (5, amounts.LAYER_NORM),
            (1, amounts.GLOBAL_IN),
        ),
        knows=WEIGHTED | PLAIN | {"GELU", "softmax"},
    ),
    Convention(
        (("torchscan", "0.2.0"),),
        "MACs",
        "torchscan/modules/macs.py, for windows given as one number",
        adds=(
            (2, amounts.BATCH_NORM),
            (1, amounts.COMPARISONS),
            (1, amounts.AVERAGE_POOL_WIDE),
            (1, amounts.AVERAGE_POOL),
            (1, amounts.EVEN_IN),
            (1, amounts.EVEN_OUT),
        ),
        knows=WEIGHTED | PLAIN - {"uneven pool"} | {"softmax"},
        modules=True,
    ),
    Convention(
        (("ptflops (pytorch)", "0.7.5"),),
        "MACs",
        "ptflops/pytorch_ops.py, ReLU and pools by hook and by function",
        adds=(
            (1, amounts.BIAS),
            (2, amounts.BATCH_NORM),
            (2, amounts.RELU),
            (1, amounts.RELU6),
            (1, amounts.SOFTMAX),
            (2, amounts.POOL_IN),
        ),
        modules=True,
    ),
    Convention(
        (("thop", "0.1.1"),),
        "MACs",
        "thop/vision/basic_hooks.py",
        adds=(
            (4, amounts.BATCH_NORM),
            (3, amounts.SOFTMAX),
            (-1, amounts.SOFTMAX_ROWS),
            (1, amounts.AVERAGE_POOL),
            (1, amounts.GLOBAL_IN),
            (1, amounts.GLOBAL_OUT),
        ),
        modules=True,
    ),
    Convention(
        (("torch FlopCounterMode", "2.13.0"),),
        "FLOP",
        "torch/utils/flop_counter.py, on meta tensors",
        macs=2,
        knows=SILENT | REGISTERED,
    ),
    Convention(
        (
            ("calflops", "0.3.2"),
            ("DeepSpeed", "0.19.8"),
        ),
        "FLOPs",
        "calflops/pytorch_ops.py, which misses additions written + or +=",
        macs=2,
        adds=(
            (1, amounts.CONV_BIAS),
            (2, amounts.BATCH_NORM),
            (5, amounts.LAYER_NORM),
            (1, amounts.RELU),
            (1, amounts.GELU),
            (1, amounts.SOFTMAX),
            (1, amounts.POOL_IN),
        ),
        modules=True,
    ),
    Convention(
        (("torchscan", "0.2.0"),),
        "FLOPs",
        "torchscan/modules/flops.py, for windows given as one number",
        macs=2,
        adds=(
            (-1, amounts.WEIGHTED_OUT),
            (1, amounts.BIAS),
            (4, amounts.BATCH_NORM),
            (2, amounts.NORM_CHANNELS),
            (1, amounts.RELU),
            (2, amounts.RELU6),
            (1, amounts.COMPARISONS),
            (1, amounts.AVERAGE_POOL_WIDE),
            (1, amounts.AVERAGE_POOL),
            (1, amounts.EVEN_IN),
            (1, amounts.EVEN_OUT),
        ),
        knows=WEIGHTED | PLAIN - {"uneven pool", "sigmoid", "dropout"} | {"softmax"},
        modules=True,
    ),
    Convention(
        (("torchlens", "2.36.1"),),
        "FLOPs",
        "torchlens/capture/flops.py, a multiply-accumulate as two",
        macs=2,
        adds=(
            (1, amounts.BIAS),
            (5, amounts.BATCH_NORM),
            (1, amounts.RELU),
            (1, amounts.RELU6),
            (4, amounts.SIGMOID),
            (5, amounts.SOFTMAX),
            (1, amounts.ADDITION),
            (1, amounts.MULTIPLICATION),
            (2, amounts.DROPOUT),
            (1, amounts.MAX_POOL_WIDE),
            (1, amounts.AVERAGE_POOL_WIDE),
            (1, amounts.GLOBAL_IN),
            (1, amounts.MEAN_IN),
        ),
    ),
)
"""Every convention, by its total for ResNet-50. To add one, add an entry."""
