"""JSON: numbers as numbers, shapes as lists."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from resviz import escape

if TYPE_CHECKING:
    from resviz.tables.table import Table

SUFFIXES = (".json",)


def render(table: Table) -> str:
    """Write a table's data as indented JSON."""
    text = dumps(table.to_dict(), indent=2, ensure_ascii=False)
    return escape.escape_json(text) + "\n"
