"""Many variants: how many a minute on all cores, and where the time of each goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.groups import Asked

PLACE = 6

RATE = 10_000
"""Variants of ResNet-50's size a minute on two cores. Source: issue 5."""

SPACE = "resnet(50, width_per_group={60..67}, num_classes={1..200})"
"""1,600 variants that differ in their head, and every 200 in their widths."""

APART = "resnet(50, width_per_group={33..632})"
"""600 variants, each with widths of its own, so that no block is built twice."""

QUICK = "resnet(18, num_classes={1..8})"


def rows(asked: Asked) -> Iterator[Row]:
    """The rate once workers have started, and what each variant costs."""
    spaces = {"sweep/rate": SPACE, "sweep/apart": APART}
    for key, space in spaces.items():
        if asked.wants(key):
            yield rate(key, QUICK if asked.quick else space)


def rate(key: str, space: str) -> Row:
    """Variants of one space a minute."""
    import resviz

    cost = resviz.sweep(space).attrs["cost"]
    running = cost["seconds"] - cost["start_seconds"]
    each = {step: 1e3 * spent for step, spent in cost["seconds_each"].items()}
    said = ", ".join(f"{step} {spent:.1f}" for step, spent in each.items())
    apart = " without a block in common" if key == "sweep/apart" else ""
    return Row(
        key=key,
        work=f"sweep of {cost['variants']:,} variants{apart}",
        value=60 * cost["variants"] / running,
        unit="/min",
        limit=RATE,
        more=True,
        note=f"ms each, on {cost['workers']} workers: {said}",
        details={**cost, "ms_each": each},
    )
