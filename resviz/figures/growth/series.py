"""What growth plots: the series of each network, or of some of its stages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.errors import RenderError
from resviz.figures import sentences
from resviz.figures.stage_parts import declare_stages, read_stage_part
from resviz.readings import costs
from resviz.readings.growth import build_depth_series
from resviz.readings.receptive import compute_receptive_fields
from resviz.readings.structure import read_structure
from resviz.units import format_count, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resviz.readings.growth import DepthPoint
    from resviz.record import Architecture

MAX_NETWORKS = 10
"""Networks in one plot: their lines are told apart by colour, dash and width."""


def build_all_series(
    archs: Sequence[Architecture], stages: str | None = None
) -> list[tuple[DepthPoint, ...]]:
    """Build the series of each network, at the layers of its stages alone if wanted.

    Raises:
        RenderError: for a network without weighted layers, or without such stages, or
            for too many networks.
    """
    if len(archs) > MAX_NETWORKS:
        raise RenderError(
            f"growth: got {len(archs)} networks, want at most {MAX_NETWORKS}"
        )
    all_series: list[tuple[DepthPoint, ...]] = []
    for arch in archs:
        points = build_depth_series(arch)
        if not points:
            raise RenderError(
                f"{arch.label}: no weighted layer on the main path, nothing grows; "
                "want figure overview or layers"
            )
        part = read_stage_part(read_structure(arch), stages)
        if part is not None:
            points = tuple(point for point in points if point.layer in part.scope)
        if not points:
            raise RenderError(
                f"stages: got {stages!r}, and {arch.label} has none of their layers on "
                "its main path: want other stages, or leave the option out"
            )
        all_series.append(points)
    return all_series


def declare_parts_of(archs: Sequence[Architecture], stages: str | None) -> list[str]:
    """Say what is left out of each network; once, where it is the same."""
    missing: dict[str, list[str]] = {}
    for arch in archs:
        part = read_stage_part(read_structure(arch), stages)
        declared, *_ = [*declare_stages(part, counted=len(archs) == 1), ""]
        if declared:
            missing.setdefault(declared, []).append(arch.label)
    if len(missing) == 1:
        return [*missing]
    return [f"{', '.join(names)} {line}" for line, names in missing.items()]


def explain_numbers(archs: Sequence[Architecture]) -> list[str]:
    """Explain the numbers behind equal names: which network is which."""
    lines = []
    for label, number in Counter(arch.label for arch in archs).items():
        if number > 1:
            same = [arch for arch in archs if arch.label == label]
            params = [format_count(arch.params) for arch in same]
            marks = ", ".join(f"({k})" for k in range(1, number + 1))
            amounts = join_words(params)
            lines.append(f"{label} {marks}: as given, with {amounts} parameters")
    return lines


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the plots: its title, its unit, and its value at a point."""

    title: str
    unit: str
    value: Callable[[DepthPoint], int | None]


FIELD = Measure("Receptive field", "pixels", lambda point: point.field)


MEASURES = (
    Measure("Parameters", "cumulative", lambda point: point.params),
    Measure("Multiply-adds", "cumulative, one sample", lambda point: point.macs),
    Measure(
        "Activations",
        "conv outputs, cumulative, one sample",
        lambda point: point.activations,
    ),
    FIELD,
)
"""The plots, by rows."""


Line = tuple[int, list[tuple[int, int]]]
"""The number of a network, and its value at each depth."""


def list_omissions(archs: Sequence[Architecture]) -> list[str]:
    """List what the plots leave out."""
    lines = []
    for arch in archs:
        gaps = compute_receptive_fields(arch).unknown
        if gaps:
            lines.append(f"field of {arch.label} not known from {gaps[0].first} on")
        if missing := costs.name_gaps(arch):
            names = sentences.join_with_and(missing)
            lines.append(f"multiply-adds of {arch.label} leave out {names}")
        if arch.uncalled:
            lines.append(f"parameters of {arch.label} that no layer read left out")
    return lines
