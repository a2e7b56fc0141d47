"""Which network the weights of timm's networks are of."""

import pytest
import torch

from resviz.checkpoints import identify_tensors
from tests.checkpoints.files import list_state

from . import packages


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("resnet26d", "resnet(26, stem='deep', avg_down=True)", "2-2-2-2"),
        ("seresnet18", None, "squeeze-and-excitation"),
        ("ecaresnet26t", None, "efficient channel attention"),
        ("resnest14d", None, "split attention"),
        ("res2net50_26w_4s", None, "several 3×3"),
        ("resnet50_gn", None, "keep no statistics"),
        ("resnetv2_50", None, "none of our networks"),
        ("hrnet_w18_small", None, "several resolutions"),
        ("dla34", None, "none of our networks"),
    ],
)
def test_networks_of_timm(name, spec, words):
    """Those that our options build have a SPEC, the others are told in words."""
    _ = packages.ready()
    import timm

    with torch.device("meta"):
        found = identify_tensors({"": list_state(timm.create_model(name))})
    assert (spec, True) == (found.spec, words in found.words)
