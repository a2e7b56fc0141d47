"""Icicle: what each stage, block and layer has of a cost, as lengths to scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures import sentences
from resviz.figures.heat import HEATS
from resviz.figures.icicle.placing import IciclePlacing
from resviz.figures.icicle.shares import measure_shares
from resviz.figures.part_names import name_part
from resviz.units import format_sentence

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.icicle.shares import Shares
    from resviz.record import Architecture

USUAL_COST = "macs"
"""What an icicle shows unless another cost is wanted."""


def draw(
    arch: Architecture,
    *,
    heat: str | None = None,
    direction: str = "TB",
    depth: int | None = None,
) -> Picture:
    """Draw an icicle of a cost, its root above or at the left, so many levels deep.

    Raises:
        RenderError: for a cost that does not add up, or of which a network has none.
        RecordError: for a cost that the record does not tell.
    """
    return IciclePlacing(arch, read_shares(arch, heat, depth), direction).draw_picture()


def description(
    arch: Architecture, *, heat: str | None = None, depth: int | None = None
) -> str:
    """Say what each stage has of a cost, and what no box has."""
    shares = read_shares(arch, heat, depth)
    parts = [
        f"{name_part(arch, part)} {shares.write_share(part)}"
        for part in shares.list_largest()
    ]
    said = (
        f"Icicle of {arch.label}: {shares.heat.name} of its stages, their blocks and "
        f"layers, to scale. Of {shares.write(shares.root)}{shares.suffix}, "
        f"the largest parts are {sentences.join_with_and(parts)}."
    )
    return " ".join([said, *map(format_sentence, shares.list_missing())])


def read_shares(arch: Architecture, name: str | None, depth: int | None) -> Shares:
    """Read what each part of a network has of a cost.

    Raises:
        RenderError: as `draw`.
    """
    heat = HEATS[name or USUAL_COST]
    others = [each for each in HEATS if HEATS[each].adds_up]
    if not heat.adds_up:
        raise RenderError(
            f"heat: got {name!r} for 'icicle', and a {heat.name} is no sum of "
            f"others: want one of {', '.join(others)}"
        )
    shares = measure_shares(arch, heat, depth)
    if not shares.amounts[shares.root.key]:
        raise RenderError(
            f"{arch.label}: no {heat.name} that are counted, so an icicle has no "
            f"boxes: want heat {' or '.join(each for each in others if each != name)}"
        )
    return shares
