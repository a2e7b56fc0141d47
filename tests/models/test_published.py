"""The ten networks of torchvision 0.28, by its published figures."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from resviz import models

DATA = Path(__file__).parent / "data"
DIGESTS = json.loads((DATA / "state_dict_digests.json").read_text())["digests"]
STATE_DICTS = json.loads((DATA / "state_dicts.json").read_text())

PUBLISHED = json.loads(
    (Path(__file__).parent.parent / "data" / "torchvision_published.json").read_text()
)["networks"]
"""Parameters and GMACs that torchvision publishes with its weights."""


def shapes(net):
    """Names and shapes of a state dict, in order."""
    return [(name, list(value.shape)) for name, value in net.state_dict().items()]


@pytest.mark.parametrize("name", STATE_DICTS)
def test_state_dict(meta, name):
    """Names, order and shapes of the state dict are torchvision's, one by one."""
    assert list(STATE_DICTS[name].items()) == shapes(meta(name))


@pytest.mark.parametrize("name", DIGESTS)
def test_state_dict_digest(meta, name):
    """Names, order and shapes of all ten state dicts hash to torchvision's."""
    lines = "".join(f"{key} {tuple(shape)}\n" for key, shape in shapes(meta(name)))
    assert DIGESTS[name] == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters(meta, params, name):
    """The number of parameters is the published one."""
    assert PUBLISHED[name][0] == params(meta(name))


@pytest.mark.parametrize("name", PUBLISHED)
def test_macs(meta, macs, name):
    """The MACs at 224x224 are the published ones to three decimals of a G."""
    assert PUBLISHED[name][1] == round(macs(meta(name)) / 1e9, 3)


@pytest.mark.parametrize("name", PUBLISHED)
def test_function(name):
    """The function of that name builds the network of that name."""
    with torch.device("meta"):
        net = getattr(models, name)()
    lines = "".join(f"{key} {tuple(shape)}\n" for key, shape in shapes(net))
    assert DIGESTS[name] == hashlib.sha256(lines.encode()).hexdigest()


def test_children_in_order(meta):
    """The root's children are torchvision's, in the order they run."""
    stages = ["layer1", "layer2", "layer3", "layer4"]
    expected = ["conv1", "bn1", "relu", "maxpool", *stages, "avgpool", "fc"]
    assert expected == [name for name, _ in meta("resnet50").named_children()]
