"""Networks as data, and the families of those that differ in depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resviz.errors import SpecError
from resviz.models import depths
from resviz.models.options import check_one_of, check_per_stage


@dataclass(frozen=True, slots=True)
class NamedNetwork:
    """A named network: all that is needed to build it.

    Attributes:
        name: what it is called in code.
        title: what it is called in a text.
        block: a key of ``BLOCKS``.
        counts: blocks of each stage.
        options: options of ``ResNet`` that belong to it.
    """

    name: str
    title: str
    block: str
    counts: tuple[int, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkFamily:
    """Networks that differ in depth.

    Attributes:
        name: what stands before the depth in a name.
        title: a title, with a place for the depth.
        find_counts: block and counts of a depth, for a block or the usual one.
        find_options: options of ``ResNet`` that belong to a network of such blocks.
        listed_depths: depths that ``list_network_names`` lists.
        is_closed: whether those are all there are.
    """

    name: str
    title: str
    find_counts: Callable[[int, str | None], tuple[str, tuple[int, ...]]]
    find_options: Callable[[str], Mapping[str, Any]]
    listed_depths: tuple[int, ...]
    is_closed: bool = False

    def make_network(
        self,
        depth: int | None = None,
        *,
        block: str | None = None,
        layers: Sequence[int] | None = None,
    ) -> NamedNetwork:
        """Return the network of a depth, or of counts.

        Raises:
            SpecError: for a depth that cannot be expressed, counts without a
                block or that do not fit the depth, or neither depth nor counts.
        """
        if layers is not None and self.is_closed:
            want = f"one of the depths {', '.join(map(str, self.listed_depths))}"
            raise SpecError(f"{self.name}: got layers={layers!r}, want {want}")
        if layers is not None:
            block_name, counts = _check_given_counts(layers, block, depth)
        elif depth is not None:
            block_name, counts = self.find_counts(depth, block)
        else:
            raise SpecError(f"{self.name}: got neither a depth nor layers, want one")
        label = depth or depths.count_weighted_layers(block_name, counts)
        options = self.find_options(block_name)
        if self._usual_counts(label) == (block_name, counts):
            title = self.title.format(label)
            return NamedNetwork(
                f"{self.name}{label}", title, block_name, counts, options
            )
        title = self.title.format(f"{label} {block_name} {'-'.join(map(str, counts))}")
        return NamedNetwork(self.name, title, block_name, counts, options)

    def _usual_counts(self, depth: int) -> tuple[str, tuple[int, ...]] | None:
        try:
            return self.find_counts(depth, None)
        except SpecError:
            return None


def _check_given_counts(
    layers: Sequence[int], block: str | None, depth: int | None
) -> tuple[str, tuple[int, ...]]:
    """Check block and counts that were both given, and return them."""
    if not isinstance(layers, Sequence) or not layers:
        raise SpecError(f"layers: got {layers!r}, want counts such as [3, 4, 6, 3]")
    counts = check_per_stage("layers", layers, len(layers))
    check_one_of("block, beside layers", block, depths.LAYERS_PER_BLOCK)
    layer_count = depths.count_weighted_layers(str(block), counts)
    if depth not in (None, layer_count):
        raise SpecError(
            f"layers: got {list(counts)} for depth {depth!r}, want {depth!r} layers and"
            f" these give {layer_count}: leave out the depth"
        )
    return str(block), counts


def _no_options(_block: str) -> dict[str, Any]:
    return {}


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
            _no_options,
            depths.IMAGENET_DEPTHS,
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
