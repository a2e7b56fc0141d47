"""Figures of a network: plain nodes, edges and groups that know no syntax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from resviz.errors import RenderError
from resviz.escape import clean_prose
from resviz.options import FIGURE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.rendering import Diagram
    from resviz.record import Architecture


class Figure(Protocol):
    """What the module of a figure offers, `resviz.figures.<name>`.

    Both functions take one record, or a sequence of them where the figure shows
    several networks, and the options that it is registered with.
    """

    def draw(self, arch: Any, /, **options: Any) -> Picture:
        """Return the figure, placed."""
        ...

    def description(self, arch: Any, /, **options: Any) -> str:
        """Return the figure in sentences; its direction is not told."""
        ...


@dataclass(frozen=True, slots=True)
class RegisteredFigure:
    """One figure, by which commands, documents and the reference page know it.

    Attributes:
        help: what it shows.
        options: those of `draw_diagram` that it takes.
        several: whether it shows several networks in one picture.
        is_graph: whether it has a `Chart`, from which DOT is made; else it is a
            drawing to scale.
    """

    help: str
    options: tuple[str, ...] = ()
    several: bool = False
    is_graph: bool = False


FIGURES = {
    "overview": RegisteredFigure(
        "stages, blocks and shortcuts on one screen", ("direction",), is_graph=True
    ),
    "block": RegisteredFigure(
        "one residual block in full", ("at", "direction"), is_graph=True
    ),
    "layers": RegisteredFigure("every layer, for zooming", is_graph=True),
    "flow": RegisteredFigure("feature maps as solids to scale"),
    "stack": RegisteredFigure(
        "every convolution a box, networks side by side", ("plain",), several=True
    ),
    "growth": RegisteredFigure(
        "parameters, MACs, activations and receptive field by depth", several=True
    ),
}
"""Every figure by its name; its module is a `Figure`."""

MULTI_NETWORK_FIGURES = tuple(name for name in FIGURES if FIGURES[name].several)
"""Figures that show several networks in one picture."""

DIRECTIONS = {"TB": "from top to bottom", "LR": "from left to right"}

DEFAULTS: dict[str, Any] = {
    name: False if option.kind == "switch" else option.default
    for name, option in FIGURE_OPTIONS.items()
}
"""What holds for an option of a figure that is not given."""

REFUSALS = {
    "direction": "only {} have one",
    "at": "only the figure '{}' shows one block",
    "plain": "only '{}' has plain twins",
}
"""Why an option is refused: which figures take it."""

LAYOUTS = {
    "resviz": "places every figure itself",
    "dot": "lets Graphviz place the graph, where it is installed",
}
"""What places a figure in SVG, PDF and PNG."""


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
    layout: str = "resviz",
) -> Diagram:
    """Draw one figure of a record.

    Args:
        arch: the record; several for the figures "stack" and "growth".
        figure: one of `FIGURES`.
        at: which block the figure "block" shows: "conv3_1", or the path of its
            module; by default the first that projects.
        direction: of the overview and of a block, "TB" or "LR".
        plain: put beside each network of a stack the same without its shortcuts.
        style: "screen", which follows the reader's dark mode; "light"; "dark"; "paper".
        layout: "resviz", or "dot" for Graphviz' own, of a figure that is a graph.

    Raises:
        RenderError: for an unknown figure, block, direction, style or layout; lists
            those there are.
    """
    from resviz.figures.drawing import styles
    from resviz.figures.rendering import Diagram

    check_choice("direction", direction, DIRECTIONS)
    check_choice("layout", layout, LAYOUTS)
    options = select_options(figure, at=at, direction=direction, plain=plain)
    description = describe_figure(arch, figure, at=at, plain=plain)
    colours = styles.find_style(style)
    picture = find_figure(figure).draw(select_networks(arch, figure), **options)
    return Diagram(replace(picture, description=description), colours, layout)


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
        figure: one of `FIGURES`.
        at: which block the figure "block" shows.
        plain: whether a stack has each network without its shortcuts too.

    Raises:
        RenderError: for an unknown figure or block; lists those there are.
    """
    options = select_options(figure, at=at, plain=plain)
    networks = select_networks(arch, figure)
    return clean_prose(find_figure(figure).description(networks, **options))


def find_figure(name: str) -> Figure:
    """Return the module of a registered figure."""
    return cast("Figure", import_module(f"{__name__}.{name}"))


def select_options(figure: str, **options: Any) -> dict[str, Any]:
    """Return those of some options that a figure takes.

    Raises:
        RenderError: for an unknown figure, or an option given to one that lacks it.
    """
    check_choice("figure", figure, FIGURES)
    taken = FIGURES[figure].options
    for name, value in options.items():
        if name not in taken and value != DEFAULTS[name]:
            having = [other for other in FIGURES if name in FIGURES[other].options]
            raise RenderError(
                f"{name}: got {value!r} for {figure!r}, "
                + REFUSALS[name].format(" and ".join(having))
            )
    return {name: value for name, value in options.items() if name in taken}


def select_networks(arch: Architecture | Sequence[Architecture], figure: str) -> Any:
    """Return the records as a figure takes them: one, or a sequence.

    Raises:
        RenderError: for none, or several where it shows one network; names the
            figures that show them.
    """
    networks = cast(
        "list[Architecture]", arch if isinstance(arch, (list, tuple)) else [arch]
    )
    if not networks:
        raise RenderError("diagram: want at least one network")
    if FIGURES[figure].several:
        return networks
    if len(networks) > 1:
        raise RenderError(
            f"figure {figure!r} shows one network, got {len(networks)}: "
            f"want one of {', '.join(MULTI_NETWORK_FIGURES)}"
        )
    return networks[0]


def check_choice(what: str, value: str, legal: Collection[str]) -> None:
    """Check that a word is one of the legal ones.

    Raises:
        RenderError: listing them.
    """
    if value not in legal:
        raise RenderError(f"unknown {what} {value!r}: want one of {', '.join(legal)}")
