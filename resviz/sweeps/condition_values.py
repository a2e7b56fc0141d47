"""Values in conditions on rows: what they give compared, computed with and sought.

A value may be unknown, or known to be at least so large. A comparison that this does
not decide raises `UndecidedError`.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from resviz.units import AtLeast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HIGHEST = 64
"""Highest exponent, so that no number takes all memory."""

UNKNOWN = object()
"""What arithmetic with an unknown value gives; a column without a value is None."""


class UndecidedError(Exception):
    """A comparison that what is known of its values does not decide."""


class RowShape(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no slots of its own
    """A shape whose first number is the batch.

    Attributes:
        shown: its sizes as tables write them, channels last; () where none are known.
    """

    shown: tuple[Any, ...] = ()


def _is_equal(first: Any, second: Any) -> bool:
    """Tell whether two values are equal; numbers also equal their text, `1x64x7x7`.

    A shape with a batch is its text without it, too, and as tables write it, `7x7x64`.
    """
    for several, text in ((first, second), (second, first)):
        if isinstance(several, tuple) and isinstance(text, str):
            sizes = [*map(str, several)]
            texts = [sizes]
            if isinstance(several, RowShape):
                texts += [sizes[1:], [*map(str, several.shown)]]
            return re.split("[x×]", text) in texts
    return first == second


def _is_unequal(first: Any, second: Any) -> bool:
    """Tell whether two values differ."""
    return not _is_equal(first, second)


def _keeps_lower_bound(
    function: Callable[..., Any], sides: Sequence[ConditionValue]
) -> bool:
    """Tell whether a result is at least what the least of its values give."""
    others = sides[1:]
    if function in {operator.add, operator.pos}:
        return True
    if function is operator.mul:
        return all(side.value >= 0 for side in sides)
    if any(side.is_lower_bound for side in others):
        return False
    if function in {operator.truediv, operator.floordiv}:
        return all(side.value > 0 for side in others)
    return function is operator.sub


def _computes(function: Callable[..., Any]) -> Callable[..., ConditionValue]:
    """Return a method of arithmetic, which takes and gives numbers alone."""

    def method(*sides: ConditionValue) -> ConditionValue:
        numbers = [side.value for side in sides]
        if not all(side.is_known for side in sides):
            return ConditionValue(UNKNOWN)
        if all(isinstance(number, (int, float)) for number in numbers):
            numbers.append(function(*numbers))
        for number in numbers:  # a root may be no real number
            if not isinstance(number, (int, float)):
                raise TypeError(f"computes with {number!r}, want numbers")
        float(numbers[-1])  # an integer may be too large for one
        is_bound = any(side.is_lower_bound for side in sides)
        if is_bound and not _keeps_lower_bound(function, sides):
            return ConditionValue(UNKNOWN)
        return ConditionValue(numbers[-1], is_lower_bound=is_bound)

    return method


def _compares(
    function: Callable[[Any, Any], bool], unknown: tuple[Any, ...] = (None, UNKNOWN)
) -> Callable[[ConditionValue, Any], bool]:
    """Return a method that compares, and raises `UndecidedError` of the unknown."""

    def method(left: ConditionValue, right: ConditionValue) -> bool:
        if any(side.value is none for side in (left, right) for none in unknown):
            raise UndecidedError
        try:
            verdicts = {
                function(first, second)
                for first in _list_possible(left, right)
                for second in _list_possible(right, left)
            }
        except TypeError as error:
            reason = f"compares {left.value!r} with {right.value!r}"
            raise TypeError(reason) from error
        if len(verdicts) > 1:
            raise UndecidedError
        return verdicts.pop()

    return method


def _list_possible(value: ConditionValue, other: ConditionValue) -> list[Any]:
    """List values that a value may have, enough to tell how it compares with another.

    What is at least so large may be that, as large as the other, or endless.
    """
    if not value.is_lower_bound or not isinstance(other.value, (int, float)):
        return [value.value]
    return [value.value, max(value.value, other.value), float("inf")]


def _raise_to_power(base: float, exponent: float) -> float:
    """Return a power that a float can hold.

    Raises:
        TypeError: if the exponent is above `HIGHEST`.
    """
    if abs(exponent) > HIGHEST:
        raise TypeError(f"is too high a power, want at most {HIGHEST}")
    _ = float(base) ** exponent  # OverflowError
    return base**exponent


class ConditionValue:
    """A value in a condition, with the operators that conditions have.

    Attributes:
        value: of a column, a literal or a computation.
        is_lower_bound: whether it is at least so large, and may be larger.
    """

    __slots__ = ("is_lower_bound", "value")

    def __init__(self, value: Any, *, is_lower_bound: bool = False) -> None:
        self.value = value
        self.is_lower_bound = is_lower_bound

    @classmethod
    def of_column(cls, name: str, value: Any) -> ConditionValue:
        """Return the value of a column as conditions compare it."""
        if isinstance(value, (list, tuple)):
            shown = tuple(getattr(value, "sizes", ()))
            value = RowShape(value) if name.endswith("shape") else tuple(value)
            if isinstance(value, RowShape):
                value.shown = shown
        if isinstance(value, AtLeast):
            return cls(int(value), is_lower_bound=True)
        return cls(value)

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None and self.value is not UNKNOWN

    def __bool__(self) -> bool:
        if self.value is UNKNOWN:
            raise UndecidedError
        return bool(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __contains__(self, part: ConditionValue) -> bool:
        if isinstance(self.value, tuple):
            return any(part == ConditionValue(item) for item in self.value)
        return part.is_in(self)

    def __getitem__(self, place: ConditionValue) -> ConditionValue:
        if not self.is_known or not place.is_known:
            return ConditionValue(UNKNOWN)
        try:
            return ConditionValue(self.value[place.value])
        except IndexError:  # a shape of fewer axes
            return ConditionValue(UNKNOWN)
        except TypeError as error:
            raise TypeError(f"picks {place.value!r} of {self.value!r}") from error

    is_in = _compares(lambda part, text: part in text)
    __eq__ = _compares(_is_equal, (UNKNOWN,))
    __ne__ = _compares(_is_unequal, (UNKNOWN,))
    __lt__, __le__ = _compares(operator.lt), _compares(operator.le)
    __gt__, __ge__ = _compares(operator.gt), _compares(operator.ge)
    __neg__, __pos__ = _computes(operator.neg), _computes(operator.pos)
    __add__, __sub__ = _computes(operator.add), _computes(operator.sub)
    __mul__, __truediv__ = _computes(operator.mul), _computes(operator.truediv)
    __floordiv__, __mod__ = _computes(operator.floordiv), _computes(operator.mod)
    __pow__ = _computes(_raise_to_power)


class ExcludingValue(ConditionValue):
    """A value in which another one must not be."""

    __slots__ = ()

    def __contains__(self, part: ConditionValue) -> bool:
        may_be_none = isinstance(self.value, tuple) and part.value is None
        if not self.is_known or not (part.is_known or may_be_none):
            raise UndecidedError
        return not super().__contains__(part)
