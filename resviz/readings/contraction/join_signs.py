"""The sign of a join: what it does with the ends that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.contraction.quotient import Quotient
    from resviz.readings.contraction.wiring import Wiring

SIGN_OPERATIONS = (
    ("−", {"sub", "rsub"}),
    ("+", {"add", "addcmul", "sum"}),
    ("C", {"cat", "stack"}),
    ("×", {"mul", "div"}),
    ("@", {"bmm", "mm", "baddbmm", "matmul"}),
)
"""Signs, by the operations that they stand for; the first that one finds counts."""

OTHER_SIGN = "ƒ"
"""The sign of any other join."""

JOIN_NOUNS = {
    "+": "addition",
    "−": "subtraction",
    "C": "concatenation",
    "×": "product",
    "@": "matrix product",
    OTHER_SIGN: "other join",
}
"""What the signs mean."""


def find_sign_of_layer(wiring: Wiring, end: int) -> str:
    """Find the sign of a layer that joins several ends."""
    names = {op.name for op in wiring.list_operations(end)}
    for sign, operations in SIGN_OPERATIONS:
        if names & operations:
            return sign
    return OTHER_SIGN


def list_join_signs(wiring: Wiring, ends: Iterable[int]) -> list[str]:
    """List the signs of the joins among some ends, in order."""
    joins = sorted(wiring.joins.intersection(ends))
    return [find_sign_of_layer(wiring, join) for join in joins]


def find_join_sign_of_node(quotient: Quotient, key: int) -> str:
    """Find the sign of a node that is a join: that of its last one."""
    signs = list_join_signs(quotient.wiring, quotient.nodes[key].ends)
    return signs[-1] if signs else OTHER_SIGN
