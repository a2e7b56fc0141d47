"""Merging rows of a stage: those with equal words, and its first block with others."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.branch_labels import ARROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.overview.rows import (
        Outline,
        OutlineRow,
        OutlineSection,
        RowGroup,
    )

FIRST_ALONE = "*"
"""Behind what only the first of several merged blocks has."""

STRIDE = re.compile(r"(, /[\d×]+)")
"""A stride in a label."""


def merge_alike_groups(groups: Sequence[RowGroup]) -> list[RowGroup]:
    """Merge groups in a row whose words are equal, as of blocks that read ever more."""
    merged: list[RowGroup] = []
    for number, rows in groups:
        before, last = merged[-1] if merged else (0, ())
        bare = [replace(row, count=1, is_alike=False) for row in last]
        if number and number == before and bare == [replace(r, count=1) for r in rows]:
            together = (
                replace(
                    row,
                    count=row.count + other.count,
                    is_alike=True,
                    turns=(*row.turns, *other.turns),
                )
                for row, other in zip(last, rows, strict=True)
            )
            merged[-1] = number, (*together,)
        else:
            merged.append((number, rows))
    return merged


def merge_first_blocks(outline: Outline) -> Outline:
    """Return an overview in which each block is one row with those that are like it.

    They differ by their shortcuts and strides alone; the first's strides are marked.
    """
    sections = tuple(map(merge_section, outline.sections))
    return replace(outline, sections=sections)


def merge_section(section: OutlineSection) -> OutlineSection:
    """Merge the blocks of one stage."""
    merged: list[tuple[OutlineRow, ...]] = []
    for rows in section.groups:
        firsts: tuple[OutlineRow, ...] = merged[-1] if merged else ()
        if (
            firsts
            and len(firsts) == len(rows)
            and firsts[0].count == 1
            and firsts[0].lead == rows[0].lead
            and all(map(differ_by_shortcut, firsts, rows))
        ):
            merged[-1] = (*map(merge_rows, firsts, rows),)
        else:
            merged.append(rows)
    return replace(section, groups=(*merged,))


def differ_by_shortcut(first: OutlineRow, row: OutlineRow) -> bool:
    """Tell whether two rows are equal but for their shortcut, an identity behind."""
    bare, own = (STRIDE.sub("", ARROW.join(each.labels)) for each in (first, row))
    if (bare, first.sign, first.has_addition) != (own, row.sign, row.has_addition):
        return False
    if first.shortcut_kind == row.shortcut_kind:
        return first.labels == row.labels and first.shortcut == row.shortcut
    return row.shortcut_kind == "identity"


def merge_rows(first: OutlineRow, row: OutlineRow) -> OutlineRow:
    """Merge a row with the one behind it that differs by its shortcut at most."""
    labels = tuple(STRIDE.sub(rf"\1{FIRST_ALONE}", label) for label in first.labels)
    return replace(
        row,
        labels=row.labels if first.labels == row.labels else labels,
        count=1 + row.count,
        turns=(*first.turns, *row.turns),
        first=None if first.shortcut_kind == row.shortcut_kind else first,
    )


def explain_merged(outline: Outline) -> list[str]:
    """Explain the marks of what the first of several blocks has alone."""
    rows = [row for section in outline.sections for row in section.rows if row.first]
    has_mark = any(FIRST_ALONE in label for row in rows for label in row.labels)
    changed = ["outer shortcut: of the first of ×n alone"]
    return changed * bool(rows) + [f"{FIRST_ALONE}: in the first alone"] * has_mark
