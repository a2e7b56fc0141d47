"""Finishing a chart: what its links stand for, once all are there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.drawing.ledgers import find_idle_wires
from resviz.figures.drawing.seats import ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.drawing.elements import Chart
    from resviz.figures.drawing.ledgers import SeatBook


def settle_chart(chart: Chart, books: Iterable[SeatBook]) -> Chart:
    """Return a chart that knows what its links stand for.

    Those that stand for no edge of the record show the order alone.
    """
    ledgers = tuple(book.close() for book in books)
    idle = find_idle_wires(ledgers, chart.links)
    links = tuple(
        replace(link, role=ORDER) if link in idle else link for link in chart.links
    )
    return replace(chart, links=links, ledgers=ledgers)
