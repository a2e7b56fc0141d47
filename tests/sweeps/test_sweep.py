"""The Pareto front."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resviz.errors import SpecError
from resviz.sweeps.pareto import (
    Objective,
    find_undecided_rows,
    pareto_front,
    parse_objectives,
)
from resviz.sweeps.sweep import plan_sweep

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


def test_a_row_with_a_number_that_is_at_least_so_large_is_not_on_it():
    """Nor does it keep another away, since it may be larger."""
    rows = [{"macs": 5, "not_counted": "fft 1×"}, {"macs": 7}, {"macs": 8}]
    aims = (Objective("macs"),)
    assert ([1], [0]) == (pareto_front(rows, aims), find_undecided_rows(rows, aims))
    assert [] == find_undecided_rows(rows, (Objective("params"),))


def test_an_unknown_column():
    """It says which there are."""
    with pytest.raises(SpecError, match="no column 'd', want some of a, b"):
        parse_objectives("a,-d", ("a", "b"))
    with pytest.raises(SpecError, match="pareto: got 3, want columns"):
        parse_objectives(3, ("a", "b"))


@pytest.mark.parametrize(
    ("spec", "condition"),
    [
        ("resnet({18,'x'})", "depth_given == '18' or depth_given == 18"),
        ("resnet(50, stem={'deep','v1'})", "stem == '3x3'"),
        ("resnet(50, stride_in={'1x1','3x3'})", "stride_in == (1, 1)"),
        ("resnet(50, norm={None,'gn'})", "norm in (None, 'gn')"),
        ("net.py:build(x={['a'],['b']})", "'a' in x"),
    ],
)
def test_an_argument_that_may_compare(spec, condition):
    """It is read, since a value of the space has such a type."""
    assert plan_sweep([spec], condition, None).condition


@pytest.mark.parametrize(
    ("condition", "limit", "expected"),
    [("depth_given == 34", None, 3), ("depth_given == 34", 1, 2), ("macs < 1", 1, 1)],
)
def test_variants_that_are_counted(condition, limit, expected):
    """All of the space up to the limit, whatever condition leaves them out."""
    plan = plan_sweep(["resnet({18,34,50})"], condition, limit)
    assert expected == plan.considered_count
