"""The rows of the report's layer table as HTML: of thousands, so by no template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.escape import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from markupsafe import Markup

    from resviz.tables.table import Column


@dataclass(frozen=True, slots=True)
class LayerListRow:
    """One layer.

    Attributes:
        values: by column key, as the layer table shows them.
        tint: CSS class of the part that it lies in.
        kinds: those of `LayerList.kinds` that it is of.
        bars: its parameters and MACs in per cent of the largest layer's.
    """

    values: Mapping[str, Any]
    tint: str
    kinds: tuple[str, ...]
    bars: Mapping[str, int]


def write_rows(columns: Sequence[Column], rows: Iterable[LayerListRow]) -> Markup:
    """Write the rows of the layer table, safe to insert.

    Ends of cells and rows are left out, as HTML allows: the next one says it.
    """
    from markupsafe import Markup

    texts = SafeTexts()
    lines: list[str] = []
    for row in rows:
        changes = " changes" if row.values["resolution"] else ""
        css = f' class="{row.tint}{changes}"' if row.tint or changes else ""
        lines.append(f"<tr{css}>")
        lines += (write_cell(column, row, texts) for column in columns)
        lines.append("\n")
    return Markup("".join(lines))  # noqa: S704 - every text of a record is escaped


def write_cell(column: Column, row: LayerListRow, texts: Mapping[str, str]) -> str:
    """Write one cell of one layer."""
    key, value = column.key, row.values[column.key]
    text = texts[column.text(value)]
    if key == "name":
        return f'<th scope="row">{text}'
    if key == "part" and text:
        return f"<td><b>{text}</b>"
    if key in row.bars:
        bar = f'"bar b{row.bars[key]}"' if row.bars[key] else "bar"
        return f"<td class={bar if value or value is None else 'zero'}>{text}"
    if key == "index":
        return f"<td>{text}"
    if key == "output_shape" and row.values["resolution"]:
        change = texts[row.values["resolution"]]
        return f'<td>{text} <span class="change">{change}</span>'
    return f'<td class="number">{text}' if column.numeric else f"<td>{text}"


class SafeTexts(dict[str, str]):
    """Texts as HTML has them, each escaped once, as layers share most of theirs."""

    def __missing__(self, text: str) -> str:
        """Clean and escape a text."""
        from markupsafe import escape

        self[text] = str(escape(clean_name(text)))
        return self[text]
