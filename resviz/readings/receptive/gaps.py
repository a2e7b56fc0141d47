"""What fields leave out, and where they are not known, in the words of every output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.receptive import compute_receptive_fields
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.receptive import BlindPositions, ReceptiveFields
    from resviz.record import Architecture


def describe_field_gaps(arch: Architecture) -> Iterator[str]:
    """Yield what fields of a record leave out, and from where on they are not known."""
    fields = compute_receptive_fields(arch)
    if len(arch.inputs) > 1:
        yield f"of the first of {len(arch.inputs)} inputs"
    if fields.gated:
        gates = format_plural(len(fields.gated), "gate")
        yield f"left out: {gates} on the whole input, first at {fields.gated[0]}"
    for gap in fields.unknown:
        times = f", and {gap.count - 1}× more" if gap.count > 1 else ""
        yield f"not known from {gap.first} on{times}: {gap.why}"
    yield from map(describe_blind_positions, list_first_blind(fields))


def list_first_blind(fields: ReceptiveFields) -> list[BlindPositions]:
    """List the first layer of each number of positions that see nothing."""
    first_blind = {(spot.count, spot.positions): spot for spot in fields.blind[::-1]}
    return [*first_blind.values()][::-1]


def describe_blind_positions(spot: BlindPositions) -> str:
    """Say how many positions of a layer see nothing, and whose the field is."""
    verb = "see" if spot.count > 1 else "sees"
    return (
        f"{spot.count} of {spot.positions} positions, first at {spot.name}, {verb} "
        "nothing of the input, as a class token; the field is that of the others"
    )
