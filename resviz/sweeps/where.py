"""Conditions on rows, `macs < 4e9 and params < 30e6`, evaluated by Python.

A condition is an expression of names of columns, numbers, strings, lists, `and`, `or`,
`not`, comparisons, `in`, arithmetic and subscripts; no other syntax is evaluated. An
unknown value satisfies no comparison, nor the contrary of one; what is at least so
large satisfies no upper bound. A number compared with a string, or a division by zero,
is an error: before anything is traced where the condition alone shows it, else with the
row.
"""

from __future__ import annotations

import ast
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest
from resviz.sweeps.condition_values import (
    ConditionValue,
    ExcludingValue,
    UndecidedError,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from types import CodeType

LONGEST = 1000
"""Most characters of a condition."""

NUMERIC, TEXTUAL, SHAPE = "a number", "a string", "a shape"
"""Kinds of values, in words."""

Kinds = tuple[str, ...]
"""All that a value can be compared as; () where that is not certain."""

WRITTEN_SHAPE = re.compile(r"\d+([x×]\d+)+")

WANT = (
    "want names of columns, numbers, strings, comparisons, and, or, not, as in "
    "'macs < 4e9 and depth > 18'"
)

ALLOWED_NODES = (
    ast.Name, ast.expr_context, ast.Constant, ast.List, ast.Tuple, ast.Subscript,
    ast.BoolOp, ast.boolop, ast.Compare, ast.cmpop, ast.UnaryOp, ast.Not, ast.USub,
    ast.UAdd, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Pow,
)  # fmt: skip
"""All that may stand in the syntax tree of a condition."""


class _ValueInserter(ast.NodeTransformer):
    """Makes each constant and list of a tree a `ConditionValue`."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Wrap a number, a string or None."""
        return _call("<value>", node)

    def visit_List(self, node: ast.List | ast.Tuple) -> ast.expr:
        """Wrap several values."""
        return _call("<list>", *map(self.visit, node.elts))

    visit_Tuple = visit_List  # noqa: N815 - as `ast` calls it

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """Let `is` be `==`, and `not in` be false where something is unknown."""
        self.generic_visit(node)
        for k, op in enumerate(node.ops):
            if isinstance(op, ast.NotIn):
                node.ops[k] = ast.In()
                node.comparators[k] = _call("<excluding>", node.comparators[k])
            elif isinstance(op, (ast.Is, ast.IsNot)):
                node.ops[k] = ast.Eq() if isinstance(op, ast.Is) else ast.NotEq()
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    """Return a call of a function that no condition can name."""
    return ast.Call(ast.Name(name, ast.Load()), [*arguments], [])


NAMESPACE: Mapping[str, Any] = MappingProxyType({
    "__builtins__": {},
    "<value>": ConditionValue,
    "<list>": lambda *parts: ConditionValue(tuple(part.value for part in parts)),
    "<excluding>": lambda several: ExcludingValue(several.value),
})  # fmt: skip
"""What an evaluation knows besides columns."""


@dataclass(frozen=True)
class Condition:
    """A condition.

    Attributes:
        text: as written.
        tree: its syntax tree, of allowed nodes alone.
    """

    text: str
    tree: ast.expr

    @cached_property
    def code(self) -> CodeType:
        """The condition, compiled."""
        tree = ast.Expression(_ValueInserter().visit(deepcopy(self.tree)))
        return compile(ast.fix_missing_locations(tree), "<where>", "eval")

    @property
    def names(self) -> frozenset[str]:
        """The columns that it looks at."""
        return frozenset(n.id for n in ast.walk(self.tree) if isinstance(n, ast.Name))

    @property
    def parts(self) -> Iterator[Condition]:
        """The conditions that must all hold."""
        if isinstance(self.tree, ast.BoolOp) and isinstance(self.tree.op, ast.And):
            for part in self.tree.values:
                yield from Condition(self.text, part).parts
        else:
            yield self

    @cached_property
    def operands(self) -> tuple[Condition, ...]:
        """The conditions that `and`, `or` or `not` joins in it; () of any other."""
        match self.tree:
            case ast.BoolOp(values=joined):
                return tuple(Condition(self.text, part) for part in joined)
            case ast.UnaryOp(op=ast.Not(), operand=denied):
                return (Condition(self.text, denied),)
            case _:
                return ()

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether it holds for a row; not where what it takes is not known.

        Raises:
            SpecError: if values cannot be compared or computed with.
        """
        return self.judge(row) is True

    def judge(self, row: Mapping[str, Any]) -> bool | None:
        """Tell whether it holds for a row, None where what is known does not say.

        Raises:
            SpecError: if values cannot be compared or computed with.
        """
        if not self.operands:
            return self._judge_alone(row)
        if not isinstance(self.tree, ast.BoolOp):
            verdict = self.operands[0].judge(row)
            return None if verdict is None else not verdict
        decisive = isinstance(self.tree.op, ast.Or)
        is_known = True
        for part in self.operands:
            verdict = part.judge(row)
            if verdict is decisive:
                return decisive
            is_known = is_known and verdict is not None
        return not decisive if is_known else None

    def _judge_alone(self, row: Mapping[str, Any]) -> bool | None:
        """Judge a condition that joins no others."""
        columns = {
            name: ConditionValue.of_column(name, row.get(name)) for name in self.names
        }
        try:
            return bool(eval(self.code, {**columns, **NAMESPACE}))  # noqa: S307 - allowed nodes alone, no builtins
        except UndecidedError:
            return None
        except (ArithmeticError, TypeError) as error:
            in_row = f", in the row of {row.get('spec')!r}" if row else ""
            raise SpecError(f"{self.describe_error(error)}{in_row}") from error

    def describe_error(self, error: Exception) -> str:
        """Return what is wrong, with the part of the condition that raised an error."""
        reasons = {ZeroDivisionError: "divides by zero",
                   OverflowError: "is too large a number"}  # fmt: skip
        part, trace = self.tree, error.__traceback__
        while trace and trace.tb_frame.f_code is not self.code:
            trace = trace.tb_next
        if trace:
            places = [*self.code.co_positions()]
            for node in ast.walk(self.tree):
                if isinstance(node, ast.expr) and places[trace.tb_lasti // 2] == (
                    node.lineno, node.end_lineno, node.col_offset, node.end_col_offset,
                ):  # fmt: skip
                    part = node
        reason = reasons.get(type(error), str(error))
        return f"where: {ast.unparse(part)!r} {reason}"


def parse_condition(
    text: str,
    columns: Collection[str],
    kinds: Mapping[str, Kinds] = MappingProxyType({}),
) -> Condition:
    """Read a condition.

    Args:
        text: as written.
        columns: names that it may look at.
        kinds: what those of them hold that hold nothing else: some of `NUMERIC`,
            `TEXTUAL` and `SHAPE`.

    Raises:
        SpecError: if it is no condition, looks at what is no column, or compares or
            computes what cannot be.
    """
    if len(text) > LONGEST:
        raise SpecError(f"where: got {len(text)} characters, want at most {LONGEST}")
    try:
        condition = Condition(text, ast.parse(text.strip(), mode="eval").body)
        for node in ast.walk(condition.tree):
            if not _is_allowed(node):
                raise SpecError(f"where: {ast.unparse(node)!r} in {text!r}, {WANT}")
        assert condition.code
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SpecError(f"where: got {text!r}, {WANT}") from error
    for name in sorted(condition.names):
        if name not in columns:
            raise SpecError(f"where: no column {name!r}, {suggest(name, columns)}")
    _check_without_rows(condition.tree, kinds)
    return condition


def _is_allowed(node: ast.AST) -> bool:
    """Tell whether a node of a syntax tree may stand in a condition."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, int, float, type(None)))
    parts = (node, getattr(node, "op", node))
    return all(isinstance(part, ALLOWED_NODES) for part in parts)


def _check_without_rows(tree: ast.expr, kinds: Mapping[str, Kinds]) -> None:
    """Check kinds in comparisons, and arithmetic without columns.

    Raises:
        SpecError: if things of two kinds are compared, or something divides by zero.
    """
    for node in ast.walk(tree):
        if (
            isinstance(node, (ast.BinOp, ast.UnaryOp))
            and not (part := Condition("", node)).names
        ):
            part.holds({})
        if not isinstance(node, ast.Compare):
            continue
        sides = pairwise((node.left, *node.comparators))
        for op, (left, right) in zip(node.ops, sides, strict=True):
            first, second = _find_kinds(left, kinds), _find_kinds(right, kinds)
            reason, comparable = "compares {} with {}", second
            if isinstance(op, (ast.In, ast.NotIn)):
                if isinstance(right, (ast.List, ast.Tuple)):
                    second = _join_kinds(_find_kinds(e, kinds) for e in right.elts)
                    comparable = second
                else:
                    reason = "seeks {} in {}, want a number"
                    in_shape = isinstance(right, ast.Name) and second == (SHAPE,)
                    comparable = (NUMERIC,) if in_shape else ()
            if first and comparable and not {*first} & {*comparable}:
                reason = reason.format(" or ".join(first), " or ".join(second))
                raise SpecError(f"where: {ast.unparse(node)!r} {reason}")


def _find_kinds(node: ast.expr, kinds: Mapping[str, Kinds]) -> Kinds:
    """Return what a node gives in every row."""
    match node:
        case ast.Name():
            return kinds.get(node.id, ())
        case ast.List() | ast.Tuple():
            return (SHAPE,)
        case ast.Constant():
            return _list_kinds(node.value)
        case ast.BinOp() | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            return (NUMERIC,)
        case _:
            return ()


def _list_kinds(value: Any) -> Kinds:
    """Return what a value is compared as; a text may be read as a shape."""
    match value:
        case str():
            return (TEXTUAL, SHAPE) if WRITTEN_SHAPE.fullmatch(value) else (TEXTUAL,)
        case int() | float():
            return (NUMERIC,)
        case list() | tuple() if all(_list_kinds(size) == (NUMERIC,) for size in value):
            return (SHAPE,)
        case _:
            return ()


def _join_kinds(several: Iterable[Kinds]) -> Kinds:
    """Return the kinds of several values, () where those of one are not certain."""
    listed = [*several]
    return tuple(dict.fromkeys(chain(*listed))) if all(listed) else ()


def find_column_kinds(values: Iterable[Any]) -> Kinds:
    """Return what the values of a column are compared as, those that are known."""
    return _join_kinds(_list_kinds(value) for value in values if value is not None)
