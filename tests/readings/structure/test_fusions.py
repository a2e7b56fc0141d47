"""Two towers that are fused: which block is of which, and what their sums are."""

import pytest
import torch
from torch import nn

import resviz
from resviz.readings.structure import read_structure
from resviz.readings.structure.join_reasons import UNIT_VERDICT, explain_joins

from .random_parts import Run
from .toys import Basic, conv

SIZES = (8, 16, 32)


def make_stages():
    """Three stages of two blocks each."""
    widths = zip((8, *SIZES), SIZES, strict=False)
    return nn.ModuleList(
        nn.Sequential(Basic(c, o, 1 + (o > c)), Basic(o, o, 1)) for c, o in widths
    )


def make_towers(run, colours=3, depths=1):
    """A net of two stems and two encoders, run as somebody wrote it."""
    stems = [nn.Sequential(conv(3, c, 8), nn.ReLU()) for c in (colours, depths)]
    return Run(
        run,
        left_stem=stems[0],
        right_stem=stems[1],
        left=make_stages(),
        right=make_stages(),
        head=nn.Conv2d(32, 5, 1),
    ).eval()


def trace_towers(net, channels=(3, 1)):
    inputs = tuple(torch.zeros(1, c, 32, 32) for c in channels)
    return read_structure(resviz.trace(net, inputs=inputs))


def list_other_sums(built):
    """What the additions are that end no unit."""
    verdicts = [reason.verdict for reason in explain_joins(built)]
    return [verdict for verdict in verdicts if verdict != UNIT_VERDICT]


def fuse_after_each(self, left, right):
    left, right = self.left_stem(left), self.right_stem(right)
    left = left + right
    for one, other in zip(self.left, self.right, strict=True):
        left, right = one(left), other(right)
        left = left + right
    return self.head(left)


def fuse_after_each_reversed(self, left, right):
    right, left = self.right_stem(right), self.left_stem(left)
    left = right + left
    for one, other in zip(self.left, self.right, strict=True):
        right, left = other(right), one(left)
        left = right + left
    return self.head(left)


def fuse_before_each(self, left, right):
    left, right = self.left_stem(left), self.right_stem(right)
    for one, other in zip(self.left, self.right, strict=True):
        left, right = one(left + right), other(right)
    return self.head(left), self.head(right)


def exchange_means(self, left, right):
    left, right = self.left_stem(left), self.right_stem(right)
    for one, other in zip(self.left, self.right, strict=True):
        left, right = one(left), other(right)
        mean = (left + right) / 2
        left, right = left + mean, right + mean
    return self.head(left), self.head(right)


def fuse_late(self, left, right):
    left, right = self.left_stem(left), self.right_stem(right)
    for one, other in zip(self.left, self.right, strict=True):
        left, right = one(left), other(right)
    return self.head(left) + self.head(right)


FUSIONS = {
    fuse_after_each: 4,
    fuse_after_each_reversed: 4,
    fuse_before_each: 3,
    fuse_late: 1,
}
"""Forwards, and how many sums fuse."""


@pytest.mark.parametrize("run", [*FUSIONS, exchange_means])
def test_each_encoder_is_a_tower(run):
    """A fused map goes on with the encoder that reads it alone, as in FuseNet."""
    built = trace_towers(make_towers(run))
    towers = {}
    for stage in built.stages:
        towers.setdefault(stage.tower, []).extend(b.path for b in stage.blocks)
    paths = [[f"{side}.{k}.{n}" for k in range(3) for n in range(2)] for side in SIDES]
    assert paths == sorted(towers.values())


SIDES = ("left", "right")


@pytest.mark.parametrize(("run", "count"), FUSIONS.items())
def test_sums_of_towers_are_fusions(run, count):
    """No sum of two encoders or two inputs is an open join, nor a parallel sum."""
    assert ["fusion sum"] * count == list_other_sums(trace_towers(make_towers(run)))


def test_one_encoder_on_two_images_is_two_towers_and_a_fusion():
    """A Siamese net subtracts what its encoder gives of two images."""

    def run(self, left, right):
        ends = []
        for image in (left, right):
            x = self.left_stem(image)
            for k in range(3):
                x = self.left[k](x)
            ends.append(self.head(x))
        return (ends[0] - ends[1]).abs().mean()

    built = trace_towers(make_towers(run), (3, 3))
    assert [0, 0, 0, 1, 1, 1] == [stage.tower for stage in built.stages]
    assert ["fusion sum"] == list_other_sums(built)


def test_plain_encoders_fuse_after_each_stage():
    """Encoders without blocks are told by their inputs, as FuseNet's VGGs."""

    def run(self, left, right):
        for one, other in zip(self.left, self.right, strict=True):
            left, right = one(left), other(right)
            left = left + right
        return left

    sides = {
        side: nn.ModuleList(
            nn.Sequential(conv(3, a, b), nn.ReLU(), conv(3, b, b), nn.ReLU())
            for a, b in ((c, 8), (8, 16), (16, 32))
        )
        for side, c in zip(SIDES, (3, 1), strict=True)
    }
    built = trace_towers(Run(run, **sides))
    assert ["fusion sum"] * 3 == list_other_sums(built)


def test_a_mask_that_is_added_fuses_nothing():
    """An input without weights above the sum is no stream of its own."""

    def run(self, image, mask):
        x = self.left_stem(image) + mask
        for stage in self.left:
            x = stage(x)
        return self.head(x)

    built = trace_towers(make_towers(run), (3, 8))
    assert ["open join"] == list_other_sums(built)
