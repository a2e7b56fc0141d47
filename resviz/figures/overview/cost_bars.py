"""What a stage of an overview costs, as bars, and its blocks as squares."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from resviz.figures.drawing import metrics
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.layer_labels import format_batch_suffix
from resviz.figures.overview.rows import SectionCosts
from resviz.figures.sentences import join_with_and
from resviz.units import format_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.drawing.canvas import Canvas
    from resviz.figures.drawing.elements import Point
    from resviz.figures.overview.rows import Outline, OutlineSection
    from resviz.readings.layer_amounts import Amount, LayerAmounts
    from resviz.readings.structure import Structure

BAR_LENGTH, BAR_HEIGHT = 44, 6
"""Length of the longest bar, and the height of all, in pixels."""

LABEL_WIDTH = 44
"""Width of the words before a bar."""

SQUARE, SQUARES_A_LINE, MAX_SQUARE_LINES = 9, 14, 3
"""Distance of two squares, how many stand in a line, and lines at most."""

LINE_HEIGHT = 14
"""Height of a bar with its words."""

COSTS_WIDTH = LABEL_WIDTH + BAR_LENGTH + 48
"""Width of a bar with its words before and behind."""


def count_square_lines(costs: SectionCosts) -> int:
    """Count the lines of squares of a section; 0 where there would be too many."""
    lines = -(-len(costs.shortcuts) // SQUARES_A_LINE)
    return lines if lines <= MAX_SQUARE_LINES else 0


def measure_bars(costs: SectionCosts) -> int:
    """Measure the height of a section's bars and squares, in pixels."""
    return 2 * LINE_HEIGHT + SQUARE * count_square_lines(costs) + 4


def add_section_costs(outline: Outline, structure: Structure) -> Outline:
    """Return an overview whose sections know their costs."""
    from resviz.readings.layer_amounts import list_macs, list_params

    arch = structure.arch
    measured = [list_params(arch), list_macs(arch)]
    stages = structure.stages
    layers = [stage.layer_indices for stage in stages] or [
        tuple(k for row in section.rows for turn in row.turns for k in turn.row_layers)
        for section in outline.sections
    ]
    params, macs = ([sum_amounts(each, own) for own in layers] for each in measured)
    most_params, most_macs = (
        int(max((n or 0 for n in each), default=0)) for each in (params, macs)
    )
    shortcuts = [
        tuple(block.shortcut.kind for block in stage.blocks) for stage in stages
    ] or [()] * len(layers)
    sections = [
        replace(
            section,
            facts=drop_params(section.facts),
            costs=SectionCosts(own, work, most_params, most_macs, kinds),
        )
        for section, own, work, kinds in zip(
            outline.sections, params, macs, shortcuts, strict=True
        )
    ]
    return replace(outline, sections=tuple(sections))


def drop_params(facts: tuple[str, ...]) -> tuple[str, ...]:
    """Drop numbers of parameters from the facts of a section: its bars say them.

    Example:
        >>> drop_params(("56×56×256", "3 blocks, 216 k params"))
        ('56×56×256', '3 blocks')
    """
    shown = (
        fact.rpartition(", ")[0] if fact.endswith(" params") else fact for fact in facts
    )
    return tuple(filter(None, shown))


def sum_amounts(measured: LayerAmounts, layers: tuple[int, ...]) -> Amount:
    """Sum the amounts of some layers; None if one is not known."""
    from resviz.readings.layer_amounts import merge_amounts

    return merge_amounts((measured.layers[k] for k in layers), adds_up=True)


def write_amount(amount: Amount) -> str:
    """Write an amount, "unknown" where it is not known."""
    return "unknown" if amount is None else format_count(int(amount))


def add_cost_bars(
    canvas: Canvas,
    section: OutlineSection,
    at: Point,
    longest: float = BAR_LENGTH,
) -> float:
    """Add the bars and squares of a section from a point on; return the y below.

    The `longest` bar is that of the costliest section.
    """
    x, y = at
    costs = section.costs
    if costs is None:
        return y
    letters = LOOKS["note"].size
    for name, amount, most in costs.list_bars():
        canvas.add_text("note", (x, y), name, align="start")
        left = x + LABEL_WIDTH
        end = left
        if amount is not None and most:
            length = max(longest * amount / most, 0.8 if amount else 0)
            for role, wide in (("bar track", longest), ("bar fill", length)):
                size = (wide, BAR_HEIGHT)
                canvas.add_node(role, (left + wide / 2, y), size)
            end = left + longest + 5
        words = metrics.fit_text(write_amount(amount), 60, letters)
        canvas.add_text("note", (end, y), words, align="start")
        y += LINE_HEIGHT
    for number, kind in enumerate(costs.shortcuts if count_square_lines(costs) else ()):
        line, place = divmod(number, SQUARES_A_LINE)
        centre = (x + SQUARE * (place + 0.5), y - 2 + SQUARE * line)
        role = "layer" if kind in {"identity", "none"} else "changed block"
        size = (SQUARE - 2.5, SQUARE - 2.5)
        canvas.add_node(role, centre, size, tint=section.tint)
    return at[1] + measure_bars(costs)


def explain_squares(outline: Outline) -> Iterator[str]:
    """Yield what bars and squares mean."""
    costs = [section.costs for section in outline.sections if section.costs]
    if costs:
        suffix = format_batch_suffix(outline.arch)
        yield f"bars: of stages, the longest has most{suffix}"
    kinds = {
        kind for each in costs if count_square_lines(each) for kind in each.shortcuts
    }
    if kinds:
        changing = kinds - {"identity", "none"}
        yield "square: a block" + ", hollow: its shortcut changes the map" * bool(
            changing
        )


def name_section(section: OutlineSection) -> str:
    """Name a section: a stage, a size of maps, or how many of those it stands for."""
    names = (section.name, *section.facts, *section.rows[0].labels)
    return next(filter(None, names)).strip("… ")


def say_costs(outline: Outline) -> str:
    """Say in a sentence what each stage costs."""
    told = [
        f"{name_section(section)} {write_amount(section.costs.params)} "
        f"parameters and {write_amount(section.costs.macs)} MACs"
        for section in outline.sections
        if section.costs
    ]
    suffix = format_batch_suffix(outline.arch)
    return f"Bars show what stages cost{suffix}: {join_with_and(told)}."
