"""The summary: totals, stages and the shape flow on a few lines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from resviz.readings import costs
from resviz.readings.structure import Stage, Structure, count_depth, read_structure
from resviz.readings.structure.heads import find_heads_of_towers
from resviz.readings.structure.parts import sum_part_costs
from resviz.readings.structure.remarks import find_remarks
from resviz.readings.structure.stems import find_stems, list_stems_before
from resviz.record import Source
from resviz.tables.notes import (
    batch_note,
    counting_notes,
    describe_bound,
    describe_inputs,
    trace_header,
)
from resviz.tables.shapes import arrange_shape
from resviz.tables.table import Column, Table
from resviz.tables.trainable import (
    add_trainable_column,
    extra_trainable_columns,
    split_params,
)
from resviz.units import (
    AtLeast,
    format_count,
    format_per_axis,
    format_plural,
    group_digits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from resviz.readings.structure.parts import PartOfNetwork
    from resviz.record import Architecture, Layer
    from resviz.tables.shapes import WrittenShape

COLUMNS = (
    Column("name", "stage"),
    Column("blocks", "blocks", "text"),
    Column("type", "type"),
    Column("output_shape", "output", "sample"),
    Column("params", "params", "count"),
    Column("params_share", "% params", "share", spare=1),
    Column("macs", "MACs", "count"),
    Column("macs_share", "% MACs", "share", spare=2),
    Column("elements", "elements", "count", spare=3),
)

OTHER_LAYERS = "other layers"
"""The part of a network that is neither stem, stage nor head."""


def summary_table(arch: Architecture) -> Table:
    """Return totals, one row a stage, and the arithmetic of the shape flow."""
    structure = read_structure(arch)
    unusual = find_remarks(structure)
    total = costs.sum_record_costs(arch)
    data = {
        "name": arch.name,
        "input_shape": list(arch.input_shape),
        "layers": len(arch.stored_layers),
        "blocks": len(structure.blocks),
        "stages": [stage_row(stage) for stage in structure.stages],
        "params": arch.params,
        "macs": total.macs,
        "flow": [
            {
                "name": step.name,
                "size": list(step.size),
                "output_shape": list(step.output_shape),
                "arithmetic": step.arithmetic,
            }
            for step in arch.flow
        ],
        "not_counted": [asdict(gap) for gap in costs.find_uncounted(arch)],
        "depth": count_depth(structure),
        "activations": total.activations,
        "convention": costs.MAC_CONVENTION,
        "remarks": list(unusual),
        "elements": total.elements,
        "elements_convention": costs.ELEMENTS_UNIT,
        "trainable_params": arch.trainable_params,
        "frozen_params": arch.frozen_params,
    } | trace_header(arch, "summary")
    return Table(
        f"{arch.label}: summary",
        add_trainable_column(arch, COLUMNS),
        tuple(part_rows(structure)),
        data,
        facts=(("input", describe_inputs(arch)), *summary_facts(arch, data)),
        notes=(
            *(f"{step.name}: {step.arithmetic}" for step in arch.flow[1:]),
            *note_flow_of_one_path(structure),
            *unusual,
            batch_note(arch),
            *counting_notes(arch, costs.ELEMENTS_UNIT),
        ),
        extra=extra_trainable_columns(arch),
    )


def note_flow_of_one_path(structure: Structure) -> Iterator[str]:
    """Say how many blocks work beside the path whose shape flow is told."""
    path = {*structure.main_path}
    beside = [
        b for b in structure.blocks if path.isdisjoint(la.index for la in b.layers)
    ]
    if beside and structure.arch.flow:
        blocks = f"{len(beside)} of {format_plural(len(structure.blocks), 'block')}"
        yield (
            "shape flow: along the path with the most weights; "
            f"{blocks} work beside it, at sizes of their own"
        )


def summary_facts(
    arch: Architecture, data: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield what stands above the stages, below the input."""
    bound = describe_bound(arch)
    yield "parameters", exact_count(data["params"], 3)
    if data["frozen_params"]:
        trainable = exact_count(data["trainable_params"], 3)
        yield (
            "trainable",
            f"{trainable}; frozen {exact_count(data['frozen_params'], 3)}",
        )
    flops = format_count(2 * data["macs"], 4)
    macs = exact_count(data["macs"], 4)
    complex_macs = costs.count_complex_macs(arch)
    part = f"; {group_digits(complex_macs)} of them complex" if complex_macs else ""
    yield "MACs", f"{bound}{macs}, at 2 FLOPs each {bound}{flops}{part}"
    yield "element-wise", f"{bound}{exact_count(data['elements'], 3)} elements"
    values = group_digits(data["activations"])
    yield "activations", f"{values} values out of convolutions"
    deep = format_plural(data["depth"], "weighted layer")
    with_weights = (layer for layer in arch.stored_layers if layer.params)
    if not all(
        costs.is_operation_known(op) for la in with_weights for op in la.operations
    ):
        deep = f"at least {deep}"  # a weight without a rule of ours may be one more
    blocks = format_plural(data["blocks"], "block")
    stages = format_plural(len(data["stages"]), "stage")
    residual = f"{blocks} in {stages}" if data["blocks"] else "no residual blocks found"
    yield "depth", f"{deep}, {residual}"
    if data["flow"]:
        sizes = (format_per_axis(step["size"]) for step in data["flow"])
        yield "shape flow", "→".join(sizes)


def exact_count(number: int, digits: int) -> str:
    """Write a number in full, and in short where that is shorter."""
    short = f" ({format_count(number, digits)})" if number >= 1000 else ""
    return f"{group_digits(number)}{short}"


def stage_row(stage: Stage) -> dict[str, Any]:
    """Return one stage, as JSON has it."""
    axis = stage.blocks[-1].channel_axis
    written = arrange_shape(stage.arch, stage.output_shape, axis=axis)
    return {
        "name": stage.name,
        "blocks": len(stage.blocks),
        "type": stage.type,
        **part_columns(stage.arch, sum_part_costs(stage), written),
        "not_counted": list_part_gaps(stage),
    }


def part_columns(
    arch: Architecture, own: costs.CostTotals, written: WrittenShape
) -> dict[str, Any]:
    """Return what the parts of a network have, stages and others."""
    return {
        "output_shape": written,
        "params": own.params,
        **bound_counts(own),
        **split_params(arch, own.params, own.frozen_params),
        **share_of_whole(arch, own.params, own.macs),
    }


def bound_counts(own: costs.CostTotals) -> dict[str, int]:
    """Return MACs and elements of some layers, marked where they leave something out.

    What is marked is written "≥ 12" for people, and is a number in JSON.
    """
    mark = AtLeast if own.leaves_out else int
    return {"macs": mark(own.macs), "elements": mark(own.elements)}


def list_part_gaps(part: PartOfNetwork) -> list[dict[str, Any]]:
    """List what the counts of a part of a network leave out, as JSON has it."""
    layers = (part.arch.stored_layers[index] for index in part.layer_indices)
    return [asdict(gap) for gap in costs.find_uncounted_of(layers)]


def share_of_whole(arch: Architecture, params: int, macs: int) -> dict[str, float]:
    """Return what share of the network's parameters and known MACs some are."""
    all_macs = costs.sum_record_costs(arch).macs
    return {
        "params_share": params / arch.params if arch.params else 0.0,
        "macs_share": macs / all_macs if all_macs else 0.0,
    }


def part_rows(structure: Structure) -> Iterator[dict[str, Any]]:
    """Yield rows whose parameters and MACs sum to the network's."""
    arch = structure.arch
    stages = {stage.name: stage for stage in structure.stages}
    stems = {stem.name: stem for stem in find_stems(structure)}
    for name, layers in split_into_parts(structure):
        own = costs.sum_layer_costs(layers)
        if name in stages:
            yield stage_row(stages[name])
        elif (
            name != OTHER_LAYERS
            or own.params
            or own.macs
            or own.elements
            or own.leaves_out
        ):
            end = layers[-1].index if name != "head" else structure.head_end
            shape = arch.stored_layers[end].output_shape
            if name in stems:
                end, shape = stems[name].end, stems[name].output_shape
            part = part_columns(arch, own, arrange_shape(arch, shape, Source(end)))
            yield {"name": name, **part}
    idle = [p for group in arch.uncalled for p in group.parameters]
    params = sum(parameter.numel for parameter in idle)
    if params:
        frozen = sum(parameter.numel for parameter in idle if parameter.frozen)
        yield {
            "name": "never called",
            "params": params,
            "macs": 0,
            "elements": 0,
            **split_params(arch, params, frozen),
            **share_of_whole(arch, params, 0),
        }


def split_into_parts(structure: Structure) -> Iterator[tuple[str, Sequence[Layer]]]:
    """Yield stems, stages, head and the other layers, by name; no empty part."""
    layers = structure.arch.stored_layers
    parts: list[tuple[str, Sequence[Layer]]] = []
    for number, stage in enumerate(structure.stages):
        parts += [
            (stem.name, stem.layers) for stem in list_stems_before(structure, number)
        ]
        parts.append((stage.name, [layers[index] for index in stage.layer_indices]))
    if not structure.stages:
        parts.append(("layers", structure.stem))
    parts.append(("head", structure.head))
    inside = {layer.index for _, members in parts for layer in members}
    others = [layer for layer in layers if layer.index not in inside]
    if others and structure.has_towers:
        heads = find_heads_of_towers(structure, others)
        parts[-1:-1] = heads.items()
        inside = {layer.index for head in heads.values() for layer in head}
        others = [layer for layer in others if layer.index not in inside]
    for name, members in (*parts, (OTHER_LAYERS, others)):
        if members:
            yield name, members
