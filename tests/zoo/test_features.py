"""Feature maps beside timm's own account, and for torchvision's extractor."""

from typing import Any

import pytest
import torch

import resviz

from . import packages

NAMES = (
    "resnet18d", "regnetx_002", "mnasnet_small", "convnext_atto", "mobileone_s0",
    "pvt_v2_b0", "davit_tiny", "dpn68", "hrnet_w18_small", "efficientformerv2_s0",
)  # fmt: skip
"""Networks of timm whose levels are stages or their ends; what it takes of a stem, or
behind the last stage, are choices of its own."""


@pytest.mark.parametrize("name", NAMES)
def test_timm_says_the_same(name):
    """Channels, reduction and module of its feature_info, where levels are known."""
    _ = packages.ready()
    import timm

    with torch.device("meta"):
        model: Any = timm.create_model(name, features_only=True)
    info = model.feature_info.get_dicts()
    features = resviz.features(f"timm:{name}").to_dict()["features"]
    by_module = {each["module"]: each for each in info}
    assert len(features) >= 4
    levels = {(row["channels"], *row["stride"]) for row in features}
    assert levels >= {(each["num_chs"], *[each["reduction"]] * 2) for each in info[1:]}
    for row in features:
        if row["timm_index"] is not None:
            assert row["module"] == info[row["timm_index"]]["module"]
        if row["module"] in by_module:
            level = by_module[row["module"]]
            assert level["num_chs"] == row["channels"]
            assert [level["reduction"]] * 2 == row["stride"]
    has_levels = name in {"resnet18d", "regnetx_002", "convnext_atto"}
    assert has_levels == (features[0]["timm_index"] is not None)


def test_tokens_have_the_size_of_their_map():
    """A ViT's 197 rows are 14×14 and a class token."""
    _ = packages.ready()
    (feature,) = resviz.trace("timm:vit_tiny_patch16_224").features()
    assert ((14, 14), 1, (16, 16)) == (
        feature.size, feature.extra_tokens, feature.stride
    )  # fmt: skip


def test_the_layer_getter_takes_it():
    """It cuts torchvision's network by these names to maps of these shapes."""
    _ = packages.ready()
    from torchvision.models import resnet18
    from torchvision.models.feature_extraction import create_feature_extractor

    with torch.device("meta"):
        model = resnet18().eval()
        table = resviz.features(model, input_size=(3, 64, 96)).to_dict()
        names = table["configuration"]["return_layers"]
        maps = create_feature_extractor(model, names)(torch.zeros(1, 3, 64, 96))
    assert [tuple(row["output_shape"]) for row in table["features"]] == [
        tuple(each.shape) for each in maps.values()
    ]
