"""The feature maps that stages give to a neck, as a table and as Python."""

from __future__ import annotations

from itertools import pairwise
from json import dumps
from math import prod
from typing import TYPE_CHECKING, Any

from resviz.errors import SpecError
from resviz.escape import clean_name
from resviz.readings.features import read_features, select_features
from resviz.readings.structure import read_structure
from resviz.record import Source
from resviz.tables.notes import batch_note, counting_notes, trace_header
from resviz.tables.receptive import FIELD_UNITS, format_axes, json_number
from resviz.tables.shapes import arrange_shape
from resviz.tables.summary import bound_counts
from resviz.tables.table import Column, Table
from resviz.units import format_names, format_per_axis, format_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from resviz.readings.features import FeatureMap
    from resviz.record import Architecture

COLUMNS = (
    Column("index", "#"),
    Column("name", "feature"),
    Column("module", "module", spare=2),
    Column("channels", "channels", "count"),
    Column("size", "size"),
    Column("stride", "stride", "field"),
    Column("receptive_field", "field", "field"),
    Column("padding", "padding", "field", spare=3),
    Column("macs", "MACs up to there", "count"),
    Column("timm_index", "timm's #", spare=4),
)

DEPENDENCE = "MACs of all layers that the map depends on, its own included"
"""What is counted up to a map, to be printed below the table."""

TRUE_STRIDE = "stride: pixels of this input for each position, as sizes are rounded up"
"""Which stride is meant, to be printed below the table."""


def feature_table(
    arch: Architecture, *, out_indices: Iterable[int | str] | None = None
) -> Table:
    """Return one row a feature map: channels, size, stride, field, MACs up to it.

    Args:
        arch: the record.
        out_indices: the numbers of those to show, from 0 on; None for all.

    Raises:
        SpecError: for a number of none.
    """
    features = select_features(arch, out_indices)
    rows = [feature_row(arch, feature) for feature in features]
    has_timm_indices = any(each.timm_index is not None for each in features)
    data = {
        "features": rows,
        "configuration": configure_neck(features),
        "convention": f"{TRUE_STRIDE}; {DEPENDENCE}; {FIELD_UNITS[0]}",
    } | trace_header(arch, "features")
    return Table(
        f"{arch.label}: feature maps",
        COLUMNS if has_timm_indices else COLUMNS[:-1],
        tuple(map(display_feature_row, rows)),
        data,
        facts=(("input", format_sizes(arch.input_shape)),)
        + (() if rows else (("feature maps", "none: no stages, no maps of a size"),)),
        notes=(
            TRUE_STRIDE,
            DEPENDENCE,
            *feature_notes(arch, features),
            batch_note(arch),
            *counting_notes(arch),
        ),
    )


def feature_row(arch: Architecture, feature: FeatureMap) -> dict[str, Any]:
    """Return a feature map as JSON has it."""
    shape = arch.stored_layers[feature.layer_index].output_shape
    return {
        "name": feature.name,
        "module": feature.module,
        "channels": feature.channels,
        "size": list(feature.size),
        "stride": [*map(json_number, feature.stride)] or None,
        "receptive_field": list(feature.receptive_field),
        "macs": bound_counts(feature.costs)["macs"],
        "index": feature.index,
        "timm_index": feature.timm_index,
        "stage": feature.stage or None,
        "layer": arch.stored_layers[feature.layer_index].name,
        "output_shape": arrange_shape(arch, shape, Source(feature.layer_index)),
        "extra_tokens": feature.extra_tokens,
        "padding": list(feature.padding),
        "offset": [None if k is None else json_number(k) for k in feature.offset],
        "whole_input": list(feature.whole_input),
        "params": feature.costs.params,
    }


def display_feature_row(row: dict[str, Any]) -> dict[str, Any]:
    """Write a row for the eye: one number for all axes where they agree."""
    extra = f" + {row['extra_tokens']}" if row["extra_tokens"] else ""
    words = {
        "size": f"{format_sizes(row['size'])}{extra}",
        "stride": format_axes(row["stride"] or [None]),
        "receptive_field": format_axes(row["receptive_field"], row["whole_input"]),
        "padding": format_axes(row["padding"]),
    }
    return row | words


def feature_notes(arch: Architecture, features: Sequence[FeatureMap]) -> Iterator[str]:
    """Say what is unusual: tokens, maps of no module, levels that repeat or grow."""
    structure = read_structure(arch)
    if features and not structure.stages:
        yield "no stages: the last map of each resolution on the main path"
    extra = max((feature.extra_tokens for feature in features), default=0)
    if extra:
        yield f"rows of tokens in the place of maps; {extra} beside, as class tokens"
    rowless = [each.name for each in features if each.module is None]
    if rowless:
        yield (
            f"no module's output: {format_names(rowless, 3)}; a hook or a cut of the "
            "graph by module paths cannot give it"
        )
    if structure.has_towers:
        yield "stages of several towers or branches, in the order in which they end"
    chosen = {feature.index for feature in features}
    steps = [*pairwise(read_features(arch))]  # features may be some, in any order
    repeated = [b.name for a, b in steps if a.size == b.size and b.index in chosen]
    if repeated and structure.has_paper_names:
        names = format_names(repeated, 3)
        yield f"of the size of the one before: {names}, as where strides are dilated"
    if not structure.has_towers and any(prod(b.size) > prod(a.size) for a, b in steps):
        yield "maps that grow again, as in a decoder, stand in the order of the code"


def configure_neck(features: Sequence[FeatureMap]) -> dict[str, Any]:
    """Return what detectors ask of a backbone, as JSON has it; null if unknown."""
    modules = [feature.module for feature in features]
    timm = [feature.timm_index for feature in features]
    named = bool(modules) and None not in modules and len(set(modules)) == len(modules)
    return {
        "return_layers": {str(m): str(k) for k, m in enumerate(modules)}
        if named
        else None,
        "out_indices": [feature.index for feature in features],
        "timm_out_indices": None if None in timm else timm,
        "in_channels": [feature.channels for feature in features],
    }


def write_features_python(
    arch: Architecture, *, out_indices: Iterable[int | str] | None = None
) -> str:
    """Write Python for a detector's configuration.

    Args:
        arch: the record.
        out_indices: as for `feature_table`.

    Raises:
        SpecError: as `feature_table`; or where there is no feature map.
    """
    features = select_features(arch, out_indices)
    if not features:
        raise SpecError(f"{arch.label}: has no feature maps, want a net with stages")
    neck = configure_neck(features)
    names = ", ".join(feature.name for feature in features)
    lines = [f"# {clean_comment(arch.label)} on {format_sizes(arch.input_shape)}:"]
    lines.append(f"# {clean_comment(names)}")
    return_layers = neck["return_layers"]
    if return_layers is None:
        lines.append("# return_layers: a map is the output of no module of its own")
    else:
        nested = any("." in module for module in return_layers)
        door = "feature_extraction.create_feature_extractor"
        door = door if nested else f"_utils.IntermediateLayerGetter, {door}"
        lines.append(f"# torchvision.models.{door}")
        lines += ["return_layers = {"]
        lines += [f"    {dumps(m)}: {dumps(key)}," for m, key in return_layers.items()]
        lines += ["}"]
    lines.append("# stages from 0 on, as resviz and mmdetection count")
    lines.append(f"out_indices = {write_tuple(neck['out_indices'])}")
    if neck["timm_out_indices"] is not None:
        lines.append("# timm.create_model(…, features_only=True, out_indices=…)")
        lines.append(f"timm_out_indices = {write_tuple(neck['timm_out_indices'])}")
    lines.append("# a neck's in_channels, torchvision's in_channels_list")
    lines.append(f"in_channels = {neck['in_channels']!r}")
    strides = [format_per_axis(read_stride(feature)) for feature in features]
    lines.append(f"# strides at this input: {', '.join(strides)}")
    return "\n".join(lines) + "\n"


def read_stride(feature: FeatureMap) -> list[Any]:
    """Return the stride along each axis, as JSON has it."""
    return [round(json_number(k), 3) for k in feature.stride]


def write_tuple(numbers: Sequence[int]) -> str:
    """Write numbers as a tuple of Python."""
    return repr(tuple(numbers))


def clean_comment(text: str) -> str:
    """Return text for a comment of Python: on one line."""
    return " ".join(clean_name(text).split())
