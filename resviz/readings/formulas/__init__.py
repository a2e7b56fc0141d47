"""Formulas: every shape, cost and amount of memory of a record, by its input's sizes.

The rules of size in the table of operations, and those that count, are followed once
with sizes that are polynomials of the input's (`formula_sizes`), on each way that they
can go (`rule_paths`). So a program without any rule, as a page's, can work out what
`resized` would say; where that refuses, it has the condition and the reason.

A record that is never known at another input has no formulas, but a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from resviz.errors import ResizeError
from resviz.operations.size_rules import SizeUnknown
from resviz.readings.batch_axes import find_batch_axis
from resviz.readings.costs import sum_layer_costs
from resviz.readings.formulas.formula_sizes import (
    find_formula,
    make_size,
    split_values,
)
from resviz.readings.formulas.layer_tasks import describe_task
from resviz.readings.formulas.polynomials import FormulaBook
from resviz.readings.formulas.rule_paths import (
    Check,
    TooManyWays,
    WayExplorer,
    list_checks,
)
from resviz.readings.resized import ResizedRecord, explain_no_resize
from resviz.record import Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.readings.formulas.polynomials import Polynomial
    from resviz.readings.formulas.rule_paths import Answer, RuleWay, Sizes
    from resviz.record import Architecture, Layer, Shape


@dataclass(frozen=True, slots=True)
class LayerFormulas:
    """One layer by the input's sizes.

    Attributes:
        outputs: the shape of each tensor that it gives.
        macs: as `count_known_macs`.
        activations: output elements of its convolutions.
        elements: those that its element-wise work is done to.
    """

    outputs: tuple[tuple[Polynomial, ...], ...]
    macs: Polynomial
    activations: Polynomial
    elements: Polynomial


@dataclass(frozen=True, slots=True)
class Formulas:
    """A record by the sizes of its input.

    Attributes:
        book: the unknowns; the axes of the input are the first of them.
        inputs: the axes of each input.
        checks: in the order of the layers: the first that is due is the reason.
        layers: one for each of the record's.
        storages: bytes of each of the record's.
    """

    book: FormulaBook
    inputs: tuple[tuple[Polynomial, ...], ...]
    checks: tuple[Check, ...]
    layers: tuple[LayerFormulas, ...]
    storages: tuple[Polynomial, ...]


@cache_reading
def find_formulas(arch: Architecture) -> Formulas:
    """Find the formulas of a record.

    Raises:
        ResizeError: if the record does not tell what becomes of it at any other input;
            names the layer.
    """
    reason = explain_no_resize(arch)
    if not reason:
        try:
            return FormulaFollower(arch).follow()
        except SizeUnknown as error:
            reason = str(error)
    raise ResizeError(f"{arch.name} at another input: {reason}")


class FormulaFollower:
    """Follows the layers of a record with sizes that are formulas."""

    def __init__(self, arch: Architecture) -> None:
        self.ways = WayExplorer(FormulaBook())
        self.inputs = list_input_sizes(arch, self.ways)
        self.resized = ResizedRecord(arch, self.inputs)
        self.checks: list[Check] = []
        self.refused: list[frozenset[Answer]] = []
        self.followed: dict[tuple[bytes, str], tuple[Sizes, set[int]]] = {}

    def follow(self) -> Formulas:
        """Follow all layers.

        Raises:
            SizeUnknown: if one of them refuses every other input.
        """
        resized = self.resized
        resized.resize_input_storages()
        layers = [
            self.find_layer_formulas(layer) for layer in resized.arch.stored_layers
        ]
        return Formulas(
            self.ways.book,
            tuple(tuple(map(find_formula, shape)) for shape in self.inputs),
            tuple(self.checks),
            tuple(layers),
            tuple(map(find_formula, resized.sizes)),
        )

    def find_layer_formulas(self, layer: Layer) -> LayerFormulas:
        """Find what one layer gives, makes and costs, and note when it refuses.

        A layer with the task of an earlier one gives as much, and refuses where that
        has refused before.
        """
        resized = self.resized
        given = [resized.shapes[source] for source in layer.sources]
        storages = list_new_storages(layer, resized.made)
        task = describe_task(resized, layer, given, storages)
        sizes, loose_outputs = (
            self.followed[task]
            if task in self.followed
            else self.follow_ways(layer, given, storages)
        )
        if task is not None:
            self.followed[task] = sizes, loose_outputs
        resized.made.update(storages)
        resized.orders.loose.update(Source(layer.index, k) for k in loose_outputs)
        return self.note_sizes(layer, iter(sizes), storages)

    def follow_ways(
        self, layer: Layer, given: list[Shape], storages: list[int]
    ) -> tuple[Sizes, set[int]]:
        """Follow one layer on each way that its rules can go.

        Returns:
            its shapes, costs and bytes, and which outputs may lie out of order.
        """
        resized = self.resized
        ends = {Source(layer.index, number) for number in range(len(layer.outputs))}
        loose_ends: set[Source] = set()

        def follow_once() -> Sizes:
            """Return shapes and costs of the layer, and bytes of what it makes."""
            resized.made.difference_update(storages)
            resized.orders.loose.difference_update(ends)
            for number in storages:
                resized.sizes[number] = resized.arch.storages[number].bytes
            operations, outputs = resized.follow_operations(layer, given)
            loose_ends.update(resized.orders.loose & ends)
            costs = sum_layer_costs((replace(layer, operations=operations),))
            counts = (costs.macs, costs.activations, costs.elements)
            made = [resized.sizes[number] for number in storages]
            return (*(n for shape in outputs for n in shape), *counts, *made)

        try:
            ways = self.ways.explore(follow_once)
        except (TooManyWays, TypeError) as error:
            raise SizeUnknown(
                f"{layer.name}: too much there hangs on the sizes of the input to be "
                "written as formulas"
            ) from error
        self.note_checks(ways)
        merged = self.ways.merge(ways)
        if merged is None:
            parts = split_values(next(list_checks(ways)).refusal.reason)
            raise SizeUnknown("".join(p if isinstance(p, str) else "…" for p in parts))
        return merged, {source.output for source in loose_ends}

    def note_sizes(
        self, layer: Layer, sizes: Iterator[int], storages: list[int]
    ) -> LayerFormulas:
        """Note what a layer gives and makes, and return its formulas."""
        resized = self.resized
        shapes = [tuple(islice(sizes, len(tensor.shape))) for tensor in layer.outputs]
        for number, shape in enumerate(shapes):
            resized.shapes[Source(layer.index, number)] = shape
        macs, activations, elements = (find_formula(next(sizes)) for _ in range(3))
        for number, size in zip(storages, sizes, strict=True):
            resized.sizes[number] = size
        outputs = tuple(tuple(map(find_formula, shape)) for shape in shapes)
        return LayerFormulas(outputs, macs, activations, elements)

    def note_checks(self, ways: list[RuleWay]) -> None:
        """Note when a layer refuses.

        What is refused by one answer alone comes first: the other answer is a fact for
        all that follow, and not asked again. A check that is due only where an earlier
        one is adds nothing.
        """
        pending = [*list_checks(ways)]
        while lone := [check for check in pending if len(check.answers) == 1]:
            for check in lone:
                self.checks.append(check)
                condition, answer = check.answers[0]
                self.ways.add_fact(condition, holds=not answer)
            rest = [check for check in pending if len(check.answers) > 1]
            pending = [*filter(None, map(self.leave_out_facts, rest))]
        for check in pending:
            answers = frozenset(check.answers)
            if not any(earlier <= answers for earlier in self.refused):
                self.checks.append(check)
                self.refused.append(answers)

    def leave_out_facts(self, check: Check) -> Check | None:
        """Return a check without answers that are facts by now; None if one is not."""
        facts = self.ways.facts
        if any(facts.get(c, answer) != answer for c, answer in check.answers):
            return None
        still_open = tuple(pair for pair in check.answers if pair[0] not in facts)
        return Check(still_open, check.refusal)


def list_new_storages(layer: Layer, made: set[int]) -> list[int]:
    """List the storages that a layer makes, beside those that are made already."""
    written = {n for op in layer.operations for n in op.writes if n >= 0}
    return sorted(written - made)


def list_input_sizes(arch: Architecture, ways: WayExplorer) -> tuple[Shape, ...]:
    """List the shape of each input: an axis of samples that all share, and others."""
    axes = arch.batch_axes or [find_batch_axis(arch)] * len(arch.inputs)
    samples = make_size(ways, ways.book.add_axis())
    shapes: list[Shape] = []
    for axis, tensor in zip(axes, arch.inputs, strict=True):
        is_batch = [
            k == axis and size == arch.batch for k, size in enumerate(tensor.shape)
        ]
        shapes.append(
            tuple(
                samples if shared else make_size(ways, ways.book.add_axis())
                for shared in is_batch
            )
        )
    return tuple(shapes)
