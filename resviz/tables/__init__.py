"""Tables: a record's readings as rows for the eye and for other programs.

One file a table, imported when it is asked for, so that none waits for the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from resviz.errors import OptionError, SpecError, suggest
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from resviz.record import Architecture
    from resviz.tables.table import Table


@dataclass(frozen=True, slots=True)
class RegisteredTable:
    """One table, by which commands, documents and the reference page know it.

    Attributes:
        help: what its command prints; the rest of its help below a blank line.
        builder: what makes it of one record, or of several, "module:function".
        options: those of `resviz.options.TableOptions` that it takes, besides
            `columns`, which all take; of `only`, also the registry of legal words.
        several: whether it has a column a network.
        layered: whether its rows are layers.
        retraces: whether it shows other inputs, and traces each where there is more
            than a record: `trace_at` is given to its builder.
        measures: whether it can show times of this machine, `measured` then, where
            its option `measure` is given and there is a model to run.
        code: what writes Python of it, "module:function"; "" if nothing does.
    """

    help: str
    builder: str
    options: Mapping[str, str] = field(default_factory=dict)
    several: bool = False
    layered: bool = False
    retraces: bool = False
    code: str = ""
    measures: bool = False

    def build(
        self,
        archs: Sequence[Architecture],
        columns: Sequence[str] | None = None,
        **options: Any,
    ) -> Table:
        """Return the table of some records.

        Args:
            archs: one; several for a table with a column a network.
            columns: those to keep, by key or heading; None for all.
            options: its own.

        Raises:
            SpecError: for a wrong value of an option, or an unknown column.
        """
        module, _, function = self.builder.partition(":")
        builder: Callable[..., Table] = getattr(import_module(module), function)
        table = builder(archs if self.several else archs[0], **options)
        if columns is None:
            return table
        try:
            return table.select_columns(columns)
        except SpecError as error:
            raise SpecError(f"columns: {error}") from None

    def write_code(self, archs: Sequence[Architecture], **options: Any) -> str:
        """Return the Python that it stands for, of one record.

        Raises:
            SpecError: as `build`.
        """
        module, _, function = self.code.partition(":")
        return getattr(import_module(module), function)(archs[0], **options)


RANKING = dict.fromkeys(("sort", "top", "reverse"), "")
"""Options of tables that may be long."""

TABLES = {
    "table": RegisteredTable(
        "Print the paper's Table 1, a column a SPEC.\n\n"
        "Without a SPEC: the five networks of He et al. 2015 as they are there, with "
        "the stride in the first 1×1, and parameter-free shortcuts for 18 and 34. "
        '"Ours=SPEC" heads a column with a name of your own.',
        "resviz.tables.paper:paper_table",
        several=True,
    ),
    "summary": RegisteredTable(
        "Print totals, stages, and the arithmetic of the shape flow.",
        "resviz.tables.summary:summary_table",
    ),
    "layers": RegisteredTable(
        "Print shapes, windows, parameters and MACs, a row a layer.",
        "resviz.tables.layers:layer_table",
        {
            "depth": "",
            "only": "resviz.tables.layers:LAYER_KINDS",
            "once": "",
            **RANKING,
        },
        layered=True,
    ),
    "shortcuts": RegisteredTable(
        "Print where shortcuts project, why, and what that costs.",
        "resviz.tables.shortcuts:shortcut_table",
        {
            "only": "resviz.readings.structure.shortcuts:SHORTCUT_KINDS",
            "why": "",
            "once": "",
            **RANKING,
        },
    ),
    "costs": RegisteredTable(
        "Print what each tool and paper counts, and why they differ.",
        "resviz.tables.costs:costs_table",
    ),
    "features": RegisteredTable(
        "Print the maps of all stages, as a neck asks for: channels, strides, MACs.",
        "resviz.tables.features:feature_table",
        {"out_indices": ""},
        code="resviz.tables.features:write_features_python",
    ),
    "receptive": RegisteredTable(
        "Print receptive fields, total strides, padding and centres.",
        "resviz.tables.receptive:receptive_table",
        {"every": "", **RANKING},
    ),
    "memory": RegisteredTable(
        "Print bytes of parameters, of the peak, and kept by training.",
        "resviz.tables.memory:memory_table",
        {
            "every": "",
            "fit": "",
            "autocast": "resviz.readings.autocast:LOWER_DTYPES",
            **RANKING,
        },
    ),
    "sizes": RegisteredTable(
        "Print what other sizes of the input give, cost and waste.\n\n"
        "The last map, MACs, the peak of memory, what of the map lies beyond the input "
        "or of the input is never read, and which sizes do not work. Of a stored "
        "record all is worked out without a trace.",
        "resviz.tables.sizes:sizes_table",
        {"sizes": ""},
        retraces=True,
    ),
    "roofline": RegisteredTable(
        "Print lower bounds of time: which layers memory bounds, on which device.\n\n"
        "A row a device with its published peaks, or of one --device a row a layer: "
        "bytes moved, FLOPs a byte, the time that it takes at least. It is a bound, no "
        "prediction; --measure shows what layers take on this machine beside theirs.",
        "resviz.tables.roofline:roofline_table",
        {
            "device": "",
            "precision": "resviz.readings.devices:PRECISIONS",
            "fused": "",
            "measure": "",
            **RANKING,
        },
        measures=True,
    ),
}
"""Every table by the name of its command, its function and its place in documents."""


def find_table(name: str, options: Mapping[str, Any]) -> RegisteredTable:
    """Return a table by name, after checking that it takes some options.

    Raises:
        SpecError: for an unknown table; lists them all.
        OptionError: for an option that it does not have; lists the tables that do.
    """
    if name not in TABLES:
        raise SpecError(f"unknown table {name!r}: {suggest(name, TABLES)}")
    for option in options:
        if option not in {"columns", *TABLES[name].options}:
            others = [other for other in TABLES if option in TABLES[other].options]
            lack = "has no kinds" if option == "only" else "has no such option"
            raise OptionError(f"{option}: {name!r} {lack}; {join_words(others)} do")
    return TABLES[name]
