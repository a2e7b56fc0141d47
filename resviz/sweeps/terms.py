"""What the parts of a condition stand for in a row: values, and what is no value.

A number against a string, or what divides by zero, is an error; what is not known is
none, and meets nothing.
"""

from __future__ import annotations

import ast
import operator
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HIGHEST = 64
"""Exponents of powers, so that no number takes all memory."""

ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip

TIMES = re.compile("[x×]")
"""Between the numbers of a shape, as tables and CSV have it."""


class Batched(tuple[int, ...]):
    """A shape whose first number is the batch."""

    __slots__ = ()


def equal(one: Any, other: Any) -> bool:
    """Whether two values are; several numbers are also their text, as `1x2048x7x7`.

    A shape with a batch is its text without it, too.
    """
    for several, text in ((one, other), (other, one)):
        if isinstance(several, tuple) and isinstance(text, str):
            numbers = [*map(str, several)]
            rest = numbers[1:] if isinstance(several, Batched) else numbers
            return TIMES.split(text) in (numbers, rest)
    return one == other


def among(one: Any, many: Any) -> bool:
    """Whether a value is one of several, or in a string."""
    return one in many or (isinstance(many, tuple) and any(equal(one, m) for m in many))


EQUAL: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    **dict.fromkeys((ast.Eq, ast.Is), equal),
    **dict.fromkeys((ast.NotEq, ast.IsNot), lambda one, other: not equal(one, other)),
}

MEMBER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.In: among,
    ast.NotIn: lambda one, many: not among(one, many),
}

COMPARISONS = {**ORDER, **EQUAL, **MEMBER}

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}  # fmt: skip


class Unknown(Exception):  # noqa: N818 - no error: what is not known meets no condition
    """Something was computed with that is not known."""


def unlike(node: ast.expr, why: str) -> SpecError:
    """The error of a part of a condition."""
    return SpecError(f"where: {ast.unparse(node)!r} {why}")


def value(node: ast.expr, row: Mapping[str, Any]) -> Any:
    """What a node stands for in a row."""
    return VALUES[type(node)](node, row)


def constant(node: ast.Constant, row: Mapping[str, Any]) -> Any:
    """A number or a string."""
    del row
    return node.value


def named(node: ast.Name, row: Mapping[str, Any]) -> Any:
    """The value of a column."""
    held = row.get(node.id)
    if not isinstance(held, list):
        return held
    return Batched(held) if node.id.endswith("shape") else tuple(held)


def joined(node: ast.BoolOp, row: Mapping[str, Any]) -> bool:
    """Whether all conditions hold, or any."""
    holds = all if isinstance(node.op, ast.And) else any
    return holds(value(part, row) for part in node.values)


def signed(node: ast.UnaryOp, row: Mapping[str, Any]) -> Any:
    """The contrary of a condition, or a number with its sign."""
    own = value(node.operand, row)
    if isinstance(node.op, ast.Not):
        return not own
    number(node, own)
    return -own if isinstance(node.op, ast.USub) else +own


def listed(node: ast.List | ast.Tuple, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Several values."""
    return tuple(value(part, row) for part in node.elts)


def picked(node: ast.Subscript, row: Mapping[str, Any]) -> Any:
    """One of several values, as `final_shape[1]`."""
    held, place = value(node.value, row), value(node.slice, row)
    if held is None or place is None:
        raise Unknown
    try:
        return held[place]
    except IndexError as error:  # a shape of fewer axes
        raise Unknown from error
    except TypeError as error:
        raise unlike(node, f"picks {place!r} of {held!r}") from error


def compared(node: ast.Compare, row: Mapping[str, Any]) -> bool:
    """Whether a chain of comparisons holds; not where a value is not known.

    Raises:
        SpecError: if values cannot be compared.
    """
    try:
        values = [value(part, row) for part in (node.left, *node.comparators)]
    except Unknown:
        return False
    return all(
        meets(node, op, *pair)
        for op, pair in zip(node.ops, pairwise(values), strict=True)
    )


def meets(node: ast.Compare, op: ast.cmpop, left: Any, right: Any) -> bool:
    """Whether two values meet one comparison."""
    many = type(op) in MEMBER
    if right is None if many else type(op) in ORDER and None in (left, right):
        return False
    try:
        return COMPARISONS[type(op)](left, right)
    except TypeError as error:
        if left is None:  # sought in a string
            return False
        raise unlike(node, f"compares {left!r} with {right!r}") from error


def computed(node: ast.BinOp, row: Mapping[str, Any]) -> Any:
    """What two numbers give.

    Raises:
        Unknown: if one is not known.
        SpecError: if one is no number, or they give none.
    """
    left, right = value(node.left, row), value(node.right, row)
    number(node, left)
    number(node, right)
    if isinstance(node.op, ast.Pow) and abs(right) > HIGHEST:
        raise unlike(node, f"is too high a power, want at most {HIGHEST}")
    try:
        found = ARITHMETIC[type(node.op)](left, right)
    except ZeroDivisionError as error:
        raise unlike(node, "divides by zero") from error
    except OverflowError as error:
        raise unlike(node, "is too large a number") from error
    number(node, found)
    return found


def number(node: ast.expr, held: Any) -> None:
    """Check that a value is a number.

    Raises:
        Unknown: if it is not known.
        SpecError: if it is something else.
    """
    if held is None:
        raise Unknown
    if not isinstance(held, (int, float)):
        raise unlike(node, f"computes with {held!r}, want numbers")


VALUES: dict[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: constant, ast.Name: named, ast.BoolOp: joined, ast.UnaryOp: signed,
    ast.Compare: compared, ast.BinOp: computed, ast.Subscript: picked,
    ast.List: listed, ast.Tuple: listed,
}  # fmt: skip
"""What gives the value of each node."""
