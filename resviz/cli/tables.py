"""The commands that print a table, one for each that is registered."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import click

from resviz.cli.shared import (
    DPI_RANGE,
    add_options,
    choose_format,
    lazy_choice,
    note_weight_gaps,
    read_records,
    tell_if_slow,
    trace_options,
    write_output,
    write_table,
)
from resviz.errors import SpecError
from resviz.options import TABLE_OPTIONS, Option
from resviz.tables import TABLES, RegisteredTable

if TYPE_CHECKING:
    from resviz.record import Architecture

PICTURE_FORMATS = {"svg", "pdf", "png"}
"""Formats in which nobody looks for a layer among five hundred."""

PYTHON_OPTION = Option(
    "Instead of a table: lines for a configuration.",
    choices=("python",),
    spelling="as",
    name="written",
)

TABLE_FORMAT_CHOICE = lazy_choice("resviz.formats:table_format_names")


def choose_table_format(
    form: str | None, output: str, columns: tuple[str, ...] | None
) -> str:
    """Return the format of a table, by `--format` or what the file is called.

    Raises:
        SpecError: for columns of JSON, and as `choose_format`.
    """
    form = choose_format(form, output, "table", "text")
    if columns is not None and form == "json":
        raise SpecError("--columns: JSON has keys of its own, want another --format")
    return form


def print_table(
    table: RegisteredTable,
    specs: tuple[str, ...],
    form: str | None,
    output: str,
    columns: tuple[str, ...] | None,
    dpi: int | None,
    tracing: dict[str, Any],
    written: str | None = None,
    **options: Any,
) -> None:
    """Print a table of some networks, or write it to a file.

    Raises:
        SpecError: as `choose_table_format`.
        ResvizError: as `read_records` and the table.
    """
    from resviz.source import PAPER_NAMES

    if written == "python" and (form, columns, dpi) != (None, None, None):
        raise SpecError("--as python: is no table, want no --format, --columns, --dpi")
    form = form if written else choose_table_format(form, output, columns)
    if "once" in options and options["once"] is None:
        options["once"] = form in PICTURE_FORMATS
    options = {key: value for key, value in options.items() if value is not None}
    if table.retraces:
        from resviz.source.other_inputs import make_retracer

        options["trace_at"] = make_retracer(specs[0], tracing)
    shown = None if table.layered else 8
    if table.measures and options.get("measure"):
        archs = [measure_spec(specs[0], tracing, options)]
    else:
        archs = read_records(specs or PAPER_NAMES, tracing, shown=shown)
    if form is None:
        write_output(table.write_code(archs, **options), output)
    else:
        write_table(table.build(archs, columns, **options), form, output, dpi)


def measure_spec(
    spec: str, tracing: dict[str, Any], options: dict[str, Any]
) -> Architecture:
    """Run a network layer by layer, add the times to options, and return its record.

    Raises:
        ResvizError: as `resviz.source.measuring.measure_network`.
    """
    from resviz.source.measuring import measure_network

    with tell_if_slow(f"measuring {spec}"), redirect_stdout(sys.stderr):
        arch, options["measured"] = measure_network(spec, tracing)
    note_weight_gaps([arch])
    return arch


@cache
def make_table_command(name: str) -> click.Command:
    """Return the command that prints one table."""
    table = TABLES[name]
    options = [
        replace(TABLE_OPTIONS[option], choices=choices or ())
        for option, choices in table.options.items()
    ]
    if table.several:
        add_specs = click.argument("specs", metavar="[SPEC]...", nargs=-1)
    else:
        add_specs = click.argument("specs", metavar="SPEC", callback=only_spec)
    if table.code:
        options.append(PYTHON_OPTION)
    command: Any = partial(print_table, table)
    for decorate in (
        trace_options,
        add_options(table_output_options()),
        add_options(options),
        add_specs,
    ):
        command = decorate(command)
    return click.command(name, help=table.help)(command)


def table_output_options() -> list[click.Option | Option]:
    """Return the options that say where a table goes, and how."""
    return [
        click.Option(
            ["--format", "form"],
            type=TABLE_FORMAT_CHOICE,
            help="Default: by suffix, text.",
        ),
        click.Option(["-o", "--output"], default="-", help="File; - is stdout."),
        TABLE_OPTIONS["columns"],
        click.Option(
            ["--dpi"],
            type=DPI_RANGE,
            help="Of PNG, 16 to 2400; default: 192, for long tables less.",
        ),
    ]


def only_spec(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str]:
    """Return the only SPEC of a command as a tuple."""
    del ctx, param
    return (value,)
