"""Depths: how many blocks each stage has in a net of so many layers."""

from __future__ import annotations

from typing import NamedTuple

from resviz.errors import SpecError
from resviz.models.options import check_at_least, check_one_of

LAYERS_PER_BLOCK = {"basic": 2, "bottleneck": 3}
"""Weighted layers in a block's main branch; stem and classifier add two."""


class KnownDepth(NamedTuple):
    """A depth in use: its block, the blocks of each stage, and its source."""

    depth: int
    block: str
    counts: tuple[int, ...]
    source: str


KNOWN_DEPTHS = (
    KnownDepth(10, "basic", (1, 1, 1, 1), "TF Model Garden, timm, imgclsmob"),
    KnownDepth(12, "basic", (2, 1, 1, 1), "imgclsmob"),
    KnownDepth(14, "bottleneck", (1, 1, 1, 1), "timm resnet14t"),
    KnownDepth(14, "basic", (2, 2, 1, 1), "imgclsmob"),
    KnownDepth(16, "basic", (2, 2, 2, 1), "imgclsmob"),
    KnownDepth(18, "basic", (2, 2, 2, 2), "He et al. 2015, Table 1"),
    KnownDepth(26, "bottleneck", (2, 2, 2, 2), "timm resnet26"),
    KnownDepth(26, "basic", (3, 3, 3, 3), "imgclsmob"),
    KnownDepth(34, "basic", (3, 4, 6, 3), "He et al. 2015, Table 1"),
    KnownDepth(38, "bottleneck", (3, 3, 3, 3), "imgclsmob"),
    KnownDepth(50, "bottleneck", (3, 4, 6, 3), "He et al. 2015, Table 1"),
    KnownDepth(101, "bottleneck", (3, 4, 23, 3), "He et al. 2015, Table 1"),
    KnownDepth(152, "bottleneck", (3, 8, 36, 3), "He et al. 2015, Table 1"),
    KnownDepth(
        200, "bottleneck", (3, 24, 36, 3), "He et al. 2016, section 5; timm, mxnet"
    ),
    KnownDepth(269, "bottleneck", (3, 30, 48, 8), "mxnet, timm, imgclsmob"),
    KnownDepth(
        270, "bottleneck", (4, 29, 53, 4), "ResNet-RS; 272 layers by the formula"
    ),
    KnownDepth(350, "bottleneck", (4, 36, 72, 4), "ResNet-RS"),
    KnownDepth(
        420, "bottleneck", (4, 44, 87, 4), "ResNet-RS; 419 layers by the formula"
    ),
)
"""Depths of ImageNet nets in use; of two with one label, the first is the default.

PaddleClas's 200 is another: ``layers=[3, 12, 48, 3]``.
"""

WIDE_BOTTLENECKS = (
    ("resnext50_32x4d", "ResNeXt-50 32×4d", (3, 4, 6, 3), 32, 4),
    ("resnext101_32x8d", "ResNeXt-101 32×8d", (3, 4, 23, 3), 32, 8),
    ("resnext101_64x4d", "ResNeXt-101 64×4d", (3, 4, 23, 3), 64, 4),
    ("wide_resnet50_2", "Wide ResNet-50-2", (3, 4, 6, 3), 1, 128),
    ("wide_resnet101_2", "Wide ResNet-101-2", (3, 4, 23, 3), 1, 128),
)
"""Names that mean more than a depth: title, counts, groups, width per group.

Source: Xie et al. 2016; Zagoruyko and Komodakis 2016; torchvision models/resnet.py.
"""

IMAGENET_DEPTHS = tuple(dict.fromkeys(known.depth for known in KNOWN_DEPTHS))
"""Depths of ImageNet nets in use."""

PAPER_DEPTHS = (18, 34, 50, 101, 152)
"""Depths in He et al. 2015, Table 1."""

CIFAR_BOTTLENECK = (164, 272, 542, 1001)
"""Depths of CIFAR nets that mean bottlenecks, though 6n+2 may fit as well.

Source: resnet-1k-layers; mxnet symbols/resnet.py; imgclsmob resnet_cifar.py.
"""

CIFAR_DEPTHS = (20, 32, 44, 56, 110, 1202, *CIFAR_BOTTLENECK)
"""Depths of CIFAR nets in use: He et al. 2015, Table 6, and the bottlenecks."""

CIFAR_ONLY_DEPTHS = tuple(
    depth
    for depth in (*range(8, 111, 6), 29, *CIFAR_DEPTHS)
    if depth not in IMAGENET_DEPTHS
)
"""Depths that are those of CIFAR nets alone: ResNet-8, -56 and -74 are nets for CIFAR.

Source: He et al. 2015, section 4.2, whose nets have 6n+2 layers, up to n = 18; Xie et
al. 2016, table 7, for 29.
"""

AMBIGUOUS_DEPTHS = (12, 14, 26, 38)
"""Depths of which there are several nets under one name, on ImageNet, for CIFAR, or, of
12, that of few-shot learning, whose blocks have three 3×3 (Lee et al. 2019)."""


def count_weighted_layers(block: str, counts: tuple[int, ...]) -> int:
    """Count the weighted layers of a net: stem, main paths and classifier.

    Example:
        >>> count_weighted_layers("bottleneck", (3, 4, 6, 3))
        50
    """
    return LAYERS_PER_BLOCK[block] * sum(counts) + 2


def find_imagenet_counts(
    depth: int, block: str | None = None
) -> tuple[str, tuple[int, ...]]:
    """Return block and counts of an ImageNet net of so many layers.

    A depth in ``KNOWN_DEPTHS`` has the counts there. Any other takes those of the next
    shallower one with the same block, and conv4_x gets the blocks that are left,
    as from 50 to 101. Without ``block``, depths below 50 are basic nets and others
    bottleneck nets, where that fits and the table does not say otherwise.

    Raises:
        SpecError: for a depth that no count of blocks gives, with the nearest.

    Example:
        >>> find_imagenet_counts(101)
        ('bottleneck', (3, 4, 23, 3))
        >>> find_imagenet_counts(104)
        ('bottleneck', (3, 4, 24, 3))
    """
    _check_depth_and_block(depth, block)
    for known in KNOWN_DEPTHS:
        if known.depth == depth and block in (None, known.block):
            return known.block, known.counts
    usual_blocks = ("basic", "bottleneck") if depth < 50 else ("bottleneck", "basic")
    for name in (block,) if block else usual_blocks:
        counts = _extend_known_counts(depth, name)
        if counts:
            return name, counts
    raise _unknown_depth_error(
        depth, block or usual_blocks[0], stages=4, step=1, example="[3, 4, 6, 3]"
    )


def is_known_depth(depth: int, block: str, counts: tuple[int, ...]) -> bool:
    """Tell whether an ImageNet net is in use, and no extension of one that is.

    Example:
        >>> is_known_depth(101, "bottleneck", (3, 4, 23, 3))
        True
        >>> is_known_depth(104, "bottleneck", (3, 4, 24, 3))
        False
    """
    return (depth, block, counts) in {known[:3] for known in KNOWN_DEPTHS}


def find_cifar_counts(
    depth: int, block: str | None = None
) -> tuple[str, tuple[int, ...]]:
    """Return block and counts of a CIFAR net: three equal stages.

    Basic nets have 6n+2 layers, bottleneck nets 9n+2. Without ``block`` a depth
    that is both is basic, unless it stands in ``CIFAR_BOTTLENECK``.

    Raises:
        SpecError: for a depth that is neither, with the nearest.

    Example:
        >>> find_cifar_counts(110)
        ('basic', (18, 18, 18))

    Source: He et al. 2015, section 4.2.
    """
    _check_depth_and_block(depth, block)
    usual_blocks = ("basic", "bottleneck")
    if depth in CIFAR_BOTTLENECK:
        usual_blocks = ("bottleneck",)
    for name in (block,) if block else usual_blocks:
        n, rest = divmod(depth - 2, 3 * LAYERS_PER_BLOCK[name])
        if n > 0 and rest == 0:
            return name, (n, n, n)
    raise _unknown_depth_error(
        depth, block or usual_blocks[0], stages=3, step=3, example="[9, 9, 9]"
    )


def find_paper_counts(
    depth: int, block: str | None = None
) -> tuple[str, tuple[int, ...]]:
    """Return block and counts of a network of He et al. 2015, Table 1.

    Raises:
        SpecError: for another depth, or another block than the paper's.
    """
    check_one_of("depth of a network of the paper", depth, PAPER_DEPTHS)
    block_and_counts = find_imagenet_counts(depth)
    if block is not None:
        check_one_of(f"block of the paper's {depth}", block, block_and_counts[:1])
    return block_and_counts


def _check_depth_and_block(depth: int, block: str | None) -> None:
    check_at_least("depth", depth)
    if block is not None:
        check_one_of("block", block, LAYERS_PER_BLOCK)


def _extend_known_counts(depth: int, block: str) -> tuple[int, ...] | None:
    """Return the next shallower known counts, extended in conv4_x."""
    blocks, rest = divmod(depth - 2, LAYERS_PER_BLOCK[block])
    shallower = [
        known.counts
        for known in KNOWN_DEPTHS
        if known.block == block and sum(known.counts) <= blocks
    ]
    if rest or not shallower:
        return None
    first, second, _, fourth = max(shallower, key=sum)
    return first, second, blocks - first - second - fourth, fourth


def _unknown_depth_error(
    depth: int, block: str, *, stages: int, step: int, example: str
) -> SpecError:
    """Return the error for a depth that no multiple of ``step`` blocks gives."""
    layers_per_step = step * LAYERS_PER_BLOCK[block]
    least = layers_per_step * (stages // step) + 2
    below = max(least, depth - (depth - 2) % layers_per_step)
    above = below + layers_per_step
    for_cifar = ""
    if stages == 4:  # a depth known from CIFAR is refused without a stem
        while above in CIFAR_ONLY_DEPTHS:
            for_cifar = for_cifar or f"; cifar{above} is a net for CIFAR"
            above += layers_per_step
        while below in CIFAR_ONLY_DEPTHS:
            for_cifar = f"; cifar{below} is a net for CIFAR"
            below -= layers_per_step
    nearest_depths = [below] if depth < least else [below, above]
    nearest = "nearest is" if len(nearest_depths) == 1 else "nearest are"
    return SpecError(
        f"unknown depth {depth}: a {block} net has {layers_per_step}·n + 2 layers, "
        f"{nearest} {' and '.join(map(str, nearest_depths))}{for_cifar}; "
        f"or give counts instead, block={block!r}, layers={example}"
    )
