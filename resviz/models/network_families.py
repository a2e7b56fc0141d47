"""Families of networks: what a name and a depth stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.models import depths
from resviz.models.namesakes import explain_foreign_name
from resviz.models.options import check_counts, check_one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


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
        cifar_depths: depths whose name means a network for CIFAR.
        ambiguous_depths: depths whose name means several, so that titles say which.
        is_published: whether somebody published a net of a depth, a block and counts;
            titles say of others that nobody did.
    """

    name: str
    title: str
    find_counts: Callable[[int, str | None], tuple[str, tuple[int, ...]]]
    find_options: Callable[[str], Mapping[str, Any]]
    listed_depths: tuple[int, ...]
    is_closed: bool = False
    cifar_depths: tuple[int, ...] = ()
    ambiguous_depths: tuple[int, ...] = ()
    is_published: Callable[[int, str, tuple[int, ...]], bool] = lambda *_: True

    def make_network(
        self,
        depth: int | None = None,
        *,
        block: str | None = None,
        layers: Sequence[int] | None = None,
        stem: str | None = None,
    ) -> NamedNetwork:
        """Return the network of a depth, or of counts.

        Raises:
            SpecError: for a depth that cannot be expressed, or is known as that of
                another network while no stem is given; counts that do not fit the
                depth, or fit no block or several; or neither depth nor counts.
        """
        if layers is not None and self.is_closed:
            want = f"one of the depths {', '.join(map(str, self.listed_depths))}"
            raise SpecError(f"{self.name}: got layers={layers!r}, want {want}")
        if layers is not None:
            block_name, counts = _check_given_counts(layers, block, depth)
        elif depth is not None:
            if meant := explain_foreign_name(f"{self.name}{depth}"):
                raise SpecError(f"unknown network '{self.name}{depth}': {meant}")
            if stem is None and depth in self.cifar_depths:
                raise make_namesake_error(self, depth, block)
            block_name, counts = self.find_counts(depth, block)
        else:
            example = f"{self.name}{self.listed_depths[0]}"
            raise SpecError(
                f"{self.name}: got neither a depth nor layers, want one, as {example}"
            )
        label = depth or depths.count_weighted_layers(block_name, counts)
        options = self.find_options(block_name)
        try:
            is_usual = self.find_counts(label, None) == (block_name, counts)
        except SpecError:
            is_usual = False
        # Who gives the counts knows that they are their own.
        is_own = layers is None and not self.is_published(label, block_name, counts)
        is_plain = is_usual and not is_own and label not in self.ambiguous_depths
        details = "" if is_plain else f" {block_name} {'-'.join(map(str, counts))}"
        details += " (unpublished)" * is_own
        return NamedNetwork(
            f"{self.name}{label}" if is_usual else self.name,
            self.title.format(f"{label}{details}"),
            block_name,
            counts,
            options,
        )


def make_namesake_error(
    family: NetworkFamily, depth: int, block: str | None
) -> SpecError:
    """Return the error for a depth that is known from CIFAR, naming both networks."""
    name = f"{family.name}{depth}"
    meant = f"cifar{depth}, in Python cifar_resnet({depth})"
    try:
        family.find_counts(depth, block)
    except SpecError as error:
        return SpecError(f"{name}: is a network for CIFAR, want {meant}; else {error}")
    return SpecError(
        f"{name}: is known as a network for CIFAR, and an ImageNet one would be built: "
        f"want {meant}, or the ImageNet one deliberately, {family.name}({depth}, "
        "stem='imagenet')"
    )


def _check_given_counts(
    layers: Sequence[int], block: str | None, depth: int | None
) -> tuple[str, tuple[int, ...]]:
    """Check block and counts, and return them; the depth may tell the block.

    Raises:
        SpecError: if no block, or more than one, fits.
    """
    counts = check_counts(layers)
    if block is not None:
        check_one_of("block, beside layers", block, depths.LAYERS_PER_BLOCK)
    layer_counts = {
        name: depths.count_weighted_layers(name, counts)
        for name in depths.LAYERS_PER_BLOCK
    }
    fitting = [
        name
        for name, layer_count in layer_counts.items()
        if block in (None, name) and depth in (None, layer_count)
    ]
    if len(fitting) == 1:
        return fitting[0], counts
    possible = [block] if block else [*layer_counts]
    depth_texts = [
        f"{layer_counts[name]} layers with block={name!r}" for name in possible
    ]
    gives = f"layers: {list(counts)} gives {' or '.join(depth_texts)}"
    if fitting:
        raise SpecError(f"{gives}, want the block as well")
    remedy = "leave out the depth" + ("" if block else " and name the block")
    raise SpecError(f"{gives}, got depth {depth!r}: {remedy}, or leave out layers")
