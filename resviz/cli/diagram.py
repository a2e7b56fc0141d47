"""`resviz diagram`: pictures of a network."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import (
    DPI_RANGE,
    add_options,
    choose_format,
    dpi_option,
    lazy_choice,
    read_records,
    tell_if_slow,
    trace_options,
    write_output,
)
from resviz.errors import SpecError
from resviz.options import FIGURE_OPTIONS, LAYOUT_OPTIONS

PICTURE_FORMAT_CHOICE = lazy_choice("resviz.formats:picture_format_names")


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; its suffix tells the format.")
@click.option(
    "--format", "form", type=PICTURE_FORMAT_CHOICE, help="Default: by suffix, svg."
)
@add_options([*FIGURE_OPTIONS.values(), *LAYOUT_OPTIONS.values()])
@click.option("--dpi", type=DPI_RANGE, help="Of PNG, 16 to 2400; default: 192.")
@trace_options
def diagram(
    specs: tuple[str, ...],
    output: str,
    form: str | None,
    dpi: int | None,
    tracing: dict[str, Any],
    **options: Any,
) -> None:
    """Draw a network: an overview, one block, or another figure.

    Blocks, a stack and the growth take several SPECs; "Ours=SPEC" names one of them.
    Several --at draw blocks of one network side by side.
    """
    from resviz import figures

    form = choose_format(form, output, "picture", "svg")
    check_layout(options["layout"], form)
    format_options = dpi_option(dpi, form)
    archs = read_records(specs, tracing)
    with tell_if_slow("drawing"):
        drawn_figure = figures.draw_diagram(archs, **options)
        rendered = drawn_figure.render(form, **format_options)
    write_output(rendered, output, binary=isinstance(rendered, bytes))


def check_layout(layout: str, form: str) -> None:
    """Check that a layout says how a format is drawn.

    Raises:
        SpecError: for Graphviz' layout of what Graphviz does not read or draw.
    """
    if layout != "dot":
        return
    from resviz.formats.dot_program import DRAWN_FORMATS

    legal = (*DRAWN_FORMATS, "dot")
    if form not in legal:
        raise SpecError(
            f"layout: got 'dot' for {form}, want one of {', '.join(legal)}, or leave "
            "out --layout dot"
        )
