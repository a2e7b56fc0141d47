"""The record of one forward, its invariants, its file, and what goes into a forward."""

from resviz.record.architecture import (
    CONSTANT,
    FORMAT,
    LEARNED,
    MODEL_INPUT,
    VERSION,
    Architecture,
    Call,
    Layer,
    Operation,
    Parameter,
    Shape,
    Source,
    Storage,
    Tensor,
    Uncalled,
    Window,
)

__all__ = [
    "CONSTANT",
    "FORMAT",
    "LEARNED",
    "MODEL_INPUT",
    "VERSION",
    "Architecture",
    "Call",
    "Layer",
    "Operation",
    "Parameter",
    "Shape",
    "Source",
    "Storage",
    "Tensor",
    "Uncalled",
    "Window",
]
