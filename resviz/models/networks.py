"""The networks as functions, with torchvision's names and signatures.

Each takes ``weights`` (a published name, a URL or a local file, see
``locate_weights``), ``progress`` (show a download on stderr, where that is a
terminal), and every option of ``ResNet`` after ``layers``; each gives a ``ResNet``
and raises ``SpecError`` and ``WeightsError``. All but ``paper`` have their stride
in the 3x3 convolution, as torchvision.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from resviz.models.catalogue import FAMILIES, assemble_network, find_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resviz.models.definition import ResNet

Weights = str | os.PathLike[str] | None
"""A published name, a URL, a local file, or None for random weights."""


class NetworkBuilder(Protocol):
    """A function that builds one network."""

    def __call__(
        self, *, weights: Weights = None, progress: bool = True, **options: Any
    ) -> ResNet:
        """Build the network."""
        ...


def make_builder(name: str, source: str) -> NetworkBuilder:
    """Make the function that builds a named network, with its source in its docs."""

    def build_named(
        *, weights: Weights = None, progress: bool = True, **options: Any
    ) -> ResNet:
        network = find_network(name)
        return assemble_network(network, weights=weights, progress=progress, **options)

    build_named.__name__ = build_named.__qualname__ = name
    build_named.__doc__ = f"Build {find_network(name).title}.\n\nSource: {source}\n"
    return build_named


resnet18 = make_builder(
    "resnet18", "He et al. 2015, Table 1: two basic blocks in each stage."
)
resnet34 = make_builder(
    "resnet34", "He et al. 2015, Table 1: 3, 4, 6 and 3 basic blocks."
)
resnet50 = make_builder(
    "resnet50", "He et al. 2015, Table 1: 3, 4, 6 and 3 bottlenecks."
)
resnet101 = make_builder(
    "resnet101", "He et al. 2015, Table 1: 3, 4, 23 and 3 bottlenecks."
)
resnet152 = make_builder(
    "resnet152", "He et al. 2015, Table 1: 3, 8, 36 and 3 bottlenecks."
)
resnext50_32x4d = make_builder(
    "resnext50_32x4d", "Xie et al. 2016, Table 1: 32 groups of 4 channels."
)
resnext101_32x8d = make_builder(
    "resnext101_32x8d", "Xie et al. 2016: 32 groups of 8 channels."
)
resnext101_64x4d = make_builder(
    "resnext101_64x4d", "Xie et al. 2016, Table 3: 64 groups of 4 channels."
)
wide_resnet50_2 = make_builder(
    "wide_resnet50_2", "Zagoruyko and Komodakis 2016: 3x3 convolutions twice as wide."
)
wide_resnet101_2 = make_builder(
    "wide_resnet101_2", "Zagoruyko and Komodakis 2016: 3x3 convolutions twice as wide."
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
            bottlenecks. Depths of the paper have its counts, other usual ones (10,
            14, 26, 200, 269 …) those of the code bases that use them; any other depth
            has those of the next shallower one, and more blocks in conv4_x. Depths
            of the CIFAR nets (20, 32, 44, 56, 110 …) want ``stem="imagenet"``, or
            are meant for ``cifar_resnet``.
        block: ``"basic"`` or ``"bottleneck"``; by default what the depth usually
            means, basic below 50 except for 14, 26 and 38.
        layers: blocks of each stage, instead of a depth; wants ``block`` then.
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
    stem = options.get("stem")
    family = FAMILIES["resnet"]
    network = family.make_network(depth, block=block, layers=layers, stem=stem)
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
