"""Rows of a sweep in another order, and the first of them."""

import pytest

import resviz
from resviz.errors import SpecError
from resviz.sweeps.order import RowOrder
from resviz.sweeps.page import sweep_facts
from resviz.sweeps.sweep import run_sweep
from resviz.sweeps.table import sweep_table

ROWS = [
    {"spec": "a", "macs": 5, "params": None, "width": 4},
    {"spec": "b", "macs": None, "params": 2, "width": 10},
    {"spec": "c", "macs": 9, "params": 3, "width": 8},
]


def names(order, arguments=("width",)):
    """The SPECs in an order, and what is said of it."""
    rows, notes = order.rank(ROWS, arguments)
    return "".join(row["spec"] for row in rows), notes


@pytest.mark.parametrize(
    ("order", "expected", "words"),
    [
        (RowOrder(), "abc", ()),
        (RowOrder("macs"), "cab", ("by MACs, the largest first",)),
        (RowOrder("macs", reverse=True), "acb", ("by MACs, the smallest first",)),
        (RowOrder("width"), "bca", ("by width, the largest first",)),
        (RowOrder("SPEC", reverse=True), "cba", ("by SPEC, in reverse alpha",)),
        (RowOrder(top=1), "c", ("by MACs, the largest", "the first 1 of 3 variants")),
        (RowOrder(reverse=True), "cba", ()),
    ],
)
def test_the_order_of_rows(order, expected, words):
    """What is unknown comes last, and numbers are no text."""
    found, notes = names(order)
    assert expected == found
    assert len(words) == len(notes)
    assert all(map(str.startswith, notes, words))


@pytest.mark.parametrize("sort", ["nope", ""])
def test_a_wrong_column_is_told_before_anything_is_traced(sort):
    """With those that there are, arguments among them."""
    with pytest.raises(SpecError, match=r"^sort: .*want some of spec.*num_classes"):
        resviz.sweep("resnet(9999, num_classes={1,2})", sort=sort)


def test_the_first_of_a_sweep():
    """By any column, in the frame too."""
    frame = resviz.sweep("cifar{20,32,44}", sort="depth", top=2, jobs=1)
    assert ["cifar44", "cifar32"] == [*frame["spec"]]


def test_the_first_of_a_front():
    """None that another beats is among them."""
    frame = resviz.sweep("cifar{20,32,44}", pareto="params", top=2, jobs=1)
    assert ["cifar20"] == [*frame["spec"]]


def notes_of_sweep(**options):
    """What stands below a sweep of four CIFAR networks, of two of them on a front."""
    specs = "cifar(20, num_classes={10,100})", "cifar(32, num_classes={10,100})"
    order = RowOrder(top=options.pop("top", None))
    result = run_sweep(specs, order=order, jobs=1, **options)
    result.journal.drop()
    return sweep_table(result).notes, dict(sweep_facts(result))


@pytest.mark.parametrize("top", [None, 1, 2, 9])
def test_the_front_is_counted_before_the_first_are_taken(top):
    """Of four, those with ten classes beat those with a hundred."""
    notes, _ = notes_of_sweep(pareto="params,-depth", top=top)
    assert "2 variants of 4 on the Pareto front: less params, more depth" in notes
    shown = [note for note in notes if note.startswith("the first")]
    assert (["the first 1 of 2 variants"] if top == 1 else []) == shown


@pytest.mark.parametrize("top", [None, 1])
def test_what_meets_a_condition_is_counted_before_the_first_are_taken(top):
    """In the table and at the top of the page, and so is the front among them."""
    notes, facts = notes_of_sweep(condition="depth > 20", pareto="params", top=top)
    assert "2 of 4 where depth > 20" in notes
    assert "2 of 4 where depth > 20" == facts["shown"]
    assert "1 variant of 2 on the Pareto front: less params" in notes
