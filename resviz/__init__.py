"""See what a residual network is: its shapes, its costs, where its shortcuts change.

Everything here is imported when it is first asked for; torch only once a model is
built or traced.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.api import (
        check,
        compare,
        costs,
        costs_table,
        describe,
        diagram,
        explore,
        features,
        identify,
        layers,
        memory,
        receptive,
        receptive_field,
        report,
        roofline,
        shortcuts,
        sizes,
        summary,
        sweep,
        table,
        trace,
    )
    from resviz.errors import (
        BuildError,
        FontWarning,
        OptionError,
        RecordError,
        RenderError,
        ResizeError,
        ResvizError,
        RuleError,
        SpecError,
        TraceError,
        UnknownNameError,
        WeightsError,
    )
    from resviz.figures.rendering import Diagram
    from resviz.operations.kind import MacRule
    from resviz.operations.own_rules import forget_rule, rule
    from resviz.pages.live import LivePage
    from resviz.readings.costs import UncountedOperation
    from resviz.readings.features import FeatureMap
    from resviz.readings.shape_flow import FlowStep
    from resviz.readings.structure import Block, Shortcut, Stage, Unit
    from resviz.record import Architecture, Call, Layer, Operation, Tensor, Window
    from resviz.record.storage import load
    from resviz.tables.table import Table

__version__ = "0.1.0"

__all__ = [
    "Architecture",
    "Block",
    "BuildError",
    "Call",
    "Diagram",
    "FeatureMap",
    "FlowStep",
    "FontWarning",
    "Layer",
    "LivePage",
    "MacRule",
    "Operation",
    "OptionError",
    "RecordError",
    "RenderError",
    "ResizeError",
    "ResvizError",
    "RuleError",
    "Shortcut",
    "SpecError",
    "Stage",
    "Table",
    "Tensor",
    "TraceError",
    "UncountedOperation",
    "Unit",
    "UnknownNameError",
    "WeightsError",
    "Window",
    "check",
    "compare",
    "costs",
    "costs_table",
    "describe",
    "diagram",
    "explore",
    "features",
    "forget_rule",
    "identify",
    "layers",
    "load",
    "memory",
    "receptive",
    "receptive_field",
    "report",
    "roofline",
    "rule",
    "shortcuts",
    "sizes",
    "summary",
    "sweep",
    "table",
    "trace",
]

HOMES = {
    "resviz.errors": (
        "BuildError", "FontWarning", "OptionError", "RecordError", "RenderError",
        "ResizeError", "ResvizError", "RuleError", "SpecError", "TraceError",
        "UnknownNameError", "WeightsError",
    ),
    "resviz.figures.rendering": ("Diagram",),
    "resviz.operations.kind": ("MacRule",),
    "resviz.operations.own_rules": ("forget_rule", "rule"),
    "resviz.pages.live": ("LivePage",),
    "resviz.readings.costs": ("UncountedOperation",),
    "resviz.readings.features": ("FeatureMap",),
    "resviz.readings.shape_flow": ("FlowStep",),
    "resviz.readings.structure": ("Block", "Shortcut", "Stage", "Unit"),
    "resviz.record": ("Architecture", "Call", "Layer", "Operation", "Tensor", "Window"),
    "resviz.record.storage": ("load",),
    "resviz.tables.table": ("Table",),
}  # fmt: skip
"""Which module holds each public name that is not a function of `resviz.api`."""


PLACES = {
    **dict.fromkeys(("plot", "draw", "show", "visualize", "figure"), "resviz.diagram"),
    **dict.fromkeys(("read", "open", "from_json"), "resviz.load"),
    **dict.fromkeys(("profile", "flops", "macs", "params", "info"), "resviz.summary"),
    **dict.fromkeys(("diff", "difference"), "resviz.compare"),
    **dict.fromkeys(("assert_within", "budget"), "resviz.testing.assert_within"),
    **dict.fromkeys(("save", "to_json"), "resviz.trace(…).save('name.json')"),
}
"""What does what is guessed under other names."""


SUBMODULES = {"models", "testing"}
"""Public modules, to one of which an error leads: imported when they are named."""


def __getattr__(name: str) -> Any:
    if name in SUBMODULES:
        return import_module(f"resviz.{name}")
    if name not in __all__:
        from resviz.errors import suggest_nearest

        hint = f": want {PLACES[name]}" if name in PLACES else ""
        hint = hint or ("" if name[:1] == "_" else suggest_nearest(name, __all__))
        raise AttributeError(f"module 'resviz' has no attribute {name!r}{hint}")
    homes = (home for home, names in HOMES.items() if name in names)
    return getattr(import_module(next(homes, "resviz.api")), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name[:2] == "__")})
