"""Every option, declared once: commands, documents and Python are made from it.

A field below is an option: its name and type are those of the keyword in Python, its
`Option` says how commands and documents spell it, what is legal, and what it means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from importlib import import_module
from inspect import Parameter, signature
from numbers import Integral
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypedDict,
    TypeVar,
    get_args,
    get_type_hints,
)

from resviz.errors import OptionError, SpecError, suggest
from resviz.inputs import TRACE_MODES, InputSize, parse_input
from resviz.units import parse_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OptionKind = Literal["text", "words", "number", "length", "switch", "inputs", "object"]
"""How an option is written: text, words between commas, a whole number from 1 on, a
length with its unit, a switch without a value, inputs of a forward, or an object that
only Python has."""

DPI_LIMITS = 16, 2400
"""Dots an inch that pixels can be asked for."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        help: what it means, as commands print it.
        kind: how it is written.
        choices: its legal words, or the registry of them, "module:attribute".
        spelling: of commands and documents, where that of Python is another.
        aliases: other spellings, of older versions.
        opposite: of a switch, what the command line writes to turn it off.
        default: what holds where it is left out; None leaves that to the trace.
        example: what stands there, where nothing may not.
        renamed: words of older versions, and what they are called now.
        refusal: of what only some figures take, why another refuses it; "{}" stands
            for those that take it.
        several: whether it may be given several times, or hold several values between
            commas; its value is a tuple then.
        name: the keyword in Python.
    """

    help: str
    kind: OptionKind = "text"
    choices: tuple[str, ...] | str = ()
    spelling: str = ""
    aliases: tuple[str, ...] = ()
    opposite: str = ""
    default: str | None = None
    example: str = ""
    renamed: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    several: bool = False
    name: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """How commands and documents write it, the usual way first."""
        return (self.spelling or self.name, *self.aliases)

    def legal_words(self) -> tuple[str, ...]:
        """Return its legal words; none where any text is legal."""
        if isinstance(self.choices, tuple):
            return self.choices
        module, _, attribute = self.choices.partition(":")
        registered: Any = getattr(import_module(module), attribute)
        return tuple(
            registered() if isinstance(registered, FunctionType) else registered
        )

    def parse(self, text: str) -> Any:
        """Return the value of what a command or a document writes.

        Raises:
            SpecError: if it is not legal; says what is.

        Example:
            >>> TRACE_OPTIONS["input_size"].parse("3,224,224")[0].text
            'N,3,224,224'
        """
        text = text.strip()
        if self.example and not (text.strip(" ,") if self.several else text):
            raise SpecError(
                f"got {text!r}, want one as {self.example}, or leave it out"
            )
        if self.kind == "number":
            if not text.isdecimal() or not int(text):
                raise SpecError(f"got {text!r}, want a whole number from 1 on")
            return int(text)
        if self.kind == "length":
            parse_length(text, self.example)
        if self.kind == "inputs":
            joined = re.sub(r"\s*,\s*", ",", text)
            return tuple(parse_input(part) for part in joined.split())
        if self.kind == "words" or self.several:
            commas = text if self.several else ",".join(text.split())
            return tuple(filter(None, (part.strip() for part in commas.split(","))))
        words = self.legal_words()
        if not words or text in words:
            return text
        renamed = dict(self.renamed)
        for word in (*words, *renamed):
            if text.casefold() == word.casefold():
                return renamed.get(word, word)
        raise SpecError(f"got {text!r}, {suggest(text, words, renamed)}")


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


class FigureName(TypedDict, total=False):
    """Which figure it is."""

    figure: Annotated[
        str | None,
        Option(
            "What to show; default: overview, or lanes where that is not all.",
            choices="resviz.figures:FIGURES",
            renamed=(("flow", "volumes"),),
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

    alt: Annotated[str, Option("What it shows, in your own words.")]
    width: Annotated[str, Option("What it is laid out for, or a length of CSS as 60%.")]


def declared_options(declaration: type) -> dict[str, Option]:
    """Return the options of one of the classes above, by name.

    Example:
        >>> [*declared_options(PlaceOptions)]
        ['alt', 'width']
    """
    hints = get_type_hints(declaration, include_extras=True)
    return {name: replace(get_args(hints[name])[1], name=name) for name in hints}


TRACE_OPTIONS = declared_options(TraceOptions)
TABLE_OPTIONS = declared_options(TableOptions)
FIGURE_OPTIONS = declared_options(FigureName) | declared_options(FigureOptions)
LAYOUT_OPTIONS = declared_options(LayoutOptions)
DRAW_OPTIONS = declared_options(DrawOptions)
PLACE_OPTIONS = declared_options(PlaceOptions)

FILE_OPTIONS = {"image": (".png", ".jpg", ".jpeg")}
"""Options of figures that name a file to be read, and the suffixes it may have in a
document, which may name none outside its root."""

OLD_KEYWORDS = {"all": "every", "layers": "every"}
"""Keywords of older versions of Python functions, and what they are called now."""

CHECKED_KINDS = {
    **{
        name: TABLE_OPTIONS[name].kind
        for name in (
            "sort",
            "depth",
            "top",
            "once",
            "every",
            "why",
            "reverse",
            "fused",
            "measure",
        )
    },
    **{name: TRACE_OPTIONS[name].kind for name in ("training", "method", "kwargs")},
    **dict.fromkeys(("where", "scheduler"), "text"),
    **dict.fromkeys(("limit", "jobs"), "number"),
    "resume": "switch",
}
"""How options of tables, traces and sweeps are written whose type is checked."""

LEGAL_TYPES: dict[str, tuple[type, str]] = {
    "number": (Integral, "a whole number"),
    "switch": (Integral, "True or False"),
    "text": (str, "text"),
    "object": (Mapping, "a dictionary of the forward's arguments by name"),
}
"""The type that a value of each kind has, and what it is called."""

SPELT_TRACE_OPTIONS = tuple(
    option for option in TRACE_OPTIONS.values() if option.kind != "object"
)
"""Options of a trace that can be written down; the others hold objects."""


def collect_options(
    values: Mapping[str, Any], options: Iterable[Option]
) -> dict[str, Any]:
    """Return values by the names of Python, however they are spelt; None is left out.

    Args:
        values: of a command line or a document, by spelling or name.
        options: which of them to take.

    Raises:
        OptionError: if one stands there in two spellings.

    Example:
        >>> collect_options({"input": "3,32,32", "all": True}, TRACE_OPTIONS.values())
        {'input_size': '3,32,32'}
    """
    collected: dict[str, Any] = {}
    for option in options:
        names = dict.fromkeys((option.name, *option.spellings))
        spelt = [name for name in names if values.get(name) is not None]
        if len(spelt) > 1:
            raise OptionError(f"{' and '.join(spelt)}: want one of them")
        if spelt:
            collected[option.name] = values[spelt[0]]
    return collected


def takes_options(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that checks and shows the names of its options.

    Old keywords are renamed, wrong ones raise an `OptionError` that says which is
    meant, and `help` and notebooks see each option of a trace by its name.
    """
    original = signature(function)
    parameters = [
        parameter
        for parameter in original.parameters.values()
        if parameter.kind is not Parameter.VAR_KEYWORD
    ]
    if len(parameters) < len(original.parameters):
        parameters += [
            Parameter(name, Parameter.KEYWORD_ONLY, default=None)
            for name in TRACE_OPTIONS
        ]
    names = [
        parameter.name
        for parameter in parameters
        if parameter.kind is not Parameter.VAR_POSITIONAL
    ]

    kinds = [parameter.kind for parameter in parameters]
    most = kinds.count(Parameter.POSITIONAL_OR_KEYWORD)

    @wraps(function)
    def with_options(*args: Any, **options: Any) -> R:
        door = function.__name__
        if len(args) > most and Parameter.VAR_POSITIONAL not in kinds:
            by_name = f"want {most}, others by name, as {names[most]}=…"
            several = f"want one, or a list: {door}([18, 50])"
            remedy = several if names[0] == "networks" else by_name
            raise OptionError(f"{door}: got {len(args)} values, {remedy}")
        if "columns" in options and original.return_annotation == "Table":
            remedy = f"want {door}(…).select_columns([…])"
            raise OptionError(f"{door}: unknown option 'columns': {remedy}")
        if not options.keys() <= {*names}:
            options = rename_keywords(door, options, names)
        check_option_types(door, options)
        return function(*args, **options)

    wrapper: Any = with_options
    wrapper.__signature__ = original.replace(parameters=parameters)
    return wrapper


def check_option_types(function: str, options: Mapping[str, Any]) -> None:
    """Check that options are whole numbers, switches, text or dictionaries.

    Those of figures are checked where a figure is drawn.

    Raises:
        OptionError: for another type.
    """
    for name, kind in CHECKED_KINDS.items():
        value = options.get(name)
        legal, wanted = LEGAL_TYPES[kind]
        is_legal = isinstance(value, legal) and (kind != "switch" or value in {0, 1})
        if value is not None and not is_legal:
            raise OptionError(f"{function}: {name}: got {value!r}, want {wanted}")
    stray = [key for key in options.get("kwargs") or () if not isinstance(key, str)]
    if stray:
        raise OptionError(
            f"{function}: kwargs: got the key {stray[0]!r}, want names of arguments"
        )


def rename_keywords(
    function: str, options: Mapping[str, Any], names: Sequence[str]
) -> dict[str, Any]:
    """Return keyword arguments with old keywords under their new names.

    Raises:
        OptionError: for an unknown keyword, or one that is there under both names.
    """
    renamed: dict[str, Any] = {}
    for keyword, value in options.items():
        name = OLD_KEYWORDS.get(keyword, keyword) if keyword not in names else keyword
        if name not in names:
            spelt = (o.name for o in TRACE_OPTIONS.values() if keyword in o.spellings)
            meant = next(spelt, keyword)
            raise OptionError(
                f"{function}: unknown option {keyword!r}: {suggest(meant, names)}"
            )
        if name in renamed or (name != keyword and name in options):
            raise OptionError(f"{function}: {keyword} and {name}: want one of them")
        renamed[name] = value
    return renamed
