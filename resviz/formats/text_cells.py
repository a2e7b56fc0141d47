"""Cells of text: into which lines names, sentences and blocks are broken."""

from __future__ import annotations

import re
from itertools import chain
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.tables.markdown import draw_brackets
from resviz.tables.table import Cell

if TYPE_CHECKING:
    from resviz.tables.table import Column

CELL_WIDTH = 15
"""Characters of the widest bracketed cell of the paper's five networks."""

PATH_PART = re.compile(r"[^/:,(_]*[/:,(_]?")
"""A part of a path or SPEC, with the character that ends it."""

MODULE_PART = re.compile(r"[^.–]+[.–]*(?:\d+(?:[.–]|$))*|[.–]+")
"""A part of a module's path and the numbers behind it, with dots: "branches.0."."""

WORD_END = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[.–])(?=\w)")
"""Where a part that is too long is broken: between Vision and Transformer, at dots."""

WRAPPED_KINDS = {"cell", "row"}
"""Kinds of columns whose long cells take several lines."""

WORDS_WIDTH = 32
"""Characters of a line of words."""

SENTENCE_WIDTH = 60
"""Characters of a line of a sentence."""

GLUE = "\N{NO-BREAK SPACE}"


def title_lines(column: Column) -> list[str]:
    """Return the lines of a heading: a network's name takes several."""
    title = escape.clean_name(column.title)
    return wrap_title(title) if column.kind == "cell" else [title]


def wrap_title(
    title: str, pattern: re.Pattern[str] = PATH_PART, width: int = CELL_WIDTH
) -> list[str]:
    """Break a network's name, a SPEC's or path's long words where its parts end.

    Example:
        >>> wrap_title("models/backbones/net.py:build_wide")
        ['models/', 'backbones/', 'net.py:build_', 'wide']
        >>> wrap_title("VisionTransformer")
        ['Vision', 'Transformer']
    """
    lines: list[str] = []
    for line in wrap(title, width, break_long_words=False):
        parts = pattern.findall(line) if len(line) > width else [line]
        lines.append("")
        words = (WORD_END.split(p) if len(p) > width else [p] for p in parts)
        for part in chain.from_iterable(words):
            if lines[-1] and len(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
    return [part for line in lines for part in wrap(line, width)] or [""]


def cell_lines(column: Column, value: Any) -> list[str]:
    """Return the lines of one cell."""
    if isinstance(value, Cell):
        lines = [value.note] if value.note else []
        for group in value.groups:
            lines += (
                wrap_block_cell(group.lines[0])
                if group.is_bare
                else draw_brackets(group)
            )
        return [escape.clean_name(line) for line in lines]
    if column.kind == "words":
        words = map(escape.clean_name, column.lines(value))
        hanging = (wrap(line, WORDS_WIDTH, subsequent_indent="  ") for line in words)
        return [part for lines in hanging for part in lines]
    text = escape.clean_name(column.text(value))
    if column.kind == "sentence":
        return wrap(text, SENTENCE_WIDTH, break_on_hyphens=False) or [""]
    return wrap_title(text, MODULE_PART) if column.kind in WRAPPED_KINDS else [text]


def wrap_block_cell(line: str) -> list[str]:
    """Break a long cell, so that no column of blocks grows by it.

    What stands between two commas stays together.
    """
    glued = ", ".join(part.replace(" ", GLUE) for part in line.split(", "))
    lines = wrap(glued, CELL_WIDTH, break_long_words=False, break_on_hyphens=False)
    return [part.replace(GLUE, " ") for part in lines] or [""]
