"""What is merged whatever the room: by the rules that hold for every budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.contraction.always_rules import apply_always_rules
from resviz.readings.contraction.quotient import Quotient
from resviz.readings.contraction.wiring import read_wiring
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from resviz.readings.contraction.parts import GraphPart
    from resviz.record import Architecture


@cache_reading
def read_merged_quotient(arch: Architecture) -> Quotient:
    """Read what the rules make of a record that hold for every budget.

    To be merged further, it is copied.
    """
    return merge_by_rules(arch, None)


def merge_by_rules(
    arch: Architecture, part: GraphPart | None, depth: int | None = None
) -> Quotient:
    """Merge what the rules do that hold for every budget, and what is no part.

    With a `depth` these are the module calls at that depth, and what is light.
    """
    quotient = Quotient(read_wiring(arch))
    if part is not None:
        from resviz.readings.contraction.parts import merge_sides

        merge_sides(quotient, part)
    if depth is None:
        apply_always_rules(quotient)
    else:
        from resviz.readings.contraction.module_depth import merge_to_depth

        merge_to_depth(quotient, depth)
    return quotient
