"""Fitting pictures to a screen."""

import pytest

from resviz.figures.drawing.elements import Node, Picture
from resviz.figures.drawing.screens import (
    break_evenly,
    choose_readable,
    smallest_letter_size,
)


def picture(width, height):
    """A picture of this size with letters of 12 pixels."""
    node = Node("n0", "text", (9, 9), (9, 9), ("word",))
    return Picture("", "", (width, height), (node,))


@pytest.mark.parametrize(
    ("size", "pixels"),
    [((100, 100), 12), ((1280, 800), 12), ((2560, 800), 6), ((100, 1600), 6)],
)
def test_letters_shrink_with_the_picture(size, pixels):
    """Only where it is larger than the screen."""
    assert pixels == smallest_letter_size(picture(*size))


def test_the_first_that_can_be_read_is_taken():
    """Not the smallest."""
    wide, readable, small = picture(9000, 9), picture(1300, 9), picture(9, 9)
    assert readable == choose_readable([wide, readable, small])


def test_the_best_is_taken_where_none_can_be_read():
    """Rather than none."""
    assert picture(5000, 9) == choose_readable([picture(9000, 9), picture(5000, 9)])


@pytest.mark.parametrize(
    ("starts", "end", "lines", "where"),
    [
        ([0, 10, 20, 30], 40, 2, (2,)),
        ([0, 30, 35, 40], 45, 2, (1,)),
        ([0, 10, 20], 30, 3, (1, 2)),
        ([0, 10], 20, 1, ()),
        ([5, 10, 20, 30, 40], 50, 3, (2, 4)),
    ],
)
def test_runs_are_broken_into_like_parts(starts, end, lines, where):
    """Only where a part begins."""
    assert where == break_evenly(starts, end, lines)
