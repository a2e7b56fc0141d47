"""`resviz check`: whether the networks of a project keep their budgets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from resviz.cli.shared import (
    add_options,
    debug_option,
    read_records,
    write_table,
)
from resviz.cli.tables import choose_table_format, table_output_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resviz.record import Architecture

BREACH = 1
"""The exit code where a limit does not hold."""


@click.command
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--config", metavar="FILE", help="Default: the nearest pyproject.toml.")
@click.option("--update", is_flag=True, help="Write the stored records anew.")
@add_options(table_output_options())
@debug_option
def check(
    names: tuple[str, ...],
    config: str | None,
    update: bool,
    form: str | None,
    output: str,
    columns: tuple[str, ...] | None,
    dpi: int | None,
) -> None:
    """Check the budgets of networks in pyproject.toml.

    Each is a table headed [[tool.resviz.check]], with a spec, its limits, as max-macs =
    "4.1G", macs = "+2%" from record = "net.json", and what it has to be, as stages =
    [3, 4, 6, 3] or equal = true. Names choose some of them.

    It runs the code that a spec names, as the command line does. One line a breach says
    which change caused it. Exit codes: 1 a breach, 2 a wrong table. For the comment on
    a pull request: --format markdown.
    """
    from resviz.budgets.run import check_project
    from resviz.escape import replace_unsafe
    from resviz.tables.check import check_table

    form = choose_table_format(form, output, columns)
    project = check_project(
        names,
        path=config,
        update=update,
        trace_spec=trace_spec,
        remedy="--config FILE",
    )
    table = check_table(project)
    shown = table if columns is None else table.select_columns(columns)
    write_table(shown, form, output, dpi)
    if form != "text" or output != "-":
        for line in project.sentences:
            click.echo(f"breach: {replace_unsafe(line)}", err=True)
    if project.sentences:
        sys.exit(BREACH)


def trace_spec(spec: str, tracing: Mapping[str, Any]) -> Architecture:
    """Trace a SPEC, as every command does."""
    return read_records((spec,), dict(tracing))[0]
