"""Tables: a record's readings as rows for the eye and for other programs.

One file a table, imported when it is asked for, so that none waits for the others.
"""

from __future__ import annotations

from resviz.tables.table import Cell, Column, LayerGroup, Table

__all__ = ["Cell", "Column", "LayerGroup", "Table"]
