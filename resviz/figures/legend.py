"""Legends: one line for each sign that occurs in a figure, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.layer_labels import find_join_sign, label_norm
from resviz.figures.tints import explain_tints
from resviz.operations.families import ACTIVATIONS, CONVOLUTIONS, NORMS, RESHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.overview.rows import Outline, OutlineRow
    from resviz.readings.structure import Structure

SHORTCUT_SIGNS = {
    "identity": "solid: identity",
    "projection": "dashed: projection (with weights)",
    "zero-padded": "dotted: zero channels added, no weights",
    "subsampled": "dotted: positions dropped, no weights",
    "other": "grey dashes: other shortcut",
}
"""What each kind of shortcut looks like."""

GATE_MEANINGS = {
    "SE": "SE: squeeze-and-excitation",
    "channel gate": "channel gate: a weight for each channel",
    "spatial gate": "spatial gate: a weight for each position",
    "added context": "added context: worked out from all positions",
    "gate": "gate: weighs a map, worked out from it",
}
"""What the words for gates mean."""

SIGN_VERBS = {"+": "add", "−": "subtract"}
"""What the signs in circles do."""


def list_shortcut_signs(kinds: Iterable[str]) -> list[str]:
    """Return the legend's lines for the kinds of shortcut that occur."""
    present = set(kinds)
    return [line for kind, line in SHORTCUT_SIGNS.items() if kind in present]


def build_overview_legend(structure: Structure, outline: Outline) -> list[str]:
    """Return the legend of an overview."""
    rows = [row for section in outline.sections for row in section.rows]
    inner = [label for row in rows for label in row.labels]
    labels = [*outline.stem, *outline.head, *inner]
    return [
        *list_shortcut_signs(
            each.shortcut_kind for row in rows for each in (row, row.first or row)
        ),
        *explain_additions(structure),
        *explain_norm_placement(structure),
        *explain_signs(labels, rows),
        *explain_tints(section.tint for section in outline.sections),
    ]


def explain_additions(structure: Structure) -> list[str]:
    """Say what follows every addition, where it is the same in all blocks."""
    layers = structure.arch.layers
    units = [unit for block in structure.blocks for unit in block.units]
    sums = [(unit.join, unit.end) for unit in units if unit.join is not None]
    signs = {find_join_sign(layers[join]) for join, _ in sums}
    ends = {describe_after_addition(structure, join, end) for join, end in sums}
    lines = [f"{symbol}: {SIGN_VERBS[symbol]}" for symbol in sorted(signs)]
    return [f"{lines[0]}{ends.pop()}"] if len(lines) == len(ends) == 1 else lines


def describe_after_addition(structure: Structure, join: int, end: int) -> str:
    """Say which operation follows an addition in its block, of those with a word."""
    names = {op.name for op in structure.arch.layers[end].operations}
    if join == end or names <= RESHAPES:
        return ""
    kinds = {"activation": ACTIVATIONS, "norm": NORMS, "concat": {"cat"}}
    follower = next((word for word, kind in kinds.items() if names & kind), "")
    follower = "ReLU" if "relu" in names else follower
    return f", then {follower}" if follower else ""


def explain_norm_placement(structure: Structure) -> list[str]:
    """Say where norms of one kind stand, if it holds for every convolution."""
    norm_after: dict[int, str] = {}
    convolutions: set[int] = set()
    for layer in structure.arch.layers:
        for op in layer.operations:
            if op.name in NORMS:
                sources = [source.layer for source in layer.sources]
                norm_after |= dict.fromkeys(sources, label_norm(op))
        if any(op.name in CONVOLUTIONS for op in layer.operations):
            convolutions.add(layer.index)
    in_blocks = {index for block in structure.blocks for index in block.layer_indices}
    for members, where in (
        (convolutions, ""),
        (convolutions & in_blocks, " of a block"),
    ):
        norms = {norm_after.get(index, "") for index in members}
        if len(norms) == 1 and norms != {""}:
            return [f"{norms.pop()} after every conv{where}"]
    on_main = {index for block in structure.blocks for index in block.main_indices}
    norms = {
        find_preactivation_norm(structure, index) for index in convolutions & on_main
    }
    if len(norms) == 1 and norms != {""}:
        return [f"{norms.pop()}, ReLU before every conv of a block"]
    return []


def find_preactivation_norm(structure: Structure, index: int) -> str:
    """Find the norm whose ReLU a layer reads, as "BN"; "" if it reads none."""
    layers = structure.arch.layers
    wanted = [frozenset({"relu"}), NORMS]
    while layers[index].sources and (index := layers[index].sources[0].layer) >= 0:
        for op in reversed(layers[index].operations):
            if op.name in wanted[0]:
                if len(wanted) == 1:
                    return label_norm(op)
                wanted.pop(0)
            elif op.name not in RESHAPES:
                return ""
    return ""


def explain_signs(labels: list[str], rows: list[OutlineRow]) -> list[str]:
    """Explain the signs that occur in some labels."""
    details = {
        part for label in labels for part in label.replace(")", "").split(", ")[1:]
    }
    shortcut = {
        part
        for row in rows
        for line in (row.first or row).shortcut_lines
        for part in line.split(", ")
    }
    signs: list[str] = []
    if any("/2" in part for part in details | shortcut):
        signs.append("/2: stride")
    if any("↑" in part for part in details | shortcut):
        signs.append("↑2: upsampling")
    for letter, meaning in (("d", "d: dilation"), ("g", "g: groups")):
        if any(part[:1] == letter and part[1:2].isdigit() for part in details):
            signs.append(meaning)
    signs += explain_gates(labels)
    if any("‖" in label for label in labels):
        signs.append("‖: side by side")
    if any(row.is_alike for row in rows):
        signs.append("×n: n in a row, alike in what is written")
    elif any(row.count > 1 for row in rows):
        signs.append("×n: n equal in a row")
    return signs


def explain_gates(labels: Iterable[str]) -> list[str]:
    """Explain the gates that occur in some labels."""
    present = set(labels)
    return [meaning for word, meaning in GATE_MEANINGS.items() if word in present]


LINE_COLOURS = {
    "falls": "lines that lead {}: to a coarser resolution",
    "rises": "lines that lead {}: to a finer resolution",
}
"""What lines between lanes mean; each is said in its colour, which is another in each
style and palette, and is true where a style or a print has none."""


def add_line_colours(
    canvas: Canvas, centre: float, top: float, directions: tuple[str, str]
) -> float:
    """Explain the colours of lines that occur, from `top` on; return the y below.

    `directions` are where a coarser resolution lies, and where a finer one.
    """
    present = {edge.role for edge in canvas.edges}
    rows = zip(LINE_COLOURS.items(), directions, strict=True)
    for (role, meaning), direction in rows:
        if role in present and find_sheet().has_legend:
            line = meaning.format(direction)
            canvas.add_text(f"{role} label", (centre, top + 7), line)
            top += 13
    return top
