"""What is asked of rows of items where two are walked: sorts, places, parts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.compare.items import PRODUCT_KINDS
from resviz.readings.compare.parts import RowOfItems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.readings.compare.items import Item
    from resviz.readings.compare.parts import BlockParts


def drop_items(row: RowOfItems, kinds: set[str]) -> RowOfItems:
    """Return a row without the items of some kinds."""
    return RowOfItems([item for item in row.items if item.kind not in kinds])


def select_items(row: RowOfItems, kinds: set[str]) -> list[Item]:
    """Return the items of a row that are of some kinds."""
    return [item for item in row.items if item.kind in kinds]


def chain_items(rows: Iterable[RowOfItems]) -> list[Item]:
    """Return the items of some rows, one row after the other."""
    return [item for row in rows for item in row.items]


def name_sort(block: BlockParts) -> tuple[str, tuple[str, ...]]:
    """Return the type of a block that has a name, and its kernels."""
    kind = block.block.type
    return ("" if "residual" in kind else kind), block.kernels


def list_sorts(row: RowOfItems) -> list[str]:
    """List the weights and pools of a stem or a head, not how wide they are."""
    names = {"conv": "weights", "linear": "weights", "pool": "pool"}
    return [names[item.kind] for item in row.spoken if item.kind in names]


def locate_item(item: Item, row: RowOfItems) -> str:
    """Say after which weights an item stands."""
    weights = [x for x in row.items if x.kind in PRODUCT_KINDS]
    earlier = [x for x in row.items[: row.items.index(item)] if x in weights]
    if not earlier:
        return "before the first weights"
    last = earlier[-1]
    equal = [x for x in weights if x.word == last.word]
    if len(equal) == 1:
        return f"after the {last.word}"
    which = "first" if last is equal[0] else "last" if last is equal[-1] else "inner"
    return f"after the {which} {last.word}"
