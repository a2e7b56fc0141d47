"""The comparison: what changed from one network to another, a row a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, suggest
from resviz.readings import costs
from resviz.readings.compare import COMPARED, Comparison, compare_records
from resviz.readings.compare.shares import CostShare, add_shares
from resviz.readings.structure import count_depth
from resviz.record import Source
from resviz.tables.json_head import json_head
from resviz.tables.notes import counting_notes
from resviz.tables.receptive import receptive_table
from resviz.tables.shapes import arrange_shape
from resviz.tables.table import Column, Table
from resviz.units import SignedCount, format_plural, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.readings.compare.changes import Change
    from resviz.readings.compare.parts import NetworkParts
    from resviz.record import Architecture

COLUMNS = (
    Column("number", "no."),
    Column("change", "change", "sentence"),
    Column("params", "parameters", "count"),
    Column("macs", "MACs", "count"),
    Column("activations", "activations", "count", spare=1),
    Column("memory", "memory, MiB", "bytes", spare=2),
)

ATTRIBUTION = (
    "what goes is counted as it was in the first network, what comes as it is in the "
    "second; what stays changes in this order: {}. Each share is what that step alone "
    "adds"
)
"""The rule by which a change owns its share, to be printed below every table."""

ORDERS = {
    "widths": "biases and kernels, widths (in, then out), groups, positions",
    "groups": "biases and kernels, groups, widths (in, then out), positions",
    "both": "biases and kernels, widths and groups at once, positions",
}
"""In which order the factors of a weighted layer change."""

INPUT_RULES = {
    True: "; another input is counted first, on all of the first network",
    False: "; another input is counted where both have a layer",
}
"""What is added where the inputs differ, by whether the first is known on it."""

MEMORY = (
    "memory: bytes of what each operation gives, views aside, as if none wrote in place"
)

NOT_COMPARED = (
    "compared by operations, shapes, edges and parameters; names, values, and numbers "
    "without a shape, as a slope or what dropout drops, are not"
)
"""What a comparison does not see, to be printed below every table."""

CANCELLING = 5
"""So many times the difference are shares that nearly cancel, and are remarked on."""


def compare_table(
    a: Architecture,
    b: Architecture,
    resized: Architecture | None = None,
    *,
    only: str | None = None,
) -> Table:
    """Return what changed from one network to another, a row a change.

    Args:
        a: the one.
        b: the other.
        resized: A on the input of B, where they differ and it is known.
        only: changes of "structure", "shapes" or "costs" alone; all others are one row.

    Raises:
        SpecError: for another `only`; and as `compare_records`.
    """
    check_only(only)
    return comparison_table(compare_records(a, b, resized), only=only)


def comparison_table(comparison: Comparison, *, only: str | None = None) -> Table:
    """Return a comparison as a table; `only` is that of `compare_table`."""
    changes = comparison.select_changes(only)
    left_out = [c for c in comparison.changes if c not in changes]
    first, last = comparison.names
    rows = [
        share_row(f"from {first}", comparison.before.total),
        *(
            signed_row(change.sentence, change.share) | {"number": number}
            for number, change in enumerate(changes, start=1)
        ),
    ]
    if left_out:
        rest = add_shares(change.share for change in left_out)
        words = f"{format_plural(len(left_out), 'change')} of other kinds, not shown"
        rows.append(signed_row(words, rest))
    rows += [
        signed_row("difference", comparison.difference),
        share_row(f"to {last}", comparison.after.total),
    ]
    return Table(
        comparison.headline,
        COLUMNS,
        tuple(rows),
        compare_data(comparison, changes) | json_head("compare"),
        facts=tuple(compare_facts(comparison)),
        notes=tuple(compare_notes(comparison, changes)),
        marked=frozenset({0, len(rows) - 1}),
        mark="the networks as they are",
    )


def check_only(only: str | None) -> None:
    """Check what a comparison is limited to.

    Raises:
        SpecError: if it is none of `COMPARED`.
    """
    if only is not None and only not in COMPARED:
        raise SpecError(f"only: got {only!r}, {suggest(only, COMPARED)}")


def share_row(words: str, total: CostShare) -> dict[str, Any]:
    """Write the totals of a network."""
    return {
        "number": None,
        "change": words,
        "params": total.params,
        "macs": total.macs,
        "activations": total.activations,
        "memory": total.memory,
    }


def signed_row(words: str, share: CostShare) -> dict[str, Any]:
    """Write a change with its share, signed."""
    return {
        "number": None,
        "change": words,
        "params": SignedCount(share.params),
        "macs": SignedCount(share.macs),
        "activations": SignedCount(share.activations),
        "memory": SignedCount(share.memory),
    }


def compare_data(comparison: Comparison, changes: Sequence[Change]) -> dict[str, Any]:
    """Return the comparison as JSON has it."""
    return {
        "from": network_data(comparison.before),
        "to": network_data(comparison.after),
        "order": comparison.order,
        "families": comparison.is_of_families,
        "same": not comparison.every,
        "changes": [
            change.list_fields() | {"marks": list(change.marks)} for change in changes
        ],
    }


def network_data(network: NetworkParts) -> dict[str, Any]:
    """Return one of the networks as JSON has it."""
    arch, total = network.arch, network.total
    return {
        "name": arch.name,
        "title": arch.label,
        "input_shape": list(arch.input_shape),
        "params": total.params,
        "macs": total.macs,
        "activations": total.activations,
        "memory": total.memory,
        "depth": count_depth(network.structure),
        "blocks": [len(stage) for stage in network.stages],
        "not_counted": costs.name_gaps(arch),
    }


def compare_facts(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Yield what the changes lead to, and no one of them owns."""
    if not comparison.every:
        return
    before, after = (
        dict(find_facts(network)) for network in (comparison.before, comparison.after)
    )
    for label, value in before.items():
        if after.get(label, value) != value:
            yield label, f"{value} → {after[label]}"


def find_facts(network: NetworkParts) -> Iterator[tuple[str, str]]:
    """Yield depth, largest receptive field where it is known, and the last map."""
    yield "depth", str(count_depth(network.structure))
    data = receptive_table(network.arch).data
    if data["largest"] and not data["not_known"]:
        yield "receptive field", format_sizes(data["largest"]["receptive_field"])
    if network.blocks:
        last = network.blocks[-1].block
        shape = arrange_shape(network.arch, last.output_shape, Source(last.end))
        yield "last map", format_sizes(shape.sizes)


def compare_notes(comparison: Comparison, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the rule of attribution, what nearly cancels, and what is not seen."""
    a, b = comparison.before.arch, comparison.after.arch
    rule = ATTRIBUTION.format(ORDERS[comparison.order])
    has_other_input = a.inputs != b.inputs and bool(comparison.every)
    yield rule + (INPUT_RULES[comparison.is_resized] if has_other_input else "")
    yield from remark_cancelling(comparison, changes)
    yield from remark_idle_layers(comparison)
    yield MEMORY
    yield NOT_COMPARED
    notes = [counting_notes(arch) for arch in (a, b)]
    yield from dict.fromkeys(note for some in notes for note in some)


def remark_idle_layers(comparison: Comparison) -> Iterator[str]:
    """Say which layers do nothing in evaluation, so that they are no change of it."""
    a, b = comparison.names
    for name, (before, after) in comparison.idle_types.items():
        yield (
            f"{name} does nothing in evaluation: {a} has {before}, {b} has {after}; "
            "--training compares what it does there"
        )


def remark_cancelling(
    comparison: Comparison, changes: Sequence[Change]
) -> Iterator[str]:
    """Say which two shares nearly cancel, so that they are read together."""
    for key, words in (("params", "parameters"), ("macs", "MACs")):
        shares = sorted(
            (getattr(change.share, key), number)
            for number, change in enumerate(changes, start=1)
        )
        whole = abs(getattr(comparison.difference, key))
        if sum(abs(share) for share, _ in shares) <= CANCELLING * whole:
            continue
        if shares and shares[0][0] < 0 < shares[-1][0]:
            first, last = sorted((shares[0][1], shares[-1][1]))
            yield (
                f"changes {first} and {last} nearly cancel in {words}: read them "
                "together"
            )
