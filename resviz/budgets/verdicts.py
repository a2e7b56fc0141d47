"""What becomes of each limit of a budget: what was wanted, what there is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from resviz.budgets.configuration import format_amount
from resviz.budgets.reasons import causes_data, say_causes
from resviz.errors import SpecError
from resviz.readings import costs, memory
from resviz.readings.compare import Comparison, compare_records
from resviz.units import format_plural, format_sizes, group_digits, join_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.budgets.configuration import NetworkBudget
    from resviz.record import Architecture

MOST_DIFFERENCES = 3
"""How many changes one line names where all are breaches."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one limit.

    Attributes:
        key: of the limit, "max-macs".
        wanted: in words, "at most 4.1G".
        got: in words, with its unit.
        passed: whether it holds.
        because: which changes caused the breach, "" if that is not known.
        value: what was got, as data.
        causes: the changes, as data.
    """

    key: str
    wanted: str
    got: str
    passed: bool
    because: str = ""
    value: Any = None
    causes: tuple[dict[str, Any], ...] = ()

    @property
    def sentence(self) -> str:
        """The limit in one line: what was got, what was wanted, and why."""
        because = f": {self.because}" if self.because else ""
        return f"{self.key}: got {self.got}, want {self.wanted}{because}"


class Trial:
    """One network before its budget.

    Args:
        arch: the network, as it is.
        budget: what it may cost and has to be.
        stored: its stored record, if it has one.
    """

    def __init__(
        self, arch: Architecture, budget: NetworkBudget, stored: Architecture | None
    ) -> None:
        self.arch = arch
        self.budget = budget
        self.stored = stored

    @cached_property
    def comparison(self) -> Comparison | None:
        """What changed since the record; None without one.

        Raises:
            SpecError: if one was traced in training mode and the other was not.
        """
        if self.stored is None:
            return None
        return compare_records(self.stored, self.arch)

    def judge(self) -> tuple[Verdict, ...]:
        """Judge all limits, in the order in which they are told.

        Raises:
            SpecError: as `comparison`, naming the place of the budget.
        """
        try:
            return (
                *self.judge_most(),
                *self.judge_growth(),
                *self.judge_expected(),
                *self.judge_equal(),
            )
        except SpecError as error:
            raise SpecError(f"{self.budget.where}: {error}") from error

    def judge_most(self) -> Iterator[Verdict]:
        """Judge the limits that need no record."""
        for amount, (limit, text) in self.budget.most.items():
            wanted = f"at most {text}"
            yield self.judge_amount(f"max-{amount}", amount, limit, wanted)

    def judge_growth(self) -> Iterator[Verdict]:
        """Judge the limits that are told from a record."""
        for amount, (growth, text) in self.budget.growth.items():
            assert self.stored is not None
            before = measure_amount(self.stored, amount)
            wanted = f"at most {text} of {format_amount(amount, before)}"
            yield self.judge_amount(amount, amount, growth.limit(before), wanted)

    def judge_amount(self, key: str, amount: str, limit: int, wanted: str) -> Verdict:
        """Judge whether there is no more of something than is allowed.

        A count that leaves something out meets no limit, unless it is told from a
        record that leaves out the same.
        """
        value, passed = measure_amount(self.arch, amount), False
        got, because = format_amount(amount, value), ""
        gaps = costs.name_gaps(self.arch) if amount in {"macs", "activations"} else []
        if gaps and key == amount and self.stored is not None:
            gaps = [] if gaps == costs.name_gaps(self.stored) else gaps
        if value > limit:
            because = self.explain(amount)
            got += f", {group_digits(value - limit)} too many"
        elif gaps:
            got = f"at least {got}"
            because = f"not counted: {join_words(dict.fromkeys(gaps))}"
        else:
            passed = True
        return self.decide(key, wanted, got, passed, because, value, amount)

    def judge_expected(self) -> Iterator[Verdict]:
        """Judge what the network has to be."""
        for key, wanted in self.budget.expected.items():
            got = measure_structure(self.arch, key)
            words = write_expected(key, got)
            if key == "depth" and costs.find_uncounted_weights(self.arch):
                words, got = f"at least {words}", None
            passed = got == wanted
            because = "" if passed else self.explain(key)
            text = write_expected(key, wanted)
            yield self.decide(key, text, words, passed, because, got, key)

    def judge_equal(self) -> Iterator[Verdict]:
        """Judge whether the network equals its record."""
        if not self.budget.equal or self.comparison is None:
            return
        only = None if self.budget.equal == "all" else self.budget.equal
        changes = self.comparison.changes
        if not self.comparison.is_of_families:  # of which all differs
            changes = self.comparison.select_changes(only)
        noun = {None: "network", "structure": "structure", "shapes": "shapes"}
        wanted = f"the {noun.get(only, 'costs')} of {self.budget.record}"
        got = format_plural(len(changes), "change") if changes else "the same"
        told = [change.sentence for change in changes[:MOST_DIFFERENCES]]
        if len(changes) > len(told):
            told.append(f"and {len(changes) - len(told)} more")
        causes = [
            cause
            for cause in causes_data(self.comparison, "equal")
            if cause["sentence"] in {change.sentence for change in changes}
        ]
        yield Verdict(
            "equal", wanted, got, not changes, "; ".join(told), not changes,
            tuple(causes),
        )  # fmt: skip

    def explain(self, key: str) -> str:
        """Say which changes caused a breach; "" without a record."""
        if self.comparison is None or self.budget.record is None:
            return ""
        return say_causes(self.comparison, self.budget.record, key)

    def decide(
        self,
        key: str,
        wanted: str,
        got: str,
        passed: bool,
        because: str,
        value: Any,
        cause: str,
    ) -> Verdict:
        """Return a verdict, with its causes where it is a breach."""
        causes = () if passed else tuple(causes_data(self.comparison, cause))
        return Verdict(key, wanted, got, passed, because, value, causes)


def measure_amount(arch: Architecture, amount: str) -> int:
    """Measure what a network has of something that is limited.

    Peak memory is that of a forward, with parameters and buffers.
    """
    if amount == "peak-memory":
        weights = sum(memory.count_parameter_bytes(arch).values())
        return weights + sum(arch.buffers.values()) + memory.find_peak(arch).bytes
    return getattr(arch, amount)


def measure_structure(arch: Architecture, key: str) -> Any:
    """Read off a network what is expected of it; None where it has no such thing."""
    match key:
        case "depth":
            return arch.depth
        case "stages":
            return tuple(len(stage.blocks) for stage in arch.stages) or None
        case "projections":
            return sum(cut.kind == "projection" for cut in arch.shortcuts)
        case "output-size":
            return measure_last_map(arch)
        case _:
            return measure_output(arch)


def measure_last_map(arch: Architecture) -> tuple[int, ...] | None:
    """Return the sizes of the last block's map, (H, W); None where there is none."""
    if not arch.blocks:
        return None
    last = arch.blocks[-1]
    others = {0, last.channel_axis}
    return tuple(n for axis, n in enumerate(last.output_shape) if axis not in others)


def measure_output(arch: Architecture) -> tuple[int, ...] | None:
    """Return the shape of the first output of a forward, without its first axis."""
    if not arch.outputs:
        return None
    layer, output = arch.outputs[0].layer, arch.outputs[0].output
    tensors = arch.inputs if layer < 0 else arch.stored_layers[layer].outputs
    return tuple(tensors[output].shape[1:])


def write_expected(key: str, value: Any) -> str:
    """Write what is expected of a network, or found."""
    if value is None:
        return "none"
    if isinstance(value, int):
        return str(value)
    return ", ".join(map(str, value)) if key == "stages" else format_sizes(value)
