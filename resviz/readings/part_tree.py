"""A network as a tree of parts: its stages, their blocks, and the layers in these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.readings.structure import index_block_layers, read_structure
from resviz.readings.structure.stems import find_stems
from resviz.record.cached import cache_reading
from resviz.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.record import Architecture

MAX_CALLS = 3
"""Module calls that lie in one another, outside of blocks, as parts at most."""

PartKey = tuple[tuple[str, int], ...]
"""The kind and the number of a part, behind those of the parts that it lies in."""


Step = tuple[tuple[str, int], str]
"""A step down the tree: the kind, the number and the name of a part."""


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """A network, a stage, a block, a module's call or a layer.

    Attributes:
        key: unique in its tree; kinds are "network", "stage", "block", "stem", "head",
            "between", "call" and "layer".
        name: of a stage or block as in every table, of others their path.
        layer_indices: numbers of its layers, in execution order.
        parts: what it consists of, in the order in which they begin; () of a layer.
    """

    key: PartKey
    name: str
    layer_indices: tuple[int, ...]
    parts: tuple[NetworkPart, ...] = ()

    @property
    def kind(self) -> str:
        """Which kind of part it is."""
        return self.key[-1][0]


class GrowingPart:
    """A part to which layers are still added."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: list[int] = []
        self.parts: dict[tuple[str, int], GrowingPart] = {}


@cache_reading
def read_part_tree(arch: Architecture) -> NetworkPart:
    """Read a network as a tree in which each layer stands once, those unused too.

    Layers in no block lie in the stem, the head, or what runs between two stages; these
    consist of module calls, as a network without blocks does.
    """
    root = GrowingPart(arch.label)
    for layer, path in zip(arch.stored_layers, list_part_paths(arch), strict=True):
        part = root
        part.layers.append(layer.index)
        for key, name in [*path, (("layer", layer.index), layer.name)]:
            part = part.parts.setdefault(key, GrowingPart(name))
            part.layers.append(layer.index)
    return finish_part((("network", 0),), root)


def finish_part(key: PartKey, part: GrowingPart) -> NetworkPart:
    """Return a part as it stays; a call alone in another part adds nothing to it."""
    whole = part
    while [kind for kind, _ in part.parts] == ["call"]:
        (part,) = part.parts.values()
    parts = tuple(
        finish_part((*key, step), inner) for step, inner in part.parts.items()
    )
    return NetworkPart(key, whole.name, tuple(whole.layers), parts)


def list_part_paths(arch: Architecture) -> list[list[Step]]:
    """List for each layer the parts that it lies in, the outermost first."""
    structure = read_structure(arch)
    stages = {id(stage): k for k, stage in enumerate(structure.stages)}
    places = index_block_layers(arch)
    ends = {
        layer.index: (("stem", number), stem.name)
        for number, stem in enumerate(find_stems(structure))
        for layer in stem.layers
    }
    if structure.stages:
        ends |= {layer.index: (("head", 0), "head") for layer in structure.head}
    paths: list[list[Step]] = []
    between: list[list[int]] = []
    last = ""
    for index in range(len(arch.stored_layers)):
        calls = list_call_steps(arch, index)
        if index in places:
            place, last = places[index], "block"
            number = stages[id(place.stage)]
            name = place.stage.block_name(place.number)
            path = [(("stage", number), place.stage.name)]
            path.append((("block", place.block.end), name))
        elif index in ends:
            path, last = [ends[index], *calls], "end"
        elif not structure.stages:
            path, last = calls, "call"
        else:
            if last != "between":
                between.append([])
            between[-1].append(index)
            path, last = [(("between", len(between) - 1), ""), *calls], "between"
        paths.append(path)
    names = [name_run(arch, run) for run in between]
    return [
        [(key, names[key[1]] if key[0] == "between" else name) for key, name in path]
        for path in paths
    ]


def list_call_steps(arch: Architecture, index: int) -> list[Step]:
    """List the outermost module calls around a layer, but the network's own."""
    chain = list_call_numbers(arch, index)[:MAX_CALLS]
    return [(("call", number), arch.calls[number].path) for number in chain]


def list_call_numbers(arch: Architecture, index: int) -> list[int]:
    """List the numbers of the calls around a layer, but the first, from outside in."""
    number: int | None = arch.stored_layers[index].call
    chain: list[int] = []
    while number:
        chain.append(number)
        number = arch.calls[number].parent
    return chain[::-1]


def name_run(arch: Architecture, run: Sequence[int]) -> str:
    """Name layers in a row by the innermost call that holds all that are in any."""
    chains = [chain for k in run if (chain := list_call_numbers(arch, k))]
    if not chains:
        return arch.stored_layers[run[0]].name
    first, *others = chains
    shared = [number for number in first if all(number in chain for chain in others)]
    if shared:
        return arch.calls[shared[-1]].path
    paths = dict.fromkeys(arch.calls[chain[0]].path for chain in chains)
    return format_names([*paths], 1)


def iter_parts(part: NetworkPart) -> Iterator[NetworkPart]:
    """Yield a part and all parts inside it, the outer first."""
    yield part
    for inner in part.parts:
        yield from iter_parts(inner)
