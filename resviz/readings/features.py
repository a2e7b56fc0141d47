"""FeatureMap maps: what each stage gives to a neck, and what it took to get there.

A feature is the map that leaves a stage: of the outermost module call that holds the
stage, none of another, and gives one map of the stage's size, or one map of its tokens;
else of its last block.
A network without stages has one a resolution of its main path, the last that is not a
vector.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.readings.batch_axes import find_sample_shape, put_batch_first
from resviz.readings.costs import CostTotals, sum_layer_costs
from resviz.readings.part_tree import list_call_numbers
from resviz.readings.receptive import WHOLE, Axis, compute_receptive_fields
from resviz.readings.shape_flow import read_flow
from resviz.readings.structure import read_structure
from resviz.readings.structure.graph import ROOT, build_graph
from resviz.record import Source
from resviz.record.cached import cache_reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resviz.readings.structure.graph import Graph
    from resviz.record import Architecture, Call, Shape

MOST_EXTRA_TOKENS = 8
"""Rows beside those of a map that are taken for class tokens and registers."""


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """The map that a stage gives.

    Attributes:
        name: "C2" to "C5" in a network shaped as He et al.'s, else the path of the
            module or the stage.
        stage: the name of its stage; "" of a network that has none.
        index: its number among all features, from 0 on.
        timm_index: its number among the levels of timm's `features_only`; None where
            the names of modules do not tell.
        module: the path of the outermost module whose output it is; None if it is that
            of no module.
        layer_index: the number of the layer that gives it.
        channels: how many; None where no axis is known to hold them.
        size: positions along each axis, (H, W); tokens that are no map, one number.
        extra_tokens: rows beside those of the map, as a class token.
        stride: pixels of the input for each position, exactly; () if unknown.
        receptive_field: pixels along each axis, None for the whole input or unknown.
        padding: pixels by which the first field leaves the input, likewise.
        offset: centre of the first field in pixels, likewise.
        whole_input: for each axis, whether all of it is seen.
        macs: of all layers that it depends on, its own included, as far as rules know
            them.
        costs: all costs of these layers.
    """

    name: str
    stage: str
    index: int
    timm_index: int | None
    module: str | None
    layer_index: int
    channels: int | None
    size: Shape
    extra_tokens: int
    stride: tuple[Fraction, ...]
    receptive_field: tuple[int | None, ...]
    padding: tuple[int | None, ...]
    offset: tuple[Fraction | None, ...]
    whole_input: tuple[bool, ...]
    macs: int
    costs: CostTotals


@dataclass(frozen=True, slots=True)
class FeaturePlace:
    """Where a feature is: its layer, the module whose output it is, its stage."""

    layer: int
    module: str | None
    stage: str = ""


@cache_reading
def read_features(arch: Architecture) -> tuple[FeatureMap, ...]:
    """Read the feature maps of a record's stages, in order.

    () for a network that has neither stages nor maps of several resolutions.
    """
    structure, graph = read_structure(arch), build_graph(arch)
    places = find_stage_places(arch, graph) or find_level_places(arch, graph)
    ancestors = find_ancestors(arch, [place.layer for place in places])
    timm_indices = count_timm_levels(arch, graph, places)
    features: list[FeatureMap] = []
    for number, place in enumerate(places):
        name = place.module or place.stage or arch.stored_layers[place.layer].name
        if structure.has_paper_names:
            name = f"C{number + 2}"
        channels, size, extra = measure_map(arch, place.layer)
        costs = sum_layer_costs(arch.stored_layers[k] for k in ancestors[place.layer])
        feature = FeatureMap(
            name,
            place.stage,
            number,
            timm_indices[number],
            place.module,
            place.layer,
            channels,
            size,
            extra,
            **measure_fields(arch, place.layer, size),
            macs=costs.macs,
            costs=costs,
        )
        features.append(feature)
    return tuple(features)


def select_features(
    arch: Architecture, out_indices: Iterable[int | str] | None = None
) -> tuple[FeatureMap, ...]:
    """Return the features of some numbers, or all.

    Args:
        arch: the record.
        out_indices: their numbers from 0 on, from the last with a minus.

    Raises:
        SpecError: for what is no number, that of no feature, or one named twice.
    """
    features = read_features(arch)
    if out_indices is None:
        return features
    if isinstance(out_indices, int | str):
        out_indices = str(out_indices).split(",")
    chosen: list[FeatureMap] = []
    for given in out_indices:
        try:
            chosen.append(features[int(str(given))])
        except (ValueError, IndexError):
            want = f"numbers from 0 to {len(features) - 1}" if features else "none"
            raise SpecError(
                f"out_indices: got {given!r}, want {want}: {arch.label} has "
                f"{len(features)} feature maps"
            ) from None
    twice = next((f.index for k, f in enumerate(chosen) if f in chosen[:k]), None)
    if twice is not None:
        raise SpecError(f"out_indices: got {twice} twice, want each once")
    return tuple(chosen)


def find_stage_places(arch: Architecture, graph: Graph) -> list[FeaturePlace]:
    """Find the map that leaves each stage, and whose output it is."""
    stages = read_structure(arch).stages
    ends = [stage.blocks[-1].end for stage in stages]
    places: list[FeaturePlace] = []
    for stage, end in zip(stages, ends, strict=True):
        inside = set(stage.layer_indices)
        others = {i for other in stages if other is not stage
                  for i in other.layer_indices}  # fmt: skip
        layer, module = end, None
        for call in list_calls_around(arch, end):
            if any(call.start <= index < call.stop for index in others):
                break
            exits = find_exits(graph, call.start, call.stop)
            if exits == [end] and layer == end:
                module = call.path
            elif (
                len(exits) == 1
                and inside <= {*range(call.start, call.stop)}
                and graph.count_positions(exits[0]) == graph.count_positions(end)
                and len(arch.stored_layers[exits[0]].output_shape)
                >= len(stage.output_shape)
            ):
                layer, module = exits[0], call.path
        module = module or name_leaf(arch, layer)
        places.append(FeaturePlace(layer, module, stage.name))
    return places


def list_calls_around(arch: Architecture, layer: int) -> list[Call]:
    """List the calls around a layer from inside out, of modules that are called once.

    The network's own is left out.
    """
    counts = Counter(call.path for call in arch.calls)
    numbers = list_call_numbers(arch, layer)
    calls = [arch.calls[number] for number in reversed(numbers)]
    return [call for call in calls if counts[call.path] == 1]


def name_leaf(arch: Architecture, layer: int) -> str | None:
    """Name the module that a layer is, unless it is none, or is called again."""
    last = arch.stored_layers[layer]
    same = sum(each.module and each.path == last.path for each in arch.stored_layers)
    return last.path if last.module and same == 1 else None


def find_exits(graph: Graph, start: int, stop: int) -> list[int]:
    """Find the live layers of a run that are read behind it, or are an output."""
    returned = {source.layer for source in graph.arch.outputs}
    return [
        index
        for index in range(start, stop)
        if index in graph.before
        and (index in returned or any(user >= stop for user in graph.after[index]))
    ]


def find_level_places(arch: Architecture, graph: Graph) -> list[FeaturePlace]:
    """Find the last map of each resolution that all of the network passes through.

    They lie on the main path of a network without stages, and are no vectors.
    """
    main_path = read_structure(arch).main_path
    node = main_path[-1] if main_path else ROOT
    chain: list[int] = []
    while node >= 0:
        chain.append(node)
        node = graph.dominator[node]
    maps = [
        (index, size)
        for index in reversed(chain)
        if len(size := measure_map(arch, index)[1]) > 1 and prod(size) > 1
    ]
    if len({size for _, size in maps}) == 1:
        return []
    return [
        find_level_place(arch, graph, index)
        for (index, size), after in zip_longest(maps, maps[1:])
        if after is None or after[1] != size
    ]


def find_level_place(arch: Architecture, graph: Graph, layer: int) -> FeaturePlace:
    """Find the outermost module whose output a layer's is."""
    module = name_leaf(arch, layer)
    for call in list_calls_around(arch, layer):
        if find_exits(graph, call.start, call.stop) == [layer]:
            module = call.path
    return FeaturePlace(layer, module)


def find_ancestors(arch: Architecture, ends: Sequence[int]) -> dict[int, set[int]]:
    """Find for some layers all that their outputs depend on, themselves included."""
    found: dict[int, set[int]] = {}
    for end in ends:
        seen, stack = {end}, [end]
        while stack:
            for source in arch.stored_layers[stack.pop()].sources:
                if source.layer >= 0 and source.layer not in seen:
                    seen.add(source.layer)
                    stack.append(source.layer)
        found[end] = seen
    return found


def measure_map(arch: Architecture, layer: int) -> tuple[int | None, Shape, int]:
    """Return channels, sizes along the axes of positions, and rows beside these.

    Rows of tokens are as many as a map before them has positions, or few more.
    """
    graph, source = build_graph(arch), Source(layer)
    shape = arch.stored_layers[layer].output_shape
    axis = graph.find_channel_axis(source)
    sample = tuple(find_sample_shape(arch, shape, source).sample)
    first, axis = put_batch_first(arch, shape, axis, source)
    if axis is None or axis >= len(first):
        return None, sample, 0
    channels = first[axis]
    size = tuple(n for k, n in enumerate(first) if k not in {0, axis})
    if axis == 0:
        size = tuple(first[1:])
    if len(size) != 1:
        return channels, size, 0
    names = {each.name: each.index for each in arch.stored_layers}
    for step in reversed(read_flow(arch)):
        if names.get(step.name, -1) > layer or len(step.size) < 2:
            continue
        extra = size[0] - prod(step.size)
        if 0 <= extra <= MOST_EXTRA_TOKENS:
            return channels, step.size, extra
        break
    return channels, size, 0


def measure_fields(arch: Architecture, layer: int, size: Shape) -> dict[str, Any]:
    """Measure stride, receptive field, padding and centre of a map of some size."""
    fields = compute_receptive_fields(arch)
    pixels = [arch.input_shape[axis] for axis in fields.axes]
    seen = fields.layers[layer] or (None,) * len(pixels)
    known = [axis if isinstance(axis, Axis) else None for axis in seen]
    strides: tuple[Fraction, ...] = ()
    if len(pixels) == len(size) and all(size):
        pairs = zip(pixels, size, strict=True)
        strides = tuple(Fraction(side, count) for side, count in pairs)
    return {
        "stride": strides,
        "receptive_field": tuple(axis and axis.size for axis in known),
        "padding": tuple(axis and axis.padding for axis in known),
        "offset": tuple(None if axis is None else axis.offset for axis in known),
        "whole_input": tuple(axis == WHOLE for axis in seen),
    }


def count_timm_levels(
    arch: Architecture, graph: Graph, places: Sequence[FeaturePlace]
) -> list[int | None]:
    """Number stages as timm does, where their modules tell.

    Those of its ResNets and RegNets come after the stem, which is level 0; those of
    ConvNeXt and its like begin with what cuts the image into patches, and count from 0.
    What it does elsewhere, each of its files says for itself.
    """
    modules = [place.module for place in places]
    unknown: list[int | None] = [None] * len(places)
    for pattern, first in TIMM_STAGES.items():
        numbers = range(1, len(places) + 1) if first else range(len(places))
        if not places or modules != [pattern.format(number) for number in numbers]:
            continue
        finest = graph.count_positions(places[0].layer)
        pixels = prod(
            arch.input_shape[axis] for axis in compute_receptive_fields(arch).axes
        )
        has_stem_level = any(
            finest < graph.count_positions(index) < pixels
            for index in read_structure(arch).main_path
        )
        if has_stem_level == bool(first):
            return [first + number for number in range(len(places))]
    return unknown


TIMM_STAGES = {"layer{}": 1, "s{}": 1, "stages.{}": 0}
"""What timm calls the stages of some networks, and the number of the first."""
