"""torchvision's extractor of features takes our networks as it takes its own."""

import pytest
import torch

from resviz import models
from tests.zoo import packages

_ = packages.ready()

NODES = {"layer1": "c2", "layer4.1.relu": "c5", "flatten": "pooled"}


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_features_by_the_names_of_nodes(name):
    """The same weights give the same features, at the same nodes."""
    import torchvision
    from torchvision.models.feature_extraction import create_feature_extractor

    torch.manual_seed(3)
    ours = getattr(models, name)(num_classes=10).eval()
    theirs = getattr(torchvision.models, name)(num_classes=10).eval()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        wanted = create_feature_extractor(theirs, NODES)(x)
        found = create_feature_extractor(ours, NODES)(x)
    assert wanted.keys() == found.keys() == set(NODES.values())
    for key, value in wanted.items():
        torch.testing.assert_close(value, found[key], rtol=1e-4, atol=1e-5)
