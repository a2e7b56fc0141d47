"""What a module tree says of a model's structure, to hold the dataflow's reading to.

Here names of classes and attributes are read, as timm and torchvision chose them: the
paths of the blocks of each stage, and which of them have a shortcut with weights. The
reading under test knows none of them.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from resviz.readings.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from resviz.record import Architecture

Stages = list[list[str]]
"""Paths of the blocks of each stage."""


def under(model: nn.Module, *paths: str, inner: str = "") -> Stages:
    """The children of each container, or of its part `inner`, as blocks of a stage."""
    places = [f"{path}.{inner}" if inner else path for path in paths]
    return [
        [f"{place}.{name}" for name, _ in model.get_submodule(place).named_children()]
        for place in places
    ]


def children(model: nn.Module, path: str) -> list[str]:
    """Paths of a module's children."""
    return under(model, path)[0]


def layers(model: nn.Module) -> Stages:
    """`layer1` to `layer4`, as every ResNet has them."""
    return under(model, *(f"layer{number}" for number in (1, 2, 3, 4)))


def s_blocks(model: nn.Module) -> Stages:
    """`s1` to `s4`, as timm's RegNet has them."""
    return under(model, *(f"s{number}" for number in (1, 2, 3, 4)))


def every(path: str, inner: str = "") -> Callable[[nn.Module], Stages]:
    """Reader of the stages that are the children of one container."""

    def read(model: nn.Module) -> Stages:
        return under(model, *children(model, path), inner=inner)

    return read


def one(path: str) -> Callable[[nn.Module], Stages]:
    """Reader of a model that has one stage."""
    return lambda model: under(model, path)


def odd_features(model: nn.Module) -> Stages:
    """Every second child of `features`: those between are downsampling layers."""
    return under(model, *children(model, "features")[1::2])


TREES: dict[str, Callable[[nn.Module], Stages]] = {
    "timm.models.resnet.ResNet": layers,
    "timm.models.senet.SENet": layers,
    "timm.models.regnet.RegNet": s_blocks,
    "timm.models.byobnet.ByobNet": every("stages"),
    "timm.models.nfnet.NormFreeNet": every("stages"),
    "timm.models.resnetv2.ResNetV2": every("stages", "blocks"),
    "timm.models.convnext.ConvNeXt": every("stages", "blocks"),
    "timm.models.efficientnet.EfficientNet": every("blocks"),
    "timm.models.vision_transformer.VisionTransformer": one("blocks"),
    "timm.models.swin_transformer.SwinTransformer": every("layers", "blocks"),
    "torchvision.models.resnet.ResNet": layers,
    "torchvision.models.regnet.RegNet": every("trunk_output"),
    "torchvision.models.convnext.ConvNeXt": odd_features,
    "torchvision.models.swin_transformer.SwinTransformer": odd_features,
    "torchvision.models.vision_transformer.VisionTransformer": one("encoder.layers"),
}
"""How each family keeps its blocks; adding one is a row."""

OTHERWISE = {
    "repvgg_*": "the stem is a block of the same class, as the paper counts it",
    "mobileone_*": "an author's block holds a depthwise and a pointwise sum",
    "mobilevit*": "an author's block holds transformer blocks",
    "mnasnet_small": "two stages of the authors' have one resolution and width",
    "mobilenet_edgetpu*": "the first block is a plain convolution, or two stages one",
    "mobilenetv1*": "no residual blocks",
    "test_efficientnet*": "no residual blocks",
    "tinynet_[de]": "two stages of the authors' have one resolution and width",
    "tf_efficientnetv2_b0": "the first block is a plain convolution",
    "vit_*_r*_*": "a convolutional network comes first",
    "vitamin_*": "convolutional stages come first",
}
"""Where the tree and the definition of a stage disagree, and why."""

SHORTCUTS = ("downsample", "shortcut", "proj")
"""Attributes under which a block keeps what is on its shortcut."""


def compared(name: str, model: nn.Module, arch: Architecture) -> str:
    """How tree and reading compare: "equal", a difference, or "" if unknown."""
    differing = disagreement(name.partition(":")[2], model, arch)
    return "" if differing is None else differing or "equal"


def disagreement(name: str, model: nn.Module, arch: Architecture) -> str | None:
    """How the tree and the reading differ; "" if they agree.

    None where the tree is not known, or is known to mean something else.
    """
    read = TREES.get(f"{type(model).__module__}.{type(model).__name__}")
    if read is None or any(fnmatch(name, pattern) for pattern in OTHERWISE):
        return None
    wanted = read(model)
    found = read_structure(arch)
    paths = [[block.path for block in stage.blocks] for stage in found.stages]
    if [len(stage) for stage in wanted] != [len(stage) for stage in paths]:
        return f"blocks {list(map(len, paths))}, tree {list(map(len, wanted))}"
    if wanted != paths:
        pairs = zip(sum(paths, []), sum(wanted, []), strict=True)  # noqa: RUF017
        return "; ".join(f"{a} is {b} in the tree" for a, b in pairs if a != b)[:200]
    wrong = [
        block.path
        for block in found.blocks
        if (block.shortcut.kind == "projection") != projects(model, block.path)
    ]
    return f"shortcuts of {', '.join(wrong[:3])}" if wrong else ""


def projects(model: nn.Module, path: str) -> bool:
    """Whether a block keeps weights of more than one axis for its shortcut."""
    block = model.get_submodule(path)
    parts = [getattr(block, name, None) for name in SHORTCUTS]
    kept = [part for part in parts if part is not None and not isinstance(part, bool)]
    parts = [part for part in kept if hasattr(part, "parameters")]
    return any(p.dim() > 1 for part in parts for p in part.parameters())
