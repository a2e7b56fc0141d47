"""Conditions on rows, `macs < 4e9 and params < 30e6`: parsed, and never evaluated.

Names are those of columns. There are numbers, strings, lists, `and`, `or`, `not`,
comparisons, `in`, and arithmetic. What is not known is less than nothing and more than
nothing: a comparison of order with it is false. A number against a string, or what
divides by zero, is an error: before anything is traced where the condition alone shows
it, else with the row.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.sweeps.terms import (
    ARITHMETIC,
    COMPARISONS,
    MEMBER,
    VALUES,
    Unknown,
    unlike,
    value,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

LONGEST = 1000
"""Characters of a condition."""

NUMERIC, TEXTUAL, SHAPE = "a number", "a string", "a shape"
"""Kinds of values, in words."""

NO_KINDS: Mapping[str, str] = MappingProxyType({})

WRITTEN = re.compile(r"\d+([x×]\d+)+")
"""A shape as text."""

WANT = "want names of columns, numbers, strings, comparisons, and, or, not"


@dataclass(frozen=True, slots=True)
class Where:
    """A condition.

    Attributes:
        text: as written.
        tree: its syntax tree, of allowed nodes alone.
    """

    text: str
    tree: ast.expr

    @property
    def names(self) -> frozenset[str]:
        """The columns that it looks at."""
        return frozenset(n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name))

    @property
    def parts(self) -> Iterator[Where]:
        """The conditions that must all hold."""
        if isinstance(self.tree, ast.BoolOp) and isinstance(self.tree.op, ast.And):
            for part in self.tree.values:
                yield from Where(self.text, part).parts
        else:
            yield self

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Whether it holds for a row; not where what it takes is not known.

        Raises:
            SpecError: if values cannot be compared or computed with.
        """
        try:
            return bool(value(self.tree, row))
        except Unknown:
            return False
        except SpecError as error:
            raise SpecError(f"{error}, in the row of {row.get('spec')!r}") from error


def where(
    text: str,
    columns: Container[str],
    listed: str,
    kinds: Mapping[str, str] = NO_KINDS,
) -> Where:
    """Read a condition.

    Args:
        text: as written.
        columns: names that it may look at.
        listed: them, for messages.
        kinds: what those of them hold that hold nothing else: `NUMERIC`, `TEXTUAL` or
            `SHAPE`.

    Raises:
        SpecError: if it is no condition, looks at what is no column, or compares or
            computes what cannot be.
    """
    if len(text) > LONGEST:
        raise SpecError(f"where: got {len(text)} characters, want at most {LONGEST}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError(f"where: got {text!r}, {WANT}") from error
    found = Where(text, tree)
    for node in ast.walk(tree):
        if not allowed(node):
            raise SpecError(f"where: {ast.unparse(node)!r} in {text!r}, {WANT}")
    for name in sorted(found.names):
        if name not in columns:
            raise SpecError(f"where: no column {name!r}, want one of {listed}")
    check(tree, kinds)
    return found


def check(tree: ast.expr, columns: Mapping[str, str]) -> None:
    """Check what needs no row: kinds in comparisons, and arithmetic without columns.

    Raises:
        SpecError: if things of two kinds are compared, or something divides by zero.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = pairwise((node.left, *node.comparators))
            for op, (left, right) in zip(node.ops, sides, strict=True):
                check_pair(node, op, left, right, columns)
        elif isinstance(node, (ast.BinOp, ast.UnaryOp)) and not any(
            isinstance(part, ast.Name) for part in ast.walk(node)
        ):
            with suppress(Unknown):
                value(node, {})


def check_pair(
    node: ast.Compare,
    op: ast.cmpop,
    left: ast.expr,
    right: ast.expr,
    columns: Mapping[str, str],
) -> None:
    """Check that two sides of a comparison may be alike.

    Raises:
        SpecError: if they never are.
    """
    one, other = kind(left, columns), kind(right, columns)
    if type(op) not in MEMBER:
        if one and other and one != other:
            raise unlike(node, f"compares {one} with {other}")
    elif isinstance(right, ast.Name) and other == SHAPE and one not in {None, NUMERIC}:
        raise unlike(node, f"seeks {one} in {other}, want a number")


def kind(node: ast.expr, columns: Mapping[str, str]) -> str | None:
    """What a node gives in every row; None where that is not said."""
    if isinstance(node, ast.Name):
        return columns.get(node.id)
    if isinstance(node, (ast.List, ast.Tuple)):
        return SHAPE
    if isinstance(node, ast.Constant):
        return kind_of(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return None
    return NUMERIC if isinstance(node, (ast.BinOp, ast.UnaryOp)) else None


def kind_of(held: Any) -> str | None:
    """The kind of a value; None of what is not known, and of several values."""
    if isinstance(held, str):
        return SHAPE if WRITTEN.fullmatch(held) else TEXTUAL
    return NUMERIC if isinstance(held, (int, float)) else None


def allowed(node: ast.AST) -> bool:
    """Whether a node of a syntax tree may stand in a condition."""
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, (str, int, float))
    if isinstance(node, ast.Compare):
        return all(type(op) in COMPARISONS for op in node.ops)
    if isinstance(node, ast.BinOp):
        return type(node.op) in ARITHMETIC
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.Not, ast.USub, ast.UAdd))
    return type(node) in VALUES or isinstance(
        node, (ast.boolop, ast.cmpop, ast.operator, ast.unaryop, ast.expr_context)
    )
