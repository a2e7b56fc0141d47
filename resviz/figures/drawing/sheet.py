"""The sheet that a figure is laid out on: what its reader asked of all figures alike.

It is the same for every figure, so a canvas looks it up instead of each figure passing
it on; `draw_diagram` sets it for as long as one figure is drawn.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from resviz.escape import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.contraction.module_names import Naming


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a figure is laid out on.

    Attributes:
        title: what stands above it in place of the network's name; "" for that.
        has_title: whether the name and the totals stand above it.
        has_legend: whether its signs are explained below it.
        width: of the figure where it is printed, in points; None for its own.
        text: the size of its smallest letters there, in points; None for theirs.
        font: the family of its letters; "" for the usual ones.
        heat: the cost that fills its boxes; "" for the resolution.
        names: what its boxes are called by.
    """

    title: str = ""
    has_title: bool = True
    has_legend: bool = True
    width: float | None = None
    text: float | None = None
    font: str = ""
    heat: str = ""
    names: Naming = "paper"

    @property
    def unit(self) -> float:
        """Points of one of the figure's units, where its letters are as asked for."""
        return (self.text or PRINTED_POINTS[0]) / LETTER_SIZE

    @property
    def room(self) -> float:
        """Width that there is for the figure, in its units."""
        return inf if self.width is None else self.width / self.unit

    @property
    def tallest(self) -> float:
        """Height of a page, in the figure's units."""
        return PAGE_POINTS / self.unit

    def write_heading(self, name: str, *facts: str) -> tuple[str, ...]:
        """Return the lines of a heading, () where there shall be none."""
        if not self.has_title:
            return ()
        return tuple(filter(None, (self.choose_title(name), *facts)))

    def choose_title(self, name: str) -> str:
        """Return the title of a figure whose own is `name`."""
        return clean_name(self.title) or name


LETTER_SIZE = 11
"""Size of the smallest letters of figures, in their units."""

PRINTED_POINTS = (8, 7.5, 7, 6.5, 6)
"""Sizes of letters that a width is laid out for, the first at which all has room."""

PAGE_POINTS = 9 * 72
"""Height of the text on a page, in points."""

PLAIN_SHEET = Sheet()
"""What a figure is laid out on where nothing was asked."""

current: ContextVar[Sheet] = ContextVar("sheet", default=PLAIN_SHEET)


def find_sheet() -> Sheet:
    """Find the sheet of the figure that is being drawn."""
    return current.get()


@contextmanager
def lay_out_on(sheet: Sheet) -> Iterator[None]:
    """Draw on a sheet for as long as the context lasts."""
    token = current.set(sheet)
    try:
        yield
    finally:
        current.reset(token)
