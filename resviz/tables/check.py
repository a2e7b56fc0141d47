"""The budgets of a project as a table: a row a limit, below it a line a breach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resviz.readings.costs import MAC_CONVENTION
from resviz.tables.json_head import json_head
from resviz.tables.table import Column, Table
from resviz.units import format_plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resviz.budgets.run import NetworkVerdicts, ProjectVerdicts

COLUMNS = (
    Column("network", "network"),
    Column("limit", "limit"),
    Column("got", "got"),
    Column("wanted", "want"),
    Column("verdict", "verdict"),
)

PEAK = "peak memory: parameters, buffers and the most that one forward holds; no more"
"""What is counted, to be printed where it is limited."""


def check_table(project: ProjectVerdicts) -> Table:
    """Return a row a limit, and a line a breach below."""
    rows = [row for network in project.networks for row in verdict_rows(network)]
    breached = frozenset(k for k, row in enumerate(rows) if row["verdict"] == "breach")
    return Table(
        check_title(project),
        COLUMNS,
        tuple(rows),
        check_data(project),
        notes=tuple(check_notes(project, rows)),
        marked=breached,
        mark="a breach",
    )


def check_title(project: ProjectVerdicts) -> str:
    """Say how many limits there are, and how many do not hold."""
    count = sum(len(network.verdicts) for network in project.networks)
    limits = format_plural(count, "limit")
    broken = len(project.sentences)
    if not broken:
        return f"{limits}, all hold" if count > 1 else f"{limits}, which holds"
    es = "" if broken == 1 else "es"
    return f"{limits}, {broken} breach{es}"


def verdict_rows(network: NetworkVerdicts) -> Iterator[dict[str, str]]:
    """Yield a row a limit; the name stands in each, for CSV."""
    for verdict in network.verdicts:
        yield {
            "network": network.budget.name,
            "limit": verdict.key,
            "got": verdict.got,
            "wanted": verdict.wanted,
            "verdict": "ok" if verdict.passed else "breach",
        }


def check_data(project: ProjectVerdicts) -> dict[str, Any]:
    """Return the verdicts as JSON has them."""
    return json_head("check") | {
        "config": str(project.path),
        "passed": not project.sentences,
        "breaches": list(project.sentences),
        "written": list(project.written),
        "networks": [network_verdict_data(network) for network in project.networks],
    }


def network_verdict_data(network: NetworkVerdicts) -> dict[str, Any]:
    """Return the verdicts on one network as JSON has them."""
    arch, budget = network.arch, network.budget
    return {
        "name": budget.name,
        "spec": budget.spec or arch.name,
        "record": budget.record,
        "input_shape": list(arch.input_shape),
        "batch": arch.batch,
        "training": arch.training,
        "passed": not network.breaches,
        "limits": [
            {
                "limit": verdict.key,
                "got": verdict.got,
                "wanted": verdict.wanted,
                "value": verdict.value,
                "passed": verdict.passed,
                "sentence": verdict.sentence,
                "because": verdict.because,
                "causes": list(verdict.causes),
            }
            for verdict in network.verdicts
        ],
    }


def check_notes(project: ProjectVerdicts, rows: list[dict[str, str]]) -> Iterator[str]:
    """Yield a line a breach, and what is counted."""
    yield from (f"breach: {line}" for line in project.sentences)
    for record in project.written:
        yield f"written: {record}"
    limits = {row["limit"] for row in rows}
    if any("macs" in limit for limit in limits):
        yield MAC_CONVENTION
    if any("memory" in limit for limit in limits):
        yield PEAK
