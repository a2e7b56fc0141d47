"""Groups: nodes of a row that have one label, as the blocks of a stage have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from resviz.figures.drawing import metrics
from resviz.figures.drawing.styles import LOOKS
from resviz.figures.volumes.boxes import (
    CONCATENATION,
    SHARED_SIGN,
    Volume,
    list_volumes,
    put_slices_first,
)
from resviz.readings.contraction.forms import count_names
from resviz.readings.contraction.join_signs import OTHER_SIGN
from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from resviz.figures.volumes.rows import VolumeRow
    from resviz.readings.contraction.drawn import ContractedGraph, DrawnNode
    from resviz.readings.structure import Stage

MAX_LABEL_WIDTH = 92
"""Width of a line of a label at most, in pixels."""


class RowNode(NamedTuple):
    """A node of the row: its key, the sign before its boxes or "", and its boxes."""

    key: int
    sign: str
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class VolumeGroup:
    """Nodes of a row with one label.

    Attributes:
        nodes: in order.
        name: of the stage, or of the input, in lines; () for none.
        lines: its size, and what it does.
    """

    nodes: tuple[RowNode, ...]
    name: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def volumes(self) -> list[Volume]:
        """Its boxes."""
        return [volume for node in self.nodes for volume in node.volumes]


def list_groups(row: VolumeRow, *, each: bool = False) -> list[VolumeGroup]:
    """List the groups of a row, from left to right."""
    graph = row.graph
    framed = {key: frame for frame in row.frames for key in frame.members}
    stages = find_stages_of_nodes(graph)

    def choose_group(key: int) -> object:
        stage = stages.get(key)
        return (id(stage), id(framed.get(key))) if stage else key

    groups: list[VolumeGroup] = []
    for _, run in groupby(row.path, choose_group):
        keys = [*run]
        nodes = tuple(build_row_node(graph, key, each=each) for key in keys)
        groups.append(label_group(graph, nodes, stages.get(keys[0])))
    return groups


def find_stages_of_nodes(graph: ContractedGraph) -> dict[int, Stage]:
    """Find the stage of each node that holds blocks of one stage alone.

    A node that is called by its modules is told by itself.
    """
    found: dict[int, Stage] = {}
    if graph.naming != "paper":
        return found
    for key, node in graph.nodes.items():
        if node.role != "block":
            continue
        stages = [
            stage
            for stage in read_structure(graph.arch).stages
            if not node.ends.isdisjoint(stage.layer_indices)
        ]
        if len(stages) == 1:
            found[key] = stages[0]
    return found


def build_row_node(graph: ContractedGraph, key: int, *, each: bool) -> RowNode:
    """Build a node of the row."""
    node = graph.nodes[key]
    volumes = list_volumes(graph, key, each=each)
    sign = node.lines[0] if node.role == "join" else node.entrance
    if sign == CONCATENATION:
        volumes = put_slices_first(graph, key, volumes)
    if not volumes and node.role not in {"join", "output", "part"}:
        sign = OTHER_SIGN
    return RowNode(key, sign, tuple(volumes))


def label_group(
    graph: ContractedGraph, nodes: tuple[RowNode, ...], stage: Stage | None
) -> VolumeGroup:
    """Label a group by its stage, its size and the words of its nodes."""
    volumes = [volume for node in nodes for volume in node.volumes]
    members = [graph.nodes[node.key] for node in nodes]
    if all(volume.whole for volume in volumes):
        is_told = members[0].role in {"join", "output"}
        return VolumeGroup(nodes, (), () if is_told else members[0].lines)
    name = ""
    words = [line for member in members for line in spell_lines(graph, member)]
    if members[0].role in {"input", "part"}:
        name, words = words[0], []
    elif stage is not None:
        ends = {end for member in members for end in member.ends}
        blocks = [b for b in stage.blocks if ends.issuperset(b.layer_indices)]
        words = count_names([block.type for block in blocks]) or words
        name = stage.name if holds_stage(graph, nodes, stage) else ""
    lines = [volumes[-1].label]
    for word in words:
        parts = split_before_words(word)
        lines += metrics.wrap_words(parts, " ", MAX_LABEL_WIDTH, LABEL_SIZE)
    size = LOOKS["name"].size
    names = metrics.wrap_name(name, MAX_LABEL_WIDTH, size, bold=True) if name else []
    return VolumeGroup(nodes, (*names,), metrics.cap_lines(lines, MAX_LINES))


def split_before_words(line: str) -> list[str]:
    """Split a line at spaces; signs, counts and strides stay with their words.

    Only where both have room in a label.

    Example:
        >>> split_before_words("attention + MLP ×12"), split_before_words("3×3 /2")
        (['attention', '+ MLP ×12'], ['3×3 /2'])
    """
    parts: list[str] = []
    for word in line.split():
        is_one = parts and (word.startswith(("×", "/")) or parts[-1] == "+")
        together = f"{parts[-1]} {word}" if is_one else ""
        if together and metrics.text_width(together, LABEL_SIZE) <= MAX_LABEL_WIDTH:
            parts[-1] = together
        else:
            parts.append(word)
    return parts


def holds_stage(
    graph: ContractedGraph, nodes: tuple[RowNode, ...], stage: Stage
) -> bool:
    """Tell whether some nodes stand for all blocks of a stage, in all their turns."""
    shown = {node.key for node in nodes}
    owners = {graph.owners.get(index) for index in stage.layer_indices}
    return {graph.drawn_for[owner] for owner in owners if owner is not None} <= shown


def spell_lines(graph: ContractedGraph, node: DrawnNode) -> list[str]:
    """Return the lines of a node with names in full where letters stand for them."""
    names = {code: name for name, code in graph.letters.items()}
    lines = [
        " ".join(names.get(word, word) for word in line.split()) for line in node.lines
    ]
    if node.is_shared:
        lines[0] += f" {SHARED_SIGN}"
    return lines


LABEL_SIZE = LOOKS["small"].size
MAX_LINES = 5
"""Lines of a label at most, beside its name."""
