"""Words of an overview: on shortcuts, on what a stage returns, and at the output."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels

if TYPE_CHECKING:
    from resviz.figures.overview.rows import OutlineRow
    from resviz.readings.structure import Shortcut, Stage, Structure

SHORTCUT_HEADINGS = {
    "projection": "projection",
    "zero-padded": "pad with zeros",
    "subsampled": "subsample",
    "other": "other",
}
"""What is written on top of a shortcut that is no identity."""


def label_shortcut(shortcut: Shortcut) -> tuple[str, ...]:
    """Return a shortcut in lines: what it is and its operations."""
    if shortcut.kind == "none":
        return ()
    if shortcut.kind == "identity":
        return ("identity",) + shortcut.is_of_other_stream * ("of other", "stream")
    lines = [
        "fc" if part == "linear" else layer_labels.mark_upsampling(part)
        for part in shortcut.label.split(" + ")
        if part not in {"identity", "zero-padded channels", "some channels"}
        and not part.startswith("every ")
    ]
    steps = units.format_per_axis(shortcut.stride)
    if prod(shortcut.stride) > 1 and not any("/" in part for part in lines):
        lines.append(f"stride {steps}")
    return (SHORTCUT_HEADINGS[shortcut.kind], *lines)


def label_width_change(shortcut: Shortcut) -> str:
    """Label a shortcut's change of width, or the width it needlessly projects."""
    widths = layer_labels.read_shortcut_widths(shortcut)
    if shortcut.kind == "none" or widths is None:
        return ""
    before, after = widths
    return f"{before}→{after}" if before != after or shortcut.reason == "always" else ""


def label_returned_outputs(structure: Structure, stage: Stage) -> tuple[str, ...]:
    """Say which of several outputs a stage's last block gives."""
    outputs = structure.arch.outputs
    if len(outputs) < 2:
        return ()
    ends = {*stage.blocks[-1].joins, stage.blocks[-1].end}
    at = [number for number, tensor in enumerate(outputs, 1) if tensor.layer in ends]
    return tuple(f"→ output {number} of {len(outputs)}" for number in at)


def label_outputs(structure: Structure) -> str:
    """Return what the network returns, in short."""
    arch = structure.arch
    ends = {index for block in structure.blocks for index in (*block.joins, block.end)}
    sources = [source for source in arch.outputs if source.layer not in ends]
    sources = sources or arch.outputs[-1:]
    shapes = [
        units.format_feature_map(layer_labels.arrange_output(arch, source))
        for source in sources
    ]
    return f"output {units.format_names(shapes, 3)}" if shapes else ""


def list_shortcut_lines(row: OutlineRow) -> tuple[str, ...]:
    """List what is written on a shortcut, its change of width in a line of its own."""
    return (*row.shortcut, row.width_change) if row.width_change else row.shortcut
