"""`resviz shortcuts`: one row a residual block."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    LazyChoice,
    output_options,
    read_records,
    trace_options,
    write_table,
)

SHORTCUT_KIND_CHOICE = LazyChoice(
    "kind", "resviz.readings.structure.shortcuts:SHORTCUT_KINDS"
)


@click.command
@click.argument("spec")
@click.option(
    "--only",
    type=SHORTCUT_KIND_CHOICE,
    help="Show shortcuts of one kind.",
)
@output_options
@trace_options
def shortcuts(
    spec: str, only: str | None, form: str, output: str, tracing: dict[str, Any]
) -> None:
    """Print where shortcuts project, why, and what that costs."""
    from resviz.tables.shortcuts import shortcut_table

    (arch,) = read_records([spec], tracing)
    write_table(shortcut_table(arch, only=only), form, output)
