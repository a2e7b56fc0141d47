"""The table of operations: the rows of every file, and what is looked up in them.

To add an operation, add its row to `ROWS` of the file of its kind, with its rules above
it; all that is said of operations anywhere follows from the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations import (
    activations,
    arithmetic,
    attention,
    convolutions,
    creations,
    detection,
    factorisations,
    gradients,
    interpolations,
    losses,
    norms,
    paddings,
    pools,
    products,
    quantised,
    reductions,
    reshapes,
    rest,
    selections,
    transforms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.operations.kind import OperationKind
    from resviz.record import Operation

FILES = (
    convolutions, products, quantised, attention, norms, activations, pools,
    interpolations, paddings, reshapes, selections, reductions, arithmetic, creations,
    losses, transforms, factorisations, detection,
    gradients, rest,
)  # fmt: skip
"""The files that hold rows."""


def index_rows(rows: Iterable[OperationKind]) -> dict[str, OperationKind]:
    """Index rows by the name of their operation.

    Raises:
        RuntimeError: if an operation has two.
    """
    table: dict[str, OperationKind] = {}
    for row in rows:
        if row.name in table:
            raise RuntimeError(f"{row.name}: a second row in the table of operations")
        table[row.name] = row
    return table


OPERATIONS = index_rows(row for file in FILES for row in file.ROWS)
"""Every row, by ATen name."""

DISPLAY_NAMES = {
    row.name: row.display_name for row in OPERATIONS.values() if row.display_name
}
"""What people call operations whose ATen name is another."""


def find_display_name(operation: Operation) -> str:
    """Return an operation's display name, "flatten" for a merging view."""
    name = operation.name
    if name in {"view", "_unsafe_view", "reshape"} and operation.inputs:
        before, after = operation.inputs[0], operation.outputs[0]
        shared = len(after) - 1
        is_flatten = 0 < len(after) < len(before) and before[:shared] == after[:shared]
        return "flatten" if is_flatten else "reshape"
    if norms.is_instance_norm(operation):
        return "instance_norm"
    return DISPLAY_NAMES.get(name, name)
