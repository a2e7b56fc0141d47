"""Figures of a network: plain nodes, edges and groups that know no syntax."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from resviz.errors import RenderError
from resviz.escape import clean_prose
from resviz.figures.option_types import check_choice, check_type
from resviz.figures.sheet_options import LENGTH_LIMITS, build_sheet, read_ground
from resviz.options import DRAW_OPTIONS, FIGURE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.sheet import Sheet
    from resviz.figures.rendering import Diagram
    from resviz.options import DrawOptions
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
        shows_connections: whether it shows which layer reads which, so that it says
            of how many it does not; else it is a plot.
    """

    help: str
    options: tuple[str, ...] = ()
    several: bool = False
    is_graph: bool = False
    shows_connections: bool = True


FIGURES = {
    "overview": RegisteredFigure(
        "stages, blocks and shortcuts on one screen",
        ("direction", "stages", "costs", "diff"),
        is_graph=True,
    ),
    "block": RegisteredFigure(
        "a residual block in full, or several side by side",
        ("at", "direction", "stages"),
        several=True,
        is_graph=True,
    ),
    "lanes": RegisteredFigure(
        "any network as a graph: lanes by resolution, every skip",
        ("stages", "depth"),
        is_graph=True,
    ),
    "layers": RegisteredFigure(
        "every layer, what repeats once",
        ("each", "stages", "depth"),
        is_graph=True,
    ),
    "volumes": RegisteredFigure(
        "any network as boxes in perspective, skips as brackets",
        ("each", "stages", "depth"),
    ),
    "stack": RegisteredFigure(
        "every convolution a box, networks side by side",
        ("plain", "stages"),
        several=True,
    ),
    "growth": RegisteredFigure(
        "parameters, MACs, activations and receptive field by depth",
        ("stages",),
        several=True,
        shows_connections=False,
    ),
    "icicle": RegisteredFigure(
        "what stages, blocks and layers have of a cost, to scale",
        ("heat", "direction", "depth"),
        shows_connections=False,
    ),
    "roofline": RegisteredFigure(
        "what bounds each layer on a device, memory or arithmetic",
        ("device", "precision", "fused"),
        shows_connections=False,
    ),
    "field": RegisteredFigure(
        "what a position of each stage sees, over a grid or an image",
        ("image",),
        shows_connections=False,
    ),
}
"""Every figure by its name; its module is a `Figure`."""

RENAMED_FIGURES = dict(FIGURE_OPTIONS["figure"].renamed)
"""What figures of older versions are called now."""

MULTI_NETWORK_FIGURES = tuple(name for name in FIGURES if FIGURES[name].several)
"""Figures that show several networks in one picture."""

FIGURES_WITH_GRAPH = tuple(name for name in FIGURES if FIGURES[name].is_graph)
"""Figures that have a `Chart`."""

NAMINGS = {
    "paper": "what a box does, in the words of papers",
    "path": "where its module is, layer1.0.conv1",
    "class": "what its module is, Bottleneck",
}
"""What the boxes of a figure are called by."""

DIRECTIONS = {"TB": "from top to bottom", "LR": "from left to right"}
"""Where x leads in a figure that has a choice."""

DEFAULTS: dict[str, Any] = {
    name: False if option.kind == "switch" else option.default
    for name, option in DRAW_OPTIONS.items()
}
"""What holds for an option of a figure that is not given."""

LAYOUTS = {
    "resviz": "places every figure itself",
    "dot": "lets Graphviz place the graph, where it is installed",
}
"""What places a figure in SVG, PDF and PNG."""


def draw_diagram(
    arch: Architecture | Sequence[Architecture],
    figure: str | None = None,
    **options: Unpack[DrawOptions],
) -> Diagram:
    """Draw one figure of a record.

    Args:
        arch: the record; several for the figures "block", "stack" and "growth".
        figure: one of `FIGURES`; if left out, what `choose_figure` chooses.
        options: as `DrawOptions` declares them; None stands for the default.

    Raises:
        RenderError: for an unknown figure, block, direction, style or layout; lists
            those there are.
    """
    from resviz.figures.drawing.cuts import note_cuts, warn_of_cuts
    from resviz.figures.drawing.fitting import (
        choose_legible,
        fit_picture,
        list_sheets,
        warn_of_height,
        warn_of_small_letters,
    )
    from resviz.figures.drawing.palettes import (
        choose_heat_style,
        choose_ink,
        choose_palette,
    )
    from resviz.figures.drawing.styles import STYLES
    from resviz.figures.proposals import propose_narrower
    from resviz.figures.rendering import Diagram

    figure = rename_figure(figure) or choose_figure(arch, **options)
    chosen = choose_options(figure, **options)
    networks = select_networks(arch, figure, is_pair=chosen["diff"])
    own, sheet = build_own(figure, chosen)
    with note_cuts() as cuts:
        picture, _ = choose_legible(
            (draw_on(each, figure, networks, own), each) for each in list_sheets(sheet)
        )
    title = sheet.choose_title(picture.title)
    description = describe_networks(networks, figure, chosen, picture)
    described = replace(picture, title=title, description=description)
    described = fit_picture(described, sheet)
    propose = cache(partial(propose_narrower, networks, figure, sheet))
    warn_of_small_letters(described, sheet, propose)
    warn_of_height(described, sheet, propose)
    warn_of_cuts(described, cuts)
    ground = read_ground(chosen["background"])
    described = replace(described, font=sheet.font, ground=ground)
    choose_style = choose_heat_style if sheet.heat else choose_palette
    style = choose_style(choose_ink(STYLES[chosen["style"]], ground), chosen["palette"])
    return Diagram(described, style, chosen["layout"])


def build_own(figure: str, chosen: Mapping[str, Any]) -> tuple[dict[str, Any], Sheet]:
    """Return the options that a figure takes itself, and the sheet of all others."""
    own = {name: chosen[name] for name in FIGURES[figure].options}
    shared = {name: None if name in own else chosen[name] for name in chosen}
    return own, build_sheet(shared)


def draw_on(
    sheet: Sheet, figure: str, networks: Any, own: Mapping[str, Any]
) -> Picture:
    """Draw a figure on a sheet, by options of its own that are checked."""
    from resviz.figures.drawing.sheet import lay_out_on
    from resviz.figures.drawing.shifting import trim_top

    with lay_out_on(sheet):
        picture = find_figure(figure).draw(networks, **own)
        if sheet.heat:
            from resviz.figures.heat import fill_picture

            picture = fill_picture(picture, sheet.heat)
    return picture if sheet.has_title else trim_top(picture)


def describe_figure(
    arch: Architecture | Sequence[Architecture],
    figure: str | None = None,
    **options: Unpack[DrawOptions],
) -> str:
    """Describe one figure in sentences, for its SVG text and its alt text.

    The arguments are those of `draw_diagram`; how the figure looks is left out.

    Raises:
        RenderError: as `draw_diagram`.
    """
    figure = rename_figure(figure) or choose_figure(arch, **options)
    chosen = choose_options(figure, **options)
    networks = select_networks(arch, figure, is_pair=chosen["diff"])
    picture = None
    if FIGURES[figure].shows_connections:
        own, sheet = build_own(figure, chosen)
        picture = draw_on(sheet, figure, networks, own)
    return describe_networks(networks, figure, chosen, picture)


MAX_LANES_NODES = 150
"""Boxes, signs and dots of lanes that are drawn unless they are asked for, at most."""

OVERVIEW, GRAPH = "overview", "lanes"
"""The figure of a network whose parts follow one another, and that of any other."""


def choose_figure(
    arch: Architecture | Sequence[Architecture], **options: Unpack[DrawOptions]
) -> str:
    """Choose the figure of a network for which none was named.

    An overview shows parts that follow one another, in one direction or another; what
    is no such chain is drawn in lanes, as are modules at a depth.
    """
    from resviz.readings.contraction import is_chain, read_contraction

    networks = cast("list[Any]", arch if isinstance(arch, (list, tuple)) else [arch])
    taken = {*FIGURES[OVERVIEW].options} - {*FIGURES[GRAPH].options}
    own = (name for name in taken if options.get(name))
    is_asked_for = any(options.get(name) != DEFAULTS[name] for name in own)
    if len(networks) != 1 or is_asked_for:
        return OVERVIEW
    if options.get("depth") is not None:
        return GRAPH
    if is_chain(networks[0]):
        return OVERVIEW
    is_legible = len(read_contraction(networks[0]).nodes) <= MAX_LANES_NODES
    return GRAPH if is_legible else OVERVIEW


def describe_networks(
    networks: Any,
    figure: str,
    chosen: Mapping[str, Any],
    picture: Picture | None,
) -> str:
    """Describe networks as a figure takes them, and what of them it does not draw.

    Args:
        networks: one record, or several.
        figure: its name.
        chosen: its options, which are checked.
        picture: the figure, which says what fills its boxes; None for a plot.
    """
    from resviz.figures.declaring import tell_coverage
    from resviz.figures.drawing.sheet import Sheet, lay_out_on

    spoken = [name for name in FIGURES[figure].options if name != "direction"]
    own = {name: chosen[name] for name in spoken}
    with lay_out_on(Sheet(names=chosen["names"])):
        described = find_figure(figure).description(networks, **own)
    if picture is None:
        return clean_prose(described)
    told = [*tell_coverage(picture.coverage), *filter(None, [picture.description])]
    return clean_prose(" ".join([described, *told]))


def rename_figure(figure: str | None) -> str | None:
    """Return what a figure is called now: "volumes" for "flow"."""
    return RENAMED_FIGURES.get(figure, figure) if figure else figure


def find_figure(name: str) -> Figure:
    """Return the module of a registered figure."""
    return cast("Figure", import_module(f"{__name__}.{name}"))


def choose_options(figure: str, **options: Unpack[DrawOptions]) -> dict[str, Any]:
    """Return every option of a figure, the default of those left out or None.

    Raises:
        RenderError: for an unknown figure or word, or an option given to a figure
            that lacks it.
    """
    check_type(FIGURE_OPTIONS["figure"], figure)
    elsewhere = dict(FIGURE_OPTIONS["figure"].elsewhere).get(figure)
    if elsewhere:
        raise RenderError(f"figure: got {figure!r}, {elsewhere}")
    check_choice("figure", figure, FIGURES, RENAMED_FIGURES)
    chosen = {name: value for name, value in options.items() if value is not None}
    for name, value in chosen.items():
        option = DRAW_OPTIONS[name]
        check_type(option, value)
        if option.choices:
            check_choice(name, str(value), option.legal_words())
        having = [other for other in FIGURES if name in FIGURES[other].options]
        if option.refusal and figure not in having and value != DEFAULTS[name]:
            from resviz.figures.sentences import join_with_and

            reason = option.refusal.format(join_with_and(having))
            remedy = f"want figure {' or '.join(having)}, or leave out {name}"
            given = (
                cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
            )
            got = given[0] if len(given) == 1 else value
            raise RenderError(f"{name}: got {got!r} for {figure!r}, {reason}: {remedy}")
    if chosen.get("layout") == "dot" and not FIGURES[figure].is_graph:
        raise RenderError(
            f"layout: got 'dot' for {figure!r}, a drawing to scale and no graph, want "
            f"one of the figures {', '.join(FIGURES_WITH_GRAPH)}, "
            "or leave out --layout dot"
        )
    filled = [
        n for n, f in FIGURES.items() if f.shows_connections or "heat" in f.options
    ]
    if chosen.get("heat") and figure not in filled:
        raise RenderError(
            f"heat: got {chosen['heat']!r} for {figure!r}, a plot without boxes, want "
            f"one of the figures {', '.join(filled)}, or leave out --heat"
        )
    lengths = [name for name in LENGTH_LIMITS if name in chosen]
    if chosen.get("layout") == "dot" and lengths:
        raise RenderError(
            f"{lengths[0]}: got {chosen[lengths[0]]!r} with the layout 'dot', which "
            f"knows no size: leave out one of --layout and --{lengths[0]}"
        )
    return DEFAULTS | chosen


def select_networks(
    arch: Architecture | Sequence[Architecture], figure: str, *, is_pair: bool = False
) -> Any:
    """Return the records as a figure takes them: one, or a sequence.

    Args:
        arch: one or several.
        figure: its name.
        is_pair: whether it marks what changed from one network to another.

    Raises:
        RenderError: for none, or several where it shows one network; names the
            figures that show them.
    """
    networks = cast(
        "list[Architecture]", arch if isinstance(arch, (list, tuple)) else [arch]
    )
    if not networks:
        raise RenderError("diagram: want at least one network")
    if is_pair and len(networks) != 2:
        raise RenderError(f"diff: want two networks, A and B, got {len(networks)}")
    if FIGURES[figure].several or is_pair:
        return networks
    if len(networks) > 1:
        raise RenderError(
            f"figure {figure!r} shows one network, got {len(networks)}: "
            f"want one of {', '.join(MULTI_NETWORK_FIGURES)}, or of two networks --diff"
        )
    return networks[0]
