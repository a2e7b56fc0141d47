"""Colours mean resolutions, the same in every figure."""

import pytest

from resviz.figures import draw_diagram
from resviz.figures.drawing.styles import LEVEL_TINTS

from .conftest import texts

STAGE_TINTS = {"conv2_x": 2, "conv3_x": 3, "conv4_x": 4, "conv5_x": 5}
"""Halvings of the input at a ResNet's stages."""


@pytest.mark.parametrize("figure", ["overview", "layers"])
def test_a_stages_frame_has_its_resolutions_colour(network, figure):
    """Four halvings are blue, whichever stage has them."""
    groups = draw_diagram(network("resnet50"), figure).picture.groups
    frames = [group.tint for group in groups if group.role == "stage"]
    expected = [LEVEL_TINTS[level] for level in STAGE_TINTS.values()]
    assert expected == [*dict.fromkeys(frames)]


def test_stages_of_one_resolution_have_one_colour(network):
    """A dilated ResNet's last stages are as fine as the one before."""
    groups = draw_diagram(network("dilated"), "overview").picture.groups
    assert 2 == len({group.tint for group in groups})


@pytest.mark.parametrize("figure", ["stack", "layers", "volumes"])
def test_heads_are_grey(network, figure):
    """What has no positions has no resolution's colour."""
    picture = draw_diagram(network("resnet50"), figure).picture
    if figure == "volumes":
        assert ["head"] == [picture.solids[-1].tint]
        assert "stem" == picture.solids[2].tint  # the max pool's map
    else:
        last = [node for node in picture.nodes if node.role == "layer"][-1]
        assert "head" == last.tint


def test_a_strided_block_has_two_colours(network):
    """The convolution before the stride runs on the finer map."""
    picture = draw_diagram(network("resnet50"), "block", at="conv3_1").picture
    tints = [node.tint for node in picture.nodes if node.role == "conv"]
    assert ["level 2", "level 3", "level 3"] == tints


@pytest.mark.parametrize("figure", ["overview", "stack", "volumes", "layers"])
def test_the_legend_says_what_a_colour_is(network, figure):
    """Where there are several."""
    said = " ".join(texts(draw_diagram(network("resnet50"), figure).picture))
    assert "colour: resolution" in said
