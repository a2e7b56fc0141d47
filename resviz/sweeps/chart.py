"""What a sweep found as points: for the page, and as a picture of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.sweeps.extras import needed
from resviz.sweeps.pareto import Aim, front
from resviz.sweeps.survey import NUMBERS
from resviz.sweeps.table import MEASURED, better, title
from resviz.units import plural, times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.sweeps.survey import Survey

USUAL = (Aim("params"), Aim("macs"))
"""The front that is marked where none was asked for."""

ON, OFF = "on the front", "not on it"

LIGHT = {"on": "#b02a00", "off": "#1b6aa5", "text": "#1a1a1a", "muted": "#595959",
         "grid": "#dfe2e6", "page": "#ffffff"}  # fmt: skip
DARK = {"on": "#ff9d73", "off": "#6cc0f0", "text": "#eceff4", "muted": "#aab4c0",
        "grid": "#2e3641", "page": "#12161c"}  # fmt: skip
"""The colours of the other figures and pages, by what they are for."""

DIAMOND = "M0,-1.4L1.4,0L0,1.4L-1.4,0Z"
"""Larger than the one that Vega has."""

LOG = {"type": "log", "nice": False, "padding": 20}
"""The scale of a logarithmic axis."""

TITLES = {column.key: column.title for column in MEASURED} | {
    "params": "parameters", "receptive_field": "receptive field, px",
    "depth": "weighted layers", "seconds": "seconds to trace",
}  # fmt: skip
"""What axes are called."""

FEW = 8
"""Values of an argument that a legend shows one by one; as many colours differ well."""

SPREAD = 20
"""A largest value so many times the smallest is shown on a logarithmic axis."""


def aims_of(found: Survey) -> tuple[Aim, ...]:
    """What the front that is marked aims at."""
    return found.aims or USUAL


def points(found: Survey) -> list[dict[str, Any]]:
    """One point a variant that did not fail, with all numbers that are known of it."""
    wanted = aims_of(found)
    on = set(found.front if found.aims else front(found.rows, wanted))
    return [
        {
            "spec": escape.clean(row["spec"]),
            **{name: row.get(name) for name in axes(found)},
            **{name: word(name, row.get(name)) for name in groups(found)},
            "front": ON if number in on else OFF,
        }
        for number, row in enumerate(found.rows)
        if row["error"] is None
    ]


def axes(found: Survey) -> tuple[str, ...]:
    """Columns of numbers, by which points can be placed."""
    return (*NUMBERS, *(name for name in found.names if numeric(found, name)))


def groups(found: Survey) -> tuple[str, ...]:
    """Columns of words and shapes, each of whose values is a place of its own."""
    varied = (name for name in found.names if not numeric(found, name))
    return (*varied, "final_shape")


def numeric(found: Survey, name: str) -> bool:
    """Whether an argument that varies has numbers alone."""
    kinds = {int, float, type(None)}
    return all(type(row.get(name)) in kinds for row in found.rows)


def word(name: str, held: Any) -> str:
    """A value that is no number, as an axis and a legend show it: maps as tables do."""
    if held is None:
        return "none"
    return times(held[1:]) if name == "final_shape" else escape.clean(str(held))


def tints(found: Survey) -> dict[str, str]:
    """Columns by which points can be coloured, and of what kind each is for Vega.

    Few values are told apart one by one, many numbers by a ramp, many words not at all.
    """
    words, kinds = groups(found), dict[str, str]()
    for name in (*found.names, "final_shape"):
        few = len({word(name, row.get(name)) for row in found.rows}) <= FEW
        if name not in words:
            kinds[name] = "ordinal" if few else "quantitative"
        elif few:
            kinds[name] = "nominal"
    return kinds


def label(name: str) -> str:
    """What an axis is called."""
    return TITLES.get(name, name.replace("_", " "))


def chart(names: Sequence[str], x: str, y: str, colours: dict[str, str]) -> Any:
    """The points as altair draws them, without their data.

    Args:
        names: columns to tell of a point.
        x: column of the horizontal axis.
        y: column of the vertical one.
        colours: by what they are for.
    """
    alt = needed("altair")
    told = [alt.Tooltip("spec", type="nominal", title="SPEC")]
    told += [
        alt.Tooltip(name, type="quantitative", title=label(name), format=",")
        for name in names
    ]
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(format="~s")
    field = alt.Scale(domain=[ON, OFF], range=[colours["on"], colours["off"]])
    shape = alt.Scale(domain=[ON, OFF], range=[DIAMOND, "circle"])
    return (
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, opacity=0.8, size=60)
        .encode(
            x=alt.X(x, type="quantitative", title=label(x), scale=scale, axis=axis),
            y=alt.Y(y, type="quantitative", title=label(y), scale=scale, axis=axis),
            color=alt.Color("front", type="nominal", title=None, scale=field),
            shape=alt.Shape("front", type="nominal", title=None, scale=shape),
            order=alt.Order("front", type="nominal", sort="ascending"),
            tooltip=told,
        )
        .configure(**look(colours))
    )


def look(colours: dict[str, str]) -> dict[str, Any]:
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


def places(found: Survey) -> tuple[str, str]:
    """The columns of both axes: the first two that are aimed at."""
    names = [aim.name for aim in aims_of(found)]
    first, *others = [*names, *(it.name for it in USUAL if it.name not in names)]
    return first, others[0]


def picture(found: Survey) -> str:
    """The points as SVG, which follows the reader's dark mode."""
    x, y = places(found)
    shown = [it for it in points(found) if it[x] is not None and it[y] is not None]
    spec = chart((), x, y, LIGHT).properties(width=560, height=340).to_dict()
    for axis, name in (("x", x), ("y", y)):
        if spread([point[name] for point in shown]):
            spec["encoding"][axis]["scale"] = LOG
    spec["datasets"] = {"points": shown}
    spec["encoding"].pop("tooltip")
    version = ".".join(needed("altair").SCHEMA_VERSION.split(".")[:2])
    drawn = needed("vl_convert").vegalite_to_svg(spec, vl_version=version)
    return described(drawn, found, (x, y), shown)


def spread(values: Sequence[float]) -> bool:
    """Whether values are to be shown on a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) > SPREAD * min(values)


def described(
    drawn: str, found: Survey, across: tuple[str, str], shown: Sequence[dict[str, Any]]
) -> str:
    """A picture with a title, a description, and colours for the dark."""
    pairs = ((LIGHT[role], DARK[role]) for role in LIGHT)
    rules = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in pairs
    )
    head = (
        f"<title>{escape.html_prose(title(found))}</title>"
        f"<desc>{escape.html_prose(told(found, across, shown))}</desc>"
        f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>"
    )
    opening, rest = drawn.split(">", 1)
    opening = re.sub(r'\s(class|role|aria-[a-z]+)="[^"]*"', "", opening)
    return f'{opening} role="img">{head}{rest}\n'


def told(
    found: Survey, across: tuple[str, str], shown: Sequence[dict[str, Any]]
) -> str:
    """The picture in sentences."""
    x, y = across
    parts = [f"{plural(len(shown), 'variant')} by {label(x)} and {label(y)}."]
    for name in across:
        values = [point[name] for point in shown]
        if values:
            parts.append(f"{label(name)}: {min(values):,} to {max(values):,}.")
    on = [point["spec"] for point in shown if point["front"] == ON]
    if on:
        specs = [*dict.fromkeys(on)]
        named = ", ".join(specs[:5]) + (" and others" if len(specs) > 5 else "")
        front_of = better(aims_of(found))
        parts.append(f"On the Pareto front ({front_of}) lie {len(on):,}: {named}.")
    if found.failed:
        parts.append(f"{found.failed:,} of {found.traced:,} failed.")
    return " ".join(parts)
