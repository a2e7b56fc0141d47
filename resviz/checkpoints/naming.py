"""Names of other code bases, written as torchvision's.

Each scheme has one name by which the first block is found, what stands before it being
the prefix, and rules that rewrite the names behind. Sources: torchvision
models/resnet.py; mmdetection backbones/resnet.py; detectron2 backbone/resnet.py and
checkpoint/c2_model_loading.py; transformers models/resnet; kuangliu/pytorch-cifar and
akamaster's ResNets for CIFAR.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resviz.checkpoints.files import Group

NORM_WORDS = r"(weight|bias|running_mean|running_var|num_batches_tracked)"
"""What a norm of torch holds, a pattern."""


@dataclass(frozen=True, slots=True)
class NamingScheme:
    """How a code base calls the tensors of a ResNet.

    Attributes:
        title: what it is called.
        anchor: the name of the first block's first convolution, a pattern.
        rules: patterns of whole names, and what torchvision calls them; a name that
            none matches stays.
        shift: what is added to the number of a stage, so that the first is 1.
        depth: what is added to the number of a layer in a block.
        stage: what stands before the number of a stage; "" where no other part of a
            network may have one of its stages, as detectors do with the last.
        flat: whether all names stand side by side, so that what no rule names is no
            tensor of it; norms may be folded to a scale and a bias there.
    """

    title: str
    anchor: str
    rules: tuple[tuple[str, str], ...] = ()
    shift: int = 0
    depth: int = 0
    stage: str = ""
    flat: bool = False


CAFFE2_NORMS = {
    "s": "weight", "gamma": "weight", "b": "bias", "beta": "bias",
    "rm": "running_mean", "running_mean": "running_mean",
    "riv": "running_var", "running_var": "running_var",
}  # fmt: skip
"""What Caffe2 calls the vectors of a norm."""


def write_caffe2_rules() -> tuple[tuple[str, str], ...]:
    """Write the rules of Caffe2's names, `res2_0_branch2a_bn_s`."""
    rules = [
        (r"conv1_w", "conv1.weight"),
        (r"conv1_b", "conv1.bias"),
        (r"(?:fc1000|pred|last_out_L\d+)_w", "fc.weight"),
        (r"(?:fc1000|pred|last_out_L\d+)_b", "fc.bias"),
        (r"res(\d)_(\d+)_branch1_w", r"layer<\1>.\2.downsample.0.weight"),
    ]
    for own, word in CAFFE2_NORMS.items():
        rules += [
            (rf"(?:res_)?conv1_bn_{own}", f"bn1.{word}"),
            (rf"res(\d)_(\d+)_branch1_bn_{own}", rf"layer<\1>.\2.downsample.1.{word}"),
        ]
    for number, letter in enumerate("abc", start=1):
        path = rf"res(\d)_(\d+)_branch2{letter}"
        rules.append((rf"{path}_w", rf"layer<\1>.\2.conv{number}.weight"))
        rules += [
            (rf"{path}_bn_{own}", rf"layer<\1>.\2.bn{number}.{word}")
            for own, word in CAFFE2_NORMS.items()
        ]
    return tuple(rules)


SCHEMES = (
    NamingScheme(
        "torchvision",
        r"layer1\.0\.conv1\.weight",
        (
            (r"stem\.([0-6])\.(.+)", r"conv1.\1.\2"),
            (r"stem\.7\.(.+)", r"bn1.\1"),
            (r"gn(\d)\.(.+)", r"bn\1.\2"),
            (r"(layer\d+\.\d+)\.gn(\d)\.(.+)", r"\1.bn\2.\3"),
            (r"(layer\d+\.\d+)\.shortcut\.(.+)", r"\1.downsample.\2"),
            (r"linear\.(weight|bias)", r"fc.\1"),
        ),
        stage="layer",
    ),
    NamingScheme(
        "detectron2",
        r"res2\.0\.conv1\.weight",
        (
            (r"stem\.conv1\.weight", "conv1.weight"),
            (rf"stem\.conv1\.norm\.{NORM_WORDS}", r"bn1.\1"),
            (r"res(\d)\.(\d+)\.conv(\d)\.weight", r"layer<\1>.\2.conv\3.weight"),
            (r"res(\d)\.(\d+)\.conv(\d)\.norm\.(.+)", r"layer<\1>.\2.bn\3.\4"),
            (
                r"res(\d)\.(\d+)\.shortcut\.norm\.(.+)",
                r"layer<\1>.\2.downsample.1.\3",
            ),
            (
                r"res(\d)\.(\d+)\.shortcut\.weight",
                r"layer<\1>.\2.downsample.0.weight",
            ),
            (r"linear\.(weight|bias)", r"fc.\1"),
        ),
        shift=-1,
        stage="res",
    ),
    NamingScheme(
        "Caffe2",
        r"res2_0_branch2a_w",
        write_caffe2_rules(),
        shift=-1,
        flat=True,
    ),
    NamingScheme(
        "transformers",
        r"encoder\.stages\.0\.layers\.0\.layer\.0\.convolution\.weight",
        (
            (r"embedder\.embedder\.convolution\.weight", "conv1.weight"),
            (r"embedder\.embedder\.normalization\.(.+)", r"bn1.\1"),
            (
                r"encoder\.stages\.(\d)\.layers\.(\d+)\.layer\.(\d)\.convolution\.weight",
                r"layer<\1>.\2.conv{\3}.weight",
            ),
            (
                r"encoder\.stages\.(\d)\.layers\.(\d+)\.layer\.(\d)\.normalization\.(.+)",
                r"layer<\1>.\2.bn{\3}.\4",
            ),
            (
                r"encoder\.stages\.(\d)\.layers\.(\d+)\.shortcut\.convolution\.weight",
                r"layer<\1>.\2.downsample.0.weight",
            ),
            (
                r"encoder\.stages\.(\d)\.layers\.(\d+)\.shortcut\.normalization\.(.+)",
                r"layer<\1>.\2.downsample.1.\3",
            ),
        ),
        shift=1,
        depth=1,
    ),
    NamingScheme(
        "torchvision, in a Sequential",
        r"4\.0\.conv1\.weight",
        (
            (r"0\.(.+)", r"conv1.\1"),
            (r"1\.(.+)", r"bn1.\1"),
            (r"([4-7])\.(\d+)\.(.+)", r"layer<\1>.\2.\3"),
            (r"(?:9|10)\.(weight|bias)", r"fc.\1"),
        ),
        shift=-3,
    ),
)
"""The schemes by which a ResNet is looked for. To add one, add a row."""

SPLIT_STEMS = {
    "stem.conv1.weight": "conv1.0.weight", "stem.conv2.weight": "conv1.3.weight",
    "stem.conv3.weight": "conv1.6.weight", "stem.conv1.norm": "conv1.1",
    "stem.conv2.norm": "conv1.4", "stem.conv3.norm": "bn1",
}  # fmt: skip
"""A stem of three convolutions in detectron2's projects, as our deep one has it."""

HEADS = (
    (r"(?:head\.|bbox_head\.|cls_head\.)?fc\.(weight|bias)", r"fc.\1"),
    (r"(?:head|classifier|classifier\.1|heads\.head)\.(weight|bias)", r"fc.\1"),
)
"""What a classifier outside of the backbone is called, behind its parent's prefix."""


@dataclass(frozen=True, slots=True)
class Root:
    """Where in a list of names a ResNet may begin: prefix and scheme."""

    prefix: str
    scheme: NamingScheme


def find_roots(names: Iterable[str]) -> list[Root]:
    """Find all prefixes behind which a first block stands, in order."""
    patterns = [
        (re.compile(rf"((?:.+\.)?){scheme.anchor}"), scheme) for scheme in SCHEMES
    ]
    return [
        Root(match[1], scheme)
        for name in names
        for pattern, scheme in patterns
        if (match := pattern.fullmatch(name))
    ]


def rename(name: str, scheme: NamingScheme) -> str:
    """Return what torchvision calls a tensor of a scheme.

    Example:
        >>> rename("res3.0.conv2.norm.weight", SCHEMES[1])
        'layer2.0.bn2.weight'
    """
    for pattern, words in scheme.rules:
        match = re.fullmatch(pattern, name)
        if match:
            renamed = match.expand(words)
            renamed = re.sub(
                r"<(\d+)>", lambda m: str(int(m[1]) + scheme.shift), renamed
            )
            return re.sub(
                r"\{(\d+)\}", lambda m: str(int(m[1]) + scheme.depth), renamed
            )
    return name


def rename_all(names: Iterable[str], root: Root) -> dict[str, str]:
    """Return what torchvision calls each tensor behind a prefix, by its own name."""
    inside = [name for name in names if name.startswith(root.prefix)]
    rests = {name: name.removeprefix(root.prefix) for name in inside}
    has_split_stem = "stem.conv2.weight" in rests.values()
    renamed: dict[str, str] = {}
    for name, rest in rests.items():
        head, _, word = rest.rpartition(".")
        if has_split_stem and rest in SPLIT_STEMS:
            renamed[name] = SPLIT_STEMS[rest]
        elif has_split_stem and head in SPLIT_STEMS:
            renamed[name] = f"{SPLIT_STEMS[head]}.{word}"
        else:
            renamed[name] = rename(rest, root.scheme)
    if root.scheme.flat:
        return {n: new for n, new in renamed.items() if new != rests[n]}
    return renamed


def find_far_stage(
    group: Group, root: Root, stage: int, channels: int
) -> tuple[str, dict[str, str]]:
    """Find a stage that lies behind another prefix, as detectors hold the last.

    Its prefix, and what torchvision calls its tensors; ("", {}) for none. Source:
    detectron2's `Res5ROIHeads`, mmdetection's `ResLayer` as shared head.

    Args:
        group: tensors by name.
        root: where the network begins.
        stage: the number of the stage, from 1 on.
        channels: that the stage reads.
    """
    scheme = root.scheme
    if not scheme.stage:
        return "", {}
    path = rf"{scheme.stage}{stage - scheme.shift}\."
    anchor = re.compile(rf"(.+\.){path}0\.conv1\.weight")
    for first, entry in group.items():
        match = anchor.fullmatch(first)
        reads = entry.shape[1:2] == (channels,)
        if match and match[1] != root.prefix and reads:
            inside = re.compile(rf"{re.escape(match[1])}({path}.+)")
            found = ((name, inside.fullmatch(name)) for name in group)
            return match[1], {
                name: rename(rest[1], scheme) for name, rest in found if rest
            }
    return "", {}


def find_head(group: Group, root: Root) -> dict[str, str]:
    """Find a classifier beside a backbone: its names, as torchvision calls them.

    Its weight is a matrix; a convolution of that name is none.
    """
    parent = root.prefix.rstrip(".").rpartition(".")[0]
    parent = f"{parent}." if parent else ""
    found: dict[str, str] = {}
    is_matrix = False
    for name, entry in group.items():
        rest = name.removeprefix(parent)
        if not name.startswith(parent) or name.startswith(root.prefix):
            continue
        for pattern, words in HEADS:
            if match := re.fullmatch(pattern, rest):
                found[name] = match.expand(words)
                is_matrix |= len(entry.shape) == 2
    return found if root.prefix and is_matrix else {}
