"""A size that is a formula: it takes part in the rules of size as a number does.

To types it is an `int`, as the rules are written for numbers. Comparisons need an
answer: who explores the ways of a rule gives it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, Self, cast

from resviz.readings.formulas.polynomials import (
    FormulaBook,
    SizeCondition,
    add,
    as_number,
    make_number,
    make_polynomial,
    multiply,
    negate,
)

if TYPE_CHECKING:
    from resviz.operations.view_sizes import ResizedAxis
    from resviz.readings.formulas.polynomials import Polynomial, Product


class AnswersConditions(Protocol):
    """What says how comparisons of sizes come out."""

    book: FormulaBook

    def answer(self, condition: SizeCondition) -> bool:
        """Say whether a condition holds."""
        ...


class FormulaSize:
    """A size as a formula of the input's.

    It is neither hashed nor turned into an index, since both want a number: a rule that
    does so is refused by a TypeError, and gets no wrong answer.

    Attributes:
        path: answers comparisons.
        formula: the polynomial.
        parts: axes of which it was made, as of a `MergedSize`.
    """

    __slots__ = ("formula", "parts", "path")
    __hash__ = None  # pyright: ignore[reportAssignmentType] - as of a list

    def __init__(
        self,
        path: AnswersConditions,
        formula: Polynomial,
        parts: tuple[ResizedAxis, ...] = (),
    ) -> None:
        self.path = path
        self.formula = formula
        self.parts = parts

    def with_parts(self, parts: tuple[ResizedAxis, ...]) -> Self:
        """Return this size, made of some axes."""
        return type(self)(self.path, self.formula, parts)

    def __pos__(self) -> int:
        """Return this size without its parts."""
        return make_size(self.path, self.formula)

    def __neg__(self) -> int:
        return self * -1

    def __add__(self, other: int) -> int:
        return make_size(self.path, add(self.formula, find_formula(other)))

    __radd__ = __add__

    def __sub__(self, other: int) -> int:
        return self + other * -1

    def __rsub__(self, other: int) -> int:
        return other + self * -1

    def __mul__(self, factor: float) -> int:
        if isinstance(factor, float):
            return cast("int", ScaledSize(self, factor))
        return make_size(self.path, multiply(self.formula, find_formula(factor)))

    __rmul__ = __mul__

    def __floordiv__(self, divisor: int) -> int:
        return divide(self.path, self.formula, find_formula(divisor))

    def __rfloordiv__(self, dividend: int) -> int:
        return divide(self.path, make_number(dividend), self.formula)

    def __mod__(self, divisor: int) -> int:
        return find_remainder(self.path, self.formula, find_formula(divisor))

    def __rmod__(self, dividend: int) -> int:
        return find_remainder(self.path, make_number(dividend), self.formula)

    def __divmod__(self, divisor: int) -> tuple[int, int]:
        return self // divisor, self % divisor

    def __bool__(self) -> bool:
        return self != 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, FormulaSize)):
            return NotImplemented
        difference = add(self.formula, negate(find_formula(other)))
        return self.path.answer(SizeCondition(difference, is_zero=True))

    def __lt__(self, other: int) -> bool:
        return self._is_below(self - other)

    def __le__(self, other: int) -> bool:
        return self._is_below(self - other - 1)

    def __gt__(self, other: int) -> bool:
        return self._is_below(other - self)

    def __ge__(self, other: int) -> bool:
        return self._is_below(other - self - 1)

    def __format__(self, form: str) -> str:
        """Return a mark in whose place the value is written later."""
        return write_value(self.formula, form)

    def __str__(self) -> str:
        return write_value(self.formula, "")

    __repr__ = __str__

    def _is_below(self, difference: int) -> bool:
        """Tell whether a difference is below zero."""
        condition = SizeCondition(find_formula(difference), is_zero=False)
        return self.path.answer(condition)


class ScaledSize:
    """A size times a factor that is no whole number, to be rounded down."""

    def __init__(self, size: FormulaSize, factor: float) -> None:
        self.size = size
        self.factor = factor

    def __floor__(self) -> int:
        path = self.size.path
        return make_size(path, path.book.scale(self.size.formula, self.factor))


def make_size(path: AnswersConditions, formula: Polynomial) -> int:
    """Return a size; a plain number if it does not depend on the input."""
    number = as_number(formula)
    return cast("int", FormulaSize(path, formula)) if number is None else number


def find_formula(size: int | FormulaSize) -> Polynomial:
    """Return the formula of a size or a number."""
    return size.formula if isinstance(size, FormulaSize) else make_number(size)


def divide(path: AnswersConditions, dividend: Polynomial, divisor: Polynomial) -> int:
    """Return a quotient rounded down."""
    return make_size(path, path.book.divide(dividend, divisor))


def find_remainder(
    path: AnswersConditions, dividend: Polynomial, divisor: Polynomial
) -> int:
    """Return what a division leaves."""
    return make_size(path, path.book.find_remainder(dividend, divisor))


VALUE_BEGINS, VALUE_ENDS = "\ufdd0", "\ufdd1"
"""Around a formula in a sentence: characters that no text may hold."""

VALUE = re.compile(f"{VALUE_BEGINS}([^:]*):([^{VALUE_ENDS}]*){VALUE_ENDS}")
"""Such a mark: the form of the value, and the formula."""


def write_value(formula: Polynomial, form: str) -> str:
    """Write a mark in whose place a value is written later, in some form."""
    products = ["*".join(map(str, (count, *product))) for product, count in formula]
    return f"{VALUE_BEGINS}{form}:{'+'.join(products)}{VALUE_ENDS}"


def split_values(text: str) -> list[str | tuple[Polynomial, str]]:
    """Split a sentence into texts, and formulas with the form of their values."""
    parts: list[str | tuple[Polynomial, str]] = []
    end = 0
    for match in VALUE.finditer(text):
        parts += [text[end : match.start()], (read_formula(match[2]), match[1])]
        end = match.end()
    return [part for part in (*parts, text[end:]) if part]


def read_formula(text: str) -> Polynomial:
    """Read a formula as `write_value` wrote it."""
    products: dict[Product, int] = {}
    for part in filter(None, text.split("+")):
        count, *product = map(int, part.split("*"))
        products[tuple(product)] = count
    return make_polynomial(products)
