"""What a record costs: multiply-accumulates, element-wise work, parameters.

`rules` says what one operation multiplies and accumulates, `elements` what it does
without; `totals` adds them up; `conventions` says what other tools count.
"""

from __future__ import annotations

from resviz.costs.elements import ELEMENTS, elements
from resviz.costs.rules import CONVENTION, FREE, MACS, RULES, known, macs, rule
from resviz.costs.totals import Costs, activations, not_counted, total, whole

__all__ = [
    "CONVENTION",
    "ELEMENTS",
    "FREE",
    "MACS",
    "RULES",
    "Costs",
    "activations",
    "elements",
    "known",
    "macs",
    "not_counted",
    "rule",
    "total",
    "whole",
]
