"""Which network tensors are of whose names say nothing: by shapes in order."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from resviz.checkpoints.plans import EXPANSIONS, NetworkPlan, list_entries
from resviz.models.depths import (
    CIFAR_DEPTHS,
    KNOWN_DEPTHS,
    WIDE_BOTTLENECKS,
    find_cifar_counts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.checkpoints.files import Group

LayerShapes = tuple[tuple[int, ...], ...]
"""The shapes of a convolution or a linear layer and of the vectors behind it."""


def infer_from_shapes(group: Group) -> NetworkPlan | None:
    """Find the network whose convolutions and norms follow one another as these do.

    A known one with projections where the shape changes: without any, a network with
    shortcuts and one without have the same shapes.
    """
    shapes = [entry.shape for entry in group.values()]
    own = list_layer_shapes(shapes)
    classes = [layer[0][0] for layer in own if len(layer[0]) == 2]
    if len(classes) > 1 or not own or len(own[0][0]) != 4:
        return None
    stem = own[0][0]
    for plan in iter_candidates(stem[1], classes[0] if classes else 0):
        if sum(plan.counts) * (3 if plan.block == "bottleneck" else 2) >= len(own):
            continue
        entries = list_entries(plan)
        for order in (entries, put_projections_first(entries)):
            if list_layer_shapes([entries[name] for name in order]) == own:
                return plan
    return None


def list_layer_shapes(shapes: list[tuple[int, ...]]) -> list[LayerShapes]:
    """List weights in order, each with the vectors that follow it; scalars left out."""
    layers: list[list[tuple[int, ...]]] = []
    for shape in shapes:
        if len(shape) > 1 or not layers:
            layers.append([shape])
        elif shape:
            layers[-1].append(shape)
    return [tuple(layer) for layer in layers]


def put_projections_first(entries: dict[str, tuple[int, ...]]) -> list[str]:
    """Order names so that each block's projection stands before its convolutions."""
    blocks: dict[str, list[str]] = {}
    for name in entries:
        path = ".".join(name.split(".")[:2]) if name.startswith("layer") else name
        blocks.setdefault(path, []).append(name)
    return [
        *chain.from_iterable(
            sorted(names, key=lambda name: ".downsample." not in name)
            for names in blocks.values()
        )
    ]


def iter_candidates(in_channels: int, num_classes: int) -> Iterator[NetworkPlan]:
    """Yield the networks that are looked for."""
    rows = [(each.block, each.counts, 1, 64, 64, "imagenet") for each in KNOWN_DEPTHS]
    rows += [
        ("bottleneck", counts, groups, width, 64, "imagenet")
        for _, _, counts, groups, width in WIDE_BOTTLENECKS
    ]
    for depth in CIFAR_DEPTHS:
        rows.append((*find_cifar_counts(depth), 1, 64, 16, "cifar"))
    for block, counts, groups, width, base, stem in rows:
        grows = EXPANSIONS[block] > 1
        projecting = tuple((0,) if k or grows else () for k in range(len(counts)))
        for avg_down in (False, True):
            yield NetworkPlan(
                block, counts, groups, width, in_channels, stem, base, base,
                num_classes, projecting, avg_down,
            )  # fmt: skip
