"""What a record costs: multiply-accumulates, element-wise work, parameters.

`layer_costs` says what one layer multiplies and accumulates, and what it does without,
by the table of operations; `totals` adds layers up; `conventions` says what other tools
count.
"""

from __future__ import annotations

from resviz.readings.costs.layer_costs import (
    COST_RULES,
    ELEMENTS_UNIT,
    FREE_OPERATIONS,
    MAC_CONVENTION,
    MACS,
    count_elements,
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
    "count_activations",
    "count_elements",
    "count_macs",
    "find_uncounted",
    "is_cost_known",
    "sum_layer_costs",
    "sum_record_costs",
]
