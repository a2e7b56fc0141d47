"""Models of which some modules are in training mode and others are not."""

import pytest
import torch
from torch import nn

import resviz
from resviz.models import resnet18
from resviz.record.storage import parse_record


def with_modes(training, **others):
    """A ResNet-18 of one mode, and some modules of another, "." written "__"."""
    net = resnet18().train(training)
    for path, mode in others.items():
        net.get_submodule(path.replace("__", ".")).train(mode)
    return net


@pytest.mark.parametrize(
    ("net", "modes"),
    [
        (with_modes(True), {}),
        (with_modes(False), {}),
        (with_modes(True, layer1=False), {"": True, "layer1": False}),
        (with_modes(False, fc=True), {"": False, "fc": True}),
        (
            with_modes(True, layer1=False, layer1__0=True, bn1=False),
            {"": True, "bn1": False, "layer1": False, "layer1.0": True},
        ),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_a_record_knows_the_modes_of_its_modules(net, modes, fast):
    """Of a part that is all alike the outermost module alone."""
    flags = [module.training for module in net.modules()]
    arch = resviz.trace(net, fast=fast)
    assert modes == arch.module_modes
    assert flags == [module.training for module in net.modules()]
    assert modes == parse_record(arch.to_json()).module_modes


@pytest.mark.parametrize("training", [True, False])
def test_a_summary_says_it(training):
    """With the mode that was followed, which is one for all."""
    net = with_modes(True, layer1=False, layer2=False, layer3=False, layer4=False)
    arch = resviz.trace(net, training=training)
    mode = "training" if training else "evaluation"
    (note,) = (n for n in resviz.summary(arch).notes if n.startswith("modules of both"))
    names = "layer1, layer2, layer3 and 1 more"
    words = (
        f"{names} in evaluation, the others in training; traced in {mode} throughout"
    )
    assert note.endswith(words)
    assert "odules of both modes" in resviz.report(arch)


def test_a_module_inside_of_a_switched_one_is_not_said_twice():
    """It is of the model's own mode again."""
    net = with_modes(True, layer1=False, layer1__0=True)
    (note,) = (n for n in resviz.summary(net).notes if n.startswith("modules of both"))
    assert "layer1 in evaluation" in note


def test_a_model_of_one_mode_says_nothing(record):
    """The usual case."""
    assert "both modes" not in resviz.summary(record("resnet18")).render()


def test_wrapped_and_scripted_models_are_read():
    """A wrapper is not the model; a scripted part has a mode, or none if frozen."""
    net = nn.DataParallel(with_modes(True, fc=False))
    assert {"": True, "fc": False} == resviz.trace(net).module_modes
    part = torch.jit.trace(nn.Conv2d(3, 3, 1).eval(), torch.zeros(1, 3, 4, 4))
    arch = resviz.trace(nn.Sequential(part, nn.Conv2d(3, 4, 1)), (3, 4, 4))
    assert {"": True, "0": False} == arch.module_modes
    frozen = nn.Sequential(torch.jit.freeze(part), nn.Conv2d(3, 4, 1))
    assert {} == resviz.trace(frozen, (3, 4, 4)).module_modes
