"""The value of a literal and of arithmetic on numbers, without evaluating anything."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
"""What two numbers may be joined by."""

MAX_RESULT = 10**18
"""The largest number that arithmetic may give; a power cannot take for ever."""

MAX_EXPONENT = 64
"""The largest exponent of a power."""


def evaluate_literal(node: ast.expr) -> Any:
    """Return the value of a literal, of which numbers may be written as arithmetic.

    Raises:
        SpecError: for arithmetic that gives no number, or too large a one.
        ValueError: for anything else that is no literal, as `ast.literal_eval`.

    Example:
        >>> evaluate_literal(ast.parse("[2**5, -(3 + 1), 'a']", mode="eval").body)
        [32, -4, 'a']
    """
    return ast.literal_eval(ArithmeticFolder().visit(node))


class ArithmeticFolder(ast.NodeTransformer):
    """Puts the results of arithmetic on numbers in its place."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Fold a sign before a number."""
        node.operand = self.visit(node.operand)
        value = read_number(node.operand)
        if value is None or not isinstance(node.op, ast.UAdd | ast.USub):
            return node
        return ast.Constant(-value if isinstance(node.op, ast.USub) else value)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """Fold an operation on two numbers."""
        text = ast.unparse(node)
        node.left, node.right = self.visit(node.left), self.visit(node.right)
        left, right = read_number(node.left), read_number(node.right)
        operate = OPERATORS.get(type(node.op))
        if left is None or right is None or operate is None:
            return node
        if isinstance(node.op, ast.Pow) and abs(right) > MAX_EXPONENT:
            want = f"want {MAX_EXPONENT} or less"
            raise SpecError(f"spec: {text:.60} has too large an exponent, {want}")
        return fold(lambda: operate(left, right), text)


def read_number(node: ast.AST) -> int | float | None:
    """Return the real number that a constant holds, or None."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value


def fold(calculate: Callable[[], Any], text: str) -> ast.Constant:
    """Return the constant that a calculation gives.

    Raises:
        SpecError: if it gives none, or too large a one.
    """
    try:
        value = calculate()
    except ArithmeticError as error:
        raise SpecError(f"spec: {text:.60} has no value, {error}") from error
    if isinstance(value, complex):
        raise SpecError(f"spec: {text:.60} is {value}, want a real number")
    if not abs(value) <= MAX_RESULT:
        raise SpecError(f"spec: {text:.60} is too large, want {MAX_RESULT:.0e} or less")
    return ast.Constant(value)
