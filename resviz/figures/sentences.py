"""A network in plain sentences, as a screen reader says them.

Signs are spelled: "with stride 2" for "/2", "to" for an arrow.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz import costs, units
from resviz.figures import words
from resviz.figures.overview.outline import loose, output, plain_sections
from resviz.structure import depth, structure
from resviz.structure.remarks import remarks
from resviz.structure.repeats import turns
from resviz.structure.shortcuts import NOUNS
from resviz.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.record import Architecture, Layer
    from resviz.structure import Block, Fold, Shortcut, Stage, Structure, Unit

MOST = 8
"""Things of one kind that are listed; more are counted."""

MOST_STAGES = 12
"""Stages that are told one by one."""

SPELLED = (
    (r"^(\d+(?:×\d+)*), (\d+), depthwise", r"\1 depthwise convolution to \2 channels"),
    (r"^(\d+(?:×\d+)*), (\d+)", r"\1 convolution to \2 channels"),
    (r" ×(\d+)$", r", \1 times"),
    (r", g(\d+)", r" in \1 groups"),
    (r", d(\d[\d×]*)", r" with dilation \1"),
    (r", /(\d[\d×]*)", r" with stride \1"),
    (r", ×(\d[\d×]*)", r" that enlarges by \1"),
    (r"^fc, (\d+)→(\d+)", r"fully connected layer from \1 to \2"),
    (r"^SE$", "squeeze-and-excitation"),
    (r"→", " to "),
)
"""How a figure's signs are said aloud, in this order."""


def spelled(word: str) -> str:
    """What is written in a box, in words: "3×3 convolution to 128 channels"."""
    repeated = re.fullmatch(r"\((.*)\) ×(\d+)", word)
    if repeated:
        inner = listed([spelled(it) for it in repeated[1].split(" → ")])
        return f"{inner}, {repeated[2]} times"
    for pattern, said in SPELLED:
        word = re.sub(pattern, said, word)
    return word


def listed(things: Sequence[str]) -> str:
    """Things in a row, as "a, b and c"; of many the first and how many more."""
    if len(things) > MOST:
        things = [*things[: MOST - 1], f"{len(things) - MOST + 1} more"]
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


def a(thing: str) -> str:
    """A thing with its article."""
    vowel = thing[:1] in {*"aeiouAEIO"} or thing.startswith("MLP")
    return f"{'an' if vowel else 'a'} {thing}"


def network(arch: Architecture) -> str:
    """A whole network in sentences."""
    return " ".join(said(structure(arch)))


def said(read: Structure) -> Iterator[str]:
    """The sentences: totals, stem, stages, head, what is unusual."""
    yield totals(read)
    if not read.stages:
        yield from without_blocks(read)
        return
    if read.stem:
        yield outside(read, "Stem", read.stem)
    for number, stage_ in enumerate(read.stages[:MOST_STAGES]):
        yield stage(read, stage_, number)
    left = read.stages[MOST_STAGES:]
    if left:
        blocks = plural(sum(len(it.blocks) for it in left), "block")
        yield f"{plural(len(left), 'more stage')} with {blocks} follow."
    if read.head:
        yield outside(read, "Head", read.head)
    yield shortcut_totals(read)
    yield from (f"{line[:1].upper()}{line[1:]}." for line in remarks(read))


def totals(read: Structure) -> str:
    """What goes in, and what the network costs."""
    arch = read.arch
    total = costs.whole(arch)
    gaps = costs.not_counted(arch)
    bound = "at least " if gaps else ""
    given = listed([units.feature_map(it.shape) for it in arch.inputs])
    counted = (
        f"{units.count(arch.params)} parameters, "
        f"{bound}{units.count(total.macs)} multiply-adds{words.for_batch(arch)}"
    )
    missing = f", not counting {listed([it.operation for it in gaps])}" if gaps else ""
    deep = plural(depth(read), "weighted layer")
    return (
        f"{arch.label}, input {given}: {counted}{missing}, {deep} on the main path, "
        f"{in_stages(read)}."
    )


def in_stages(read: Structure) -> str:
    """How many blocks there are, in how many stages."""
    if not read.stages:
        return "no residual blocks"
    blocks = plural(len(read.blocks), "block")
    return f"{blocks} in {plural(len(read.stages), 'stage')}"


def without_blocks(read: Structure) -> Iterator[str]:
    """A network without blocks: its layers by output size."""
    sections = plain_sections((*read.stem, *read.head))
    for section in sections[:MOST]:
        row = section.rows[0]
        if row.elided:
            yield f"Then come {row.words[0].strip('… ')}."
            continue
        yield f"At {section.facts[0]}: {layers(row.words)}."
    if len(sections) > MOST:
        yield f"Then come {len(sections) - MOST} more output sizes."


def layers(said_of: Sequence[str]) -> str:
    """Some layers in a row."""
    return listed([spelled(word) for word in said_of]) or "nothing that is drawn"


def outside(read: Structure, what: str, run: Sequence[Layer]) -> str:
    """The stem or the head: its layers and what comes out."""
    shape = words.laid(run[-1].output_shape, read.axis.get(run[-1].index))
    gives = f", giving {units.feature_map(shape)}" if len(shape) > 1 else ""
    return f"{what}: {layers(words.chain(run))}{gives}."


def stage(read: Structure, one: Stage, number: int) -> str:
    """One stage: its blocks, their main branch, its output, its shortcuts."""
    kind = "" if one.type == "mixed" else f"{one.type} "
    blocks = plural(len(one.blocks), f"{kind}block")
    # The last of the most frequent: the first block strides.
    usual = max(reversed(one.folds), key=lambda fold: fold.count).block
    inner = main_branches(read, usual)
    first = [it for it in main_branches(read, one.blocks[0]) if it not in inner]
    kinds = {tuple(main_branches(read, fold.block)) for fold in one.folds[1:]}
    others = " and others" if kinds - {tuple(inner)} else ""
    others += alternation(read, one)
    begun = "Stage " if number == 0 else ""
    apart = f", in the first {listed(first)}" if first else ""
    made = f" of {listed(inner)}{others}" if inner else ""
    return (
        f"{begun}{one.name}: {blocks}{made}{apart}, "
        f"output {units.feature_map(output(one))}. {shortcuts(one)}"
    )


def alternation(read: Structure, one: Stage) -> str:
    """How blocks of a stage take turns, ", of which 2 in turn come 3 times"; or ""."""
    if len(one.folds) < 4:
        return ""
    found = [
        f", of which {sum(fold.count for fold in pattern)} in turn come {count} times"
        for pattern, count in turns(read.arch, one.folds, loose(read))
        if count > 1
    ]
    return " and".join(found)


def main_branches(read: Structure, one: Block) -> list[str]:
    """What runs on the main branches of a block's units."""
    return [word for unit in one.units for word in main_branch(read, unit, one)]


def main_branch(read: Structure, unit: Unit, one: Block) -> list[str]:
    """What runs on a unit's main branch, in short."""
    main = [read.arch.layers[index] for index in unit.main]
    said_of = words.gate(main, prod(one.output_shape[2:]))
    if len(said_of) > MOST:
        said_of = list(words.folded(said_of))
    return [compact(word) for word in said_of]


def compact(word: str) -> str:
    """A box within a block: "3×3 to 64" for a convolution."""
    short = spelled(word).replace("fully connected layer from", "linear")
    return short.replace(" convolution to", " to").replace(" channels", "")


def shortcuts(one: Stage) -> str:
    """The shortcuts of a stage, equal ones in a row together."""
    runs = [
        (told, sum(fold.count for fold in run))
        for told, run in (
            (key, list(group)) for key, group in groupby(one.folds, key=of_fold)
        )
    ]
    if len(runs) > 4:
        return counted([unit for block in one.blocks for unit in block.units])
    parts, done = [], 0
    for told, count in runs:
        parts.append(f"{which(done, count, len(one.blocks))} {told}")
        done += count
    line = "; ".join(parts)
    return f"{line[:1].upper()}{line[1:]}."


def which(done: int, count: int, of: int) -> str:
    """Which blocks of a stage are meant."""
    if count == of:
        every = "both" if of == 2 else f"all {of}"
        return "its shortcut:" if of == 1 else f"{every} shortcuts:"
    if done == 0:
        return "the first shortcut:" if count == 1 else f"the first {count} shortcuts:"
    if done + count == of:
        return "the last:" if count == 1 else f"the other {count}:"
    return "the next:" if count == 1 else f"the next {count}:"


def of_fold(fold: Fold) -> str:
    """The shortcuts of the units of one block in words."""
    every = dict.fromkeys(shortcut(unit.shortcut) for unit in fold.block.units)
    shared = ", after the norm that both branches share" if fold.block.lead else ""
    return f"{' and '.join(every)}{shared}"


REASONS = {
    "both": "because resolution and channels change",
    "channels": "because the channels change",
    "resolution": "because the resolution changes",
    "always": "although an identity would fit",
}
"""Why a shortcut is no identity."""


def shortcut(one: Shortcut) -> str:
    """A shortcut in words: what it is and why."""
    if one.kind in {"identity", "none"}:
        return "identity" if one.kind == "identity" else "none"
    made = one.label.replace(" + ", ", then ")
    what = {"projection": "projection by ", "other": "other, "}.get(one.kind, "")
    why = f" {REASONS[one.reason]}{widths(one)}" if one.reason else ""
    return f"{what}{spelled(made)}{why}"


def widths(one: Shortcut) -> str:
    """Between which widths a shortcut changes, as ", from 64 to 128"."""
    before, after = one.input_shape[1:2], one.output_shape[1:2]
    changes = one.reason in {"both", "channels"} and before != after
    return f", from {before[0]} to {after[0]}" if changes and before and after else ""


def shortcut_totals(read: Structure) -> str:
    """How many shortcuts of each kind there are."""
    return f"In all: {counted([unit for it in read.blocks for unit in it.units])[:-1]}."


def counted(given: Iterable[Unit]) -> str:
    """Shortcuts by kind, as "4 projections and 12 identity shortcuts."."""
    kinds = Counter(unit.shortcut.kind for unit in given)
    return f"{listed([f'{n} {NOUNS[kind][n > 1]}' for kind, n in kinds.items()])}."


def block(arch: Architecture, name: str, one: Block, equal: Sequence[str]) -> str:
    """One block in sentences: what runs on it, its shortcuts, what it costs."""
    total = costs.total(arch.layers[index] for index in one.layers)
    parts = []
    for unit in one.units:
        main = [arch.layers[index] for index in unit.main]
        ran = [spelled(word) for layer in main for word in words.full(layer)]
        parts.append(
            f"Main branch: {listed(ran)}; shortcut: {shortcut(unit.shortcut)}."
        )
    axis = 2 if one.tokens else None
    before = units.feature_map(words.laid(one.units[0].shortcut.input_shape, axis))
    after = units.feature_map(words.laid(one.output_shape, axis))
    same = f" Equal to it: {listed(list(equal))}." if equal else ""
    return (
        f"{name} of {arch.label}, {a(one.type)} block from {before} to "
        f"{after}, {units.count(total.params)} parameters, "
        f"{units.count(total.macs)} multiply-adds{words.for_batch(arch)}. "
        f"{' '.join(parts)}{same}"
    )
