"""Sums of maps of several levels, of which one may be made of another."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import explain_joins

from .random_parts import Run
from .toys import conv, residual

ENLARGE = nn.Upsample(scale_factor=2)


def fuse(self, coarse, fine):
    """Of three maps the second is made of the first, and the third was pooled."""
    middle = self.up(coarse + ENLARGE(F.max_pool2d(coarse, 2)))
    finer = self.down(fine)
    maps = coarse, middle, F.max_pool2d(finer, 2)
    if not self.weights:
        return sum(maps)
    return sum(self.weights[k].relu() * each for k, each in enumerate(maps))


@pytest.mark.parametrize("weighs", [True, False])
def test_a_term_of_a_fusion_is_no_block(weighs):
    """As where EfficientDet's second coarsest maps meet."""

    def run(self, x):
        fine = self.stem(x)
        return self.neck(self.rest(fine), fine)

    two = nn.Sequential(conv(3), conv(3))
    neck = Run(fuse, up=nn.Sequential(conv(3), conv(1)), down=two)
    neck.weights = nn.ParameterList([torch.ones(1)] * 3) if weighs else None
    net = Run(run, stem=conv(3, 3), rest=conv(3, stride=2), neck=neck)
    built = read_structure(resviz.trace(net, (3, 16, 16)))
    reasons = {reason.reason for reason in explain_joins(built)}
    assert () == built.blocks
    assert "it is one term of a sum of maps of several levels" in reasons


def test_a_block_whose_output_is_added_to_another_level_stays_one():
    """It is in a module of its own."""

    def run(self, x, coarse):
        return self.block(self.stem(x)) + ENLARGE(self.top(coarse))

    net = Run(run, stem=conv(3, 3), top=conv(3), block=residual())
    maps = torch.zeros(1, 3, 16, 16), torch.zeros(1, 8, 8, 8)
    built = read_structure(resviz.trace(net, inputs=maps))
    assert ["block"] == [block.path for block in built.blocks]


def test_sums_of_layers_that_exchange_levels_are_explained():
    """Those of the later layers read what other levels gave before."""

    def run(self, x):
        fine = self.stem(x)
        coarse = self.rest(fine)
        for up, down in zip(self.up, self.down, strict=True):
            above = up(fine + ENLARGE(coarse))
            fine, coarse = above, down(coarse + F.max_pool2d(above, 2))
        return fine, coarse

    ways = {way: [conv(3) for _ in range(3)] for way in ("up", "down")}
    net = Run(run, stem=conv(3, 3), rest=conv(3, stride=2), **ways)
    _, *whys = explain_joins(read_structure(resviz.trace(net, (3, 16, 16))))
    reason = "it adds maps of several levels, of which one is resized"
    assert [("parallel sum", reason)] * 5 == [why[1:] for why in whys]
