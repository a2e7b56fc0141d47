"""`resviz trace`: save the record that every other command reads."""

from __future__ import annotations

from typing import Any

import click

from resviz.cli.shared import read_records, trace_options, write_output
from resviz.files import check_suffix, compress_for_path


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
    check_suffix(output, "a record", (".json", ".json.gz"), strict=True)
    (arch,) = read_records([spec], tracing)
    write_output(compress_for_path(output, arch.to_json() + b"\n"), output)
