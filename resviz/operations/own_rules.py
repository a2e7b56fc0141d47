"""Rules of one's own: what operations cost for which resviz has no rule.

A rule holds in its process from then on, for records made before it too. A module that
registers one when it is imported therefore serves commands, documents and the worker
processes of a sweep, wherever a SPEC imports it.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, TypeVar

from resviz.calls import knows_keywords
from resviz.errors import RuleError, describe_error
from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.operations.kind import MacRule
    from resviz.record import Operation

    OwnRule = TypeVar("OwnRule", bound=MacRule)

OWN_RULES: dict[str, MacRule] = {}
"""Every rule, by its operation's name in records."""

rules_version: int = 0
"""How often a rule was added or forgotten; readings of earlier rules do not hold."""

NAME_FORM = re.compile(r"(?:torch\.ops\.)?(\w+)(?:::|\.)(\w+)(?:\.\w+)?")
"""How an operation may be written: "mylib::scan", also as torch prints it."""

UNCOUNTABLE = "want a whole number of multiply-accumulates for the whole batch"
"""What a rule is to return."""


@knows_keywords
def rule(operation: str) -> Callable[[OwnRule], OwnRule]:
    """Register the function below as the rule by which one operation is counted.

    The rule is given the operation as the record has it: the shapes of its tensor
    operands, `op.inputs`, in the order of its schema, those of its results,
    `op.outputs`, and `op.arguments`, its numbers and words by name. It returns the
    multiply-accumulates for the whole batch. Element-wise work inside is not seen.

    It counts in this process, from now on, also in records made before. A second rule
    takes the place of the first; `forget_rule` ends it.

    Args:
        operation: its name for torch, "mylib::scan". One of torch's own that resviz
            does not count is "aten::linalg_matrix_exp".

    Raises:
        RuleError: if resviz counts the operation itself, if torch knows others of
            that library and not this one, or writes it by others.

    Example:
        >>> @rule("mylib::scan")
        ... def count_scan(op):
        ...     n, length, channels = op.inputs[0]
        ...     return n * length * channels * op.arguments["states"]
        >>> forget_rule("mylib::scan")
    """
    name = read_operation_name(operation)
    check_is_uncounted(name, operation)
    check_is_defined(name, operation)
    check_is_recorded(name, operation)

    def register(count: OwnRule) -> OwnRule:
        if not callable(count):
            raise RuleError(f"rule {operation!r}: want a function, got {count!r}")
        OWN_RULES[name] = count
        mark_rules_changed()
        return count

    return register


@knows_keywords
def forget_rule(operation: str) -> None:
    """Forget the rule of one operation, which is uncounted from now on.

    Raises:
        RuleError: if it has none.
    """
    name = read_operation_name(operation)
    if OWN_RULES.pop(name, None) is None:
        near = suggest_operation(name, OWN_RULES)
        raise RuleError(f"rule {operation!r}: there is none{near}")
    mark_rules_changed()


def list_rule_modules() -> tuple[str, ...]:
    """List the modules that another process can import to have these rules, too."""
    modules = {str(getattr(count, "__module__", "")) for count in OWN_RULES.values()}
    return tuple(sorted(modules & sys.modules.keys() - {"__main__"}))


def mark_rules_changed() -> None:
    """Make readings of earlier rules void."""
    global rules_version  # noqa: PLW0603 - it goes with the rules of the process
    rules_version += 1


def read_operation_name(operation: str) -> str:
    """Return an operation's name in records, "mylib.scan", and "inverse" for ATen's.

    Example:
        >>> read_operation_name("mylib::scan_"), read_operation_name("aten::inverse")
        ('mylib.scan', 'inverse')
    """
    form = NAME_FORM.fullmatch(operation) if isinstance(operation, str) else None
    if not form:
        raise RuleError(
            f"rule {operation!r}: want an operation as torch names it, 'mylib::scan'"
        )
    namespace, name = form.groups()
    if name.endswith("_") and not name.startswith("__"):
        name = name[:-1]  # as for what torch runs, in place or not
    return name if namespace == "aten" else f"{namespace}.{name}"


def format_operation_name(name: str) -> str:
    """Write a record's name of an operation as torch does.

    Example:
        >>> format_operation_name("mylib.scan"), format_operation_name("inverse")
        ('mylib::scan', 'aten::inverse')
    """
    return name.replace(".", "::", 1) if "." in name else f"aten::{name}"


def suggest_operation(name: str, names: Iterable[str]) -> str:
    """Suggest the operation whose own name, without its library's, is nearest.

    Example:
        >>> suggest_operation("mylib.scna", ["mylib.scan", "mylib.mix"])
        ", did you mean 'mylib::scan'"
    """
    from difflib import get_close_matches

    by_last_part = {other.rpartition(".")[2]: other for other in names}
    near = get_close_matches(name.rpartition(".")[2], by_last_part, 1)
    meant = [format_operation_name(by_last_part[part]) for part in near]
    return f", did you mean {meant[0]!r}" if meant else ""


def check_is_uncounted(name: str, operation: str) -> None:
    """Refuse a rule for what resviz counts itself, or knows to have no MACs."""
    row = OPERATIONS.get(name)
    if row and (row.macs or row.is_free):
        what = "counts it itself" if row.macs else "knows that it has no MACs"
        raise RuleError(f"rule {operation!r}: resviz {what}, want another operation")


def check_is_defined(name: str, operation: str) -> None:
    """Refuse an operation that its library does not have, if torch has loaded that.

    A record may come from where a library is that is missing here.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return
    library = format_operation_name(name).partition("::")[0]
    defined = {
        full_name.partition(".")[0]
        for full_name in torch._C._dispatch_get_all_op_names()  # noqa: SLF001
        if full_name.startswith(f"{library}::")
    }
    if defined and name not in map(read_operation_name, defined):
        near = suggest_operation(name, map(read_operation_name, sorted(defined)))
        raise RuleError(
            f"rule {operation!r}: torch knows no such operation of {library}{near}; "
            "a rule stands after what defines its operation"
        )


def count_by_own_rule(op: Operation) -> int:
    """Count one operation by the rule of one's own that it has.

    Raises:
        RuleError: if the rule fails, or returns anything but such a number.
    """
    place = f"rule {format_operation_name(op.name)!r}"
    given = f"for operands of {' and '.join(map(str, op.inputs)) or 'no shape'}"
    try:
        macs = OWN_RULES[op.name](op)
    except Exception as error:
        raise RuleError(f"{place}: {describe_error(error)}, {given}") from error
    try:
        count = None if isinstance(macs, bool) else macs.__index__()
    except (AttributeError, TypeError, ValueError):
        count = None
    if count is None or count < 0:
        hint = "; divide by //" if isinstance(macs, float) else ""
        raise RuleError(f"{place}: {UNCOUNTABLE}, got {macs!r} {given}{hint}")
    return count


def check_is_recorded(name: str, operation: str) -> None:
    """Refuse one of torch's own that it runs as several others, which are recorded."""
    torch = sys.modules.get("torch")
    if torch is None or "." in name or name in OPERATIONS:
        return
    composite = torch._C.DispatchKey.CompositeImplicitAutograd  # noqa: SLF001
    packet = getattr(torch.ops.aten, name, None)
    usual = getattr(packet, "default", None)
    if usual and usual.has_kernel_for_dispatch_key(composite):
        raise RuleError(
            f"rule {operation!r}: torch runs others in its place, and no record has "
            "it; want one of those"
        )
