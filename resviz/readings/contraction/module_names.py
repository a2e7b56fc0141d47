"""What the code calls the nodes of a contracted graph: their modules, or the classes.

A node is the call that holds its weighted layers and no others, else the calls and
layers in which these lie, the outermost of each. A node without weights is named by all
its layers.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from resviz.escape import clean_name
from resviz.readings.contraction.forms import count_names
from resviz.readings.part_tree import list_call_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from resviz.readings.contraction.wiring import Wiring
    from resviz.record import Call, Layer

Naming = Literal["paper", "path", "class"]
"""What boxes are called by: the words of papers, paths of modules, or their classes."""

MAX_NAMES, MAX_LINE = 3, 18
"""Names of a box at most, and characters of a line of them, about."""


def name_modules(wiring: Wiring, ends: Iterable[int], naming: Naming) -> list[str]:
    """Name the modules of some layers, in lines; [] for none."""
    names = list_module_names(wiring, ends, naming)
    if naming == "class":
        return names
    return [part for name in names for part in break_path(name)]


def list_module_names(wiring: Wiring, ends: Iterable[int], naming: Naming) -> list[str]:
    """List the names of the modules of some layers, of many the first and the last.

    Example:
        ["layer1.1–2"] by path, and ["Bottleneck ×2"] by class.
    """
    modules = list_modules(wiring, {*ends})
    if naming == "class":
        return [*shorten_list(count_names(clean_name(m.type) for m in modules))]
    names = [clean_name(name_module(module)) for module in modules]
    lines = [span for _, run in groupby(names, split_last) for span in span_names(run)]
    return [*shorten_list(lines)]


def name_module(module: Call | Layer) -> str:
    """Return the path of a call, or the name of a layer."""
    return getattr(module, "name", "") or module.path


def list_modules(wiring: Wiring, ends: set[int]) -> list[Call | Layer]:
    """List the outermost calls whose weighted layers are all among some, and layers."""
    arch = wiring.arch
    layers = {end for end in ends if wiring.is_layer(end)}
    named = {end for end in layers if wiring.weighted.get(end)} or layers
    is_weighted = not named.isdisjoint(end for end in layers if wiring.weighted[end])
    modules: dict[tuple[bool, int], Call | Layer] = {}
    for end in sorted(named):
        for number in list_call_numbers(arch, end):
            call = arch.calls[number]
            inside = {k for k in range(call.start, call.stop) if k in wiring.weighted}
            if is_weighted:
                inside = {k for k in inside if wiring.weighted[k]}
            if inside <= named:
                modules[True, number] = call
                break
        else:
            modules[False, end] = arch.stored_layers[end]
    return [*modules.values()]


def split_last(name: str) -> tuple[str, bool]:
    """Return what stands before the last part of a path, and if that is a number."""
    before, _, last = name.rpartition(".")
    return before, last.isdecimal()


def span_names(run: Iterable[str]) -> Iterator[str]:
    """Yield names, those in a row that differ in a last number alone as one.

    Example:
        >>> [*span_names(["layer1.1", "layer1.2"])]
        ['layer1.1–2']
    """
    names = [*run]
    numbers = [name.rpartition(".")[2] for name in names]
    is_row = len(names) > 1 and all(number.isdecimal() for number in numbers)
    if is_row and [*map(int, numbers)] == [
        *range(int(numbers[0]), int(numbers[0]) + len(names))
    ]:
        yield f"{names[0]}–{numbers[-1]}"
    else:
        yield from names


def shorten_list(names: list[str]) -> Iterator[str]:
    """Yield some names, of many the first, how many more, and the last."""
    if len(names) <= MAX_NAMES:
        yield from names
        return
    yield from (names[0], f"… {len(names) - 2} more", names[-1])


BREAKS = re.compile(r"\.(?!\d+(?:\.|–|$))")
"""Points behind which a path may be broken."""


def break_path(name: str) -> Iterator[str]:
    """Yield a long path in lines, broken behind points; a number stays where it is.

    Example:
        >>> [*break_path("stage3.branches.0.blocks.1")]
        ['stage3.branches.0.', 'blocks.1']
    """
    line = ""
    for number, part in enumerate(BREAKS.split(name)):
        step = f".{part}" if number else part
        if line and len(line + step) > MAX_LINE:
            yield f"{line}."
            line = part
        else:
            line += step
    yield line
