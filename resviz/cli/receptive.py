"""`resviz receptive`: what each layer sees of the input."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import output_options, read_records, trace_options, write_table


@click.command
@click.argument("spec")
@click.option("--all", "every", is_flag=True, help="Also layers that change nothing.")
@output_options
@trace_options
def receptive(
    spec: str, every: bool, form: str, output: str, tracing: dict[str, Any]
) -> None:
    """Print receptive fields, total strides, padding and centres."""
    from resviz.tables.receptive import receptive_table

    (arch,) = read_records([spec], tracing)
    write_table(receptive_table(arch, every=every), form, output)
