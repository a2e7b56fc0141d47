"""The 1,202-layer network for CIFAR: its record, and every output of it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from benchmarks.duel import duel
from benchmarks.rows import Row, absent, compared
from benchmarks.times import race

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.groups import Asked
    from resviz.record import Architecture

PLACE = 5

LIMITS = {"torchinfo": 0.5, "torchview": None}
"""What share of a peer's time a record may take. Source: issue 5."""

SECONDS, MEGABYTES = 3, 3
"""What an output may take, and the report weigh. Source: issue 5."""


def rows(asked: Asked) -> Iterator[Row]:
    """Beside peers, then the slowest output, the usual way through, the report."""
    spec = "cifar56" if asked.quick else "cifar1202"
    for peer, limit in LIMITS.items():
        key = f"deep/record/{peer}"
        if asked.peers and asked.wants(key):
            found = duel(peer, [spec], asked.rounds(5), 32)
            facts: dict[str, Any] = {"key": key, "work": f"trace {spec}"}
            facts |= {"against": peer, "limit": limit}
            yield compared(**found[spec], **facts) if found else absent(**facts)
    if not any(map(asked.wants, ("deep/outputs", "deep/way", "deep/report"))):
        return
    every = [*measured(spec, asked)]
    yield from (row for row in every if asked.wants(row.key))


def measured(spec: str, asked: Asked) -> Iterator[Row]:
    """The rows that need no peer."""
    import resviz
    from resviz.storage import parse

    data = resviz.trace(spec).to_json()
    works = outputs(quick=asked.quick)
    found = race(works, 1, warm=0, prepare=lambda: parse(data))
    slowest = max(found, key=lambda name: found[name].median)
    yield Row(
        key="deep/outputs",
        work=f"slowest of {len(works)} outputs of {spec}",
        value=found[slowest].median,
        unit="s",
        limit=SECONDS,
        note=slowest,
        details={name: times.median for name, times in found.items()},
    )
    way = race({"way": lambda: through(spec)}, asked.rounds(3))["way"]
    yield Row(
        key="deep/way",
        work=f"{spec}: build, record, structure, diagram, report",
        value=way.median,
        unit="s",
        ours=way,
    )
    weight = len((resviz.report(parse(data)) or "").encode()) / 1e6
    yield Row(
        key="deep/report",
        work=f"report of {spec}",
        value=weight,
        unit="MB",
        limit=MEGABYTES,
    )


def through(spec: str) -> object:
    """All that is usually wanted, of one record."""
    import resviz
    from resviz.structure import structure

    arch = resviz.trace(spec)
    return structure(arch), resviz.diagram(arch).to_svg(), resviz.report(arch)


def outputs(*, quick: bool) -> dict[str, Callable[[Architecture], Any]]:
    """Every table in every format, every figure, the sentences and the report."""
    import resviz
    from resviz import figures, formats

    tables = {
        "table": resviz.table,
        "summary": resviz.summary,
        "layers": resviz.layers,
        "costs": resviz.costs_table,
        "receptive": resviz.receptive_field,
        "shortcuts": resviz.shortcuts,
        "memory": resviz.memory,
    }
    works: dict[str, Callable[[Architecture], Any]] = {
        f"{name} as {form}": lambda arch, t=tables[name], f=form: formats.table_format(
            f
        ).render(t(arch))
        for name, form in product(tables, formats.tables())
        if form != "png"  # which refuses thousands of rows, and says so
    }
    works |= {
        f"figure {name}": lambda arch, n=name: resviz.diagram(arch, n).to_svg()
        for name in figures.FIGURES
    }
    works |= {
        f"figure as {form}": lambda arch, f=form: resviz.diagram(arch).rendered(f)
        for form in ("pdf", "png", "dot")
    }
    works |= {"describe": resviz.describe, "report": resviz.report}
    return dict([*works.items()][::12]) if quick else works
