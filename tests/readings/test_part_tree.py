"""A network as a tree of parts, over the frozen records."""

from __future__ import annotations

import pytest
from torch import nn

import resviz
from resviz.readings.part_tree import iter_parts, read_part_tree
from tests.figures.test_law import NAMES, load_frozen


@pytest.mark.parametrize("name", NAMES)
def test_each_layer_stands_once(name):
    """A part has the layers of its parts, and no two parts have one key."""
    arch = load_frozen(name)
    parts = [*iter_parts(read_part_tree(arch))]
    leaves = [part.layer_indices for part in parts if part.kind == "layer"]
    assert [(k,) for k in range(len(arch.layers))] == sorted(leaves)
    assert len(parts) == len({part.key for part in parts})
    for part in parts:
        if part.kind != "layer":
            inner = [k for each in part.parts for k in each.layer_indices]
            assert sorted(inner) == [*part.layer_indices]
            assert part.name


def test_stages_and_blocks_are_those_of_the_structure():
    """With their names, between the stem and the head."""
    arch = load_frozen("resnet18")
    root = read_part_tree(arch)
    stages = [stage.name for stage in arch.stages]
    assert ["stem", *stages, "head"] == [part.name for part in root.parts]
    for part, stage in zip(root.parts[1:-1], arch.stages, strict=True):
        assert stage.layer_indices == part.layer_indices
        assert [it.name for it in stage.blocks] == [it.name for it in part.parts]


def test_without_blocks_calls_are_parts():
    """One call alone in another adds no level, and three levels are enough."""
    net = nn.Conv2d(3, 3, 1)
    for _ in range(6):
        net = nn.Sequential(nn.Sequential(net), nn.ReLU())
    root = read_part_tree(resviz.trace(net, (3, 8, 8)))
    levels, part = [], root
    while part.parts:
        part = part.parts[0]
        levels.append(part.name)
    assert ["0", "0.0.0.0.0.0.0.0.0.0.0.0"] == [levels[0], levels[-1]]
    assert len(levels) <= 4
