"""Fitting a picture to the width of its sheet, and saying where letters are lost."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from resviz.errors import LetterWarning, warn_caller
from resviz.figures.drawing.sheet import (
    LETTER_SIZE,
    PAGE_POINTS,
    PRINTED_POINTS,
    find_sheet,
)
from resviz.figures.drawing.shifting import shift_picture
from resviz.figures.drawing.styles import LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.figures.drawing.elements import Picture, Point
    from resviz.figures.drawing.sheet import Sheet

MIN_LETTER_POINTS = PRINTED_POINTS[-1]
"""Size of the smallest letters that are read with ease in print."""

SLACK = 0.05
"""Points that letters may lack, which nobody sees."""


def choose_fitting(pictures: Iterable[Picture]) -> Picture:
    """Return the first picture that the sheet has room for, else the most legible."""
    return choose_legible((picture, find_sheet()) for picture in pictures)[0]


def choose_legible(
    drawn: Iterable[tuple[Picture, Sheet]],
) -> tuple[Picture, Sheet]:
    """Return the first picture that has room on its sheet, else the most legible.

    Letters come before the height of a page: what is wide enough may be taller.
    """
    candidates: list[tuple[bool, float, Picture, Sheet]] = []
    for picture, sheet in drawn:
        width, height = picture.size
        across, down = min(1, sheet.room / width), min(1, sheet.tallest / height)
        if across == down == 1:
            return picture, sheet
        points = across * sheet.unit * find_letter_size(picture)
        holds = points >= max(sheet.text or 0, MIN_LETTER_POINTS) - SLACK
        candidates.append((holds, min(across, down) * sheet.unit, picture, sheet))
    *_, picture, sheet = max(candidates, key=lambda candidate: candidate[:2])
    return picture, sheet


def list_sheets(sheet: Sheet) -> list[Sheet]:
    """List the sheets to try: where only a width is given, with smaller letters too."""
    if sheet.width is None or sheet.text is not None:
        return [sheet]
    return [replace(sheet, text=points) for points in PRINTED_POINTS]


def fit_picture(picture: Picture, sheet: Sheet) -> Picture:
    """Return a picture as wide as its sheet, or with letters as large as it says.

    Letters have the size that is asked for, else the largest usual one with which it
    is no taller than a page. What is narrower then stands in the middle of the width;
    what is wider shrinks.
    """
    width, height = picture.size
    letters = find_letter_size(picture)
    unit = sheet.unit * LETTER_SIZE / letters
    if sheet.text is None and PAGE_POINTS / height * letters >= MIN_LETTER_POINTS:
        unit = min(unit, PAGE_POINTS / height)
    if sheet.width is None:
        return picture if sheet.text is None else replace(picture, unit=unit)
    room = sheet.width / unit
    if width > room:
        return replace(picture, unit=sheet.width / width)
    by = ((room - width) / 2, 0)
    return replace(shift_picture(picture, by, (room, height)), unit=unit)


def has_legible_letters(picture: Picture, sheet: Sheet) -> bool:
    """Tell whether letters are as large as is asked for, and as is read with ease."""
    if picture.unit is None:
        return True
    wanted = max(sheet.text or 0, MIN_LETTER_POINTS)
    return find_letter_size(picture) * picture.unit >= wanted - SLACK


def warn_of_small_letters(
    picture: Picture, sheet: Sheet, propose: Callable[[], str]
) -> None:
    """Warn of letters that come out smaller than is asked for, or than is read.

    `propose` names what has larger ones in such a width.
    """
    if picture.unit is None or has_legible_letters(picture, sheet):
        return
    size = find_letter_size(picture)
    points = size * picture.unit
    wanted = max(sheet.text or 0, MIN_LETTER_POINTS)
    inches = ceil(10 * wanted * picture.size[0] / size / 72) / 10
    asked = "were asked for" if wanted == sheet.text else "are read with ease"
    option = "width", f"{inches:g}in"
    if sheet.text and points >= sheet.text - SLACK:
        option = "text", f"{MIN_LETTER_POINTS}pt"
    name, value = option
    message = (
        f"{picture.title}: letters of {points:.1f} pt, and {wanted:g} {asked}: "
        f'give it {name}="{value}", or draw {propose()}'
    )
    warn_caller(LetterWarning(message, *option))


def warn_of_height(picture: Picture, sheet: Sheet, propose: Callable[[], str]) -> None:
    """Warn of a figure for a paper that is taller than its page; propose another."""
    if picture.unit is not None and is_too_tall(picture, sheet):
        message = (
            f"{picture.title}: {picture.size[1] * picture.unit / 72:.1f}in tall, and a "
            f"page has {PAGE_POINTS / 72:g}in: give it more width, or draw {propose()}"
        )
        warn_caller(LetterWarning(message))


def is_too_tall(picture: Picture, sheet: Sheet) -> bool:
    """Tell whether a figure for a paper is taller than its page."""
    points = picture.size[1] * (picture.unit or 0)
    return sheet.width is not None and points > PAGE_POINTS * MAX_PAGE_SHARE


MAX_PAGE_SHARE = 1.02
"""Of a page's height, how much a figure may have: margins are stretched a little."""


def find_letter_size(picture: Picture) -> float:
    """Find the size of a picture's smallest letters; signs in circles are none."""
    return min(
        (
            LOOKS[node.role].size
            for node in picture.nodes
            if any(character.isalnum() for line in node.lines for character in line)
        ),
        default=LETTER_SIZE,
    )


SCREEN_SIZE, SCREEN_LETTERS = (1280, 800), 9
"""Width and height of a screen, and the least size of its letters, in pixels."""


def measure_screen_letters(size: Point) -> float:
    """Measure the letters of a figure that is as large as a screen, in pixels."""
    share = min(room / side for room, side in zip(SCREEN_SIZE, size, strict=True))
    return 11 * min(share, 1)


def warn_of_zooming(size: Point) -> list[str]:
    """Say of a figure that its letters are too small on a screen."""
    letters = measure_screen_letters(size)
    if find_sheet().width is not None or letters >= SCREEN_LETTERS:
        return []
    screen = "×".join(map(str, SCREEN_SIZE))
    return [f"for zooming: letters of {letters:.0f} px where {screen} show it whole"]
