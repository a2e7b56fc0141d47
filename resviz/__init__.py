"""See what a residual network is: its shapes, its costs, where its shortcuts change.

Everything here is imported when it is first asked for; torch only once a model is
built or traced.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resviz.api import (
        costs,
        costs_table,
        describe,
        diagram,
        layers,
        memory,
        receptive,
        receptive_field,
        report,
        shortcuts,
        summary,
        sweep,
        table,
        trace,
    )
    from resviz.errors import (
        BuildError,
        OptionError,
        RecordError,
        RenderError,
        ResvizError,
        SpecError,
        TraceError,
        WeightsError,
    )
    from resviz.record import Architecture
    from resviz.record.storage import load

__version__ = "0.1.0"

__all__ = [
    "Architecture",
    "BuildError",
    "OptionError",
    "RecordError",
    "RenderError",
    "ResvizError",
    "SpecError",
    "TraceError",
    "WeightsError",
    "costs",
    "costs_table",
    "describe",
    "diagram",
    "layers",
    "load",
    "memory",
    "receptive",
    "receptive_field",
    "report",
    "shortcuts",
    "summary",
    "sweep",
    "table",
    "trace",
]

HOMES = {
    "resviz.api": (
        "costs",
        "costs_table",
        "describe",
        "diagram",
        "layers",
        "memory",
        "receptive",
        "receptive_field",
        "report",
        "shortcuts",
        "summary",
        "sweep",
        "table",
        "trace",
    ),
    "resviz.record": ("Architecture",),
    "resviz.record.storage": ("load",),
    "resviz.errors": tuple(name for name in __all__ if name.endswith("Error")),
}
"""Which module holds each public name."""


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'resviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
