"""`resviz compare`: what changed from one network to another."""

from __future__ import annotations

import sys
from typing import Any

import click

from resviz.cli.shared import (
    add_options,
    lazy_choice,
    read_records,
    tell_if_slow,
    trace_options,
    write_table,
)
from resviz.cli.tables import choose_table_format, table_output_options

DIFFERENT = 1
"""The exit code of `--check` where something changed."""


@click.command
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.argument("more", metavar="[VARIANT]...", nargs=-1)
@click.option(
    "--only",
    type=lazy_choice("resviz.readings.compare:COMPARED"),
    help="Changes of layers; of widths, strides, input; or of costs.",
)
@click.option("--check", is_flag=True, help="Exit with 1 where something changed.")
@add_options(table_output_options())
@trace_options
def compare(
    first: str,
    second: str,
    more: tuple[str, ...],
    only: str | None,
    check: bool,
    form: str | None,
    output: str,
    columns: tuple[str, ...] | None,
    dpi: int | None,
    tracing: dict[str, Any],
) -> None:
    """Print what changed from one network to another, and what it costs.

    Networks are aligned by how they are built, not by names: a renamed network is the
    same, an inserted block is one change. Shares add up to the difference; the rule
    stands below the table. Of two inputs, the first network is traced on both.

    With further variants of A there is a column a network: the stages that differ, and
    the differences of costs.
    """
    from resviz.source.other_inputs import trace_on_input_of
    from resviz.tables.variants import compare_networks

    form = choose_table_format(form, output, columns)
    base, *variants = read_records((first, second, *more), tracing)
    with tell_if_slow("comparing"):
        resized = [trace_on_input_of(first, base, arch, tracing) for arch in variants]
        table = compare_networks(base, variants, resized, only=only)
    shown = table if columns is None else table.select_columns(columns)
    write_table(shown, form, output, dpi)
    compared = table.data.get("variants", [table.data])
    if check and any(each["changes"] for each in compared):
        sys.exit(DIFFERENT)
