"""What changed between two networks, in words, with the cost that each change owns.

A record is taken apart (`parts`): stem, stages of blocks, head, each a row of `items`.
Rows are aligned by the cheapest script (`alignment`): stages with stages, blocks with
blocks, items with items; no name, class or number decides. Then both are walked in step
(`walk`): what flows carries the history of its width and size (`streams`), so that who
reads it charges the change that made it, and a weighted layer's product changes factor
by factor (`ledger`). The shares add up to the difference, to the unit. Equal changes at
many places are one sentence (`sentences`, and the words of each kind beside it).

Networks with little in common are told as two families. Records whose operations, edges
and shapes are the same (`fingerprint`) are the same network, and nothing else is.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from resviz.errors import ResvizError, SpecError
from resviz.readings.compare.changes import Change
from resviz.readings.compare.fingerprint import make_fingerprint
from resviz.readings.compare.parts import NetworkParts, take_apart
from resviz.readings.compare.sentences import write_changes
from resviz.readings.compare.shares import CostShare, add_shares
from resviz.readings.compare.touched import NO_LAYERS, LayerPair, TouchedLayers
from resviz.readings.compare.walk import Walk, walk_networks
from resviz.readings.resized import resize_record
from resviz.record.cached import cache_reading
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.compare.ledger import FactorOrder
    from resviz.record import Architecture

MOST_SENTENCES = 9
"""With more sentences, and little in common, networks are of two families."""

LEAST_COMMON_SHARE = 0.05
"""Of parameters in layers that correspond; with less, likewise."""

SHAPE_CAUSES = {
    "input", "in channels", "width", "groups", "stride", "dilation",
}  # fmt: skip
"""Causes that change shapes and windows, and not what layers there are."""

INPUT_CHANGES = {"input", "in channels"}

TYPES_WITHOUT_EFFECT = {"Identity"}
"""Layers that do nothing in training either."""

COMPARED = ("structure", "shapes", "costs")
"""What a comparison can be limited to."""


@dataclass(frozen=True)  # without slots, so that what is read off it can be kept
class Comparison:
    """What changed between two networks.

    Attributes:
        before: the one.
        after: the other.
        order: which factor of a product changed first, "widths", "groups" or "both".
        changes: one sentence each; their shares add up to the difference.
        every: the same, also where `changes` only tells two families.
        is_of_families: whether that is so.
        is_resized: whether another input was counted on all of A, and not on what both
            have.
        touched: the layers that each change touches, and which are counterparts.
    """

    before: NetworkParts
    after: NetworkParts
    order: FactorOrder
    changes: tuple[Change, ...]
    every: tuple[Change, ...]
    is_of_families: bool
    is_resized: bool = False
    touched: TouchedLayers = field(default_factory=TouchedLayers, compare=False)

    @property
    def difference(self) -> CostShare:
        """Costs of B minus those of A."""
        return self.after.total - self.before.total

    @cached_property
    def names(self) -> tuple[str, str]:
        """The titles of both; of equal ones, with the SPEC or name behind."""
        a, b = self.before.arch, self.after.arch
        if a.label != b.label or a.name == b.name:
            return a.label, b.label
        return f"{a.label} ({a.name})", f"{b.label} ({b.name})"

    @property
    def headline(self) -> str:
        """What it comes to: the same network, so many changes, or two families."""
        a, b = self.names
        if not self.every:
            return f"{a} and {b} are {self.sameness}"
        if self.is_of_families:
            return f"{a} → {b}: different families"
        if all(change.what in INPUT_CHANGES for change in self.every):
            return f"{a} → {b}: the same network on another input"
        return f"{a} → {b}: {format_plural(len(self.changes), 'change')}"

    @property
    def sameness(self) -> str:
        """What to call two networks without a change."""
        return f"the same network{' in evaluation' if self.idle_types else ''}"

    @cached_property
    def idle_types(self) -> dict[str, tuple[int, int]]:
        """Types of layers that do nothing in evaluation, and how many A and B have.

        Of those alone of which one has more: in training they may do something, as a
        dropout does.
        """
        a, b = (
            Counter(
                layer.type
                for layer in network.arch.stored_layers
                if not network.arch.training
                and all(op.name == "alias" for op in layer.operations)
                and layer.type not in TYPES_WITHOUT_EFFECT
            )
            for network in (self.before, self.after)
        )
        return {name: (a[name], b[name]) for name in {**a, **b} if a[name] != b[name]}

    def find_layers(self, change: Change) -> LayerPair:
        """Find the layers of A and of B that a change touches: that come, go or differ.

        None are known of another input, which touches all, of what is no layer, as
        parameters that nothing reads, and of two families.
        """
        return self.touched.find_layers(change.causes) if change.causes else NO_LAYERS

    @property
    def counterparts(self) -> dict[int, int]:
        """For layers of B, by index, the layer of A that each is; {} of two families.

        What came, and what went, is missing.
        """
        if not self.every:
            return {layer.index: layer.index for layer in self.after.arch.stored_layers}
        return {} if self.is_of_families else self.touched.counterparts

    def select_changes(self, only: str | None) -> tuple[Change, ...]:
        """Return the changes of structure, of shapes, or of costs; all for None.

        A change of structure is one of layers or how they are connected; of shapes, one
        of widths, groups, strides or the input; of costs, one with a share.
        """
        if only is None:
            return self.changes
        if only == "costs":
            return tuple(change for change in self.changes if change.share)
        return tuple(
            change
            for change in self.changes
            if changes_shapes_alone(change) == (only == "shapes")
        )


def changes_shapes_alone(change: Change) -> bool:
    """Tell whether a change is of widths, groups, strides or the input alone."""
    return bool(change.causes) and all(c.what in SHAPE_CAUSES for c in change.causes)


def compare_records(
    a: Architecture, b: Architecture, resized: Architecture | None = None
) -> Comparison:
    """Compare two records.

    Args:
        a: the one.
        b: the other.
        resized: A on the input of B, if they differ and it was traced; else it is
            worked out from its record, where that tells. Then the input's share is that
            of the whole of A, and all else is compared on one input. Where it does not,
            the input's share is that of what both have.

    Raises:
        SpecError: if one follows training mode and the other evaluation.
    """
    if a.training != b.training:
        words = {True: "training mode", False: "evaluation"}
        raise SpecError(
            f"compare: {a.label} was traced in {words[a.training]}, {b.label} in "
            f"{words[b.training]}, want both alike: trace them anew"
        )
    before, after = take_apart(a), take_apart(b)
    if make_fingerprint(a) == make_fingerprint(b) and before.total == after.total:
        return Comparison(before, after, "widths", (), (), is_of_families=False)
    start, first = before, list[Change]()
    resized = resized or resize_to_input(a, b)
    if resized is not None and resized.inputs != a.inputs:
        start = take_apart(resized)
        first = [tell_input(before, start)]
    walk = walk_networks(start, after)
    every = [*first, *write_changes(walk)]
    rest = after.total - before.total - add_shares(change.share for change in every)
    if rest or not every:
        every.append(Change("everywhere", "other", UNSEEN, rest))
    is_of_families = are_unlike(before, after, walk, every)
    changes = every
    if is_of_families:
        rest = after.total - start.total
        a_words, b_words = describe_family(before), describe_family(after)
        text = f"different families: {a_words}; {b_words}"
        changes = [*first, Change("everywhere", "family", text, rest)]
    return Comparison(
        before,
        after,
        walk.order,
        tuple(changes),
        tuple(every),
        is_of_families,
        is_resized=bool(first),
        touched=walk.touched,
    )


def read_comparison(
    before: Architecture, after: Architecture, resized: Architecture | None = None
) -> Comparison:
    """Compare two records once; the second keeps its comparison with the last first.

    Args:
        before: the one.
        after: the other.
        resized: as for `compare_records`, where they are compared for the first time.

    Raises:
        SpecError: as `compare_records`.
    """
    kept = keep_comparisons(after)
    for first, comparison in kept:
        if first is before:
            return comparison
    comparison = compare_records(before, after, resized)
    kept[:] = [(before, comparison)]
    return comparison


@cache_reading
def keep_comparisons(after: Architecture) -> list[tuple[Architecture, Comparison]]:
    """Return where a record keeps what it was compared with, and the comparison."""
    del after
    return []


def resize_to_input(a: Architecture, b: Architecture) -> Architecture | None:
    """Work a record out on the input of another; None where it has it, or cannot."""
    if a.inputs == b.inputs or not takes_maps(a) or not takes_maps(b):
        return None
    with suppress(ResvizError):
        resized = resize_record(a, b.input_shape[1:], b.batch)
        return resized if resized.inputs == b.inputs else None
    return None


def takes_maps(arch: Architecture) -> bool:
    """Tell whether the only input of a record is a batch of maps, (N, C, H, W)."""
    return len(arch.inputs) == 1 and len(arch.input_shape) == 4


UNSEEN = (
    "operations differ that are not compared one by one, as reshapes, or what they read"
)
"""What is said of two records that are not the same, and no change was found."""


def tell_input(before: NetworkParts, start: NetworkParts) -> Change:
    """Tell what another input alone makes of A."""
    from resviz.readings.compare.sentences import say_input
    from resviz.readings.compare.streams import Cause

    shapes = before.arch.input_shape, start.arch.input_shape
    cause = Cause("input", shapes)
    return Change(
        "the input",
        "input",
        say_input(shapes, ""),
        start.total - before.total,
        ("input",),
        frozenset([cause]),
    )


def are_unlike(
    before: NetworkParts, after: NetworkParts, walk: Walk, changes: Sequence[Change]
) -> bool:
    """Tell whether edits would say less than two descriptions."""
    if bool(before.blocks) != bool(after.blocks):
        return True
    if before.structure.has_towers or after.structure.has_towers:
        return True  # rows of several towers are not aligned
    if not before.blocks:
        return len(changes) > MOST_SENTENCES
    plain = all(
        block.block.type in {"basic", "bottleneck"}
        for network in (before, after)
        for block in network.blocks
    )
    if not walk.kin and not plain and len(before.stages) != len(after.stages):
        return True
    kin = walk.kin / max(len(before.blocks), len(after.blocks))
    has_little = kin < 0.5 or share_in_common(before, after, walk) < LEAST_COMMON_SHARE
    return len(changes) > MOST_SENTENCES and has_little


def share_in_common(before: NetworkParts, after: NetworkParts, walk: Walk) -> float:
    """Return the share of parameters in layers that correspond, of the larger network.

    Of two layers, those that the smaller one has are in common: blocks of one kind may
    correspond where hardly a weight does.
    """
    ours, theirs = before.arch.stored_layers, after.arch.stored_layers
    common = sum(
        min(ours[a].params, theirs[b].params)
        for b, a in walk.touched.counterparts.items()
    )
    return common / max(before.total.params, after.total.params, 1)


def describe_family(network: NetworkParts) -> str:
    """Describe a network in half a sentence."""
    label = network.arch.label
    if not network.blocks:
        return f"{label} has no residual blocks"
    types = [*dict.fromkeys(block.block.type for block in network.blocks)]
    kinds = " and ".join(types[:2])
    counts = ", ".join(str(len(stage)) for stage in network.stages)
    blocks = format_plural(len(network.blocks), f"{kinds} block")
    towers = " in several towers" if network.structure.has_towers else ""
    return f"{label} is {blocks} ({counts}){towers}"
