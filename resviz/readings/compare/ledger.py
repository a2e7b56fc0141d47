"""The ledger of a comparison: which change owns which part of the difference.

A weighted layer is a product of factors, which change one after the other: bias and
kernel, widths in and out, groups, positions. Each step is charged to its change, so
that the shares add up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, Literal

from resviz.readings.compare.items import PRODUCT_KINDS
from resviz.readings.compare.shares import NOTHING, CostShare, add_shares
from resviz.readings.compare.streams import (
    Cause,
    History,
    Stream,
    drop_idle_steps,
    has_same_positions,
    make_history,
    pass_item,
)
from resviz.readings.compare.touched import TouchedLayers

if TYPE_CHECKING:
    from resviz.readings.compare.items import Item
    from resviz.readings.compare.shares import Factors
    from resviz.record import Shape

Place = tuple[str | int, ...]
"""Where something is: ("stem",), ("before", stage, number), (stage, number, …)."""

FactorOrder = Literal["widths", "groups", "both"]
"""Which changes first; both at once where either would not divide the other."""

OUTSIDE = {"stem", "head", "before"}
"""First words of places in no block."""

JOINABLE = {"stem", "stride", "added", "removed"}
"""Changes of which one may undo what another did to the map."""


class IndivisibleError(Exception):
    """The groups of one network do not divide the widths of the other."""


class ShareLedger:
    """The parts of the difference between two networks, by their causes."""

    def __init__(self, order: FactorOrder) -> None:
        self.order: FactorOrder = order
        self.owned: dict[Cause, CostShare] = {}
        self.touched = TouchedLayers()
        self.widths: dict[Cause, Counter[tuple[str, int, int]]] = defaultdict(Counter)
        self.joined: list[set[Cause]] = []
        self.stride_owner: Cause | None = None
        self.weighed: History[int] | None = None

    def note(self, cause: Cause, share: CostShare = NOTHING) -> None:
        """Charge a share to a cause, which touches the layers that are looked at."""
        self.touched.touch(cause)
        self.owned[cause] = self.owned.get(cause, NOTHING) + share

    @property
    def total(self) -> CostShare:
        """All shares together."""
        return add_shares(self.owned.values())

    def change_product(
        self, a: Item, b: Item, stream: Stream, place: Place, *, is_outer: bool
    ) -> None:
        """Change a weighted layer's product factor by factor, and follow its widths."""
        goal, start = b.factors, a.factors
        assert start
        assert goal
        mine = width_cause(place, is_outer=is_outer)
        cins = stream.width.meet(start.cin, goal.cin, mine)
        is_depthwise = start.is_depthwise and goal.is_depthwise
        couts = self.follow_output(start, goal, cins, mine, is_depthwise=is_depthwise)
        owns = couts is None or (is_depthwise and start.multiplier != goal.multiplier)
        if owns and start.cout != goal.cout:
            self.widths[mine][a.word, start.cout, goal.cout] += 1
        couts = couts or make_history(mine, start.cout, goal.cout)
        now = self.change_form(a, b, start, goal, place)
        if is_depthwise:
            many = start.multiplier
            for cause, value in cins.steps:
                now = self.step(now, cause, cin=value, cout=value * many, groups=value)
            if now.cout != goal.cout:
                now = self.step(now, mine, cout=goal.cout)
        else:
            words = name_grouping(start), name_grouping(goal)
            groups = Cause("groups", (b.bare_word, *words), place)
            now = self.change_widths(now, goal, cins, couts, groups)
        self.change_size(a, b, stream, place)
        positions = History(
            prod(stream.size.first),
            tuple((cause, prod(size)) for cause, size in stream.size.steps),
        ).meet(start.positions, goal.positions, Cause("stride", (), place[:2]))
        for cause, value in positions.steps:
            now = self.step(now, cause, positions=value)
        if now != goal:  # what no factor explains
            self.note(mine, goal.share - now.share)
        stream.width = couts

    def change_widths(
        self,
        now: Factors,
        goal: Factors,
        cins: History[int],
        couts: History[int],
        groups: Cause,
    ) -> Factors:
        """Change widths in, widths out, and groups, in the order of the ledger."""
        if self.order == "both" and now.groups != goal.groups:
            return self.step(
                now, groups, cin=goal.cin, cout=goal.cout, groups=goal.groups
            )
        if self.order == "groups" and now.groups != goal.groups:
            now = self.step(now, groups, groups=goal.groups)
        for cause, value in cins.steps:
            now = self.step(now, cause, cin=value)
        for cause, value in couts.steps:
            now = self.step(now, cause, cout=value)
        if now.groups != goal.groups:
            now = self.step(now, groups, groups=goal.groups)
        return now

    def step(self, now: Factors, cause: Cause, **factors: Any) -> Factors:
        """Charge the change of some factors to a cause, and return the product.

        Raises:
            IndivisibleError: if groups would not divide channels.
        """
        after = replace(now, **factors)
        if not after.are_divisible:
            raise IndivisibleError
        self.note(cause, after.share - now.share)
        return after

    def change_form(
        self, a: Item, b: Item, now: Factors, goal: Factors, place: Place
    ) -> Factors:
        """Change what is no width: whose the weight is, bias and kernel."""
        kernel = Cause("kernel", (a.bare_word, b.bare_word), place)
        if now.owns != goal.owns:
            now = self.step(now, Cause("sharing", (), place), owns=goal.owns)
        if now.has_bias != goal.has_bias:
            bias = Cause("bias", (a.kind, goal.has_bias), place)
            now = self.step(now, bias, has_bias=goal.has_bias)
        if a.is_standardised != b.is_standardised or now.extras != goal.extras:
            why = Cause("other", (a.bare_word, a.bare_word), place)
            if a.is_standardised != b.is_standardised:
                why = Cause("standardised", (b.is_standardised,), place)
            now = self.step(now, why, extras=goal.extras)
        if now.is_convolution != goal.is_convolution:
            now = self.step(now, kernel, is_convolution=goal.is_convolution)
        if now.kernel != goal.kernel:
            now = self.step(now, kernel, kernel=goal.kernel)
        return now

    def follow_output(
        self,
        now: Factors,
        goal: Factors,
        cins: History[int],
        mine: Cause,
        *,
        is_depthwise: bool,
    ) -> History[int] | None:
        """Return the widths that follow from others; None for a width of its own."""
        if is_depthwise:
            return scale_history(cins, now).append(mine, goal.cout)
        if mine.detail[0] != "gate":
            return None
        if now.cout * goal.cin == goal.cout * now.cin:
            return scale_history(cins, now).meet(now.cout, goal.cout, mine)
        if self.weighed and self.weighed.both_ends == (now.cout, goal.cout):
            return self.weighed  # a gate gives what it weighs
        return None

    def change_size(self, a: Item, b: Item, stream: Stream, place: Place) -> None:
        """Follow what an item makes of the map's size, and if it is otherwise now."""
        is_outside = place[0] in OUTSIDE
        spot = place if is_outside else place[:2]
        cause = self.stride_owner or Cause("stride", (), spot)
        if a.window and b.window:
            rates = max(a.window.dilation), max(b.window.dilation)
            if rates[0] != rates[1]:
                self.note(Cause("dilation", (b.bare_word, *rates), spot))
            if a.stride != b.stride and is_outside:
                cause = Cause("stride", (b.word, a.stride, b.stride), spot)
                self.note(cause)
        known = stream.size
        if not (
            has_same_positions(known.first, a.input_size)
            and has_same_positions(known.last, b.input_size)
        ):
            known = make_history(known.last_cause(cause), a.input_size, b.input_size)
        sizes = [
            pass_item(a, size) for size in (known.first, *(v for _, v in known.steps))
        ]
        found = chain_sizes(known.causes, sizes, pass_item(b, known.last), cause)
        if (
            found
            and has_same_positions(found.first, a.output_size)
            and has_same_positions(found.last, b.output_size)
        ):
            stream.size = self.restore(drop_idle_steps(found))
            return
        last = known.last_cause(stream.size.last_cause(cause))
        stream.size = make_history(last, a.output_size, b.output_size)

    def scale(self, a: Item, b: Item, stream: Stream, place: Place) -> None:
        """Charge costs that grow with the width alone, as a norm's; others whole."""
        before, after = a.share.without_memory, b.share.without_memory
        if before == after:
            return
        width_a, width_b = a.output_width, b.output_width
        is_even = not (before.params % width_a or after.params % width_b)
        alone = all(share == CostShare(share.params) for share in (before, after))
        if is_even and alone and stream.width.both_ends == (width_a, width_b):
            each_a, each_b = before.params // width_a, after.params // width_b
            if each_a != each_b:
                what = "norm" if a.kind == "norm" else "other"
                share = CostShare((each_b - each_a) * width_a)
                self.note(Cause(what, (a.word, b.word), place), share)
            old = width_a
            for cause, new in stream.width.steps:
                self.note(cause, CostShare((new - old) * each_b))
                old = new
            return
        causes = [*stream.width.causes, *stream.size.causes]
        own = Cause("other", (a.word, b.word), place)
        if a.kind in PRODUCT_KINDS and width_a != width_b:
            causes = []  # its own width may be another, or its groups
        self.note(causes[0] if causes else own, after - before)

    def scale_memory(self, a: Item, b: Item, stream: Stream, own: Cause) -> None:
        """Charge the memory of what an item gives: to widths first, then positions.

        Args:
            a: of the one network.
            b: of the other.
            stream: what it gives.
            own: what else may be the reason, where nothing that flows in is.
        """
        before, after = a.share.memory, b.share.memory
        if not (before or after):
            return
        causes = [*stream.width.causes, *stream.size.causes]
        values = [x.output_width * prod(x.output_size) for x in (a, b)]
        each = [divmod(*pair) for pair in zip((before, after), values, strict=True)]
        if each[0] != each[1] or each[0][1]:
            if after != before:
                self.note((causes or [own])[-1], CostShare(memory=after - before))
            return
        own = (causes or [own])[0]
        widths = stream.width.meet(a.output_width, b.output_width, own)
        positions = History(
            prod(stream.size.first),
            tuple((cause, prod(size)) for cause, size in stream.size.steps),
        ).meet(prod(a.output_size), prod(b.output_size), own)
        width, count = widths.first, positions.first
        for cause, value in widths.steps:
            self.note(cause, CostShare(memory=(value - width) * count * each[0][0]))
            width = value
        for cause, value in positions.steps:
            self.note(cause, CostShare(memory=(value - count) * width * each[0][0]))
            count = value

    def restore(self, history: History[Shape]) -> History[Shape]:
        """Collapse a history that comes back to its start; its causes are joined."""
        causes = set(history.causes)
        if not causes or not has_same_positions(history.first, history.last):
            return history
        if len(causes) > 1:
            if any(cause.what not in JOINABLE for cause in causes):
                return history
            self.joined.append(causes)
        return History(history.first)


def chain_sizes(
    causes: list[Cause], sizes: list[Shape | None], last: Shape | None, cause: Cause
) -> History[Shape] | None:
    """Chain sizes that were passed on by A's item to what B's makes of the last."""
    if last is None or any(size is None for size in sizes):
        return None
    first, *later = [size for size in sizes if size is not None]
    history = History(first, tuple(zip(causes, later, strict=True)))
    return history.append(cause, last)


def scale_history(cins: History[int], now: Factors) -> History[int]:
    """Return what a width becomes where what goes in changes, in the same ratio."""
    steps = ((cause, value * now.cout // now.cin) for cause, value in cins.steps)
    return History(now.cout, tuple(steps))


def width_cause(place: Place, *, is_outer: bool) -> Cause:
    """Return the change of a width that a layer at some place makes.

    What blocks give is one width for a stage, what is inside is each block's own.
    """
    if place[0] in {"stem", "head"}:
        return Cause("width", (place[0],), ("",))
    if place[0] == "before":
        return Cause("width", ("outer",), place[1:2])
    if place[-1] == "gate":
        return Cause("width", ("gate",), place[:2])
    if is_outer:
        return Cause("width", ("outer",), place[:1])
    return Cause("width", ("inner",), place[:2])


def name_grouping(factors: Factors) -> str:
    """Name the groups of a convolution: "ungrouped", "depthwise", "32 groups"."""
    if factors.groups == 1:
        return "ungrouped"
    is_depthwise = factors.groups == factors.cin
    return "depthwise" if is_depthwise else f"{factors.groups} groups"
