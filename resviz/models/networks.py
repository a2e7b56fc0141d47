"""The networks as functions, with torchvision's names and signatures.

Each takes ``weights`` (a published name, a URL or a local file, see
``locate_weights``), ``progress`` (show a download on stderr, where that is a
terminal), and every option of ``ResNet`` after ``layers``; each gives a ``ResNet``
and raises ``SpecError`` and ``WeightsError``. All but ``paper`` have their stride
in the 3x3 convolution, as torchvision.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from resviz.models.catalogue import FAMILIES, assemble_network, find_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.models.definition import ResNet

Weights = str | os.PathLike[str] | None
"""A published name, a URL, a local file, or None for random weights."""


def resnet18(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNet-18.

    Source: He et al. 2015, Table 1: two basic blocks in each stage.
    """
    return assemble_network(
        find_network("resnet18"), weights=weights, progress=progress, **options
    )


def resnet34(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNet-34.

    Source: He et al. 2015, Table 1: 3, 4, 6 and 3 basic blocks.
    """
    return assemble_network(
        find_network("resnet34"), weights=weights, progress=progress, **options
    )


def resnet50(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNet-50.

    Source: He et al. 2015, Table 1: 3, 4, 6 and 3 bottlenecks.
    """
    return assemble_network(
        find_network("resnet50"), weights=weights, progress=progress, **options
    )


def resnet101(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNet-101.

    Source: He et al. 2015, Table 1: 3, 4, 23 and 3 bottlenecks.
    """
    return assemble_network(
        find_network("resnet101"), weights=weights, progress=progress, **options
    )


def resnet152(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNet-152.

    Source: He et al. 2015, Table 1: 3, 8, 36 and 3 bottlenecks.
    """
    return assemble_network(
        find_network("resnet152"), weights=weights, progress=progress, **options
    )


def resnext50_32x4d(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNeXt-50 32×4d.

    Source: Xie et al. 2016, Table 1: 32 groups of 4 channels.
    """
    return assemble_network(
        find_network("resnext50_32x4d"), weights=weights, progress=progress, **options
    )


def resnext101_32x8d(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNeXt-101 32×8d.

    Source: Xie et al. 2016: 32 groups of 8 channels.
    """
    return assemble_network(
        find_network("resnext101_32x8d"), weights=weights, progress=progress, **options
    )


def resnext101_64x4d(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build ResNeXt-101 64×4d.

    Source: Xie et al. 2016, Table 3: 64 groups of 4 channels.
    """
    return assemble_network(
        find_network("resnext101_64x4d"), weights=weights, progress=progress, **options
    )


def wide_resnet50_2(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build Wide ResNet-50-2.

    Source: Zagoruyko and Komodakis 2016: 3x3 convolutions twice as wide.
    """
    return assemble_network(
        find_network("wide_resnet50_2"), weights=weights, progress=progress, **options
    )


def wide_resnet101_2(
    *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build Wide ResNet-101-2.

    Source: Zagoruyko and Komodakis 2016: 3x3 convolutions twice as wide.
    """
    return assemble_network(
        find_network("wide_resnet101_2"), weights=weights, progress=progress, **options
    )


def resnet(
    depth: int | None = None,
    *,
    block: str | None = None,
    layers: Sequence[int] | None = None,
    weights: Weights = None,
    progress: bool = True,
    **options: Any,
) -> ResNet:
    """Build a network of any depth, or of any counts.

    Args:
        depth: weighted layers: 2·n + 2 of n basic blocks, 3·n + 2 of n
            bottlenecks. ``find_imagenet_counts`` says which counts.
        block: ``"basic"`` or ``"bottleneck"``; by default what the depth usually
            means, basic below 50 except for 14, 26 and 38.
        layers: blocks of each stage, instead of a depth; wants ``block``.
        weights: see above.
        progress: see above.
        options: options of ``ResNet``.

    Raises:
        SpecError: for a depth that cannot be expressed, with the nearest.

    Example:
        >>> import torch
        >>> with torch.device("meta"):
        ...     [len(resnet(d).layer3) for d in (50, 53, 101)]
        [6, 7, 23]
    """
    network = FAMILIES["resnet"].make_network(depth, block=block, layers=layers)
    return assemble_network(network, weights=weights, progress=progress, **options)


def cifar_resnet(
    depth: int | None = None,
    *,
    block: str | None = None,
    layers: Sequence[int] | None = None,
    weights: Weights = None,
    progress: bool = True,
    **options: Any,
) -> ResNet:
    """Build a network for 32x32 images: one 3x3 stem, three stages, no max pool.

    Filters are 16, 32 and 64 (out of bottlenecks 64, 128 and 256), shortcuts
    parameter-free (option A), classes 10, each unless an option says otherwise.

    Args:
        depth: 6n+2 of basic blocks or 9n+2 of bottlenecks. What is both means
            basic blocks, but for 164, 272 and 542.
        block: ``"basic"`` or ``"bottleneck"``.
        layers: blocks of each stage, instead of a depth; wants ``block``.
        weights: see above.
        progress: see above.
        options: options of ``ResNet``.

    Raises:
        SpecError: for a depth that cannot be expressed, with the nearest.

    Source: He et al. 2015, section 4.2.
    """
    network = FAMILIES["cifar"].make_network(depth, block=block, layers=layers)
    return assemble_network(network, weights=weights, progress=progress, **options)


def paper(
    depth: int, *, weights: Weights = None, progress: bool = True, **options: Any
) -> ResNet:
    """Build one of the five networks of He et al. 2015 as its authors did.

    Strides sit in the first 1x1 convolution; 18 and 34 layers have parameter-free
    shortcuts (option A), 50 and more project where the shape changes (option B).

    Args:
        depth: 18, 34, 50, 101 or 152.
        weights: see above.
        progress: see above.
        options: options of ``ResNet``.

    Raises:
        SpecError: for another depth.

    Source: He et al. 2015, Table 1 and section 4.1; the authors' layer files.
    """
    network = FAMILIES["paper"].make_network(depth)
    return assemble_network(network, weights=weights, progress=progress, **options)
