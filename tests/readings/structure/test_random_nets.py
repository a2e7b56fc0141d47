"""Random residual nets, read and compared with what they know of themselves."""

import pytest
import torch

import resviz
from resviz.readings.structure import count_depth, read_structure

from .random_nets import CHOICES, RandomNet, draw_plan

SEEDS = range(150)


def read_net(seed):
    """A random net, and its structure."""
    plan = draw_plan(seed)
    net = RandomNet(plan).eval()
    inputs = [torch.zeros(1, 3, 16, 16)]
    inputs += [torch.zeros(1, 8)] if plan.condition else []
    return net, read_structure(resviz.trace(net, inputs=tuple(inputs)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_net_is_read_as_it_is_built(seed):
    """Blocks, their shortcuts, stages and depth, whatever hangs on them."""
    net, built = read_net(seed)
    kinds = [unit.shortcut.kind for block in built.blocks for unit in block.units]
    stages = [len(stage.blocks) for stage in built.stages]
    truth = sorted(net.kinds), sorted(net.stages), net.depth
    assert truth == (sorted(kinds), sorted(stages), count_depth(built)), net.plan


def test_every_choice_is_drawn():
    """Were one never drawn, nothing would be known of it."""
    plans = [draw_plan(seed) for seed in SEEDS]
    for name, values in CHOICES.items():
        assert {*values} == {getattr(plan, name) for plan in plans}
