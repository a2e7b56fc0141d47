"""`resviz describe`: a figure in sentences."""

from __future__ import annotations

import sys
from typing import Any

import click

from resviz.cli.shared import (
    LazyChoice,
    read_records,
    terminal_width,
    trace_options,
    write_output,
)

DESCRIBED_FIGURE_CHOICE = LazyChoice("figure", "resviz.figures:FIGURES")


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; - is stdout.")
@click.option(
    "--figure", type=DESCRIBED_FIGURE_CHOICE, default="overview", show_default=True
)
@click.option("--at", help="The block to tell: conv3_1, or its module path.")
@click.option("--plain", is_flag=True, help="A stack also without shortcuts.")
@trace_options
def describe(
    specs: tuple[str, ...], output: str, tracing: dict[str, Any], **options: Any
) -> None:
    """Say a figure in sentences: for screen readers, and as alt text."""
    from textwrap import fill

    from resviz import figures

    description = figures.describe_figure(read_records(specs, tracing), **options)
    width = terminal_width(sys.stdout) if output == "-" else None
    write_output(f"{fill(description, width) if width else description}\n", output)
