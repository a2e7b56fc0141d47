"""Conditions on rows, `macs < 4e9 and params < 30e6`, evaluated by Python.

A condition is an expression of names of columns, numbers, strings, lists, `and`, `or`,
`not`, comparisons, `in`, arithmetic and subscripts; no other syntax is evaluated. An
unknown value satisfies no comparison. A number compared with a string, or a division by
zero, is an error: before anything is traced where the condition alone shows it, else
with the row.
"""

from __future__ import annotations

import ast
import operator
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from types import CodeType

LONGEST = 1000
"""Most characters of a condition."""

HIGHEST = 64
"""Highest exponent, so that no number takes all memory."""

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

UNKNOWN = object()
"""What arithmetic with an unknown value gives; a column without a value is None."""


class _Shape(tuple[Any, ...]):
    """A shape whose first number is the batch."""

    __slots__ = ()


def _is_equal(first: Any, second: Any) -> bool:
    """Tell whether two values are equal; numbers also equal their text, `1x64x7x7`.

    A shape with a batch is its text without it, too.
    """
    for several, text in ((first, second), (second, first)):
        if isinstance(several, tuple) and isinstance(text, str):
            sizes = [*map(str, several)]
            without_batch = sizes[1:] if isinstance(several, _Shape) else sizes
            return re.split("[x×]", text) in (sizes, without_batch)
    return first == second


def _computes(function: Callable[..., Any]) -> Callable[..., _Value]:
    """Return a method of arithmetic, which takes and gives numbers alone."""

    def method(*sides: _Value) -> _Value:
        numbers = [side.value for side in sides]
        if not all(side.is_known for side in sides):
            return _Value(UNKNOWN)
        if all(isinstance(number, (int, float)) for number in numbers):
            numbers.append(function(*numbers))
        for number in numbers:  # a root may be no real number
            if not isinstance(number, (int, float)):
                raise TypeError(f"computes with {number!r}, want numbers")
        float(numbers[-1])  # an integer may be too large for one
        return _Value(numbers[-1])

    return method


def _compares(
    function: Callable[[Any, Any], bool], unknown: tuple[Any, ...] = (None, UNKNOWN)
) -> Callable[[_Value, Any], bool]:
    """Return a method that compares; with an unknown value it is false."""

    def method(left: _Value, right: _Value) -> bool:
        if any(side.value is none for side in (left, right) for none in unknown):
            return False
        try:
            return function(left.value, right.value)
        except TypeError as error:
            reason = f"compares {left.value!r} with {right.value!r}"
            raise TypeError(reason) from error

    return method


def _raise_to_power(base: float, exponent: float) -> float:
    """Return a power that a float can hold.

    Raises:
        TypeError: if the exponent is above `HIGHEST`.
    """
    if abs(exponent) > HIGHEST:
        raise TypeError(f"is too high a power, want at most {HIGHEST}")
    _ = float(base) ** exponent  # OverflowError
    return base**exponent


class _Value:
    """A value in a condition, with the operators that conditions have."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def is_known(self) -> bool:
        """Whether there is a value."""
        return self.value is not None and self.value is not UNKNOWN

    def __bool__(self) -> bool:
        return self.is_known and bool(self.value)

    def __hash__(self) -> int:
        return hash(self.value)

    def __contains__(self, part: _Value) -> bool:
        if isinstance(self.value, tuple):
            return any(part == _Value(item) for item in self.value)
        return part.is_in(self)

    def __getitem__(self, place: _Value) -> _Value:
        if not self.is_known or not place.is_known:
            return _Value(UNKNOWN)
        try:
            return _Value(self.value[place.value])
        except IndexError:  # a shape of fewer axes
            return _Value(UNKNOWN)
        except TypeError as error:
            raise TypeError(f"picks {place.value!r} of {self.value!r}") from error

    is_in = _compares(lambda part, text: part in text)
    __eq__ = _compares(_is_equal, (UNKNOWN,))
    __ne__ = _compares(lambda left, right: not _is_equal(left, right), (UNKNOWN,))
    __lt__, __le__ = _compares(operator.lt), _compares(operator.le)
    __gt__, __ge__ = _compares(operator.gt), _compares(operator.ge)
    __neg__, __pos__ = _computes(operator.neg), _computes(operator.pos)
    __add__, __sub__ = _computes(operator.add), _computes(operator.sub)
    __mul__, __truediv__ = _computes(operator.mul), _computes(operator.truediv)
    __floordiv__, __mod__ = _computes(operator.floordiv), _computes(operator.mod)
    __pow__ = _computes(_raise_to_power)


class _Excluding(_Value):
    """A value in which another one must not be."""

    __slots__ = ()

    def __contains__(self, part: _Value) -> bool:
        may_be_none = isinstance(self.value, tuple) and part.value is None
        known = self.is_known and (part.is_known or may_be_none)
        return known and not super().__contains__(part)


class _ValueInserter(ast.NodeTransformer):
    """Makes each constant and list of a tree a `_Value`."""

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
    "<value>": _Value,
    "<list>": lambda *parts: _Value(tuple(part.value for part in parts)),
    "<excluding>": lambda several: _Excluding(several.value),
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

    def holds(self, row: Mapping[str, Any]) -> bool:
        """Tell whether it holds for a row; not where what it takes is not known.

        Raises:
            SpecError: if values cannot be compared or computed with.
        """
        columns = {name: _column_value(name, row.get(name)) for name in self.names}
        try:
            return bool(eval(self.code, {**columns, **NAMESPACE}))  # noqa: S307 - allowed nodes alone, no builtins
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


def _column_value(name: str, value: Any) -> _Value:
    """Return the value of a column as conditions compare it."""
    if isinstance(value, (list, tuple)):
        value = _Shape(value) if name.endswith("shape") else tuple(value)
    return _Value(value)
