"""Which ways a rule can go, by how the comparisons in it come out.

A rule is called once for each way. Mostly all ways that give sizes give the same: where
nothing changes, what was recorded, and else a formula that says the same there. So the
formula of the most general way is taken if all others agree with it where they are
gone, and a choice between them else. Ways that are refused become checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from resviz.operations.size_rules import SizesDisagree, SizeUnknown
from resviz.readings.formulas.formula_sizes import find_formula, make_size
from resviz.readings.formulas.polynomials import SizeCondition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from resviz.readings.formulas.polynomials import FormulaBook, Polynomial

MOST_REPLACEMENTS = 150_000
"""Formulas put into others for one record, at most: some seconds of work."""

MOST_WAYS = 400
"""Ways of one layer that are gone; what has more is refused."""

Sizes: TypeAlias = "tuple[int, ...]"
"""What a rule gives: numbers, or formulas that stand for them."""

Answer: TypeAlias = "tuple[SizeCondition, bool]"
"""A comparison, and how it came out."""

Trail: TypeAlias = "tuple[Answer, ...]"
"""The answers on one way, in order."""


class Refusal(NamedTuple):
    """Why a rule refuses.

    Attributes:
        reason: in words, with marks where values stand.
        fails: whether torch would refuse, too; else the record does not tell.
    """

    reason: str
    fails: bool


class RuleWay(NamedTuple):
    """One way: its comparisons in order, and what comes out."""

    trail: Trail
    outcome: Sizes | Refusal


class Check(NamedTuple):
    """A refusal, and for which answers, all of them, it is due."""

    answers: tuple[Answer, ...]
    refusal: Refusal


class TooManyWays(Exception):  # noqa: N818 - an answer, as StopIteration is
    """A rule compares so much that its ways are not all gone."""


class WayExplorer:
    """Calls rules, and answers the comparisons in them.

    Attributes:
        book: of the formulas.
        facts: answers that hold from here on, since all else was refused.
    """

    def __init__(self, book: FormulaBook) -> None:
        self.book = book
        self.facts: dict[SizeCondition, bool] = {}
        self._planned: tuple[bool, ...] = ()
        self._answers: dict[SizeCondition, bool] = {}
        self._possible: dict[Trail, bool] = {}  # blocks of a stage go the same ways
        self._equal: dict[tuple[Polynomial, Polynomial, Trail], bool] = {}

    def answer(self, condition: SizeCondition) -> bool:
        """Say whether a condition holds on this way, and remember it."""
        decided = self.book.decide(condition)
        if decided is None:
            decided = self.facts.get(condition)
        if decided is not None:
            return decided
        if condition not in self._answers:
            place = len(self._answers)
            planned = self._planned[place : place + 1] or (True,)
            self._answers[condition] = planned[0]
        return self._answers[condition]

    def add_fact(self, condition: SizeCondition, *, holds: bool) -> None:
        """Note an answer that holds from here on."""
        self.facts[condition] = holds
        self.book.learn(condition, holds=holds)

    def explore(self, rule: Callable[[], Sizes]) -> list[RuleWay]:
        """Call a rule once for each way that it can go; the most general is the last.

        Raises:
            TooManyWays: if there are more than are gone.
        """
        ways: list[RuleWay] = []
        self._planned = ()
        for _ in range(MOST_WAYS):
            self._answers = {}
            outcome = call_rule(rule)
            trail = tuple(self._answers.items())
            if self.book.replacements > MOST_REPLACEMENTS:
                raise TooManyWays
            if trail not in self._possible:
                self._possible[trail] = is_possible(self.book, trail)
            if self._possible[trail]:
                ways.append(RuleWay(trail, outcome))
            answers = [answer for _, answer in trail]
            while answers and not answers[-1]:
                answers.pop()
            if not answers:
                return ways
            self._planned = (*answers[:-1], False)
        raise TooManyWays

    def merge(self, ways: Sequence[RuleWay]) -> Sizes | None:
        """Return what all ways give that are not refused; None where all are."""
        accepted = [way for way in ways if not isinstance(way.outcome, Refusal)]
        if not accepted:
            return None
        columns = zip(*(way.outcome for way in accepted), strict=True)
        return tuple(self._merge_sizes(accepted, sizes) for sizes in columns)

    def _merge_sizes(self, ways: Sequence[RuleWay], sizes: Sequence[int]) -> int:
        """Return the size that each of some ways gives."""
        formulas = [*map(find_formula, sizes)]
        general = formulas[-1]
        if all(
            self._agrees(formula, general, way.trail)
            for way, formula in zip(ways, formulas, strict=True)
        ):
            return sizes[-1]
        pairs = [(way.trail, f) for way, f in zip(ways, formulas, strict=True)]
        return make_size(self, choose_by_answers(self.book, pairs, 0))

    def _agrees(self, formula: Polynomial, general: Polynomial, trail: Trail) -> bool:
        """Tell whether two formulas are equal where some answers are given."""
        key = (formula, general, trail)
        if key not in self._equal:
            zeros = list_zeros(trail)
            self._equal[key] = is_equal(self.book, formula, general, zeros)
        return self._equal[key]


def call_rule(rule: Callable[[], Sizes]) -> Sizes | Refusal:
    """Return what a rule gives on one way, or why it refuses."""
    try:
        return rule()
    except SizesDisagree as error:
        return Refusal(str(error), fails=True)
    except SizeUnknown as error:
        return Refusal(str(error), fails=False)


def choose_by_answers(
    book: FormulaBook,
    pairs: Sequence[tuple[tuple[Answer, ...], Polynomial]],
    depth: int,
) -> Polynomial:
    """Return a formula that chooses between ways which share their first answers."""
    if all(formula == pairs[0][1] for _, formula in pairs):
        return pairs[0][1]
    condition = pairs[0][0][depth][0]
    sides = [[p for p in pairs if p[0][depth][1] is holds] for holds in (True, False)]
    chosen = [choose_by_answers(book, side, depth + 1) for side in sides if side]
    return book.choose(condition, *chosen) if len(chosen) > 1 else chosen[0]


def list_checks(ways: Sequence[RuleWay], depth: int = 0) -> Iterator[Check]:
    """List the refusals among ways that share their first `depth` answers.

    Answers that make no difference to what is refused are left out.
    """
    refusals = [way.outcome for way in ways if isinstance(way.outcome, Refusal)]
    if not refusals:
        return
    if len(refusals) == len(ways) and len({*refusals}) == 1:
        yield Check((), refusals[0])
        return
    condition = ways[0].trail[depth][0]
    sides = [[way for way in ways if way.trail[depth][1] is a] for a in (True, False)]
    holding, failing = [
        [*list_checks(side, depth + 1)] if side else [] for side in sides
    ]
    if holding == failing or not all(sides):
        yield from holding or failing
        return
    for answer, checks in ((True, holding), (False, failing)):
        for check in checks:
            yield Check(((condition, answer), *check.answers), check.refusal)


def is_possible(book: FormulaBook, trail: Sequence[Answer]) -> bool:
    """Tell whether answers go together, as far as equalities among them say."""
    zeros = list_zeros(trail)
    for condition, answer in trail:
        kept = [zero for zero in zeros if zero != condition.difference]
        difference = substitute_zeros(book, condition.difference, kept)
        decided = book.decide(SizeCondition(difference, condition.is_zero))
        if decided is not None and decided is not answer:
            return False
    return True


def list_zeros(trail: Sequence[Answer]) -> list[Polynomial]:
    """List the polynomials that are zero by some answers."""
    return [c.difference for c, answer in trail if c.is_zero and answer]


def is_equal(
    book: FormulaBook, one: Polynomial, other: Polynomial, zeros: Sequence[Polynomial]
) -> bool:
    """Tell whether two formulas are equal where some polynomials are zero."""
    if one == other:
        return True
    return substitute_zeros(book, one, zeros) == substitute_zeros(book, other, zeros)


def substitute_zeros(
    book: FormulaBook, polynomial: Polynomial, zeros: Sequence[Polynomial]
) -> Polynomial:
    """Return a polynomial where others are zero, with fewer unknowns."""
    pending = [*zeros]
    while pending:
        zero = pending.pop(0)
        polynomial = book.substitute(polynomial, zero)
        pending = [book.substitute(other, zero) for other in pending]
    return polynomial
