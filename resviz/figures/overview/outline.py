"""What the overview says, before anything is placed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import prod
from typing import TYPE_CHECKING

from resviz import costs, units
from resviz.figures import words
from resviz.record import MODEL_INPUT, Architecture, Layer, Shape
from resviz.structure.graph import dataflow
from resviz.structure.repeats import turns
from resviz.units import plural

if TYPE_CHECKING:
    from resviz.structure import Fold, Shortcut, Stage, Structure, Unit

MOST_ROWS = 6
"""Rows of one stage that are drawn, if nothing else is said; of those in the middle
it is told how many."""

LONG = 5
"""Words on a main branch from which on repeats are folded."""

MOST_RUNS = 14
"""Boxes of a network without blocks that are drawn."""


@dataclass(frozen=True, slots=True)
class Row:
    """One box of a stage, with its shortcut if it is a block.

    Attributes:
        words: what runs on its main branch.
        count: how many equal ones it stands for.
        kind: of its shortcut, "none" for a block without; "" for other boxes.
        shortcut: what is written on its shortcut, in lines.
        change: of the width on its shortcut, "256→512"; "" for none.
        sign: of the addition that ends it, "+" or "−".
        elided: whether it stands for rows that are not drawn.
        lead: what runs before its branches part, as ("BN", "ReLU").
    """

    words: tuple[str, ...]
    count: int = 1
    kind: str = ""
    shortcut: tuple[str, ...] = ()
    change: str = ""
    sign: str = "+"
    elided: bool = False
    lead: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """What is written on its shortcut, the change of width in the last line."""
        if not self.change:
            return self.shortcut
        heading, *rest = self.shortcut
        last = f"{rest[-1]}, {self.change}" if rest else self.change
        return (heading, *rest[:-1], last)

    @property
    def adds(self) -> bool:
        """Whether an addition ends it, so that it has a shortcut."""
        return self.kind not in {"", "none"}


@dataclass(frozen=True, slots=True)
class Section:
    """A stage, or a run of layers of one size in a network without blocks.

    Attributes:
        name: of the stage.
        facts: what stands below its name.
        groups: in order: a row, or the rows of one block's units.
    """

    name: str
    facts: tuple[str, ...]
    groups: tuple[tuple[Row, ...], ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of all groups."""
        return tuple(row for group in self.groups for row in group)


@dataclass(frozen=True, slots=True)
class Outline:
    """An overview's content, from the input to the output."""

    title: str
    facts: tuple[str, ...]
    inputs: str
    stem: tuple[str, ...]
    sections: tuple[Section, ...]
    head: tuple[str, ...]
    outputs: str


def outline(read: Structure, *, most: int = MOST_ROWS) -> Outline:
    """The overview of a network, with at most so many rows a stage."""
    arch = read.arch
    apart = loose(read)
    sections = tuple(stage_section(read, stage, apart, most) for stage in read.stages)
    return Outline(
        arch.label,
        facts(arch, residual=bool(read.stages)),
        " and ".join(units.feature_map(tensor.shape) for tensor in arch.inputs),
        words.chain(read.stem) if read.stages else (),
        sections or plain_sections(read.stem),
        words.chain(read.head),
        outputs(read),
    )


def facts(arch: Architecture, *, residual: bool = True) -> tuple[str, ...]:
    """What stands behind a figure's title; gaps of the count are named."""
    gaps = costs.not_counted(arch)
    total = costs.whole(arch)
    sign = "≥ " if gaps else ""
    said = [
        f"{units.count(arch.params)} parameters",
        f"{sign}{units.count(total.macs)} multiply-adds{words.for_batch(arch)}",
    ]
    if gaps:
        named = ", ".join(gap.operation for gap in gaps[:3])
        said.append(f"not counted: {named}{', …' if len(gaps) > 3 else ''}")
    if not residual:
        said.append("no residual blocks")
    return tuple(said)


def output(stage: Stage) -> Shape:
    """What a stage gives, with its channels first."""
    return words.laid(stage.output_shape, 2 if stage.blocks[-1].tokens else None)


Kinds = tuple[int, tuple[Row, ...]]
"""The rows of a group, after the number of different blocks whose units they are."""


def stage_section(
    read: Structure, stage: Stage, apart: dict[int, tuple[str, ...]], most: int
) -> Section:
    """One stage with its folds and what runs before and between them."""
    groups: list[Kinds] = []
    for folds, count in turns(read.arch, stage.folds, apart):
        said = apart.get(min(folds[0].block.layers), ())
        if said:
            groups.append((0, (Row(said),)))
        rows = [row for fold in folds for row in fold_rows(read.arch, fold)]
        if count > 1:
            rows = [replace(row, count=count) for row in rows]
        groups.append((len(folds), tuple(rows)))
    layers = [read.arch.layers[index] for index in stage.layers]
    n = len(stage.blocks)
    params = units.count(costs.total(layers).params)
    facts = (
        units.feature_map(output(stage)),
        f"{n} block{'s' if n > 1 else ''}, {params} params",
        *returned(read, stage),
    )
    return Section(stage.name, facts, elided(groups, most))


def loose(read: Structure) -> dict[int, tuple[str, ...]]:
    """What runs between blocks and in none, by the first layer of the next block."""
    blocks = read.blocks
    inside = {index for block in blocks for index in block.layers}
    live = dataflow(read.arch).before
    said: dict[int, tuple[str, ...]] = {}
    for before, after in pairwise(blocks):
        first = min(after.layers)
        layers = read.arch.layers[before.end + 1 : first]
        found = words.chain(
            layer
            for layer in layers
            if layer.index in live and layer.index not in inside
        )
        if found:
            said[first] = found
    return said


def fold_rows(arch: Architecture, fold: Fold) -> tuple[Row, ...]:
    """A fold as rows, one for each unit of its block."""
    block = fold.block
    positions = prod(block.output_shape[2:])
    first, *rest = (unit_row(arch, unit, positions, fold.count) for unit in block.units)
    lead = words.before_fork(arch.layers[index] for index in block.lead)
    return (replace(first, lead=lead), *rest)


def unit_row(arch: Architecture, unit: Unit, positions: int, count: int) -> Row:
    """A unit as a row: its main branch, its shortcut, how many."""
    main = [arch.layers[index] for index in unit.main]
    said = words.gate(main, positions)
    sign = "" if unit.join is None else words.sign(arch.layers[unit.join])
    return Row(
        tuple(said if len(said) < LONG else words.folded(said)) or (unit.type,),
        count,
        unit.shortcut.kind,
        shortcut_words(unit.shortcut),
        change(unit.shortcut),
        sign,
    )


HEADINGS = {
    "projection": "projection",
    "zero-padded": "pad with zeros",
    "subsampled": "subsample",
    "other": "other",
}
"""What is written on top of a shortcut that is no identity."""


def shortcut_words(shortcut: Shortcut) -> tuple[str, ...]:
    """A shortcut in lines: what it is and its operations."""
    if shortcut.kind == "none":
        return ()
    if shortcut.kind == "identity":
        return ("identity",)
    said = [
        part
        for part in shortcut.label.split(" + ")
        if part not in {"identity", "zero-padded channels", "some channels"}
        and not part.startswith("every ")
    ]
    steps = units.per_axis(shortcut.stride)
    if prod(shortcut.stride) > 1 and not any("/" in part for part in said):
        said.append(f"/{steps}")
    return (HEADINGS[shortcut.kind], *said)


def change(shortcut: Shortcut) -> str:
    """How a shortcut changes the width; also where it projects without need."""
    before, after = shortcut.input_shape[1:2], shortcut.output_shape[1:2]
    if shortcut.kind == "none":
        return ""
    shown = before != after or shortcut.reason == "always"
    return f"{before[0]}→{after[0]}" if shown and before and after else ""


def returned(read: Structure, stage: Stage) -> tuple[str, ...]:
    """Which of several outputs a stage's last block gives, in words."""
    outputs = read.arch.outputs
    if len(outputs) < 2:
        return ()
    ends = {*stage.blocks[-1].joins, stage.blocks[-1].end}
    at = [number for number, it in enumerate(outputs, 1) if it.layer in ends]
    return tuple(f"→ output {number} of {len(outputs)}" for number in at)


def outputs(read: Structure) -> str:
    """What the network returns, in short."""
    arch = read.arch
    ends = {index for block in read.blocks for index in (*block.joins, block.end)}
    rest = [it for it in arch.outputs if it.layer not in ends] or arch.outputs[-1:]
    shown = [shape(arch, it.layer, it.output) for it in rest[:3]]
    more = f" and {len(rest) - 3} more" if len(rest) > 3 else ""
    return f"output {', '.join(shown)}{more}" if shown else ""


def shape(arch: Architecture, layer: int, output: int) -> str:
    """A tensor's shape as the paper writes it."""
    given = arch.inputs if layer == MODEL_INPUT else arch.layers[layer].outputs
    return units.feature_map(given[output].shape)


def elided(groups: list[Kinds], most: int) -> tuple[tuple[Row, ...], ...]:
    """A stage's rows, those in the middle named in one where there are too many.

    The last group stays whole, and as many of the first as there is room for.
    """
    rows = [group for _, group in groups]
    if sum(map(len, rows)) <= most or len(rows) < 3:
        return tuple(rows)
    room = most - 1 - len(rows[-1])
    kept = 1
    while sum(map(len, rows[: kept + 1])) <= room:
        kept += 1
    left = groups[kept:-1]
    if not left:
        return tuple(rows)
    blocks = sum(number * group[0].count for number, group in left)
    kinds = sum(number for number, _ in dict.fromkeys(left))
    said = f"{plural(blocks, 'more block')} of {plural(kinds, 'kind')}"
    note = Row((f"… {said} …",), elided=True)
    return (*rows[:kept], (note,), rows[-1])


def plain_sections(layers: tuple[Layer, ...]) -> tuple[Section, ...]:
    """Layers of a network without blocks, one section for each map size in a row."""
    sections: list[Section] = []
    for _, run in groupby(layers, key=lambda layer: layer.output_shape[2:]):
        members = list(run)
        said = words.chain(members)
        if not said:
            continue
        size = units.feature_map(members[-1].output_shape)
        params = costs.total(members).params
        facts = (size, f"{units.count(params)} params") if params else (size,)
        sections.append(Section("", facts, ((Row(said),),)))
    if len(sections) <= MOST_RUNS:
        return tuple(sections)
    left = sections[MOST_RUNS - 2 : -1]
    note = Row((f"… {len(left)} more map sizes …",), elided=True)
    hidden = replace(sections[-1], name="", facts=(), groups=((note,),))
    return (*sections[: MOST_RUNS - 2], hidden, sections[-1])
