"""What a sweep found as points: for the page, and as a picture of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.sweeps import import_extra
from resviz.sweeps.pareto import Objective, pareto_front
from resviz.sweeps.sweep import NUMERIC_COLUMNS
from resviz.sweeps.table import MEASURE_COLUMNS, describe_objectives, sweep_title
from resviz.units import format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.sweeps.sweep import SweepResult

DEFAULT_OBJECTIVES = (Objective("params"), Objective("macs"))
"""The front that is marked where none was asked for."""

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
    "params": "parameters", "receptive_field": "receptive field, px",
    "depth": "weighted layers", "seconds": "seconds to trace",
}  # fmt: skip
"""What axes are called."""

MAX_LEGEND_VALUES = 8
"""Values of an argument that a legend shows one by one; as many colours differ well."""

LOG_SCALE_RATIO = 20
"""A largest value so many times the smallest is shown on a logarithmic axis."""


def shown_objectives(result: SweepResult) -> tuple[Objective, ...]:
    """What the front that is marked aims at."""
    return result.objectives or DEFAULT_OBJECTIVES


def chart_points(result: SweepResult) -> list[dict[str, Any]]:
    """One point a variant that did not fail, with all numbers that are known of it."""
    objectives = shown_objectives(result)
    front_rows = set(
        result.front if result.objectives else pareto_front(result.rows, objectives)
    )
    return [
        {
            "spec": escape.clean_name(row["spec"]),
            **{name: row.get(name) for name in axis_columns(result)},
            **{
                name: category_text(name, row.get(name))
                for name in category_columns(result)
            },
            "front": ON_FRONT if number in front_rows else OFF_FRONT,
        }
        for number, row in enumerate(result.rows)
        if row["error"] is None
    ]


def axis_columns(result: SweepResult) -> tuple[str, ...]:
    """Columns of numbers, by which points can be placed."""
    return (
        *NUMERIC_COLUMNS,
        *(name for name in result.names if is_numeric_column(result, name)),
    )


def category_columns(result: SweepResult) -> tuple[str, ...]:
    """Columns of words and shapes, each of whose values is a place of its own."""
    varied = (name for name in result.names if not is_numeric_column(result, name))
    return (*varied, "final_shape")


def is_numeric_column(result: SweepResult, name: str) -> bool:
    """Whether an argument that varies has numbers alone."""
    kinds = {int, float, type(None)}
    return all(type(row.get(name)) in kinds for row in result.rows)


def category_text(name: str, cell_value: Any) -> str:
    """A value that is no number, as an axis and a legend show it: maps as tables do."""
    if cell_value is None:
        return "none"
    return (
        format_sizes(cell_value[1:])
        if name == "final_shape"
        else escape.clean_name(str(cell_value))
    )


def colour_kinds(result: SweepResult) -> dict[str, str]:
    """Columns by which points can be coloured, and of what kind each is for Vega.

    Few values are told apart one by one, many numbers by a ramp, many words not at all.
    """
    words, kinds = category_columns(result), dict[str, str]()
    for name in (*result.names, "final_shape"):
        few = (
            len({category_text(name, row.get(name)) for row in result.rows})
            <= MAX_LEGEND_VALUES
        )
        if name not in words:
            kinds[name] = "ordinal" if few else "quantitative"
        elif few:
            kinds[name] = "nominal"
    return kinds


def axis_label(name: str) -> str:
    """What an axis is called."""
    return AXIS_TITLES.get(name, name.replace("_", " "))


def build_chart(names: Sequence[str], x: str, y: str, colours: dict[str, str]) -> Any:
    """The points as altair draws them, without their data.

    Args:
        names: columns to tell of a point.
        x: column of the horizontal axis.
        y: column of the vertical one.
        colours: by what they are for.
    """
    alt = import_extra("altair")
    tooltips = [alt.Tooltip("spec", type="nominal", title="SPEC")]
    tooltips += [
        alt.Tooltip(name, type="quantitative", title=axis_label(name), format=",")
        for name in names
    ]
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(format="~s")
    colour_scale = alt.Scale(
        domain=[ON_FRONT, OFF_FRONT], range=[colours["on"], colours["off"]]
    )
    shape_scale = alt.Scale(domain=[ON_FRONT, OFF_FRONT], range=[DIAMOND, "circle"])
    return (
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, opacity=0.8, size=60)
        .encode(
            x=alt.X(
                x, type="quantitative", title=axis_label(x), scale=scale, axis=axis
            ),
            y=alt.Y(
                y, type="quantitative", title=axis_label(y), scale=scale, axis=axis
            ),
            color=alt.Color("front", type="nominal", title=None, scale=colour_scale),
            shape=alt.Shape("front", type="nominal", title=None, scale=shape_scale),
            order=alt.Order("front", type="nominal", sort="ascending"),
            tooltip=tooltips,
        )
        .configure(**chart_config(colours))
    )


def chart_config(colours: dict[str, str]) -> dict[str, Any]:
    """Colours and letters of all that is no point."""
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
    """The columns of both axes: the first two that are aimed at."""
    names = [aim.name for aim in shown_objectives(result)]
    first, *others = [
        *names,
        *(aim.name for aim in DEFAULT_OBJECTIVES if aim.name not in names),
    ]
    return first, others[0]


def render_chart_svg(result: SweepResult) -> str:
    """The points as SVG, which follows the reader's dark mode."""
    x, y = choose_axes(result)
    placed_points = [
        chart_point
        for chart_point in chart_points(result)
        if chart_point[x] is not None and chart_point[y] is not None
    ]
    vega_spec = (
        build_chart((), x, y, LIGHT_COLOURS).properties(width=560, height=340).to_dict()
    )
    for axis, name in (("x", x), ("y", y)):
        if needs_log_scale([point[name] for point in placed_points]):
            vega_spec["encoding"][axis]["scale"] = LOG_SCALE
    vega_spec["datasets"] = {"points": placed_points}
    vega_spec["encoding"].pop("tooltip")
    version = ".".join(import_extra("altair").SCHEMA_VERSION.split(".")[:2])
    svg_text = import_extra("vl_convert").vegalite_to_svg(vega_spec, vl_version=version)
    return add_description(svg_text, result, (x, y), placed_points)


def needs_log_scale(values: Sequence[float]) -> bool:
    """Whether values are to be shown on a logarithmic axis."""
    return (
        bool(values) and min(values) > 0 and max(values) > LOG_SCALE_RATIO * min(values)
    )


def add_description(
    svg_text: str,
    result: SweepResult,
    axis_names: tuple[str, str],
    placed_points: Sequence[dict[str, Any]],
) -> str:
    """A picture with a title, a description, and colours for the dark."""
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
    """The picture in sentences."""
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
