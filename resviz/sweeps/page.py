"""What a sweep found as one offline page: points to explore, and their table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.report.page import policy, text_of
from resviz.sweeps.chart import (
    LIGHT,
    LOG,
    aims_of,
    axes,
    chart,
    groups,
    label,
    places,
    points,
    tints,
)
from resviz.sweeps.extras import needed
from resviz.sweeps.survey import complete
from resviz.sweeps.table import better, rounded, table, title
from resviz.templates import template

if TYPE_CHECKING:
    from resviz.sweeps.survey import Survey


def page(found: Survey) -> str:
    """The page: one file that asks for no other."""
    from markupsafe import Markup

    shown = table(found, front=False)
    script, bundle = text_of("sweep.js"), library()
    return template("sweep.html").render(
        title=title(found),
        notes=shown.notes,
        facts=facts(found),
        columns=shown.columns,
        contents=Markup(embedded(contents(found))),  # noqa: S704 - see `embedded`
        style=text_of("sweep.css"),
        script=script,
        library=Markup(bundle),  # noqa: S704 - the installed package's own
        policy=policy(bundle, script),
        clean=escape.clean,
    )


def library() -> str:
    """Vega, Vega-Lite and Vega-Embed out of the installed vl-convert.

    What would end a script early is written as an escape; it stands in strings alone.
    """
    version = ".".join(needed("altair").SCHEMA_VERSION.split(".")[:2])
    bundle = needed("vl_convert").javascript_bundle(vl_version=version)
    return bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def facts(found: Survey) -> list[tuple[str, str]]:
    """What stands at the top of the page."""
    rows = [("variants", f"{found.traced:,}")]
    if found.condition is not None:
        rows.append(("shown", f"{len(found.rows):,} where {found.condition}"))
    rows.append(("failed", f"{found.failed:,}"))
    rows.append(("front", better(aims_of(found))))
    return rows


def contents(found: Survey) -> dict[str, Any]:
    """All that the page's script reads."""
    x, y = places(found)
    shown = table(found, front=False)
    rows = [rounded(complete(row, found.names)) for row in found.rows]
    names, words = axes(found), groups(found)
    drawing = chart(names, x, y, LIGHT).properties(width="container", height=420)
    alt = needed("altair")
    return {
        "chart": drawing.add_params(alt.selection_interval(name="brush")).to_dict(),
        "points": points(found),
        "log": LOG,
        "axes": {name: label(name) for name in (*names, *words)},
        "words": words,
        "tints": tints(found),
        "places": [x, y],
        "columns": [[column.key, column.numeric] for column in shown.columns],
        "rows": [
            [escape.clean(column.text(row[column.key])) for column in shown.columns]
            for row in rows
        ],
        "failed": [number for number, row in enumerate(rows) if row["error"]],
    }


def embedded(what: object) -> str:
    """JSON that no HTML parser takes for anything else."""
    text = json.dumps(what, ensure_ascii=True, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
