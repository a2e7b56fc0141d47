"""The rows of a stack: a box each, in pieces, with the arcs of their shortcuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.stage_parts import StagePart
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class StackRow:
    """One box.

    Attributes:
        label: what is written in it.
        boxed: whether it has weights; "small plain" stands for what has none.
        positions: of one sample's output, by which networks are aligned.
        size: the same, as printed.
        end: index of the layer that gives its output.
        tint: the colours of its resolution.
        layers: the layers that it stands for.
        apart: whether it reads nothing of the row above, as a branch beside it.
        reads: the layers that end the rows which it reads, but for the row above.
    """

    label: str
    boxed: bool
    positions: int
    size: str
    end: int
    tint: str = "stem"
    layers: tuple[int, ...] = ()
    apart: bool = False
    reads: tuple[int, ...] = ()

    @property
    def forks(self) -> bool:
        """Whether it reads one row alone, which is not the one above."""
        return self.apart and len(self.reads) == 1


@dataclass(frozen=True, slots=True)
class ShortcutArc:
    """A shortcut: its kind, the layer it leaves, the rows of its piece it spans.

    `sign` is that of the addition below the last of them, `join_layers` what that
    stands for, and `layers` lie on the shortcut.
    """

    kind: str
    fork: int
    first: int
    last: int
    sign: str
    layers: tuple[int, ...] = ()
    join_layers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StackPiece:
    """A block, or one layer outside of blocks.

    Attributes:
        rows: its boxes, in order.
        arcs: its shortcuts.
        joins: numbers of the rows below which a shortcut ends; also of a plain twin.
        part: "stem", "head", or the number of its stage.
        fold_key: what equal pieces share, to be folded.
        turns: the equal ones that it stands for, itself the first; () for none else.
        hidden: how many pieces it stands for that are not drawn; 0 for any other.
    """

    rows: tuple[StackRow, ...]
    arcs: tuple[ShortcutArc, ...] = ()
    part: str | int = "stem"
    fold_key: Any = None
    joins: tuple[int, ...] = ()
    turns: tuple[StackPiece, ...] = ()
    hidden: int = 0

    @property
    def count(self) -> int:
        """How many equal ones it stands for."""
        return len(self.turns) or 1

    @property
    def piece_layers(self) -> list[int]:
        """The layers of all its rows, arcs and turns."""
        layers = [
            index
            for piece in self.turns or (self,)
            for part in (*piece.rows, *piece.arcs)
            for index in part.layers
        ]
        arcs = [arc for piece in self.turns or (self,) for arc in piece.arcs]
        return layers + [index for arc in arcs for index in arc.join_layers]


@dataclass(frozen=True, slots=True)
class Stack:
    """One network from top to bottom.

    Attributes:
        title: its name.
        facts: what it costs.
        pieces: in execution order, the input first.
        chained: whether its weighted boxes follow one another.
        arch: the record; None of a plain twin, which is no record.
        part: the stages that are drawn; None for all.
    """

    title: str
    facts: str
    pieces: tuple[StackPiece, ...]
    chained: bool
    arch: Architecture | None
    part: StagePart | None = None

    @property
    def rows(self) -> list[StackRow]:
        """The boxes of all pieces."""
        return [row for piece in self.pieces for row in piece.rows]

    @property
    def is_serial(self) -> bool:
        """Whether branches that are parallel stand below one another."""
        return not self.chained and any(row.apart for row in self.rows)


def merge_attention_rows(rows: list[StackRow]) -> list[StackRow]:
    """Merge the two adjacent products of attention into one row."""
    merged: list[StackRow] = []
    for row in rows:
        if row.label == "product" and merged and merged[-1].label == "product":
            layers = merged[-1].layers + row.layers
            merged[-1] = replace(row, label="attention", layers=layers)
        else:
            merged.append(row)
    return merged


def give_layers(rows: list[StackRow], layers: Iterable[int]) -> list[StackRow]:
    """Give the layers of a unit that no row stands for to the row before them.

    Those before its first row belong to what they read.
    """
    taken = {index for row in rows for index in row.layers}
    more: list[list[int]] = [[] for _ in rows]
    for index in sorted({*layers} - taken):
        before = [k for k, row in enumerate(rows) if min(row.layers, default=0) < index]
        if before:
            more[before[-1]].append(index)
    return [
        replace(row, layers=(*row.layers, *extra))
        for row, extra in zip(rows, more, strict=True)
    ]


def settle_row_sizes(
    rows: list[StackRow], before: tuple[int, str], known: set[int]
) -> list[StackRow]:
    """Give a unit's rows of an inner size, as that of windows, the last known size."""
    settled_rows: list[StackRow] = []
    for row in rows:
        if row.positions not in known:
            row = replace(row, positions=before[0], size=before[1])  # noqa: PLW2901 - settled
        settled_rows.append(row)
        before = row.positions, row.size
    return settled_rows
