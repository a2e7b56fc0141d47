"""Whole networks as stacks of boxes, one a convolution, aligned by output size.

Source: He et al. 2015, figure 3, with its plain network beside the residual one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.figures import sentences
from resviz.figures.drawing.fitting import MIN_LETTER_POINTS, choose_fitting
from resviz.figures.drawing.sheet import LETTER_SIZE, find_sheet
from resviz.figures.legend import (
    explain_additions,
    explain_gates,
    explain_norm_placement,
    list_shortcut_signs,
)
from resviz.figures.overview.sentences import describe_network
from resviz.figures.stack.bands import (
    MOST_COLUMNS,
    PAGE_HEIGHT,
    Band,
    align_bands,
    iter_foldings,
    total_height,
    wrap_into_columns,
)
from resviz.figures.stack.boxes import build_stack
from resviz.figures.stack.eliding import piece_noun
from resviz.figures.stack.placing import NARROW, WIDE, StackPlacing, StackSpacing
from resviz.figures.stack.row_names import rename_rows, shorten_rows
from resviz.figures.stack.side_lines import SKIP
from resviz.figures.stage_parts import declare_stages
from resviz.figures.tints import explain_tints
from resviz.readings.structure import read_structure
from resviz.units import format_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.stack.rows import Stack
    from resviz.record import Architecture


def draw(
    archs: Sequence[Architecture], *, plain: bool, stages: str | None = None
) -> Picture:
    """Draw networks, or stages of them, side by side.

    `plain` adds each without its shortcuts.

    Raises:
        RenderError: for stages that one has not; lists those it has.
    """
    stacks = build_stacks(archs, plain=plain, stages=stages)
    if find_sheet().width is None:
        return place_stacks(archs, *fit_to_page(stacks), plain=plain)
    spacing = WIDE
    if is_too_wide(stacks):
        spacing, stacks = NARROW, [*map(shorten_rows, stacks)]
    return choose_fitting(
        place_stacks(archs, shown, columns, plain=plain, spacing=spacing)
        for shown, columns in iter_pages(stacks)
    )


def is_too_wide(stacks: Sequence[Stack]) -> bool:
    """Tell whether stacks side by side would have letters that nobody reads."""
    width = find_sheet().width
    if width is None or len(stacks) == 1:
        return False
    room = width * LETTER_SIZE / MIN_LETTER_POINTS
    return StackPlacing(stacks, [align_bands(stacks)]).picture_width > room


def place_stacks(
    archs: Sequence[Architecture],
    shown: Sequence[Stack],
    column_bands: Sequence[Sequence[Band]],
    *,
    plain: bool,
    spacing: StackSpacing = WIDE,
) -> Picture:
    """Place stacks that are folded, in columns."""
    placing = StackPlacing(shown, column_bands, spacing)
    for number in range(len(shown)):
        placing.place_network(number)
    names = sentences.join_with_and([arch.label for arch in archs])
    signs = build_stack_legend(archs, shown, plain=plain)
    placing.canvas.settle_wires()
    has_skips = any(edge.role == SKIP for edge in placing.canvas.edges)
    signs += ["line at the left: leads past the rows between"] * has_skips
    title = f"{names}, every convolution"
    return placing.finish_picture(title, signs, declare_undrawn(shown))


SERIAL_BRANCHES = "parallel branches stand one below the other"
"""What stands below a stack of a network that is no chain."""


def declare_undrawn(shown: Sequence[Stack]) -> list[str]:
    """Say what a stack does not show."""
    serial = [SERIAL_BRANCHES] * any(stack.is_serial for stack in shown)
    return [*serial, *declare_parts(shown)]


def declare_parts(shown: Sequence[Stack]) -> list[str]:
    """Say what is left out where stages are drawn alone, of each network once."""
    parts = {
        stack.title: stack.part
        for stack in shown
        if stack.part is not None and stack.arch is not None
    }
    missing = {
        title: declare_stages(part, counted=len(parts) == 1)
        for title, part in parts.items()
    }
    if not missing:
        return []
    first, *others = missing.values()
    if all(lines == first for lines in others):
        return first
    return [*(f"{name} {lines[0]}" for name, lines in missing.items()), *first[1:]]


def description(
    archs: Sequence[Architecture], *, plain: bool, stages: str | None = None
) -> str:
    """Say the stacks in sentences: what is drawn, what is folded, each network."""
    shown, _ = fit_to_page(build_stacks(archs, plain=plain, stages=stages))
    names = sentences.join_with_and([stack.title for stack in shown])
    beside = "" if len(shown) == 1 else ", side by side, aligned by output size"
    is_part = any(stack.part for stack in shown)
    start = "of some stages" if is_part else "from the input down"
    lines = [f"{names}: every convolution a box, {start}{beside}."]
    if plain:
        lines.append("Plain is the same network without its shortcuts.")
    lines += [
        f"Of {piece.count} equal {piece_noun(piece)} in a row, {stack.title} shows one."
        for stack in shown
        for piece in stack.pieces
        if piece.count > 1
    ]
    for stack in shown:
        hidden = sum(piece.hidden for piece in stack.pieces)
        if hidden:
            lines.append(f"{hidden} blocks or layers of {stack.title} are left out.")
    lines += map(format_sentence, declare_undrawn(shown))
    return " ".join([*lines, *(describe_network(arch) for arch in archs)])


def fit_to_page(stacks: Sequence[Stack]) -> tuple[list[Stack], list[list[Band]]]:
    """Fold stacks as far as a page asks for; return them and each column's bands.

    One network goes on in further columns; several share their bands, side by side.
    """
    chosen, all_bands = list(stacks), align_bands(stacks)
    for chosen in iter_foldings(stacks):
        all_bands = align_bands(chosen)
        if total_height(all_bands) <= PAGE_HEIGHT:
            break
        columns = wrap_into_columns(all_bands) if len(chosen) == 1 else None
        if columns is not None:
            return chosen, columns
    columns = None
    page = max(PAGE_HEIGHT, 1.1 * total_height(all_bands) / MOST_COLUMNS)
    while len(chosen) == 1 and columns is None:
        columns = wrap_into_columns(all_bands, MOST_COLUMNS, page)
        page *= 1.1  # no page holds it: columns that are longer
    return chosen, columns or [all_bands]


def iter_pages(
    stacks: Sequence[Stack],
) -> Iterator[tuple[list[Stack], list[list[Band]]]]:
    """Yield stacks folded less to more, as they are and in columns."""
    for chosen in iter_foldings(stacks):
        all_bands = align_bands(chosen)
        yield chosen, [all_bands]
        columns = wrap_into_columns(all_bands) if len(chosen) == 1 else None
        if columns is not None:
            yield chosen, columns


def build_stacks(
    archs: Sequence[Architecture], *, plain: bool, stages: str | None = None
) -> list[Stack]:
    """Return networks as stacks, each after its plain twin if `plain`."""
    twins = (True, False) if plain else (False,)
    return [
        rename_rows(build_stack(arch, plain=twin, stages=stages), arch)
        for arch in archs
        for twin in twins
    ]


def build_stack_legend(
    archs: Sequence[Architecture], shown: Sequence[Stack], *, plain: bool
) -> list[str]:
    """Return the legend: every sign that occurs, and what is not drawn."""
    pieces = [piece for stack in shown for piece in stack.pieces]
    labels = [row.label for stack in shown for row in stack.rows]
    structures = [read_structure(arch) for arch in archs]
    norms = {tuple(explain_norm_placement(structure)) for structure in structures}
    additions = {tuple(explain_additions(structure)) for structure in structures}
    signs = list_shortcut_signs(arc.kind for piece in pieces for arc in piece.arcs)
    if len(additions) == 1:
        signs += additions.pop()
    if plain:
        signs.append("plain: without shortcuts")
    if any(", /2" in label for label in labels):
        signs.append("/2: stride")
    if any(", ↑" in label for label in labels):
        signs.append("↑2: upsampling")
    signs += explain_gates(labels)
    if any(piece.count > 1 for piece in pieces):
        signs.append("×n: n equal in a row, one of them drawn")
    if len(norms) == 1:
        signs += norms.pop()
    signs += explain_tints(row.tint for stack in shown for row in stack.rows)
    return signs
