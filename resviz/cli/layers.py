"""`resviz layers`: one row a layer."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    LazyChoice,
    choose_format,
    output_options,
    read_records,
    trace_options,
    write_table,
)

PICTURE_FORMATS = {"svg", "pdf", "png"}
"""Formats in which nobody looks for a layer among five hundred."""

LAYER_KIND_CHOICE = LazyChoice("kind", "resviz.tables.layers:LAYER_KINDS")


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
    type=LAYER_KIND_CHOICE,
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
    from resviz.tables.layers import layer_table

    if once is None:
        once = choose_format(form, output, "table", "text") in PICTURE_FORMATS
    (arch,) = read_records([spec], tracing, shown=None)
    write_table(layer_table(arch, depth=depth, only=only, once=once), form, output)
