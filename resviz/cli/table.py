"""`resviz table`: the paper's Table 1."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import output_options, read_records, trace_options, write_table


@click.command
@click.argument("specs", metavar="[SPEC]...", nargs=-1)
@output_options
@trace_options
def table(
    specs: tuple[str, ...], form: str, output: str, tracing: dict[str, Any]
) -> None:
    """Print the paper's Table 1, a column a SPEC.

    Without a SPEC: the five networks of He et al. 2015 as they are there, with the
    stride in the first 1×1, and parameter-free shortcuts for 18 and 34.
    """
    from resviz import source
    from resviz.tables.paper import paper_table

    archs = read_records(specs or source.PAPER_NAMES, tracing)
    write_table(paper_table(archs), form, output)
