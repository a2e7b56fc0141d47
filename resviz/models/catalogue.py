"""Networks by name: families that differ in depth, and building what a name means."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from resviz.errors import (
    SpecError,
    first_error_line,
    suggest_nearest,
)
from resviz.models import depths
from resviz.models.blocks import BLOCKS
from resviz.models.definition import ResNet
from resviz.models.namesakes import explain_foreign_name
from resviz.models.network_families import NamedNetwork, NetworkFamily
from resviz.models.options import check_option_names

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence


def _cifar_options(_block: str) -> dict[str, Any]:
    """Return the options of CIFAR nets: He et al. 2015, section 4.2."""
    return {"num_classes": 10, "stem": "cifar", "base_channels": 16, "shortcut": "A"}


def _paper_options(block: str) -> dict[str, Any]:
    """Return the options of the paper's nets: He et al. 2015, section 4.1."""
    shortcut = "A" if block == "basic" else "B"
    return {"stride_in": "1x1", "shortcut": shortcut, "softmax": True}


FAMILIES = {
    family.name: family
    for family in (
        NetworkFamily(
            "resnet",
            "ResNet-{}",
            depths.find_imagenet_counts,
            lambda _block: {},
            depths.IMAGENET_DEPTHS,
            cifar_depths=depths.CIFAR_ONLY_DEPTHS,
            ambiguous_depths=depths.AMBIGUOUS_DEPTHS,
            is_published=depths.is_known_depth,
        ),
        NetworkFamily(
            "cifar",
            "ResNet-{} (CIFAR)",
            depths.find_cifar_counts,
            _cifar_options,
            depths.CIFAR_DEPTHS,
        ),
        NetworkFamily(
            "paper",
            "ResNet-{} (paper)",
            depths.find_paper_counts,
            _paper_options,
            depths.PAPER_DEPTHS,
            is_closed=True,
        ),
    )
}
"""The families by name. To add one, add a row."""

NAMED_NETWORKS = {
    name: NamedNetwork(
        name, title, "bottleneck", counts, {"groups": groups, "width_per_group": width}
    )
    for name, title, counts, groups, width in depths.WIDE_BOTTLENECKS
}
"""Networks that are more than a depth: bottlenecks of other groups and width."""

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
        f"{family.name}{depth}"
        for family in FAMILIES.values()
        for depth in family.listed_depths
    ]
    return (*family_names, *NAMED_NETWORKS)


def find_network(
    name: str,
    depth: int | None = None,
    *,
    block: str | None = None,
    layers: Sequence[int] | None = None,
    stem: str | None = None,
) -> NamedNetwork:
    """Return the network that a name means.

    Args:
        name: one of ``list_network_names()``, a family (``"resnet"``, ``"cifar"``,
            ``"paper"``), a family and a depth (``"resnet26"``), or a bare depth.
        depth: the depth, where the name has none.
        block: ``"basic"`` or ``"bottleneck"``, for a family.
        layers: blocks of each stage, for a family; wants ``block`` or the depth.
        stem: that of ``ResNet``; with one, a depth that is known as that of a CIFAR
            net is any other.

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
        if meant := explain_foreign_name(name):
            raise SpecError(f"unknown network {name!r}: {meant}")
        names = ", ".join((*FAMILIES, *NAMED_NETWORKS))
        legal = f"want one of {names}, with a depth for the first {len(FAMILIES)}"
        suggestion = suggest_network(name)
        if name.isidentifier():
            package = f"a package before the name, timm:{name} or torchvision:{name}"
            legal = f"or {package}" if suggestion else f"{legal}; or {package}"
        raise SpecError(f"unknown network {name!r}{suggestion}; {legal}")
    if parts[2]:
        if depth not in (None, int(parts[2])):
            raise SpecError(f"{name}: got depth {depth!r} as well, want one of them")
        depth = int(parts[2])
    return family.make_network(depth, block=block, layers=layers, stem=stem)


def resolve_network(name: str, /, *args: Any, **options: Any) -> NamedNetwork:
    """Return the network that arguments of ``build_network`` mean.

    Raises:
        SpecError: as ``build_network``, where name or options show it.

    Example:
        >>> resolve_network("resnet", 50, num_classes=10).title
        'ResNet-50'
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
    """Build a named network, with further options over its own.

    Raises:
        OptionError: for an option that no network has.
    """
    check_option_names(network.name, options, list_option_names())
    net = ResNet(
        BLOCKS[network.block], network.counts, **{**network.options, **options}
    )
    if weights is not None:
        from resviz.models import weights as published

        published.load_weights(net, weights, network=network.name, progress=progress)
    return net


def suggest_network(name: str) -> str:
    """Suggest the networks that a wrong name may mean, as a clause of a message.

    The family counts for more than the depth.

    Example:
        >>> suggest_network("wide_resnet53")
        ", did you mean 'wide_resnet50_2' or 'wide_resnet101_2'"
        >>> suggest_network("ResNet-53")
        ", did you mean 'resnet53'"
    """
    plain = re.sub(r"[\s_-]", "", name.casefold())
    if "cifar" in plain:
        known_depths = {*re.findall(r"\d+", plain)} & {*map(str, depths.CIFAR_DEPTHS)}
        plain = f"cifar{''.join(known_depths)}"
    with suppress(SpecError):
        if plain not in {name, ""}:
            return f", did you mean {find_network(plain).name!r}"
    names: dict[str, list[str]] = {}
    for known in (*list_network_names(), *FAMILIES):
        names.setdefault(re.split(r"\d", known)[0], []).append(known)
    near = get_close_matches(
        re.split(r"\d", name.casefold())[0], names, n=1, cutoff=0.8
    )
    return suggest_nearest(name.casefold(), names[near[0]]) if near else ""


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
    if len(args) > 1 or (args and "depth" in network_options):
        raise SpecError(f"{name}: got {args!r}, want one depth")
    stem = options_left.get("stem")
    network = find_network(name, *args, stem=stem, **network_options)
    check_option_names(name, options_left, list_option_names())
    return network, options_left
