"""Polynomials over sizes of an input: what every size and cost of a record is made of.

A polynomial is a sum of products of `Unknown`s with whole coefficients, in one normal
form, so that equal sizes are one object: H · W and W · H, or (H + 2 − 3) + 1 and H. An
unknown is an axis of the input, or what is no polynomial of others: a rounded quotient,
a remainder, a scaled size, one of two values by a condition.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, prod
from typing import NamedTuple

Product = tuple[int, ...]
"""Numbers of the unknowns that are multiplied, ascending; () for a constant."""

Polynomial = tuple[tuple[Product, int], ...]
"""Products with their coefficients, sorted, none of them zero."""


class SizeCondition(NamedTuple):
    """That a polynomial is zero (`is_zero`), or less than zero."""

    difference: Polynomial
    is_zero: bool


class Unknown(NamedTuple):
    """What a polynomial takes for a variable.

    Attributes:
        kind: "axis" of the input, "quotient" rounded down, "remainder", "scaled" and
            rounded down, or "choice" by a condition.
        parts: polynomials that it is made of: dividend and divisor, what is scaled, or
            what is chosen if the condition holds and if not.
        factor: of a scaled one.
        condition: of a choice.
    """

    kind: str
    parts: tuple[Polynomial, ...] = ()
    factor: float = 0.0
    condition: SizeCondition | None = None


class FormulaBook:
    """The unknowns of one record's formulas, each once.

    Attributes:
        unknowns: in the order in which they came up, so that each is made of earlier
            ones alone.
        replacements: how often one was worked out with a value for another.
    """

    def __init__(self) -> None:
        self.unknowns: list[Unknown] = []
        self._numbers: dict[Unknown, int] = {}
        self._least: list[int | None] = []
        self._replaced: dict[int, Polynomial] = {}
        self.replacements = 0

    def add_axis(self) -> Polynomial:
        """Return a new axis of the input; it has one position at least."""
        self.unknowns.append(Unknown("axis"))
        self._least.append(1)
        return (((len(self.unknowns) - 1,), 1),)

    def find_unknown(self, unknown: Unknown) -> Polynomial:
        """Return an unknown as a polynomial."""
        number = self._numbers.get(unknown)
        if number is None:
            number = self._numbers[unknown] = len(self.unknowns)
            self.unknowns.append(unknown)
            self._least.append(self._find_least_unknown(unknown))
        return (((number,), 1),)

    def divide(self, dividend: Polynomial, divisor: Polynomial) -> Polynomial:
        """Return a quotient rounded down; what divides evenly is taken out of it."""
        number = as_number(divisor)
        if not number:
            return self.find_unknown(Unknown("quotient", (dividend, divisor)))
        if number < 0:
            return self.divide(negate(dividend), make_number(-number))
        products = [(p, n) for p, n in dividend if p and n % number]
        if products and products[0][1] < 0:  # ⌊−a / b⌋ = −⌊(a + b − 1) / b⌋
            rounded = add(negate(dividend), make_number(number - 1))
            return negate(self.divide(rounded, divisor))
        count = dict(dividend).get((), 0)
        whole = {p: n // number for p, n in dividend if p and n % number == 0}
        whole[()] = count // number
        if not products:
            return make_polynomial(whole)
        rest = make_polynomial({**dict(products), (): count % number})
        quotient = self.find_unknown(Unknown("quotient", (rest, divisor)))
        return add(make_polynomial(whole), quotient)

    def find_remainder(self, dividend: Polynomial, divisor: Polynomial) -> Polynomial:
        """Return what a division leaves."""
        number = as_number(divisor)
        if not number:
            return self.find_unknown(Unknown("remainder", (dividend, divisor)))
        rest = make_polynomial({p: n % number for p, n in dividend})
        known = as_number(rest)
        if known is not None:
            return make_number(known % number)
        return self.find_unknown(Unknown("remainder", (rest, divisor)))

    def scale(self, size: Polynomial, factor: float) -> Polynomial:
        """Return ⌊size · factor⌋, of floating numbers, as torch interpolates."""
        if factor == int(factor):
            return multiply(size, make_number(int(factor)))
        return self.find_unknown(Unknown("scaled", (size,), factor=factor))

    def choose(
        self, condition: SizeCondition, first: Polynomial, second: Polynomial
    ) -> Polynomial:
        """Return the first where a condition holds, else the second."""
        if first == second:
            return first
        return self.find_unknown(
            Unknown("choice", (first, second), condition=condition)
        )

    def find_least(self, polynomial: Polynomial) -> int | None:
        """Return a number that no value is below; None if none is found."""
        total = 0
        for product, count in polynomial:
            sizes = [self._least[number] for number in product]
            known = [size for size in sizes if size is not None and size >= 0]
            if (product and count < 0) or len(known) < len(sizes):
                return self._find_least_by_quotient(polynomial)
            total += count * prod(known)
        return total

    def _find_least_by_quotient(self, polynomial: Polynomial) -> int | None:
        """Find a bound by that of a quotient, a − b + 1 ≤ b · ⌊a / b⌋ ≤ a."""
        for product, count in reversed(polynomial):
            if len(product) != 1:
                continue
            unknown = self.unknowns[product[0]]
            divisor = as_number(unknown.parts[1]) if unknown.kind == "quotient" else 0
            if divisor and divisor > 0 and count % divisor == 0:
                times = count // divisor
                rest = tuple(item for item in polynomial if item[0] != product)
                whole = multiply(make_number(times), unknown.parts[0])
                least = self.find_least(add(rest, whole))
                return None if least is None else least - max(times, 0) * (divisor - 1)
        return None

    def decide(self, condition: SizeCondition) -> bool | None:
        """Tell whether a condition holds at every input; None if it depends."""
        number = as_number(condition.difference)
        if number is not None:
            return number == 0 if condition.is_zero else number < 0
        difference = self._leave_out_common(condition.difference)
        least = self.find_least(difference)
        most = self.find_least(negate(difference))
        if condition.is_zero:
            apart = (least is not None and least > 0) or (most is not None and most > 0)
            return False if apart else None
        if least is not None and least >= 0:
            return False
        return True if most is not None and most > 0 else None

    def learn(self, condition: SizeCondition, *, holds: bool) -> None:
        """Note that a size is never below some number, if an answer says so."""
        if condition.is_zero:
            return
        difference = condition.difference
        above = negate(difference) if holds else difference
        unknowns = [(product, count) for product, count in above if product]
        if len(unknowns) == 1 and len(unknowns[0][0]) == unknowns[0][1] == 1:
            bound = int(holds) - dict(above).get((), 0)
            number = unknowns[0][0][0]
            self._least[number] = max(bound, self._least[number] or 0)

    def _leave_out_common(self, polynomial: Polynomial) -> Polynomial:
        """Return a polynomial without unknowns above zero that are in each product."""
        common = set(polynomial[0][0]).intersection(*(p for p, _ in polynomial))
        rest = dict(polynomial)
        for number in common:
            while all(number in p for p in rest) and (self._least[number] or 0) > 0:
                rest = {leave_out(p, number): count for p, count in rest.items()}
        return make_polynomial(rest)

    def substitute(self, polynomial: Polynomial, zero: Polynomial) -> Polynomial:
        """Return a polynomial where another one is zero, with an unknown less of it."""
        solved = solve_for_unknown(zero)
        if solved is None:
            return polynomial
        self._replaced = {}
        return self._replace(polynomial, *solved)

    def _replace(
        self, polynomial: Polynomial, number: int, value: Polynomial
    ) -> Polynomial:
        """Put a value in the place of an unknown, also inside others."""
        total: Polynomial = ()
        for product, count in polynomial:
            term = make_number(count)
            for unknown in product:
                if unknown not in self._replaced:  # many are made of the same ones
                    self.replacements += 1
                    new = self._replace_unknown(unknown, number, value)
                    self._replaced[unknown] = new
                term = multiply(term, self._replaced[unknown])
            total = add(total, term)
        return total

    def _replace_unknown(
        self, unknown: int, number: int, value: Polynomial
    ) -> Polynomial:
        """Return an unknown with a value in the place of another."""
        if unknown == number:
            return value
        kind, parts, factor, condition = self.unknowns[unknown]
        if unknown < number or kind == "axis":
            return (((unknown,), 1),)
        new = [self._replace(part, number, value) for part in parts]
        if kind == "choice" and condition is not None:
            difference = self._replace(condition.difference, number, value)
            condition = SizeCondition(difference, condition.is_zero)
            holds = self.decide(condition)
            return self.choose(condition, *new) if holds is None else new[not holds]
        if kind == "scaled":
            return self.scale(new[0], factor)
        return (self.divide if kind == "quotient" else self.find_remainder)(*new)

    def _find_least_unknown(self, unknown: Unknown) -> int | None:
        """Return a number that no value of a new unknown is below."""
        least = [self.find_least(part) for part in unknown.parts]
        known = [number for number in least if number is not None]
        if unknown.kind == "remainder":
            return 0 if (as_number(unknown.parts[1]) or 0) > 0 else None
        if len(known) < len(least):
            return None
        if unknown.kind == "scaled":
            return floor(known[0] * Fraction(unknown.factor))
        if unknown.kind == "choice":
            return min(known)
        divisor = as_number(unknown.parts[1]) or 0
        return known[0] // divisor if divisor > 0 else None


def make_polynomial(products: dict[Product, int]) -> Polynomial:
    """Return products with coefficients in the normal form."""
    return tuple(sorted((p, n) for p, n in products.items() if n))


def make_number(number: int) -> Polynomial:
    """Return a constant."""
    return (((), number),) if number else ()


def as_number(polynomial: Polynomial) -> int | None:
    """Return the value of a constant; None of what depends on the input."""
    if not polynomial:
        return 0
    return polynomial[0][1] if polynomial[-1][0] == () else None


def add(first: Polynomial, second: Polynomial) -> Polynomial:
    """Add two polynomials."""
    products = dict(first)
    for product, count in second:
        products[product] = products.get(product, 0) + count
    return make_polynomial(products)


def negate(polynomial: Polynomial) -> Polynomial:
    """Return a polynomial with the other sign."""
    return tuple((product, -count) for product, count in polynomial)


def leave_out(product: Product, number: int) -> Product:
    """Return a product without one of its unknowns."""
    place = product.index(number)
    return (*product[:place], *product[place + 1 :])


def multiply(first: Polynomial, second: Polynomial) -> Polynomial:
    """Multiply two polynomials."""
    products: dict[Product, int] = {}
    for one, count in first:
        for other, times in second:
            product = tuple(sorted(one + other))
            products[product] = products.get(product, 0) + count * times
    return make_polynomial(products)


def solve_for_unknown(zero: Polynomial) -> tuple[int, Polynomial] | None:
    """Solve "this is zero" for the last unknown that stands alone and once.

    Returns:
        Its number and its value; None if there is no such.
    """
    for product, count in reversed(zero):
        if len(product) != 1 or count not in {1, -1}:
            continue
        uses = sum(product[0] in other for other, _ in zero)
        if uses == 1:
            rest = [(p, -n * count) for p, n in zero if p != product]
            return product[0], tuple(rest)
    return None
