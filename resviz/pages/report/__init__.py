"""HTML report: everything about one network on one offline page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.formats.tables.html import html_cell
from resviz.pages.report.layers import build_layer_list
from resviz.pages.report.sections import (
    build_shortcut_list,
    list_tint_colours,
    paper_table_column,
    report_heading,
    report_totals,
    stage_table_rows,
)
from resviz.readings.structure import read_structure
from resviz.tables.summary import summary_table
from resviz.templates import read_template_text, render_page

if TYPE_CHECKING:
    from markupsafe import Markup

    from resviz.record import Architecture


def render(arch: Architecture) -> str:
    """Render the page: one file that asks for no other, equal for equal records."""
    structure = read_structure(arch)
    overall = summary_table(arch)
    heading = report_heading(arch)
    return render_page(
        "report.html",
        title=heading.title,
        scripts=(read_template_text("report.js"),),
        heading=heading,
        totals=report_totals(arch, overall.data),
        stages=stage_table_rows(structure, overall.rows),
        steps=overall.data["flow"],
        paper=paper_table_column(arch),
        overview=draw_report_figure(arch, "overview"),
        flow=draw_report_figure(arch, "flow"),
        shortcuts=build_shortcut_list(structure),
        layers=build_layer_list(arch, structure),
        tints=list_tint_colours(),
        cell=html_cell,
    )


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure as SVG, or why there is none."""

    svg: Markup | None = None
    trouble: str = ""


def draw_report_figure(arch: Architecture, name: str) -> ReportFigure:
    """Draw one of the figures of `resviz.figures`."""
    from markupsafe import Markup

    from resviz.figures import draw_diagram

    try:
        svg = draw_diagram(arch, name).to_svg()
    except RenderError as error:
        return ReportFigure(trouble=str(error))
    return ReportFigure(Markup(svg))  # noqa: S704 - the format escapes what it writes
