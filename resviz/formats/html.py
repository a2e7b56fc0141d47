"""HTML: a table with brackets in MathML, as a page or as a fragment of one."""

from __future__ import annotations

from typing import Any

from resviz import escape
from resviz.tables.table import Cell, Column, Group, Table
from resviz.templates import folder, template

KIND = "table"
SUFFIXES = (".html", ".htm")


def render(table: Table, *, page: bool = True) -> str:
    """The table as a whole page, or as a fragment for another."""
    name = "table_page.html" if page else "table.html"
    return template(name).render(table=table, cell=cell, clean=escape.clean)


def styled(table: Table) -> str:
    """A fragment with its own style sheet; it scrolls where the page is narrow."""
    sheet = (folder() / "embed.css").read_text()
    shown = render(table, page=False)
    scroll = '<div class="resviz-scroll" tabindex="0">'
    return f"<style>\n{sheet}</style>\n{scroll}\n{shown}\n</div>"


def cell(column: Column, value: Any) -> Any:
    """The content of one cell, safe to insert."""
    from markupsafe import Markup

    if isinstance(value, Cell):
        parts = [escape.html(value.note)] if value.note else []
        parts += map(grouped, value.groups)
        return Markup("<br>".join(parts))  # noqa: S704 - every part is escaped
    lines = column.lines(value)
    if len(lines) > 1:
        parts = (f'<span class="line">{escape.html(line)}</span>' for line in lines)
        return Markup("<br>".join(parts))  # noqa: S704 - every part is escaped
    return escape.clean(lines[0])


def grouped(group: Group) -> str:
    """One group of layers: a matrix in MathML, or plain text."""
    if group.count is None and len(group.lines) == 1:
        return escape.html(group.lines[0])
    rows = "".join(
        f"<mtr><mtd><mtext>{escape.html(line)}</mtext></mtd></mtr>"
        for line in group.lines
    )
    factor = f"<mo>×</mo><mn>{group.count}</mn>" if group.count is not None else ""
    return (
        '<math><mrow><mo fence="true" stretchy="true">[</mo>'
        f"<mtable>{rows}</mtable>"
        f'<mo fence="true" stretchy="true">]</mo>{factor}</mrow></math>'
    )
