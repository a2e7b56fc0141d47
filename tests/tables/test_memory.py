"""The memory table: keys that are promised, sums that agree, words that say it."""

import json

import pytest
import torch
from torch import nn

import resviz
from resviz import units
from resviz.readings import memory
from resviz.tables.memory import describe_largest

KEYS = [
    "name", "input_shape", "training", "parameter_bytes", "buffer_bytes",
    "activation_bytes", "inference_peak_bytes", "inference_peak_layer",
    "inference_total_bytes", "training_kept_bytes", "gradient_bytes",
    "momentum_bytes", "adam_bytes", "by_dtype", "held_at_peak", "not_counted",
]  # fmt: skip

ROW_KEYS = ["parameter_bytes", "activation_bytes", "held_bytes", "kept_bytes"]

NETWORKS = ["resnet50", "cifar20", "resnet(50, out_indices=[1, 3])"]


def test_promised_keys_come_first(record):
    """Other programs read them; more may follow."""
    data = resviz.memory(record("resnet18")).to_dict()
    assert KEYS == list(data)[: len(KEYS)]
    for rows in (
        data["parts"],
        resviz.memory(record("resnet18"), layers=True).data["layers"],
    ):
        assert set(ROW_KEYS) < set(rows[0])


def test_parameters_of_resnet_50_by_hand(record):
    """25,557,032 of 4 bytes; gradients as many, Adam's two moments twice."""
    data = resviz.memory(record("resnet50")).to_dict()
    assert 4 * 25_557_032 == data["parameter_bytes"] == data["gradient_bytes"]
    assert (102_228_128, 2 * 102_228_128) == (
        data["momentum_bytes"],
        data["adam_bytes"],
    )


def test_buffers_of_resnet_50_are_those_of_its_module(record):
    """Running statistics, and a counter of 8 bytes for each batch norm."""
    model = resviz.models.resnet50()
    size = sum(buffer.nbytes for buffer in model.buffers())
    assert size == resviz.memory(record("resnet50")).to_dict()["buffer_bytes"]


@pytest.mark.parametrize("spec", NETWORKS)
def test_rows_sum_to_the_totals(record, spec):
    """No byte is lost or counted twice; the peak is the largest of what rows hold."""
    arch = record(spec)
    for rows in ("parts", "layers"):
        data = resviz.memory(arch, layers=rows == "layers").to_dict()
        found = data[rows]
        for key, total in (
            ("parameter_bytes", "parameter_bytes"),
            ("activation_bytes", "activation_bytes"),
            ("kept_bytes", "training_kept_bytes"),
        ):
            assert data[total] == sum(row[key] for row in found)
        assert data["inference_peak_bytes"] == max(row["held_bytes"] for row in found)


def test_what_is_held_at_the_peak_sums_to_it(record):
    """Each tensor by the layer that made it, the model's input among them."""
    data = resviz.memory(record("resnet50")).to_dict()
    assert data["inference_peak_bytes"] == sum(
        it["bytes"] for it in data["held_at_peak"]
    )
    assert "input" in {it["name"] for it in data["held_at_peak"]}


def test_parameters_that_are_never_called_have_a_row():
    """They take memory all the same."""

    class Spare(nn.Sequential):
        def forward(self, x):
            return self[0](x)

    arch = resviz.trace(Spare(nn.Conv2d(3, 3, 1), nn.Linear(4, 5)), (3, 4, 4))
    data = resviz.memory(arch).to_dict()
    assert ("never called", 25 * 4) == (
        data["parts"][-1]["name"],
        data["parts"][-1]["parameter_bytes"],
    )
    assert (12 + 25) * 4 == data["parameter_bytes"]


def test_the_mode_is_said(record):
    """What evaluation keeps is not what training keeps."""
    assert "--training follows the other" in str(resviz.memory(record("resnet18")))
    trained = str(resviz.memory(resviz.trace("resnet18", training=True)))
    assert "in training mode keeps" in trained
    assert "--training" not in trained


def test_attention_by_products_is_said():
    """A fused kernel, which torch takes where it can, holds less."""

    class Attention(nn.Module):
        def forward(self, x):
            return nn.functional.scaled_dot_product_attention(x, x, x)

    arch = resviz.trace(Attention(), (2, 4, 8))
    assert "a fused kernel holds less" in str(resviz.memory(arch))


def test_every_format_has_the_numbers(record):
    """JSON in bytes, CSV in bytes, text in MiB."""
    table = resviz.memory(record("resnet50"))
    assert table.to_dict() == json.loads(table.render("json"))
    assert ",33." not in table.render("csv")
    assert "33.69" in table.render("text")
    assert "peak 11,841,536 bytes (11.29 MiB) at layer1.1.bn3" in table.render("html")


def test_eighty_columns_are_enough(record):
    """All but the output fits."""
    lines = resviz.memory(record("resnet50")).render("text", width=80).splitlines()
    assert 80 >= max(map(len, lines))


def test_the_convention_stands_below(record):
    """No number of bytes is printed without saying what it counts."""
    assert memory.MEMORY_CONVENTION in str(resviz.memory(record("resnet18")))


def test_sizes_of_dtypes_are_torchs():
    """Read off their names."""
    known = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    whole = {it for it in known if "x" not in str(it) and "bits" not in str(it)}
    named = {it: str(it).removeprefix("torch.") for it in whole}
    assert {it: it.itemsize for it in whole} == {
        it: units.dtype_itemsize(name) for it, name in named.items()
    }


def test_tensors_of_one_layer_are_held_together():
    """An LSTM holds dozens at its peak; those of a convolution are one each."""
    named = [{"name": name, "bytes": 2**20 * k} for name, k in [("a", 3), ("b", 2)]]
    named += [{"name": "b", "bytes": 2**20 * 2}]
    said = "b 4.00 MiB in 2 tensors + a 3.00 MiB"
    assert said == describe_largest(named)
