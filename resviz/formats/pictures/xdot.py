"""What has no node: shapes and text in xdot, for the attribute `_background` of DOT.

Graphviz draws these operations in all that it writes, behind all else, and lays none
of them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import escape
from resviz.figures.drawing import metrics
from resviz.figures.drawing.marks import Curve, Polygon, Rectangle, Text
from resviz.figures.drawing.styles import FONTS
from resviz.formats.pictures.svg import HELVETICA_BASELINE, format_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resviz.figures.drawing.elements import Point
    from resviz.figures.drawing.marks import Mark, Paint

BOLD = f"{FONTS} bold"
"""Bold letters for cairo; in an SVG, Graphviz would name a font so and not find it."""

SIDES = {"start": -1, "middle": 0, "end": 1}
"""What of a line of text stands at its position."""

LOWER = 0.05
"""How much lower than in an SVG a baseline must be said to be, in sizes of Helvetica:
Graphviz counts it from the middle of the line, and rounds."""

Choice = tuple[str, str]
"""An operation after the name of what it chooses, which is "" if it draws."""

CLEAR = "#00000000"
"""No colour."""


def sayable(line: str) -> bool:
    """Whether xdot can say a line of text: it has no backslash."""
    return "\\" not in line


def operations(marks: Iterable[Mark], place: Callable[[Point], str]) -> str:
    """Marks as operations; `place` writes a position as "x,y"."""
    return " ".join(without_repeats(it for mark in marks for it in drawn(mark, place)))


def without_repeats(choices: Iterable[Choice]) -> Iterator[str]:
    """Operations without those that choose again what is chosen already.

    Graphviz joins the pieces of a long string in a time that goes by their square.
    """
    chosen: dict[str, str] = {}
    for key, operation in choices:
        if not key or chosen.get(key) != operation:
            yield operation
        if key:
            chosen[key] = operation


def drawn(mark: Mark, place: Callable[[Point], str]) -> Iterator[Choice]:
    """The operations of one mark: what it is drawn with, and where it lies.

    Raises:
        TypeError: for a mark that DOT has nodes for.
    """
    match mark:
        case Polygon(path, paint):
            yield from pen(paint)
            yield shape("P", path, place)
        case Rectangle((x, y), (width, height), 0, paint):
            right, low = x + width / 2, y + height / 2
            left, high = right - width, low - height
            yield from pen(paint)
            yield shape(
                "P", ((left, high), (right, high), (right, low), (left, low)), place
            )
        case Curve(path, paint):
            yield from pen(paint)
            yield shape("B", path, place)
        case Text(line=""):  # which Graphviz takes for the end of all
            return
        case Text((x, y), line, align, size, bold, ink):
            font = BOLD if bold else FONTS
            at = place((x, y + (HELVETICA_BASELINE + LOWER) * size)).replace(",", " ")
            width = format_length(
                metrics.text_width(escape.clean_name(line), size, bold=bold)
            )
            yield "c", with_text("c", ink)
            yield "F", f"F {format_length(size)} {len(font)} -{font}"
            count = len(escape.clean_name(line).encode())
            said = escape.escape_xdot(line)
            yield "", f"T {at} {SIDES[align]} {width} {count} -{said}"
        case _:
            raise TypeError(f"xdot: got {mark!r}, for which there are nodes")


def shape(
    letter: str, path: tuple[Point, ...], place: Callable[[Point], str]
) -> Choice:
    """A polygon or a curve."""
    points = " ".join(map(place, path)).replace(",", " ")
    return "", f"{letter} {len(path)} {points}"


def pen(paint: Paint) -> Iterator[Choice]:
    """The operations that choose width, dash and colours."""
    clear = f"{round(paint.opacity * 255):02x}" if paint.opacity < 1 else ""
    yield "width", with_text("S", f"setlinewidth({format_length(paint.width)})")
    yield "dash", with_text("S", paint.dash)
    yield "c", with_text("c", paint.line or CLEAR)
    yield "C", with_text("C", f"{paint.fill}{clear}" if paint.fill else CLEAR)


def with_text(letter: str, text: str) -> str:
    """An operation and its argument, after the length of that."""
    return f"{letter} {len(text)} -{text}"
