"""What has no node: shapes in xdot, for the attribute `_background` of DOT.

Graphviz draws these operations in all that it writes, behind all else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.marks import Curve, Polygon
from resviz.formats.svg import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.figures.drawing.marks import Mark, Paint
    from resviz.figures.drawing.parts import Point

CLEAR = "#00000000"
"""No colour."""


def operations(marks: Iterable[Mark], place: Callable[[Point], str]) -> str:
    """Polygons and curves as operations; `place` writes a position as "x,y"."""
    return " ".join(operation(mark, place) for mark in marks)


def operation(mark: Mark, place: Callable[[Point], str]) -> str:
    """A polygon or a curve: its pen, its fill, its points.

    Raises:
        TypeError: for another mark, which DOT has nodes for.
    """
    match mark:
        case Polygon(path, paint):
            letter = "P"
        case Curve(path, paint):
            letter = "B"
        case _:
            raise TypeError(f"xdot: got {mark!r}, want a polygon or a curve")
    points = " ".join(map(place, path)).replace(",", " ")
    return f"{pen(paint)} {letter} {len(path)} {points}"


def pen(paint: Paint) -> str:
    """The operations that choose width, dash and colours."""
    clear = f"{round(paint.opacity * 255):02x}" if paint.opacity < 1 else ""
    fill = f"{paint.fill}{clear}" if paint.fill else CLEAR
    chosen = (
        ("S", f"setlinewidth({number(paint.width)})"),
        ("S", paint.dash),
        ("c", paint.line or CLEAR),
        ("C", fill),
    )
    return " ".join(f"{letter} {len(text)} -{text}" for letter, text in chosen)
