"""The page of a sweep: its points, its rows, and the variant that is chosen."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.sweeps.chart import (
    LOG_SCALE_RATIO,
    axis_columns,
    axis_label,
    category_columns,
    category_text,
    choose_axes,
    colour_kinds,
    find_shown_front,
    shown_objectives,
    shown_value,
)
from resviz.sweeps.overviews import draw_overviews
from resviz.sweeps.table import describe_objectives, sweep_table, sweep_title
from resviz.templates import json_for_script, read_script, render_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from resviz.sweeps.space import Configuration
    from resviz.sweeps.sweep import SweepResult
    from resviz.tables.table import Table

SCRIPTS = (
    "report/elements.js", "report/numbers.js", "report/clipboard.js",
    "sweep/scales.js", "sweep/store.js", "sweep/chart.js", "sweep/bounds.js",
    "sweep/rows.js", "sweep/chosen.js", "sweep/main.js",
)  # fmt: skip
"""The files of the page's script, each behind those whose functions it calls."""


def render_sweep_page(result: SweepResult) -> str:
    """Render the page: one file that asks for no other."""
    from markupsafe import Markup

    table = sweep_table(result, front=False)
    overviews = draw_overviews(result, find_shown_front(result))
    contents = build_contents(result, table, overviews)
    return render_page(
        "sweep.html",
        title=sweep_title(result),
        scripts=(read_script(SCRIPTS),),
        strict=True,
        notes=table.notes,
        summary=sweep_facts(result),
        columns=table.columns,
        overviews={number: Markup(svg) for number, svg in overviews.items()},  # noqa: S704 - the format escapes what it writes
        contents=Markup(json_for_script(contents)),  # noqa: S704 - see `json_for_script`
    )


def sweep_facts(result: SweepResult) -> list[tuple[str, str]]:
    """List what stands at the top of the page."""
    shown = f"{result.matching:,} of {result.considered:,} where {result.condition}"
    return [
        ("variants", f"{result.traced:,}"),
        *([("shown", shown)] if result.condition is not None else []),
        ("failed", f"{result.failed:,}"),
        ("front", describe_objectives(shown_objectives(result))),
    ]


def build_contents(
    result: SweepResult, table: Table, overviews: Mapping[int, str]
) -> dict[str, Any]:
    """Gather all that the page's script reads."""
    numbers, words = axis_columns(result), category_columns(result)
    specs = [escape.clean_name(row["spec"]) for row in result.rows]
    return {
        "specs": specs,
        "names": name_variants(result, specs),
        "commands": [write_variant_command(variant) for variant in result.variants],
        "values": {
            **{n: [shown_value(n, row.get(n)) for row in result.rows] for n in numbers},
            **{name: list_words(result, name) for name in words},
        },
        "axes": {name: axis_label(name) for name in (*numbers, *words)},
        "words": words,
        "tints": colour_kinds(result),
        "places": choose_axes(result),
        "logFrom": LOG_SCALE_RATIO,
        "objectives": [tuple(aim) for aim in shown_objectives(result)],
        "front": find_shown_front(result),
        "overviewsHeld": len(overviews),
        "columns": [
            [c.key, c.numeric, escape.clean_name(c.title)] for c in table.columns
        ],
        "rows": [
            [
                escape.clean_name(column.text(row[column.key]))
                for column in table.columns
            ]
            for row in table.rows
        ],
        "failed": [
            [number, escape.clean_name(row["error"])]
            for number, row in enumerate(table.rows)
            if row["error"]
        ],
    }


def list_words(result: SweepResult, name: str) -> list[str | None]:
    """List what a column says of each row; None where a file says nothing."""
    is_told = name in result.joined.added
    cells = [row.get(name) for row in result.rows]
    return [
        None if is_told and cell is None else category_text(name, cell)
        for cell in cells
    ]


def name_variants(result: SweepResult, specs: Sequence[str]) -> list[str]:
    """Name each point by what tells it from the others: SPEC, input and batch."""
    several = [name for name in ("input", "batch") if name in result.names]
    return [
        ", ".join([spec, *(f"{n} {row[n]}" for n in several if row.get(n) is not None)])
        for spec, row in zip(specs, result.rows, strict=True)
    ]


def write_variant_command(variant: Configuration) -> str:
    """Write the command that shows a variant; "" where an input is a side alone.

    How many channels that has is the network's to say.
    """
    options = [] if variant.batch is None else ["--batch", str(variant.batch)]
    if variant.input is not None:
        if isinstance(variant.input, str):
            options += ["--input", variant.input]
        elif isinstance(variant.input, (list, tuple)) and len(variant.input) > 2:
            options += ["--input", ",".join(map(str, variant.input))]
        else:
            return ""
    return escape.clean_name(shlex.join(["resviz", "diagram", variant.spec, *options]))
