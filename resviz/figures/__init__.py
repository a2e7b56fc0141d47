"""Figures of a network: plain nodes, edges and groups that know no syntax."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from resviz.errors import RenderError

if TYPE_CHECKING:
    from resviz.figures.rendering import Diagram
    from resviz.record import Architecture

FIGURES = {
    "overview": "stages, blocks and shortcuts on one screen",
    "block": "one residual block in full",
    "layers": "every layer, for zooming",
    "flow": "feature maps as solids to scale",
}
"""What each figure shows. `resviz.figures.<name>` draws it: a `draw(arch, *, at,
direction)` that gives a `Picture`."""

DIRECTIONS = {"TB": "from top to bottom", "LR": "from left to right"}


def names() -> tuple[str, ...]:
    """The figures that there are."""
    return tuple(FIGURES)


def diagram(
    arch: Architecture,
    figure: str = "overview",
    *,
    at: str | None = None,
    direction: str = "TB",
    style: str = "screen",
) -> Diagram:
    """Draw one figure of a record.

    Args:
        arch: the record.
        figure: one of `names()`.
        at: which block the figure "block" shows: "conv3_1", or the path of its
            module; by default the first that projects.
        direction: of the overview, "TB" or "LR".
        style: "screen", which follows the reader's dark mode; "light"; "dark"; "paper".

    Raises:
        RenderError: for an unknown figure, block, direction or style; lists those
            there are.
    """
    from resviz.figures.drawing import styles
    from resviz.figures.rendering import Diagram

    check("figure", figure, FIGURES)
    check("direction", direction, DIRECTIONS)
    if direction != "TB" and figure != "overview":
        raise RenderError(f"direction: got {direction!r}, only the overview has one")
    if at is not None and figure != "block":
        raise RenderError(f"at: got {at!r}, only the figure 'block' shows one block")
    colours = styles.find(style)
    module = import_module(f"{__name__}.{figure}")
    return Diagram(module.draw(arch, at=at, direction=direction), colours)


def check(what: str, given: str, legal: dict[str, str]) -> None:
    """Check that a word is one of the legal ones.

    Raises:
        RenderError: listing them.
    """
    if given not in legal:
        raise RenderError(f"unknown {what} {given!r}: want one of {', '.join(legal)}")
