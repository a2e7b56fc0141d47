"""What each part of a network has of a cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.heat import has_batch
from resviz.figures.layer_labels import format_batch_suffix
from resviz.readings.part_tree import iter_parts, read_part_tree
from resviz.units import format_names, format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.figures.heat import Heat
    from resviz.readings.part_tree import NetworkPart, PartKey
    from resviz.record import Architecture


@dataclass(frozen=True, slots=True)
class Shares:
    """The amounts of the parts of a network, as far as they are counted.

    Attributes:
        heat: of which cost.
        root: the network.
        amounts: of each part, those of its layers that are known together.
        unknown: layers of which none is known.
        gaps: what has no rule, as words.
        unplaced: what no layer has alone: parameters that none reads, and what is
            known of a layer that is not counted.
        suffix: ", batch of 8" where counts are not of one sample.
        depth: how many levels below the network are drawn; None for all.
    """

    heat: Heat
    root: NetworkPart
    amounts: dict[PartKey, int]
    unknown: int
    gaps: tuple[str, ...]
    unplaced: int
    suffix: str
    depth: int | None = None

    def write(self, part: NetworkPart) -> str:
        """Write the amount of a part."""
        return self.heat.write(self.amounts[part.key])

    def write_percent(self, part: NetworkPart) -> str:
        """Write what a part has of the whole, as "16 %"."""
        share = 100 * self.amounts[part.key] / self.amounts[self.root.key]
        return "< 1 %" if 0 < share < 0.5 else f"{share:.0f} %"

    def write_share(self, part: NetworkPart) -> str:
        """Write the amount of a part and its share."""
        return f"{self.write(part)} ({self.write_percent(part)})"

    def list_shown(self, part: NetworkPart) -> list[NetworkPart]:
        """List the parts of a part that have anything of the cost, if any is drawn."""
        if self.depth is not None and len(part.key) > self.depth:
            return []
        return [inner for inner in part.parts if self.amounts[inner.key]]

    def list_largest(self) -> list[NetworkPart]:
        """List the parts of the network, the largest first."""
        shown = self.list_shown(self.root)
        return sorted(shown, key=lambda part: -self.amounts[part.key])

    def list_missing(self) -> Iterator[str]:
        """Yield what no box shows."""
        layers = [part for part in iter_parts(self.root) if part.kind == "layer"]
        empty = sum(not self.amounts[part.key] for part in layers) - self.unknown
        if empty:
            verb = "is" if empty == 1 else "are"
            without = f"{format_plural(empty, 'layer')} without {self.heat.name}"
            yield f"{without} {verb} not drawn"
        if self.unknown:
            why = f": {format_names(self.gaps, 2)}" if self.gaps else ""
            yield f"not counted in {format_plural(self.unknown, 'layer')}{why}"
        if self.unplaced:
            name = self.heat.name
            yield f"in no box: {self.heat.write(self.unplaced)} more {name}"
        if any(len(part.key) - 2 == self.depth for part in iter_parts(self.root)):
            levels = format_plural(self.depth or 0, "level")
            yield f"drawn to a depth of {levels}, what is in these parts is not"


def measure_shares(arch: Architecture, heat: Heat, depth: int | None = None) -> Shares:
    """Measure what each part of a network has of a cost that adds up.

    Raises:
        RecordError: for a cost that the record does not tell.
    """
    measured, root = heat.measure(arch), read_part_tree(arch)
    amounts = {
        part.key: sum(int(measured.layers[k] or 0) for k in part.layer_indices)
        for part in iter_parts(root)
    }
    return Shares(
        heat,
        root,
        amounts,
        sum(amount is None for amount in measured.layers),
        (*dict.fromkeys(measured.gaps),),
        (measured.total or 0) - amounts[root.key],
        format_batch_suffix(arch) if has_batch(heat) else "",
        depth,
    )
