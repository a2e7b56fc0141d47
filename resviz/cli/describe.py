"""`resviz describe`: a figure in sentences."""

from __future__ import annotations

import sys
from typing import Any

import click

from resviz.cli.shared import (
    add_options,
    read_records,
    terminal_width,
    trace_options,
    write_output,
)
from resviz.options import FIGURE_OPTIONS

DESCRIBED = (
    "figure", "at", "stages", "depth", "names", "costs", "plain", "each", "image",
    "heat",
)  # fmt: skip
"""Options of a figure that change what it says."""


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; - is stdout.")
@add_options(FIGURE_OPTIONS[name] for name in DESCRIBED)
@trace_options
def describe(
    specs: tuple[str, ...],
    output: str,
    tracing: dict[str, Any],
    **options: Any,
) -> None:
    """Say a figure in sentences: for screen readers, and as alt text."""
    from textwrap import fill

    from resviz import figures

    archs = read_records(specs, tracing)
    description = figures.describe_figure(archs, **options)
    width = terminal_width(sys.stdout) if output == "-" else None
    write_output(f"{fill(description, width) if width else description}\n", output)
