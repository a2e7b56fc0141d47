"""What a record costs: multiply-accumulates, parameters, activations.

One MAC is one multiply-accumulate; the ResNet paper calls it a FLOP. Convolutions,
linear layers and matrix products are counted, at the record's batch; biases,
normalisation, activations, pools and additions are not. Products of parameters alone,
as spectral norm's, are counted, since every forward runs them. Source: He et al. 2015,
section 3.3; torchvision's `_ops` and pycls count alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod

from resviz import vocabulary
from resviz.once import once
from resviz.record import Architecture, Layer, Operation

CONVENTION = "MACs of convolutions, linear layers and matrix products; 1 MAC = 2 FLOPs"
"""The convention of every MAC count here, to be printed beside it."""

Rule = Callable[[Operation], int]

RULES: dict[str, Rule] = {}
"""The rule of each ATen operation that multiplies and accumulates."""

FREE = (
    vocabulary.CREATIONS
    | vocabulary.AVERAGE_POOLS
    | vocabulary.MAX_POOLS
    | vocabulary.NORMS
    | vocabulary.ACTIVATIONS
    | vocabulary.SOFTMAXES
    | vocabulary.RESHAPES
    | vocabulary.SELECTIONS
    | vocabulary.ELEMENTWISE
)
"""Operations known to have no MACs under this convention."""


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Make the decorated function the cost rule of the operations `names`.

    Raises:
        RuntimeError: if one of them has a rule already.
    """

    def register(function: Rule) -> Rule:
        for name in names:
            if name in RULES or name in FREE:
                raise RuntimeError(f"{name}: a second cost rule")
            RULES[name] = function
        return function

    return register


@rule("convolution")
def convolution(op: Operation) -> int:
    """Multiply-accumulates of a convolution; its bias is not counted.

    Shapes: input (N, C, *spatial), weight (K, C/G, *kernel), output (N, K, …);
    a transposed one has weight (C, K/G, *kernel) and visits its input instead.
    Units: MACs for the whole batch, N · K · H' · W' · (C/G) · R · S.
    Source: He et al. 2015, section 3.3, counts one multiply-add as one FLOP.
    """
    transposed = op.window is not None and op.window.transposed
    visited = op.inputs[0] if transposed else op.outputs[0]
    return prod(visited) * prod(op.inputs[1][1:])


@rule("addmm", "addbmm", "baddbmm", "addmv")
def product_with_addend(op: Operation) -> int:
    """MACs of the product of the last two operands; the addend is a bias."""
    return matrix_product(op.inputs[1], op.inputs[2])


@rule("mm", "bmm", "mv", "dot")
def product(op: Operation) -> int:
    """MACs of the product of two operands."""
    return matrix_product(op.inputs[0], op.inputs[1])


def matrix_product(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """MACs of (…, N, K) times (…, K, M): N · K · M for each matrix of the batch."""
    return prod(left) * (right[-1] if len(right) > 1 else 1)


def known(op: Operation) -> bool:
    """Whether there is a rule for `op`, or it is known to have no MACs.

    What is done with constants alone, as making an index, need not be known.
    """
    return op.name in RULES or op.name in FREE or not any(op.flowing)


def macs(layer: Layer) -> int | None:
    """MACs of one layer; None if one of its operations has no rule."""
    if not all(known(op) for op in layer.operations):
        return None
    return sum(RULES[op.name](op) for op in layer.operations if op.name in RULES)


def activations(layer: Layer) -> int:
    """Output elements of the convolutions of one layer.

    Source: Radosavovic et al. 2020, Designing Network Design Spaces, section 2;
    pycls counts convolutions alone.
    """
    convolutions = (op for op in layer.operations if op.name == "convolution")
    return sum(prod(op.outputs[0]) for op in convolutions)


@dataclass(frozen=True, slots=True)
class Costs:
    """Sums over some layers.

    Units: parameters, MACs and output elements, at the record's batch.
    """

    params: int
    macs: int
    activations: int


def total(layers: Iterable[Layer]) -> Costs:
    """Costs of some layers together; layers without a rule add nothing.

    `not_counted` names those; every total stands beside it.
    """
    members = list(layers)
    return Costs(
        sum(layer.params for layer in members),
        sum(macs(layer) or 0 for layer in members),
        sum(activations(layer) for layer in members),
    )


@once
def whole(arch: Architecture) -> Costs:
    """Costs of a whole record; layers without a rule add nothing."""
    return total(arch.layers)


@dataclass(frozen=True, slots=True)
class Gap:
    """An operation without a rule: how often it ran, and where first."""

    operation: str
    count: int
    first: str


def not_counted(arch: Architecture) -> tuple[Gap, ...]:
    """Operations that no total includes, because no rule says what they cost."""
    places: dict[str, list[str]] = {}
    for layer in arch.layers:
        for op in layer.operations:
            if not known(op):
                places.setdefault(op.name, []).append(layer.name)
    return tuple(Gap(name, len(at), at[0]) for name, at in places.items())
