"""`resviz trace`: save the record that every other command reads."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import emit, records, trace_options
from resviz.files import packed


@click.command
@click.argument("spec")
@click.option(
    "-o", "--output", default="-", help="JSON file, or .json.gz; - is stdout."
)
@trace_options
def trace(spec: str, output: str, tracing: dict[str, Any]) -> None:
    """Trace a SPEC and save its record as JSON.

    Every command takes the file in place of a SPEC, and then needs no torch.
    """
    (arch,) = records([spec], tracing)
    emit(packed(output, arch.to_json() + b"\n"), output)
