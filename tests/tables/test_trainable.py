"""Trainable and frozen parameters: totals and columns, where anything is frozen."""

import json

import msgspec
import pytest
import torch
from torch import nn

import resviz
from resviz.models import resnet18
from resviz.record.storage import parse_record
from tests.readings.structure.toys import Basic, conv


def finetuned():
    """A ResNet-18 of which only the last layer is trained."""
    net = resnet18().requires_grad_(requires_grad=False)
    net.fc.requires_grad_()
    return net


class Spare(nn.Module):
    """A block, a frozen weight with a trained bias, and a layer that nothing calls."""

    def __init__(self):
        super().__init__()
        self.body = Basic(3, 3)
        self.last = nn.Conv2d(3, 4, 1)
        self.spare = nn.Linear(4, 5).requires_grad_(requires_grad=False)
        self.last.weight.requires_grad_(requires_grad=False)

    def forward(self, x):
        return self.last(self.body(x))


def count_by_torch(module):
    """Trainable and frozen parameters as torch tells them."""
    sizes = [(p.requires_grad, p.numel()) for p in module.parameters()]
    return tuple(sum(n for asks, n in sizes if asks is kind) for kind in (True, False))


def older(arch):
    """The record as a resviz without storages wrote it, which told nothing frozen."""
    data = json.loads(arch.to_json())
    del data["storages"]
    for layer in data["layers"]:
        for op in layer.get("operations", ()):
            op.pop("reads", None)
            op.pop("writes", None)
    return parse_record(msgspec.json.encode(data))


@pytest.mark.parametrize("make", [finetuned, Spare, resnet18])
def test_a_record_counts_as_torch_does(make):
    """Layers that are never called and single parameters included."""
    net = make()
    arch = resviz.trace(net, (3, 32, 32))
    assert count_by_torch(net) == (arch.trainable_params, arch.frozen_params)


def test_a_scripted_model_is_counted_alike():
    """Its copy asks for gradients anew, the model does not."""
    net = nn.Sequential(conv(3, 3), nn.Conv2d(8, 4, 1))
    net[1].requires_grad_(requires_grad=False)
    arch = resviz.trace(torch.jit.script(net), (3, 8, 8))
    assert count_by_torch(net) == (arch.trainable_params, arch.frozen_params)


def test_layers_and_stages_count_their_own():
    """The whole is the sum of the layers; a stage that is frozen has none."""
    arch = resviz.trace(finetuned())
    assert (513_000, 0) == (arch["fc"].trainable_params, arch["fc"].frozen_params)
    assert arch.frozen_params == sum(layer.frozen_params for layer in arch)
    assert {(0, stage.params) for stage in arch.stages} == {
        (stage.trainable_params, stage.frozen_params) for stage in arch.stages
    }


def test_a_record_keeps_it(tmp_path):
    """Written and read again."""
    path = tmp_path / "net.json"
    resviz.trace(Spare(), (3, 8, 8)).save(path)
    assert count_by_torch(Spare()) == (
        resviz.load(path).trainable_params,
        resviz.load(path).frozen_params,
    )


def test_an_older_record_says_that_it_does_not_know(record):
    """It is no claim that all is trainable; columns say unknown."""
    arch = older(record("resnet18"))
    assert [None] * 4 == [
        arch.trainable_params,
        arch.frozen_params,
        arch["conv1"].trainable_params,
        arch.stages[0].frozen_params,
    ]
    table = resviz.layers(arch).select_columns("name, trainable")
    assert "unknown" in table.render("text")
    assert None is resviz.summary(arch).to_dict()["trainable_params"]


@pytest.mark.parametrize(
    "make", [resviz.summary, resviz.layers, resviz.shortcuts, resviz.table]
)
def test_tables_say_it_only_where_anything_is_frozen(make, record):
    """Of a net that is trained whole nothing more is shown than before."""
    assert "trainable" in make(resviz.trace(finetuned())).render("text")
    assert "trainable" not in make(record("resnet18")).render("text")


@pytest.mark.parametrize("make", [resviz.summary, resviz.layers, resviz.shortcuts])
@pytest.mark.parametrize("net", ["frozen", "trained"])
def test_both_are_columns_wherever_they_are_named(make, net, record):
    """They are all parameters of a row."""
    arch = resviz.trace(finetuned()) if net == "frozen" else record("resnet18")
    table = make(arch).select_columns("params, trainable, frozen")
    assert len(table)
    for row in table:
        assert row["params"] == row["trainable_params"] + row["frozen_params"]


def test_the_summary_counts_what_is_never_called():
    """Its rows sum to both totals."""
    arch = resviz.trace(Spare(), (3, 8, 8))
    table = resviz.summary(arch).select_columns("stage, trainable, frozen")
    assert (arch.trainable_params, arch.frozen_params) == (
        sum(table["trainable"]),
        sum(table["frozen"]),
    )


def test_a_fold_sums_its_layers():
    """At a depth a row is a call."""
    arch = resviz.trace(finetuned())
    rows = resviz.layers(arch, depth=1).to_dict()
    assert arch.trainable_params == sum(row["trainable_params"] for row in rows)


def test_blocks_that_are_frozen_unlike_do_not_stand_once():
    """The second of two equal blocks is trained."""
    net = nn.Sequential(conv(3, 3), Basic(8, 8), Basic(8, 8))
    assert len(resviz.layers(net, once=True, input_size=(3, 8, 8))) < 15
    net[1].requires_grad_(requires_grad=False)
    assert 1 == max(
        row.get("times", 1)
        for row in resviz.layers(net, once=True, input_size=(3, 8, 8)).to_dict()
    )


def test_the_papers_table_has_a_row():
    """In every column, also of a net that is trained whole."""
    *_, row = resviz.table([finetuned(), "resnet18"]).to_dict()["rows"]
    assert ("trainable", [513_000, 11_689_512]) == (row["name"], row["cells"])


def test_a_sweep_has_a_column_where_a_variant_has_frozen_parameters(tmp_path):
    """A condition may name it anyway."""
    resviz.trace(finetuned()).save(tmp_path / "tuned.json")
    mixed = resviz.sweep("resnet18", str(tmp_path / "tuned.json"), jobs=1)
    assert [11_689_512, 513_000] == list(mixed["trainable_params"])
    plain = resviz.sweep("resnet{18,34}", where="trainable_params > 12e6", jobs=1)
    assert ["resnet34"] == list(plain["spec"])
    assert "trainable_params" not in plain


def test_a_report_says_it_in_every_part(record):
    """Total, stages, Table 1 and layers; nothing of a net that is trained whole."""
    page = resviz.report(resviz.trace(finetuned()))
    assert "513,000 · 11,176,512 frozen" in page
    assert 4 == page.count(">trainable<")
    assert ">trainable<" not in resviz.report(record("resnet18"))
