"""The totals that stand below the title of a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures import layer_labels
from resviz.readings import costs

if TYPE_CHECKING:
    from resviz.readings.structure import Structure


def list_title_facts(structure: Structure) -> tuple[str, ...]:
    """Return a network's totals for a title; what they leave out is named."""
    arch = structure.arch
    gaps = costs.name_gaps(arch)
    macs = costs.sum_record_costs(arch).macs
    bound = "≥ " if gaps else ""
    lines = [*layer_labels.format_costs(arch, arch.params, macs, bound=bound)]
    if gaps:
        names = ", ".join(gaps[:3])
        lines.append(f"not counted: {names}{', …' if len(gaps) > 3 else ''}")
    if not structure.stages:
        lines.append("no residual blocks")
    return tuple(lines)
