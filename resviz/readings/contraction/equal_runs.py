"""Equal nodes that only follow one another, merged into one with its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resviz.readings.contraction.words import name_node

if TYPE_CHECKING:
    from resviz.readings.contraction.quotient import Quotient

REPEATED_ROLES = {"block", "run", "region"}
"""What is counted where it repeats."""


def merge_equal_runs(quotient: Quotient) -> None:
    """Merge equal nodes with weights that only follow one another."""
    for key in quotient.sort_nodes():
        if key not in quotient.nodes:
            continue
        run = find_equal_run(quotient, key)
        if len(run) < 2:
            continue
        role, label = quotient.nodes[key].role, name_node(quotient, key)
        node = quotient.merge(run, role, into=key)
        node.times, node.parts = len(run), ((label, len(run)),)


def find_equal_run(quotient: Quotient, key: int) -> list[int]:
    """Find the equal nodes that follow one another from a node on."""
    run = [key]
    node = quotient.nodes[key]
    if node.role not in REPEATED_ROLES or not quotient.count_weights([key]):
        return run
    while len(quotient.users[run[-1]]) == 1:
        (user,) = quotient.users[run[-1]]
        if (
            quotient.sources[user] != {run[-1]}
            or quotient.nodes[user].role != node.role
            or quotient.sign(user) != quotient.sign(key)
            or quotient.count_values_leaving([run[-1]]) != 1
        ):
            break
        run.append(user)
    return run
