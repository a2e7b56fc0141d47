"""`resviz summary`: totals and the shape flow."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import emit_table, output_options, records, trace_options


@click.command
@click.argument("spec")
@output_options
@trace_options
def summary(spec: str, form: str, output: str, tracing: dict[str, Any]) -> None:
    """Print totals, stages, and the arithmetic of the shape flow."""
    from resviz.tables.summary import summary as summary_table

    (arch,) = records([spec], tracing)
    emit_table(summary_table(arch), form, output)
