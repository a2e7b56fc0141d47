"""Resolution levels against sides that one can work out by hand."""

import pytest
from torch import nn

import resviz
from resviz.readings.resolution import find_level


@pytest.mark.parametrize(
    ("spec", "sides"),
    [("resnet50", (224, 112, 56, 28, 14, 7)), ("cifar20", (32, 16, 8))],
)
def test_a_level_is_a_halving(record, spec, sides):
    """Of the input, in a network that shrinks it."""
    levels = [find_level(record(spec), side * side) for side in sides]
    assert [*range(len(sides))] == levels


def test_a_vector_has_no_level(record):
    """What a global pool gives is no map."""
    assert find_level(record("resnet50"), 1) is None


def test_the_finest_map_counts_where_an_input_grows():
    """Super-resolution by four: its body is two halvings below its output."""
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ConvTranspose2d(8, 8, 4, 4),
        nn.Conv2d(8, 3, 3, padding=1),
    )
    arch = resviz.trace(net, (3, 24, 24))
    assert [0, 2] == [find_level(arch, side * side) for side in (96, 24)]


@pytest.mark.parametrize(("axes", "positions"), [(1, 8), (2, 64), (3, 512)])
def test_an_axis_more_changes_no_level(axes, positions):
    """Halving each axis of signals, images and videos is one level."""
    convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    arch = resviz.trace(convolution(1, 4, 2, 2), (1, *[16] * axes))
    assert 1 == find_level(arch, positions)


def test_tokens_count_as_their_positions():
    """Patches of 16×16 pixels are four halvings, with a class token or without."""
    arch = resviz.trace(nn.Conv2d(3, 8, 16, 16), (3, 224, 224))
    assert [4, 4] == [find_level(arch, tokens) for tokens in (196, 197)]


def test_words_are_of_one_level():
    """A network of vectors alone has no halvings."""
    arch = resviz.trace(nn.Linear(4, 4), (4,))
    assert 0 == find_level(arch, 1)
