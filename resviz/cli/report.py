"""`resviz report`: everything on one offline page."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import emit, patience, records, trace_options


@click.command
@click.argument("spec")
@click.option("-o", "--output", required=True, help="HTML file; - is stdout.")
@trace_options
def report(spec: str, output: str, tracing: dict[str, Any]) -> None:
    """Write summary, table, diagram, shortcuts and layers to one HTML file."""
    from resviz.formats.report import render

    (arch,) = records([spec], tracing)
    with patience("writing the report"):
        emit(render(arch), output)
