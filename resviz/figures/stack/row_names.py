"""What the rows of a stack are called by, where these are no words of papers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.part_names import name_layer
from resviz.readings.stage_modules import name_layers

if TYPE_CHECKING:
    from resviz.figures.stack.rows import Stack, StackPiece, StackRow
    from resviz.record import Architecture


def rename_rows(stack: Stack, arch: Architecture) -> Stack:
    """Call the rows of a stack by their modules, where its sheet says so.

    Classes are many times the same, so what a row does stands behind its class. What
    stands for the parts around its stages stays.
    """
    naming = find_sheet().names
    if naming == "paper":
        return stack
    sides = {stack.part.source, stack.part.target} if stack.part else set[str]()

    def name_row(row: StackRow) -> str:
        if row.boxed:
            name = clean_name(name_layer(arch.stored_layers[row.layers[0]]))
            does = row.label.replace(" conv,", ",")
            return f"{name}: {does}" if naming == "class" else name
        return name_layers(arch, row.layers, naming) or row.label

    def rename_piece(piece: StackPiece) -> StackPiece:
        if len(piece.rows) == 1 and piece.rows[0].label in sides:
            return piece
        rows = (replace(row, label=name_row(row)) for row in piece.rows)
        return replace(piece, rows=tuple(rows))

    return replace(stack, pieces=tuple(map(rename_piece, stack.pieces)))


SHORTER = ((" conv,", ","), ("average pool", "avg pool"))
"""What is written shorter in a narrow column: "3×3, 64, /2", as in an overview."""


def shorten_rows(stack: Stack) -> Stack:
    """Write the rows of a stack shorter."""

    def shorten(row: StackRow) -> StackRow:
        label = row.label
        for long, short in SHORTER:
            label = label.replace(long, short)
        return replace(row, label=label)

    return replace(
        stack,
        pieces=tuple(
            replace(piece, rows=tuple(map(shorten, piece.rows)))
            for piece in stack.pieces
        ),
    )
