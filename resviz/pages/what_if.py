"""What a page needs to work out another input by itself: formulas as plain lists.

`what_if.js` reads them. Polynomials, conditions and shapes are told once, and elsewhere
by their place in the list; a polynomial is a list of products, `[count, unknown, …]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from resviz.readings.formulas import find_formulas
from resviz.readings.formulas.formula_sizes import split_values
from resviz.readings.memory import build_timeline, find_kept_storages

if TYPE_CHECKING:
    from collections.abc import Hashable

    from resviz.readings.formulas import Check
    from resviz.readings.formulas.polynomials import Polynomial, SizeCondition, Unknown
    from resviz.record import Architecture

Item = TypeVar("Item", bound="Hashable")


class NumberedItems(Generic[Item]):
    """Items that are told once, numbered as they come."""

    def __init__(self) -> None:
        self._numbers: dict[Item, int] = {}

    def find_number(self, item: Item) -> int:
        """Return the number of an item."""
        return self._numbers.setdefault(item, len(self._numbers))

    def list_items(self) -> list[Item]:
        """List the items in the order of their numbers."""
        return [*self._numbers]


class FormulaWriter:
    """Writes formulas as lists of numbers."""

    def __init__(self) -> None:
        self.polynomials: NumberedItems[Polynomial] = NumberedItems()
        self.conditions: NumberedItems[SizeCondition] = NumberedItems()
        self.shapes: NumberedItems[tuple[int, ...]] = NumberedItems()

    def write_shape(self, shape: tuple[Polynomial, ...]) -> int:
        """Return the number of a shape."""
        return self.shapes.find_number(tuple(map(self.polynomials.find_number, shape)))

    def write_unknown(self, unknown: Unknown) -> list[Any]:
        """Write an unknown: its kind, its parts, and a factor or a condition."""
        numbers = [self.polynomials.find_number(part) for part in unknown.parts]
        if unknown.condition is not None:
            numbers.insert(0, self.conditions.find_number(unknown.condition))
        factor = [unknown.factor] if unknown.factor else []
        return [unknown.kind, *numbers, *factor]

    def write_check(self, check: Check) -> list[Any]:
        """Write a check: the answers for which it is due, its reason, if torch fails.

        The reason is a list of texts and of polynomials with their form.
        """
        answers = [
            [self.conditions.find_number(condition), int(answer)]
            for condition, answer in check.answers
        ]
        reason: list[Any] = [
            part
            if isinstance(part, str)
            else [self.polynomials.find_number(part[0]), part[1]]
            for part in split_values(check.refusal.reason)
        ]
        return [answers, reason, int(check.refusal.fails)]


def build_what_if(arch: Architecture) -> dict[str, Any]:
    """Return what `makeWhatIf` of `what_if.js` takes.

    Raises:
        ResizeError: if nothing is known of the record at another input.
        RecordError: if it was recorded without storages.
    """
    formulas, writer = find_formulas(arch), FormulaWriter()
    line = build_timeline(arch)
    return {
        "name": arch.name,
        "recorded": [[*tensor.shape] for tensor in arch.inputs],
        "params": arch.params,
        "inputs": [[axis[0][0][0] for axis in shape] for shape in formulas.inputs],
        "layers": [
            [
                [*map(writer.write_shape, layer.outputs)],
                *map(
                    writer.polynomials.find_number,
                    (layer.macs, layer.activations, layer.elements),
                ),
            ]
            for layer in formulas.layers
        ],
        "storages": [
            [writer.polynomials.find_number(size), made_by or 0, storage.released]
            for size, made_by, storage in zip(
                formulas.storages, line.made_by, arch.storages, strict=True
            )
        ],
        "operations": len(line.layers),
        "kept": find_kept_storages(arch),
        "outputs": [[source.layer, source.output] for source in arch.outputs],
        "checks": [*map(writer.write_check, formulas.checks)],
        "unknowns": [*map(writer.write_unknown, formulas.book.unknowns)],
        "conditions": [
            [
                writer.polynomials.find_number(condition.difference),
                int(condition.is_zero),
            ]
            for condition in writer.conditions.list_items()
        ],
        "shapes": writer.shapes.list_items(),
        "polynomials": [
            [[count, *product] for product, count in polynomial]
            for polynomial in writer.polynomials.list_items()
        ],
    }
