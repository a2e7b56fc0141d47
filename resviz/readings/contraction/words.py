"""The words of a contracted graph: what each node is, in lines as narrow as a box."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from math import prod
from typing import TYPE_CHECKING

from resviz.operations.families import (
    ACTIVATIONS,
    ATTENTIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    MAX_POOLS,
    NORMS,
    RESHAPES,
    SELECTIONS,
)
from resviz.operations.spelling import spell_operation
from resviz.readings.contraction.forms import count_names, describe_form
from resviz.readings.contraction.join_signs import (
    find_join_sign_of_node,
    list_join_signs,
)
from resviz.readings.structure import read_structure
from resviz.readings.structure.weights import is_depthwise, is_upsampling
from resviz.units import format_kernel, format_per_axis, format_plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.contraction.quotient import ContractedNode, Quotient
    from resviz.readings.contraction.wiring import Wiring
    from resviz.record import Operation, Window

MAX_LINES = 3
"""Lines of a box, but for its width."""

MAX_CHARACTERS = 15
"""Characters of a line, about: as many as three in a row have in "1×1, 3×3, 1×1"."""


LETTER_SIZE = 11
"""Size of the letters in a box, in pixels."""


def estimate_width(text: str) -> float:
    """Estimate the width of a text in pixels, as Helvetica has it about."""
    narrow = sum(character in "il.,|' ·" for character in text)
    wide = sum(character in "mwMW" for character in text)
    return (0.56 * len(text) - 0.28 * narrow + 0.3 * wide) * LETTER_SIZE


def name_operation(op: Operation) -> str:
    """Name an operation that one looks for: "3×3 dw /2", "max pool"; "" for others."""
    if op.name in CONVOLUTIONS and op.window:
        return name_convolution(op, op.window)
    if op.name in MAX_POOLS:
        return "max pool"
    if op.name in AVERAGE_POOLS:
        return "avg pool"
    if is_upsampling(op):
        is_finer = prod(op.outputs[0]) >= prod(op.inputs[0])
        return "upsample" if is_finer else "downsample"
    return "embed" if op.name == "embedding" else ""


def name_convolution(op: Operation, window: Window) -> str:
    """Name a convolution by its window: "3×3", "3×3 dw", "3×3 d12 /2", "up-conv 2×2".

    One that enlarges by other than its window says by what, "up-conv 4×4 up 2".
    """
    stride = format_per_axis(window.stride)
    is_up = window.transposed and stride != "1"
    own = format_per_axis(window.kernel) == stride
    words = [
        "up-conv" if is_up else "",
        format_kernel(window.kernel),
        "dw" if is_depthwise(op) else "",
        f"d{format_per_axis(window.dilation)}" if max(window.dilation) > 1 else "",
        ""
        if stride == "1" or (is_up and own)
        else f"{'up ' if is_up else '/'}{stride}",
    ]
    return " ".join(filter(None, words))


def list_layer_names(wiring: Wiring, end: int) -> list[str]:
    """Name what a layer does to positions and channels; [] for norm, activation."""
    names = [name for op in wiring.list_operations(end) if (name := name_operation(op))]
    if names or not wiring.weighted.get(end):
        return names
    layer = wiring.arch.stored_layers[end]
    if any(op.name in ATTENTIONS for op in layer.operations):
        return ["attention"]
    recurrent = ("LSTM", "GRU", "RNN")
    return [next((word for word in recurrent if layer.type.startswith(word)), "fc")]


def list_names(wiring: Wiring, ends: Iterable[int]) -> list[str]:
    """Name what some layers do, in order."""
    return [name for end in sorted(ends) for name in list_layer_names(wiring, end)]


def name_light_layers(wiring: Wiring, ends: Iterable[int]) -> str:
    """Name layers without weights and pools."""
    ops = {op.name for end in ends for op in wiring.list_operations(end)}
    if ops & NORMS:
        return "norm"
    if ops - RESHAPES - SELECTIONS - ACTIVATIONS:
        return "arithmetic"
    return "activation" if ops & ACTIVATIONS else "reshape"


def name_input(wiring: Wiring, end: int) -> str:
    """Name an input as the forward calls it."""
    names = wiring.arch.input_names
    return (names[-1 - end] if names else "") or "input"


def name_node(quotient: Quotient, key: int) -> str:
    """Name a node in one line."""
    node, wiring = quotient.nodes[key], quotient.wiring
    if node.role == "input":
        return name_input(wiring, min(node.ends))
    if node.role == "output":
        return "output"
    if node.role == "join":
        return find_join_sign_of_node(quotient, key)
    if node.role in {"block", "part"}:
        return node.type or "block"
    if node.role == "region":
        return node.type or name_amount(wiring, node.ends)
    names = count_names(list_names(wiring, node.ends))
    return ", ".join(names) or name_light_layers(wiring, node.ends)


def name_amount(wiring: Wiring, ends: Iterable[int]) -> str:
    """Name some layers by how many have weights, "21 layers"."""
    ends = list(ends)
    amount = wiring.count_weights(ends)
    return format_plural(amount, "layer") if amount else name_light_layers(wiring, ends)


def label_node(
    quotient: Quotient, key: int, letters: Letters | None = None
) -> list[str]:
    """Label a node in lines as narrow as a box; long names as letters if wanted."""
    node, wiring = quotient.nodes[key], quotient.wiring
    if node.role == "part":
        return break_line(name_node(quotient, key))
    if node.role in {"input", "output", "join"}:
        return [name_node(quotient, key)]
    if node.model:
        lines = [f"as {MODEL_MARK}", name_amount(wiring, node.ends)]
    elif node.role == "region":
        lines = label_region(wiring, node, letters)
    elif node.role == "block":
        lines = label_block(node, letters)
    else:
        lines = name_node(quotient, key).split(", ")
        if len(lines) > MAX_LINES:
            lines = [lines[0], f"… {len(lines) - 2} more", lines[-1]]
    if node.times > 1 and not (node.role == "block" and node.parts):
        lines = (
            [f"{lines[0]} ×{node.times}"]
            if len(lines) == 1
            else [*lines, f"×{node.times}"]
        )
    return [short for line in lines for short in break_line(line)]


MODEL_MARK = "\0"
"""Stands for the letter of a model until letters are given."""


def label_block(node: ContractedNode, letters: Letters | None) -> list[str]:
    """Label blocks in a row by their types, "bottleneck ×3"."""
    parts = node.parts or ((node.type or "block", 1),)
    runs = [
        (shorten_name(name, letters), sum(count for _, count in run))
        for name, run in groupby(parts, key=lambda part: part[0])
    ]
    if len(runs) > MAX_LINES:
        return [format_plural(sum(count for _, count in runs), "block")]
    if len(runs) == 1 and runs[0][1] == 1 and len(runs[0][0]) > MAX_CHARACTERS - 2:
        first, *others = runs[0][0].split(" + ")  # as "attention + MLP"
        return [first, *(f"+ {other}" for other in others)]
    return [name if count == 1 else f"{name} ×{count}" for name, count in runs]


def label_region(
    wiring: Wiring, node: ContractedNode, letters: Letters | None
) -> list[str]:
    """Label a region by its class, if it has one, and by its form or its amounts."""
    if not wiring.count_weights(node.ends):
        name = node.type or name_light_layers(wiring, node.ends)
        return [name, *list_selections(wiring, node.ends)]
    lines = [shorten_name(node.type, letters)] if node.type else []
    for units in ([], list_block_units(wiring, letters)):
        form = describe_form(
            wiring,
            node.ends,
            lambda end: list_layer_names(wiring, end),
            MAX_CHARACTERS,
            units=units,
        )
        if 0 < len(form) <= MAX_LINES + bool(units):
            return [*lines, *form]
    names = list_names(wiring, node.ends)
    signs = Counter(list_join_signs(wiring, node.ends))
    pattern, kinds = label_pattern(names), list_kinds(names)
    if not pattern and 0 < len(kinds) <= MAX_KIND_LINES:
        sums = f"{signs['+']} sums" if signs["+"] > 1 else ""
        turns = name_turns(wiring, node, letters)
        amount = turns or f"{sums or name_amount(wiring, node.ends)} of"
        return [*lines, amount, *kinds]
    lines += pattern or [name_amount(wiring, node.ends)]
    shown = [f"{sign} ×{count}" for sign, count in signs.most_common(2)]
    return [*lines, ", ".join(shown)] if shown else lines


def name_turns(wiring: Wiring, node: ContractedNode, letters: Letters | None) -> str:
    """Name the class whose calls in a row a region is, "InceptionE ×2"; "" for none."""
    names = {name for name, _ in node.parts}
    classes = {call.type.strip("_") for call in wiring.arch.calls}
    if node.type or len(names) != 1 or not names <= classes:
        return ""
    (name,) = names
    return f"{shorten_name(name, letters)} ×{sum(count for _, count in node.parts)}"


SOUGHT_OPERATIONS = {
    "topk",
    "torchvision.nms",
    "torchvision.roi_align",
    "torchvision.roi_pool",
}
"""What one looks for among layers without weights."""


def list_selections(wiring: Wiring, ends: Iterable[int]) -> list[str]:
    """List what one looks for in a run of arithmetic, in one line or more."""
    names = (op.name for end in sorted(ends) for op in wiring.list_operations(end))
    found = [*dict.fromkeys(name for name in names if name in SOUGHT_OPERATIONS)]
    return [", ".join(map(spell_operation, found))] if found else []


MAX_KIND_LINES = 3
"""Lines that the kinds of layers of a box take at most."""


def list_kinds(names: Iterable[str]) -> list[str]:
    """List the kinds of layers of a cell in lines, without their strides.

    Depthwise convolutions beside 1×1 are separable ones.

    Example:
        >>> list_kinds(["5×5 dw /2", "1×1", "5×5 dw", "1×1", "3×3 dw", "avg pool"])
        ['sep. 3×3, 5×5,', 'pools']
    """
    bare = {name.partition(" /")[0] for name in names}
    depthwise = {name.removesuffix(" dw") for name in bare if name.endswith(" dw")}
    others = {name for name in bare if not name.endswith((" dw", "pool"))}
    word = "sep." if depthwise and "1×1" in others else "dw"
    if word == "sep.":
        others.discard("1×1")
    kinds = [f"{word} {kernel}" for kernel in sorted(depthwise)[:1]]
    kinds += [*sorted(depthwise)[1:], *sorted(others)]
    kinds += ["pools"] * any(name.endswith("pool") for name in bare)
    lines: list[str] = []
    for number, kind in enumerate(kinds, start=1):
        shown = kind if number == len(kinds) else f"{kind},"
        if lines and len(f"{lines[-1]} {shown}") <= MAX_CHARACTERS:
            lines[-1] += f" {shown}"
        else:
            lines.append(shown)
    return lines


def list_block_units(
    wiring: Wiring, letters: Letters | None
) -> list[tuple[set[int], str]]:
    """List the live layers of each block with the block's name."""
    graph = wiring.graph
    units: list[tuple[set[int], str]] = []
    for block in read_structure(wiring.arch).blocks:
        within = graph.find_nodes_between(block.fork, block.end)
        layers = {*within, *block.layer_indices} & wiring.weighted.keys()
        units.append((layers, shorten_name(block.type, letters)))
    return units


def label_pattern(names: Sequence[str]) -> list[str]:
    """Label names that repeat as one pattern; [] where none does.

    Example:
        >>> label_pattern(["1×1", "3×3"] * 12), label_pattern(["1×1", "3×3", "1×1"] * 4)
        (['(1×1, 3×3) ×12'], ['(1×1, 3×3,', '1×1) ×4'])
        >>> label_pattern(["1×1", "1×1"])
        ['1×1 ×2']
    """
    for length in (1, 2, 3):
        count = len(names) // length
        if count > 1 and [*names[:length]] * count == [*names]:
            if length == 1:
                return [f"{names[0]} ×{count}"]
            *first, last = names[:length]
            opening, closing = f"({', '.join(first)},", f"{last}) ×{count}"
            return [f"{opening} {closing}"] if length < 3 else [opening, closing]
    return []


def break_line(line: str) -> list[str]:
    """Break a long line at a space; a count stays with what it counts.

    Example:
        >>> break_line("attention + MLP ×12"), break_line("inverted bottleneck ×2")
        (['attention', '+ MLP ×12'], ['inverted', 'bottleneck ×2'])
    """
    if len(line) <= MAX_CHARACTERS or ", " in line or "‖" in line:
        return [line]
    cut = line.rfind(" ", 0, MAX_CHARACTERS)
    if line[cut + 1 :].startswith("×"):
        cut = line.rfind(" ", 0, cut)
    if line[:cut].endswith(" +"):  # a sign begins a line
        cut -= 2
    return [line[:cut], *break_line(line[cut + 1 :])] if cut > 0 else [line]


class Letters:
    """One letter or two for each long name, told in a key."""

    MIN_LENGTH = 4
    """Letters of a name that is worth a code."""

    TAKEN = frozenset({"C"})
    """What means something else: a concatenation."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}

    def find_code(self, name: str) -> str:
        """Return the code of a name, a new one at its first use."""
        if name not in self.codes:
            taken = self.TAKEN.union(self.codes.values())
            sizes = range(1, len(name) + 1)
            codes = (name[:size].capitalize() for size in sizes)
            self.codes[name] = next((c for c in codes if c not in taken), name)
        return self.codes[name]


def shorten_name(name: str, letters: Letters | None) -> str:
    """Return the code of a long name where letters are wanted."""
    is_plain = len(name) < Letters.MIN_LENGTH or name[0].isdigit()
    if letters is None or is_plain or name.endswith("pool"):
        return name
    return letters.find_code(name)
