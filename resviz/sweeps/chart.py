"""The chart of a sweep: its points, and a picture of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.extras import import_extra
from resviz.sweeps.pareto import DEFAULT_OBJECTIVES, Objective, pareto_front
from resviz.sweeps.sweep import NUMERIC_COLUMNS
from resviz.sweeps.table import (
    MEASURE_COLUMNS,
    describe_objectives,
    has_frozen_parameters,
    sweep_title,
)
from resviz.tables.table import sample_sizes
from resviz.units import format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.sweeps.sweep import SweepResult

ON_FRONT, OFF_FRONT = "on the front", "not on it"

LIGHT_COLOURS = {"on": "#b02a00", "off": "#1b6aa5", "text": "#1a1a1a",
                 "muted": "#595959", "grid": "#dfe2e6", "page": "#ffffff"}  # fmt: skip
DARK_COLOURS = {"on": "#ff9d73", "off": "#6cc0f0", "text": "#eceff4",
                "muted": "#aab4c0", "grid": "#2e3641", "page": "#12161c"}  # fmt: skip
"""The colours of the other figures and pages, by what they are for."""

DIAMOND = "M0,-1.4L1.4,0L0,1.4L-1.4,0Z"
"""Larger than the one that Vega has."""

LOG_SCALE = {"type": "log", "nice": False, "padding": 20}
"""The scale of a logarithmic axis."""

AXIS_TITLES = {column.key: column.title for column in MEASURE_COLUMNS} | {
    "params": "parameters", "trainable_params": "trainable parameters",
    "receptive_field": "receptive field, px",
    "depth": "weighted layers", "seconds": "seconds to trace",
}  # fmt: skip
"""What axes are called."""

BYTE_COLUMNS = {column.key for column in MEASURE_COLUMNS if column.kind == "bytes"}
"""Columns of bytes, which are shown in MiB."""

MAX_LEGEND_VALUES = 8
"""Values of an argument that a legend shows one by one; as many colours differ well."""

LOG_SCALE_RATIO = 20
"""A largest value so many times the smallest is shown on a logarithmic axis."""


def shown_objectives(result: SweepResult) -> tuple[Objective, ...]:
    """Return what the front that is marked aims at."""
    return result.objectives or DEFAULT_OBJECTIVES


def find_shown_front(result: SweepResult) -> list[int]:
    """Find the rows on the front that is marked, by number."""
    return [*(result.front or pareto_front(result.rows, shown_objectives(result)))]


def chart_points(result: SweepResult) -> list[dict[str, Any]]:
    """Make a point of each variant that did not fail, with all that is known of it."""
    front = {*find_shown_front(result)}
    numbers, words = axis_columns(result), category_columns(result)
    return [
        {
            "spec": escape.clean_name(row["spec"]),
            **{name: shown_value(name, row.get(name)) for name in numbers},
            **{name: category_text(name, row.get(name)) for name in words},
            "front": ON_FRONT if number in front else OFF_FRONT,
        }
        for number, row in enumerate(result.rows)
        if row["error"] is None
    ]


def shown_value(name: str, number: float | None) -> float | None:
    """Return a number in the unit that its axis names: bytes in MiB, as tables do."""
    if number is None or name not in BYTE_COLUMNS:
        return number
    return round(number / 2**20, 2)


def axis_columns(result: SweepResult) -> tuple[str, ...]:
    """List the columns of numbers, by which points can be placed."""
    varied = (name for name in result.names if is_numeric_column(result, name))
    same = set() if has_frozen_parameters(result.rows) else {"trainable_params"}
    measured = (name for name in NUMERIC_COLUMNS if name not in same)
    return (*measured, *result.differences, *result.joined.numbers, *varied)


def category_columns(result: SweepResult) -> tuple[str, ...]:
    """List the columns of words and shapes, each value of which is a place."""
    varied = (name for name in result.names if not is_numeric_column(result, name))
    joined = result.joined
    words = (name for name in joined.added if name not in joined.numbers)
    return (*varied, *words, "final_shape")


def is_numeric_column(result: SweepResult, name: str) -> bool:
    """Tell whether an argument that varies has numbers alone."""
    kinds = {int, float, type(None)}
    return all(type(row.get(name)) in kinds for row in result.rows)


def category_text(name: str, cell_value: Any) -> str:
    """Write a value that is no number for axis and legend: maps as tables do."""
    if cell_value is None:
        return "none"
    if name == "final_shape":
        return format_sizes(sample_sizes(cell_value))
    return escape.clean_name(str(cell_value))


def colour_kinds(result: SweepResult) -> dict[str, str]:
    """List columns by which points can be coloured, with the kind of each.

    Few values are told apart one by one, many numbers by a ramp, many words not at all.
    """
    words, kinds = category_columns(result), dict[str, str]()
    for name in (*result.names, *result.joined.added, "final_shape"):
        distinct = {category_text(name, row.get(name)) for row in result.rows}
        few = len(distinct) <= MAX_LEGEND_VALUES
        if name not in words:
            kinds[name] = "ordinal" if few else "quantitative"
        elif few:
            kinds[name] = "nominal"
    return kinds


def axis_label(name: str) -> str:
    """Name an axis."""
    return AXIS_TITLES.get(name, name.replace("_", " "))


def build_chart(x: str, y: str, colours: dict[str, str]) -> Any:
    """Build the chart of the points, without their data, for altair.

    Args:
        x: column of the horizontal axis.
        y: column of the vertical one.
        colours: by what they are for.
    """
    alt = import_extra("altair", "sweep")

    def quantity(channel: Any, name: str) -> Any:
        scale, axis = alt.Scale(zero=False, nice=True), alt.Axis(format="~s")
        title = axis_label(name)
        return channel(name, type="quantitative", title=title, scale=scale, axis=axis)

    def front_mark(channel: Any, on: str, off: str) -> Any:
        scale = alt.Scale(domain=[ON_FRONT, OFF_FRONT], range=[on, off])
        return channel("front", type="nominal", title=None, scale=scale)

    return (
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, opacity=0.8, size=60)
        .encode(
            x=quantity(alt.X, x),
            y=quantity(alt.Y, y),
            color=front_mark(alt.Color, colours["on"], colours["off"]),
            shape=front_mark(alt.Shape, DIAMOND, "circle"),
            order=alt.Order("front", type="nominal", sort="ascending"),
        )
        .configure(**chart_config(colours))
    )


def chart_config(colours: dict[str, str]) -> dict[str, Any]:
    """Set colours and letters of all that is no point."""
    words = {"labelColor": colours["muted"], "titleColor": colours["text"]}
    lines = {"gridColor": colours["grid"], "domainColor": colours["muted"]}
    return {
        "background": colours["page"],
        "font": "Helvetica, Arial, Liberation Sans, sans-serif",
        "axis": {
            **words, **lines, "tickColor": colours["muted"], "labelFontSize": 11,
            "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
        },
        "legend": {**words, "orient": "top", "labelFontSize": 12},
        "view": {"stroke": None},
    }  # fmt: skip


def choose_axes(result: SweepResult) -> tuple[str, str]:
    """Choose the columns of both axes: the first two that are aimed at."""
    aims = (*shown_objectives(result), *DEFAULT_OBJECTIVES)
    x, y, *_ = dict.fromkeys(aim.name for aim in aims)
    return x, y


def render_chart_svg(result: SweepResult) -> str:
    """Draw the points as SVG, which follows the reader's dark mode."""
    x, y = choose_axes(result)
    placed_points = [
        point
        for point in chart_points(result)
        if point[x] is not None and point[y] is not None
    ]
    chart = build_chart(x, y, LIGHT_COLOURS).properties(width=560, height=340)
    vega_spec = chart.to_dict()
    for axis, name in (("x", x), ("y", y)):
        if needs_log_scale([point[name] for point in placed_points]):
            vega_spec["encoding"][axis]["scale"] = LOG_SCALE
    vega_spec["datasets"] = {"points": placed_points}
    svg_text = import_extra("vl_convert", "sweep").vegalite_to_svg(
        vega_spec, vl_version=vega_lite_version()
    )
    return add_description(svg_text, result, (x, y), placed_points)


def vega_lite_version() -> str:
    """Return the version of Vega-Lite that altair writes, as "5.20"."""
    return ".".join(import_extra("altair", "sweep").SCHEMA_VERSION.split(".")[:2])


def needs_log_scale(values: Sequence[float]) -> bool:
    """Tell whether values are to be shown on a logarithmic axis."""
    low, high = min(values, default=0), max(values, default=0)
    return low > 0 and high > LOG_SCALE_RATIO * low


def add_description(
    svg_text: str,
    result: SweepResult,
    axis_names: tuple[str, str],
    placed_points: Sequence[dict[str, Any]],
) -> str:
    """Give a picture a title, a description, and colours for the dark."""
    pairs = ((LIGHT_COLOURS[role], DARK_COLOURS[role]) for role in LIGHT_COLOURS)
    rules = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in pairs
    )
    description = describe_chart(result, axis_names, placed_points)
    head = (
        f"<title>{escape.escape_html_prose(sweep_title(result))}</title>"
        f"<desc>{escape.escape_html_prose(description)}</desc>"
        f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
    )
    opening, rest = svg_text.split(">", 1)
    opening = re.sub(r'\s(class|role|aria-[a-z]+)="[^"]*"', "", opening)
    return f'{opening} role="img">{head}{rest}\n'


def describe_chart(
    result: SweepResult,
    axis_names: tuple[str, str],
    placed_points: Sequence[dict[str, Any]],
) -> str:
    """Say the picture in sentences."""
    x, y = axis_names
    variants = format_plural(len(placed_points), "variant")
    parts = [f"{variants} by {axis_label(x)} and {axis_label(y)}."]
    for name in axis_names:
        values = [point[name] for point in placed_points]
        if values:
            parts.append(f"{axis_label(name)}: {min(values):,} to {max(values):,}.")
    on = [point["spec"] for point in placed_points if point["front"] == ON_FRONT]
    if on:
        specs = [*dict.fromkeys(on)]
        front_specs = ", ".join(specs[:5]) + (" and others" if len(specs) > 5 else "")
        front_of = describe_objectives(shown_objectives(result))
        parts.append(
            f"On the Pareto front ({front_of}) lie {len(on):,}: {front_specs}."
        )
    if result.failed:
        parts.append(f"{result.failed:,} of {result.traced:,} failed.")
    return " ".join(parts)
