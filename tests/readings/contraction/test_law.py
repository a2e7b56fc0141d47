"""Every edge of a record is in its contracted graph, and no line is invented."""

import json
import random
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import resviz
from resviz.readings.contraction.drawn import contract
from resviz.readings.contraction.ladder import SCREEN, Budget
from resviz.record.storage import load
from tests.readings.structure.golden.networks import FOLDER, record_file

from .law import find_breaches, read_edges
from .random_networks import SIDE, WIDTH, BranchingNet, RepeatedNet

BUDGETS = (Budget(6, 12), Budget(9, 24), SCREEN, Budget(20, 80), Budget(60, 400))
"""From next to nothing to more than anybody sees."""

NAMES = sorted(path.name.split(".")[0] for path in (FOLDER / "records").glob("*.gz"))


@cache
def load_edges(name):
    """A frozen record, its live layers, and its edges."""
    arch = load(record_file(name))
    return arch, *read_edges(arch.to_json())


def list_breaches(edges, graph, **changes):
    """What breaks the law in a graph, or in one of which parts are changed."""
    parts = {
        "owners": graph.owners,
        "drawn_for": graph.drawn_for,
        "lines": graph.lines,
        "turns": graph.turns,
    }
    return find_breaches(edges, **{**parts, **changes})


def check_law(arch, live, edges, budget):
    """Check that a graph keeps the law, and counts its edges rightly."""
    graph = contract(arch, budget)
    assert [] == list_breaches(edges, graph)
    assert live == {end for end in graph.owners if 0 <= end < len(arch)}
    covered = graph.coverage
    assert len(edges) == covered.edges == covered.drawn + covered.declared
    assert 0 == covered.missing


@pytest.mark.parametrize("name", NAMES)
def test_every_edge_is_inside_drawn_or_a_turn(name):
    """Whatever the room: the whole of the law, worked out from the JSON."""
    for budget in (BUDGETS[0], SCREEN, BUDGETS[-1]):
        check_law(*load_edges(name), budget)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_modules_at_a_depth_are_boxes_by_the_law(name, depth):
    """Each call there lies in one box, and a line less breaks it."""
    arch, live, edges = load_edges(name)
    graph = contract(arch, SCREEN, depth=depth)
    assert [] == list_breaches(edges, graph)
    assert len(edges) == graph.coverage.drawn + graph.coverage.declared
    calls = json.loads(arch.to_json())["calls"]
    for call, level in zip(calls, list_levels(calls), strict=True):
        weighted = {
            end
            for end in live & {*range(call["start"], call["stop"])}
            if graph.wiring.weighted[end]
        }
        if level == depth and weighted:
            assert 1 == len({graph.owners[end] for end in weighted})
    for line in graph.lines[:3]:
        fewer = [other for other in graph.lines if other != line]
        assert list_breaches(edges, graph, lines=fewer), line


def list_levels(calls):
    """How many calls are around each, the network's own first."""
    levels = []
    for call in calls:
        levels.append(1 + levels[call["parent"]] if "parent" in call else 0)
    return levels


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_is_found(name):
    """A line less, a line more, a layer less: each breaks the law."""
    arch, _, edges = load_edges(name)
    graph, rng = contract(arch, SCREEN), random.Random(1)
    for line in rng.sample(graph.lines, min(3, len(graph.lines))):
        fewer = [other for other in graph.lines if other != line]
        assert list_breaches(edges, graph, lines=fewer), line
    for _ in range(3):
        line = tuple(rng.sample([*graph.nodes], 2))
        if line not in graph.lines:
            more = [*graph.lines, line]
            assert list_breaches(edges, graph, lines=more), line
    lost = rng.choice([end for end in graph.owners if 0 <= end < len(arch)])
    owners = {end: node for end, node in graph.owners.items() if end != lost}
    assert list_breaches(edges, graph, owners=owners)


def test_an_unequal_turn_is_found():
    """One whose layer stands in the place of another's."""
    arch, _, edges = load_edges("crossvit_tiny_240")
    graph = contract(arch, SCREEN)
    later = [node for node, turns in graph.turns.items() if turns and turns[0][1]]
    first, second = (
        next(end for end, owner in graph.owners.items() if owner == node)
        for node in later[:2]
    )
    owners = {
        **graph.owners,
        first: graph.owners[second],
        second: graph.owners[first],
    }
    assert list_breaches(edges, graph, owners=owners)


@settings(max_examples=40, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
@given(st.integers(0, 2**32), st.sampled_from(BUDGETS))
def test_random_networks_keep_the_law(seed, budget):
    """Of convolutions, pools, upsamplings, sums, products and concatenations."""
    arch = resviz.trace(BranchingNet(seed).eval(), (WIDTH, SIDE, SIDE))
    check_law(arch, *read_edges(arch.to_json()), budget)


@settings(max_examples=40, suppress_health_check=[*HealthCheck])  # pyright: ignore[reportArgumentType]
@given(st.integers(0, 2**32), st.sampled_from(BUDGETS))
@example(1176134, BUDGETS[1])  # an inner turn is read by the next turn around it
def test_random_motifs_keep_the_law(seed, budget):
    """Turns that read one or two before, and that all are read behind."""
    arch = resviz.trace(RepeatedNet(seed).eval(), (WIDTH, SIDE, SIDE))
    check_law(arch, *read_edges(arch.to_json()), budget)
