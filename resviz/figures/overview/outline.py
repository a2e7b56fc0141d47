"""The content of an overview, before anything is placed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels, tints
from resviz.figures.attention_labels import read_attention_words
from resviz.figures.branch_labels import (
    ARROW,
    BESIDE,
    divide_run,
    label_run,
    label_unit,
    split_by_size,
)
from resviz.figures.layer_labels import fold_label_repeats, label_layer_briefly
from resviz.figures.overview.merging import merge_alike_groups
from resviz.figures.overview.rows import (
    Outline,
    OutlineRow,
    OutlineSection,
    RowGroup,
    RowLayers,
)
from resviz.figures.overview.words import (
    label_outputs,
    label_returned_outputs,
    label_shortcut,
    label_width_change,
)
from resviz.figures.part_names import name_stage
from resviz.figures.title_facts import list_title_facts
from resviz.readings.structure.parts import list_unit_members
from resviz.readings.structure.repeats import group_alternating_folds
from resviz.readings.structure.stems import find_stems, list_stems_before
from resviz.record import Architecture, Layer, Shape, Source
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.structure import Block, Fold, Stage, Structure, Unit
    from resviz.readings.structure.graph import Graph

MAX_ROWS = 6
"""Rows of one stage that are drawn, if nothing else is said; of those in the middle
it is told how many."""

FOLD_FROM = 5
"""The number of labels on a main branch from which repeats are folded."""

MAX_SECTIONS = 14
"""Boxes of a network without blocks that are drawn."""


def build_outline(structure: Structure, *, most: int = MAX_ROWS) -> Outline:
    """Return the overview of a network, with at most so many rows a stage."""
    arch = structure.arch
    loose = label_layers_between(structure)
    sections = tuple(
        build_stage_section(structure, stage, loose, most) for stage in structure.stages
    )
    stems = list_stems_before(structure, 0) if structure.stages else []
    return Outline(
        arch,
        arch.label,
        list_title_facts(structure),
        " and ".join(layer_labels.label_inputs(arch)),
        label_stem(structure) if structure.stages else (),
        sections or build_plain_sections(arch, structure.stem),
        label_run(arch, structure.head),
        label_outputs(structure),
        tuple(layer.index for stem in stems for layer in stem.layers),
        tuple(layer.index for layer in structure.head),
    )


def stage_output_shape(stage: Stage) -> Shape:
    """Return a stage's output shape with its channels first."""
    return layer_labels.arrange_axes(
        stage.arch, stage.output_shape, stage.blocks[-1].channel_axis
    )


def build_stage_section(
    structure: Structure, stage: Stage, loose: LooseLayers, most: int
) -> OutlineSection:
    """Outline one stage: its folds and what runs before and between them."""
    groups: list[RowGroup] = []
    blocks_left = iter(stage.blocks)
    for folds, count in group_alternating_folds(stage.folds, loose):
        labels, between = loose.get(min(folds[0].block.layer_indices), ((), ()))
        if labels:
            groups.append((0, (OutlineRow(labels, turns=(RowLayers(between),)),)))
        rows = [row for fold in folds for row in build_fold_rows(structure.arch, fold)]
        if count > 1:
            rows = [replace(row, count=count) for row in rows]
        total = sum(fold.count for fold in folds) * count
        turns = list_turns(
            structure, [*islice(blocks_left, total)], 1 if count == 1 else len(folds)
        )
        rows = [replace(row, turns=own) for row, own in zip(rows, turns, strict=True)]
        groups.append((len(folds), tuple(rows)))
    layers = [structure.arch.layers[index] for index in stage.layer_indices]
    blocks = units.format_plural(len(stage.blocks), "block")
    params = units.format_count(sum(layer.params for layer in layers))
    facts = (
        units.format_feature_map(stage_output_shape(stage)),
        f"{blocks}, {params} params",
        *label_returned_outputs(structure, stage),
    )
    tint = tints.choose_stage_tint(stage)
    rows = elide_rows(merge_alike_groups(groups), most)
    return OutlineSection(name_stage(stage), facts, rows, tint)


def list_turns(
    structure: Structure, blocks: Sequence[Block], length: int
) -> list[tuple[RowLayers, ...]]:
    """List the layers of each row of some blocks, turn by turn.

    `length` blocks are one turn, and a row is a unit.
    """
    graph = structure.graph
    turns = [
        [
            find_row_layers(graph, unit, block if number == 0 else None)
            for block in blocks[start : start + length]
            for number, unit in enumerate(block.units)
        ]
        for start in range(0, len(blocks), length)
    ]
    return [*zip(*turns, strict=True)]


def find_row_layers(graph: Graph, unit: Unit, block: Block | None) -> RowLayers:
    """Find the layers of a unit's row; those before it are its block's, if given."""
    shortcut = set(unit.shortcut.layer_indices)
    members = list_unit_members(graph, unit)
    join = set[int]() if unit.join is None else {unit.join, unit.end}
    if unit.join is not None:
        join |= members - set(unit.layer_indices)
    lead: tuple[int, ...] = ()
    box = members - shortcut - join
    if block is not None:
        lead = block.preactivation
        box |= set(block.conditions)
    return RowLayers(tuple(sorted(box)), lead, tuple(sorted(shortcut)), tuple(join))


def label_stem(structure: Structure) -> tuple[str, ...]:
    """Label the stem of the first tower, and what others share with it."""
    stems = list_stems_before(structure, 0)
    return label_run(structure.arch, (la for stem in stems for la in stem.layers))


LooseLayers = dict[int, tuple[tuple[str, ...], tuple[int, ...]]]
"""Labels and numbers of layers between blocks, by the first of the next block."""


def label_layers_between(structure: Structure) -> LooseLayers:
    """Label the layers between blocks, by the first layer of the next block.

    The stem of a later tower stands before its first block.
    """
    blocks = structure.blocks
    stems = {
        structure.stages[stem.stage].blocks[0].end: stem.layers
        for stem in find_stems(structure)
        if stem.stage
    }
    inside = {index for block in blocks for index in block.layer_indices}
    inside.update(layer.index for layers in stems.values() for layer in layers)
    live = structure.graph.before
    labels_by_layer: LooseLayers = {}
    for before, after in pairwise(blocks):
        first = min(after.layer_indices)
        loose = [
            layer
            for layer in structure.arch.layers[before.end + 1 : first]
            if layer.index in live and layer.index not in inside
        ]
        loose += stems.get(after.end, ())
        labels = label_run(structure.arch, loose)
        if labels:
            labels_by_layer[first] = labels, tuple(layer.index for layer in loose)
    return labels_by_layer


def build_fold_rows(arch: Architecture, fold: Fold) -> tuple[OutlineRow, ...]:
    """Return a fold as rows, one for each unit of its block."""
    block = fold.block
    first, *rest = (build_unit_row(arch, unit, fold.count) for unit in block.units)
    lead = layer_labels.label_preactivation(
        arch.layers[index] for index in block.preactivation
    )
    return (replace(first, lead=lead), *rest)


def build_unit_row(arch: Architecture, unit: Unit, count: int) -> OutlineRow:
    """Return a unit as a row: its main branch, its shortcut, how many."""
    words = read_attention_words(arch)

    def label_layer(layer: Layer) -> list[str]:
        own = layer_labels.label_layer_briefly(layer)
        return words.label_briefly(layer.index, own)

    labels = label_unit(arch, unit, label_layer)
    labels = labels or layer_labels.label_main_branch(unit, label_layer)
    if unit.type == "MLP" and labels:
        labels[0] = f"MLP: {labels[0]}"
    if len(labels) >= FOLD_FROM:
        labels = layer_labels.fold_label_repeats(labels)
    join = None if unit.join is None else arch.layers[unit.join]
    sign = layer_labels.find_join_sign(join) if join else ""
    return OutlineRow(
        tuple(labels) or (unit.type,),
        count,
        unit.shortcut.kind,
        label_shortcut(unit.shortcut),
        label_width_change(unit.shortcut),
        sign,
    )


def elide_rows(groups: list[RowGroup], most: int) -> tuple[tuple[OutlineRow, ...], ...]:
    """Return a stage's rows, those in the middle named in one where there are too many.

    The last group stays whole, and as many of the first as there is room for.
    """
    rows = [group for _, group in groups]
    if sum(map(len, rows)) <= most or len(rows) < 3:
        return tuple(rows)
    room = most - 1 - len(rows[-1])
    head_count = 1
    while sum(map(len, rows[: head_count + 1])) <= room:
        head_count += 1
    left_out = groups[head_count:-1]
    if not left_out:
        return tuple(rows)
    blocks = sum(number * group[0].count for number, group in left_out)
    kinds = sum(number for number, _ in dict.fromkeys(left_out))
    note_text = format_plural(blocks, "more block")
    if kinds > 1:
        note_text += f" of {kinds} kinds"
    elif blocks > 1:
        note_text = f"{blocks} more equal blocks"
    layers = [
        index for _, group in left_out for row in group for own in row.turns
        for index in own.row_layers
    ]  # fmt: skip
    turns = (RowLayers(tuple(layers)),)
    note = OutlineRow((f"… {note_text} …",), elided=True, turns=turns)
    return (*rows[:head_count], (note,), rows[-1])


MAX_RUN_CHARACTERS = 180
"""Characters that a run of branches has with its channels, at most."""

CHANNELS = re.compile(r", \d+(?=[^\d×]|$)")
"""Channels in a label."""


def label_plain_run(arch: Architecture, members: list[Layer]) -> tuple[str, ...]:
    """Label layers without blocks; of long runs with branches the form alone."""
    labels = label_run(arch, members)
    whole = ARROW.join(labels)
    if len(whole) <= MAX_RUN_CHARACTERS or BESIDE not in whole:
        return labels
    serial, branches = divide_run(arch, members)
    names = [name for layer in serial for name in label_layer_briefly(layer)]
    return fold_label_repeats([CHANNELS.sub("", each) for each in [*names, *branches]])


def build_plain_sections(
    arch: Architecture, layers: tuple[Layer, ...]
) -> tuple[OutlineSection, ...]:
    """Outline layers without blocks, one section for each map size in a row."""
    sections: list[OutlineSection] = []
    shapes = {
        la.index: layer_labels.arrange_output(arch, Source(la.index)) for la in layers
    }
    for members in split_by_size(arch, layers):
        labels = label_plain_run(arch, members)
        if not labels:
            continue
        size = units.format_feature_map(shapes[members[-1].index])
        params = sum(layer.params for layer in members)
        facts = (size, f"{units.format_count(params)} params") if params else (size,)
        turns = (RowLayers(tuple(layer.index for layer in members)),)
        rows = ((OutlineRow(labels, turns=turns),),)
        tint = tints.choose_layers_tint(arch, members)
        sections.append(OutlineSection("", facts, rows, tint))
    if len(sections) <= MAX_SECTIONS:
        return tuple(sections)
    left = sections[MAX_SECTIONS - 2 : -1]
    boxes = [row.turns[0].box for section in left for row in section.rows]
    hidden_layers = RowLayers(tuple(chain.from_iterable(boxes)))
    note = OutlineRow(
        (f"… {len(left)} more map sizes …",), elided=True, turns=(hidden_layers,)
    )
    hidden = replace(sections[-1], name="", facts=(), groups=((note,),))
    return (*sections[: MAX_SECTIONS - 2], hidden, sections[-1])
