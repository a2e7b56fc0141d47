"""One residual block in full: kernels, widths, norms, the addition, the shortcut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz import costs, units
from resviz.figures import sentences, words
from resviz.figures.block.boxes import SIDE, turn
from resviz.figures.block.lanes import lanes
from resviz.figures.block.places import Place, find
from resviz.figures.block.placing import Placing
from resviz.figures.block.steps import steps
from resviz.figures.drawing import metrics
from resviz.figures.drawing.canvas import Canvas
from resviz.structure import structure

if TYPE_CHECKING:
    from resviz.figures.drawing.parts import Picture
    from resviz.record import Architecture


def draw(arch: Architecture, *, at: str | None, direction: str) -> Picture:
    """One block of a network, from top to bottom or from left to right.

    Raises:
        RenderError: if there is no block, or none called `at`; lists those there are.
    """
    read = structure(arch)
    found = find(read, at)
    flow = steps(arch, found.block)
    outer = frozenset(k for k, step in enumerate(flow) if step.shortcut)
    laid = lanes([step.sources for step in flow], outer)
    canvas = Canvas()
    Placing(canvas, flow, laid, found, turned=direction == "LR").run()
    if direction == "LR":
        turn(canvas)
    return finish(canvas, arch, found)


def finish(canvas: Canvas, arch: Architecture, found: Place) -> Picture:
    """The picture of a placed block, with its title."""
    block = found.block
    width = max(max(node.right for node in canvas.nodes) + SIDE, 300)
    layers = [arch.layers[index] for index in block.layers]
    total = costs.total(layers)
    size = f"{units.count(total.params)} parameters"
    title = f"{found.name}, {block.type}"
    canvas.text("title", (width / 2, 13), title)
    where = metrics.fit(
        f"module {block.path or '(root)'} of {arch.label}", width - 20, 11
    )
    canvas.text("note", (width / 2, 28), where)
    bound = "≥ " if any(costs.macs(layer) is None for layer in layers) else ""
    counted = f"{units.count(total.macs)} multiply-adds{words.for_batch(arch)}"
    facts = f"{size} · {bound}{counted}"
    canvas.text("note", (width / 2, 42), metrics.fit(facts, width - 10, 11))
    bottom = max(node.bottom for node in canvas.nodes) + 6
    if found.equal:
        same = metrics.fit(f"equal: {', '.join(found.equal)}", width - 20, 11)
        canvas.text("note", (width / 2, bottom + 8), same)
        bottom += 16
    return canvas.picture(f"{arch.label}, {found.name}", (width, bottom + 4))


def description(arch: Architecture, *, at: str | None) -> str:
    """A block in sentences: what runs on it, its shortcuts, what it costs.

    Raises:
        RenderError: as `draw`.
    """
    found = find(structure(arch), at)
    return sentences.block(arch, found.name, found.block, found.equal)
