"""`resviz diagram`: pictures of a network."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    OneOf,
    emit,
    patience,
    records,
    trace_options,
)
from resviz.errors import RenderError

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
@click.option("--dpi", type=click.IntRange(16, 2400), help="Of PNG; default: 96.")
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
    from resviz import figures, formats

    if form is None:
        form = "svg" if output == "-" else formats.from_suffix(output, "picture")
    if dpi is not None and form != "png":
        raise RenderError(f"dpi: got {dpi}, only png has pixels, and this is {form}")
    resolution = {} if dpi is None else {"dpi": dpi}
    archs = records(specs, tracing)
    with patience("drawing"):
        drawn = figures.diagram(archs, **options).rendered(form, **resolution)
    emit(drawn, output, binary=form in {"pdf", "png"})
