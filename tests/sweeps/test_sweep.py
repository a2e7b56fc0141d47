"""The Pareto front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.errors import SpecError
from resviz.sweeps.sweep import Objective, pareto_front, parse_objectives

POINTS = st.lists(
    st.fixed_dictionaries({name: st.integers(0, 6) for name in "abc"}), max_size=30
)


def beats(row, other, objectives):
    """Tell whether a row is nowhere worse than another, and somewhere better."""
    signed = [(1 if aim.minimize else -1, aim.name) for aim in objectives]
    pairs = [(sign * row[name], sign * other[name]) for sign, name in signed]
    return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)


@given(POINTS, st.sampled_from(["a", "a,b", "a,-b", "-a,b,-c", "a,b,c"]))
def test_by_its_definition(rows, text):
    """A row is on it if and only if no other beats it."""
    objectives = parse_objectives(text, "abc")
    assert pareto_front(rows, objectives) == [
        number
        for number, row in enumerate(rows)
        if not any(beats(other, row, objectives) for other in rows)
    ]


def test_a_row_without_a_number_is_not_on_it():
    """A variant that failed, or whose field is not known."""
    rows = [{"a": None}, {"a": 2}, {}]
    assert [1] == pareto_front(rows, (Objective("a"),))


def test_an_unknown_column():
    """It says which there are."""
    with pytest.raises(SpecError, match="no column 'd', want some of a, b"):
        parse_objectives("a,-d", ("a", "b"))
