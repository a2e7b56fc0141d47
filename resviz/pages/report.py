"""The report: everything about one network on one offline page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from resviz import __version__
from resviz.errors import RenderError, SpecError
from resviz.formats.pictures.svg import FLUID
from resviz.formats.tables.html import html_cell
from resviz.pages.report_costs import list_convention_counts, list_kind_costs
from resviz.pages.report_data import build_report_data
from resviz.pages.report_layers import (
    build_layer_list,
    find_part_tint,
    list_tint_colours,
)
from resviz.pages.report_parts import find_selecting_boxes
from resviz.readings import costs
from resviz.readings.structure import read_structure
from resviz.readings.structure.remarks import find_remarks
from resviz.tables.notes import batch_note, run_mode_notes, untracked_notes
from resviz.tables.paper import paper_table
from resviz.tables.shortcuts import shortcut_table, summarize_shortcuts
from resviz.tables.summary import summary_table
from resviz.tables.table import REASON_TEXTS
from resviz.templates import (
    json_for_script,
    read_script,
    render_page,
    render_part,
)
from resviz.units import (
    format_count,
    format_plural,
    format_sentence,
    format_sizes,
    group_digits,
)

if TYPE_CHECKING:
    from markupsafe import Markup

    from resviz.readings.structure import Structure
    from resviz.record import Architecture
    from resviz.tables.table import Table


ShortcutRow = Mapping[str, Any]
"""One row of the shortcut table."""

MERGED_NAME_KEYS = ("block", "name")
"""What equal shortcuts are named for."""

DISTINGUISHING_KEYS = (*MERGED_NAME_KEYS, "unit")
"""What tells equal shortcuts apart."""

SUMMED_KEYS = ("params", "macs", "params_share", "macs_share")
"""What equal shortcuts cost together."""


VIEW_SCRIPTS = (
    "elements", "numbers", "network", "store", "reasons", "tree", "icicle", "pass",
    "rows", "table", "inspector", "clipboard", "copying", "other_input", "links",
    "overview", "figures", "search", "tips", "theme", "panel",
)  # fmt: skip
"""The files of the views' script, each behind those whose functions it calls."""


@dataclass(frozen=True, slots=True)
class NetworkPage:
    """What the page says of one network.

    Attributes:
        arch: the record.
        prefix: of the ids of its elements; "" where it is alone.
        origin: labels and values of where the record is from.
        body: the sections, as HTML.
        script_data: what the script knows of it.
    """

    arch: Architecture
    prefix: str
    origin: list[tuple[str, str]]
    body: Markup
    script_data: dict[str, Any]

    @property
    def title(self) -> str:
        """The network's label."""
        return self.arch.label

    @property
    def data(self) -> Markup:
        """What the script knows, as JSON."""
        return write_script_data(self.script_data)


def render(arch: Architecture) -> str:
    """Render the page: one file that asks for no other, equal for equal records."""
    return render_report([build_network_page(arch)], arch.label, "main")


def render_report(
    networks: Sequence[NetworkPage], title: str, *scripts: str, **content: Any
) -> str:
    """Render the page of one network or of several.

    Args:
        networks: what is said of each.
        title: of the page.
        scripts: names of files behind `VIEW_SCRIPTS`.
        content: what else the template shows.
    """
    names = (*VIEW_SCRIPTS, *scripts)
    files = ("what_if.js", *(f"report/{name}.js" for name in names))
    return render_page(
        "report.html",
        title=title,
        scripts=(read_script(files),),
        strict=True,
        networks=networks,
        tints=list_tint_colours(),
        **{"comparison": None, **content},
    )


def build_network_page(
    arch: Architecture, prefix: str = "", *, has_own_input: bool = True
) -> NetworkPage:
    """Build what the page says of one network.

    Args:
        arch: the record.
        prefix: of the ids of its elements.
        has_own_input: whether it has fields of its own for another input.
    """
    structure = read_structure(arch)
    lanes, overview = draw_lanes(arch), draw_report_figure(arch, "overview")
    data = build_report_data(arch, structure)
    data["boxes"] = (lanes or overview).boxes
    overall = summary_table(arch)
    shortcuts = shortcut_table(arch)
    origin = list_origin(arch)
    body = render_part(
        "report_network.html",
        title=arch.label,
        prefix=prefix,
        owner=f"{prefix[:-1].upper()}: " if prefix else "",
        owner_id=f" {prefix}name" if prefix else "",
        has_own_input=has_own_input,
        origin=origin,
        totals=list_totals(arch, overall.data),
        counting=describe_counting(arch, overall.data["convention"]),
        gaps=[describe_uncounted(gap) for gap in overall.data["not_counted"]],
        uncalled=list_uncalled(arch),
        stages=stage_table_rows(structure, overall.rows),
        kind_costs=list_kind_costs(arch, structure),
        conventions=[*list_convention_counts(arch)],
        has_frozen=bool(arch.frozen_params),
        steps=overall.data["flow"],
        paper=paper_table_column(arch),
        lanes=lanes,
        overview=overview,
        volumes=draw_volumes(arch),
        shortcuts=list_shortcuts(structure, shortcuts.rows),
        shortcut_notes=describe_shortcuts(structure, shortcuts.data),
        layers=build_layer_list(arch, structure),
        has_memory="held" in data["layers"],
        cell=html_cell,
    )
    return NetworkPage(arch, prefix, origin, name_figures(body, prefix), data)


FIGURE_KEY = re.compile(r"\brv(?=[0-9a-f]{10}\b)")
"""How the ids in a figure begin, before a digest of what it shows."""


def name_figures(body: Markup, prefix: str) -> Markup:
    """Name figures anew, as those of two networks may be the same."""
    from markupsafe import Markup

    mark = prefix.removesuffix("-")
    return Markup(FIGURE_KEY.sub(f"rv{mark}", body))  # noqa: S704 - ids alone change


def write_script_data(data: object) -> Markup:
    """Write what the script knows as JSON, safe to insert."""
    from markupsafe import Markup

    return Markup(json_for_script(data))  # noqa: S704 - see there


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure as SVG with the boxes that select a part, or why there is none."""

    svg: Markup | None = None
    boxes: tuple[list[Any], ...] = ()
    trouble: str = ""


def draw_report_figure(
    arch: Architecture, name: str, *, before: Architecture | None = None
) -> ReportFigure:
    """Draw one of the figures of `resviz.figures`.

    Args:
        arch: the record.
        name: of the figure.
        before: another, from which what changed is marked.
    """
    from markupsafe import Markup

    from resviz.figures import draw_diagram

    try:
        archs = [arch] if before is None else [before, arch]
        diagram = draw_diagram(archs, name, diff=before is not None)
        svg = diagram.to_svg().replace(f' style="{FLUID}"', "", 1)
    except RenderError as error:
        return ReportFigure(trouble=str(error))
    boxes = tuple(find_selecting_boxes(arch, diagram.picture))
    return ReportFigure(Markup(svg), boxes)  # noqa: S704 - the format escapes what it writes


def draw_lanes(arch: Architecture) -> ReportFigure | None:
    """Draw a network in lanes that is no chain of parts; None of one that is."""
    from resviz.figures import GRAPH, choose_figure

    is_graph = choose_figure(arch) == GRAPH
    return draw_report_figure(arch, GRAPH) if is_graph else None


def draw_volumes(arch: Architecture) -> ReportFigure | None:
    """Draw a network as volumes; not one whose volumes stand in lanes, as its graph."""
    from resviz.figures import GRAPH, choose_figure
    from resviz.figures.volumes.placing import choose_row

    is_drawn_in_lanes = choose_figure(arch) == GRAPH and choose_row(arch) is None
    return None if is_drawn_in_lanes else draw_report_figure(arch, "volumes")


def list_origin(arch: Architecture) -> list[tuple[str, str]]:
    """List name, input, batch, mode and versions."""
    inputs = (
        f"{name} {format_sizes(tensor.shape)} {tensor.dtype}".strip()
        for name, tensor in arch.named_inputs
    )
    return [
        ("network", arch.name),
        ("input", " and ".join(inputs) or "none"),
        ("batch", str(arch.batch)),
        ("mode", "training" if arch.training else "evaluation"),
        ("torch", arch.torch or "unknown"),
        ("resviz", __version__),
    ]


def list_totals(arch: Architecture, data: dict[str, Any]) -> list[tuple[str, str, str]]:
    """List label, number and exact words of each total that the summary holds."""
    macs, sign = data["macs"], "≥ " if data["not_counted"] or data["unseen"] else ""
    blocks = format_plural(data["blocks"], "block")
    counted = f"{blocks} in {format_plural(len(data['stages']), 'stage')}"
    return [
        ("parameters", format_count(arch.params), group_digits(arch.params)),
        *list_trainable(arch),
        (
            "MACs",
            sign + format_count(macs),
            f"{group_digits(macs)} · {format_count(2 * macs)} FLOPs",
        ),
        (
            "element-wise",
            sign + format_count(data["elements"]),
            f"{group_digits(data['elements'])} elements beside the MACs",
        ),
        (
            "weighted layers deep",
            group_digits(data["depth"]),
            counted if data["blocks"] else "no residual blocks found",
        ),
        (
            "activations",
            format_count(data["activations"]),
            f"{group_digits(data['activations'])} values out of convolutions",
        ),
    ]


def list_trainable(arch: Architecture) -> list[tuple[str, str, str]]:
    """List what is trainable, beside what is frozen; nothing where all is trainable."""
    trainable, frozen = arch.trainable_params, arch.frozen_params
    if trainable is None or not frozen:
        return []
    words = f"{group_digits(trainable)} · {group_digits(frozen)} frozen"
    return [("trainable", format_count(trainable), words)]


def describe_counting(arch: Architecture, convention: str) -> str:
    """Return how it was counted, and run, in sentences."""
    notes = (batch_note(arch), *run_mode_notes(arch), *untracked_notes(arch))
    return " ".join([f"{convention}.", *map(format_sentence, notes)])


def describe_uncounted(gap: dict[str, Any]) -> str:
    """Say which operation has no cost rule, and where it is."""
    frequency = "once" if gap["count"] == 1 else f"{gap['count']} times"
    return f"{gap['operation']}, {frequency}, first at {gap['first']}"


def paper_table_column(arch: Architecture) -> Table | str:
    """Return the network's column of the paper's Table 1, or why it has none."""
    try:
        return paper_table([arch])
    except SpecError as error:
        return str(error)


def list_uncalled(arch: Architecture) -> list[str]:
    """Write a line for each module whose parameters no layer read."""
    return [
        f"{group.path or 'the model itself'} ({group.type}): "
        f"{group_digits(sum(p.numel for p in group.parameters))} parameters"
        for group in arch.uncalled
    ]


def stage_table_rows(
    structure: Structure, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Give the summary's rows tints; none without stages."""
    return [
        {
            **row,
            "tint": find_part_tint(structure, row["name"]),
            "blocks": f"{row['blocks']} {row['type']}" if row.get("blocks") else "",
            "output_shape": row.get("output_shape"),
        }
        for row in (rows if structure.stages else ())
    ]


def list_shortcuts(
    structure: Structure, rows: Iterable[ShortcutRow]
) -> list[dict[str, Any]]:
    """List the shortcuts; those in a row that differ in names alone are one."""
    runs = groupby(rows, lambda row: {**row, **dict.fromkeys(DISTINGUISHING_KEYS)})
    return [
        {**merge_shortcuts([*run]), "tint": find_part_tint(structure, shared["stage"])}
        for shared, run in runs
    ]


def describe_shortcuts(structure: Structure, data: list[dict[str, Any]]) -> list[str]:
    """Say what the shortcuts are and cost, and what is unusual, in sentences."""
    total = costs.sum_record_costs(structure.arch)
    notes = (*summarize_shortcuts(data, total), *find_remarks(structure))
    return [format_sentence(note) for note in notes]


def merge_shortcuts(run: list[ShortcutRow]) -> dict[str, Any]:
    """Make equal shortcuts one row, with what they cost together."""
    first, last = run[0], run[-1]
    ends = [first] if len(run) == 1 else [first, last]
    return {
        **first,
        "reason": REASON_TEXTS.get(first["reason"]),
        **{key: sum(row[key] for row in run) for key in SUMMED_KEYS},
        **{key: " – ".join(row[key] for row in ends) for key in MERGED_NAME_KEYS},
        "count": len(run),
        "members": [row["name"] for row in run],
    }
