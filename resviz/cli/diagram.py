"""`resviz diagram`: pictures of a network."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    DPI_RANGE,
    LazyChoice,
    choose_format,
    dpi_option,
    read_records,
    tell_if_slow,
    trace_options,
    write_output,
)

FIGURE_CHOICE = LazyChoice("figure", "resviz.figures:FIGURES")
STYLE_CHOICE = LazyChoice("style", "resviz.figures.drawing.styles:STYLES")
PICTURE_FORMAT_CHOICE = LazyChoice("format", "resviz.formats:picture_format_names")


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; its suffix tells the format.")
@click.option(
    "--format", "form", type=PICTURE_FORMAT_CHOICE, help="Default: by suffix, svg."
)
@click.option("--figure", type=FIGURE_CHOICE, default="overview", show_default=True)
@click.option("--at", help="The block to draw: conv3_1, or its module path.")
@click.option("--direction", type=click.Choice(("TB", "LR")), default="TB")
@click.option("--plain", is_flag=True, help="A stack also without shortcuts.")
@click.option("--style", type=STYLE_CHOICE, default="screen")
@click.option("--dpi", type=DPI_RANGE, help="Of PNG; default: 96.")
@trace_options
def diagram(
    specs: tuple[str, ...],
    output: str,
    form: str | None,
    dpi: int | None,
    tracing: dict[str, Any],
    **options: Any,
) -> None:
    """Draw an overview, one block, every layer, the shape flow, a stack, the growth.

    A stack and the growth take several SPECs.
    """
    from resviz import figures

    form = choose_format(form, output, "picture", "svg")
    format_options = dpi_option(dpi, form)
    archs = read_records(specs, tracing)
    with tell_if_slow("drawing"):
        rendered = figures.draw_diagram(archs, **options).rendered(
            form, **format_options
        )
    write_output(rendered, output, binary=form in {"pdf", "png"})
