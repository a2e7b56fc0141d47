"""Networks of other families and code bases, and where to have them."""

from __future__ import annotations

import re

PREACTIVATION = (
    "a pre-activation network as He et al. 2016 have it, which is not among these: "
    "timm:resnetv2_50 is one, or write a function that builds it, net.py:build"
)

WIDE = (
    "a Wide ResNet for CIFAR as Zagoruyko and Komodakis 2016 have it, which is not "
    "among these: write a function that builds it, net.py:build"
)

DAWNBENCH = (
    "the network of DAWNBench, eight convolutions and two shortcuts, which is not "
    "among these: write a function that builds it, net.py:build"
)

FOREIGN_NAMES = (
    (
        r"(?:wrn|wide_?resnet)[-_]?(?!50|101)\d+[-_x]\d+",
        WIDE,
    ),
    (r"wrn[-_]?(50|101)[-_x]2", r"want wide_resnet\1_2"),
    (r"pre_?(?:act)?_?resnet[-_]?\d+", PREACTIVATION),
    (r"resnet_?v2_?\d+|resnet_?\d+_?v2", PREACTIVATION),
    (r"resnet_?(\d+)_?(?:v1b|b)", r"want resnet\1, which strides in the 3×3"),
    (r"resnet_?(\d+)_?(?:v1c|c)", r"want resnet(\1, deep_stem=True)"),
    (
        r"resnet_?(\d+)_?(?:v1d|d)",
        r"want resnet(\1, deep_stem=True, avg_down=True), ResNet-D",
    ),
    (
        r"resnet_?(8|14|20|32|44|56|110)_?x4",
        r"want cifar(\1, base_channels=64, stem_channels=32, shortcut='B')",
    ),
    (r"se_?resnet_?(\d+)", r"want timm:seresnet\1"),
    (r"resnet_?9", DAWNBENCH),
)
"""Names that are known elsewhere, as patterns, and what they mean.

Source: pytorchcv, GluonCV (v1b to v1d), Keras (V2), timm; RepDistiller (x4).
"""


def explain_foreign_name(name: str) -> str:
    """Say what a name means that is none of ours; "" where that is not known.

    Example:
        >>> explain_foreign_name("resnet50d")
        'want resnet(50, deep_stem=True, avg_down=True), ResNet-D'
    """
    for pattern, meant in FOREIGN_NAMES:
        found = re.fullmatch(pattern, name.casefold())
        if found:
            return found.expand(meant)
    return ""
