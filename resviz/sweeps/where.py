"""Conditions on rows, `macs < 4e9 and params < 30e6`: parsed, and never evaluated.

Names are those of columns. There are numbers, strings, lists, `and`, `or`, `not`,
comparisons, `in`, and arithmetic. What is not known is less than nothing and more than
nothing: a comparison of order with it is false.
"""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

LONGEST = 1000
"""Characters of a condition."""

HIGHEST = 64
"""Exponents of powers, so that no number takes all memory."""

ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip

EQUAL: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Is: operator.eq, ast.IsNot: operator.ne,
}  # fmt: skip

MEMBER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}

UNLIKE = (TypeError, ArithmeticError, ValueError, LookupError)
"""What is raised where values cannot be compared or computed with."""

COMPARISONS = {**ORDER, **EQUAL, **MEMBER}

ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}  # fmt: skip

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
        """Whether it holds for a row; not where values cannot be compared."""
        try:
            return bool(value(self.tree, row))
        except UNLIKE:
            return False


def where(text: str, columns: Container[str], listed: str) -> Where:
    """Read a condition.

    Args:
        text: as written.
        columns: names that it may look at.
        listed: them, for messages.

    Raises:
        SpecError: if it is no condition, or looks at what is no column.
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
    return found


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
    return tuple(held) if isinstance(held, list) else held


def joined(node: ast.BoolOp, row: Mapping[str, Any]) -> bool:
    """Whether all conditions hold, or any."""
    holds = all if isinstance(node.op, ast.And) else any
    return holds(value(part, row) for part in node.values)


def signed(node: ast.UnaryOp, row: Mapping[str, Any]) -> Any:
    """The contrary of a condition, or a number with its sign."""
    own = value(node.operand, row)
    if isinstance(node.op, ast.Not):
        return not own
    return -own if isinstance(node.op, ast.USub) else +own


def listed(node: ast.List | ast.Tuple, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Several values."""
    return tuple(value(part, row) for part in node.elts)


def picked(node: ast.Subscript, row: Mapping[str, Any]) -> Any:
    """One of several values, as `final_shape[1]`."""
    return value(node.value, row)[value(node.slice, row)]


def compared(node: ast.Compare, row: Mapping[str, Any]) -> bool:
    """Whether a chain of comparisons holds; not where values cannot be compared."""
    try:
        values = [value(part, row) for part in (node.left, *node.comparators)]
        return all(
            COMPARISONS[type(op)](left, right)
            for op, left, right in zip(node.ops, values, values[1:], strict=False)
        )
    except UNLIKE:
        return False


def computed(node: ast.BinOp, row: Mapping[str, Any]) -> Any:
    """What two numbers give.

    Raises:
        ValueError: for a power that is out of bounds, or for what are no numbers.
    """
    left, right = value(node.left, row), value(node.right, row)
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        raise TypeError("no number")
    if isinstance(node.op, ast.Pow) and abs(right) > HIGHEST:
        raise ValueError("too high a power")
    return ARITHMETIC[type(node.op)](left, right)


VALUES: dict[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]] = {
    ast.Constant: constant, ast.Name: named, ast.BoolOp: joined, ast.UnaryOp: signed,
    ast.Compare: compared, ast.BinOp: computed, ast.Subscript: picked,
    ast.List: listed, ast.Tuple: listed,
}  # fmt: skip
"""What gives the value of each node."""
