"""Networks by name: what names mean, and building what they mean."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, first_error_line
from resviz.models.blocks import BLOCKS
from resviz.models.definition import ResNet
from resviz.models.families import FAMILIES, NamedNetwork
from resviz.models.options import suggest_nearest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

NAMED_NETWORKS = {
    row.name: row
    for row in (
        NamedNetwork(
            "resnext50_32x4d",
            "ResNeXt-50 32×4d",
            "bottleneck",
            (3, 4, 6, 3),
            {"groups": 32, "width_per_group": 4},
        ),
        NamedNetwork(
            "resnext101_32x8d",
            "ResNeXt-101 32×8d",
            "bottleneck",
            (3, 4, 23, 3),
            {"groups": 32, "width_per_group": 8},
        ),
        NamedNetwork(
            "resnext101_64x4d",
            "ResNeXt-101 64×4d",
            "bottleneck",
            (3, 4, 23, 3),
            {"groups": 64, "width_per_group": 4},
        ),
        NamedNetwork(
            "wide_resnet50_2",
            "Wide ResNet-50-2",
            "bottleneck",
            (3, 4, 6, 3),
            {"width_per_group": 128},
        ),
        NamedNetwork(
            "wide_resnet101_2",
            "Wide ResNet-101-2",
            "bottleneck",
            (3, 4, 23, 3),
            {"width_per_group": 128},
        ),
    )
}
"""Networks that are more than a depth. To add one, add a row.

Source: Xie et al. 2016; Zagoruyko and Komodakis 2016; torchvision models/resnet.py.
"""

FAMILY_ALIASES = {"": "resnet", "cifar_resnet": "cifar"}
"""Other names of families; a bare depth is a ``resnet``."""

_NAME_AND_DEPTH = re.compile(r"([a-z_]*)(\d{0,6})", re.ASCII)


def list_network_names() -> tuple[str, ...]:
    """List the names that ``build_network`` knows; any other depth will do too.

    Example:
        >>> "resnet50" in list_network_names(), "cifar110" in list_network_names()
        (True, True)
    """
    family_names = [
        f"{network_family.name}{depth}"
        for network_family in FAMILIES.values()
        for depth in network_family.listed_depths
    ]
    return (*family_names, *NAMED_NETWORKS)


def find_network(
    name: str,
    depth: int | None = None,
    *,
    block: str | None = None,
    layers: Sequence[int] | None = None,
) -> NamedNetwork:
    """Return the network that a name means.

    Args:
        name: one of ``list_network_names()``, a family (``"resnet"``, ``"cifar"``,
            ``"paper"``), a family and a depth (``"resnet26"``), or a bare depth.
        depth: the depth, where the name has none.
        block: ``"basic"`` or ``"bottleneck"``, for a family.
        layers: blocks of each stage, for a family; wants ``block``.

    Raises:
        SpecError: for an unknown name or a depth that cannot be expressed.

    Example:
        >>> find_network("cifar20").counts
        (3, 3, 3)
    """
    if name in NAMED_NETWORKS:
        if (depth, block, layers) != (None, None, None):
            raise SpecError(
                f"{name}: got a depth, block or layers, want none: they are"
                " part of the name"
            )
        return NAMED_NETWORKS[name]
    parts = _NAME_AND_DEPTH.fullmatch(name)
    family = parts and FAMILIES.get(FAMILY_ALIASES.get(parts[1], parts[1]))
    if not parts or not family or not name:
        names = ", ".join((*FAMILIES, *NAMED_NETWORKS))
        legal = f"one of {names}, with a depth for the first"
        suggestion = suggest_nearest(name, (*list_network_names(), *FAMILIES))
        raise SpecError(
            f"unknown network {name!r}{suggestion}; want {legal} {len(FAMILIES)}"
        )
    if parts[2]:
        if depth not in (None, int(parts[2])):
            raise SpecError(f"{name}: got depth {depth!r} as well, want one of them")
        depth = int(parts[2])
    return family.make_network(depth, block=block, layers=layers)


def find_network_title(name: str, /, *args: Any, **options: Any) -> str:
    """Return the heading of a network; takes what ``build_network`` takes.

    Raises:
        SpecError: as ``build_network``, where name or options show it.

    Example:
        >>> find_network_title("resnet", 50), find_network_title("cifar110")
        ('ResNet-50', 'ResNet-110 (CIFAR)')
        >>> find_network_title("paper50")
        'ResNet-50 (paper)'
    """
    return resolve_network(name, *args, **options).title


def resolve_network(name: str, /, *args: Any, **options: Any) -> NamedNetwork:
    """Return the network that arguments of ``build_network`` mean.

    Raises:
        SpecError: as ``build_network``, where name or options show it.
    """
    return _split_options(name, args, options)[0]


def build_network(name: str, /, *args: Any, **options: Any) -> ResNet:
    """Build a network from its name.

    Args:
        name: what ``find_network`` takes.
        args: the depth, for a family: ``build_network("resnet", 50)``.
        options: options of ``ResNet``, of ``find_network``, and ``weights`` and
            ``progress``.

    Raises:
        SpecError: for a name, depth or option that cannot be built.
        WeightsError: for weights that cannot be loaded.
    """
    network, options_left = _split_options(name, args, options)
    try:
        return assemble_network(network, **options_left)
    except (TypeError, OverflowError) as error:
        raise SpecError(
            f"{name}: an option has a value it cannot have: {first_error_line(error)}"
        ) from error


def assemble_network(
    network: NamedNetwork,
    *,
    weights: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Any,
) -> ResNet:
    """Build a named network, with further options over its own."""
    net = ResNet(
        BLOCKS[network.block], network.counts, **{**network.options, **options}
    )
    if weights is not None:
        from resviz.models import weights as published

        published.load_weights(net, weights, network=network.name, progress=progress)
    return net


def list_option_names() -> tuple[str, ...]:
    """List the options that ``build_network`` takes for every network."""
    own = tuple(inspect.signature(ResNet).parameters)
    return (*own[own.index("num_classes") :], "weights", "progress")


def _split_options(
    name: str, args: tuple[Any, ...], options: Mapping[str, Any]
) -> tuple[NamedNetwork, dict[str, Any]]:
    """Return the network that a call means, and the remaining options."""
    options_left = dict(options)
    network_options = {
        key: options_left.pop(key)
        for key in ("depth", "block", "layers")
        if key in options_left
    }
    legal = list_option_names()
    for key in options_left:
        if key not in legal:
            suggestion = suggest_nearest(key, legal)
            raise SpecError(
                f"{name}: unknown option {key!r}{suggestion}; options are "
                f"{', '.join(legal)}"
            )
    if len(args) > 1 or (args and "depth" in network_options):
        raise SpecError(f"{name}: got {args!r}, want one depth")
    return find_network(name, *args, **network_options), options_left
