"""Every layer, with sums that can be checked."""

from __future__ import annotations

import msgspec
import pytest
from torch import nn

from resviz import trace
from resviz.figures import draw_diagram
from resviz.figures.layer_labels import label_layer_fully
from resviz.figures.layers.placing import split_into_columns
from resviz.figures.layers.rows import build_layer_rows, group_into_pieces
from resviz.readings.structure import read_structure
from resviz.record import MODEL_INPUT, Parameter, Uncalled

from .conftest import NETWORKS, faults, texts


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_sound(network, name):
    """No text leaves its box, no wire crosses a box."""
    assert [] == sorted(set(faults(draw_diagram(network(name), "layers").picture)))


def test_hostile_names_are_placed_soundly(hostile):
    """Names of 20,000 characters are cut, not spilled."""
    assert [] == sorted(set(faults(draw_diagram(hostile[0], "layers").picture)))


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_sum_to_the_total(network, name):
    """Projections have rows of their own, and nothing is left out."""
    arch = network(name)
    found, _ = build_layer_rows(read_structure(arch), {})
    assert arch.params == sum(row.params for row in found)


def test_parameters_of_resnet50_as_printed(network):
    """The printed numbers sum to 25,557,032, torchvision's count."""
    said = texts(draw_diagram(network("resnet50"), "layers").picture)
    digits = (line.replace(",", "") for line in said if "," in line)
    assert 25_557_032 == sum(int(it) for it in digits if it.isdecimal())


def test_every_layer_is_in_a_row(network):
    """Each of the 175 layers of ResNet-50 is named."""
    arch = network("resnet50")
    found, at = build_layer_rows(read_structure(arch), {})
    assert set(range(len(arch.layers))) == set(at) - {MODEL_INPUT}
    assert len(arch.layers) == sum(len(row.names) for row in found[1:])


def test_parameters_that_no_layer_read_have_a_row(network):
    """They are part of the total."""
    idle = Uncalled("aux", "Linear", (Parameter("aux.weight", (10, 10)),))
    arch = msgspec.structs.replace(network("plain"), uncalled=(idle,))
    found, _ = build_layer_rows(read_structure(arch), {})
    assert (["aux"], 100) == (found[-1].names, found[-1].params)


def test_blocks_stay_in_one_column(network):
    """No block is broken, and every row is placed once."""
    read = read_structure(network("cifar110"))
    made = group_into_pieces(read, *build_layer_rows(read, {}))
    split = split_into_columns(made, 400)
    assert made == [piece for column in split for piece in column]
    assert len(split) > 2


@pytest.mark.parametrize(("name", "most"), [("resnet50", 1100), ("resnet152", 2200)])
def test_layers_take_a_screens_shape(network, name, most):
    """More columns, not an endless strip."""
    width, height = draw_diagram(network(name), "layers").size
    assert width <= most
    assert 0.9 < width / height < 2.2


def test_stages_frame_their_blocks(network):
    """Groups nest as stage and block."""
    picture = draw_diagram(network("resnet18"), "layers").picture
    assert {"stage"} == {group.role for group in picture.groups}
    assert 8 == sum(len(group.groups) for group in picture.groups)


def test_shared_pre_activation_has_a_row_of_its_own(network):
    """Before its block, whose projection leaves below it, in the block's stage."""
    read = read_structure(network("preactivated"))
    found, at = build_layer_rows(read, {})
    block = read.blocks[0]
    lead = at[block.preactivation[0]]
    assert lead == at[block.preactivation[-1]] == at[block.fork]
    assert "BN" == found[lead].label
    (piece,) = (it for it in group_into_pieces(read, found, at) if lead in it.rows)
    assert ([lead], 0, "") == (piece.rows, piece.stage, piece.block)


UPSAMPLING = {
    "upsampling, ↑2": nn.Upsample(scale_factor=2),
    "upsampling, ↑2×1.5": nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"),
    "downsampling, /2": nn.Upsample(scale_factor=0.5, mode="bicubic"),
    "resampling": nn.Upsample(size=(8, 8), mode="bilinear"),
    "pixel shuffle, ↑2": nn.PixelShuffle(2),
}


@pytest.mark.parametrize("label", UPSAMPLING)
def test_a_change_of_size_says_its_factor(label):
    """In a box of the layers how it reads between positions has no room."""
    net = nn.Sequential(nn.Conv2d(3, 8, 1), UPSAMPLING[label], nn.Sigmoid())
    said = texts(draw_diagram(trace(net, (3, 8, 8)), "layers").picture)
    assert label in said


def test_a_trilinear_upsampling_is_none_along_a_line():
    """In full it says how it reads between positions, over volumes too."""
    net = nn.Sequential(
        nn.Conv3d(3, 8, 1), nn.Upsample(scale_factor=2, mode="trilinear")
    )
    arch = trace(net, (3, 4, 4, 4))
    assert ["trilinear upsampling, ↑2"] == label_layer_fully(arch.layers[1])
