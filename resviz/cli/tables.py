"""The commands that print a table, one for each that is registered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import click

from resviz.cli.shared import (
    DPI_RANGE,
    add_options,
    choose_format,
    lazy_choice,
    read_records,
    trace_options,
    write_table,
)
from resviz.errors import SpecError
from resviz.options import TABLE_OPTIONS, Option
from resviz.tables import TABLES, RegisteredTable

PICTURE_FORMATS = {"svg", "pdf", "png"}
"""Formats in which nobody looks for a layer among five hundred."""

TABLE_FORMAT_CHOICE = lazy_choice("resviz.formats:table_format_names")


def table_options(table: RegisteredTable) -> list[Option]:
    """Return the options of a table, with the legal words that are its own."""
    return [
        replace(TABLE_OPTIONS[name], choices=choices or ())
        for name, choices in table.options.items()
    ]


@cache
def make_table_command(name: str) -> click.Command:
    """Return the command that prints one table."""
    table = TABLES[name]

    def print_table(
        specs: tuple[str, ...],
        form: str | None,
        output: str,
        columns: tuple[str, ...] | None,
        dpi: int | None,
        tracing: dict[str, Any],
        **options: Any,
    ) -> None:
        from resviz.source import PAPER_NAMES

        form = choose_format(form, output, "table", "text")
        if columns and form == "json":
            raise SpecError(
                "--columns: JSON has keys of its own, want another --format"
            )
        if "once" in options and options["once"] is None:
            options["once"] = form in PICTURE_FORMATS
        options = {key: value for key, value in options.items() if value is not None}
        shown = None if table.layered else 8
        archs = read_records(specs or PAPER_NAMES, tracing, shown=shown)
        write_table(table.build(archs, columns or (), **options), form, output, dpi)

    command: Any = print_table
    for decorate in (
        trace_options,
        click.option("--dpi", type=DPI_RANGE, help="Of PNG; default: 192, for long "
                     "tables less."),
        add_options([TABLE_OPTIONS["columns"]]),
        click.option("-o", "--output", default="-", help="File; - is stdout."),
        click.option("--format", "form", type=TABLE_FORMAT_CHOICE,
                     help="Default: by suffix, text."),
        add_options(table_options(table)),
        click.argument("specs", metavar="[SPEC]...", nargs=-1) if table.several
        else click.argument("specs", metavar="SPEC", nargs=1, callback=one_spec),
    ):  # fmt: skip
        command = decorate(command)
    return click.command(name, help=table.help)(command)


def one_spec(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str]:
    """Return the only SPEC of a command as a tuple."""
    del ctx, param
    return (value,)
