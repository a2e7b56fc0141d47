"""What the report's script knows: a network as one compact piece of JSON.

Layers are columns of numbers; shapes, windows and texts that many share stand once and
are told by their number. Whatever is worked out anew for another input is a shape or a
cost of a layer, so the script sums the rest itself.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from resviz.errors import RecordError, ResizeError
from resviz.escape import clean_name
from resviz.pages.report_layers import (
    ALL_KINDS,
    find_layer_kinds,
    find_part_tint,
)
from resviz.pages.report_parts import write_parts
from resviz.pages.what_if import NumberedItems, build_what_if
from resviz.readings import costs, memory
from resviz.readings.batch_axes import find_batch_places
from resviz.readings.channel_places import find_shown_channel_axis
from resviz.readings.receptive import WHOLE, Axis, compute_receptive_fields
from resviz.readings.resizes import changes_resolution
from resviz.readings.structure.join_reasons import explain_joins
from resviz.record import MODEL_INPUT, Source
from resviz.tables.shapes import arrange_shape
from resviz.units import group_digits

if TYPE_CHECKING:
    from resviz.readings.receptive import Seen
    from resviz.readings.structure import Structure
    from resviz.record import Architecture, Layer, Shape

FOLDED = 1000
"""Added to the number of an axis that holds samples and something else."""


def build_report_data(arch: Architecture, structure: Structure) -> dict[str, Any]:
    """Build what the script knows of a network, as JSON has it."""
    columns = LayerColumns(arch)
    for layer in arch.stored_layers:
        columns.add_layer(layer)
    total = costs.sum_record_costs(arch)
    return {
        "title": clean_name(arch.label),
        "spec": find_spec(arch),
        "batch": arch.batch,
        "inputs": [
            {
                "name": clean_name(name),
                "shape": list(tensor.shape),
                "dtype": tensor.dtype,
                "order": columns.find_order(Source(MODEL_INPUT, number), tensor.shape),
            }
            for number, (name, tensor) in enumerate(arch.named_inputs)
        ],
        "params": arch.params,
        "leavesOut": bool(costs.name_gaps(arch)),
        "macs": total.macs,
        "parameterBytes": sum(memory.count_parameter_bytes(arch).values()),
        "kinds": [*ALL_KINDS],
        "folded": FOLDED,
        "layers": columns.as_json(),
        "parts": write_parts(arch, structure),
        "tints": {
            name: find_part_tint(structure, name)
            for name in ["stem", "head", *(stage.name for stage in structure.stages)]
        },
        "joins": [
            [layer.index, clean_name(verdict), clean_name(reason)]
            for layer, verdict, reason in explain_joins(structure)
        ],
        "whatIf": describe_other_inputs(arch),
        "fieldAxes": list(compute_receptive_fields(arch).axes) if arch.inputs else [],
    }


MOST_LAYERS_FOLLOWED = 10_000
"""Layers up to which a page has formulas, and follows what is typed in 20 ms."""


def describe_other_inputs(arch: Architecture) -> dict[str, Any]:
    """Describe what becomes of a record at another input, or why that is not known.

    With the formulas are which storages are the inputs', how many operations each layer
    has, and the dtype that the network could be cast from, "" where that is not known;
    storages in `fixed` keep their bytes then.
    """
    count = len(arch.stored_layers)
    if count > MOST_LAYERS_FOLLOWED:
        most = group_digits(MOST_LAYERS_FOLLOWED)
        return {
            "reason": f"a page follows {most} layers at most, these are "
            f"{group_digits(count)}; resviz sizes follows all"
        }
    try:
        formulas = build_what_if(arch)
    except (RecordError, ResizeError) as error:
        return {"reason": clean_name(str(error))}
    made_by = memory.build_timeline(arch).made_by
    dtype = find_castable_dtype(arch)
    return {
        "formulas": formulas,
        "given": [number for number, maker in enumerate(made_by) if maker is None],
        "operations": [len(layer.operations) for layer in arch.stored_layers],
        "dtype": dtype,
        "fixed": [k for k, each in enumerate(arch.storages) if each.dtype != dtype],
    }


def find_castable_dtype(arch: Architecture) -> str:
    """Find the dtype of all floats of a network; "" if bytes do not just go by it.

    Statistics that an operation gives beside its result may have a dtype of their own
    in half precision, and so may those of training.
    """
    tensors = [*arch.inputs, *arch.storages, *memory.iterate_parameters(arch)]
    dtypes = {tensor.dtype for tensor in tensors if "int" not in tensor.dtype}
    is_float = len(dtypes) == 1 and not arch.training
    for layer in arch.stored_layers:
        for op in layer.operations:
            written = (arch.storages[number] for number in op.writes if number >= 0)
            is_float &= sum("int" not in storage.dtype for storage in written) < 2
    return dtypes.pop() if is_float else ""


OWN_SPEC = re.compile(r"[a-z_]*\d*(\(.*\))?", re.DOTALL)
"""A network of our own by name and depth, or by a call."""


def find_spec(arch: Architecture) -> str:
    """Find the SPEC that a record was traced from; "" for a model of one's own.

    Our networks have titles, which a model has not.
    """
    is_own = arch.title and OWN_SPEC.fullmatch(arch.name)
    return clean_name(arch.name) if is_own or ":" in arch.name else ""


class LayerColumns:
    """The layers of a record, a list for each thing that is told of all."""

    def __init__(self, arch: Architecture) -> None:
        self.arch = arch
        self.shapes, self.orders = NumberedItems[Any](), NumberedItems[Any]()
        self.windows, self.types = NumberedItems[Any](), NumberedItems[Any]()
        self.fields = NumberedItems[Any]()
        self.seen = compute_receptive_fields(arch).layers if arch.inputs else ()
        self.write_axis = cache(write_axis)  # a norm sees what its convolution does
        self.memory = read_layer_memory(arch)
        self.columns: dict[str, list[Any]] = {}

    def add_layer(self, layer: Layer) -> None:
        """Add one layer."""
        total = costs.list_layer_costs(self.arch)[layer.index]
        changes = len(layer.input_shape) == len(layer.output_shape) and (
            layer.input_shape[2:] != layer.output_shape[2:]
        )
        kinds = find_layer_kinds(layer, changes=changes and changes_resolution(layer))
        values = {
            "name": clean_name(layer.name),
            "type": self.types.find_number(clean_name(layer.type)),
            "sources": [
                source.layer if not source.output else [source.layer, source.output]
                for source in layer.sources
            ],
            "outputs": [self.shapes.find_number(t.shape) for t in layer.outputs],
            "order": self.find_order(Source(layer.index), layer.output_shape),
            "window": self.number_window(layer),
            "weights": [self.shapes.find_number(p.shape) for p in layer.parameters],
            "kinds": sum(1 << ALL_KINDS.index(kind) for kind in kinds),
            "macs": total.macs,
            "activations": total.activations,
            "elements": total.elements,
            "unknown": int(total.leaves_out),
            "field": self.number_field(layer.index),
            **{key: amounts[layer.index] for key, amounts in self.memory.items()},
        }
        for key, value in values.items():
            self.columns.setdefault(key, []).append(value)

    def number_window(self, layer: Layer) -> int:
        """Return the number of a layer's window; -1 without one."""
        window = layer.window
        if window is None:
            return -1
        axes = (window.kernel, window.stride, window.padding, window.dilation)
        flags = window.transposed, window.ceil_mode
        return self.windows.find_number((*axes, window.groups, *map(int, flags)))

    def number_field(self, index: int) -> int:
        """Return the number of what a layer sees; -1 if it does not see the input."""
        seen = self.seen[index] if self.seen else None
        if seen is None:
            return -1
        return self.fields.find_number(tuple(map(self.write_axis, seen)))

    def find_order(self, source: Source, shape: Shape) -> int:
        """Return the number of the order in which people read a tensor's axes.

        -1 where its sizes as people read them are no choice of its axes.
        """
        order = find_axis_order(self.arch, source, shape)
        written = arrange_shape(self.arch, shape, source).sizes
        batch = max(self.arch.batch, 1)
        sizes = tuple(
            shape[k - FOLDED] // batch if k >= FOLDED else shape[k] for k in order
        )
        return self.orders.find_number(order) if sizes == tuple(written) else -1

    def as_json(self) -> dict[str, Any]:
        """Return the columns, and the values that they number."""
        return {
            **self.columns,
            "shapes": self.shapes.list_items(),
            "orders": self.orders.list_items(),
            "windows": self.windows.list_items(),
            "types": self.types.list_items(),
            "fields": self.fields.list_items(),
        }


def find_axis_order(
    arch: Architecture, source: Source, shape: Shape
) -> tuple[int, ...]:
    """Return which axes of a tensor people read, its channels last."""
    place = find_batch_places(arch).get(source)
    axes = [*range(len(shape))]
    channels = find_shown_channel_axis(arch, source)
    if place is None or place.axis >= len(shape):
        return tuple(axes)
    if shape[place.axis] == arch.batch and place.slower == 1:
        axes.remove(place.axis)
    else:
        return tuple(k + FOLDED if k == place.axis else k for k in axes)
    if channels in axes and place.axis < channels:
        axes.remove(channels)
        axes.append(channels)
    return tuple(axes)


def write_axis(seen: Seen) -> tuple[Any, ...] | str | None:
    """Write what is seen along an axis: size, stride and centre; "all"; None."""
    if isinstance(seen, Axis):
        return (seen.size, float(seen.stride), float(seen.offset))
    return "all" if seen == WHOLE else None


def read_layer_memory(arch: Architecture) -> dict[str, list[int]]:
    """Read bytes that each layer allocates, holds and keeps; {} of an old record."""
    try:
        allocated = memory.count_allocated_bytes(arch)
        line = memory.build_timeline(arch)
        kept = memory.find_saved_for_backward(arch).layers
    except RecordError:
        return {}
    held = [line.max_live_bytes(layer.index) or 0 for layer in arch.stored_layers]
    return {"allocated": [*allocated], "held": held, "kept": [*kept]}
