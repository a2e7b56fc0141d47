"""`resviz identify`: which network a file of weights is of."""

from __future__ import annotations

import sys

import click

from resviz.cli.shared import add_options, debug_option, write_table
from resviz.cli.tables import choose_table_format, table_output_options

UNKNOWN = 1
"""The exit code where no SPEC builds what the file lists."""


@click.command
@click.argument("file", metavar="FILE")
@add_options(table_output_options())
@debug_option
def identify(
    file: str,
    form: str | None,
    output: str,
    columns: tuple[str, ...] | None,
    dpi: int | None,
) -> None:
    """Say which network a file of weights is of, by names and shapes alone.

    FILE is .safetensors, .pth, .pt, .bin, or the index of shards; no weight is read and
    no code in it is run. The exit code is 0 where a SPEC builds the same names and
    shapes, and 1 where none does.
    """
    from resviz.checkpoints import identify_tensors, read_checkpoint
    from resviz.tables.identify import identify_table

    form = choose_table_format(form, output, columns)
    content = read_checkpoint(file)
    found = identify_tensors(content.groups)
    table = identify_table(content, found)
    shown = table if columns is None else table.select_columns(columns)
    write_table(shown, form, output, dpi)
    if found.spec is None:
        sys.exit(UNKNOWN)
