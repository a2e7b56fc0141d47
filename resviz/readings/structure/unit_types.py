"""What the main branch of a residual unit is called, by its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations.families import (
    ATTENTIONS,
    PRODUCTS,
    SOFTMAXES,
)
from resviz.readings.structure.scores import is_gathered, is_softmax, is_summed
from resviz.readings.structure.side_edges import SideKind
from resviz.readings.structure.steps import takes_up_again
from resviz.readings.structure.weights import (
    is_depthwise,
    is_recurrent,
    is_weighted,
    runs_experts,
)
from resviz.record import MODEL_INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.record import Operation


def classify_unit(graph: Graph, nodes: frozenset[int], other: str = "residual") -> str:
    """Classify a main branch by the kernels of its nodes, those of no gate.

    What none of the types fits is the `other` one. The graph keeps what was found.
    """
    kind = graph.unit_types.get(nodes)
    if kind is None:
        kind = graph.unit_types[nodes] = find_unit_type(graph, nodes)
    return kind or other


def find_unit_type(graph: Graph, nodes: frozenset[int]) -> str:
    """Find the type of a main branch; "" if none fits."""
    heavy = nodes & graph.efforts.keys()
    products = [
        node
        for node in sorted(heavy - graph.routed_products.keys())
        if graph.efforts[node].products and not runs_experts(graph.layers[node])
    ]
    if any(attends(graph, node) for node in products) or follows_product(
        graph, nodes, products
    ):
        from resviz.readings.structure.mlps_beside import has_mlp_beside

        return PARALLEL_ATTENTION if has_mlp_beside(graph, nodes) else "attention"
    weighing = nodes & graph.side_edges.keys()
    if any(
        attends_to_one_position(graph, node) or attends_to_neighbours(graph, node)
        for node in weighing
    ):
        return "attention"
    if any(map(is_recurrent, graph.select_layers(heavy))) or takes_up_again(
        graph, heavy
    ):
        return "recurrent"
    weighted_ops = [op for op in graph.list_operations(heavy) if is_weighted(op)]
    kind = next((kind for fits, kind in UNIT_TYPES if fits(weighted_ops)), "")
    if kind == "MLP" and (products or not follow_one_another(graph, nodes)):
        return ""
    return kind


def follow_one_another(graph: Graph, nodes: frozenset[int]) -> bool:
    """Tell whether a weight of some nodes acts on what another made there."""
    made: set[int] = set()
    for node in sorted(nodes):
        effort = graph.efforts.get(node)
        if effort and effort.weighted > 1:
            return True
        is_made = not made.isdisjoint(graph.main_sources[node])
        if is_made and effort:
            return True
        if is_made or effort:
            made.add(node)
    return False


PARALLEL_ATTENTION = "parallel attention and MLP"
"""A unit that adds both at once. Source: Wang and Komatsuzaki 2021, GPT-J."""

ATTENTION_TYPES = {"attention", PARALLEL_ATTENTION}
"""The types of units that attend."""


def attends(graph: Graph, node: int) -> bool:
    """Tell whether a product of live matrices is attention by itself.

    It is if a softmax makes its weights; else it may be over a graph's edges. Source:
    Veličković et al. 2018, GAT; Kipf and Welling 2017, whose product is none.
    """
    if graph.efforts[node].products > 1:
        return True
    if any(op.name in ATTENTIONS for op in graph.operations[node]):
        return True
    return any(is_softmax(graph, source) for source in graph.sources[node])


def follows_product(
    graph: Graph, nodes: frozenset[int], products: Sequence[int]
) -> bool:
    """Tell whether a product of live matrices reads another, as weights of its own.

    A weight between makes it none, unless a softmax is there too, as where heads talk.
    Nor does what reads a state follow what read the last one. Source: Katharopoulos et
    al. 2020, whose attention has no softmax; Shazeer et al. 2020, talking heads;
    Gu and Dao 2023, Mamba, whose scan multiplies a state at every step.
    """
    if len(products) < 2:
        return False
    made, weighing = set[int](), set[int]()  # of a product; of those, which may weigh
    softened: set[int] = set()
    for node in sorted(node for node in nodes if node >= products[0]):
        sources = graph.sources[node]
        if node in products:
            if not weighing.isdisjoint(sources):
                return True
            made.add(node)
            weighing.add(node)
        elif not made.isdisjoint(sources):
            made.add(node)
            names = {op.name for op in graph.operations[node]}
            if names & SOFTMAXES or not softened.isdisjoint(sources):
                softened.add(node)
            is_free = node not in graph.efforts and not weighing.isdisjoint(sources)
            if node in softened or is_free:
                weighing.add(node)
    return False


def attends_to_one_position(graph: Graph, node: int) -> bool:
    """Tell whether a softmax of a product of live matrices weighs what flows.

    For one key `einsum` multiplies, and no second product is there. Source: Chu et al.
    2021, Twins, whose last stage has one at 224×224.
    """
    if SideKind.GATE not in graph.side_edges[node].values():
        return False
    for source in graph.sources[node]:
        if is_softmax(graph, source):
            above = source
            while above > MODEL_INPUT and above not in graph.efforts:
                above = graph.main_sources[above][0]
            if above > MODEL_INPUT and graph.efforts[above].products:
                return True
    return False


def attends_to_neighbours(graph: Graph, node: int) -> bool:
    """Tell whether a softmax weighs what was gathered of neighbours, which are summed.

    Source: Zhao et al. 2021, Point Transformer, equation 3, where weights are vectors.
    """
    if not is_summed(graph, node):
        return False
    weights = [source for source in graph.sources[node] if is_softmax(graph, source)]
    return bool(weights) and any(
        is_gathered(graph, source)
        for source in graph.sources[node]
        if source not in weights
    )


def is_basic(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether two convolutions have one kernel, larger than 1×1.

    Source: He et al. 2015, figure 5, left, where both are 3×3; Kong et al. 2020,
    HiFi-GAN, where one class has 3, 7 and 11.
    """
    sizes = list_kernel_sizes(weighted_ops)
    return len(sizes) == 2 and len({*sizes}) == 1 < sizes[0]


def is_bottleneck(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether one or more convolutions stand between two of 1×1.

    Unless they are 3×3, the first must not widen and the last must. Several are larger
    than 1×1. Source: He et al. 2015, figure 5, right; Brendel and Bethge 2019, BagNet,
    most of whose are 1×1; Gao et al. 2019, Res2Net, figure 2, and Li et al. 2019,
    SKNet, which have several.
    """
    sizes = list_kernel_sizes(weighted_ops)
    inner = {*sizes[1:-1]}
    if not inner or (sizes[0], sizes[-1]) != (1, 1) or (len(sizes) > 3 and 1 in inner):
        return False
    if inner == {3}:
        return True
    ends = weighted_ops[0], weighted_ops[-1]
    (before, narrow), (narrowest, after) = map(find_widths, ends)
    return before >= narrow and narrowest < after


def is_mlp(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether linear layers follow one another, or a 1×1 widens and one narrows.

    Source: Yu et al. 2022, PoolFormer, whose channel MLP is of convolutions.
    """
    if list_kernel_sizes(weighted_ops) == (1, 1):
        (before, wide), (_, after) = map(find_widths, weighted_ops)
        if before < wide > after:
            return True
    return len(weighted_ops) > 1 and all(op.name in PRODUCTS for op in weighted_ops)


def is_pointwise_mlp(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether two 1×1 along a sequence follow one another, however wide between.

    Source: Ma et al. 2022, PointMLP, figure 2, whose residual MLPs keep the width.
    """
    return list_kernel_sizes(weighted_ops) == (1, 1) and all(
        op.window and len(op.window.kernel) == op.window.groups == 1
        for op in weighted_ops
    )


def is_convolution_module(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether one along a sequence, channel by channel, stands between two 1×1.

    The first may give a gate too, and the last keeps the width. Source: Gulati et al.
    2020, Conformer, figure 2; Wu et al. 2019, lightweight convolutions, figure 2.
    """
    if len(weighted_ops) != 3 or not is_depthwise(weighted_ops[1]):
        return False
    first, depthwise, last = weighted_ops
    if depthwise.window and len(depthwise.window.kernel) > 1:
        return False
    if list_kernel_sizes((first, last)) != (1, 1):
        return False
    return find_widths(first)[0] == find_widths(last)[0] == find_widths(last)[1]


def is_inverted_bottleneck(weighted_ops: Sequence[Operation]) -> bool:
    """Tell whether a 1×1 widens and a 1×1 narrows, with depthwise convolutions.

    A gate behind the depthwise one may be what narrows. Source: Sandler et al. 2018,
    MobileNetV2, figure 3; Liu et al. 2022, ConvNeXt, figure 3, where the depthwise
    convolution comes first; Qin et al. 2024, MobileNetV4; Chen et al. 2022, NAFNet,
    figure 3, which gates.
    """
    pointwise = [op for op in weighted_ops if not is_depthwise(op)]
    if len(pointwise) == len(weighted_ops) or list_kernel_sizes(pointwise) != (1, 1):
        return False
    (before, wide), (widest, after) = map(find_widths, pointwise)
    depthwise = (find_widths(op)[1] for op in weighted_ops if is_depthwise(op))
    return before <= wide and after < max(widest, *depthwise)


def list_kernel_sizes(ops: Sequence[Operation]) -> tuple[int, ...]:
    """List the kernel sizes of weighted operations; that of a linear one is 1."""
    return tuple(max(op.window.kernel) if op.window else 1 for op in ops)


def find_widths(op: Operation) -> tuple[int, int]:
    """Find how many channels a weighted operation reads, and how many it gives."""
    axis = 1 if op.window else -1
    before = next(
        shape for shape, flows in zip(op.inputs, op.flowing, strict=True) if flows
    )
    return before[axis], op.outputs[0][axis]


UNIT_TYPES: tuple[tuple[Callable[[Sequence[Operation]], bool], str], ...] = (
    (is_inverted_bottleneck, "inverted bottleneck"),
    (is_mlp, "MLP"),
    (is_basic, "basic"),
    (is_convolution_module, "convolution module"),
    (is_bottleneck, "bottleneck"),
    (is_pointwise_mlp, "MLP"),
)
"""What the weighted operations of a main branch are called, the first that fits."""
