"""The words of attention in figures: Q, K and V, heads, windows, and its products."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ATTENTIONS,
    ELEMENTWISE,
    NORMS,
    QUIET_OPERATIONS,
    RESHAPES,
    SELECTIONS,
    SOFTMAXES,
)
from resviz.readings.attention import AttentionShape, read_width
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.weights import is_live_product, is_weighted
from resviz.record.cached import cache_reading
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from resviz.readings.structure.graph import Graph
    from resviz.record import Architecture, Operation

PASSED = RESHAPES | SELECTIONS | ELEMENTWISE | NORMS | QUIET_OPERATIONS
"""What may stand between a weighted layer, the products and the softmax."""

SCALES = frozenset({"mul", "div"})
"""Operations that scale; by what is not in the record."""


@dataclass(frozen=True, slots=True)
class AttentionWords:
    """What figures say of a network's attention, by node.

    Attributes:
        letters: which of Q, K and V a weighted layer gives, in that order.
        products: the first product, with its heads and windows, or the whole attention
            where one operation is all of it.
        whole: those of `products` that are all of it.
        sums: the second product, which weighs the values.
        scales: nodes that scale what is multiplied.
    """

    letters: dict[int, list[str]] = field(default_factory=dict)
    products: dict[int, tuple[str, ...]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    sums: set[int] = field(default_factory=set)
    scales: set[int] = field(default_factory=set)

    def label_briefly(self, node: int, labels: list[str]) -> list[str]:
        """Label a node in a row of others: both products and the softmax are one."""
        if node in self.sums:
            return []
        if node in self.products:
            return [", ".join(("attention", *self.products[node]))]
        return self.add_letters(node, labels)

    def label_in_row(self, node: int, labels: list[str]) -> list[str]:
        """Label a node that has a row of its own, where a long name has no room."""
        if node in self.whole:
            return self.label_briefly(node, labels)
        return self.label_fully(node, labels)

    def label_fully(self, node: int, labels: list[str]) -> list[str]:
        """Label a node that stands alone."""
        if node in self.sums:
            return ["weights · v"]
        if node in self.products:
            whole = node in self.whole
            name = "scaled dot-product attention" if whole else "q·kᵀ"
            return [", ".join((name, *self.products[node]))]
        if node in self.scales:
            return ["scale"]
        return self.add_letters(node, labels)

    def add_letters(self, node: int, labels: list[str]) -> list[str]:
        """Say of a weighted layer what it gives to attention."""
        if node not in self.letters or not labels:
            return labels
        return [f"{', '.join(self.letters[node])}: {labels[0]}", *labels[1:]]


@cache_reading
def read_attention_words(arch: Architecture) -> AttentionWords:
    """Read the words of a network's attention; what is unusual has none."""
    graph, words = build_graph(arch), AttentionWords()
    for node, operations in graph.operations.items():
        names = {op.name for op in operations}
        fused = [op for op in operations if op.name in ATTENTIONS]
        if len(fused) == 1 and len(fused[0].inputs[0]) == 4:
            batches, heads, *_ = fused[0].inputs[0]
            words.products[node] = format_heads(batches, heads, arch.batch)
            words.whole.add(node)
            sources = graph.sources[node]
            if len(sources) in {1, 3}:
                note_letters(graph, words, zip("QKV", sources * 3, strict=False))
        elif names & SOFTMAXES and names <= PASSED | SOFTMAXES:
            note_softmax(graph, words, node)
    return words


def note_softmax(graph: Graph, words: AttentionWords, softmax: int) -> None:
    """Note the two products around a softmax, if it has them."""
    after = {node: (*readers,) for node, readers in graph.after.items()}
    above, first = walk(graph, graph.sources[softmax], graph.sources, multiplies)
    below, second = walk(graph, after.get(softmax, ()), after, multiplies)
    if len(first) != 1 or len(second) != 1:
        return
    (first_node,), (second_node,) = first, second
    sources = graph.sources[first_node]
    values = {*graph.sources[second_node]} - {softmax} - below
    if len(sources) > 2 or not sources or first_node == second_node:
        return
    roots = [("Q", sources[0]), ("K", sources[-1])]
    roots += [("V", value) for value in values if len(values) == 1]
    before = note_letters(graph, words, roots)
    op = next(op for op in graph.operations[first_node] if is_live_product(op))
    words.products[first_node] = find_projected_heads(
        graph, op, second_node
    ) or find_heads(graph, op, before | above)
    words.sums.add(second_node)
    words.scales.update(node for node in before | above if is_scale(graph, node))


def note_letters(
    graph: Graph, words: AttentionWords, roots: Iterable[tuple[str, int]]
) -> set[int]:
    """Note which weighted layers give Q, K and V; return what stands behind them."""
    passed: set[int] = set()
    for letter, root in roots:
        between, layers = walk(graph, [root], graph.sources, weighs)
        passed |= between
        for layer in layers if len(layers) == 1 else ():
            letters = words.letters.setdefault(layer, [])
            letters += [letter] if letter not in letters else []
    return passed


def walk(
    graph: Graph,
    starts: Iterable[int],
    neighbours: Mapping[int, tuple[int, ...]],
    stops: Callable[[Graph, int], bool],
) -> tuple[set[int], set[int]]:
    """Walk through what only reshapes, scales and adds, until where it stops.

    Returns:
        The nodes on the way, and those where it stopped: none where anything else is.
    """
    passed: set[int] = set()
    found: set[int] = set()
    pending = [*starts]
    while pending:
        node = pending.pop()
        if node in passed or node in found:
            continue
        if node not in graph.operations:
            return passed, set()
        if stops(graph, node):
            found.add(node)
        elif {op.name for op in graph.operations[node]} <= PASSED:
            passed.add(node)
            pending += neighbours.get(node, ())
        else:
            return passed, set()
    return passed, found


def multiplies(graph: Graph, node: int) -> bool:
    """Tell whether a node multiplies two matrices that flow."""
    return any(map(is_live_product, graph.operations[node]))


def weighs(graph: Graph, node: int) -> bool:
    """Tell whether a node has weights to multiply by."""
    return any(map(is_weighted, graph.operations[node]))


def is_scale(graph: Graph, node: int) -> bool:
    """Tell whether a node scales by a constant alone."""
    names = {op.name for op in graph.operations[node]}
    one_source = len(graph.sources[node]) == 1
    return one_source and bool(names & SCALES) and names - RESHAPES <= SCALES


def find_projected_heads(
    graph: Graph, first: Operation, second: int
) -> tuple[str, ...]:
    """Find the heads from how many channels the output projection reads.

    () where there is none, or what it reads are no whole heads.
    """
    after = {node: (*readers,) for node, readers in graph.after.items()}
    _, found = walk(graph, after.get(second, ()), after, weighs)
    if len(found) != 1:
        return ()
    weights = [op for node in found for op in graph.operations[node] if is_weighted(op)]
    last = next(op for op in graph.operations[second] if is_live_product(op))
    width, batch = read_width(weights[0]), max(graph.arch.batch, 1)
    shape = AttentionShape.measure([first, last], batch=batch, read=width)
    if shape.heads is None or shape.heads * shape.depth != width:
        return ()
    return format_heads(shape.groups * batch, shape.heads, batch)


def find_heads(graph: Graph, op: Operation, before: Iterable[int]) -> tuple[str, ...]:
    """Find the heads of a product, whose operands may be flattened over them."""
    shapes = [op.inputs[-2]]
    shapes += [
        shape
        for node in before
        for each in graph.operations[node]
        for shape in each.outputs
    ]
    folded = prod(op.inputs[-2][:-2])
    whole = {
        shape[:2] for shape in shapes if len(shape) == 4 and prod(shape[:2]) == folded
    }
    if len(whole) != 1:
        return ()
    (batches, heads) = whole.pop()
    return format_heads(batches, heads, graph.arch.batch)


def format_heads(batches: int, heads: int, batch: int) -> tuple[str, ...]:
    """Say how many heads and windows there are; one window is none."""
    windows = batches // max(batch, 1)
    words = (format_plural(heads, "head"),)
    return (*words, f"{windows} windows") if windows > 1 else words


def merge_attention_labels(labels: list[str]) -> list[str]:
    """Merge the two adjacent products of attention into one label."""
    merged: list[str] = []
    for label in labels:
        if label == "product" and merged[-1:] == ["product"]:
            merged[-1] = "attention"
        else:
            merged.append(label)
    return merged
