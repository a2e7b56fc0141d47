"""Rows of a sweep in another order, and the first of them."""

import pytest

import resviz
from resviz.errors import SpecError
from resviz.sweeps.order import RowOrder

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
