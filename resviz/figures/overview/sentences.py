"""A network in sentences: its totals, stem, stages, head, and what is unusual."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from resviz import units
from resviz.figures import layer_labels
from resviz.figures.branch_labels import explain_serial_labels, label_run, label_unit
from resviz.figures.overview.outline import (
    build_plain_sections,
    label_layers_between,
    stage_output_shape,
)
from resviz.figures.part_names import name_stage, respell_names
from resviz.figures.sentences import (
    MAX_LISTED,
    describe_shortcut,
    describe_totals,
    join_with_and,
    spell_label,
)
from resviz.readings.structure import read_structure
from resviz.readings.structure.remarks import find_remarks
from resviz.readings.structure.repeats import group_alternating_folds
from resviz.readings.structure.shortcuts import SHORTCUT_NOUNS
from resviz.readings.structure.stems import list_stems_before
from resviz.record import Source
from resviz.units import format_plural, format_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.readings.structure import Block, Fold, Stage, Structure
    from resviz.record import Architecture, Layer, Shape

MAX_STAGES = 12
"""Stages that are told one by one."""


def describe_network(arch: Architecture) -> str:
    """Return a whole network in sentences."""
    return " ".join(iter_network_sentences(read_structure(arch)))


def iter_network_sentences(structure: Structure) -> Iterator[str]:
    """Yield sentences on totals, stem, stages, head, and what is unusual."""
    yield describe_totals(structure)
    hidden = map(format_sentence, explain_serial_labels(structure))
    if not structure.stages:
        yield from describe_plain_sections(structure)
        yield from hidden
        return
    for number, current in enumerate(structure.stages[:MAX_STAGES]):
        for stem in list_stems_before(structure, number):
            gives = describe_output(structure, stem.end, stem.output_shape)
            runs = describe_run(structure.arch, stem.layers)
            yield f"S{stem.name[1:]}: {runs}{gives}."
        yield describe_stage(structure, current, number)
    remaining = structure.stages[MAX_STAGES:]
    if remaining:
        blocks = format_plural(sum(len(more.blocks) for more in remaining), "block")
        yield f"{format_plural(len(remaining), 'more stage')} with {blocks} follow."
    if structure.head:
        end = structure.head_end
        shape = structure.arch.stored_layers[end].output_shape
        gives = describe_output(structure, end, shape)
        yield f"Head: {describe_run(structure.arch, structure.head)}{gives}."
    yield from hidden
    yield f"In all: {count_shortcuts_by_kind(structure.blocks)}"
    for remark in find_remarks(structure):
        yield format_sentence(respell_names(structure, remark))


def describe_plain_sections(structure: Structure) -> Iterator[str]:
    """Yield a network without blocks: its layers by output size."""
    sections = build_plain_sections(structure.arch, (*structure.stem, *structure.head))
    for section in sections[:MAX_LISTED]:
        row = section.rows[0]
        if row.elided:
            yield f"Then come {row.labels[0].strip('… ')}."
            continue
        yield f"At {section.facts[0]}: {describe_layers(row.labels)}."
    if len(sections) > MAX_LISTED:
        yield f"Then come {len(sections) - MAX_LISTED} more output sizes."


def describe_layers(labels: Sequence[str]) -> str:
    """Say some layers in a row."""
    return join_with_and([*map(spell_label, labels)]) or "nothing that is drawn"


def describe_run(arch: Architecture, run: Sequence[Layer]) -> str:
    """Say the layers of the stem or of the head."""
    return describe_layers(label_run(arch, run))


def describe_output(structure: Structure, end: int, shape: Shape) -> str:
    """Say what a layer gives, as ", giving 56×56×64"; "" of a number a sample."""
    axis = structure.channel_axes.get(end)
    shape = layer_labels.arrange_axes(structure.arch, shape, axis, Source(end))
    return f", giving {units.format_feature_map(shape)}" if len(shape) > 1 else ""


def describe_stage(structure: Structure, stage: Stage, number: int) -> str:
    """Describe a stage's blocks, main branches, output and shortcuts."""
    kind = "" if stage.type == "mixed" else f"{stage.type} "
    blocks = format_plural(len(stage.blocks), f"{kind}block")
    # The last of the most frequent: the first block strides.
    typical_block = max(reversed(stage.folds), key=lambda fold: fold.count).block
    inner = list_block_operations(typical_block)
    first, *later = (list_block_operations(fold.block) for fold in stage.folds)
    first = [operation for operation in first if operation not in inner]
    others = " and others" if any(kind != inner for kind in later) else ""
    others += describe_alternation(structure, stage)
    opening = "Stage " if number == 0 else ""
    first_only = f", in the first {join_with_and(first)}" if first else ""
    contents = f" of {join_with_and(inner)}{others}" if inner else ""
    return (
        f"{opening}{name_stage(stage)}: {blocks}{contents}{first_only}, "
        f"output {units.format_feature_map(stage_output_shape(stage))}. "
        f"{describe_stage_shortcuts(stage)}"
    )


def describe_alternation(structure: Structure, stage: Stage) -> str:
    """Say how a stage's blocks take turns, as ", of which 2 in turn come 3 times"."""
    if len(stage.folds) < 4:
        return ""
    phrases = [
        f", of which {sum(fold.count for fold in pattern)} in turn come {count} times"
        for pattern, count in group_alternating_folds(
            stage.folds, label_layers_between(structure)
        )
        if count > 1
    ]
    return " and".join(phrases)


def list_block_operations(block: Block) -> list[str]:
    """List the operations on the main branches of a block's units, in short."""
    operations: list[str] = []
    for unit in block.units:
        labels = label_unit(block.arch, unit, layer_labels.label_layer_briefly)
        labels = labels or layer_labels.label_main_branch(unit)
        if len(labels) > MAX_LISTED:
            labels = layer_labels.fold_label_repeats(labels)
        operations += map(shorten_label, labels)
    return operations


def shorten_label(label: str) -> str:
    """Shorten a label within a block, as "3×3 to 64" for a convolution."""
    short = spell_label(label).replace("fully connected layer from", "linear")
    short = short.replace("fully connected layer", "linear")
    return short.replace(" convolution to", " to").replace(" channels", "")


def describe_stage_shortcuts(stage: Stage) -> str:
    """Return the shortcuts of a stage, equal ones in a row together."""
    runs = [
        (phrase, sum(fold.count for fold in run))
        for phrase, run in groupby(stage.folds, key=describe_fold_shortcuts)
    ]
    if len(runs) > 4:
        return count_shortcuts_by_kind(stage.blocks)
    parts, done = [], 0
    for phrase, count in runs:
        parts.append(f"{name_block_run(done, count, len(stage.blocks))} {phrase}")
        done += count
    return format_sentence("; ".join(parts))


def name_block_run(done: int, count: int, total: int) -> str:
    """Name the blocks of a stage that a phrase is about, as "the first 2"."""
    if count == total:
        every = "both" if total == 2 else f"all {total}"
        return "its shortcut:" if total == 1 else f"{every} shortcuts:"
    if done == 0:
        return "the first shortcut:" if count == 1 else f"the first {count} shortcuts:"
    if done + count == total:
        return "the last:" if count == 1 else f"the other {count}:"
    return "the next:" if count == 1 else f"the next {count}:"


def describe_fold_shortcuts(fold: Fold) -> str:
    """Describe the shortcuts of the units of one block."""
    phrases = dict.fromkeys(
        describe_shortcut(unit.shortcut) for unit in fold.block.units
    )
    shared = ", after the norm that both branches share"
    return " and ".join(phrases) + (shared if fold.block.preactivation else "")


def count_shortcuts_by_kind(blocks: Iterable[Block]) -> str:
    """Count shortcuts by kind, as "4 projections and 12 identity shortcuts."."""
    kinds = Counter(unit.shortcut.kind for block in blocks for unit in block.units)
    counts = [f"{n} {SHORTCUT_NOUNS[kind][n > 1]}" for kind, n in kinds.items()]
    return f"{join_with_and(counts)}."
