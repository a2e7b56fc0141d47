"""Legends: one line for each sign that occurs in a figure, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.words import sign
from resviz.vocabulary import ACTIVATIONS, CONVOLUTIONS, NORMS, RESHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.overview.outline import Outline, Row
    from resviz.structure import Structure

SHORTCUTS = {
    "identity": "solid: identity",
    "projection": "dashed: projection (with weights)",
    "zero-padded": "dotted: zero channels added, no weights",
    "subsampled": "dotted: positions dropped, no weights",
    "other": "grey dashes: other shortcut",
}
"""What each kind of shortcut looks like."""

GATES = {
    "SE": "SE: squeeze-and-excitation",
    "gate": "gate: a weight for each channel",
}
"""What the words for gates mean."""

VERBS = {"+": "add", "−": "subtract"}
"""What the signs in circles do."""


def shortcuts(kinds: Iterable[str]) -> list[str]:
    """The lines of the kinds of shortcut that occur."""
    present = set(kinds)
    return [said for kind, said in SHORTCUTS.items() if kind in present]


def legend(read: Structure, told: Outline) -> list[str]:
    """The legend of an overview."""
    rows = [row for section in told.sections for row in section.rows]
    said = [*told.stem, *told.head, *(it for row in rows for it in row.words)]
    return [
        *shortcuts(row.kind for row in rows),
        *sum_words(read),
        *convolution_words(read),
        *sign_words(said, rows),
    ]


def sum_words(read: Structure) -> list[str]:
    """What happens at the additions: the same in every block, or left unsaid."""
    layers = read.arch.layers
    units = [unit for block in read.blocks for unit in block.units]
    sums = [(unit.join, unit.end) for unit in units if unit.join is not None]
    signs = {sign(layers[join]) for join, _ in sums}
    ends = {after_sum(read, join, end) for join, end in sums}
    said = [f"{it}: {VERBS[it]}" for it in sorted(signs)]
    return [f"{said[0]}{ends.pop()}"] if len(said) == len(ends) == 1 else said


def after_sum(read: Structure, join: int, end: int) -> str:
    """What follows an addition in its block."""
    names = {op.name for op in read.arch.layers[end].operations}
    if join == end or names <= RESHAPES:
        return ""
    kinds = {"activation": names & ACTIVATIONS, "norm": names & NORMS}
    said = next((word for word, found in kinds.items() if found), "reshape")
    return f", then {'ReLU' if 'relu' in names else said}"


def convolution_words(read: Structure) -> list[str]:
    """Where batch norms stand, if the same holds for every convolution."""
    normed = {
        source.layer
        for layer in read.arch.layers
        for source in layer.sources
        if any("batch_norm" in op.name for op in layer.operations)
    }
    convolutions = {
        layer.index
        for layer in read.arch.layers
        if any(op.name in CONVOLUTIONS for op in layer.operations)
    }
    in_blocks = {index for block in read.blocks for index in block.layers}
    if convolutions <= normed:
        return ["BN after every conv"] if convolutions else []
    inside = convolutions & in_blocks
    if inside and inside <= normed:
        return ["BN after every conv of a block"]
    main = {index for block in read.blocks for index in block.main} & convolutions
    if main and all(activated(read, index) for index in main):
        return ["BN, ReLU before every conv of a block"]
    return []


def activated(read: Structure, index: int) -> bool:
    """Whether a layer reads what a batch norm and a ReLU give."""
    layers = read.arch.layers
    wanted = ["relu", "native_batch_norm"]
    while wanted:
        index = layers[index].sources[0].layer
        names = [op.name for op in layers[index].operations] if index >= 0 else []
        for name in reversed(names):
            if wanted and name == wanted[0]:
                wanted.pop(0)
            elif name not in RESHAPES:
                return False
        if not names:
            return False
    return True


def sign_words(said: list[str], rows: list[Row]) -> list[str]:
    """The signs that occur in some words."""
    details = {part for it in said for part in it.replace(")", "").split(", ")[1:]}
    shortcut = {part for row in rows for it in row.lines for part in it.split(", ")}
    return [
        *(["/2: stride"] if any("/2" in it for it in details | shortcut) else []),
        *(["d: dilation"] if numbered("d", details) else []),
        *(["g: groups"] if numbered("g", details) else []),
        *gate_words(said),
        *(["×n: n equal in a row"] if any(row.count > 1 for row in rows) else []),
    ]


def gate_words(said: Iterable[str]) -> list[str]:
    """What the words for gates mean that occur in some words."""
    present = set(said)
    return [meaning for word, meaning in GATES.items() if word in present]


def numbered(sign: str, details: set[str]) -> bool:
    """Whether a letter with a number stands among some details."""
    return any(it[:1] == sign and it[1:2].isdigit() for it in details)
