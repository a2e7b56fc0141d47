"""Building by name, tracing, and what the clone that protects a model costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.rows import Row, compared
from benchmarks.times import Times, quartiles, race

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.groups import Asked

PLACE = 2

LIMIT = 60
"""Milliseconds of building and tracing ResNet-152. Source: issue 5."""


def rows(asked: Asked) -> Iterator[Row]:
    """By name, its two parts, and the clone as a share of the trace."""
    if not any(map(asked.wants, ("build/name", "build/alone", "build/clone"))):
        return
    spec = "resnet18" if asked.quick else "resnet152"
    found = measured(spec, asked.rounds(15))
    trace, build = found["trace"], found["build"]
    parts = {"build_ms": build.median * 1e3, "trace_ms": trace.median * 1e3}
    every = [
        absolute(found["by name"], "build/name", spec, LIMIT, details=parts),
        compared(
            build,
            found["initialised"],
            key="build/alone",
            work=f"build {spec}",
            against="on meta, initialised",
        ),
        compared(
            found["clone"],
            trace,
            key="build/clone",
            work=f"clone that protects {spec}",
            against="its trace",
        ),
    ]
    yield from (row for row in every if asked.wants(row.key))


def measured(spec: str, rounds: int) -> dict[str, Times]:
    """The times of each part."""
    import torch

    import resviz
    from resviz.models import catalogue, twins
    from resviz.source.build import network
    from resviz.source.spec import parse
    from resviz.tracing.clone import Clone

    parsed = parse(spec)
    model = catalogue.build(spec).eval()

    def forgotten() -> None:
        twins.OF_BLOCKS.cache_clear()
        twins.OF_LAYERS.cache_clear()

    def initialised() -> object:
        with torch.device("meta"):
            return catalogue.build(spec)

    contestants = {
        "by name": lambda _: resviz.trace(spec),
        "build": lambda _: network(parsed),
        "initialised": lambda _: initialised(),
        "trace": lambda _: resviz.trace(model),
        "clone": lambda _: Clone(model, training=False),
    }
    # Nobody builds the same network twice: blocks of the last time are not copied.
    return race(contestants, rounds, warm=2, prepare=forgotten)


def absolute(ours: Times, key: str, spec: str, limit: float, **facts: Any) -> Row:
    """A row in milliseconds."""
    low, middle, high = (value * 1e3 for value in quartiles(ours.wall))
    return Row(
        key=key,
        work=f"build and trace {spec} by name",
        value=middle,
        unit="ms",
        limit=limit,
        spread=(low, high),
        ours=ours,
        **facts,
    )
