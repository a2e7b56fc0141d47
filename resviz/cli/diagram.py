"""`resviz diagram`: pictures of a network."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    RESOLUTION,
    OneOf,
    emit,
    form_of,
    patience,
    records,
    resolution,
    trace_options,
)

FIGURES = OneOf("figure", "resviz.figures:FIGURES")
STYLES = OneOf("style", "resviz.figures.drawing.styles:STYLES")
FORMATS = OneOf("format", "resviz.formats:pictures")


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; its suffix tells the format.")
@click.option("--format", "form", type=FORMATS, help="Default: by suffix, svg.")
@click.option("--figure", type=FIGURES, default="overview", show_default=True)
@click.option("--at", help="The block to draw: conv3_1, or its module path.")
@click.option("--direction", type=click.Choice(("TB", "LR")), default="TB")
@click.option("--plain", is_flag=True, help="A stack also without shortcuts.")
@click.option("--style", type=STYLES, default="screen")
@click.option("--dpi", type=RESOLUTION, help="Of PNG; default: 96.")
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

    form = form_of(form, output, "picture", "svg")
    sharp = resolution(dpi, form)
    archs = records(specs, tracing)
    with patience("drawing"):
        drawn = figures.diagram(archs, **options).rendered(form, **sharp)
    emit(drawn, output, binary=form in {"pdf", "png"})
