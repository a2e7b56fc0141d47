"""HTML report: everything about one network on one offline page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz import escape
from resviz.formats.html import cell
from resviz.formats.report.layers import layer_list
from resviz.formats.report.page import figure, policy, text_of
from resviz.formats.report.parts import parts, tints
from resviz.formats.report.shortcuts import shortcut_list
from resviz.formats.report.totals import heading, paper_column, totals
from resviz.structure import structure
from resviz.tables.summary import summary
from resviz.templates import template

if TYPE_CHECKING:
    from resviz.record import Architecture


def render(arch: Architecture) -> str:
    """The page: one file that asks for no other, and equal for equal records."""
    built = structure(arch)
    overall = summary(arch)
    script = text_of("report.js")
    context: dict[str, Any] = {
        "heading": heading(arch),
        "totals": totals(arch, overall.data),
        "stages": parts(built, overall.rows),
        "steps": overall.data["flow"],
        "paper": paper_column(arch),
        "overview": figure(arch, "overview"),
        "flow": figure(arch, "flow"),
        "shortcuts": shortcut_list(built),
        "layers": layer_list(arch, built),
    }
    return template("report.html").render(
        **context,
        style=text_of("report.css"),
        script=script,
        policy=policy(script),
        tints=tints(),
        cell=cell,
        clean=escape.clean,
    )
