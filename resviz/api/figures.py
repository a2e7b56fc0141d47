"""Figures of networks: drawn, said in sentences, or on a page."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from resviz.api.tracing import list_networks, trace_networks
from resviz.errors import SpecError
from resviz.options.keywords import takes_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Unpack

    from resviz.api.tracing import Networks
    from resviz.figures import Diagram
    from resviz.options import TraceOptions
    from resviz.pages.live import LivePage


@takes_options
def diagram(
    network: Networks,
    figure: str | None = None,
    *,
    at: str | Sequence[str] | None = None,
    direction: str = "TB",
    stages: str | None = None,
    depth: int | None = None,
    names: str = "paper",
    costs: bool = False,
    diff: bool = False,
    plain: bool = False,
    each: bool = False,
    image: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    style: str = "screen",
    palette: str | None = None,
    heat: str | None = None,
    font: str | None = None,
    background: str | None = None,
    title: str | None = None,
    no_title: bool = False,
    no_legend: bool = False,
    width: str | None = None,
    text: str | None = None,
    layout: str = "resviz",
    **tracing: Unpack[TraceOptions],
) -> Diagram:
    """Draw a diagram; it shows itself in notebooks, and `.save("x.svg")` writes it.

    Args:
        network: a record, a model, or a SPEC; several for "block", "stack" and
            "growth", as a list, or as a dictionary whose keys name them.
        figure: "overview", "block" or another of `resviz.figures.FIGURES`; if left
            out, the overview, or "lanes" of what is no chain of parts.
        at: which block the figure "block" draws, "conv3_1" or its module path; a list
            of them stands side by side. If left out, the first that projects; of
            several networks one of a name that all have, where most of them differ.
        direction: of an overview, a block or an icicle, "TB" or "LR".
        stages: those that a figure draws, "conv3_x..conv5_x" or one; it says which
            parts it leaves out.
        depth: how deep in the module tree boxes or rows lie, 1 for the children of the
            network, or how many levels an icicle has; if left out, what fits a screen.
            Draws lanes, if no figure is named.
        names: what stages, blocks and boxes are called by: "paper", its words for what
            they do, "path" of their modules, or "class" of these.
        costs: whether an overview has bars of each stage's parameters and MACs.
        diff: of two networks the overview of the second, with what changed from the
            first marked and listed, as `compare` tells it.
        plain: put beside each network of a stack the same without its shortcuts.
        each: whether volumes have a box for each layer, instead of for each block,
            and the figure "layers" all that repeats.
        image: path of what lies below the boxes of the figure "field", a PNG or JPEG
            of up to 4 MiB, which the figure then holds. If left out, a grid.
        device: of the figure "roofline", as `roofline` takes it; an A100 if left out.
        precision: of its values, likewise; as recorded if left out.
        fused: fold norms, activations and additions of a roofline.
        style: "screen", which follows the reader's dark mode, "paper", or another of
            `resviz.figures.drawing.styles.STYLES`.
        palette: other colours of resolutions, one of
            `resviz.figures.drawing.palettes.PALETTES`: "safe" for the colour-blind.
        heat: fill boxes by their share of a cost, with the scale below: one of
            `resviz.figures.heat.HEATS`, "params", "macs", "activations", "memory" or
            "field". A palette is the ramp then. Lengths of an icicle are shares of it,
            of MACs if left out.
        font: the family of its letters, "Times New Roman".
        background: its ground: "none", "style" for the style's own, "white" or
            "#fff8e7". If left out, SVG that is light or dark by itself and PNG have
            the style's, other SVG and PDF none.
        title: what stands above it instead of the network's name.
        no_title: leave out the name and the totals above it, as for a page whose
            caption says them. Names of columns stay where there are several.
        no_legend: leave out what signs mean. What the figure does not show is still
            said.
        width: what it is laid out for where it is printed: "3.25in", "8cm", "400px",
            or "column" or "page" of a paper in two columns.
        text: how large its smallest letters shall be there; "8pt" with a width, if
            left out.
        layout: "resviz", or "dot" for Graphviz' own, where it is installed and the
            figure is a graph.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RenderError for an unknown figure or option.
    """
    from resviz.figures import draw_diagram

    return draw_diagram(
        trace_networks(network, **tracing),
        figure,
        at=at,
        direction=direction,
        stages=stages,
        depth=depth,
        names=names,
        costs=costs,
        diff=diff,
        plain=plain,
        each=each,
        image=image,
        device=device,
        precision=precision,
        fused=fused,
        style=style,
        palette=palette,
        heat=heat,
        font=font,
        background=background,
        title=title,
        no_title=no_title,
        no_legend=no_legend,
        width=width,
        text=text,
        layout=layout,
    )


@takes_options
def describe(
    network: Networks,
    figure: str | None = None,
    *,
    at: str | Sequence[str] | None = None,
    stages: str | None = None,
    depth: int | None = None,
    names: str = "paper",
    costs: bool = False,
    diff: bool = False,
    plain: bool = False,
    each: bool = False,
    image: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    fused: bool = False,
    heat: str | None = None,
    **tracing: Unpack[TraceOptions],
) -> str:
    """Say a figure in sentences: for screen readers, and as alt text.

    Args:
        network: as for `diagram`, and the rest too.
        figure: "overview", "block" or another of `resviz.figures.FIGURES`; if left
            out, the overview, or "lanes" of what is no chain of parts.
        at: which block the figure "block" draws, "conv3_1" or its module path; a list
            of them stands side by side. If left out, the first that projects; of
            several networks one of a name that all have, where most of them differ.
        stages: those that a figure draws, if it takes them.
        depth: how deep in the module tree boxes or rows lie, 1 for the children of the
            network, or how many levels an icicle has; if left out, what fits a screen.
            Draws lanes, if no figure is named.
        names: what stages, blocks and boxes are called by: "paper", its words for what
            they do, "path" of their modules, or "class" of these.
        costs: whether an overview says what each stage costs.
        diff: of two networks the overview of the second, and what changed.
        plain: whether a stack has each network without its shortcuts too.
        each: whether volumes have a box for each layer, instead of for each block,
            and the figure "layers" all that repeats.
        image: below the boxes of fields, a PNG or JPEG of up to 4 MiB.
        device: of the figure "roofline", as `roofline` takes it; an A100 if left out.
        precision: of its values, likewise; as recorded if left out.
        fused: fold norms, activations and additions of a roofline.
        heat: the cost that fills boxes, or that an icicle shows. The box that has most
            is named.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `trace`; RenderError for an unknown figure or block.

    Example:
        >>> describe("resnet50", "block", at="conv2_2").partition(",")[0]
        'conv2_2 of ResNet-50'
    """
    from resviz.figures import describe_figure

    archs = trace_networks(network, **tracing)
    return describe_figure(
        archs,
        figure,
        at=at,
        stages=stages,
        depth=depth,
        names=names,
        costs=costs,
        diff=diff,
        plain=plain,
        each=each,
        image=image,
        device=device,
        precision=precision,
        fused=fused,
        heat=heat,
    )


@takes_options
def explore(
    network: Networks,
    *,
    height: str | int | None = None,
    **tracing: Unpack[TraceOptions],
) -> LivePage:
    """Show the report in a notebook: the same page, in a frame, offline.

    Args:
        network: as for `report`, several too.
        height: of the frame, in pixels or as "20cm"; 720 pixels if left out.
        tracing: as for `trace`.

    Raises:
        ResvizError: as `report`; RenderError for a height that is none.
    """
    from resviz.pages import check_network_count
    from resviz.pages.live import make_live_page, read_frame_height

    several, height = list_networks(network), read_frame_height(height)
    check_network_count(len(several))
    archs = trace_networks(network, **tracing)
    return make_live_page(archs, several[0], tracing, height)


@takes_options
def report(
    network: Networks,
    path: str | Path | None = None,
    **tracing: Unpack[TraceOptions],
) -> str | None:
    """Write a report in one offline HTML file: summary, table, diagram, layers.

    Of several networks it shows all, and what changed from the first to each other, as
    `compare` tells it.

    Args:
        network: a record, a model, or a SPEC; several as a list, or as a dictionary
            whose keys name them.
        path: where to write it.
        tracing: as for `trace`.

    Returns:
        The page's text if there is no path, else None.

    Raises:
        ResvizError: as `trace` and `compare`; RenderError if the file cannot be
            written, or its name is that of no page; SpecError for more than 12.
    """
    from resviz.files import check_suffix, write_atomically
    from resviz.formats.tables.html import SUFFIXES
    from resviz.pages import check_network_count, render_networks

    check_report_path(path)
    if path is not None:
        check_suffix(path, "a report", SUFFIXES)
    several = list_networks(network)
    check_network_count(len(several))
    archs = trace_networks(network, **tracing)
    page = render_networks(archs, several[0], tracing)
    if path is None:
        return page
    write_atomically(path, page.encode())
    return None


def check_report_path(path: object) -> None:
    """Check that what stands second names a file, and is no second network.

    Raises:
        SpecError: if it does not.
    """
    if path is not None and not isinstance(path, (str, PathLike)):
        raise SpecError(
            f"path: got {type(path).__name__}, want the name of a file; several "
            "networks are a list, report([a, b])"
        )
