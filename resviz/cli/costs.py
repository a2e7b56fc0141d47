"""`resviz costs`: one network by every published convention."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import emit_table, output_options, records, trace_options


@click.command
@click.argument("spec")
@output_options
@trace_options
def costs(spec: str, form: str, output: str, tracing: dict[str, Any]) -> None:
    """Print what each tool and paper counts for a network, and why they differ."""
    from resviz.tables.costs import costs_table

    (arch,) = records([spec], tracing)
    emit_table(costs_table(arch), form, output)
