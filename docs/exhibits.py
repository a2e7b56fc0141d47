"""What the gallery shows: networks, several in one picture, styles and forms."""

from __future__ import annotations

from typing import NamedTuple

TIMM = "1.0.31"
"""What the records in docs/records were traced from, as tests/zoo compares."""

FULL = ("overview", "block", "volumes", "stack")


class Exhibit(NamedTuple):
    """One network.

    Attributes:
        page: the name of its page.
        spec: as a reader would write it; of a record, the file that is downloaded.
        title: the page's heading.
        look: what is worth a look.
        figures: those that are shown.
        thumb: what the index shows of it, and its options; no two networks alike.
    """

    page: str
    spec: str
    title: str
    look: str
    figures: tuple[str, ...] = FULL
    thumb: tuple[str, dict[str, str | bool]] = ("overview", {})

    @property
    def place(self) -> str:
        """The SPEC as a page reads it: a path starts at the source folder."""
        if self.spec.endswith(".json"):
            return f"/gallery/records/{self.spec}"
        return f"/{self.spec}" if ".py:" in self.spec else self.spec


NETS = (
    Exhibit(
        "resnet18",
        "resnet18",
        "ResNet-18",
        "Three stages begin by projecting.",
        thumb=("stack", {"plain": True}),
    ),
    Exhibit(
        "resnet50",
        "resnet50",
        "ResNet-50",
        "The first shortcut projects though nothing shrinks: 64 channels become 256.",
        (*FULL, "icicle", "layers"),
        thumb=("volumes", {}),
    ),
    Exhibit(
        "resnet152",
        "resnet152",
        "ResNet-152",
        "Three times as deep, and no larger on the page: equal blocks are folded.",
        thumb=("overview", {}),
    ),
    Exhibit(
        "resnext50",
        "resnext50_32x4d",
        "ResNeXt-50 32×4d",
        "The 3×3 convolutions have 32 groups, and twice the width.",
        thumb=("block", {}),
    ),
    Exhibit(
        "dilated",
        "resnet(50, output_stride=8)",
        "ResNet-50 dilated to output stride 8",
        "The last two stages stay at 28×28 and dilate.",
        thumb=("volumes", {"each": True}),
    ),
    Exhibit(
        "cifar110",
        "cifar110",
        "ResNet-110 for CIFAR-10",
        "Shortcuts that are padded with zeros are dotted, for they have no weights.",
        thumb=("growth", {}),
    ),
    Exhibit(
        "seresnet50",
        "seresnet50.json",
        "SE-ResNet-50 of timm",
        "Before each addition a gate weighs the channels.",
        thumb=("block", {"heat": "macs"}),
    ),
    Exhibit(
        "resnetv2_50",
        "resnetv2_50.json",
        "ResNet-50 v2 of timm",
        "Norm and ReLU come first, and nothing follows the addition.",
        thumb=("overview", {"direction": "LR"}),
    ),
    Exhibit(
        "preactivation",
        "nets.py:preactivation",
        "A small network with pre-activation",
        "Basic blocks in a file of one's own; this one lies beside the site's sources.",
        thumb=("stack", {}),
    ),
    Exhibit(
        "convnext_tiny",
        "convnext_tiny.json",
        "ConvNeXt-tiny of timm",
        "Every shortcut is the identity: the map shrinks between the stages.",
        thumb=("icicle", {}),
    ),
    Exhibit(
        "unet",
        "nets.py:unet",
        "A small U-Net",
        "No tower: every skip is a line, each resolution a lane.",
        ("lanes", "stack", "icicle", "layers"),
        thumb=("lanes", {}),
    ),
)
"""The networks. To add one, add a row."""

TABLE = "Table 1 of the paper for ResNet-18 and ResNet-50"

SEVERAL = (
    ("Deeper", "stack", "18 34 50", ""),
    ("Plain and residual, as in Figure 3 of the paper", "stack", "34", "plain"),
    (
        "One depth, three networks",
        "stack",
        'resnet50 resnext50_32x4d "resnet(50, output_stride=8)"',
        "",
    ),
    ("A basic block and a bottleneck, as in Figure 5", "block", "18 50", ""),
    (
        "Shortcuts A, B and C",
        "block",
        "A=cifar20 \"B=cifar20(shortcut='B')\" \"C=cifar20(shortcut='C')\"",
        "",
    ),
    (
        "What changed from one network to another",
        "overview",
        "\"resnet(50, stride_in='1x1')\" \"resnet(50, stem='deep', avg_down=True)\"",
        "diff",
    ),
    ("What grows with depth", "growth", "18 34 50 101 152", ""),
    ("The CIFAR nets", "growth", "cifar20 cifar56 cifar110", ""),
)
"""Heading, figure, networks and flag of what shows several in one picture."""

STYLES = (
    ("Dark", "resnet18", "overview", "style", "dark"),
    ("For print, safe in grey", "resnet50", "block", "style", "paper"),
    ("From left to right", "cifar110", "overview", "direction", "LR"),
)
"""Heading, SPEC, figure, option and value."""

CODES = (
    ("mermaid", "mmd", "text", "GitHub draws it where it stands in Markdown."),
    ("tikz", "tex", "latex", "``\\input`` it; the fonts are those of the paper."),
)
"""Format, suffix, language and what it is for, of the forms that are text."""
