"""Whether a picture can be read where it is shown whole on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.drawing.parts import Picture, Point

SCREEN = (1280, 800)
"""Width and height of a small laptop's."""

LEAST = 9
"""Pixels of the smallest letters that are read with ease."""


def letters(picture: Picture) -> float:
    """Size of a picture's smallest letters once it fits a screen, in pixels."""
    smallest = min((LOOKS[it.role].size for it in picture.nodes if it.lines), default=0)
    return smallest * scale(picture.size)


def scale(size: Point) -> float:
    """How much a picture must shrink to fit a screen; 1 if it need not."""
    return min(1, SCREEN[0] / size[0], SCREEN[1] / size[1])


def fitting(pictures: Iterable[Picture]) -> Picture:
    """The first of some pictures that can be read on one screen, else the best."""
    best, most = None, 0.0
    for picture in pictures:
        found = letters(picture)
        if found >= LEAST:
            return picture
        if best is None or found > most:
            best, most = picture, found
    if best is None:
        raise ValueError("want at least one picture")
    return best


def breaks(starts: list[float], end: float, lines: int) -> tuple[int, ...]:
    """Before which parts a run of them is broken into so many lines of like length.

    Args:
        starts: where each part begins; the first may lie behind the run's own start.
        end: where the last ends.
        lines: how many there shall be at most.
    """
    limit = (end - starts[0]) / lines
    while True:
        found: list[int] = []
        begin = 0.0
        for number, start in enumerate(starts[1:], start=1):
            after = starts[number + 1] if number + 1 < len(starts) else end
            if after - begin > limit:
                found.append(number)
                begin = start
        if len(found) < lines:
            return tuple(found)
        limit *= 1.02
