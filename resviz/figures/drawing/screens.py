"""Whether a picture can be read where it is shown whole on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.figures.drawing.elements import Picture, Point

SCREEN_SIZE = (1280, 800)
"""Width and height of a small laptop's screen, in pixels."""

MIN_LETTER_SIZE = 9
"""Size of the smallest letters that are read with ease, in pixels."""


def smallest_letter_size(picture: Picture) -> float:
    """Size of a picture's smallest letters once it fits a screen, in pixels."""
    smallest = min(
        (LOOKS[node.role].size for node in picture.nodes if node.lines), default=0
    )
    return smallest * screen_scale(picture.size)


def screen_scale(size: Point) -> float:
    """Return how much a picture must shrink to fit a screen; 1 if it need not."""
    return min(1, SCREEN_SIZE[0] / size[0], SCREEN_SIZE[1] / size[1])


def choose_readable(pictures: Iterable[Picture]) -> Picture:
    """The first of some pictures that can be read on one screen, else the best."""
    best, best_size = None, 0.0
    for picture in pictures:
        letter_size = smallest_letter_size(picture)
        if letter_size >= MIN_LETTER_SIZE:
            return picture
        if best is None or letter_size > best_size:
            best, best_size = picture, letter_size
    if best is None:
        raise ValueError("want at least one picture")
    return best


def break_evenly(starts: list[float], end: float, lines: int) -> tuple[int, ...]:
    """Break a run of parts into lines of like length.

    Args:
        starts: where each part begins; the first may lie behind the run's own start.
        end: where the last ends.
        lines: how many there shall be at most.
    """
    limit = (end - starts[0]) / lines
    while True:
        chosen: list[int] = []
        begin = 0.0
        for number, start in enumerate(starts[1:], start=1):
            after = starts[number + 1] if number + 1 < len(starts) else end
            if after - begin > limit:
                chosen.append(number)
                begin = start
        if len(chosen) < lines:
            return tuple(chosen)
        limit *= 1.02
