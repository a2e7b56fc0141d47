"""A forward's own arguments: what is read of them, and what stays as it is."""

import gc
import weakref
from collections import UserDict
from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch
from torch import nn

from resviz import SpecError, load, summary, trace
from tests.forwards import AnyForward

from .harm import Seen


class Words(nn.Module):
    """A classifier of ids: 10·4 + 4·2 + 2 parameters."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(10, 4), nn.Linear(4, 2)

    def forward(self, ids, mask=None, *, scale=1.0):
        x = self.embed(ids)
        return self.head(x if mask is None else x * mask[..., None]) * scale


def test_ids_flow():
    """What is looked up by an input depends on it: 5·3 positions of 4·2 products."""
    arch = trace(Words(), "int64:N,3", 5)
    assert (50, [(5, 3, 2)]) == (arch.params, [arch["head"].output_shape])
    assert (False, True) == arch["embed"].operations[0].flowing
    assert 5 * 3 * 4 * 2 == summary(arch).to_dict()["macs"]


def test_an_image_has_the_dtype_of_the_first_floating_parameter():
    """A table of whole numbers before it, as of positions, asks for no such image."""
    table = nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False)
    parts = {"table": table, "conv": nn.Conv2d(3, 4, 1).half()}
    arch = trace(AnyForward(lambda model, x: model.conv(x), **parts), (3, 8, 8))
    assert ["float16"] == [tensor.dtype for tensor in arch.inputs]


def test_several_inputs_by_name():
    """The record keeps the names, and survives its file."""
    arch = trace(Words(), ["mask=bool:N,3", "ids=int64:N,3"])
    assert ("mask", "ids") == arch.input_names
    assert ["bool", "int64"] == [tensor.dtype for tensor in arch.inputs]


def test_positions_are_named_by_the_forward():
    """Where several tensors go in."""
    given = (torch.zeros(1, 3, dtype=torch.int64), torch.ones(1, 3))
    assert ("ids", "mask") == trace(Words(), inputs=given).input_names


def test_a_lone_tensor_needs_no_name():
    """So records of ordinary networks stay as they were."""
    arch = trace(nn.ReLU(), (3, 4))
    assert () == arch.input_names
    assert b"input_names" not in arch.to_json()


def test_names_are_told(tmp_path):
    """By the summary, from a saved record too."""
    trace(Words(), ["ids=int64:2,3", "mask=2,3"]).save(tmp_path / "w.json")
    table = summary(load(tmp_path / "w.json"))
    assert "ids 2×3 int64, mask 2×3" in str(table)
    assert {"name": "mask", "shape": [2, 3], "dtype": "float32"} == (
        table.to_dict()["inputs"][1]
    )


def test_everything_else_is_passed_on():
    """An object is the same inside of the forward."""
    seen = Seen()
    thing = object()

    def function(model, x, **options):
        seen.append(options)
        return x

    trace(
        AnyForward(function),
        inputs=torch.zeros(1, 4),
        kwargs={"a": thing, "b": None},
    )
    assert [{"a": thing, "b": None}] == seen


def test_keywords_beside_a_size():
    """An option of the forward's does not take the place of its input."""
    model = AnyForward(lambda m, x, double=False: x * 2 if double else x)
    arch = trace(model, (4,), kwargs={"double": True})
    assert ["mul"] == [op.name for op in arch.layers[0].operations]


@dataclass(frozen=True)
class Batch:
    """What some forwards take."""

    ids: torch.Tensor
    extra: dict
    name: str = "mine"


class Pair(NamedTuple):
    a: torch.Tensor
    b: torch.Tensor


NESTS = {
    "dictionary": lambda t: {"x": t},
    "list": lambda t: [t],
    "named tuple": lambda t: Pair(t, t),
    "dataclass": lambda t: Batch(t, {"deep": [t]}),
    "mapping": lambda t: UserDict(x=t),
}
LEAVES = {
    "dictionary": lambda v: v["x"],
    "list": lambda v: v[0],
    "named tuple": lambda v: v.a,
    "dataclass": lambda v: v.extra["deep"][0],
    "mapping": lambda v: v["x"],
}


@pytest.mark.parametrize("mode", ["shapes", "run"])
@pytest.mark.parametrize("kind", NESTS)
def test_tensors_in_nests(kind, mode):
    """Each flows, the holder keeps its class, and the user's keeps its tensor."""
    mine = torch.ones(2, 4)
    holder, classes = NESTS[kind](mine), Seen()

    def function(model, value):
        classes.append(type(value))
        return LEAVES[kind](value).add_(1).relu()

    arch = trace(AnyForward(function), inputs=(holder,), mode=mode)
    assert ["add", "relu"] == [layer.name for layer in arch]
    assert [(-1, 0)] == [(s.layer, s.output) for s in arch.layers[0].sources]
    assert [type(holder)] == classes
    assert LEAVES[kind](holder) is mine
    assert [1.0] * 8 == mine.flatten().tolist()


def test_a_tensor_given_twice_is_one_input():
    """As it is one tensor in the forward."""
    x = torch.zeros(1, 4)
    arch = trace(AnyForward(lambda m, a, b: a + b), inputs=(x, x))
    assert 1 == len(arch.inputs)


def test_the_users_tensors_stay():
    """Version, device, gradient and values, and nothing keeps them alive."""
    x = torch.randn(2, 3, requires_grad=True)
    before = (x._version, x.device, x.grad, x.tolist())
    for mode in ("shapes", "run"):
        arch = trace(nn.Linear(3, 2), inputs=x, mode=mode)
    assert before == (x._version, x.device, x.grad, x.tolist())
    gone = weakref.ref(x)
    del x
    gc.collect()
    assert (None, 1) == (gone(), len(arch.layers))


def test_values_of_the_users_count_where_values_do():
    """A length that a forward reads is the user's own."""

    def function(model, x, length):
        return x[:, : length.item()].relu()

    arch = trace(AnyForward(function), inputs=(torch.zeros(1, 9), torch.tensor(4)))
    assert ("run", (1, 4)) == (arch.mode, arch["relu"].output_shape)


def test_values_of_sizes_are_valid():
    """Ids are in every table, masks let everything pass, and both are seeded."""
    seen = Seen()

    def function(model, ids, mask, x):
        seen.append((ids.tolist(), mask.tolist(), x.tolist()))
        return model.table(ids[mask]).sum() + x.sum()

    model = AnyForward(function, table=nn.Embedding(2, 3))
    for _ in range(2):
        trace(model, ["int64:N,9", "bool:N,9", "2"], 2, mode="run")
    assert seen[0] == seen[1]
    ids, mask, _ = seen[0]
    assert {0, 1} == {one for row in ids for one in row}
    assert [[True] * 9] * 2 == mask


def test_inputs_without_axes():
    """A step in time is a number."""
    model = AnyForward(lambda m, t, x: x * t)
    arch = trace(model, ["t=float32:", "x=N,3"], 2)
    assert [(), (2, 3)] == [tensor.shape for tensor in arch.inputs]
    assert "t scalar, x 2×3" in str(summary(arch))
    assert 2 == arch.batch


def test_a_forward_without_an_input():
    """It only reads its parameters."""
    model = AnyForward(lambda m: m.line.weight * 2, line=nn.Linear(3, 2))
    arch = trace(model, inputs=())
    assert ((), 8, 1) == (arch.inputs, arch.params, len(arch.layers))
    assert "none" in str(summary(arch))


def test_the_batch_stands_where_it_is_said_to():
    """And the record says in which axis."""
    model = nn.Linear(4, 2)
    arch = trace(model, "7,N,4", 3)
    assert ((7, 3, 4), 3, (1,)) == (arch.inputs[0].shape, arch.batch, arch.batch_axes)
    assert "counted for a batch of 3" in str(summary(arch))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"input_size": "ids=int64:1,3", "batch": 2}, "write N where it stands"),
        ({"inputs": torch.zeros(1, 3), "batch": 2}, "the inputs have their own"),
        ({"inputs": torch.zeros(1, 3), "input_size": (3,)}, "want one of them"),
    ],
)
def test_what_cannot_be_given_together(options, words):
    """With the remedy."""
    with pytest.raises(SpecError, match=words):
        trace(Words(), **options)


def test_a_batch_beside_a_whole_shape():
    """One input has a place for it, another needs none."""
    arch = trace(Words(), ["ids=int64:N,3", "mask=1,3"], 4)
    assert (4, 3, 2) == arch["head"].output_shape
