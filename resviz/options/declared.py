"""Every option, declared once: commands, documents and Python are made from it.

A field below is an option: its name and type are those of the keyword in Python, its
`Option` says how commands and documents spell it, what is legal, and what it means.
The fields are read while this is imported, so their types are no text.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from resviz.inputs import TRACE_MODES, InputSize
from resviz.options.option import Option, list_declared_options

DPI_LIMITS = 16, 2400
"""Dots an inch that pixels can be asked for."""


class TraceOptions(TypedDict, total=False):
    """How a network is traced: options of every function, command and document."""

    input_size: Annotated[
        InputSize | None,
        Option(
            "Sizes of one sample; default: what it was made for. Or a whole shape with "
            "a name, a dtype, N for the batch: ids=int64:N,128.",
            kind="inputs",
            spelling="input",
            example="3,224,224",
        ),
    ]
    batch: Annotated[int | None, Option("Samples; default: 1.", kind="number")]
    inputs: Annotated[Any, Option("Arguments of the forward.", kind="object")]
    kwargs: Annotated[
        Mapping[str, Any] | None,
        Option("Keyword arguments of the forward.", kind="object"),
    ]
    training: Annotated[
        bool | None, Option("In training mode; default: evaluation.", kind="switch")
    ]
    mode: Annotated[
        str | None,
        Option(
            "shapes: without values; run: for real; default: auto, shapes where they "
            "are enough.",
            choices=TRACE_MODES,
        ),
    ]
    method: Annotated[
        str | None,
        Option("Followed in place of forward: encode_image.", example="encode_image"),
    ]


class TableOptions(TypedDict, total=False):
    """What a table shows; `resviz.tables.TABLES` says which table takes which."""

    depth: Annotated[int | None, Option("Fold calls that nest deeper.", kind="number")]
    only: Annotated[str | None, Option("Show those of one kind.")]
    once: Annotated[
        bool,
        Option(
            "Equal blocks in a row once, with their number; default: in pictures.",
            kind="switch",
            opposite="each",
        ),
    ]
    every: Annotated[
        bool,
        Option("A row for every layer.", kind="switch", aliases=("all",)),
    ]
    fit: Annotated[
        str | None,
        Option(
            "The largest batches in so many bytes, and where to checkpoint: 24GiB.",
            example="24GiB",
        ),
    ]
    autocast: Annotated[
        str | None,
        Option("As under torch.autocast to this dtype; parameters stay float32."),
    ]
    why: Annotated[
        bool,
        Option("A row an addition: what it was taken for, and why.", kind="switch"),
    ]
    sort: Annotated[
        str | None,
        Option("By a column, by key or heading, the largest number first: macs."),
    ]
    top: Annotated[
        int | None,
        Option(
            "The first so many rows; unless sorted, by MACs, field or bytes held.",
            kind="number",
        ),
    ]
    reverse: Annotated[bool, Option("The smallest first.", kind="switch")]
    out_indices: Annotated[
        Sequence[int] | str | None,
        Option(
            "The maps of these stages, from 0 on: 1,2,3.",
            kind="words",
            spelling="out-indices",
            example="1,2,3",
        ),
    ]
    columns: Annotated[
        str, Option("Only these, by key or heading: name,params.", kind="words")
    ]
    sizes: Annotated[
        str,
        Option("Of the input: 160,320x480 or 128..512:32, by 32.", kind="words"),
    ]
    device: Annotated[
        str | None,
        Option(
            "T4, V100, A100-40GB, A100-80GB, H100, RTX4090, or one's own: "
            "name=Ours,flops=10T,bandwidth=100GB/s.",
            example="A100-40GB",
        ),
    ]
    precision: Annotated[
        str | None,
        Option("Of values, as they are kept and multiplied; default: as recorded."),
    ]
    fused: Annotated[
        bool,
        Option(
            "Norms, activations and additions folded into convolutions and products.",
            kind="switch",
        ),
    ]
    measure: Annotated[
        bool,
        Option(
            "Run each layer on this machine, and show its time beside its bound.",
            kind="switch",
        ),
    ]


OLD_FIGURES = (("flow", "volumes"),)
"""Figures of older versions, and what they are called now."""


NO_PICTURE = "live", "a page of Sphinx or MkDocs: want resviz report SPEC -o page.html"
"""A figure of some documents, and what it is elsewhere."""


class FigureName(TypedDict, total=False):
    """Which figure it is."""

    figure: Annotated[
        str | None,
        Option(
            "What to show; default: overview, or lanes where that is not all.",
            choices="resviz.figures:FIGURES",
            renamed=OLD_FIGURES,
            elsewhere=(NO_PICTURE,),
        ),
    ]


class FigureOptions(TypedDict, total=False):
    """What a figure shows, and how it looks."""

    at: Annotated[
        str | Sequence[str] | None,
        Option(
            "The block: conv3_1, or its module path; several stand side by side.",
            example="conv3_1",
            refusal="only the figure '{}' shows one block",
            several=True,
        ),
    ]
    direction: Annotated[
        str,
        Option(
            "Of overview, block and icicle.",
            choices="resviz.figures:DIRECTIONS",
            default="TB",
            refusal="only {} have one",
        ),
    ]
    stages: Annotated[
        str | None,
        Option(
            "Of the network a part: conv3_x..conv5_x, or one stage.",
            example="conv3_x..conv5_x",
            refusal="only {} draw a part",
        ),
    ]
    depth: Annotated[
        int | None,
        Option(
            "A box a module: 1 for children of the network, 2 for theirs, and so on; "
            "of an icicle: its levels.",
            kind="number",
            refusal="only {} have boxes of modules",
        ),
    ]
    names: Annotated[
        str,
        Option(
            "What parts are called by: words of papers, module paths, or classes.",
            choices="resviz.figures:NAMINGS",
            default="paper",
        ),
    ]
    costs: Annotated[
        bool,
        Option(
            "Of an overview: bars of each stage's parameters and MACs.",
            kind="switch",
            refusal="only the figure '{}' has bars of costs",
        ),
    ]
    diff: Annotated[
        bool,
        Option(
            "Of two networks: the overview of the second, what changed marked.",
            kind="switch",
            refusal="only the figure '{}' marks changes",
        ),
    ]
    plain: Annotated[
        bool,
        Option(
            "A stack also without shortcuts.",
            kind="switch",
            refusal="only '{}' has plain twins",
        ),
    ]
    each: Annotated[
        bool,
        Option(
            "Of volumes: a box a layer, not a block; of layers: all that repeats.",
            kind="switch",
            refusal="what is folded is opened in {} alone",
        ),
    ]
    image: Annotated[
        str | None,
        Option(
            "Below the boxes of fields, a PNG or JPEG of up to 4 MiB: cat.jpg.",
            example="cat.jpg",
            refusal="only the figure '{}' lies over an image",
        ),
    ]
    device: Annotated[
        str | None,
        Option(
            "Of a roofline: A100-40GB, as of `resviz roofline`, or one's own.",
            example="A100-40GB",
            refusal="only the figure '{}' is of a device",
        ),
    ]
    precision: Annotated[
        str | None,
        Option(
            "Of its values; default: as recorded.",
            choices="resviz.readings.devices:PRECISIONS",
            refusal="only the figure '{}' is in one",
        ),
    ]
    fused: Annotated[
        bool,
        Option(
            "A roofline with norms, activations and additions folded.",
            kind="switch",
            refusal="only the figure '{}' folds layers",
        ),
    ]
    style: Annotated[
        str,
        Option(
            "Screen follows the reader's dark mode.",
            choices="resviz.figures.drawing.styles:STYLES",
            default="screen",
        ),
    ]
    palette: Annotated[
        str | None,
        Option(
            "Other colours of resolutions, a ramp of lightness; safe for colour-blind.",
            choices="resviz.figures.drawing.palettes:PALETTES",
        ),
    ]
    heat: Annotated[
        str | None,
        Option(
            "Boxes filled by their share of a cost; of an icicle, their lengths.",
            choices="resviz.figures.heat:HEATS",
        ),
    ]
    font: Annotated[
        str | None,
        Option("Family of its letters: Times New Roman.", example="Times New Roman"),
    ]
    background: Annotated[
        str | None,
        Option(
            "Its ground: none, style (that of the style), white or #fff8e7; default: "
            "none, but in PNG and SVG that follows its reader. Letters are dark on a "
            "light one, light on a dark.",
            example="none",
        ),
    ]
    title: Annotated[
        str | None,
        Option("What stands above it instead of the network's name.", example="Ours"),
    ]
    no_title: Annotated[
        bool,
        Option(
            "Neither name nor totals above it: for a page whose caption says them.",
            kind="switch",
            spelling="no-title",
        ),
    ]
    no_legend: Annotated[
        bool,
        Option(
            "No signs explained below it; what it leaves out is still said.",
            kind="switch",
            spelling="no-legend",
        ),
    ]
    width: Annotated[
        str | None,
        Option(
            "Laid out for: 3.25in, 8cm, 400px, column or page (of a paper in two).",
            kind="length",
            example="3.25in",
        ),
    ]
    text: Annotated[
        str | None,
        Option(
            "Size of its smallest letters, where it is printed; 8pt if it has a width.",
            kind="length",
            example="8pt",
        ),
    ]


class LayoutOptions(TypedDict, total=False):
    """What places a figure, for commands and Python; documents have ours alone."""

    layout: Annotated[
        str,
        Option(
            "Of a graph: dot is Graphviz' own, where it is installed.",
            choices="resviz.figures:LAYOUTS",
            default="resviz",
        ),
    ]


class DrawOptions(FigureOptions, LayoutOptions, total=False):
    """How a figure is drawn, once it is known which."""


class PlaceOptions(TypedDict, total=False):
    """How a figure stands in a document; commands and Python have no place for it."""

    figure: Annotated[
        str | None,
        Option(
            "What to show, as above; live: the report, a page to work with.",
            choices="resviz.embed.live:DOCUMENT_FIGURES",
            renamed=OLD_FIGURES,
        ),
    ]
    height: Annotated[
        str, Option("Of the frame of a live page.", kind="length", example="720px")
    ]
    alt: Annotated[str, Option("What it shows, in your own words.")]
    width: Annotated[str, Option("What it is laid out for, or a length of CSS as 60%.")]


TRACE_OPTIONS = list_declared_options(TraceOptions)
TABLE_OPTIONS = list_declared_options(TableOptions)
FIGURE_OPTIONS = list_declared_options(FigureName) | list_declared_options(
    FigureOptions
)
LAYOUT_OPTIONS = list_declared_options(LayoutOptions)
DRAW_OPTIONS = list_declared_options(DrawOptions)
PLACE_OPTIONS = list_declared_options(PlaceOptions)

FILE_OPTIONS = {"image": (".png", ".jpg", ".jpeg")}
"""Options of figures that name a file to be read, and the suffixes it may have in a
document, which may name none outside its root."""

SPELT_TRACE_OPTIONS = tuple(
    option for option in TRACE_OPTIONS.values() if option.kind != "object"
)
"""Options of a trace that can be written down; the others hold objects."""
