"""Heat: the boxes of a finished figure, filled by their share of a cost.

It asks the ledgers of a picture which layers lie in which of its boxes, so that it is
the same in every figure; what lies in no box is said below, beside the scale.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import takewhile
from math import ceil, inf, isfinite
from typing import TYPE_CHECKING

from resviz.figures.branch_labels import ARROW
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.figures.drawing.elements import ChartBox, ChartFrame
from resviz.figures.drawing.sheet import find_sheet
from resviz.figures.drawing.styles import HEAT_TINTS, LOOKS
from resviz.figures.layer_labels import format_batch_suffix
from resviz.figures.sentences import spell_label
from resviz.readings import layer_amounts
from resviz.units import (
    format_count,
    format_mebibytes,
    format_names,
    group_digits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from resviz.figures.drawing.elements import Chart, Node, Picture
    from resviz.figures.drawing.ledgers import Ledger
    from resviz.readings.layer_amounts import Amount, LayerAmounts
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class Heat:
    """A cost that fills boxes.

    Attributes:
        name: what is counted, with its unit.
        measure: its amount for each layer.
        write: writes an amount.
        adds_up: whether a box has the sum of its layers, or the largest of them.
    """

    name: str
    measure: Callable[[Architecture], LayerAmounts]
    write: Callable[[int], str] = format_count
    adds_up: bool = True


def write_mebibytes(number: int) -> str:
    """Write bytes as "97.49 MiB"."""
    return f"{format_mebibytes(number)} MiB"


def write_pixels(number: int) -> str:
    """Write pixels as "1,027 px"."""
    return f"{group_digits(number)} px"


HEATS = {
    "params": Heat("parameters", layer_amounts.list_params),
    "macs": Heat("MACs", layer_amounts.list_macs),
    "activations": Heat("conv outputs", layer_amounts.list_activations),
    "memory": Heat("memory allocated", layer_amounts.list_memory, write_mebibytes),
    "field": Heat(
        "receptive field", layer_amounts.list_fields, write_pixels, adds_up=False
    ),
}
"""What boxes can be filled by."""


@dataclass(frozen=True, slots=True)
class BoxHeats:
    """The amounts of the boxes of a picture.

    Attributes:
        heat: of which cost.
        boxes: by the key of each box with layers; None where one is not known.
        hidden: known amounts in boxes that also hold an unknown one.
        unplaced: what lies in no box, in layers or in parameters that none read.
        total: of all records; None of what does not add up.
        gaps: what has no rule, as words.
        suffix: ", batch of 8" where counts are not of one sample.
        has_strangers: whether there are boxes of no record, as those of a plain twin.
        has_turns: whether a box stands for several turns of what is drawn once.
    """

    heat: Heat
    boxes: dict[str, Amount]
    hidden: int
    unplaced: int
    total: int | None
    gaps: tuple[str, ...]
    suffix: str
    has_strangers: bool
    has_turns: bool

    @property
    def most(self) -> int:
        """The largest amount of a box, by which the scale ends."""
        known = [each for each in self.boxes.values() if each is not None]
        return int(max((each for each in known if isfinite(each)), default=0))

    def choose_tint(self, box: str) -> str:
        """Choose the tint of a box by its share of the largest; "" if not known."""
        amount = self.boxes[box]
        if amount is None:
            return ""
        steps = len(HEAT_TINTS)
        step = steps if amount == inf else ceil(steps * amount / (self.most or 1))
        return HEAT_TINTS[max(step, 1) - 1]

    def write_scale(self) -> tuple[str, str]:
        """Return what stands before and behind the ramp."""
        more = inf in self.boxes.values()
        most = self.heat.write(self.most)
        ending = f"{most}, or all of the input" if more else most
        return f"colour: {self.heat.name} of a box{self.suffix}, 0", ending

    def explain_turns(self) -> list[str]:
        """Explain what a box with a count has."""
        which = "all n together" if self.heat.adds_up else "the largest of n"
        return [f"colour of ×n: {which}"] * self.has_turns

    def list_omissions(self) -> Iterator[str]:
        """Yield what the fills do not show."""
        write = self.heat.write
        unknown = sum(amount is None for amount in self.boxes.values())
        if unknown:
            why = f", {format_names(self.gaps, 2)}" if self.gaps else ""
            known = f", {write(self.hidden)} without that" if self.hidden else ""
            boxes = "1 box" if unknown == 1 else f"{unknown} boxes"
            yield f"white: not counted ({boxes}{why}{known})"
        if self.has_strangers:
            yield "white: not counted, no record of a network without its shortcuts"
        if self.unplaced and self.total is not None:
            yield (
                f"in no box: {write(self.unplaced)} of {write(self.total)} "
                f"{self.heat.name}"
            )

    def say_fills(self) -> str:
        """Say the fills in a sentence."""
        least, most = self.write_scale()
        left_out = "".join(f"; {line}" for line in self.list_omissions())
        return f"Boxes are filled by {least.partition(' ')[2]} to {most}{left_out}."


def measure_boxes(
    heat: Heat,
    ledgers: Sequence[Ledger],
    fillable: Collection[str],
    parts: Sequence[Node | ChartBox | ChartFrame] = (),
) -> BoxHeats:
    """Measure the boxes of a figure.

    Args:
        heat: by what.
        ledgers: of the records in it.
        fillable: the keys of its boxes.
        parts: all that has words in it.
    """
    seated: set[str] = set()
    members: dict[str, list[Amount]] = defaultdict(list)
    unplaced, total = 0, 0
    gaps: list[str] = []
    records = {id(ledger.ledger_arch): ledger.ledger_arch for ledger in ledgers}
    for arch in records.values():
        amounts = heat.measure(arch)
        placed: set[int] = set()
        for ledger in ledgers:
            if ledger.ledger_arch is not arch:
                continue
            holders = ledger.find_holders()
            seated.update(key for keys in holders.values() for key in keys)
            for index, amount in enumerate(amounts.layers):
                boxes_of = [k for k in holders.get(index, ()) if k in fillable]
                for number, box in enumerate(boxes_of):  # it counts in the first
                    counts = number == 0 or not heat.adds_up
                    members[box].append(amount if counts else 0)
                    placed.add(index)
        total += amounts.total or 0
        gaps += amounts.gaps
        unplaced += amounts.idle + sum(
            int(amount or 0)
            for index, amount in enumerate(amounts.layers)
            if heat.adds_up and index not in placed
        )

    boxes = {
        box: layer_amounts.merge_amounts(each, adds_up=heat.adds_up)
        for box, each in members.items()
    }
    hidden = sum(
        int(amount)
        for box, each in members.items()
        if boxes[box] is None and heat.adds_up
        for amount in each
        if amount
    )
    suffixes = {format_batch_suffix(ledger.ledger_arch) for ledger in ledgers}
    suffix = suffixes.pop() if len(suffixes) == 1 and has_batch(heat) else ""
    shown_total = total if heat.adds_up else None
    return BoxHeats(
        heat,
        boxes,
        hidden,
        unplaced,
        shown_total,
        (*dict.fromkeys(gaps),),
        suffix,
        any(part.key in fillable and part.key not in seated for part in parts),
        any(TURNS.search(line) for part in parts for line in part.lines),
    )


TURNS = re.compile(r"(^|\s)×\d+$")
"""How a line ends that says how many of a thing there are."""


def has_batch(heat: Heat) -> bool:
    """Tell whether an amount grows with the batch."""
    return heat not in {HEATS["params"], HEATS["field"]}


def is_fillable(part: Node | ChartBox) -> bool:
    """Tell whether a part is a box or circle with a fill of its own."""
    look = LOOKS[part.role]
    return look.shape != "none" and look.fill in {"tint", "background"}


def fill_picture(picture: Picture, name: str) -> Picture:
    """Fill the boxes of a picture by a cost, and put the scale below.

    Raises:
        RecordError: for a cost that the record does not tell.
    """
    heat = HEATS[name]
    heats = measure_picture(heat, picture)
    nodes = tuple(
        replace(node, tint=heats.choose_tint(node.key) or node.tint)
        if node.key in heats.boxes
        else node
        for node in picture.nodes
    )
    solids = tuple(
        replace(solid, tint=heats.choose_tint(solid.key) or solid.tint)
        if solid.key in heats.boxes
        else solid
        for solid in picture.solids
    )
    scale, bottom = draw_scale(heats, picture.size)
    return replace(
        picture,
        description=f"{heats.say_fills()}{say_hottest(heats, picture)}",
        size=(picture.size[0], bottom),
        nodes=nodes + scale,
        solids=solids,
        chart=picture.chart and fill_chart(picture.chart, heat),
    )


def measure_picture(heat: Heat, picture: Picture) -> BoxHeats:
    """Measure the boxes of a picture. Solids have their words beside them."""
    boxes = {node.key for node in picture.nodes if is_fillable(node)}
    boxes |= {solid.key for solid in picture.solids}
    is_told = {"frame label"} if picture.solids else {*LOOKS}
    parts = [node for node in picture.nodes if node.lines and node.role in is_told]
    return measure_boxes(heat, picture.ledgers, boxes, parts)


def say_hottest(heats: BoxHeats, picture: Picture) -> str:
    """Say which box has most, by its words and the modules in it; "" of one alone."""
    known = {key: amount for key, amount in heats.boxes.items() if amount is not None}
    if len(known) < 2:
        return ""
    hottest = max(known, key=known.__getitem__)
    amount = known[hottest]
    written = "all of the input" if amount == inf else heats.heat.write(int(amount))
    words = list_words_of(picture, hottest)
    modules = dict.fromkeys(
        ledger.ledger_arch.stored_layers[index].path
        for ledger in picture.ledgers
        for index, keys in ledger.find_holders().items()
        if hottest in keys and index in range(len(ledger.ledger_arch.stored_layers))
    )
    inside = find_common_module([*modules])
    spelt = [spell_label(label) for line in words for label in line.split(ARROW)]
    name = f"{', '.join(spelt) or 'a box'}{f' in {inside}' if inside else ''}"
    return f" The largest is that of {name}: {written}."


def list_words_of(picture: Picture, key: str) -> list[str]:
    """List the words of a box: its own, or those that stand in it or label it."""
    words = [each.label for each in picture.solids if each.key == key and each.label]
    for box in picture.nodes:
        if box.key == key:
            words += box.lines or [
                line
                for node in picture.nodes
                if box.left < node.at[0] < box.right
                and box.top < node.at[1] < box.bottom
                for line in node.lines
            ]
    return words


def find_common_module(paths: list[str]) -> str:
    """Find the innermost module around all of some paths; "" for the network.

    Example:
        >>> find_common_module(["layer1.0.conv1", "layer1.0.bn1"])
        'layer1.0'
    """
    steps = zip(*(path.split(".") for path in paths), strict=False)
    shared = takewhile(lambda step: len({*step}) == 1, steps)
    return ".".join(step[0] for step in shared)


def fill_chart(chart: Chart, heat: Heat) -> Chart:
    """Fill the boxes of a chart, and write the scale into its heading."""
    parts = [*chart.iter_parts()]
    boxes = [part for part in parts if isinstance(part, ChartBox)]
    fillable = {box.key for box in boxes if is_fillable(box)}
    heats = measure_boxes(heat, chart.ledgers, fillable, parts)
    first = boxes[0].key
    least, most = heats.write_scale()
    scale = f"{least} (pale) … {most} (deep)"
    notes = (scale, *heats.explain_turns(), *heats.list_omissions())

    def fill(part: ChartBox | ChartFrame) -> ChartBox | ChartFrame:
        if isinstance(part, ChartFrame):
            return replace(part, parts=tuple(map(fill, part.parts)))
        if part.key == first:
            return replace(part, lines=(*part.lines, *notes))
        if part.key not in heats.boxes:
            return part
        return replace(part, tint=heats.choose_tint(part.key) or part.tint)

    return replace(chart, parts=tuple(map(fill, chart.parts)))


SWATCH = (16, 10)
"""Width and height of a shade of the scale, in pixels."""


def draw_scale(
    heats: BoxHeats, size: tuple[float, float]
) -> tuple[tuple[Node, ...], float]:
    """Draw the scale below a picture of some size; return also the y below it."""
    (width, top), canvas = size, Canvas()
    if find_sheet().has_legend:
        least, most = heats.write_scale()
        letters = LOOKS["note"].size
        before, behind = (metrics.text_width(each, letters) for each in (least, most))
        ramp = SWATCH[0] * len(HEAT_TINTS)
        x = max((width - before - ramp - behind - 12) / 2, 4)
        y = top + 6
        canvas.add_text("note", (x, y), least, align="start")
        x += before + 6
        for number, tint in enumerate(HEAT_TINTS):
            at = (x + SWATCH[0] * (number + 0.5), y)
            canvas.add_node("layer", at, SWATCH, tint=tint)
        canvas.add_text("note", (x + ramp + 6, y), most, align="start")
        top += 14
    signs, omissions = heats.explain_turns(), [*heats.list_omissions()]
    top = canvas.add_notes(width / 2, top, signs, width, omissions=omissions)
    nodes = (replace(node, key=f"heat {node.key}") for node in canvas.nodes)
    return tuple(nodes), top + 4
