"""Networks by name: what names mean, and building what they mean."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError, first_line
from resviz.models.blocks import BLOCKS
from resviz.models.families import FAMILIES, Network
from resviz.models.options import nearest
from resviz.models.resnet import ResNet

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

ROWS = {
    row.name: row
    for row in (
        Network(
            "resnext50_32x4d",
            "ResNeXt-50 32×4d",
            "bottleneck",
            (3, 4, 6, 3),
            {"groups": 32, "width_per_group": 4},
        ),
        Network(
            "resnext101_32x8d",
            "ResNeXt-101 32×8d",
            "bottleneck",
            (3, 4, 23, 3),
            {"groups": 32, "width_per_group": 8},
        ),
        Network(
            "resnext101_64x4d",
            "ResNeXt-101 64×4d",
            "bottleneck",
            (3, 4, 23, 3),
            {"groups": 64, "width_per_group": 4},
        ),
        Network(
            "wide_resnet50_2",
            "Wide ResNet-50-2",
            "bottleneck",
            (3, 4, 6, 3),
            {"width_per_group": 128},
        ),
        Network(
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

ALIASES = {"": "resnet", "cifar_resnet": "cifar"}
"""Other names of families; a bare depth is a ``resnet``."""

_PARTS = re.compile(r"([a-z_]*)(\d{0,6})", re.ASCII)


def names() -> tuple[str, ...]:
    """Names that ``build`` takes as they are; any other depth will do as well.

    Example:
        >>> "resnet50" in names(), "cifar110" in names()
        (True, True)
    """
    deep = [
        f"{each.name}{depth}" for each in FAMILIES.values() for depth in each.listed
    ]
    return (*deep, *ROWS)


def find(
    name: str,
    depth: int | None = None,
    *,
    block: str | None = None,
    layers: Sequence[int] | None = None,
) -> Network:
    """The row of a named network.

    Args:
        name: one of ``names()``, a family (``"resnet"``, ``"cifar"``,
            ``"paper"``), a family and a depth (``"resnet26"``), or a bare depth.
        depth: the depth, where the name has none.
        block: ``"basic"`` or ``"bottleneck"``, for a family.
        layers: blocks of each stage, for a family; wants ``block``.

    Raises:
        SpecError: for an unknown name or a depth that cannot be expressed.

    Example:
        >>> find("cifar20").counts
        (3, 3, 3)
    """
    if name in ROWS:
        if (depth, block, layers) != (None, None, None):
            raise SpecError(
                f"{name}: got a depth, block or layers, want none: they are"
                " part of the name"
            )
        return ROWS[name]
    parts = _PARTS.fullmatch(name)
    family = parts and FAMILIES.get(ALIASES.get(parts[1], parts[1]))
    if not parts or not family or not name:
        legal = f"one of {', '.join((*FAMILIES, *ROWS))}, with a depth for the first"
        near = nearest(name, (*names(), *FAMILIES))
        raise SpecError(f"unknown network {name!r}{near}; want {legal} {len(FAMILIES)}")
    if parts[2]:
        if depth not in (None, int(parts[2])):
            raise SpecError(f"{name}: got depth {depth!r} as well, want one of them")
        depth = int(parts[2])
    return family.row(depth, block=block, layers=layers)


def title(name: str, /, *args: Any, **options: Any) -> str:
    """What to call a network in a heading; takes what ``build`` takes.

    Raises:
        SpecError: as ``build``, where name or options show it.

    Example:
        >>> title("resnet", 50), title("cifar110"), title("paper50")
        ('ResNet-50', 'ResNet-110 (CIFAR)', 'ResNet-50 (paper)')
    """
    return network_row(name, *args, **options).title


def network_row(name: str, /, *args: Any, **options: Any) -> Network:
    """The row of a network that is named as for ``build``.

    Raises:
        SpecError: as ``build``, where name or options show it.
    """
    return _split(name, args, options)[0]


def build(name: str, /, *args: Any, **options: Any) -> ResNet:
    """Build a network from its name.

    Args:
        name: what ``find`` takes.
        args: the depth, for a family: ``build("resnet", 50)``.
        options: options of ``ResNet``, of ``find``, and ``weights`` and
            ``progress``.

    Raises:
        SpecError: for a name, depth or option that cannot be built.
        WeightsError: for weights that cannot be loaded.
    """
    row, rest = _split(name, args, options)
    try:
        return assemble(row, **rest)
    except (TypeError, OverflowError) as error:
        raise SpecError(
            f"{name}: an option has a value it cannot have: {first_line(error)}"
        ) from error


def assemble(
    row: Network,
    *,
    weights: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **options: Any,
) -> ResNet:
    """The network of a row, with further options over its own."""
    net = ResNet(BLOCKS[row.block], row.counts, **{**row.options, **options})
    if weights is not None:
        from resviz.models import weights as published

        published.load(net, weights, network=row.name, progress=progress)
    return net


def option_names() -> tuple[str, ...]:
    """Options that ``build`` takes for every network."""
    own = tuple(inspect.signature(ResNet).parameters)
    return (*own[own.index("num_classes") :], "weights", "progress")


def _split(
    name: str, args: tuple[Any, ...], options: Mapping[str, Any]
) -> tuple[Network, dict[str, Any]]:
    """The row that a call means, and the options that are left."""
    rest = dict(options)
    which = {key: rest.pop(key) for key in ("depth", "block", "layers") if key in rest}
    legal = option_names()
    for key in rest:
        if key not in legal:
            near = nearest(key, legal)
            raise SpecError(
                f"{name}: unknown option {key!r}{near}; options are {', '.join(legal)}"
            )
    if len(args) > 1 or (args and "depth" in which):
        raise SpecError(f"{name}: got {args!r}, want one depth")
    return find(name, *args, **which), rest
