"""What layers read like in a figure: "3×3, 128, /2", "BN", "fc, 2048→1000".

Operations are named, not classes: a functional network reads like any other.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from resviz.structure import gates
from resviz.structure.axes import channels_first
from resviz.structure.graph import live_product, weighted
from resviz.structure.repeats import repeats
from resviz.structure.shortcuts import part
from resviz.units import per_axis, times
from resviz.vocabulary import (
    ACTIVATIONS,
    AVERAGE_POOLS,
    CONVOLUTIONS,
    CREATIONS,
    MAX_POOLS,
    NORMS,
    RESHAPES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from resviz.record import Architecture, Layer, Operation, Shape, Window

NORM_NAMES = {
    "native_layer_norm": "LN",
    "native_group_norm": "GN",
    "_fused_rms_norm": "RMSNorm",
}
"""What norms are called where that is not BN."""

SPELLED = {
    "relu": "ReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "elu": "ELU",
    "leaky_relu": "leaky ReLU",
    "_prelu_kernel": "PReLU",
    "mul": "×",
    "add": "+",
    "sub": "−",
    "cat": "concat",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "_log_softmax": "log softmax",
    "constant_pad_nd": "pad",
    "native_dropout": "dropout",
    "roll": "shift",
}
"""How operations are spelled whose ATen name is not what people say."""

QUIET = frozenset({
    "mul", "div", "add", "sub", "rsub", "neg", "pow", "sqrt", "rsqrt", "native_dropout",
    "bernoulli", "split", "split_with_sizes", "unbind", "select", "slice", "stack",
    "constant_pad_nd", "sum", "_softmax", "_safe_softmax", "_log_softmax",
})  # fmt: skip
"""Operations that the overview passes over."""

MANY = 4
"""A module with more words than this goes by its class."""


def for_batch(arch: Architecture) -> str:
    """What follows a count of a whole batch, beside shapes of one sample."""
    return "" if arch.batch == 1 else f", batch of {arch.batch}"


def laid(shape: Shape, axis: int | None) -> Shape:
    """A map or rows of tokens with their channels first, as figures want shapes."""
    if len(shape) == 3 and axis == 2:
        n, length, c = shape
        return n, c, length
    return channels_first(shape, axis)


def sign(layer: Layer) -> str:
    """The sign of a layer that joins two branches, "+" or "−"."""
    return "−" if any(op.name == "sub" for op in layer.operations) else "+"


def short(layer: Layer) -> list[str]:
    """What the overview says of a layer; [] of norms, activations and the like."""
    said = [word for op in flowing(layer) if (word := short_word(op))]
    return [layer.type] if len(said) > MANY else said


def short_word(op: Operation) -> str:
    """What the overview says of one operation."""
    if op.name in NORMS or op.name in ACTIVATIONS or op.name in QUIET:
        return ""
    return word(op, convolution)


def full(layer: Layer) -> list[str]:
    """What a block in full says of a layer; [] where only the shape changes hands."""
    said = list(dict.fromkeys(it for op in flowing(layer) if (it := full_word(op))))
    return [layer.type] if len(said) > MANY else said


def full_word(op: Operation) -> str:
    """What a block in full says of one operation."""
    chosen = part(op) if op.name in {"slice", "constant_pad_nd"} else ""
    return chosen or word(op, convolution_in_full)


def flowing(layer: Layer) -> list[Operation]:
    """A layer's operations that the input flows through."""
    return [
        op for op in layer.operations if any(op.flowing) and op.name not in CREATIONS
    ]


def word(op: Operation, of_convolution: Callable[[Operation, Window], str]) -> str:
    """One operation in words; "" if it only changes how values lie."""
    if op.name in CONVOLUTIONS and op.window:
        return of_convolution(op, op.window)
    if weighted(op):
        return linear(op)
    for names, said in FAMILIES:
        if op.name in names:
            return said(op)
    if live_product(op):
        return "product"
    return SPELLED.get(op.name, op.name.strip("_").replace("_", " "))


def convolution(op: Operation, window: Window) -> str:
    """A convolution as "3×3, 128, g32, d2, /2"."""
    return ", ".join(
        [times(window.kernel), str(op.outputs[0][1]), *details(op, window)]
    )


def convolution_in_full(op: Operation, window: Window) -> str:
    """A convolution as "3×3 conv, 64→128, /2"."""
    widths = f"{op.inputs[0][1]}→{op.outputs[0][1]}"
    return ", ".join([f"{times(window.kernel)} conv", widths, *details(op, window)])


def details(op: Operation, window: Window) -> list[str]:
    """What sets a convolution apart from a plain one."""
    depthwise = window.groups > 1 and window.groups == op.inputs[0][1]
    said = [
        "depthwise" if depthwise else f"g{window.groups}" if window.groups > 1 else "",
        f"d{per_axis(window.dilation)}" if prod(window.dilation) > 1 else "",
        "transposed" if window.transposed else "",
        stride(window),
    ]
    return [it for it in said if it]


def stride(window: Window) -> str:
    """A stride as "/2", that of a transposed convolution as "×2"; "" if it is 1."""
    if prod(window.stride) == 1:
        return ""
    return f"{'×' if window.transposed else '/'}{per_axis(window.stride)}"


def pool(op: Operation, kind: str) -> str:
    """A pool as "3×3 max pool, /2" or "global average pool"."""
    if op.window is not None:
        step = stride(op.window)
        return f"{times(op.window.kernel)} {kind} pool{f', {step}' if step else ''}"
    before, after = op.inputs[0], op.outputs[0]
    if prod(after) == prod(before[:2]):
        return f"global {kind} pool"
    if len(before) == len(after) == 4 and before[2:] != after[2:]:
        return f"{kind} pool to {times(after[2:])}"
    return "mean"


def linear(op: Operation) -> str:
    """A linear layer as "fc, 2048→1000"."""
    left, right = op.inputs[-2:]
    return f"fc, {left[-1]}→{right[-1] if len(right) > 1 else 1}"


FAMILIES: tuple[tuple[frozenset[str], Callable[[Operation], str]], ...] = (
    (RESHAPES, lambda _: ""),
    (AVERAGE_POOLS, lambda op: pool(op, "average")),
    (MAX_POOLS, lambda op: pool(op, "max")),
    (NORMS, lambda op: NORM_NAMES.get(op.name, "BN")),
)
"""How the operations of each family read; adding one is a row."""


def before_fork(layers: Iterable[Layer]) -> tuple[str, ...]:
    """What runs before a block's branches part, as ("BN", "ReLU")."""
    return tuple(dict.fromkeys(word for layer in layers for word in full(layer)))


def chain(layers: Iterable[Layer]) -> tuple[str, ...]:
    """What the overview says of some layers in a row, repeats folded."""
    return folded([it for layer in layers for it in short(layer)])


def folded(words: Sequence[str]) -> tuple[str, ...]:
    """`words` with patterns that repeat at once written once, with "×n"."""
    said: list[str] = []
    for pattern, count in repeats(words):
        inner = " → ".join(pattern)
        if count == 1:
            said += pattern
        else:
            said.append(
                f"({inner}) ×{count}" if len(pattern) > 1 else f"{inner} ×{count}"
            )
    return tuple(said)


def gate(layers: Sequence[Layer], positions: int) -> list[str]:
    """The words of a block's main branch, a gate on single positions as one word.

    Args:
        layers: of the branch, in order.
        positions: of the branch's output map; a gate's own has one.
    """
    said: list[str] = []
    for is_gate, run in gates.parted(layers, positions):
        if is_gate:
            said.append(gate_word(run))
        else:
            said += (word for layer in run for word in short(layer))
    return attention(said)


def attention(said: list[str]) -> list[str]:
    """Words in which the two products of attention, in a row, are one."""
    found: list[str] = []
    for it in said:
        if it == "product" and found[-1:] == ["product"]:
            found[-1] = "attention"
        else:
            found.append(it)
    return found


def gate_word(layers: Sequence[Layer]) -> str:
    """One word for the layers of a gate; "SE" where it squeezes and excites."""
    return "SE" if gates.excites(layers) else "gate"
