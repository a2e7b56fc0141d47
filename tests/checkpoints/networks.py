"""Networks as lists of tensors, and names of other code bases for them."""

import re

import torch

from resviz.models import catalogue
from tests.checkpoints.files import list_state


def build(name, **options):
    """Tensors of a network that is built without weights."""
    with torch.device("meta"):
        return list_state(catalogue.build_network(name, **options))


def rename(entries, *rules):
    """The same tensors under other names."""
    renamed = {}
    for name, entry in entries.items():
        for pattern, words in rules:
            name = re.sub(pattern, words, name)  # noqa: PLW2901
        renamed[name] = entry
    return renamed


DETECTRON2 = (
    (r"^conv1\.", "stem.conv1."), (r"^bn1\.", "stem.conv1.norm."),
    (r"^layer1", "res2"), (r"^layer2", "res3"), (r"^layer3", "res4"),
    (r"^layer4", "res5"), (r"\.bn(\d)\.", r".conv\1.norm."),
    (r"downsample\.0\.", "shortcut."), (r"downsample\.1\.", "shortcut.norm."),
    (r"^", "backbone.bottom_up."),
)  # fmt: skip
"""torchvision's names as detectron2 has them."""

MMDETECTION = (
    (r"^conv1\.(\d)", r"stem.\1"), (r"^bn1\.", "stem.7."), (r"^", "backbone."),
)  # fmt: skip
"""Those of a ResNetV1d in mmdetection."""

TRANSFORMERS = (
    (r"^conv1\.", "embedder.embedder.convolution."),
    (r"^bn1\.", "embedder.embedder.normalization."),
    (r"downsample\.0\.", "shortcut.convolution."),
    (r"downsample\.1\.", "shortcut.normalization."),
    *[(rf"\.conv{k}\.", f".layer.{k - 1}.convolution.") for k in (1, 2, 3)],
    *[(rf"\.bn{k}\.", f".layer.{k - 1}.normalization.") for k in (1, 2, 3)],
    *[
        (rf"^layer{k}\.(\d+)", rf"encoder.stages.{k - 1}.layers.\1")
        for k in range(1, 5)
    ],
    (r"^(embedder|encoder)", r"resnet.\1"),
    (r"^fc\.", "classifier.1."),
)

CAFFE2 = (
    (r"^conv1\.weight", "conv1_w"), (r"^bn1\.", "res_conv1_bn_"),
    (r"^fc\.weight", "fc1000_w"), (r"^fc\.bias", "fc1000_b"),
    *[(rf"^layer{k}\.(\d+)\.", rf"res{k + 1}_\1_") for k in range(1, 5)],
    *[(rf"_conv{k + 1}\.weight", f"_branch2{'abc'[k]}_w") for k in range(3)],
    *[(rf"_bn{k + 1}\.", f"_branch2{'abc'[k]}_bn_") for k in range(3)],
    (r"_downsample\.0\.weight", "_branch1_w"), (r"_downsample\.1\.", "_branch1_bn_"),
    (r"_bn_weight", "_bn_s"), (r"_bn_bias", "_bn_b"),
    (r"_bn_running_mean", "_bn_rm"), (r"_bn_running_var", "_bn_riv"),
)  # fmt: skip
"""Those of Caffe2, as in detectron2's files of pretrained backbones."""
