"""What a record costs: multiply-accumulates, element-wise work, parameters.

`rules` says what one operation multiplies and accumulates, `elements` what it does
without; `totals` adds them up; `conventions` says what other tools count.
"""

from __future__ import annotations

from resviz.readings.costs.elementwise import ELEMENTS_UNIT, count_elements
from resviz.readings.costs.mac_rules import (
    COST_RULES,
    FREE_OPERATIONS,
    MAC_CONVENTION,
    MACS,
    cost_rule,
    count_macs,
    is_cost_known,
)
from resviz.readings.costs.totals import (
    CostTotals,
    count_activations,
    find_uncounted,
    sum_layer_costs,
    sum_record_costs,
)

__all__ = [
    "COST_RULES",
    "ELEMENTS_UNIT",
    "FREE_OPERATIONS",
    "MACS",
    "MAC_CONVENTION",
    "CostTotals",
    "cost_rule",
    "count_activations",
    "count_elements",
    "count_macs",
    "find_uncounted",
    "is_cost_known",
    "sum_layer_costs",
    "sum_record_costs",
]
