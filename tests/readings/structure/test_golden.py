"""Frozen structures: what was read off some eighty networks of many families.

Where a rule is meant to change one, `python -m tests.readings.structure.golden` writes
the texts anew, and the commit that holds them says why.
"""

import pytest

from resviz.readings.structure.graph import Graph
from resviz.readings.structure.regions import (
    find_multi_branch_convolutions,
    find_regions,
)
from resviz.record.storage import load

from .golden.description import describe_structure
from .golden.networks import FOLDER, FOREIGN, names, record, record_file, text_file


@pytest.mark.parametrize("name", names())
def test_the_structure_of_a_kept_record(name):
    """Stages, blocks, shortcuts and main path are those that were frozen."""
    frozen = text_file(name).read_text(encoding="utf-8")
    assert frozen == describe_structure(load(record_file(name)))


@pytest.mark.parametrize("name", [name for name in names() if name not in FOREIGN])
def test_the_structure_of_a_network_traced_now(name):
    """A record made today is read as the kept one; tests/zoo has those of others."""
    frozen = text_file(name).read_text(encoding="utf-8")
    assert frozen == describe_structure(record(name))


@pytest.mark.parametrize("name", names())
def test_convolutions_of_several_branches_are_found_alone(name):
    """They are those that reading every sum finds."""
    graph = Graph(load(record_file(name)))
    among_all = [region for region in find_regions(graph) if region.is_multi_branch]
    assert among_all == find_multi_branch_convolutions(graph)


def test_nothing_else_is_frozen():
    """A file whose network is gone is removed with it."""
    kept = {path.stem for path in FOLDER.glob("*.txt")}
    records = {path.name for path in (FOLDER / "records").iterdir()}
    assert (set(names()), {record_file(name).name for name in names()}) == (
        kept,
        records,
    )
