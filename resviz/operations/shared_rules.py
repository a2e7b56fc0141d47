"""Rules that operations of several files obey: pointwise work, and what is saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from resviz.operations.kind import OperandLearns, SavedTensors

if TYPE_CHECKING:
    from resviz.operations.kind import OutputMaps, SavedRule
    from resviz.readings.receptive.step import FieldStep
    from resviz.record import Operation


def follow_pointwise(step: FieldStep) -> OutputMaps:
    """Follow fields through work on each position, on one operand or several.

    Norms are taken along: the statistics that some gather count as constants, as they
    do in the published figures.
    """
    return [step.merge_maps(step.seeing_maps, step.shape)]


def follow_factor(step: FieldStep) -> OutputMaps:
    """Follow fields through a factor: a gate that sees the whole input is left out."""
    return [step.merge_maps(step.seeing_maps, step.shape, factor=True)]


def follow_pointwise_pair(step: FieldStep) -> OutputMaps:
    """Follow fields into two results of the same positions, as values and a mask."""
    return [*follow_pointwise(step)] * 2


POINTWISE_RULES = frozenset({follow_pointwise, follow_factor, follow_pointwise_pair})
"""Rules of what works position by position."""


def save_always(
    operands: tuple[int, ...] = (), results: tuple[int, ...] = ()
) -> SavedRule:
    """Make the rule that saves the same operands and results of every call."""
    saved = SavedTensors(operands, results)
    return lambda *_: saved


save_nothing = save_always()
"""The rule of what has a derivative that reads shapes and numbers alone."""

save_operand = save_always((0,))
save_result = save_always(results=(0,))
save_operand_and_result = save_always((0,), (0,))

save_two_operands = save_always((0, 1))
"""The rule that saves the first two operands; a weight counts only if computed."""


def save_operand_and_rest(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the operand and the further outputs, as indices."""
    del learns
    return SavedTensors((0,), tuple(range(1, len(op.writes))))


def save_rest(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the further outputs: a mask, indices."""
    del learns
    return SavedTensors((), tuple(range(1, len(op.writes))))


def save_factors_from(first: int, op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save each of the two factors from `first` on whose counterpart learns."""
    del op
    if len(learns) < first + 2:  # the other factor is a number
        return SavedTensors()
    pairs = ((first, first + 1), (first + 1, first))
    return SavedTensors(tuple(own for own, fellow in pairs if learns[fellow]))


save_factors = partial(save_factors_from, 0)
save_factors_after_addend = partial(save_factors_from, 1)


def save_selector(op: Operation, learns: OperandLearns) -> SavedTensors:
    """Save the indices or the mask that selects values."""
    del learns
    return SavedTensors(tuple(range(1, len(op.reads)))[:1])
