"""Two networks walked in step: which change owns which part of the difference.

Every layer of both is met once. What only A has is taken away as it is in A; what only
B has is added as it is in B; what both have changes from A's numbers to B's in one
order, as `ledger` tells.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from resviz.readings.compare.alignment import (
    align_rows,
    price_block,
    price_block_change,
    price_item,
    price_item_change,
    price_stage,
    price_stage_change,
    rank_stages,
)
from resviz.readings.compare.fingerprint import list_unread_shapes
from resviz.readings.compare.items import PRODUCT_KINDS
from resviz.readings.compare.ledger import (
    FactorOrder,
    IndivisibleError,
    ShareLedger,
    width_cause,
)
from resviz.readings.compare.parts import BlockParts, RowOfItems
from resviz.readings.compare.rows import (
    chain_items,
    drop_items,
    list_sorts,
    locate_item,
    name_sort,
    select_items,
)
from resviz.readings.compare.shares import add_shares
from resviz.readings.compare.streams import (
    Cause,
    History,
    Stream,
    has_same_positions,
    input_channels,
    input_sizes,
    make_history,
    pass_row,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.readings.compare.items import Item
    from resviz.readings.compare.ledger import Place
    from resviz.readings.compare.parts import NetworkParts
    from resviz.record import Shape

PASSING_KINDS = {"gate", "norm", "act", "join"}
"""Items that pass on what they are given, in width and size."""

CHANGE_KINDS = {"norm": "norm", "act": "activation", "pool": "pool"}
"""What it is called that an item of some kind is another."""

OuterLayers = tuple[frozenset[int], frozenset[int]]
"""Layers of A and of B that give the width of their block."""

BlockPair = tuple[BlockParts | None, BlockParts | None]


class Walk(ShareLedger):
    """The changes from one network to another, with the cost that each owns."""

    def __init__(
        self, before: NetworkParts, after: NetworkParts, order: FactorOrder
    ) -> None:
        super().__init__(order)
        self.before, self.after = before, after
        self.times: Counter[Cause] = Counter()
        self.pairs: list[BlockPair] = []
        self.kin = 0
        a, b = before.arch, after.arch
        channels = input_channels(a), input_channels(b)
        sizes = input_sizes(a), input_sizes(b)
        new_input = Cause("input", (a.input_shape, b.input_shape))
        stream = Stream(
            make_history(Cause("in channels", channels), *channels),
            make_history(new_input, *sizes),
        )
        if channels[0] != channels[1]:
            self.note(Cause("in channels", channels))
        self.walk_end(before.stem, after.stem, stream, "stem")
        self.walk_stages(stream)
        self.walk_end(before.head, after.head, stream, "head")
        if list_unread_shapes(a) != list_unread_shapes(b):
            counts = before.uncalled.params, after.uncalled.params
            rest = after.uncalled - before.uncalled
            self.note(Cause("never called", counts), rest)
        if sizes[0] != sizes[1]:
            self.note(new_input)

    def walk_end(self, a: RowOfItems, b: RowOfItems, stream: Stream, name: str) -> None:
        """Walk through the stem or the head; another row of weights replaces it."""
        has_blocks = bool(self.before.blocks or self.after.blocks)
        if has_blocks and list_sorts(a) != list_sorts(b):
            cause = Cause(name, (a.words, b.words), (name,))
            self.swap([a], [b], stream, cause)
        else:
            self.walk_row(a, b, stream, (name,))

    def walk_stages(self, stream: Stream) -> None:
        """Walk through the stages, one with one where they are as many."""
        ours, theirs = (rank_stages(n.stages) for n in (self.before, self.after))
        if len(ours) == len(theirs):
            pairs = [*zip(ours, theirs, strict=True)]
        else:
            pairs = align_rows(ours, theirs, price_stage_change, price_stage)
        for one, other in pairs:
            if one and other:
                self.walk_stage(one[0], other[0], stream)
                continue
            blocks = one[0] if one else other[0] if other else []
            what = "stage removed" if one else "stage added"
            cause = Cause(what, (), (blocks[0].stage,))
            for block in blocks:
                self.swap_block(block, stream, cause, comes=one is None)

    def walk_stage(
        self, ours: list[BlockParts], theirs: list[BlockParts], stream: Stream
    ) -> None:
        """Walk through two stages; the first blocks lead into them, however built."""
        later = align_rows(ours[1:], theirs[1:], price_block_change, price_block)
        for a, b in [(ours[0], theirs[0]), *later]:
            if a and b:
                self.pairs.append((a, b))
                self.walk_block(a, b, stream)
            elif block := a or b:
                what = "blocks removed" if a else "blocks added"
                counts = len(ours), len(theirs)
                cause = Cause(what, counts, (theirs[0].stage,))
                self.swap_block(block, stream, cause, comes=a is None)

    def swap_block(
        self, block: BlockParts, stream: Stream, cause: Cause, *, comes: bool
    ) -> None:
        """Let a whole block come or go."""
        self.pairs.append((None, block) if comes else (block, None))
        old, new = ([], block.rows) if comes else (block.rows, [])
        self.swap(old, new, stream, cause)

    def walk_block(self, a: BlockParts, b: BlockParts, stream: Stream) -> None:
        """Walk through two blocks; of another sort, one replaces the other."""
        place = (b.stage, b.number)
        self.walk_row(a.before, b.before, stream, ("before", b.stage, b.number))
        inverted = ["inverted bottleneck" in block.block.type for block in (a, b)]
        if a.sort != b.sort or inverted[0] != inverted[1]:
            cause = Cause("block", (name_sort(a), name_sort(b)), place)
            self.swap([a.main, a.side], [b.main, b.side], stream, cause)
            return
        self.kin += 1
        entry = stream.copy()
        outer = a.outer_layers, b.outer_layers
        if a.norms_first != b.norms_first:
            self.reorder(a, b, stream, place)
        else:
            ours, theirs = a.main, b.main
            shortcuts = a.shortcut_words, b.shortcut_words
            if "none" in shortcuts and shortcuts[0] != shortcuts[1]:
                ours, theirs = drop_items(ours, {"join"}), drop_items(theirs, {"join"})
                joins = (b.main.share - theirs.share) - (a.main.share - ours.share)
                dropped = [select_items(x.main, {"join"}) for x in (a, b)]
                with self.touched.look_at(*dropped):
                    self.note(Cause("shortcut", shortcuts, place), joins)
            self.walk_row(ours, theirs, stream, place, outer)
        if a.strides != b.strides:
            self.note(Cause("stride", (), place))
        self.walk_shortcut(a, b, (entry, stream), place)

    def walk_shortcut(
        self, a: BlockParts, b: BlockParts, ends: tuple[Stream, Stream], place: Place
    ) -> None:
        """Walk through two shortcuts, from what their block reads to what it gives."""
        entry, stream = ends
        weights = [[item.word for item in x.side.weighted] for x in (a, b)]
        spot = (*place, "shortcut")
        rest = b.side.share - a.side.share
        with self.touched.look_at(a.side.items, b.side.items):
            if a.shortcut_words != b.shortcut_words:
                cause = Cause("shortcut", (a.shortcut_words, b.shortcut_words), place)
                self.note(cause)
                if weights[0] == weights[1] != []:
                    self.stride_owner = cause
                    self.walk_row(a.side, b.side, entry, spot, None, cause)
                    self.stride_owner = None
                else:
                    self.note(cause, rest)
            elif weights != [[], []]:
                self.walk_row(a.side, b.side, entry, spot, None)
            elif rest:
                self.walk_quiet(a.side.items, b.side.items, stream, place)
        self.touched.pair_rest(a.side.items, b.side.items)

    def reorder(
        self, a: BlockParts, b: BlockParts, stream: Stream, place: Place
    ) -> None:
        """Compare norms and activations as a whole where they stand elsewhere."""
        mobile = {"norm", "act"}
        outer = a.outer_layers, b.outer_layers
        rows = drop_items(a.main, mobile), drop_items(b.main, mobile)
        self.walk_row(*rows, stream, place, outer)
        rest = (b.main.share - rows[1].share) - (a.main.share - rows[0].share)
        moved = [select_items(x.main, mobile) for x in (a, b)]
        with self.touched.look_at(*moved):
            self.note(Cause("order", (a.norms_first, b.norms_first), place), rest)
        self.touched.pair_rest(*moved)

    def walk_row(
        self,
        a: RowOfItems,
        b: RowOfItems,
        stream: Stream,
        place: Place,
        outer: OuterLayers | None = (frozenset(), frozenset()),
        cause: Cause | None = None,
    ) -> None:
        """Walk through two rows of items.

        Args:
            a: of the one network.
            b: of the other.
            stream: what flows in; it is what flows out then.
            place: where they are.
            outer: layers that give the block's width; None for all.
            cause: what owns items that come or go, in the place of their own.
        """
        pairs = align_rows(a.spoken, b.spoken, price_item_change, price_item)
        gone = [x for x, y in pairs if x and not y and x.kind == "gate"]
        come = [y for x, y in pairs if y and not x and y.kind == "gate"]
        moves = dict(zip(map(id, gone), come, strict=False))
        if len(gone) != len(come):
            moves = {}
        for one, other in pairs:
            if one and other:
                self.walk_items(one, other, stream, place, outer)
            elif one and id(one) in moves:
                new = moves[id(one)]
                spots = locate_item(one, a), locate_item(new, b)
                why = Cause("gate", (one.word, new.word, *spots), place)
                with self.touched.look_at([one], [new]):
                    self.note(why, new.share - one.share)
                self.touched.pair_items(one, new)
            elif moves and other in come:
                continue
            elif item := one or other:
                what = "removed" if one else "added"
                why = cause or Cause(what, (item.kind, item.word), place)
                self.times[why] += 1
                rows = [RowOfItems([item])]
                self.swap(rows if one else [], [] if one else rows, stream, why)
        self.walk_quiet(a.quiet, b.quiet, stream, place)
        self.touched.pair_rest(a.items, b.items)

    def walk_quiet(
        self, ours: list[Item], theirs: list[Item], stream: Stream, place: Place
    ) -> None:
        """Walk through items that are not spoken of, as what a gate weighs."""
        why = Cause("rest", (), place)
        silent = [add_shares(item.share for item in row) for row in (ours, theirs)]
        rest = silent[1] - silent[0]
        if len(ours) == len(theirs):
            for one, other in zip(ours, theirs, strict=True):
                with self.touched.look_at([one], [other]):
                    self.scale_memory(one, other, stream, why)
            rest = rest.without_memory
        if rest:
            with self.touched.look_at(ours, theirs):
                self.note(why, rest)

    def swap(
        self,
        old: Sequence[RowOfItems],
        new: Sequence[RowOfItems],
        stream: Stream,
        cause: Cause,
    ) -> None:
        """Let some rows go and others come, as one change."""
        with self.touched.look_at(chain_items(old), chain_items(new)):
            self.note(
                cause,
                add_shares(row.share for row in new)
                - add_shares(row.share for row in old),
            )
        if all(x.kind in PASSING_KINDS for row in (*old, *new) for x in row.items):
            return
        gone, come = chain_items(old[:2]), chain_items(new[:2])
        width_b = come[-1].output_width if come else stream.width.last
        if gone:
            stream.width = make_history(cause, gone[-1].output_width, width_b)
        else:
            stream.width = stream.width.append(cause, width_b)
        stream.size = self.swap_size(gone, come, stream.size, cause)

    def swap_size(
        self, gone: list[Item], come: list[Item], size: History[Shape], cause: Cause
    ) -> History[Shape]:
        """Follow the map's size where some items go and others come."""
        ends = (
            gone[-1].output_size if gone else size.first,
            come[-1].output_size if come else size.last,
        )
        first, last = pass_row(gone, size.first), pass_row(come, size.last)
        later = [pass_row(gone, value) for _, value in size.steps]
        if first is not None and last is not None:
            history = History(
                first,
                tuple(
                    (why, value)
                    for (why, _), value in zip(size.steps, later, strict=True)
                    if value is not None
                ),
            )
            is_whole = len(history.steps) == len(size.steps)
            history = history.append(cause, last)
            if (
                is_whole
                and has_same_positions(history.first, ends[0])
                and has_same_positions(history.last, ends[1])
            ):
                return self.restore(history)
        return make_history(cause, *ends)

    def walk_items(
        self,
        a: Item,
        b: Item,
        stream: Stream,
        place: Place,
        outer: OuterLayers | None,
    ) -> None:
        """Walk through an item that both have."""
        is_outer = outer is None or (
            a.layer.index in outer[0] or b.layer.index in outer[1]
        )
        self.touched.pair_items(a, b)
        with self.touched.look_at([a], [b]):
            if a.kind == "gate":
                self.walk_gate(a, b, stream, place)
            elif {a.kind, b.kind} <= PRODUCT_KINDS and a.factors and b.factors:
                self.change_product(a, b, stream, place, is_outer=is_outer)
            else:
                self.walk_light_items(a, b, stream, place)

    def walk_light_items(self, a: Item, b: Item, stream: Stream, place: Place) -> None:
        """Walk through an item that both have and that is no product."""
        change = Cause(CHANGE_KINDS.get(a.kind, "other"), (a.word, b.word), place)
        if a.word != b.word:
            self.note(change)
        self.scale(a, b, stream, place)
        before, after = stream.size.both_ends
        if not (a.is_on(before) and b.is_on(after)):
            self.scale_memory(a, b, stream, change)
            return
        self.change_size(a, b, stream, place)
        own = width_cause(place, is_outer=False)
        self.scale_memory(a, b, stream, own if a.word == b.word else change)
        if a.kind not in {"act", "join"}:
            widths = a.output_width, b.output_width
            stream.width = stream.width.meet(*widths, own)

    def walk_gate(self, a: Item, b: Item, stream: Stream, place: Place) -> None:
        """Walk through a gate that both have; what it weighs passes by."""
        counts = [sum(x.kind in PRODUCT_KINDS for x in gate.inner) for gate in (a, b)]
        if a.word != b.word or counts[0] != counts[1]:
            self.note(Cause("gate", (a.word, b.word), place), b.share - a.share)
            return
        self.weighed = stream.width
        spot = (*place, "gate")
        ours, theirs = RowOfItems(a.inner), RowOfItems(b.inner)
        spoken = RowOfItems(ours.spoken), RowOfItems(theirs.spoken)
        self.walk_row(*spoken, stream.copy(), spot)
        self.walk_quiet(ours.quiet, theirs.quiet, stream, spot)


def walk_networks(before: NetworkParts, after: NetworkParts) -> Walk:
    """Walk with widths before groups, unless groups would not divide them."""
    orders: tuple[FactorOrder, FactorOrder] = ("widths", "groups")
    for order in orders:
        try:
            return Walk(before, after, order)
        except IndivisibleError:
            continue
    return Walk(before, after, "both")
