"""`resviz memory`: bytes of parameters, of a forward, and of what training keeps."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import output_options, read_records, trace_options, write_table


@click.command
@click.argument("spec")
@click.option("--all", "layers", is_flag=True, help="A row a layer, not a stage.")
@output_options
@trace_options
def memory(
    spec: str, layers: bool, form: str, output: str, tracing: dict[str, Any]
) -> None:
    """Print bytes of parameters, of a forward's peak, and what training keeps."""
    from resviz.tables.memory import memory_table

    (arch,) = read_records([spec], tracing)
    write_table(memory_table(arch, layers=layers), form, output)
