"""Every option of every door: `declared` has the rows, `option` what a row holds.

`keywords` checks the arguments of Python's functions by them.
"""

from resviz.options.declared import (
    DPI_LIMITS,
    DRAW_OPTIONS,
    FIGURE_OPTIONS,
    FILE_OPTIONS,
    LAYOUT_OPTIONS,
    PLACE_OPTIONS,
    SPELT_TRACE_OPTIONS,
    TABLE_OPTIONS,
    TRACE_OPTIONS,
    DrawOptions,
    FigureName,
    FigureOptions,
    LayoutOptions,
    PlaceOptions,
    TableOptions,
    TraceOptions,
)
from resviz.options.option import Option, collect_options

__all__ = [
    "DPI_LIMITS",
    "DRAW_OPTIONS",
    "FIGURE_OPTIONS",
    "FILE_OPTIONS",
    "LAYOUT_OPTIONS",
    "PLACE_OPTIONS",
    "SPELT_TRACE_OPTIONS",
    "TABLE_OPTIONS",
    "TRACE_OPTIONS",
    "DrawOptions",
    "FigureName",
    "FigureOptions",
    "LayoutOptions",
    "Option",
    "PlaceOptions",
    "TableOptions",
    "TraceOptions",
    "collect_options",
]
