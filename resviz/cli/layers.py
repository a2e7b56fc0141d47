"""`resviz layers`: one row a layer."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    OneOf,
    emit_table,
    form_of,
    output_options,
    records,
    trace_options,
)

PICTURES = {"svg", "pdf", "png"}
"""Formats in which nobody looks for a layer among five hundred."""

KINDS = OneOf("kind", "resviz.tables.layers:ONLY")


@click.command
@click.argument("spec")
@click.option("--depth", type=click.IntRange(1), help="Fold calls that nest deeper.")
@click.option(
    "--once/--each",
    default=None,
    help="Equal blocks in a row once, with their number; default: in pictures.",
)
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
    once: bool | None,
    form: str,
    output: str,
    tracing: dict[str, Any],
) -> None:
    """Print shapes, windows, parameters and MACs, a row a layer."""
    from resviz.tables.layers import layers as layer_table

    if once is None:
        once = form_of(form, output, "table", "text") in PICTURES
    (arch,) = records([spec], tracing, shown=None)
    emit_table(layer_table(arch, depth=depth, only=only, once=once), form, output)
