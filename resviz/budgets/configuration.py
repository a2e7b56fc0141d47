"""Budgets as they are written, in TOML or as keywords, and read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest
from resviz.readings.compare import COMPARED
from resviz.units import format_mebibytes, group_digits, parse_bytes, parse_count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

AMOUNTS = {
    "macs": "MACs",
    "params": "parameters",
    "activations": "activations",
    "peak-memory": "bytes",
}
"""What can be limited, and its unit."""

TRACE_KEYS = ("input", "batch", "training", "mode", "method")
"""Keys that say how a network is traced, as the options of the command line."""

EXPECTED = ("stages", "depth", "projections", "output-size", "output-shape")
"""Keys that say what a network has to be."""

KEYS = (
    "spec", "name", "record", *TRACE_KEYS,
    *(f"max-{amount}" for amount in AMOUNTS), *AMOUNTS, *EXPECTED, "equal",
)  # fmt: skip
"""All keys of one budget."""

MEANT = {
    "max-flops": "want max-macs: 1 MAC is 2 FLOPs as most tools count",
    "flops": "want macs: 1 MAC is 2 FLOPs as most tools count",
    "max-memory": "want max-peak-memory",
    "memory": "want peak-memory",
    "baseline": "want record",
    "input-size": "want input",
    "input_size": "want input",
}
"""What is meant by keys of other tools."""

CHANGE = re.compile(r"([+−-])\s*(.+?)\s*(%?)")
"""A change since a record: its sign, also a real minus, its number, and if a share."""


@dataclass(frozen=True, slots=True)
class NetworkBudget:
    """What one network may cost, and has to be.

    Attributes:
        spec: the network; "" where it is given otherwise.
        name: what it is called in what is printed.
        record: the file of its stored record, None if it has none.
        tracing: how it is traced, as keywords of `resolve_architecture`.
        most: the most of each of `AMOUNTS`, and as it is written.
        growth: the most of each that it may add to the record, and as it is written.
        expected: what it has to be, by keys of `EXPECTED`.
        equal: in what it has to equal its record: "all", one of `COMPARED`, or "".
        where: the place of its table, for messages.
    """

    spec: str
    name: str
    record: str | None = None
    tracing: Mapping[str, Any] = field(default_factory=dict)
    most: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    growth: Mapping[str, tuple[Growth, str]] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    equal: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """How much an amount may change: by a share, or a number.

    Attributes:
        amount: a count, or a share of what there was.
        is_share: which of both.
    """

    amount: Fraction
    is_share: bool

    def limit(self, before: int) -> int:
        """Return the most that is allowed where there was so much."""
        most = before * (1 + self.amount) if self.is_share else before + self.amount
        return floor(most)


def read_budgets(section: Mapping[str, Any], path: Path) -> tuple[NetworkBudget, ...]:
    """Read the budgets of a project.

    Args:
        section: what stands below [tool.resviz].
        path: its file, for messages.

    Raises:
        SpecError: if there is none, or one cannot be read; says where.
    """
    tables = section.get("check", [])
    tables = [tables] if isinstance(tables, dict) else tables
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise SpecError(
            f"{path}: check below [tool.resviz]: got {tables!r:.60}, want tables, each "
            "headed [[tool.resviz.check]]"
        )
    if not tables:
        raise SpecError(
            f"{path}: no network to check, want a table as [[tool.resviz.check]] with "
            'spec = "resnet50" and max-macs = "4.1G"'
        )
    lines = find_table_lines(path)
    budgets: list[NetworkBudget] = []
    for number, table in enumerate(tables):
        place = lines[number] if len(lines) == len(tables) else None
        where = f"{path}:{place}" if place else f"{path}: check no. {number + 1}"
        budgets.append(read_budget(table, where))
    names = [budget.name for budget in budgets]
    for budget in budgets:
        if names.count(budget.name) > 1:
            raise SpecError(
                f"{budget.where}: {budget.name!r} is the name of several networks, "
                "want a name = for each"
            )
    return tuple(budgets)


def find_table_lines(path: Path) -> list[int]:
    """Find the lines of the file that head tables of budgets."""
    head = re.compile(r"\s*\[{1,2}\s*tool\s*\.\s*resviz\s*\.\s*check\s*\]{1,2}")
    lines = path.read_text("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if head.match(line)]


def read_budget(
    table: Mapping[str, Any], where: str, *, named: bool = True
) -> NetworkBudget:
    """Read one budget.

    Args:
        table: its keys and values, as TOML has them.
        where: its place, for messages.
        named: whether it names its network.

    Raises:
        SpecError: for an unknown key or a wrong value; says which is meant.
    """
    keys = KEYS if named else tuple(key for key in KEYS if key not in {"spec", "name"})
    for key in table:
        if key not in keys:
            hint = MEANT.get(key) or suggest(key, keys)
            raise SpecError(f"{where}: unknown key {key!r}: {hint}")
    spec = read_text(table, "spec", where) if named else ""
    if named and not spec:
        raise SpecError(f'{where}: no spec, want the network, as spec = "resnet50"')
    record = read_text(table, "record", where) or None
    equal = read_equal(table, where)
    budget = NetworkBudget(
        spec,
        read_text(table, "name", where) or spec,
        record,
        {
            ("input_size" if key == "input" else key): read_trace_value(
                table, key, where
            )
            for key in TRACE_KEYS
            if key in table
        },
        {
            amount: (read_most(table, amount, where), str(table[f"max-{amount}"]))
            for amount in AMOUNTS
            if f"max-{amount}" in table
        },
        {
            amount: (read_growth(table, amount, where), str(table[amount]))
            for amount in AMOUNTS
            if amount in table
        },
        {key: read_expected(table, key, where) for key in EXPECTED if key in table},
        equal,
        where,
    )
    needy = "equal" if equal else next(iter(budget.growth), "")
    if needy and record is None:
        raise SpecError(
            f"{where}: {needy} is told from a record, want its file too, as "
            'record = "baseline.json"'
        )
    if not (budget.most or budget.growth or budget.expected or equal):
        listed = ", ".join((*(f"max-{key}" for key in AMOUNTS), *EXPECTED, "equal"))
        raise SpecError(f"{where}: nothing is checked, want one of {listed}")
    return budget


def read_text(table: Mapping[str, Any], key: str, where: str) -> str:
    """Return text of a table, "" where there is none.

    Raises:
        SpecError: for something else.
    """
    value = table.get(key, "")
    if key == "spec" and type(value) is int:
        return str(value)
    if not isinstance(value, str) or (key in table and not value.strip()):
        raise SpecError(f"{where}: {key}: got {value!r}, want text in quotes")
    return value.strip()


def read_equal(table: Mapping[str, Any], where: str) -> str:
    """Return in what a network has to equal its record.

    Raises:
        SpecError: for something else than true, false or one of `COMPARED`.
    """
    value = table.get("equal", False)
    if isinstance(value, bool):
        return "all" if value else ""
    if value not in COMPARED:
        raise SpecError(
            f"{where}: equal: got {value!r}, want true, or of changes alone that are "
            f"of {' or '.join(map(repr, COMPARED))}"
        )
    return value


def read_trace_value(table: Mapping[str, Any], key: str, where: str) -> Any:
    """Return one option of a trace.

    Raises:
        SpecError: for a value of another kind.
    """
    value = table[key]
    wants: dict[str, tuple[Callable[[Any], bool], str]] = {
        "batch": (lambda v: type(v) is int and v > 0, "a whole number from 1 on"),
        "training": (lambda v: isinstance(v, bool), "true or false"),
        "mode": (lambda v: v in {"auto", "shapes", "run"}, "auto, shapes or run"),
        "method": (lambda v: isinstance(v, str), "text in quotes"),
    }
    if key == "input":
        from resviz.inputs import parse_inputs

        value = tuple(value) if isinstance(value, list) else value
        try:
            parse_inputs(value)
        except (SpecError, TypeError) as error:
            raise SpecError(f"{where}: {error}") from error
        return value
    is_legal, want = wants[key]
    if not is_legal(value):
        raise SpecError(f"{where}: {key}: got {value!r}, want {want}")
    return value


def read_most(table: Mapping[str, Any], amount: str, where: str) -> int:
    """Return the most of an amount.

    Raises:
        SpecError: if it is no count, or no bytes.
    """
    key = f"max-{amount}"
    parse = parse_bytes if AMOUNTS[amount] == "bytes" else parse_count
    try:
        return parse(table[key])
    except SpecError as error:
        raise SpecError(f"{where}: {key}: {error}") from error


def read_growth(table: Mapping[str, Any], amount: str, where: str) -> Growth:
    """Return how much an amount may grow, "+2%" or "+100k".

    Raises:
        SpecError: if it is not written so.
    """
    text = table[amount]
    match = CHANGE.fullmatch(text.strip()) if isinstance(text, str) else None
    try:
        if not match:
            raise SpecError("no change")
        sign, number, percent = match.groups()
        if percent:
            size = Fraction(number) / 100
        else:
            parse = parse_bytes if AMOUNTS[amount] == "bytes" else parse_count
            size = Fraction(parse(number))
    except ValueError as error:
        raise SpecError(
            f"{where}: {amount}: got {text!r}, want a change since the record, as "
            f'"+2%" or "+0%"; the most of all is max-{amount}'
        ) from error
    return Growth(size if sign == "+" else -size, bool(percent))


def read_expected(table: Mapping[str, Any], key: str, where: str) -> Any:
    """Return what a network has to be: a number, or several.

    Raises:
        SpecError: for something else.
    """
    value, single = table[key], key in {"depth", "projections"}
    if single and type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and not single:
        parts = re.split(r"[x×,]", value)
        value = [int(part) for part in parts] if all(map(str.isdecimal, parts)) else ""
    sizes = tuple(value) if isinstance(value, (list, tuple)) and not single else ()
    if sizes and all(type(size) is int and size > 0 for size in sizes):
        return sizes
    example = {"output-size": [7, 7], "output-shape": [1000]}.get(key, [3, 4, 6, 3])
    want = "a whole number" if single else f"a list of whole numbers, as {example}"
    raise SpecError(f"{where}: {key}: got {table[key]!r}, want {want}")


def format_amount(amount: str, number: int) -> str:
    """Write an amount in full, with its unit."""
    words = f"{group_digits(number)} {AMOUNTS[amount]}"
    short = f" ({format_mebibytes(number)} MiB)" if AMOUNTS[amount] == "bytes" else ""
    return words + short
