"""Networks as data, and the families of those that differ in depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resviz.errors import SpecError
from resviz.models import depths
from resviz.models.options import one_of, per_stage


@dataclass(frozen=True, slots=True)
class Network:
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
class Family:
    """Networks that differ in depth.

    Attributes:
        name: what stands before the depth in a name.
        title: a title, with a place for the depth.
        counts: block and counts of a depth, for a block or the usual one.
        options: options of ``ResNet`` that belong to a network of such blocks.
        listed: depths that ``names`` lists.
        closed: whether those are all there are.
    """

    name: str
    title: str
    counts: Callable[[int, str | None], tuple[str, tuple[int, ...]]]
    options: Callable[[str], Mapping[str, Any]]
    listed: tuple[int, ...]
    closed: bool = False

    def row(
        self,
        depth: int | None = None,
        *,
        block: str | None = None,
        layers: Sequence[int] | None = None,
    ) -> Network:
        """The network of a depth, or of counts.

        Raises:
            SpecError: for a depth that cannot be expressed, counts without a
                block or that do not fit the depth, or neither depth nor counts.
        """
        if layers is not None and self.closed:
            want = f"one of the depths {', '.join(map(str, self.listed))}"
            raise SpecError(f"{self.name}: got layers={layers!r}, want {want}")
        if layers is not None:
            kind, counts = _given(layers, block, depth)
        elif depth is not None:
            kind, counts = self.counts(depth, block)
        else:
            raise SpecError(f"{self.name}: got neither a depth nor layers, want one")
        label = depth or depths.layer_count(kind, counts)
        options = self.options(kind)
        if self._usual(label) == (kind, counts):
            title = self.title.format(label)
            return Network(f"{self.name}{label}", title, kind, counts, options)
        title = self.title.format(f"{label} {kind} {'-'.join(map(str, counts))}")
        return Network(self.name, title, kind, counts, options)

    def _usual(self, depth: int) -> tuple[str, tuple[int, ...]] | None:
        try:
            return self.counts(depth, None)
        except SpecError:
            return None


def _given(
    layers: Sequence[int], block: str | None, depth: int | None
) -> tuple[str, tuple[int, ...]]:
    """Block and counts that were both given."""
    if not isinstance(layers, Sequence) or not layers:
        raise SpecError(f"layers: got {layers!r}, want counts such as [3, 4, 6, 3]")
    counts = per_stage("layers", layers, len(layers))
    one_of("block, beside layers", block, depths.LAYERS_PER_BLOCK)
    found = depths.layer_count(str(block), counts)
    if depth not in (None, found):
        raise SpecError(
            f"layers: got {list(counts)} for depth {depth!r}, want {depth!r} layers and"
            f" these give {found}: leave out the depth"
        )
    return str(block), counts


def _plain(_block: str) -> dict[str, Any]:
    return {}


def _cifar(_block: str) -> dict[str, Any]:
    """He et al. 2015, section 4.2."""
    return {"num_classes": 10, "stem": "cifar", "base_channels": 16, "shortcut": "A"}


def _paper(block: str) -> dict[str, Any]:
    """He et al. 2015, section 4.1 and the authors' layer files."""
    shortcut = "A" if block == "basic" else "B"
    return {"stride_in": "1x1", "shortcut": shortcut, "softmax": True}


FAMILIES = {
    family.name: family
    for family in (
        Family("resnet", "ResNet-{}", depths.imagenet, _plain, depths.IMAGENET),
        Family("cifar", "ResNet-{} (CIFAR)", depths.cifar, _cifar, depths.CIFAR),
        Family(
            "paper",
            "ResNet-{} (paper)",
            depths.paper,
            _paper,
            depths.PAPER,
            closed=True,
        ),
    )
}
"""The families by name. To add one, add a row."""
