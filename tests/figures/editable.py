"""Pictures that can be edited by hand, and the networks that they are tested on."""

from functools import cache

from resviz.errors import RenderError
from resviz.figures import draw_diagram
from resviz.record.storage import load
from tests.conftest import trace
from tests.readings.structure.golden.networks import record_file

RESNETS = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
)  # fmt: skip
"""The ten that torchvision has."""

OTHERS = (
    "vit_tiny_patch16_224", "toy_unet", "hrnet_w18_small", "dpn68", "cifar56",
    "toy_lstm",
)  # fmt: skip
"""Frozen ones: parallel branches, long skips, columns, no block at all."""

EDITABLE = ("overview", "block", "lanes", "layers", "volumes", "stack")
"""The figures that can be edited."""

DIRECTIONS = {"overview": ("TB", "LR"), "block": ("TB", "LR")}


@cache
def read_network(name):
    """The record of a network."""
    return trace(name) if name in RESNETS else load(record_file(name))


@cache
def list_pictures(name):
    """Every figure of a network that can be edited; a block where there is one."""
    pictures = []
    for figure in EDITABLE:
        for direction in DIRECTIONS.get(figure, (None,)):
            try:
                drawn = draw_diagram(read_network(name), figure, direction=direction)
            except RenderError as error:
                assert "no residual blocks" in str(error)  # noqa: PT017 - no other
            else:
                pictures.append(drawn.picture)
    return pictures
