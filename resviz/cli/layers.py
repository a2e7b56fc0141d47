"""`resviz layers`: one row a layer."""

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

KINDS = OneOf("kind", "resviz.tables.layers:ONLY")


@click.command
@click.argument("spec")
@click.option("--depth", type=click.IntRange(1), help="Fold calls that nest deeper.")
@click.option(
    "--only",
    type=KINDS,
    help="Show layers of one kind.",
)
@output_options
@trace_options
def layers(
    spec: str,
    depth: int | None,
    only: str | None,
    form: str,
    output: str,
    tracing: dict[str, Any],
) -> None:
    """Print shapes, windows, parameters and MACs, a row a layer."""
    from resviz.tables.layers import layers as layer_table

    (arch,) = records([spec], tracing, shown=None)
    emit_table(layer_table(arch, depth=depth, only=only), form, output)
