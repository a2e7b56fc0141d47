"""What a sweep found as one offline page: points to explore, and their table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.sweeps import import_extra
from resviz.sweeps.points import (
    LIGHT_COLOURS,
    LOG_SCALE,
    axis_columns,
    axis_label,
    build_chart,
    category_columns,
    chart_points,
    choose_axes,
    colour_kinds,
    shown_objectives,
)
from resviz.sweeps.sweep import complete_row
from resviz.sweeps.table import (
    describe_objectives,
    round_seconds,
    sweep_table,
    sweep_title,
)
from resviz.templates import read_template_text, render_page

if TYPE_CHECKING:
    from resviz.sweeps.sweep import SweepResult


def render_sweep_page(result: SweepResult) -> str:
    """The page: one file that asks for no other."""
    from markupsafe import Markup

    sweep_rows = sweep_table(result, front=False)
    return render_page(
        "sweep.html",
        title=sweep_title(result),
        scripts=(vega_bundle(), read_template_text("sweep.js")),
        notes=sweep_rows.notes,
        summary=sweep_facts(result),
        columns=sweep_rows.columns,
        contents=Markup(json_for_script(page_contents(result))),  # noqa: S704 - see `json_for_script`
    )


def vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed out of the installed vl-convert.

    What would end a script early is written as an escape; it stands in strings alone.
    """
    version = ".".join(import_extra("altair").SCHEMA_VERSION.split(".")[:2])
    bundle = import_extra("vl_convert").javascript_bundle(vl_version=version)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def sweep_facts(result: SweepResult) -> list[tuple[str, str]]:
    """What stands at the top of the page."""
    rows = [("variants", f"{result.traced:,}")]
    if result.condition is not None:
        rows.append(("shown", f"{len(result.rows):,} where {result.condition}"))
    rows.append(("failed", f"{result.failed:,}"))
    rows.append(("front", describe_objectives(shown_objectives(result))))
    return rows


def page_contents(result: SweepResult) -> dict[str, Any]:
    """All that the page's script reads."""
    x, y = choose_axes(result)
    sweep_rows = sweep_table(result, front=False)
    rows = [round_seconds(complete_row(row, result.names)) for row in result.rows]
    names, words = axis_columns(result), category_columns(result)
    drawing = build_chart(names, x, y, LIGHT_COLOURS).properties(
        width="container", height=420
    )
    alt = import_extra("altair")
    return {
        "chart": drawing.add_params(alt.selection_interval(name="brush")).to_dict(),
        "points": chart_points(result),
        "log": LOG_SCALE,
        "axes": {name: axis_label(name) for name in (*names, *words)},
        "words": words,
        "tints": colour_kinds(result),
        "places": [x, y],
        "columns": [[column.key, column.numeric] for column in sweep_rows.columns],
        "rows": [
            [
                escape.clean_name(column.text(row[column.key]))
                for column in sweep_rows.columns
            ]
            for row in rows
        ],
        "failed": [number for number, row in enumerate(rows) if row["error"]],
    }


def json_for_script(content: object) -> str:
    """JSON that no HTML parser takes for anything else."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
