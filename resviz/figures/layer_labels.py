"""Labels of layers in a figure: "3×3, 128, /2", "BN", "fc, 1000".

Operations are named, not classes: a functional network reads like any other.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

from resviz.figures.attention_labels import merge_attention_labels
from resviz.operations.families import (
    ACTIVATIONS,
    ATTENTIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    CREATIONS,
    MAX_POOLS,
    NORMS,
    QUIET_OPERATIONS,
    RESHAPES,
    WEIGHT_COUNTS,
)
from resviz.operations.norms import is_instance_norm
from resviz.operations.spelling import OPERATION_LABELS, spell_operation
from resviz.readings.attention import count_heads, find_attentions
from resviz.readings.batch_axes import put_batch_first
from resviz.readings.channel_places import find_shown_channel_axis
from resviz.readings.structure import gates
from resviz.readings.structure.repeats import find_repeats
from resviz.readings.structure.shortcut_labels import (
    label_operation,
    label_upsampling,
    label_whole_pool,
)
from resviz.readings.structure.weights import (
    is_live_product,
    is_upsampling,
    is_weighted,
)
from resviz.record import MODEL_INPUT, Source
from resviz.units import (
    format_count,
    format_feature_map,
    format_kernel,
    format_per_axis,
    format_plural,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resviz.readings.structure import Block, Shortcut, Unit
    from resviz.record import Architecture, Layer, Operation, Shape, Window

UNLABELLED = NORMS | ACTIVATIONS | QUIET_OPERATIONS
"""Operations that the overview passes over."""

MAX_LABELS = 4
"""The most labels of one module; one with more is named by its class."""


def format_batch_suffix(arch: Architecture) -> str:
    """Return ", batch of n", for a count that is not of one sample."""
    return "" if arch.batch == 1 else f", batch of {arch.batch}"


def format_costs(
    arch: Architecture, params: int, macs: int, *, bound: str = ""
) -> tuple[str, str]:
    """Return costs as "25.6 M parameters" and "4.09 G multiply-adds"."""
    counted = f"{bound}{format_count(macs)} multiply-adds{format_batch_suffix(arch)}"
    return f"{format_count(params)} parameters", counted


CHANNELS_BEHIND = frozenset({(3, 2), (4, 3), (5, 2), (5, 4)})
"""How many axes a tensor has, and in which its channels lie, of rows of tokens, of maps
with the channels last and of frames, (N, T, C, H, W)."""


def arrange_axes(
    arch: Architecture, shape: Shape, axis: int | None, source: Source | None = None
) -> Shape:
    """Arrange the shape of a map or of rows of tokens as (N, C, positions).

    Args:
        arch: the record.
        shape: of a tensor.
        axis: in which its channels lie; None where that is not known: the last is
            taken for them, as of the heads of attention and of a class token.
        source: what gives it, where that is known.
    """
    shape, axis = put_batch_first(arch, shape, axis, source)
    if axis is None and len(shape) > 2:  # as torch has it: tokens before channels
        axis = len(shape) - 1
    elif (len(shape), axis) not in CHANNELS_BEHIND:
        return shape
    axis = axis or 0
    return (*shape[:1], shape[axis], *shape[1:axis], *shape[axis + 1 :])


def read_shortcut_widths(shortcut: Shortcut) -> tuple[int, int] | None:
    """Read how many channels a shortcut takes and gives; None where none are known.

    Tokens have them last, maps before their positions.
    """
    axis = shortcut.block.channel_axis
    before, after = (
        arrange_axes(shortcut.arch, shape, axis)
        for shape in (shortcut.input_shape, shortcut.output_shape)
    )
    return (before[1], after[1]) if len(before) > 1 < len(after) else None


def arrange_output(arch: Architecture, source: Source) -> Shape:
    """Arrange an output of a layer, or an input, as (N, C, positions)."""
    is_input = source.layer == MODEL_INPUT
    tensors = arch.inputs if is_input else arch.stored_layers[source.layer].outputs
    shape = tensors[source.output].shape if tensors else ()
    axis = find_shown_channel_axis(arch, source)
    return arrange_axes(arch, shape, axis, source)


def label_inputs(arch: Architecture) -> list[str]:
    """Label the inputs of a network by their sizes, as "224×224×3"."""
    sources = (Source(MODEL_INPUT, number) for number in range(len(arch.inputs)))
    return [format_feature_map(arrange_output(arch, source)) for source in sources]


def find_join_sign(layer: Layer) -> str:
    """Return the sign of a layer that joins two branches, "+" or "−"."""
    return "−" if any(op.name == "sub" for op in layer.operations) else "+"


def label_layer_briefly(layer: Layer) -> list[str]:
    """Label a layer for the overview; norms and activations have no label."""
    operations = list_flowing_operations(layer)
    attentions = find_whole_attentions(operations)
    labels = [
        attentions[number]
        if number in attentions
        else describe_operation(op, label_convolution, label_linear)
        for number, op in enumerate(operations)
        if op.name not in UNLABELLED and not (attentions and op.name == "roll")
    ]
    labels = [label for label in labels if label]
    return [layer.type] if len(labels) > MAX_LABELS else labels


def find_whole_attentions(operations: Sequence[Operation]) -> dict[int, str]:
    """Label each attention all of whose products are among some operations.

    Returns:
        "attention, 4 heads" by the number of its first product, "" by those of others.
    """
    labels: dict[int, str] = {}
    for first, last in find_attentions(operations):
        if first == last and operations[first].name not in ATTENTIONS:
            continue
        heads = count_heads(operations, first, last)
        labels |= {
            k: "" for k in range(first, last + 1) if is_live_product(operations[k])
        }
        words = ["attention", *([format_plural(heads, "head")] if heads else [])]
        labels[first] = ", ".join(words)
    return labels


def label_layer_fully(layer: Layer) -> list[str]:
    """Label a layer for a block in full; [] where only its shape changes."""
    operations = list_flowing_operations(layer)
    attention = next(iter(find_whole_attentions(operations).values()), "")
    if attention and layer.parameters:
        return [f"{layer.type}{attention.removeprefix('attention')}"]
    every_label = (
        layer.type if is_named_by_module(op, layer) else label_operation_fully(op)
        for number, op in enumerate(operations)
        if not is_bias(operations, number)
    )
    labels = [label for label in dict.fromkeys(every_label) if label]
    if layer.params and labels in (["×"], ["+"]):  # as a layer scale, a position bias
        return [f"{labels[0]} parameter"]
    return [layer.type] if len(labels) > MAX_LABELS else labels


def is_bias(operations: Sequence[Operation], number: int) -> bool:
    """Tell whether an operation of a layer adds the bias of the one before it."""
    op = operations[number]
    if op.name != "add" or all(op.flowing):
        return False
    before = (each for each in operations[:number] if each.name not in RESHAPES)
    return any(is_weighted(each) for each in [*before][-1:])


def pads_nothing(layer: Layer) -> bool:
    """Tell whether a layer pads by nothing, as where windows fill a map."""
    operations = list_flowing_operations(layer)
    return bool(operations) and all(
        op.name == "constant_pad_nd" and op.inputs[0] == op.outputs[0]
        for op in operations
    )


def is_named_by_module(op: Operation, layer: Layer) -> bool:
    """Tell whether a module says more than its operation: a ReLU6 is a hardtanh."""
    return op.name == "hardtanh" and layer.type == "ReLU6"


def is_relu6(op: Operation) -> bool:
    """Tell whether an operation is a ReLU6, which torch runs as a hardtanh."""
    return op.name == "hardtanh" and op.arguments == {"min_val": 0, "max_val": 6}


FUSED_RELU = ("conv1d_relu", "conv2d_relu", "conv3d_relu", "linear_relu")
"""How operations end that hold a ReLU behind their weights."""


def label_operation_fully(op: Operation) -> str:
    """Label one operation for a block in full, with the ReLU that is fused into it."""
    chosen = label_operation(op) if op.name in {"slice", "constant_pad_nd"} else ""
    if chosen:
        return chosen
    label = describe_operation(op, label_convolution_fully, label_linear_fully)
    is_fused = op.name.endswith(FUSED_RELU) and is_weighted(op)
    return f"{label}, ReLU" if is_fused else label


def list_flowing_operations(layer: Layer) -> list[Operation]:
    """Return a layer's operations that the input flows through."""
    return [
        op for op in layer.operations if any(op.flowing) and op.name not in CREATIONS
    ]


def describe_operation(
    op: Operation,
    convolution_labeller: Callable[[Operation, Window], str],
    linear_labeller: Callable[[Operation], str],
) -> str:
    """Label one operation; "" if it only reshapes."""
    if op.name in CONVOLUTIONS and op.window:
        return convolution_labeller(op, op.window)
    if is_weighted(op):
        return linear_labeller(op)
    for names, family_labeller in FAMILY_LABELS:
        if op.name in names:
            return family_labeller(op)
    if is_live_product(op):
        return "product"
    if is_upsampling(op):
        return mark_upsampling(label_upsampling(op, 1))
    return "ReLU6" if is_relu6(op) else spell_operation(op.name)


def label_convolution(op: Operation, window: Window) -> str:
    """Return a convolution as "3×3, 128, g32, d2, /2"."""
    kernel, width = format_kernel(window.kernel), str(op.outputs[0][1])
    return ", ".join([kernel, width, *list_convolution_details(op, window)])


def label_convolution_fully(op: Operation, window: Window) -> str:
    """Return a convolution as "3×3 conv, 64→128, /2"."""
    kernel = f"{format_kernel(window.kernel)} conv"
    widths = f"{op.inputs[0][1]}→{op.outputs[0][1]}"
    return ", ".join([kernel, widths, *list_convolution_details(op, window)])


def list_convolution_details(op: Operation, window: Window) -> list[str]:
    """List a convolution's groups, dilation and stride where they are not 1."""
    depthwise = window.groups > 1 and window.groups == op.inputs[0][1]
    details = [
        "depthwise" if depthwise else f"g{window.groups}" if window.groups > 1 else "",
        f"d{format_per_axis(window.dilation)}" if prod(window.dilation) > 1 else "",
        "transposed" if window.transposed else "",
        label_stride(window),
    ]
    return [detail for detail in details if detail]


def label_stride(window: Window) -> str:
    """Label a stride, as "/2", if transposed as "↑2"; "" if it is 1."""
    if prod(window.stride) == 1:
        return ""
    return f"{'↑' if window.transposed else '/'}{format_per_axis(window.stride)}"


def mark_upsampling(label: str) -> str:
    """Write by what a label enlarges as "↑2": in figures "×2" is a repeat."""
    return re.sub(r"(upsampling|pixel shuffle), ×", r"\1, ↑", label)


def label_pool(op: Operation, kind: str) -> str:
    """Return a pool as "3×3 max pool, /2" or "global average pool"."""
    if op.window is not None:
        pool = f"{format_kernel(op.window.kernel)} {kind} pool"
        return ", ".join(filter(None, [pool, label_stride(op.window)]))
    return label_whole_pool(op, kind)


def label_linear(op: Operation) -> str:
    """Return a linear layer as "fc, 1000"; an arrow would lead to the next layer."""
    name, _, width_after = read_linear(op)
    return f"{name}, {width_after}"


def label_linear_fully(op: Operation) -> str:
    """Return a linear layer as "fc, 2048→1000"."""
    name, width, width_after = read_linear(op)
    return f"{name}, {width}→{width_after}"


def read_linear(op: Operation) -> tuple[str, int, int]:
    """Return what a linear layer is called, and its width before and after."""
    if op.name in WEIGHT_COUNTS:  # whose weights are packed, or stand elsewhere
        name = OPERATION_LABELS.get(op.name, "fc")
        return name, op.inputs[0][-1], op.outputs[0][-1]
    left, right = op.inputs[-2:]
    return "fc", left[-1], right[-1] if len(right) > 1 else 1


def label_norm(op: Operation) -> str:
    """Return a norm as "BN"; an instance norm, which torch runs as one, as "IN"."""
    return INSTANCE_NORM if is_instance_norm(op) else OPERATION_LABELS[op.name]


INSTANCE_NORM = "IN"
"""The label of an instance norm."""

NORM_LABELS = {INSTANCE_NORM, *(OPERATION_LABELS[name] for name in NORMS)}
"""The labels of norms."""

FAMILY_LABELS: tuple[tuple[frozenset[str], Callable[[Operation], str]], ...] = (
    (RESHAPES, lambda _: ""),
    (NORMS, label_norm),
    (AVERAGE_POOLS, lambda op: label_pool(op, "average")),
    (MAX_POOLS, lambda op: label_pool(op, "max")),
)
"""How the operations of each family read; adding one is a row."""


def label_preactivation(layers: Iterable[Layer]) -> tuple[str, ...]:
    """Label the preactivation of a block, as ("BN", "ReLU")."""
    return tuple(
        dict.fromkeys(label for layer in layers for label in label_layer_fully(layer))
    )


def fold_label_repeats(labels: Sequence[str]) -> tuple[str, ...]:
    """Write patterns of labels that repeat at once but once, with "×n"."""
    folded_labels: list[str] = []
    for pattern, count in find_repeats(labels):
        inner = " → ".join(pattern)
        if count == 1:
            folded_labels += pattern
        else:
            folded_labels.append(
                f"({inner}) ×{count}" if len(pattern) > 1 else f"{inner} ×{count}"
            )
    return tuple(folded_labels)


def label_main_branch(
    part: Block | Unit, label_layer: Callable[[Layer], list[str]] = label_layer_briefly
) -> list[str]:
    """Label the main branch of a block or a unit, each gate by one word."""
    labels: list[str] = []
    for is_gate, run in gates.split_gates(part):
        if is_gate:
            labels.append(label_gate(part.arch, run))
        else:
            labels += (label for layer in run for label in label_layer(layer))
    return merge_attention_labels(labels) if part.attends else labels


GATE_WORDS = {
    "channel": "channel gate",
    "spatial": "spatial gate",
    "added": "added context",
    "": "gate",
}
"""How gates read, by what they have a weight for."""


def label_gate(arch: Architecture, layers: Sequence[Layer]) -> str:
    """Label the layers of a gate: "SE", or by what it weighs, as "spatial gate"."""
    scope = gates.find_gate_scope(arch, layers)
    if scope not in {"spatial", "added"} and gates.is_squeeze_excitation(layers):
        return "SE"
    return GATE_WORDS[scope]
