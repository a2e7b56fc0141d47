"""Which network a file of weights is of, as a table and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.tables.json_head import json_head
from resviz.tables.table import Column, Table
from resviz.units import format_plural, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.checkpoints import CheckpointFile, Identification

COLUMNS = (Column("what", "what"), Column("found", "found", "sentence"))

MOST_MISFITS = 8
"""Misfits that the table shows; the data has all."""

SURE_WORDS = {
    "exact": "all names and shapes are those that the SPEC builds",
    "body": "stem and stages are those that the SPEC builds, the head is not",
    "part": "stem and stages are those that the SPEC builds, more lies beside them",
    "shapes": "names say nothing; shapes in order are those that the SPEC builds",
    None: "no network of ours has these names and shapes",
}
"""How sure a verdict is, as people read it."""

BY_SHAPE = (
    "read from names and shapes alone, no weight was; networks that differ in what has "
    "no weights look alike"
)
"""What the verdict rests on, to be printed below the table."""


def identify_table(file: CheckpointFile, found: Identification) -> Table:
    """Return which network a file of weights is of, a row a fact.

    Args:
        file: what the file lists.
        found: the verdict on it.
    """
    rows = [{"what": what, "found": text} for what, text in list_facts(file, found)]
    return Table(
        f"{file.name}: {found.spec or 'not one of our networks'}",
        COLUMNS,
        tuple(rows),
        identification_data(file, found),
        notes=(BY_SHAPE,),
    )


def identification_data(file: CheckpointFile, found: Identification) -> dict[str, Any]:
    """Return the verdict as JSON has it."""
    plan = found.plan
    return {
        "spec": found.spec,
        "block": plan and plan.block,
        "layers": plan and list(plan.counts),
        "groups": plan and plan.groups,
        "width_per_group": plan and plan.width_per_group,
        "params": found.params,
        "prefix": found.prefix,
        "num_classes": plan and (plan.num_classes or None),
        "downsample": list(found.downsample),
        "unknown": list(found.unknown),
        "misfits": list(found.misfits),
        "sure": found.sure,
        **json_head("identify"),
        "file": file.name,
        "file_format": file.form,
        "words": found.words,
        "naming": found.naming,
        "place": found.place,
        "depth": plan and plan.depth,
        "stem": plan and plan.stem,
        "stem_channels": plan and plan.stem_channels,
        "in_channels": plan and plan.in_channels,
        "base_channels": plan and plan.base_channels,
        "shortcut": found.shortcut,
        "avg_down": plan and plan.avg_down,
        "buffers": found.buffers,
        "copies": [
            {"place": place, "prefix": prefix, "same": same}
            for place, prefix, same in found.copies
        ],
        "optimiser": dict(found.optimiser),
        "beside": found.beside,
    }


def list_facts(
    file: CheckpointFile, found: Identification
) -> Iterator[tuple[str, str]]:
    """Yield what was found, as people read it."""
    plan = found.plan
    yield "SPEC", found.spec or "none"
    yield "network", found.words
    but = ", but for the misfits" * bool(found.sure == "exact" and found.misfits)
    yield "sure", f"{SURE_WORDS[found.sure]}{but}"
    yield "file", f"{file.form}{f', {found.place}' * bool(found.place)}"
    if found.naming:
        yield (
            "names",
            f"{found.naming}{f', behind {found.prefix}' * bool(found.prefix)}",
        )
    yield "parameters", group_digits(found.params)
    yield "buffers", group_digits(found.buffers)
    if plan is not None:
        yield "depth", f"{plan.depth}: {plan.block}, {'-'.join(map(str, plan.counts))}"
        if plan.block == "bottleneck":
            yield "3×3", f"{plan.groups} × {plan.width_per_group} channels a group"
        yield (
            "stem",
            f"{plan.stem}, {plan.in_channels} to {plan.stem_channels} channels",
        )
        yield "classes", group_digits(plan.num_classes) if plan.num_classes else "none"
        kind = f"option {found.shortcut}: " if found.shortcut else ""
        places = ", ".join(found.downsample[:6]) or "none"
        more = len(found.downsample) - 6
        yield "downsample", f"{kind}{places}{f' and {more} more' if more > 0 else ''}"
    for place, prefix, same in found.copies:
        name = ".".join(filter(None, (place, prefix.rstrip(".")))) or "the file"
        yield "copy", f"{name}, {'the same network' if same else 'another network'}"
    for place, count in found.optimiser:
        yield "optimiser", f"{place}, {format_plural(count, 'tensor')}"
    if found.beside:
        yield "beside", f"{format_plural(found.beside, 'tensor')} not of this network"
    for misfit in found.misfits[:MOST_MISFITS]:
        yield "misfit", misfit
    if len(found.misfits) > MOST_MISFITS:
        yield "misfit", f"and {len(found.misfits) - MOST_MISFITS} more"
    for unknown in found.unknown:
        yield "unknown", unknown
