"""HTML report: everything about one network on one offline page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.tables.html import html_cell
from resviz.pages.report.layers import build_layer_list
from resviz.pages.report.page import (
    content_security_policy,
    draw_report_figure,
    read_template_text,
)
from resviz.pages.report.parts import list_tint_colours, stage_table_rows
from resviz.pages.report.shortcuts import build_shortcut_list
from resviz.pages.report.totals import paper_table_column, report_heading, report_totals
from resviz.readings.structure import read_structure
from resviz.tables.summary import summary_table
from resviz.templates import load_template

if TYPE_CHECKING:
    from resviz.record import Architecture


def render(arch: Architecture) -> str:
    """The page: one file that asks for no other, and equal for equal records."""
    built = read_structure(arch)
    overall = summary_table(arch)
    script = read_template_text("report.js")
    context: dict[str, Any] = {
        "heading": report_heading(arch),
        "totals": report_totals(arch, overall.data),
        "stages": stage_table_rows(built, overall.rows),
        "steps": overall.data["flow"],
        "paper": paper_table_column(arch),
        "overview": draw_report_figure(arch, "overview"),
        "flow": draw_report_figure(arch, "flow"),
        "shortcuts": build_shortcut_list(built),
        "layers": build_layer_list(arch, built),
    }
    return load_template("report.html").render(
        **context,
        style=read_template_text("report.css"),
        script=script,
        policy=content_security_policy(script),
        tints=list_tint_colours(),
        cell=html_cell,
        clean=escape.clean_name,
    )
