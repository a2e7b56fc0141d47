"""The page of several networks: each by itself, and what changed from the first."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from resviz.figures.overview.changes import SIGNS, list_marked_changes
from resviz.pages.report import (
    NetworkPage,
    ReportFigure,
    build_network_page,
    draw_report_figure,
    render_report,
    write_script_data,
)
from resviz.readings import costs
from resviz.readings.compare import read_comparison
from resviz.readings.structure import count_depth, read_structure
from resviz.tables.compare import COLUMNS, comparison_table
from resviz.units import SignedCount, format_plural, format_sizes, group_digits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from resviz.figures.overview.changes import MarkedChange
    from resviz.readings.compare import Comparison
    from resviz.readings.compare.touched import LayerPair
    from resviz.record import Architecture
    from resviz.tables.table import Table


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """What changed from the first network to another.

    Attributes:
        number: of the other network on the page.
        letter: of it, in addresses.
        comparison: of both.
        table: the same, a row a change.
        marked: the changes, with their numbers.
        figure: the other's overview with the changes marked; None where that says
            nothing, as of two families.
    """

    number: int
    letter: str
    comparison: Comparison
    table: Table
    marked: list[MarkedChange]
    figure: ReportFigure | None

    @property
    def change_rows(self) -> list[dict[str, str]]:
        """The rows of the table as text, with sign and kind of each change."""
        rows: list[dict[str, str]] = []
        for row in self.table.rows:
            texts = {column.key: column.text(row[column.key]) for column in COLUMNS}
            if row["number"] is not None:
                kind = self.marked[row["number"] - 1].kind
                texts |= {"kind": kind, "sign": SIGNS[kind]}
            rows.append(texts)
        return rows

    def list_script_data(self) -> dict[str, Any]:
        """Return what the script knows: layers of changes, and counterparts."""
        pairs = self.comparison.counterparts
        layers = self.comparison.after.arch.stored_layers
        return {
            "network": self.number,
            "counterparts": [pairs.get(layer.index, -1) for layer in layers],
            "isTold": not self.comparison.is_of_families,
            "changes": [
                [
                    [*map(join_into_runs, find_change_layers(self.comparison, each))],
                    each.kind,
                ]
                for each in self.marked
            ],
        }


@dataclass(frozen=True, slots=True)
class ComparisonContent:
    """What the page says of all networks together.

    Attributes:
        heads: letter and title of each network.
        totals: rows of their costs: key, label, and for each network its number and
            how it differs from the first.
        pairs: what changed from the first to each other.
        shares_input: whether one field of input is that of all.
    """

    heads: list[tuple[str, str]]
    totals: list[tuple[str, str, list[tuple[str, str]]]]
    pairs: list[ComparedPair]
    shares_input: bool

    @property
    def data(self) -> Markup:
        """What the script knows of it, as JSON."""
        return write_script_data(
            {
                "letters": [letter for letter, _ in self.heads],
                "pairs": [pair.list_script_data() for pair in self.pairs],
            }
        )


def render_comparison(
    archs: Sequence[Architecture], resized: Sequence[Architecture | None] = ()
) -> str:
    """Render the page of several networks: one file that asks for no other.

    Args:
        archs: the first, and what is compared with it.
        resized: the first on the input of each other, where that differs and is known.

    Raises:
        SpecError: as `compare_records`.
    """
    base, *variants = archs
    known = resized or [None] * len(variants)
    letters = ascii_lowercase[: len(archs)]
    pairs = [
        compare_pair(base, arch, on_its_input, number, letters[number])
        for number, (arch, on_its_input) in enumerate(
            zip(variants, known, strict=True), start=1
        )
    ]
    is_shared = all([*arch.named_inputs] == [*base.named_inputs] for arch in variants)
    networks = [
        build_network_page(arch, f"{letter}-", has_own_input=not is_shared)
        for arch, letter in zip(archs, letters, strict=True)
    ]
    title = (
        " → ".join(pairs[0].comparison.names)
        if len(pairs) == 1
        else f"{base.label} and {format_plural(len(pairs), 'variant')}"
    )
    content = ComparisonContent(
        [(letter, arch.label) for arch, letter in zip(archs, letters, strict=True)],
        [*list_compared_totals(networks)],
        pairs,
        is_shared,
    )
    scripts = ("comparison", "compared_marks", "compared_main")
    return render_report(networks, title, *scripts, comparison=content)


def compare_pair(
    base: Architecture,
    arch: Architecture,
    resized: Architecture | None,
    number: int,
    letter: str,
) -> ComparedPair:
    """Compare the first network with another."""
    comparison = read_comparison(base, arch, resized)
    has_marks = comparison.every and not comparison.is_of_families
    return ComparedPair(
        number,
        letter,
        comparison,
        comparison_table(comparison),
        list_marked_changes(comparison, read_structure(arch)),
        draw_report_figure(arch, "overview", before=base) if has_marks else None,
    )


def find_change_layers(comparison: Comparison, marked: MarkedChange) -> LayerPair:
    """Find the layers of both networks that a change concerns; none of one of all.

    Where it touches none by itself, they are those of the parts where it is marked.
    """
    before, after = comparison.find_layers(marked.change)
    if before or after:
        return before, after
    after = frozenset().union(*marked.layers)
    pairs = comparison.counterparts
    return frozenset(pairs[index] for index in after if index in pairs), after


def join_into_runs(indices: frozenset[int]) -> list[int]:
    """Join numbers into runs, of each its first and last: 0, 4, 7, 7."""
    runs: list[int] = []
    for index in sorted(indices):
        if runs and runs[-1] == index - 1:
            runs[-1] = index
        else:
            runs += [index, index]
    return runs


def list_compared_totals(
    networks: Sequence[NetworkPage],
) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield rows of the costs of all networks, and how they differ from the first."""
    archs = [network.arch for network in networks]
    totals = [costs.sum_record_costs(arch) for arch in archs]
    signs = ["≥ " if total.leaves_out else "" for total in totals]
    inputs = [
        " and ".join(format_sizes(tensor.shape) for _, tensor in arch.named_inputs)
        for arch in archs
    ]
    yield "input", "input", [(text, "") for text in inputs]
    depths = [count_depth(read_structure(arch)) for arch in archs]
    amounts = {
        ("depth", "weighted layers deep"): depths,
        ("params", "parameters"): [arch.params for arch in archs],
        ("macs", "MACs"): [total.macs for total in totals],
        ("activations", "activations"): [total.activations for total in totals],
    }
    held = [network.script_data["layers"].get("held") for network in networks]
    if all(held):
        amounts["held", "bytes held at most"] = [max(each or [0]) for each in held]
    for (key, label), row in amounts.items():
        bounds = signs if key == "macs" else [""] * len(row)
        yield (
            key,
            label,
            [
                (bound + group_digits(amount), write_difference(amount, row[0]))
                for bound, amount in zip(bounds, row, strict=True)
            ],
        )


def write_difference(amount: int, first: int) -> str:
    """Write how an amount differs from the first, "" where it does not."""
    return f"{SignedCount(amount - first):,}" if amount != first else ""
