"""What a figure declares: the connections that no line of it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.escape import clean_name
from resviz.figures.drawing.seats import ORDER
from resviz.units import (
    format_names,
    format_parameters,
    format_plural,
    format_sentence,
    group_digits,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.figures.drawing.elements import ChartLink, Edge
    from resviz.readings.contraction.coverage import EdgeCoverage

WHOLE_GRAPH = "see --figure lanes"
"""Where the connections are that a figure leaves out."""


MOST_MODULES = 4
"""Modules that are not drawn, of which the names are said."""


def declare_coverage(
    coverage: EdgeCoverage | None, *, lines: int | None = None, see: str = ""
) -> Iterator[str]:
    """Yield where the connections of a record are, and what is not drawn.

    Args:
        coverage: of the figure; None for one that shows no connections.
        lines: how many lines those that are drawn are; if that is worth saying.
        see: where to look for what is left out.
    """
    if coverage is None:
        return
    counts = {
        ("lies inside a box", "lie inside boxes"): coverage.inside,
        ("leads from one repeat to the next", "lead from one repeat to the next"): (
            coverage.turns
        ),
        ("is elsewhere in the network", "are elsewhere in the network"): (
            coverage.elsewhere
        ),
    }
    as_lines = "" if lines is None else f" as {format_plural(lines, 'line')}"
    verb = "is" if coverage.drawn == 1 else "are"
    parts = [f"{group_digits(coverage.drawn)} {verb} drawn{as_lines}"]
    parts += [
        f"{group_digits(count)} {one if count == 1 else several}"
        for (one, several), count in counts.items()
        if count
    ]
    yield f"of {group_digits(coverage.edges)} connections {', '.join(parts)}"
    left_out = list_left_out(coverage)
    if left_out:
        verb = "is" if coverage.left_out == 1 and len(left_out) == 1 else "are"
        aside = f", {see}" if see else ""
        yield f"{' and '.join(left_out)} {verb} not drawn{aside}"
    modules = coverage.undrawn_modules
    if modules:
        yield f"not drawn: {format_names([*map(clean_name, modules)], MOST_MODULES)}"


def tell_coverage(coverage: EdgeCoverage | None) -> Iterator[str]:
    """Yield the same as sentences."""
    yield from map(format_sentence, declare_coverage(coverage))


def list_left_out(coverage: EdgeCoverage) -> list[str]:
    """List what is not drawn, as "32 connections"."""
    left_out: list[str] = []
    if coverage.left_out:
        left_out.append(format_plural(coverage.left_out, "connection"))
    if coverage.undrawn_layers:
        layers = format_plural(coverage.undrawn_layers, "other layer")
        params = format_parameters(coverage.undrawn_params)
        left_out.append(f"{params} of {layers}")
    return left_out


def explain_order(wires: Iterable[Edge | ChartLink]) -> list[str]:
    """Explain wires that connect nothing, where there are any."""
    has_order = any(wire.role == ORDER for wire in wires)
    return ["grey dots: the order alone, no connection"] * has_order
