"""`resviz shortcuts`: one row a residual block."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    OneOf,
    emit_table,
    output_options,
    records,
    trace_options,
)

KINDS = OneOf("kind", "resviz.structure.shortcuts:KINDS")


@click.command
@click.argument("spec")
@click.option(
    "--only",
    type=KINDS,
    help="Show shortcuts of one kind.",
)
@output_options
@trace_options
def shortcuts(
    spec: str, only: str | None, form: str, output: str, tracing: dict[str, Any]
) -> None:
    """Print where shortcuts project, why, and what that costs."""
    from resviz.tables.shortcuts import shortcuts as shortcut_table

    (arch,) = records([spec], tracing)
    emit_table(shortcut_table(arch, only=only), form, output)
