"""Tables: a record's readings as rows for the eye and for other programs."""

from __future__ import annotations

from resviz.tables.costs import costs_table
from resviz.tables.layers import layers, layers_until
from resviz.tables.memory import memory
from resviz.tables.paper import paper_table
from resviz.tables.receptive import receptive
from resviz.tables.shortcuts import shortcuts
from resviz.tables.summary import summary
from resviz.tables.table import Cell, Column, Group, Table

__all__ = [
    "Cell",
    "Column",
    "Group",
    "Table",
    "costs_table",
    "layers",
    "layers_until",
    "memory",
    "paper_table",
    "receptive",
    "shortcuts",
    "summary",
]
