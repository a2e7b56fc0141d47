"""`resviz report`: everything on one offline page."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import read_records, tell_if_slow, trace_options, write_output
from resviz.files import check_suffix


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", required=True, help="HTML file; - is stdout.")
@trace_options
def report(specs: tuple[str, ...], output: str, tracing: dict[str, Any]) -> None:
    """Write summary, table, figures and layers to one HTML file.

    Of several SPECs it shows all, and what changed from the first to each other, as
    `resviz compare` tells it. "Ours=SPEC" names one of them.
    """
    from resviz.formats.tables.html import SUFFIXES
    from resviz.pages import check_network_count, render_networks

    check_suffix(output, "a report", SUFFIXES, strict=True)
    check_network_count(len(specs))
    archs = read_records(specs, tracing)
    with tell_if_slow("writing the report"):
        write_output(render_networks(archs, specs[0], tracing), output)
