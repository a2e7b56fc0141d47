"""Labels of layers that do not all follow one another: "(1×1, 64 ‖ 3×3, 64, d2)"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resviz.figures.layer_labels import fold_label_repeats, label_layer_briefly
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.forms import MAX_FORM_ENDS, reduce_series_parallel
from resviz.readings.structure.parallel import list_parallel_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.readings.structure import Structure, Unit
    from resviz.record import Architecture, Layer

ARROW, BESIDE = " → ", " ‖ "
"""Between labels in series, and between branches in parallel."""


def label_run(arch: Architecture, layers: Iterable[Layer]) -> tuple[str, ...]:
    """Label a run of layers, with repeats folded and parallel branches side by side.

    Branches that meet otherwise are named one after the other.
    """
    run = list(layers)
    labels = label_branches(arch, run, label_layer_briefly)
    if labels is None:
        labels = [label for layer in run for label in label_layer_briefly(layer)]
    return fold_label_repeats(labels)


def label_branches(
    arch: Architecture,
    layers: Iterable[Layer],
    label_layer: Callable[[Layer], list[str]],
) -> list[str] | None:
    """Label layers of which some stand side by side.

    None where all follow one another, where several values come in, and where they
    are no series of things in parallel.
    """
    wiring = read_wiring(arch)
    run = {layer.index: layer for layer in layers}
    ends = [end for end in sorted(run) if end in wiring.edges_by_reader]
    edges = [edge for end in ends for edge in wiring.edges_by_reader[end]]
    entering = {edge.source for edge in edges if edge.source not in run}
    if len(entering) != 1 or not 1 < len(ends) <= MAX_FORM_ENDS:
        return None
    branch = reduce_series_parallel(
        wiring, ends, lambda end: label_layer(run[end]), link=ARROW
    )
    has_branches = branch is not None and any(BESIDE in label for label in branch)
    return [*branch] if branch and has_branches else None


def label_unit(
    arch: Architecture, unit: Unit, label_layer: Callable[[Layer], list[str]]
) -> list[str] | None:
    """Label a unit's main branch if it has branches itself; None if it is a chain.

    Gates and attention have words of their own.
    """
    if unit.attends or unit.gate_indices:
        return None
    inside = [arch.layers[index] for index in unit.main_indices]
    return label_branches(arch, inside, label_layer)


def has_serial_labels(structure: Structure) -> bool:
    """Tell whether parallel branches are named one after the other somewhere."""
    layers = structure.arch.layers
    return structure.has_towers or any(
        label_branches(
            structure.arch, (layers[node] for node in run), label_layer_briefly
        )
        is None
        for run in list_parallel_runs(structure)
    )


def split_labels(labels: Iterable[str]) -> list[str]:
    """Split labels in series where a line may end: behind each arrow and "‖"."""
    return re.split(r"(?<=[→‖] )", ARROW.join(labels))
