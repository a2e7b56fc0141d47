"""What other tools and papers count: one entry a convention.

Every tool starts from the MACs of convolutions and linear layers, once or twice, and
adds amounts of its own. Each entry but pycls, whose code was read, was compared with
what the tool itself prints, for the networks in tests/data/tool_totals.csv and
tool_measurements.csv; for kinds of operations that were not, it gives no number.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.costs import (
    COST_RULES,
    FREE_OPERATIONS,
    MACS,
    find_mac_rule,
    sum_record_costs,
)
from resviz.readings.costs import convention_terms as term
from resviz.readings.costs.convention_terms import (
    MOVING_OPERATIONS,
    SPECIAL_KIND_NAMES,
    TOOL_KINDS,
    Amount,
    name_tool_kind,
)
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.record import Architecture, Operation

AddedAmount = tuple[int, Amount]
"""How often a convention counts each element of an amount."""

WEIGHTED_KINDS = frozenset({"convolution", "linear", "linear over positions"})
"""Kinds of which every convention counts the MACs."""

COMPARED_KINDS = frozenset({
    "batch norm", "ReLU", "ReLU6", "sigmoid", "addition", "multiplication", "dropout",
    "max pool", "average pool", "global pool", "uneven pool", "mean",
})  # fmt: skip
"""Kinds in the networks with which every tool was compared."""

PRODUCT_KINDS = WEIGHTED_KINDS | {"transposed convolution", "recurrent layer"}
"""Kinds that are products, whatever a tool makes of them."""

ZERO_KINDS = (
    COMPARED_KINDS
    | FREE_OPERATIONS
    | {*TOOL_KINDS.values(), *SPECIAL_KIND_NAMES} - PRODUCT_KINDS
)
"""Kinds to which a tool that counts products alone gives nothing."""

ALL_KINDS = ZERO_KINDS | PRODUCT_KINDS | frozenset(COST_RULES)
"""Kinds of a convention that is the sum of all MACs."""

TORCH_COUNTED_KINDS = PRODUCT_KINDS | {"bmm", "baddbmm"}
"""Products that torch's counter counts."""


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
    """

    tools: tuple[tuple[str, str], ...]
    number_name: str
    source: str
    macs: int = 1
    adds: tuple[AddedAmount, ...] = ()
    knows: frozenset[str] = WEIGHTED_KINDS | COMPARED_KINDS
    modules: bool = False

    @property
    def tool_names(self) -> str:
        """The tools with their versions: "fvcore 0.1.5, mmengine 0.10.7"."""
        return ", ".join(" ".join(tool).strip() for tool in self.tools)


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
        (("calflops", "0.3.2"), ("DeepSpeed", "0.19.8")),
        "MACs",
        "calflops/pytorch_ops.py, deepspeed/profiling/flops_profiler/profiler.py",
        knows=WEIGHTED_KINDS | ZERO_KINDS,
        modules=True,
    ),
    Convention((("torchlens", "2.36.1"),), "MACs", "torchlens/capture/flops.py"),
    Convention(
        (("pycls", "0.1.1"),),
        "flops",
        "pycls/models/blocks.py, read but not run",
        adds=((1, term.BIAS_PARAMETERS),),
        knows=WEIGHTED_KINDS - {"linear over positions"} | COMPARED_KINDS,
    ),
    Convention(
        (("ptflops (aten)", "0.7.5"),),
        "MACs",
        "ptflops/aten_ops.py",
        adds=((1, term.BIAS),),
        knows=WEIGHTED_KINDS | ZERO_KINDS,
    ),
    Convention(
        (("torchinfo", "1.8.0"),),
        "mult-adds",
        "torchinfo/layer_info.py, parameters times positions",
        adds=((1, term.FLAT_BIAS), (1, term.NORM_PARAMETERS)),
        knows=WEIGHTED_KINDS - {"linear over positions"} | COMPARED_KINDS | {"softmax"},
        modules=True,
    ),
    Convention(
        (("torchprofile", "0.1.0"),),
        "MACs",
        "torchprofile/handlers.py",
        adds=(
            (1, term.BATCH_NORM),
            (1, term.LAYER_NORM),
            (1, term.MULTIPLICATION),
            (1, term.AVERAGE_POOL),
            (1, term.GLOBAL_OUT),
            (1, term.MEAN_OUT),
        ),
        knows=WEIGHTED_KINDS | COMPARED_KINDS | {"GELU", "softmax"},
    ),
    Convention(
        (("fvcore", "0.1.5"), ("mmengine", "0.10.7"), ("timm", "")),
        "flops",
        "fvcore/nn/jit_handles.py, mmengine/analysis/jit_handles.py; "
        "timm/benchmark.py runs fvcore",
        adds=((2, term.BATCH_NORM), (5, term.LAYER_NORM), (1, term.GLOBAL_IN)),
        knows=WEIGHTED_KINDS | COMPARED_KINDS | {"GELU", "softmax"},
    ),
    Convention(
        (("torchscan", "0.2.0"),),
        "MACs",
        "torchscan/modules/macs.py, for windows given as one number",
        adds=(
            (2, term.BATCH_NORM),
            (1, term.COMPARISONS),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.AVERAGE_POOL),
            (1, term.EVEN_IN),
            (1, term.EVEN_OUT),
        ),
        knows=WEIGHTED_KINDS | COMPARED_KINDS - {"uneven pool"} | {"softmax"},
        modules=True,
    ),
    Convention(
        (("ptflops (pytorch)", "0.7.5"),),
        "MACs",
        "ptflops/pytorch_ops.py, ReLU and pools by hook and by function",
        adds=(
            (1, term.BIAS),
            (2, term.BATCH_NORM),
            (2, term.RELU),
            (1, term.RELU6),
            (1, term.SOFTMAX),
            (2, term.POOL_IN),
        ),
        modules=True,
    ),
    Convention(
        (("thop", "0.1.1"),),
        "MACs",
        "thop/vision/basic_hooks.py",
        adds=(
            (4, term.BATCH_NORM),
            (3, term.SOFTMAX),
            (-1, term.SOFTMAX_ROWS),
            (1, term.AVERAGE_POOL),
            (1, term.GLOBAL_IN),
            (1, term.GLOBAL_OUT),
        ),
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
        (("calflops", "0.3.2"), ("DeepSpeed", "0.19.8")),
        "FLOPs",
        "calflops/pytorch_ops.py, which misses additions written + or +=",
        macs=2,
        adds=(
            (1, term.CONV_BIAS),
            (2, term.BATCH_NORM),
            (5, term.LAYER_NORM),
            (1, term.RELU),
            (1, term.GELU),
            (1, term.SOFTMAX),
            (1, term.POOL_IN),
        ),
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
            (1, term.COMPARISONS),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.AVERAGE_POOL),
            (1, term.EVEN_IN),
            (1, term.EVEN_OUT),
        ),
        knows=WEIGHTED_KINDS
        | COMPARED_KINDS - {"uneven pool", "sigmoid", "dropout"}
        | {"softmax"},
        modules=True,
    ),
    Convention(
        (("torchlens", "2.36.1"),),
        "FLOPs",
        "torchlens/capture/flops.py, a multiply-accumulate as two",
        macs=2,
        adds=(
            (1, term.BIAS),
            (5, term.BATCH_NORM),
            (1, term.RELU),
            (1, term.RELU6),
            (4, term.SIGMOID),
            (5, term.SOFTMAX),
            (1, term.ADDITION),
            (1, term.MULTIPLICATION),
            (2, term.DROPOUT),
            (1, term.MAX_POOL_WIDE),
            (1, term.AVERAGE_POOL_WIDE),
            (1, term.GLOBAL_IN),
            (1, term.MEAN_IN),
        ),
    ),
)
"""Every convention, by its total for ResNet-50. To add one, add an entry."""

HOOKED_MODULES = frozenset({
    "Conv1d", "Conv2d", "Conv3d", "Linear", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d",
    "LayerNorm", "ReLU", "ReLU6", "GELU", "Sigmoid", "Softmax", "Dropout", "MaxPool2d",
    "AvgPool2d", "AdaptiveAvgPool2d",
})  # fmt: skip
"""Modules of torch that tools with hooks know."""


@dataclass(frozen=True, slots=True)
class CountTerm:
    """A part of a total: so many elements, each counted so often."""

    name: str
    each: int
    elements: int

    @property
    def amount(self) -> int:
        """The term's share of the total."""
        return self.each * self.elements


@dataclass(frozen=True, slots=True)
class ConventionCount:
    """The count that one convention gives for one network.

    Attributes:
        convention: how it counts.
        terms: the MACs, and what is added to them, empty terms left out.
        unknown: what the network does for which the convention's count is not known.
    """

    convention: Convention
    terms: tuple[CountTerm, ...]
    unknown: tuple[str, ...]

    @property
    def total(self) -> int | None:
        """The tool's number; None where it is not known."""
        return None if self.unknown else sum(term.amount for term in self.terms)


def apply_conventions(arch: Architecture) -> tuple[ConventionCount, ...]:
    """Count a network by every convention, at the record's batch."""
    return tuple(apply_convention(arch, convention) for convention in CONVENTIONS)


def apply_convention(arch: Architecture, convention: Convention) -> ConventionCount:
    """Count a network by one convention."""
    terms = [CountTerm(MACS, convention.macs, sum_record_costs(arch).macs)]
    terms += [
        CountTerm(added.label, each, sum_amount(arch, added))
        for each, added in convention.adds
    ]
    unknown = dict.fromkeys(find_unknown_kinds(arch, convention))
    return ConventionCount(
        convention, tuple(t for t in terms if t.elements), tuple(unknown)
    )


def sum_amount(arch: Architecture, added: Amount) -> int:
    """Add up an amount over a whole network."""
    return sum(
        added.measure(op)
        for (name, _), ops in group_by_kind(arch).items()
        if name in added.kinds
        for op in ops
    )


def find_unknown_kinds(arch: Architecture, convention: Convention) -> Iterator[str]:
    """Yield the kinds in a network whose count a convention does not define."""
    added_kinds = frozenset[str]().union(
        *(amount.kinds for _, amount in convention.adds)
    )
    for name, is_module in group_by_kind(arch):
        if name not in convention.knows | added_kinds:
            yield name
        elif (
            convention.modules
            and not is_module
            and name in WEIGHTED_KINDS | added_kinds
        ):
            yield f"{name} outside of a module"
    if arch.training and convention.adds:
        yield "training mode"


@cache_reading
def group_by_kind(arch: Architecture) -> dict[tuple[str, bool], list[Operation]]:
    """Group operations by kind, and by whether a module of torch ran them.

    What only moves values is left out, and so are constants, but for products.
    """
    groups: dict[tuple[str, bool], list[Operation]] = defaultdict(list)
    for layer in arch.stored_layers:
        is_module = layer.module and layer.type in HOOKED_MODULES
        for op in layer.operations:
            name = name_tool_kind(layer, op)
            if find_mac_rule(op) or (any(op.flowing) and name not in MOVING_OPERATIONS):
                groups[name, is_module].append(op)
    return groups
