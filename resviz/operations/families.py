"""ATen names by what the operations are to a residual network, read off the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.operations import kind, paddings, reductions, selections, unknown
from resviz.operations.table import OPERATIONS

if TYPE_CHECKING:
    from resviz.operations.kind import Family
    from resviz.record import Operation


def list_family(family: Family) -> frozenset[str]:
    """List the names of a family's operations."""
    return frozenset(row.name for row in OPERATIONS.values() if row.family is family)


CONVOLUTIONS = list_family(kind.CONVOLUTION) | list_family(kind.ACTIVATED_CONVOLUTION)
PRODUCTS = list_family(kind.PRODUCT)
ATTENTIONS = list_family(kind.ATTENTION)
CREATIONS = list_family(kind.CREATION)
AVERAGE_POOLS = list_family(kind.AVERAGE_POOL)
MAX_POOLS = list_family(kind.MAX_POOL)
NORMS = list_family(kind.NORM)
ACTIVATIONS = list_family(kind.ACTIVATION)
SOFTMAXES = list_family(kind.SOFTMAX)
RESHAPES = list_family(kind.RESHAPE)
SELECTIONS = list_family(kind.SELECTION)
ELEMENTWISE = list_family(kind.ELEMENTWISE)

POOLS = AVERAGE_POOLS | MAX_POOLS
"""Operations that give one position of many."""

REDUCTIONS = frozenset(row.name for row in reductions.ROWS if "dim" in row.arguments)
"""Operations that make one value of all along some axes."""

JOINS = frozenset(row.name for row in OPERATIONS.values() if row.is_join)
"""Operations by which a shortcut meets its main branch."""

ADDED_PRODUCTS = {(True, True, False), (True, False, True)}
"""What flows of an addend and two factors, one of which is a weight."""

FACTORS = frozenset(row.name for row in OPERATIONS.values() if row.is_factor)
"""Operations by which one operand weighs the other."""

HIDDEN_WEIGHTS: frozenset[str] = frozenset(
    (
        *unknown.NAMES[unknown.SPARSE],
        *unknown.NAMES[unknown.PACKED],
    )
)
"""Operations with weights, packed or sparse, whose work no shape tells."""

RECURRENCES = {"mkldnn_rnn_layer", "_cudnn_rnn"}
"""Operations that are a whole recurrent layer, as real runs have them."""

WEIGHT_COUNTS = {row.name: row.weights for row in OPERATIONS.values() if row.weights}
"""How many layers with weights some fused or packed operations run."""

QUANTISED_WEIGHTS = frozenset(
    name for name in WEIGHT_COUNTS if name.startswith("quantized.")
)
"""Operations whose weights are of few bits, and packed."""

PACKED_CONVOLUTIONS = CONVOLUTIONS & WEIGHT_COUNTS.keys()
"""Convolutions whose windows and weights are packed."""

SQUASHING = frozenset(row.name for row in OPERATIONS.values() if row.is_squashing)
"""Operations whose results weigh what they multiply."""

LOOKUPS = frozenset(row.name for row in OPERATIONS.values() if row.is_lookup)
"""Operations whose later operands say where to look in the first."""

EMBEDDINGS = frozenset(name for name in LOOKUPS if "embedding" in name)
"""Those that look rows of weights up by their numbers."""

WRITES = frozenset(
    (*selections.WRITES, *selections.ADDING_WRITES, "index_add", "scatter", "where")
)
"""Operations that put values where others say, which places or conditions do."""

LINEAR = frozenset(
    row.name
    for row in OPERATIONS.values()
    if row.is_linear or (row.family is not None and row.family.is_linear)
)
"""Operations that are linear in what flows."""

PADDINGS = frozenset(row.name for row in OPERATIONS.values() if row.pads_channels)
"""Operations that may append channels to what flows."""

EDGE_PADDINGS = frozenset(row.name for row in paddings.ROWS) - PADDINGS
"""Operations that repeat the values at the edges of a map around it."""

QUIET_OPERATIONS = frozenset(row.name for row in OPERATIONS.values() if row.is_quiet)
"""Operations that have no label in the overview."""

FREE_OPERATIONS = frozenset(row.name for row in OPERATIONS.values() if row.is_free)
"""Operations known to have no MACs."""

ELEMENTWISE_WORK = frozenset(
    row.name
    for row in OPERATIONS.values()
    if row.family is not None and row.family.is_elementwise
)
"""Operations that work on values one by one; what only moves them is no work."""

NO_GRADIENT = frozenset(
    row.name for row in OPERATIONS.values() if not row.is_differentiable
)
"""Operations through whose results no gradient flows."""


def adds_product(op: Operation) -> bool:
    """Tell whether an operation adds what it multiplies with a weight to what flows."""
    return op.name in PRODUCTS and op.flowing in ADDED_PRODUCTS
