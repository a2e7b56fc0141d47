"""`resviz report`: everything on one offline page."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import read_records, tell_if_slow, trace_options, write_output
from resviz.files import check_suffix


@click.command
@click.argument("spec")
@click.option("-o", "--output", required=True, help="HTML file; - is stdout.")
@trace_options
def report(spec: str, output: str, tracing: dict[str, Any]) -> None:
    """Write summary, table, figures and layers to one HTML file."""
    from resviz.formats.tables.html import SUFFIXES
    from resviz.pages.report import render

    check_suffix(output, "a report", SUFFIXES, strict=True)
    (arch,) = read_records([spec], tracing)
    with tell_if_slow("writing the report"):
        write_output(render(arch), output)
