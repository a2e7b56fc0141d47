"""`resviz diagram`: pictures of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from resviz.cli.shared import (
    OneOf,
    emit,
    formats_of,
    patience,
    records,
    trace_options,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def figure_names() -> Iterable[str]:
    """The figures that there are."""
    from resviz import figures

    return figures.names()


def style_names() -> Iterable[str]:
    """The styles that there are."""
    from resviz.figures.drawing import styles

    return styles.names()


FIGURES = OneOf("figure", figure_names)
STYLES = OneOf("style", style_names)
FORMATS = OneOf("format", formats_of("picture"))


@click.command
@click.argument("spec")
@click.option("-o", "--output", default="-", help="File; its suffix tells the format.")
@click.option("--format", "form", type=FORMATS, help="Default: by suffix, svg.")
@click.option("--figure", type=FIGURES, default="overview", show_default=True)
@click.option("--at", help="The block to draw: conv3_1, or its module path.")
@click.option("--direction", type=click.Choice(("TB", "LR")), default="TB")
@click.option("--style", type=STYLES, default="screen")
@click.option("--dpi", type=click.IntRange(16, 2400), default=96, show_default=True)
@trace_options
def diagram(
    spec: str,
    output: str,
    form: str | None,
    dpi: int,
    tracing: dict[str, Any],
    **options: Any,
) -> None:
    """Draw an overview, one block, every layer, or the shape flow."""
    from resviz import figures, formats

    if form is None:
        form = "svg" if output == "-" else formats.from_suffix(output, "picture")
    (arch,) = records([spec], tracing)
    resolution = {"dpi": dpi} if form == "png" else {}
    with patience("drawing"):
        drawn = figures.diagram(arch, **options).rendered(form, **resolution)
    emit(drawn, output, binary=form in {"pdf", "png"})
