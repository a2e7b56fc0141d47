"""The shape flow where a forward fills a tensor part by part."""

import pytest
import torch
from torch import nn

from resviz import trace
from resviz.readings.shape_flow import read_flow


class Filling(nn.Module):
    """Two convolutions, between which a tensor is filled."""

    def __init__(self, fill, *, axes=2):
        super().__init__()
        self.fill = fill
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        conv = (nn.Conv2d, nn.Conv3d)[axes - 2]
        self.last = conv(8, 8, 3, padding=1)

    def forward(self, x):
        return self.last(self.fill(self.first(x)))


def shift(maps):
    """A volume of what is left of a map that is shifted, as stereo nets make it."""
    volume = maps.new_zeros(*maps.shape[:2], 4, *maps.shape[2:])
    for step in range(4):
        volume[:, :, step, :, step:] = maps[..., step:]
    return volume


def join(maps):
    """A map of the rows of another, each written to its place."""
    whole = torch.zeros_like(maps)
    for row in range(maps.shape[2]):
        whole[:, :, row : row + 1] = maps[:, :, row : row + 1]
    return whole


def add_to_part(maps):
    """A map to whose right part is added."""
    maps[..., 4:] += maps[..., :-4].relu()
    return maps


def blank(maps):
    """A map whose border is overwritten."""
    maps[:, :, :2] = 0
    maps[:, :, :, :2].mul_(0.5)
    return maps


@pytest.mark.parametrize(
    ("fill", "axes"), [(shift, 3), (join, 2), (add_to_part, 2), (blank, 2)]
)
def test_parts_that_are_written_to_are_no_resolutions(fill, axes):
    """A map of 16×16 stays one, whatever part of it is written; only `first` halves."""
    steps = read_flow(trace(Filling(fill, axes=axes), (3, 32, 32)))
    assert [("input", (32, 32)), ("first", (16, 16))] == [
        (step.name, step.size) for step in steps
    ]


def test_a_part_that_is_read_on_is_a_step():
    """What follows a slice, whatever is written to it, has the slice's size."""

    def cut(maps):
        half = maps[..., ::2, ::2]
        half += 1
        return half

    steps = read_flow(trace(Filling(cut), (3, 32, 32)))
    assert (8, 8) == steps[-1].size
