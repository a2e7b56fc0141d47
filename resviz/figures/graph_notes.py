"""The words below a contracted graph: its signs, and what is not drawn line by line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.readings.contraction.join_signs import JOIN_NOUNS
from resviz.readings.contraction.words import list_names
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.contraction.drawn import ContractedGraph


WORD_MEANINGS = {"‖": "in parallel", "dw": "depthwise"}
"""What signs in boxes mean."""


def explain_drawing(graph: ContractedGraph) -> Iterator[str]:
    """Yield what lanes, boxes and the signs that occur mean."""
    yield LANE_NOTE
    yield "last line of a box: its output channels"
    if any(node.is_index for node in graph.nodes.values()):
        yield "id: a number by which weights are looked up"
    if any(map(graph.gives_several_sizes, graph.nodes.values())):
        yield "a box that gives several resolutions stands in the lane of the last"
    if any(n.role == "part" and not graph.users[n.key] for n in graph.nodes.values()):
        yield "of “to …” those that it reads"
    if any(
        not graph.users[node.key] and node.role not in END_ROLES
        for node in graph.nodes.values()
    ):
        yield LOOSE_END_NOTE
    yield from explain_signs(graph)
    if any(node.is_shared for node in graph.nodes.values()):
        yield "dotted: weights of another box"
    yield from explain_words(graph)


LANE_NOTE = "a lane: one resolution"

LOOSE_END_NOTE = (
    "a box from which no line leads: the code only looks at its value, as whether an "
    "expert is chosen for this input, or leaves it unused"
)
"""What is said of a box whose value reaches no output."""

END_ROLES = {"input", "output", "part"}
"""Roles of nodes at which a figure begins or ends."""


def explain_signs(graph: ContractedGraph) -> Iterator[str]:
    """Yield what the signs mean that occur beside boxes, and around them."""
    nodes = graph.nodes.values()
    drawn = {node.entrance for node in nodes if node.entrance}
    drawn |= {node.lines[0] for node in nodes if node.role == "join"}
    for sign, noun in JOIN_NOUNS.items():
        if sign in drawn:
            yield f"{sign}: {noun}"
    if any(node.role == "output" for node in nodes):
        yield "dot: output"
    if any(frame.label.startswith("×") for frame in graph.frames):
        yield "dashed frame: repeated so many times; what follows reads the last repeat"
    if any(not frame.label.startswith("×") for frame in graph.frames):
        yield "“as A”: equal to the frame A"


def explain_words(graph: ContractedGraph, *, letters: bool = True) -> Iterator[str]:
    """Yield what the signs and, if wanted, the letters mean that occur in boxes."""
    lines = [line for node in graph.nodes.values() for line in node.lines]
    words = {word for line in lines for word in line.split()}
    for sign, meaning in WORD_MEANINGS.items():
        if sign in words:
            yield f"{sign}: {meaning}"
    for name, code in graph.letters.items():
        if letters and code in words:
            is_class = name[:1].isupper()  # a type of block says its form itself
            yield f"{code}: {name}{describe_kinds(graph, code) if is_class else ''}"


MAX_KINDS = 4
"""Kinds of layers that are told of a box, at most."""


def describe_kinds(graph: ContractedGraph, code: str) -> str:
    """Describe of which kinds of layers a box is, if it says but how many: " of 1×1".

    Example:
        " of 5×5 dw /2, 1×1, 7×7 dw /2, max pool and 3 more kinds"
    """
    boxes = (node for node in graph.nodes.values() if node.lines[0] == code)
    box = next(boxes, None)
    if box is None or any(map(IS_FORM.search, box.lines[1:])):
        return ""
    kinds = [*dict.fromkeys(list_names(graph.wiring, box.ends))]
    left = len(kinds) - MAX_KINDS
    shown = kinds if left <= 1 else kinds[:MAX_KINDS]
    more = f" and {left} more kinds" if left > 1 else ""
    return f" of {', '.join(shown)}{more}" if shown else ""


IS_FORM = re.compile(r"\d×\d|pool|fc|attention")
"""What a line of a box has that says what its layers are."""


def declare_boxes(graph: ContractedGraph) -> Iterator[str]:
    """Yield what lies inside boxes and on lines, by its kind."""
    if graph.hidden_joins:
        counts = [
            format_plural(count, JOIN_NOUNS[sign])
            for sign, count in graph.hidden_joins.most_common()
        ]
        yield f"inside boxes: {', '.join(counts)}"
    if graph.weights_at_joins:
        layers = format_plural(graph.weights_at_joins, "layer")
        alone = graph.weights_at_joins == 1
        has = (
            "has no box: it lies on a line"
            if alone
            else "have no box: they lie on lines"
        )
        yield f"{layers} with weights {has} where branches meet"
    if graph.coverage.constants:
        reads = format_plural(graph.coverage.constants, "read")
        yield f"{reads} of constants not drawn"
