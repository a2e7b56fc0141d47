"""`resviz costs`: one network by every published convention."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import output_options, read_records, trace_options, write_table


@click.command
@click.argument("spec")
@output_options
@trace_options
def costs(spec: str, form: str, output: str, tracing: dict[str, Any]) -> None:
    """Print what each tool and paper counts for a network, and why they differ."""
    from resviz.tables.costs import costs_table

    (arch,) = read_records([spec], tracing)
    write_table(costs_table(arch), form, output)
