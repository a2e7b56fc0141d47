"""HTML: a table with brackets in MathML, as a page or as a fragment of one."""

from __future__ import annotations

from typing import Any

from resviz import escape
from resviz.tables.table import Cell, Column, LayerGroup, Table
from resviz.templates import load_template, read_template_text, render_page

SUFFIXES = (".html", ".htm")


MATRIX_ROW = "</mtd></mtr><mtr><mtd>"
"""Where a row of a matrix ends and the next begins."""

HIDDEN_SIGN = '<mtext style="display:none">; </mtext>'
"""Text between two rows that no reader of MathML shows."""


def render(table: Table, *, page: bool = True) -> str:
    """Write a table as a whole page, or as a fragment for another."""
    if page:
        return render_page(
            "table_page.html", title=table.title, table=table, cell=html_cell
        )
    return load_template("table.html").render(
        table=table, cell=html_cell, clean=escape.clean_name
    )


def html_with_style(table: Table) -> str:
    """Write a fragment with its style sheet; it scrolls where the page is narrow.

    Rows of a matrix are kept apart also where its tags are taken out, as those of a
    notebook that nobody trusts yet.
    """
    sheet = read_template_text("embed.css")
    fragment = render(table, page=False).replace(MATRIX_ROW, HIDDEN_SIGN + MATRIX_ROW)
    scroll = '<div class="resviz-scroll" tabindex="0">'
    return f"<style>\n{sheet}</style>\n{scroll}\n{fragment}\n</div>"


def html_cell(column: Column, value: Any) -> Any:
    """Return the content of one cell, safe to insert."""
    from markupsafe import Markup

    if isinstance(value, Cell):
        parts = [escape.escape_html(value.note)] if value.note else []
        parts += map(mathml_group, value.groups)
    else:
        lines = column.lines(value)
        if len(lines) == 1:
            return escape.clean_name(lines[0])
        safe = map(escape.escape_html, lines)
        parts = [f'<span class="line">{line}</span>' for line in safe]
    return Markup("<br>".join(parts))  # noqa: S704 - every part is escaped


def mathml_group(group: LayerGroup) -> str:
    """Write a group of layers: a matrix in MathML, or plain text."""
    if group.is_bare:
        return escape.escape_html(group.lines[0])
    rows = "".join(
        f"<mtr><mtd><mtext>{escape.escape_html(line)}</mtext></mtd></mtr>"
        for line in group.lines
    )
    factor = f"<mo>×</mo><mn>{group.count}</mn>" if group.count is not None else ""
    return (
        '<math><mrow><mo fence="true" stretchy="true">[</mo>'
        f"<mtable>{rows}</mtable>"
        f'<mo fence="true" stretchy="true">]</mo>{factor}</mrow></math>'
    )
