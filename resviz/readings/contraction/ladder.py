"""The ladder: classes are closed, one by one, until a contracted graph fits a budget.

Each step takes the class that makes the drawing fit by most, for the least price: what
a reader no longer sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.contraction.always_rules import (
    count_hidden_resolutions,
    merge_runs,
    merge_sums,
)
from resviz.readings.contraction.candidates import (
    GENERIC_CLASSES,
    ClosingClass,
    find_candidates,
)
from resviz.readings.contraction.equal_runs import merge_equal_runs
from resviz.readings.contraction.folds import fold_motifs_in_order
from resviz.readings.contraction.words import (
    Letters,
    estimate_width,
    label_node,
    name_node,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from resviz.readings.contraction.quotient import ContractedNode, Quotient

COLUMN = 92
"""Pixels of one column of the budget, its gap included, with letters of 11."""

MIN_BOX, MARGINS, GAP = 40, 12, 23
"""Pixels of the narrowest box, of a box's margins, and of the gap behind it."""

JOIN_WIDTH, OUTPUT_WIDTH = 0.42, 0.3
"""Columns of a sign, and of an output's dot."""

MAX_STEPS = 60
"""Steps of the ladder at most."""

MAX_EFFORT = 25_000
"""Nodes of all graphs that are tried, in all: what has no order is left as it is."""

MAX_SHARE = 0.45
"""The share of all weighted layers that may be closed as one; rows of blocks may."""

HARD_FACTOR = 1.35
"""How far beyond its budget a graph must be before resolutions may be hidden."""

FIXED_PRICES = {"again": 0.6, "pooled": 0.3}
"""Prices of rules that hide nothing."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a drawing has room for.

    Attributes:
        columns: of boxes on the longest path, by the width of their labels.
        boxes: signs, inputs and outputs are none.
    """

    columns: float
    boxes: int


SCREEN = Budget(12.6, 44)
"""What fits 1280×800 pixels with letters of 11: columns of 92 pixels."""


@dataclass(slots=True)
class Step:
    """One step of the ladder: what it closed, and what came of it."""

    quotient: Quotient
    size: Budget
    value: float


def climb_ladder(quotient: Quotient, budget: Budget) -> tuple[Quotient, Letters | None]:
    """Close what must be closed for a graph to fit; return it, and its letters."""
    merge_equal_runs(quotient)
    letters: Letters | None = None
    effort = 0
    for _ in range(MAX_STEPS):
        size = measure_size(quotient, letters)
        if size.boxes <= budget.boxes and size.columns <= budget.columns:
            break
        if effort > MAX_EFFORT:
            break
        candidates = find_candidates(quotient)
        effort += len(candidates) * len(quotient.nodes)
        best, best_hiding = find_best_step(
            quotient, candidates, (size, budget), letters
        )
        if best is None and letters is None:
            letters = Letters()
            continue
        step = best or best_hiding
        if step is None:
            break
        quotient = step.quotient
    return quotient, letters


def find_best_step(
    quotient: Quotient,
    candidates: Mapping[ClosingClass, list[frozenset[int]]],
    limits: tuple[Budget, Budget],
    letters: Letters | None,
) -> tuple[Step | None, Step | None]:
    """Find the best step that hides no resolution, and the best that hides one.

    The second is looked for only where the graph is far beyond its budget; where there
    is none, whole levels are closed.
    """
    size, budget = limits
    is_far = (
        size.columns > HARD_FACTOR * budget.columns
        or size.boxes > HARD_FACTOR * budget.boxes
    )
    best: dict[int, Step] = {}
    for closing, sets in candidates.items():
        legal = [keys for keys in sets if may_be_closed(quotient, keys)]
        if not legal:
            continue
        hides = any(count_hidden_resolutions(quotient, {*keys}) for keys in legal)
        if (hides or closing.rule == "level") and not is_far:
            continue
        is_row = closing.rule in {"row", "stage"}
        if not is_row and any(find_share(quotient, keys) > MAX_SHARE for keys in legal):
            continue
        step = try_step(quotient, closing, legal, limits, letters)
        tier = 2 if closing.rule == "level" else int(hides)
        if step and (tier not in best or step.value > best[tier].value):
            best[tier] = step
    return best.get(0), best.get(1) or best.get(2)


def try_step(
    quotient: Quotient,
    closing: ClosingClass,
    sets: list[frozenset[int]],
    limits: tuple[Budget, Budget],
    letters: Letters | None,
) -> Step | None:
    """Close a class in a copy; None if that makes nothing fit better."""
    size, budget = limits
    closed = quotient.copy()
    if not close_class(closed, closing, sets):
        return None
    merge_runs(closed)
    merge_sums(closed)
    merge_equal_runs(closed)
    after = measure_size(closed, letters)
    boxes = min(size.boxes - after.boxes, max(size.boxes - budget.boxes, 0))
    too_long = max(size.columns - budget.columns, 0)
    columns = min(size.columns - after.columns, too_long)
    gain = boxes / budget.boxes + 1.5 * columns / budget.columns
    if gain <= 0:
        return None
    price = find_price(quotient, closing, sets)
    if after.boxes < 5:  # next to nothing would be left to see
        price *= 4
    return Step(closed, after, gain / price)


def may_be_closed(quotient: Quotient, keys: frozenset[int]) -> bool:
    """Tell whether a set is convex and gives values at one resolution alone."""
    if not quotient.is_convex(keys):
        return False
    leaving = quotient.wiring.list_values_leaving(quotient.list_ends(keys))
    return len({quotient.wiring.measure_end(end)[0] for end, _ in leaving}) == 1


def find_share(quotient: Quotient, keys: Iterable[int]) -> float:
    """Find the share of all weighted layers that some nodes hold."""
    return quotient.count_weights(keys) / quotient.wiring.total_weighted


def find_price(
    quotient: Quotient, closing: ClosingClass, sets: list[frozenset[int]]
) -> float:
    """Return the price of closing a class: what one can no longer see, in all."""
    if closing.rule in FIXED_PRICES:
        return FIXED_PRICES[closing.rule]
    mean = sum(price_set(quotient, keys) for keys in sets) / len(sets)
    return 0.2 + mean * len(sets) ** 0.4


def price_set(quotient: Quotient, keys: frozenset[int]) -> float:
    """Return the price of closing a set of nodes.

    Dear are cycles and resolutions that are seen no more, values that leave beside the
    first, sources beside the first, and a large share of the weights.
    """
    outside = quotient.list_sources_outside(keys)
    edges = sum(len(quotient.sources[key]) for key in keys)
    cycles = max(edges - (len(keys) + len(outside)) + 1, 0)
    return (
        0.25
        + 0.5 * cycles
        + 3 * count_hidden_resolutions(quotient, {*keys})
        + 4 * (quotient.count_values_leaving(keys) - 1)
        + 0.5 * max(len(outside) - 1, 0)
        + 8 * max(find_share(quotient, keys) - 0.3, 0)
    )


def measure_size(quotient: Quotient, letters: Letters | None) -> Budget:
    """Measure the longest path in columns, and count the boxes, motifs folded."""
    folded = fold_motifs_in_order(quotient, quotient.sort_nodes())
    reach: dict[int, float] = {}
    boxes = 0
    for key in folded.order:
        width, is_box = measure_node(quotient, key, letters)
        boxes += is_box
        before = (reach[source] for source in folded.sources[key])
        reach[key] = width + max(before, default=0)
    return Budget(max(reach.values(), default=0), boxes)


def measure_node(
    quotient: Quotient, key: int, letters: Letters | None
) -> tuple[float, bool]:
    """Return how many columns a node takes, and whether it is a box."""
    role = quotient.nodes[key].role
    if role == "output":
        return OUTPUT_WIDTH, False
    if role == "join":
        return JOIN_WIDTH, False
    lines = label_node(quotient, key, letters)
    width = max(map(estimate_width, lines)) + MARGINS
    return (max(MIN_BOX, width) + GAP) / COLUMN, role not in {"input", "part"}


def close_class(
    quotient: Quotient, closing: ClosingClass, sets: Iterable[frozenset[int]]
) -> bool:
    """Close each set of a class that is still whole, the smallest first."""
    has_closed = False
    for keys in sorted(sets, key=lambda keys: (len(keys), min(keys))):
        if keys <= quotient.nodes.keys() and quotient.is_convex(keys):
            order = [key for key in quotient.sort_nodes() if key in keys]
            close_set(quotient, closing, order)
            has_closed = True
    return has_closed


def close_set(quotient: Quotient, closing: ClosingClass, order: list[int]) -> None:
    """Close one set of nodes; `order` are its nodes, sources first."""
    nodes = [quotient.nodes[key] for key in order]
    parts = join_parts(quotient, nodes)
    node_type = nodes[0].type
    are_blocks = all(node.role == "block" for node in nodes)
    if closing.rule == "paths":
        join = next(node.key for node in reversed(nodes) if node.role == "join")
        quotient.merge(order, "join", into=join)
        return
    if closing.rule in {"stage", "pooled"} or (are_blocks and closing.rule != "again"):
        head = quotient.merge(order, "block", into=order[-1])
        head.parts = parts
        head.type = node_type if closing.rule == "stage" else nodes[-1].type
        return
    head = quotient.merge(order, "region", into=order[0])
    head.parts = parts
    head.model = closing.model
    head.type = find_call_type(quotient, head)


def find_call_type(quotient: Quotient, node: ContractedNode) -> str:
    """Find the class of the call that a node is; "" if it is none that says much."""
    live = quotient.owners
    first, last = min(node.ends), max(node.ends)
    types = [
        call.type.strip("_")
        for call in quotient.wiring.arch.calls[1:]
        if call.start <= first and last < call.stop
        if sum(end in live for end in range(call.start, call.stop)) == len(node.ends)
    ]
    return next((name for name in types if name not in GENERIC_CLASSES), "")


def join_parts(
    quotient: Quotient, nodes: list[ContractedNode]
) -> tuple[tuple[str, int], ...]:
    """List what some nodes were merged of, as (label, how many in a row)."""
    parts: list[tuple[str, int]] = []
    for node in nodes:
        if node.role == "region" and node.type:
            parts.append((node.type, node.times))
        elif node.role != "join":
            parts += node.parts or [(name_node(quotient, node.key), node.times)]
    return tuple(parts)
