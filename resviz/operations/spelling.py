"""How figures spell operations: "BN", "RoIAlign", "vector norm"."""

from __future__ import annotations

from resviz.operations.table import OPERATIONS

OPERATION_LABELS = {row.name: row.label for row in OPERATIONS.values() if row.label}
"""How operations are spelled whose ATen name is not what people say."""

LIBRARY_WORDS = frozenset(
    (
        *("cudnn", "foreach", "fused", "linalg", "miopen", "mkldnn", "mps", "native"),
        *("special", "thnn", "unsafe"),
    )
)
"""Words of ATen names that say which library computes, not what."""

COPY_WORD = "copy"
"""The last word of operations that copy what others only view."""


def spell_operation(name: str) -> str:
    """Spell an operation by its label, else by the words of its name that say what.

    Example:
        >>> [spell_operation(name) for name in ("linalg_vector_norm", "where", "add")]
        ['vector norm', 'where', '+']
    """
    if name in OPERATION_LABELS:
        return OPERATION_LABELS[name]
    words = name.rpartition(".")[2].strip("_").split("_")
    kept = [word for word in words if word and word not in LIBRARY_WORDS]
    if kept[1:] and kept[-1] == COPY_WORD:
        kept.pop()
    return " ".join(kept or words)
