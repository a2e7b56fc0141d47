"""Polynomials of sizes, held against Python's own numbers at every small size."""

from itertools import product
from math import prod

import pytest

from resviz.readings.formulas.polynomials import (
    FormulaBook,
    SizeCondition,
    add,
    make_number,
    multiply,
)

SIDES = range(1, 12)
"""Sizes of each axis at which formulas are worked out."""


def evaluate(book, polynomial, sides):
    """Work out a polynomial of axes and rounded quotients at some sizes."""
    values = list(sides)
    for unknown in book.unknowns[len(values) :]:
        upper, lower = (work_out(part, values) for part in unknown.parts)
        value = upper // lower if unknown.kind == "quotient" else upper % lower
        values.append(value)
    return work_out(polynomial, values)


def work_out(polynomial, values):
    """Add up the products of some values."""
    return sum(
        count * prod(values[number] for number in unknowns)
        for unknowns, count in polynomial
    )


def combine(axes, counts, constant):
    """Return a sum of axes, each so many times, and a constant."""
    total = make_number(constant)
    for axis, count in zip(axes, counts, strict=True):
        total = add(total, multiply(axis, make_number(count)))
    return total


DIVISIONS = [
    (counts, constant, divisor)
    for counts in [(1, 0), (-1, 0), (2, -1), (-3, 4), (-2, -5)]
    for constant in (-3, 0, 2)
    for divisor in (2, 3, -2, -3)
]


@pytest.mark.parametrize(("counts", "constant", "divisor"), DIVISIONS)
def test_divisions_are_those_of_numbers(counts, constant, divisor):
    """Quotient and remainder, whatever the signs, and what divides evenly."""
    book = FormulaBook()
    axes = book.add_axis(), book.add_axis()
    dividend = combine(axes, counts, constant)
    quotient = book.divide(dividend, make_number(divisor))
    rest = book.find_remainder(dividend, make_number(divisor))
    for sides in product(SIDES, SIDES):
        number = work_out(dividend, sides)
        assert number // divisor == evaluate(book, quotient, sides)
        assert number % divisor == evaluate(book, rest, sides)


@pytest.mark.parametrize("times", [-2, -1, 1, 2])
@pytest.mark.parametrize("divisor", [2, 3, 5])
@pytest.mark.parametrize("shift", [-4, -1, 0, 3])
def test_no_value_is_below_its_bound(times, divisor, shift):
    """Of rests of divisions too, t · (b · ⌊(n + s) / b⌋ − n): a bound may be loose."""
    book = FormulaBook()
    axis = book.add_axis()
    quotient = book.divide(add(axis, make_number(shift)), make_number(divisor))
    whole = multiply(quotient, make_number(times * divisor))
    formula = add(whole, multiply(axis, make_number(-times)))
    least = book.find_least(formula)
    smallest = min(evaluate(book, formula, (side,)) for side in range(1, 60))
    assert least is None or least <= smallest
    condition = SizeCondition(formula, is_zero=False)
    below = {evaluate(book, formula, (side,)) < 0 for side in range(1, 60)}
    assert book.decide(condition) is None or {book.decide(condition)} == below


@pytest.mark.parametrize("bound", [3, 7])
@pytest.mark.parametrize("holds", [True, False])
def test_an_answer_bounds_a_size_and_no_more(bound, holds):
    """Where n ≥ b holds, n < b is decided and n < b + 1 is not."""
    book = FormulaBook()
    axis = book.add_axis()

    def is_below(number):
        return SizeCondition(add(axis, make_number(-number)), is_zero=False)

    def is_above(number):
        difference = add(make_number(number), multiply(axis, make_number(-1)))
        return SizeCondition(difference, is_zero=False)

    if holds:
        book.learn(is_above(bound - 1), holds=True)
    else:
        book.learn(is_below(bound), holds=False)
    assert book.decide(is_below(bound)) is False
    assert book.decide(is_below(bound + 1)) is None
