"""`resviz summary`: totals and the shape flow."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import output_options, read_records, trace_options, write_table


@click.command
@click.argument("spec")
@output_options
@trace_options
def summary(spec: str, form: str, output: str, tracing: dict[str, Any]) -> None:
    """Print totals, stages, and the arithmetic of the shape flow."""
    from resviz.tables.summary import summary_table

    (arch,) = read_records([spec], tracing)
    write_table(summary_table(arch), form, output)
