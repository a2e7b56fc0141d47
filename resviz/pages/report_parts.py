"""The parts of a network for the report's script, and boxes that select them."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from resviz.escape import clean_name
from resviz.readings import costs
from resviz.readings.part_tree import read_part_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.readings.part_tree import NetworkPart
    from resviz.readings.structure import Block, Structure, Unit
    from resviz.record import Architecture


def write_parts(arch: Architecture, structure: Structure) -> list[Any]:
    """Write the parts of a network: [kind, name, parts, and of a block what it is].

    A layer is its number. Equal blocks in a row are one part more, a "fold".
    """
    blocks = {block.end: block for block in structure.blocks}
    folds = {
        fold.block.end: fold.count
        for stage in structure.stages
        for fold in stage.folds
        if fold.count > 1
    }
    return [*list_inner_parts(read_part_tree(arch).parts, blocks, folds)]


def list_inner_parts(
    parts: Sequence[NetworkPart], blocks: dict[int, Block], folds: dict[int, int]
) -> Iterator[Any]:
    """Yield the parts in a part, equal blocks in a row as one."""
    waiting = iter(parts)
    for part in waiting:
        kind, number = part.key[-1]
        count = folds.get(number, 1) if kind == "block" else 1
        members = [part, *islice(waiting, count - 1)]
        written = [write_part(member, blocks, folds) for member in members]
        if count > 1:
            name = f"{members[0].name} – {members[-1].name}"
            yield ["fold", clean_name(name), written]
        else:
            yield written[0]


def write_part(
    part: NetworkPart, blocks: dict[int, Block], folds: dict[int, int]
) -> Any:
    """Write one part with those in it."""
    kind, number = part.key[-1]
    if kind == "layer":
        return number
    inner = [*list_inner_parts(part.parts, blocks, folds)]
    written = [kind, clean_name(part.name), inner]
    if kind == "block":
        block = blocks[number]
        units = [write_unit(unit) for unit in block.units]
        written.append([clean_name(block.path), block.type, units])
    return written


def write_unit(unit: Unit) -> list[Any]:
    """Write a residual unit: its ends, and what its shortcut is and why."""
    shortcut = unit.shortcut
    return [
        unit.fork,
        -1 if unit.join is None else unit.join,
        shortcut.kind,
        clean_name(shortcut.label),
        shortcut.reason or "",
        list(shortcut.layer_indices),
    ]


def find_selecting_boxes(arch: Architecture, picture: Picture) -> list[list[Any]]:
    """Find the boxes of a picture that hold layers.

    Units: their places in per cent of the picture: left, top, width, height; then the
    first and the last layer of what a box selects.
    """
    holders: dict[str, set[int]] = defaultdict(set)
    for ledger in picture.ledgers:
        for layer, keys in ledger.find_holders().items():
            for key in keys if 0 <= layer < len(arch.stored_layers) else ():
                holders[key].add(layer)
    width, height = picture.size
    boxes = []
    for node in (*picture.nodes, *picture.solids):
        layers = holders.get(node.key)
        if layers:
            place = (
                100 * node.left / width,
                100 * node.top / height,
                100 * (node.right - node.left) / width,
                100 * (node.bottom - node.top) / height,
            )
            held = find_held_layer(arch, layers)
            ends = [held, held] if held >= 0 else [min(layers), max(layers)]
            boxes.append([*(round(side, 2) for side in place), *ends])
    return boxes


def find_held_layer(arch: Architecture, layers: set[int]) -> int:
    """Find the only layer in a box that multiplies; -1 if there are several or none."""
    heavy = [k for k in layers if costs.count_known_macs(arch.stored_layers[k])]
    return heavy[0] if len(heavy) == 1 else -1
