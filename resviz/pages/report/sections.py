"""The head of the page: what was traced, and the numbers that matter first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.figures.drawing import styles
from resviz.readings import costs
from resviz.readings.structure.remarks import find_remarks
from resviz.tables.notes import batch_note, run_mode_notes, untracked_notes
from resviz.tables.paper import paper_table
from resviz.tables.shortcuts import shortcut_table, summarize_shortcuts
from resviz.units import format_count, format_sizes, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.structure import Structure
    from resviz.record import Architecture, Shape
    from resviz.tables.table import Table


@dataclass(frozen=True, slots=True)
class Heading:
    """What was traced, and with what.

    Attributes:
        title: of the page.
        facts: label and text, in one line below it.
    """

    title: str
    facts: tuple[tuple[str, str], ...]


def report_heading(arch: Architecture) -> Heading:
    """Name, input, batch, mode and versions."""
    from resviz import __version__

    inputs = (
        f"{name} {format_sizes(tensor.shape)} {tensor.dtype}".strip()
        for name, tensor in arch.named_inputs
    )
    return Heading(
        arch.label,
        (
            ("network", arch.name),
            ("input", " and ".join(inputs) or "none"),
            ("batch", str(arch.batch)),
            ("mode", "training" if arch.training else "evaluation"),
            ("torch", arch.torch or "unknown"),
            ("resviz", __version__),
        ),
    )


@dataclass(frozen=True, slots=True)
class Total:
    """One large number: its label, the number, and what it says exactly."""

    label: str
    number: str
    exact: str


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a network and how they are counted.

    Attributes:
        numbers: in the order of their weight.
        convention: how MACs are counted.
        gaps: a line for each operation that no total includes.
        uncalled: a line for each module whose parameters no layer read.
    """

    numbers: tuple[Total, ...]
    convention: str
    gaps: tuple[str, ...]
    uncalled: tuple[str, ...]


def report_totals(arch: Architecture, data: dict[str, Any]) -> Totals:
    """Return the totals that the summary's `data` holds."""
    macs, sign = data["macs"], "≥ " if data["not_counted"] else ""
    counted = f"{data['blocks']} residual blocks in {len(data['stages'])} stages"
    flops = f"{group_digits(macs)} · {format_count(2 * macs)} FLOPs"
    return Totals(
        (
            Total("parameters", format_count(arch.params), group_digits(arch.params)),
            Total("MACs", sign + format_count(macs), flops),
            Total(
                "element-wise",
                sign + format_count(data["elements"]),
                f"{group_digits(data['elements'])} elements beside the MACs",
            ),
            Total(
                "weighted layers deep",
                group_digits(data["depth"]),
                counted if data["blocks"] else "no residual blocks found",
            ),
            Total(
                "activations",
                format_count(data["activations"]),
                f"{group_digits(data['activations'])} values out of convolutions",
            ),
        ),
        describe_counting(arch, data["convention"]),
        tuple(describe_uncounted(gap) for gap in data["not_counted"]),
        tuple(
            f"{group.path or 'the model itself'} ({group.type}): "
            f"{group_digits(sum(p.numel for p in group.parameters))} parameters"
            for group in arch.uncalled
        ),
    )


def describe_counting(arch: Architecture, convention: str) -> str:
    """Return how it was counted, and run, in sentences."""
    notes = (batch_note(arch), *run_mode_notes(arch), *untracked_notes(arch))
    return " ".join([f"{convention}.", *map(as_sentence, notes)])


def as_sentence(note: str) -> str:
    """Return a note as a sentence."""
    return f"{note[:1].upper()}{note[1:]}."


def describe_uncounted(gap: dict[str, Any]) -> str:
    """One operation without a cost rule."""
    frequency = "once" if gap["count"] == 1 else f"{gap['count']} times"
    return f"{gap['operation']}, {frequency}, first at {gap['first']}"


def paper_table_column(arch: Architecture) -> Table | str:
    """Return the network's column of the paper's Table 1, or why it has none."""
    try:
        return paper_table([arch])
    except SpecError as error:
        return str(error)


def list_tint_colours() -> list[tuple[str, styles.Tint, styles.Tint]]:
    """CSS class, light and dark colours of each tint of the figures."""
    light, dark = styles.SCREEN_STYLE.tints, styles.DARK_STYLE.tints
    return [(tint_css_class(key), light[key], dark[key]) for key in styles.TINTS]


def tint_css_class(tint: str) -> str:
    """Return the CSS class of a tint."""
    return tint.replace(" ", "-")


def find_part_tint(structure: Structure, name: str) -> str:
    """The CSS class of the part called `name`; "" if it is none of the figures'."""
    if name in {"stem", "head"}:
        return name
    numbers = [k for k, stage in enumerate(structure.stages) if stage.name == name]
    return tint_css_class(styles.stage_tint(numbers[0])) if numbers else ""


def name_layer_parts(structure: Structure) -> dict[int, str]:
    """The name of the part that each layer lies in, by index; others are missing.

    Without stages nothing is a stem or a head either.
    """
    if not structure.stages:
        return {}
    names = {layer.index: "stem" for layer in structure.stem}
    for stage in structure.stages:
        names |= dict.fromkeys(stage.layer_indices, stage.name)
    return names | {layer.index: "head" for layer in structure.head}


@dataclass(frozen=True, slots=True)
class StageTableRow:
    """One row of the stage table.

    Attributes:
        name: "stem", the stage's, "head", or what holds the rest.
        tint: its CSS class.
        blocks: how many blocks of which type, "" if it has none.
        output_shape: of its last layer, if it is known.
        params: its parameters; their part of all is `params_share`.
        macs: its MACs; their part of all is `macs_share`.
    """

    name: str
    tint: str
    blocks: str
    output_shape: Shape | None
    params: int
    params_share: float
    macs: int
    macs_share: float


def stage_table_rows(
    structure: Structure, rows: Iterable[Mapping[str, Any]]
) -> list[StageTableRow]:
    """The rows of the summary, with their shares of the whole; none without stages."""
    rows = list(rows) if structure.stages else []
    params = sum(row["params"] for row in rows) or 1
    macs = sum(row["macs"] for row in rows) or 1
    return [
        StageTableRow(
            row["name"],
            find_part_tint(structure, row["name"]),
            f"{row['blocks']} {row['type']}" if row.get("blocks") else "",
            row.get("output_shape"),
            row["params"],
            row["params"] / params,
            row["macs"],
            row["macs"] / macs,
        )
        for row in rows
    ]


ShortcutRow = Mapping[str, Any]
"""One row of the shortcut table."""

MERGED_NAME_KEYS = ("block", "name")
"""What equal shortcuts are named for."""

DISTINGUISHING_KEYS = (*MERGED_NAME_KEYS, "unit")
"""What tells equal shortcuts apart."""

SUMMED_KEYS = ("params", "macs", "params_share", "macs_share")
"""What equal shortcuts cost together."""


@dataclass(frozen=True, slots=True)
class ShortcutList:
    """The table of shortcuts: its rows, and what is said of them in sentences."""

    rows: list[dict[str, Any]]
    notes: tuple[str, ...]


def build_shortcut_list(structure: Structure) -> ShortcutList:
    """Return the shortcuts of a network; no rows if it has none."""
    table = shortcut_table(structure.arch)
    rows = [
        merge_shortcuts(run) | {"tint": find_part_tint(structure, run[0]["stage"])}
        for run in group_equal_shortcuts(table.rows)
    ]
    if not rows:
        return ShortcutList([], ())
    total = costs.sum_record_costs(structure.arch)
    notes = (*summarize_shortcuts(table.data, total), *find_remarks(structure))
    return ShortcutList(rows, tuple(map(as_sentence, notes)))


def group_equal_shortcuts(rows: Iterable[ShortcutRow]) -> Iterable[list[ShortcutRow]]:
    """Rows one after the other that differ in their names alone."""
    for _, run in groupby(
        rows, lambda row: {**row, **dict.fromkeys(DISTINGUISHING_KEYS)}
    ):
        yield list(run)


def merge_shortcuts(run: list[ShortcutRow]) -> dict[str, Any]:
    """Equal shortcuts as one row, with what they cost together."""
    first, last = run[0], run[-1]
    ends = [first] if len(run) == 1 else [first, last]
    return {
        **first,
        **{key: sum(row[key] for row in run) for key in SUMMED_KEYS},
        **{key: " – ".join(row[key] for row in ends) for key in MERGED_NAME_KEYS},
        "count": len(run),
        "members": [row["name"] for row in run],
    }
