"""The record of one forward, its invariants, its file, and what goes into a forward."""

from resviz.record.architecture import FORMAT, VERSION, Architecture
from resviz.record.facts import (
    CONSTANT,
    LEARNED,
    Operation,
    Parameter,
    Shape,
    Source,
    Storage,
    Tensor,
    Window,
)
from resviz.record.invariants import MODEL_INPUT
from resviz.record.layers import Call, Layer, Uncalled

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
