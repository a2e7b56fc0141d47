"""What a ResNet of some options has: names and shapes, worked out without torch.

`read_plan` reads the options off a list of tensors, `list_entries` lists the tensors of
some options; a file is such a network where both agree. The tests hold this equal to
what `resviz.models.ResNet` builds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resviz.models.depths import (
    WIDE_BOTTLENECKS,
    count_weighted_layers,
    find_cifar_counts,
    find_imagenet_counts,
    is_known_depth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from resviz.checkpoints.pickles import TensorEntry

Shape = tuple[int, ...]

NORM_WEIGHTS = ("weight", "bias")
NORM_STATISTICS = ("running_mean", "running_var")
TRACKED = "num_batches_tracked"
"""A count that norms have since torch 0.4.1, and older files lack."""

EXPANSIONS = {"basic": 1, "bottleneck": 4}
"""Output channels of a block for each of its planes."""


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """The options of a ResNet that names and shapes tell.

    Attributes:
        block: "basic" or "bottleneck".
        counts: blocks of each stage.
        groups: of the 3×3 in a bottleneck.
        width_per_group: channels per group in the first stage.
        in_channels: of the image.
        stem: "imagenet", "deep" or "cifar".
        stem_channels: out of the stem.
        base_channels: planes of the first stage.
        num_classes: outputs of the classifier; 0 for none.
        projecting: for each stage the numbers of its blocks that project.
        avg_down: whether projections pool.
    """

    block: str
    counts: tuple[int, ...]
    groups: int
    width_per_group: int
    in_channels: int
    stem: str
    stem_channels: int
    base_channels: int
    num_classes: int
    projecting: tuple[tuple[int, ...], ...]
    avg_down: bool

    @property
    def depth(self) -> int:
        """Weighted layers by the formula: stem, main paths and classifier."""
        return count_weighted_layers(self.block, self.counts)

    def find_width(self, stage: int) -> int:
        """Return the width inside the blocks of a stage, counted from 0."""
        planes = self.base_channels << stage
        if self.block == "basic":
            return planes
        return compute_group_width(planes, self.width_per_group) * self.groups

    def find_output(self, stage: int) -> int:
        """Return the channels that a stage gives."""
        return (self.base_channels << stage) * EXPANSIONS[self.block]


def read_plan(entries: Mapping[str, TensorEntry]) -> NetworkPlan | None:
    """Read the options of a ResNet off tensors by torchvision's names.

    None where they are those of none: a stage is missing in between, or a convolution
    has no whole number of groups.
    """
    shapes = {name: entry.shape for name, entry in entries.items()}

    def find(name: str) -> Shape:
        shape = shapes.get(name, ())
        return shape if len(shape) == 4 and all(shape) else ()

    block = "bottleneck" if find("layer1.0.conv3.weight") else "basic"
    counts: list[int] = []
    while find(f"layer{len(counts) + 1}.0.conv1.weight"):
        stage, number = len(counts) + 1, 0
        while find(f"layer{stage}.{number}.conv1.weight"):
            number += 1
        counts.append(number)
    first, inner = find("layer1.0.conv1.weight"), find("layer1.0.conv2.weight")
    output = find("layer1.0.conv3.weight") if block == "bottleneck" else first
    stem, kind = find("conv1.weight"), "imagenet"
    if stem:
        kind = "cifar" if stem[2:] == (3, 3) else "imagenet"
        in_channels, stem_channels = stem[1], stem[0]
    elif find("conv1.0.weight") and find("conv1.6.weight"):
        kind = "deep"
        in_channels = find("conv1.0.weight")[1]
        stem_channels = find("conv1.6.weight")[0]
    else:
        return None
    if not first or not inner or not output or inner[0] % inner[1]:
        return None
    base = output[0] // EXPANSIONS[block]
    groups = inner[0] // inner[1] if block == "bottleneck" else 1
    width = 64
    if block == "bottleneck" and base:
        inners = (find(f"layer{k}.0.conv2.weight") for k in range(1, len(counts) + 1))
        width = find_width_per_group(
            base, [shape[1] if shape else 0 for shape in inners]
        )
    projecting = tuple(
        tuple(
            number
            for number in range(count)
            if any(
                find(f"layer{stage}.{number}.downsample.{place}.weight")
                for place in (0, 1)
            )
        )
        for stage, count in enumerate(counts, start=1)
    )
    fc = shapes.get("fc.weight", ())
    return NetworkPlan(
        block,
        tuple(counts),
        groups,
        width,
        in_channels,
        kind,
        stem_channels,
        base,
        fc[0] if len(fc) == 2 else 0,
        projecting,
        any(find(f"layer{k}.0.downsample.1.weight") for k in range(1, len(counts) + 1)),
    )


def compute_group_width(planes: int, width_per_group: int) -> int:
    """Return the channels of each group in a block of ours of so many planes."""
    return int(planes * (width_per_group / 64.0))


def find_width_per_group(base: int, widths: Sequence[int]) -> int:
    """Find the least width per group that gives the channels of each stage's groups.

    Where fractions are cut off, several give those of the first; where none gives all,
    the least of these.

    Example:
        >>> find_width_per_group(64, [4, 8, 16, 32]), find_width_per_group(48, [3, 7])
        (4, 5)
    """
    least, beyond = (-(-64 * width // base) for width in (widths[0], widths[0] + 1))
    for width_per_group in range(least, beyond):
        if all(
            compute_group_width(base << stage, width_per_group) == width
            for stage, width in enumerate(widths)
        ):
            return width_per_group
    return least


def list_entries(plan: NetworkPlan) -> dict[str, Shape]:
    """List names and shapes of all tensors that a network of some options has."""
    return dict(iter_entries(plan))


def iter_entries(plan: NetworkPlan) -> Iterator[tuple[str, Shape]]:
    """Yield the name and the shape of each tensor, in the order of the modules."""
    channels = plan.stem_channels
    half = channels // 2
    if plan.stem == "deep":
        yield from list_conv("conv1.0", half, plan.in_channels, 3)
        yield from list_norm("conv1.1", half)
        yield from list_conv("conv1.3", half, half, 3)
        yield from list_norm("conv1.4", half)
        yield from list_conv("conv1.6", channels, half, 3)
    else:
        kernel = 3 if plan.stem == "cifar" else 7
        yield from list_conv("conv1", channels, plan.in_channels, kernel)
    yield from list_norm("bn1", channels)
    for stage, count in enumerate(plan.counts):
        width, output = plan.find_width(stage), plan.find_output(stage)
        for number in range(count):
            path = f"layer{stage + 1}.{number}"
            if plan.block == "basic":
                yield from list_conv(f"{path}.conv1", width, channels, 3)
                yield from list_norm(f"{path}.bn1", width)
                yield from list_conv(f"{path}.conv2", output, width, 3)
                yield from list_norm(f"{path}.bn2", output)
            else:
                yield from list_conv(f"{path}.conv1", width, channels, 1)
                yield from list_norm(f"{path}.bn1", width)
                yield from list_conv(f"{path}.conv2", width, width // plan.groups, 3)
                yield from list_norm(f"{path}.bn2", width)
                yield from list_conv(f"{path}.conv3", output, width, 1)
                yield from list_norm(f"{path}.bn3", output)
            if number in plan.projecting[stage]:
                place = int(plan.avg_down)
                projection = f"{path}.downsample"
                yield from list_conv(f"{projection}.{place}", output, channels, 1)
                yield from list_norm(f"{projection}.{place + 1}", output)
            channels = output
    if plan.num_classes:
        yield "fc.weight", (plan.num_classes, channels)
        yield "fc.bias", (plan.num_classes,)


def list_conv(
    name: str, outputs: int, inputs: int, kernel: int
) -> Iterator[tuple[str, Shape]]:
    """Yield the weight of a square convolution."""
    yield f"{name}.weight", (outputs, inputs, kernel, kernel)


def list_norm(name: str, channels: int) -> Iterator[tuple[str, Shape]]:
    """Yield what a batch norm has."""
    for word in (*NORM_WEIGHTS, *NORM_STATISTICS):
        yield f"{name}.{word}", (channels,)
    yield f"{name}.{TRACKED}", ()


def find_shortcut_options(plan: NetworkPlan) -> tuple[str, dict[str, Any]] | None:
    """Find the option A, B or C, and the further options, of which blocks project.

    None where none of ours projects so. Source: resviz/models/shortcuts.py.
    """
    outputs = [plan.find_output(stage) for stage in range(len(plan.counts))]
    inputs = [plan.stem_channels, *outputs[:-1]]
    grows = [a != b for a, b in zip(inputs, outputs, strict=True)]
    strides = [stage > 0 for stage in range(len(outputs))]

    def project(firsts: list[bool]) -> tuple[tuple[int, ...], ...]:
        return tuple((0,) if first else () for first in firsts)

    shape = [a or b for a, b in zip(grows, strides, strict=True)]
    always = tuple(tuple(range(count)) for count in plan.counts)
    ways = (
        (project(shape), "B", {}),
        (project(grows), "B", {"projection": "channels"}),
        (project([True] * len(shape)), "B", {"projection": "first_block"}),
        (always, "C", {"shortcut": "C"}),
        (project([False] * len(shape)), "A", {"shortcut": "A"}),
    )
    for projecting, option, options in ways:
        if plan.projecting == projecting:
            return option, dict(options)
    return None


def write_spec(plan: NetworkPlan, options: Mapping[str, Any]) -> str:
    """Write the SPEC of a network, with options that differ from its name's.

    Args:
        plan: the options that shapes tell.
        options: of its shortcuts, as `find_shortcut_options` gives them.

    Example:
        `resnet50`, `resnet(50, num_classes=10)`, `cifar20`.
    """
    given: dict[str, Any] = {
        "num_classes": plan.num_classes,
        "groups": plan.groups,
        "width_per_group": plan.width_per_group,
        "in_channels": plan.in_channels,
        "stem": plan.stem,
        "stem_channels": plan.stem_channels,
        "base_channels": plan.base_channels,
        "shortcut": "B",
        "projection": "shape",
        "avg_down": plan.avg_down,
    } | dict(options)
    name, arguments, usual = name_network(plan, given)
    if given["base_channels"] == given["stem_channels"]:
        given.pop("stem_channels")
    changed = [
        f"{key}={value!r}" for key, value in given.items() if usual.get(key) != value
    ]
    arguments = [*arguments, *changed]
    if not arguments:
        return name
    match = name.rstrip("0123456789")
    if match in {"resnet", "cifar"} and name != match:
        arguments = [name.removeprefix(match), *arguments]
        name = match
    return f"{name}({', '.join(arguments)})"


def name_network(
    plan: NetworkPlan, given: Mapping[str, Any]
) -> tuple[str, list[str], dict[str, Any]]:
    """Return the name of a network, what it takes besides, and its usual options."""
    usual = {
        "num_classes": 1000, "groups": 1, "width_per_group": 64, "in_channels": 3,
        "stem": "imagenet", "base_channels": 64, "shortcut": "B",
        "projection": "shape", "avg_down": False,
    }  # fmt: skip
    for name, _, counts, groups, width in WIDE_BOTTLENECKS:
        widths = given["groups"], given["width_per_group"]
        if (plan.block, plan.counts) == ("bottleneck", counts) and widths == (
            groups, width,
        ):  # fmt: skip
            return name, [], usual | {"groups": groups, "width_per_group": width}
    depth, layers = plan.depth, list(plan.counts)
    is_cifar = len(layers) == 3 and plan.stem == "cifar" and plan.base_channels == 16
    if is_cifar and len(set(layers)) == 1:
        cifar = usual | {
            "num_classes": 10, "stem": "cifar", "base_channels": 16, "shortcut": "A",
        }  # fmt: skip
        if find_cifar_counts(depth) == (plan.block, plan.counts):
            return f"cifar{depth}", [], cifar
        return f"cifar{depth}", [f"block={plan.block!r}"], cifar
    published = is_known_depth(depth, plan.block, plan.counts)
    if published and find_imagenet_counts(depth) == (plan.block, plan.counts):
        return f"resnet{depth}", [], usual
    return "resnet", [f"block={plan.block!r}", f"layers={layers}"], usual
