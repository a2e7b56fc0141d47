"""Figures of a network: plain nodes, edges and groups that know no syntax."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, cast

from resviz.errors import RenderError
from resviz.escape import clean_prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.figures.rendering import Diagram
    from resviz.record import Architecture

FIGURES = {
    "overview": "stages, blocks and shortcuts on one screen",
    "block": "one residual block in full",
    "layers": "every layer, for zooming",
    "flow": "feature maps as solids to scale",
    "stack": "every convolution a box, networks side by side",
    "growth": "parameters, MACs, activations and receptive field by depth",
}
"""What each figure shows. `resviz.figures.<name>` draws it: a `draw(arch, *, at,
direction)` that gives a `Picture`, and a `description(arch, *, at)` of it in
sentences; for those in `MULTI_NETWORK_FIGURES`, of `archs` and `plain`."""

MULTI_NETWORK_FIGURES = ("stack", "growth")
"""Figures that show several networks in one picture."""

DIRECTED_FIGURES = ("overview", "block")
"""Figures that can run from left to right too."""

DIRECTIONS = {"TB": "from top to bottom", "LR": "from left to right"}


def list_figures() -> tuple[str, ...]:
    """Return the names of all figures."""
    return tuple(FIGURES)


def draw_diagram(
    arch: Architecture | Sequence[Architecture],
    figure: str = "overview",
    *,
    at: str | None = None,
    direction: str = "TB",
    plain: bool = False,
    style: str = "screen",
) -> Diagram:
    """Draw one figure of a record.

    Args:
        arch: the record; several for the figures "stack" and "growth".
        figure: one of `names()`.
        at: which block the figure "block" shows: "conv3_1", or the path of its
            module; by default the first that projects.
        direction: of the overview and of a block, "TB" or "LR".
        plain: put beside each network of a stack the same without its shortcuts.
        style: "screen", which follows the reader's dark mode; "light"; "dark"; "paper".

    Raises:
        RenderError: for an unknown figure, block, direction or style; lists those
            there are.
    """
    from resviz.figures.drawing import styles
    from resviz.figures.rendering import Diagram

    check_choice("direction", direction, DIRECTIONS)
    if direction != "TB" and figure not in DIRECTED_FIGURES:
        raise RenderError(
            f"direction: got {direction!r} for {figure!r}, "
            f"only {' and '.join(DIRECTED_FIGURES)} have one"
        )
    description = describe_figure(arch, figure, at=at, plain=plain)
    colours = styles.find_style(style)
    module = import_module(f"{__name__}.{figure}")
    if figure in MULTI_NETWORK_FIGURES:
        picture = module.draw(require_networks(arch), plain=plain)
    else:
        picture = module.draw(
            require_one_network(arch, figure), at=at, direction=direction
        )
    return Diagram(replace(picture, description=description), colours)


def describe_figure(
    arch: Architecture | Sequence[Architecture],
    figure: str = "overview",
    *,
    at: str | None = None,
    plain: bool = False,
) -> str:
    """Describe one figure in sentences, for its SVG text and its alt text.

    Args:
        arch: as for `draw_diagram`, and the rest too.
        figure: one of `names()`.
        at: which block the figure "block" shows.
        plain: whether a stack has each network without its shortcuts too.

    Raises:
        RenderError: for an unknown figure or block; lists those there are.
    """
    check_choice("figure", figure, FIGURES)
    if at is not None and figure != "block":
        raise RenderError(f"at: got {at!r}, only the figure 'block' shows one block")
    if plain and figure != "stack":
        raise RenderError(f"plain: got figure {figure!r}, only 'stack' has plain twins")
    module = import_module(f"{__name__}.{figure}")
    if figure in MULTI_NETWORK_FIGURES:
        return clean_prose(module.description(require_networks(arch), plain=plain))
    return clean_prose(module.description(require_one_network(arch, figure), at=at))


def require_networks(
    arch: Architecture | Sequence[Architecture],
) -> Sequence[Architecture]:
    """Return one record or several as a sequence.

    Raises:
        RenderError: for an empty one.
    """
    networks = arch if isinstance(arch, (list, tuple)) else [cast("Architecture", arch)]
    if not networks:
        raise RenderError("diagram: want at least one network")
    return networks


def require_one_network(
    arch: Architecture | Sequence[Architecture], figure: str
) -> Architecture:
    """Return the only record for a figure that shows one network.

    Raises:
        RenderError: for several; names the figures that show them.
    """
    networks = require_networks(arch)
    if len(networks) > 1:
        raise RenderError(
            f"figure {figure!r} shows one network, got {len(networks)}: "
            f"want one of {', '.join(MULTI_NETWORK_FIGURES)}"
        )
    return networks[0]


def check_choice(what: str, value: str, legal: dict[str, str]) -> None:
    """Check that a word is one of the legal ones.

    Raises:
        RenderError: listing them.
    """
    if value not in legal:
        raise RenderError(f"unknown {what} {value!r}: want one of {', '.join(legal)}")
