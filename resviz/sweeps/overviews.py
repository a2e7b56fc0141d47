"""Overviews of the variants on the front, drawn by a worker as variants are traced."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from resviz.errors import ResvizError
from resviz.formats.pictures.svg import FLUID
from resviz.sweeps.journal import Journal
from resviz.sweeps.run import trace_variants

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.sweeps.sweep import SweepResult

MAX_OVERVIEWS = 12
"""Overviews of a page at most; one is 5 to 30 kB."""


def draw_overviews(result: SweepResult, numbers: Iterable[int]) -> dict[int, str]:
    """Draw the overviews of some rows, by number; of those that can be drawn.

    Returns:
        SVG without a style of its own in an attribute.
    """
    drawn = [number for number in numbers if result.rows[number]["error"] is None]
    variants = [(number, result.variants[number]) for number in drawn[:MAX_OVERVIEWS]]
    if not variants:
        return {}
    settings = result.settings._replace(draws=True)
    with suppress(ResvizError):  # a page without figures is a page all the same
        rows, _ = trace_variants(
            iter(variants), settings, Journal(None, settings, resume=False),
            jobs=1, scheduler=None, on_row=None,
        )  # fmt: skip
        svgs = {number: row.get("overview") for number, row in rows.items()}
        fluid = f' style="{FLUID}"'
        return {
            number: svg.replace(fluid, "", 1) for number, svg in svgs.items() if svg
        }
    return {}
