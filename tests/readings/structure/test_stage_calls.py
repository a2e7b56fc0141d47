"""Stages of one resolution and width, which the modules that run them tell apart."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure

from .random_parts import Run
from .toys import Basic, Inverted, Transformer, conv, residual


def read(net, *shape):
    """Where each stage of a net is, with its number of blocks."""
    arch = resviz.trace(net.eval(), inputs=torch.zeros(shape))
    stages = read_structure(arch).stages
    return [(stage.name, len(stage.blocks)) for stage in stages]


def dilated(d):
    return residual(nn.Sequential(conv(3), nn.Conv2d(8, 8, 3, padding=d, dilation=d)))


def row(*blocks):
    return nn.Sequential(*blocks)


class Levels(nn.Module):
    """A stem and its levels, each of which is a module of blocks in a row."""

    def __init__(self, *levels, stem=None, head=None):
        super().__init__()
        self.stem = stem or conv(3, 3)
        for number, level in enumerate(levels, start=1):
            setattr(self, f"layer{number}", level)
        self.count = len(levels)

    def forward(self, x):
        x = self.stem(x)
        for number in range(1, self.count + 1):
            x = getattr(self, f"layer{number}")(x)
        return x


LAST_OF_ONE_SIZE = {
    "dilated": [
        row(Basic(8, 8), Basic(8, 8)),
        row(Basic(8, 16, 2), Basic(16, 16)),
        row(Basic(16, 16), Basic(16, 16)),
    ],
    "dilated, of no other size": [
        row(*(dilated(d) for _ in range(2))) for d in (1, 2, 4)
    ],
    "three in the end": [
        row(Basic(8, 8)),
        row(*(Basic(8 if k == 0 else 16, 16, 2 if k == 0 else 1) for k in range(3))),
        row(*(Basic(16, 16) for _ in range(4))),
        row(Basic(16, 16)),
    ],
    "of other blocks": [
        row(Basic(8, 8), Basic(8, 8)),
        row(Basic(8, 16, 2), Basic(16, 16)),
        row(Inverted(16, 16), Inverted(16, 16), Inverted(16, 16)),
    ],
    "the last without shortcut": [
        row(Basic(8, 16, 2), Basic(16, 16)),
        row(Basic(16, 16, join=False), Basic(16, 16, join=False)),
    ],
}


@pytest.mark.parametrize("levels", LAST_OF_ONE_SIZE.values(), ids=[*LAST_OF_ONE_SIZE])
def test_a_last_level_that_keeps_the_size_is_a_stage(levels):
    """As a module of its own beside those of the other stages."""
    expected = [(f"layer{k}", len(level)) for k, level in enumerate(levels, start=1)]
    assert expected == read(Levels(*levels), 1, 3, 16, 16)


def test_stages_of_tokens_of_one_size():
    """An isotropic transformer whose stages are modules."""

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return x

    stages = [row(*(Transformer(8) for _ in range(n))) for n in (2, 3)]
    net = row(nn.Linear(3, 8), Run(forward, stages=stages))
    assert [("1.stages.0", 2), ("1.stages.1", 3)] == read(net, 1, 5, 3)


def run_group(self, x):
    return x + self.last(self.body(x))


def group():
    """Blocks in a row, and a sum around them."""
    return Run(run_group, body=row(residual(), residual()), last=conv(3))


def run_in_turn(self, x):
    x = self.stem(x)
    for _ in range(2):
        x = self.second(self.first(x))
    return x


ONE_STAGE = {
    "one row": [row(*(residual() for _ in range(6)))],
    "groups with sums around": [row(group(), group(), group())],
    "many equal parts": [row(*(row(residual(), residual()) for _ in range(5)))],
    "blocks in a wrapper each": [row(*(row(residual()) for _ in range(4)))],
    "blocks of several types": [
        row(residual(), residual(row(conv(1), conv(3), conv(1)))),
        row(residual(), residual(row(conv(1), conv(3), conv(1)))),
    ],
}  # fmt: skip


@pytest.mark.parametrize("levels", ONE_STAGE.values(), ids=[*ONE_STAGE])
def test_parts_of_a_stage_are_none(levels):
    """They are what a stage repeats, or modules with blocks of several types."""
    assert 1 == len(read(Levels(*levels), 1, 3, 16, 16))


def test_levels_that_come_again_are_none():
    """Their weights are tied, as those of one stage that runs again and again."""
    first, second = row(dilated(1), dilated(1)), row(dilated(2), dilated(2))
    net = Run(run_in_turn, stem=conv(3, 3), first=first, second=second)
    assert 1 == len(read(row(net), 1, 3, 16, 16))


def test_sizes_in_the_middle_are_compared_alone():
    """A width multiplier rounds two widths to one, and the next stage differs."""
    levels = (
        row(Basic(8, 8), Basic(8, 8)), row(Basic(8, 8), Basic(8, 8)),
        row(Basic(8, 16, 2), Basic(16, 16)),
    )  # fmt: skip
    assert [4, 2] == [count for _, count in read(Levels(*levels), 1, 3, 16, 16)]
