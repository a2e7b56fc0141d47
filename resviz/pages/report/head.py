"""The head of the page: what was traced, and the numbers that matter first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.tables.notes import batch_note, run_mode_notes, untracked_notes
from resviz.tables.paper import paper_table
from resviz.units import format_count, format_sizes, group_digits

if TYPE_CHECKING:
    from resviz.record import Architecture
    from resviz.tables import Table


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
    """The totals that the summary's `data` holds."""
    macs, sign = data["macs"], "≥ " if data["not_counted"] else ""
    built = f"{data['blocks']} residual blocks in {len(data['stages'])} stages"
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
                built if data["blocks"] else "no residual blocks found",
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
    """How it was counted, and run, in sentences."""
    notes = (batch_note(arch), *run_mode_notes(arch), *untracked_notes(arch))
    return " ".join([f"{convention}.", *map(as_sentence, notes)])


def as_sentence(note: str) -> str:
    """A note as a sentence."""
    return f"{note[:1].upper()}{note[1:]}."


def describe_uncounted(gap: dict[str, Any]) -> str:
    """One operation without a cost rule."""
    frequency = "once" if gap["count"] == 1 else f"{gap['count']} times"
    return f"{gap['operation']}, {frequency}, first at {gap['first']}"


def paper_table_column(arch: Architecture) -> Table | str:
    """The network's column of the paper's Table 1, or why it has none."""
    try:
        return paper_table([arch])
    except SpecError as error:
        return str(error)
