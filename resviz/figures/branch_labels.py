"""Labels of layers that do not all follow one another: "(1×1, 64 ‖ 3×3, 64, d2)"."""

from __future__ import annotations

import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from resviz.figures.layer_labels import (
    arrange_output,
    fold_label_repeats,
    label_layer_briefly,
)
from resviz.readings.contraction import read_wiring
from resviz.readings.contraction.forms import reduce_series_parallel
from resviz.readings.structure.graph import build_graph
from resviz.readings.structure.parallel import list_parallel_runs, stand_in_series
from resviz.record import Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resviz.readings.structure import Structure, Unit
    from resviz.record import Architecture, Layer

MAX_RUN_ENDS = 400
"""Layers of a run whose branches are looked for."""

ARROW, BESIDE = " → ", " ‖ "
"""Between labels in series, and between branches in parallel."""


def label_run(arch: Architecture, layers: Iterable[Layer]) -> tuple[str, ...]:
    """Label a run of layers, with repeats folded and parallel branches side by side.

    Branches that meet otherwise are named one after the other.
    """
    serial, labels = divide_run(arch, list(layers))
    names = [label for layer in serial for label in label_layer_briefly(layer)]
    return fold_label_repeats([*names, *labels])


def divide_run(arch: Architecture, run: list[Layer]) -> tuple[list[Layer], list[str]]:
    """Divide a run into layers to be named in order, and the labels of the others.

    Those are the end of the run, from where one value comes in that then branches.
    """
    labels = label_branches(arch, run, label_layer_briefly)
    if labels is not None:
        return [], labels
    for start in list_narrow_starts(arch, run):
        labels = label_branches(arch, run[start:], label_layer_briefly)
        if labels is not None:
            return run[:start], labels
    return run, []


MAX_STARTS = 40
"""Where branches are looked for in one run, at most."""


def list_narrow_starts(arch: Architecture, run: list[Layer]) -> list[int]:
    """List positions in a run behind which it forks, and all comes from one layer."""
    wiring = read_wiring(arch)
    starts: list[int] = []
    behind, entering = set[int](), set[int]()
    forks = False
    for start in range(len(run) - 1, 0, -1):
        own = run[start].index
        readers = {edge.reader for edge in wiring.edges_by_source.get(own, ())}
        forks |= len(readers & behind) > 1
        behind.add(own)
        entering.discard(own)
        entering |= {edge.source for edge in wiring.edges_by_reader.get(own, ())}
        if len(entering) == 1 and forks:
            starts.append(start)
    return starts[: -MAX_STARTS - 1 : -1]


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
    if len(entering) != 1 or not 1 < len(ends) <= MAX_RUN_ENDS:
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


BRANCHES_IN_ROW = "parallel branches stand one after the other"
"""What is said where layers named in a row do not all follow one another."""

SKIPS_IN_ROW = "some layers of a box read maps from further back too"
"""What is said where they do, but other ways lead past them, as in a dense block."""


@cache_reading
def explain_serial_labels(structure: Structure) -> tuple[str, ...]:
    """Say what labels in a row hide of how the layers of a run hang together."""
    arch, whole = structure.arch, [*structure.arch.layers]
    graph = build_graph(arch)
    present = {BRANCHES_IN_ROW} if structure.has_towers else set[str]()
    stem = {layer.index for layer in structure.stem}
    for run in list_parallel_runs(structure):
        layers = [whole[node] for node in run]
        is_plain = not structure.stages and stem.issuperset(run)
        for part in split_by_size(arch, layers) if is_plain else [layers]:
            serial, _ = divide_run(arch, part)
            named = [layer.index for layer in serial if label_layer_briefly(layer)]
            if not stand_in_series(graph, named):
                follow = follow_one_another(arch, named)
                present.add(SKIPS_IN_ROW if follow else BRANCHES_IN_ROW)
    return tuple(sorted(present))


def follow_one_another(arch: Architecture, ends: list[int]) -> bool:
    """Tell whether some way leads from each of some layers to the next."""
    sources_of = read_wiring(arch).edges_by_reader
    for before, after in pairwise(ends):
        reached, pending = {after}, [after]
        while pending:
            sources = {edge.source for edge in sources_of.get(pending.pop(), ())}
            pending += [end for end in sources - reached if end >= before]
            reached |= sources
        if before not in reached:
            return False
    return True


def split_by_size(arch: Architecture, layers: Iterable[Layer]) -> list[list[Layer]]:
    """Split layers in order into those in a row that give maps of one size."""
    runs = groupby(
        layers, key=lambda layer: arrange_output(arch, Source(layer.index))[2:]
    )
    return [[*run] for _, run in runs]


def split_labels(labels: Iterable[str]) -> list[str]:
    """Split labels in series where a line may end: behind each arrow and "‖"."""
    return re.split(r"(?<=[→‖] )", ARROW.join(labels))
