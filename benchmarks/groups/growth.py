"""Growth with depth: the exponent of time and of peak memory, by layers of the record.

It is that of the line which fits best through the logarithms of three sizes; beside it
stands the steepest between two of them, for what grows only in large networks.
"""

from __future__ import annotations

import gc
import tracemalloc
from itertools import pairwise
from math import log
from typing import TYPE_CHECKING, Any

from benchmarks.rows import Row
from benchmarks.times import race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.groups import Asked
    from resviz.record import Architecture

PLACE = 4

LIMIT = 1.1
"""Source: issue 5."""

DEPTHS = (110, 1202, 9998)
"""Weighted layers of CIFAR networks; the last is the one of 6 n + 2 next to 10,000."""


def rows(asked: Asked) -> Iterator[Row]:
    """Time and memory of the record and of each reading."""
    depths = (20, 56, 110) if asked.quick else DEPTHS
    keys = [f"growth/{what}/{name}" for name in works() for what in ("time", "memory")]
    if not any(map(asked.wants, keys)):
        return
    nets = {depth: Network(depth) for depth in depths}
    layers = {depth: len(net.arch.layers) for depth, net in nets.items()}
    for name, work in works().items():
        measures = {"time": seconds, "memory": peak}
        for what, measure in measures.items():
            key = f"growth/{what}/{name}"
            if asked.wants(key):
                found = {d: measure(net, name, work, asked) for d, net in nets.items()}
                yield grown(key, name, what, layers, found)


def works() -> Mapping[str, Callable[[Any], object]]:
    """What is measured; all but the first of a record that was not read before."""
    import resviz
    from resviz.structure import structure

    def tables(arch: Architecture) -> object:
        every = (
            resviz.summary, resviz.layers, resviz.costs_table, resviz.receptive_field,
            resviz.shortcuts, resviz.memory, resviz.table,
        )  # fmt: skip
        return [table(arch).render("html") for table in every]

    return {
        "record": resviz.trace,
        "structure": structure,
        "tables": tables,
        "folded-diagram": lambda arch: resviz.diagram(arch).to_svg(),
    }


class Network:
    """A CIFAR network, and its record as bytes."""

    def __init__(self, depth: int) -> None:
        import resviz
        from resviz.source.build import network
        from resviz.source.spec import parse

        self.model = network(parse(f"cifar{depth}"))
        self.arch = resviz.trace(self.model, (3, 32, 32))
        self.data = self.arch.to_json()

    def fresh(self) -> Architecture:
        """The record, not read before."""
        from resviz.storage import parse

        return parse(self.data)

    def subject(self, name: str) -> Callable[[], object]:
        """What gives the object of a work."""
        return (lambda: self.model) if name == "record" else self.fresh


def seconds(net: Network, name: str, work: Callable, asked: Asked) -> float:
    """The median time of a work, in seconds."""
    rounds = asked.rounds(3)
    return race({name: work}, rounds, prepare=net.subject(name))[name].median


def peak(net: Network, name: str, work: Callable, asked: Asked) -> float:
    """The most bytes that Python held on top while at work."""
    del asked
    subject = net.subject(name)()
    gc.collect()
    tracemalloc.start()
    try:
        kept = work(subject)
        found = tracemalloc.get_traced_memory()[1]
        del kept
    finally:
        tracemalloc.stop()
    return float(found)


def grown(
    key: str, name: str, what: str, layers: dict[int, int], found: dict[int, float]
) -> Row:
    """A row of the exponent that fits."""
    points = [(log(layers[depth]), log(value)) for depth, value in found.items()]
    between = [*map(slope, pairwise(points))]
    unit, scale = ("ms", 1e3) if what == "time" else ("MB", 1e-6)
    sizes = [f"{value * scale:,.3g}" for value in found.values()]
    return Row(
        key=key,
        work=f"{what} of {name.replace('-', ' ')} by layers",
        value=slope(points),
        unit="n^",
        limit=LIMIT,
        note=f"{' '.join(sizes)} {unit}, steepest n^{max(between):.2f}",
        details={
            "between": between,
            "depths": list(found),
            "layers": list(layers.values()),
            unit: [value * scale for value in found.values()],
        },
    )


def slope(points: Any) -> float:
    """The slope of the line that fits best."""
    xs, ys = zip(*points, strict=True)
    middle, height = sum(xs) / len(xs), sum(ys) / len(ys)
    rise = sum((x - middle) * (y - height) for x, y in points)
    return rise / sum((x - middle) ** 2 for x in xs)
