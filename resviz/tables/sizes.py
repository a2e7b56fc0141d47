"""The table of input sizes: what each gives and costs, and what of it is wasted."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.readings import memory
from resviz.readings.costs import name_gaps
from resviz.readings.input_sizes import fit_sizes, read_sizes
from resviz.tables.notes import counting_notes, describe_inputs, trace_header
from resviz.tables.table import Column, Table
from resviz.units import KnownPart, format_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from resviz.readings.input_sizes import SizeFit, UnevenStep
    from resviz.record import Architecture, Shape

COLUMNS = (
    Column("input", "input"),
    Column("map", "last map"),
    Column("stride", "stride", spare=2),
    Column("macs", "MACs", "count"),
    Column("macs_per_pixel", "a pixel", "count", spare=1),
    Column("peak_bytes", "peak, MiB", "bytes"),
    Column("beyond", "beyond", "share"),
    Column("cut", "cut", "share", spare=3),
    Column("where", "where", "sentence"),
)

COST_UNITS = (
    "a pixel: MACs for each of its pixels; peak: most bytes held by a forward, "
    "parameters not among them"
)

WASTE = (
    "beyond: of the last map, what lies beyond the input, and is paid for; cut: of the "
    "input, what no window reads; both where a stride does not divide a side"
)

CHECKS = (
    "worked out from one record; checks of the size in a forward's code are in none"
)

NOT_TOLD = (
    "not told: the record does not say what the code does there; trace it again with "
    "--input, or input_size= in Python"
)

MAX_STEPS_NAMED = 3
"""How many uneven steps a row names."""


def sizes_table(
    arch: Architecture,
    *,
    sizes: object = None,
    trace_at: Callable[[Shape], Architecture] | None = None,
) -> Table:
    """Return how inputs of several sizes suit a network, a row a size.

    Args:
        arch: the record.
        sizes: one or a list, each a side, sides as (H, W), or text: "160", "320x480",
            "128..512:32". If left out, those around the recorded one in steps of the
            total stride.
        trace_at: what traces the network for a sample of another size; if left out,
            each is worked out from the record.

    Raises:
        SpecError: if a size cannot be read, or its input is not one batch of maps.
        RecordError: if the record is of an older resviz, and holds no storages.
    """
    recorded = arch.input_shape
    fits = [*fit_sizes(arch, read_sizes(arch, sizes), trace_at)]
    data = [*map(fit_data, fits)]
    rows = [*make_rows(fits, data)]
    marked = [k for k, fit in enumerate(fits) if fit.arch is arch]
    notes = [COST_UNITS, WASTE] if trace_at else [COST_UNITS, WASTE, CHECKS]
    if any(fit.arch is None and not fit.fails for fit in fits):
        notes.append(NOT_TOLD)
    return Table(
        f"{arch.label}: other sizes of its input",
        COLUMNS,
        tuple(rows),
        {
            "name": arch.name,
            "input_shape": list(recorded),
            "sizes": data,
        }
        | trace_header(arch, "sizes"),
        facts=(("recorded", describe_inputs(arch)),),
        notes=(*notes, *counting_notes(arch)),
        marked=frozenset(marked),
        mark="the size that was recorded",
    )


def make_rows(
    fits: Sequence[SizeFit], data: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield a row a size; what is said of one is not said again of another."""
    said: dict[str, str] = {}
    for fit, known in zip(fits, data, strict=True):
        size = format_sizes(fit.size)
        if fit.arch is not None:
            yield fit_row(fit, fit.arch, {**known})
            continue
        lead = "does not work" if fit.fails else "not told"
        first = said.setdefault(re.sub(r"[0-9]+", "0", fit.why), size)
        words = fit.why if first == size else f"as at {first}"
        blank = dict.fromkeys(("stride", "macs", "macs_per_pixel", "peak_bytes"))
        yield {**blank, "input": size, "map": "–", "where": f"{lead}: {words}"}


def fit_row(fit: SizeFit, arch: Architecture, data: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a size that works, from its data."""
    steps = [describe_step(step) for step in fit.uneven[:MAX_STEPS_NAMED]]
    if more := len(fit.uneven) - len(steps):
        steps.append(f"{more} more")
    strides = dict.fromkeys(f"{float(stride):.4g}" for stride in fit.strides)
    if name_gaps(arch):
        data["macs"] = KnownPart(arch.macs)
        data["macs_per_pixel"] = KnownPart(data["macs_per_pixel"])
    return data | {
        "input": format_sizes(fit.size),
        "map": format_sizes(fit.last_map) or "none",
        "stride": "×".join(strides),
        "beyond": data["beyond"] or None,
        "cut": data["cut"] or None,
        "where": ", ".join(steps),
    }


def describe_step(step: UnevenStep) -> str:
    """Describe an uneven step, as "layer2.0.conv2 57→29"."""
    pairs = [*zip(step.before, step.after, strict=True)]
    pairs = pairs[:1] if len({*pairs}) == 1 else pairs
    before, after = zip(*pairs, strict=True)
    words = f"{step.name} {format_sizes(before)}→{format_sizes(after)}"
    if any(step.cut):
        return f"{words} cuts {format_sizes(sorted({*step.cut} - {0}))}"
    return words


def fit_data(fit: SizeFit) -> dict[str, Any]:
    """Return one size as JSON has it."""
    if fit.arch is None:
        return {
            "input": list(fit.size),
            "works": False if fit.fails else None,
            "why": fit.why,
        }
    macs = fit.arch.macs
    return {
        "input": list(fit.size),
        "works": True,
        "map": list(fit.last_map),
        "strides": [float(stride) for stride in fit.strides],
        "macs": macs,
        "macs_per_pixel": round(macs / (prod(fit.size) * fit.arch.batch)),
        "activations": fit.arch.activations,
        "peak_bytes": memory.find_peak(fit.arch).bytes,
        "kept_bytes": memory.find_saved_for_backward(fit.arch).bytes,
        "beyond": float(fit.beyond),
        "cut": float(fit.cut),
        "uneven": [*map(step_data, fit.uneven)],
    }


def step_data(step: UnevenStep) -> dict[str, Any]:
    """Return an uneven step as JSON has it."""
    return {
        "layer": step.name,
        "before": list(step.before),
        "after": list(step.after),
        "reads_padding": step.reads_padding,
        "cut": list(step.cut),
    }
