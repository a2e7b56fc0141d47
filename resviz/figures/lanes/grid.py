"""The grid of a lanes figure: each node's lane, its row in the lane, and its column."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resviz.figures.drawing.styles import level_tint
from resviz.figures.lanes.columns import assign_columns
from resviz.readings.contraction.drawn import DrawnFrame
from resviz.readings.resolution import find_level

if TYPE_CHECKING:
    from collections.abc import Callable

    from resviz.readings.contraction.drawn import ContractedGraph

MAX_RATIO = 1.7
"""How many times as many positions neighbours in one lane may have: 35×35 and 33×33
share one, 28×28 and 14×14 do not."""

MAP_AND_TOKENS = (0, 1)
MAX_EXTRA_TOKENS = 2
"""Kinds of a map and of its tokens, and how many more these may be, as class tokens."""

LANE_GAP = 0.6
"""Rows between two lanes, where rows are compared."""

SWEEPS = 12
"""How often rows are put in order along their neighbours."""

MAX_SWEPT_LINES = 300
"""Lines of a graph whose rows are put in order, at most: nobody can follow more."""

Cell = tuple[int, int]
"""A lane, and a row in it."""


@dataclass(frozen=True, slots=True)
class ResolutionLane:
    """One lane: its label, in lines, and the tint of its boxes."""

    label: tuple[str, ...]
    tint: str


@dataclass(frozen=True, slots=True)
class LaneGrid:
    """Where each node of a graph stands, without lengths.

    Attributes:
        graph: the contracted graph.
        lanes: from the finest map to vectors.
        columns: of each node; cells likewise.
        row_counts: how many rows each lane has.
        crossings: how often straight lines would cross.
        frames: those that hold no other node; others are parted.
    """

    graph: ContractedGraph
    lanes: tuple[ResolutionLane, ...]
    columns: dict[int, int]
    cells: dict[int, Cell]
    row_counts: dict[int, int]
    crossings: int
    frames: tuple[DrawnFrame, ...]

    @property
    def column_count(self) -> int:
        """How many columns there are."""
        return max(self.columns.values(), default=-1) + 1


def build_grid(graph: ContractedGraph) -> LaneGrid:
    """Build the grid of a graph: strangers are pushed out of frames where they can be.

    A frame that would hold one all the same is drawn in parts.
    """
    lanes, lane_of = assign_lanes(graph)
    pushed: dict[int, int] = {}
    for _ in graph.nodes:
        columns = assign_columns(graph, pushed)
        stranger = find_middle_stranger(graph, lane_of, columns)
        if stranger is None or pushed.get(stranger[0], -1) >= stranger[1]:
            break
        pushed[stranger[0]] = stranger[1]
    columns = assign_columns(graph, pushed)
    rows, crossings = assign_rows(graph, lane_of, columns)
    cells = {key: (lane_of[key], rows[key]) for key in graph.nodes}
    cells = move_strangers(graph, columns, cells)
    counts: dict[int, int] = defaultdict(int)
    for lane, row in cells.values():
        counts[lane] = max(counts[lane], row + 1)
    frames = tuple(
        part for frame in graph.frames for part in part_frame(frame, columns, cells)
    )
    return LaneGrid(graph, lanes, columns, cells, dict(counts), crossings, frames)


def assign_lanes(
    graph: ContractedGraph,
) -> tuple[tuple[ResolutionLane, ...], dict[int, int]]:
    """Assign each node a lane; resolutions that are nearly equal share one."""
    resolutions = sorted(
        {node.resolution for node in graph.nodes.values()},
        key=lambda resolution: (resolution.kind, -resolution.positions),
    )
    groups: list[list[tuple[int, int]]] = []
    for resolution in resolutions:
        group = find_near_group(groups, resolution)
        if group is None:
            groups.append([resolution])
        else:
            group.append(resolution)
    numbers = {each: number for number, group in enumerate(groups) for each in group}
    labels: dict[tuple[int, int], str] = {}
    for node in graph.nodes.values():
        if "×" in node.place or node.resolution not in labels:
            labels[node.resolution] = node.place
    lanes = tuple(
        ResolutionLane(
            label_lane([labels[each] for each in group]),
            level_tint(find_level(graph.arch, group[0][1])),
        )
        for group in groups
    )
    return lanes, {key: numbers[node.resolution] for key, node in graph.nodes.items()}


def find_near_group(
    groups: list[list[tuple[int, int]]], resolution: tuple[int, int]
) -> list[tuple[int, int]] | None:
    """Find the group of resolutions that one belongs to.

    It is nearly equal to the last of them; or they are a map, and it its tokens.
    """
    kind, positions = resolution
    for group in groups:
        for other_kind, other in group:
            if (other_kind, kind) == MAP_AND_TOKENS and (
                0 <= positions - other <= MAX_EXTRA_TOKENS
            ):
                return group
    last_kind, last = groups[-1][-1] if groups else (-1, 0)
    is_near = last_kind == kind and last < MAX_RATIO * positions
    return groups[-1] if is_near else None


def label_lane(places: list[str]) -> tuple[str, ...]:
    """Label a lane by its finest and its coarsest resolution."""
    first, last = places[0], places[-1]
    return (first,) if first == last else (f"{first} –", last)


def assign_rows(
    graph: ContractedGraph, lane_of: dict[int, int], columns: dict[int, int]
) -> tuple[dict[int, int], int]:
    """Assign each node a row in its lane, and count the crossings.

    A node stays in the row of what it reads in its lane, else near what it reads. Then
    nodes of one lane and column are put in the order of their neighbours, left and
    right in turn; the order with the fewest crossings is kept.
    """
    rows = place_rows(graph, lane_of, columns)
    heights: dict[int, int] = defaultdict(int)
    for key, row in rows.items():
        heights[lane_of[key]] = max(heights[lane_of[key]], row + 1)
    tops, top = {}, 0.0
    for lane in range(max(lane_of.values(), default=-1) + 1):
        tops[lane] = top
        top += heights[lane] + LANE_GAP

    def find_height(key: int) -> float:
        return tops[lane_of[key]] + rows[key]

    stacks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for key in graph.nodes:
        stacks[columns[key], lane_of[key]].append(key)
    best, fewest = dict(rows), count_crossings(graph, columns, find_height)
    for sweep in range(SWEEPS if len(graph.lines) <= MAX_SWEPT_LINES else 0):
        neighbours = graph.sources if sweep % 2 == 0 else graph.users
        for place in sorted(stacks, reverse=sweep % 2 == 1):
            stack = stacks[place]
            free = sorted(rows[key] for key in stack)
            means = {
                key: mean_height(neighbours[key], find_height, find_height(key))
                for key in stack
            }
            stack.sort(key=lambda key: (means[key], rows[key]))
            rows.update(zip(stack, free, strict=True))
        crossings = count_crossings(graph, columns, find_height)
        if crossings < fewest:
            best, fewest = dict(rows), crossings
    return best, fewest


def mean_height(
    keys: list[int], find_height: Callable[[int], float], default: float
) -> float:
    """Return the mean height of some nodes."""
    return sum(map(find_height, keys)) / len(keys) if keys else default


def place_rows(
    graph: ContractedGraph, lane_of: dict[int, int], columns: dict[int, int]
) -> dict[int, int]:
    """Place each node in a free row near what it reads."""
    taken: set[tuple[int, int, int]] = set()
    rows: dict[int, int] = {}
    order = {key: place for place, key in enumerate(graph.nodes)}
    for key in sorted(graph.nodes, key=lambda key: (columns[key], order[key])):
        lane, sources = lane_of[key], graph.sources[key]
        same_lane = [rows[source] for source in sources if lane_of[source] == lane]
        goal = min(same_lane or [rows[source] for source in sources] or [0])
        distance = 0
        while True:
            near = [r for r in (goal + distance, goal - distance) if r >= 0]
            free = [r for r in near if (lane, r, columns[key]) not in taken]
            if free:
                break
            distance += 1
        rows[key] = free[0]
        taken.add((lane, free[0], columns[key]))
    return rows


def count_crossings(
    graph: ContractedGraph, columns: dict[int, int], find_height: Callable[[int], float]
) -> int:
    """Count how often straight lines from node to node would cross."""
    lines = [
        (columns[a], find_height(a), columns[b], find_height(b)) for a, b in graph.lines
    ]
    count = 0
    for number, (a, top_a, b, top_b) in enumerate(lines):
        for c, top_c, d, top_d in lines[number + 1 :]:
            left, right = max(a, c), min(b, d)
            if left >= right:
                continue
            differences = [
                top_a + (top_b - top_a) * (x - a) / (b - a)
                - top_c - (top_d - top_c) * (x - c) / (d - c)
                for x in (left, right)
            ]  # fmt: skip
            count += differences[0] * differences[1] < 0
    return count


def find_middle_stranger(
    graph: ContractedGraph, lane_of: dict[int, int], columns: dict[int, int]
) -> tuple[int, int] | None:
    """Find a node in the middle of a frame that is not in it, and where it may stand.

    One in the frame's uppermost or lowest lane can be given another row.
    """
    for frame in graph.frames:
        lanes = [lane_of[member] for member in frame.members]
        spans = [columns[member] for member in frame.members]
        for key in graph.nodes:
            if (
                key not in frame.members
                and min(lanes) < lane_of[key] < max(lanes)
                and min(spans) <= columns[key] <= max(spans)
            ):
                return key, max(spans) + 1
    return None


def list_strangers(
    frame: DrawnFrame, columns: dict[int, int], cells: dict[int, Cell]
) -> list[int]:
    """List the nodes that lie within a frame's bounds and are not in it."""
    spans = [columns[member] for member in frame.members]
    bounds = [cells[member] for member in frame.members]
    return [
        key
        for key, cell in cells.items()
        if key not in frame.members
        and min(spans) <= columns[key] <= max(spans)
        and min(bounds) <= cell <= max(bounds)
    ]


def part_frame(
    frame: DrawnFrame, columns: dict[int, int], cells: dict[int, Cell]
) -> list[DrawnFrame]:
    """Part a frame that would hold a stranger into frames that hold none."""
    if not list_strangers(frame, columns, cells):
        return [frame]
    parts: list[DrawnFrame] = []
    label = f"part of {frame.label}"
    for member in sorted(frame.members, key=lambda key: (cells[key], columns[key])):
        if parts:
            longer = DrawnFrame(label, (*parts[-1].members, member))
            if not list_strangers(longer, columns, cells):
                parts[-1] = longer
                continue
        parts.append(DrawnFrame(label, (member,)))
    return parts


def move_strangers(
    graph: ContractedGraph, columns: dict[int, int], cells: dict[int, Cell]
) -> dict[int, Cell]:
    """Move strangers in a frame's uppermost lane above it, in its lowest below it."""
    cells = dict(cells)
    for frame in graph.frames:
        lanes = [cells[member][0] for member in frame.members]
        for key in list_strangers(frame, columns, cells):
            lane = cells[key][0]
            rows = [row for other, row in cells.values() if other == lane]
            if lane == max(lanes):
                cells[key] = (lane, max(rows) + 1)
            elif lane == min(lanes):
                for other, (its_lane, row) in cells.items():
                    if its_lane == lane:
                        cells[other] = (lane, row + 1)
                cells[key] = (lane, 0)
    return cells
