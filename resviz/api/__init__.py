"""The functions of `import resviz`: each takes a record, a model, or a SPEC."""

from resviz.api.decisions import (
    check,
    compare,
    features,
    identify,
    roofline,
    sizes,
    sweep,
)
from resviz.api.figures import describe, diagram, explore, report
from resviz.api.tables import (
    costs,
    layers,
    memory,
    receptive,
    shortcuts,
    summary,
    table,
)
from resviz.api.tracing import trace, trace_networks

__all__ = [
    "check",
    "compare",
    "costs",
    "costs_table",
    "describe",
    "diagram",
    "explore",
    "features",
    "identify",
    "layers",
    "memory",
    "receptive",
    "receptive_field",
    "report",
    "roofline",
    "shortcuts",
    "sizes",
    "summary",
    "sweep",
    "table",
    "trace",
    "trace_networks",
]

costs_table = costs
"""The name of `costs` in older versions."""

receptive_field = receptive
"""The name of `receptive` in older versions."""
