"""Layer, shortcut and summary tables: keys that are promised, sums that agree."""

import pytest
import torch
from torch import nn

import resviz
from resviz import SpecError
from resviz.tables.layers import layers_before_failure

LAYER_KEYS = [
    "index", "name", "type", "ops", "input_shapes", "output_shape", "kernel",
    "stride", "padding", "dilation", "groups", "params", "macs",
]  # fmt: skip

SHORTCUT_KEYS = [
    "stage", "block", "name", "kind", "reason", "input_shape", "output_shape",
    "stride", "params", "macs",
]  # fmt: skip

SUMMARY_KEYS = [
    "name", "input_shape", "layers", "blocks", "stages", "params", "macs", "flow",
    "not_counted",
]  # fmt: skip

NETWORKS = ["resnet50", "resnext50_32x4d", "cifar20", "resnet(18, shortcut='C')"]


def test_promised_keys_come_first(record):
    """Other programs read them; more may follow."""
    arch = record("resnet18")
    tables = {
        tuple(LAYER_KEYS): resviz.layers(arch).to_dict()[0],
        tuple(SHORTCUT_KEYS): resviz.shortcuts(arch).to_dict()[0],
        tuple(SUMMARY_KEYS): resviz.summary(arch).to_dict(),
    }
    for keys, data in tables.items():
        assert list(keys) == list(data)[: len(keys)]


def test_a_stage_of_the_summary_has_its_keys(record):
    """`blocks` is the number of them."""
    stage = resviz.summary(record("resnet50")).to_dict()["stages"][0]
    expected = {
        "name": "conv2_x",
        "blocks": 3,
        "type": "bottleneck",
        "output_shape": [1, 256, 56, 56],
        "params": 215_808,
        "macs": 667_942_912,
        "elements": 10_436_608,
        "trainable_params": 215_808,
        "frozen_params": 0,
        "params_share": 215_808 / 25_557_032,
        "macs_share": 667_942_912 / 4_089_184_256,
        "not_counted": [],
    }
    assert expected == stage


@pytest.mark.parametrize("spec", NETWORKS)
def test_layer_rows_sum_to_the_totals(record, spec):
    """No parameter, MAC or element is lost or counted twice."""
    arch = record(spec)
    rows, whole = resviz.layers(arch).to_dict(), resviz.summary(arch).to_dict()
    for key in ("params", "macs", "elements"):
        assert whole[key] == sum(row[key] for row in rows)


@pytest.mark.parametrize("spec", NETWORKS)
def test_summary_rows_sum_to_the_totals(record, spec):
    """Stem, stages and head are the whole network."""
    table = resviz.summary(record(spec))
    for key in ("params", "macs", "elements"):
        assert table.to_dict()[key] == sum(row[key] for row in table.rows)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_folded_rows_sum_to_the_totals(record, depth):
    """Folding moves counts and loses none."""
    arch = record("resnet50")
    rows = resviz.layers(arch, depth=depth).to_dict()
    whole = resviz.summary(arch).to_dict()
    for key in ("params", "macs", "elements"):
        assert whole[key] == sum(row[key] for row in rows)


def test_a_fold_over_an_unknown_count_has_none():
    """What its other layers count would be less than it takes."""

    class RightSingular(nn.Module):
        def forward(self, x):
            return torch.linalg.svd(x, full_matrices=False).Vh

    net = nn.Sequential(nn.Linear(4, 3), RightSingular())
    net = nn.Sequential(net, nn.Linear(3, 2))
    rows = resviz.layers(resviz.trace(net, (4,)), depth=1).to_dict()
    assert [(15, None), (8, 6)] == [(row["params"], row["macs"]) for row in rows]


def test_depth_one_is_the_models_own_children(record):
    """What `print(model)` shows first."""
    names = [
        row["name"] for row in resviz.layers(record("resnet18"), depth=1).to_dict()
    ]
    stages = [f"layer{k}" for k in (1, 2, 3, 4)]
    assert [
        "conv1",
        "bn1",
        "relu",
        "maxpool",
        *stages,
        "avgpool",
        "flatten",
        "fc",
    ] == names


def test_a_folded_row_says_that_the_resolution_changes(record):
    """From the first input to the last output."""
    rows = resviz.layers(record("resnet18"), depth=1).to_dict()
    assert [[56, 56], [28, 28]] == rows[5]["resolution"]


def test_the_last_layers_before_a_failure_keep_their_marks(record):
    """A row is set off where the resolution changes, whichever number it has now."""
    arch = record("resnet18")
    changes = [row["resolution"] for row in resviz.layers(arch).to_dict()][-30:]
    shown = layers_before_failure(arch, 30)
    assert {k for k, change in enumerate(changes) if change} == shown.marked
    assert (30, True) == (len(shown), bool(shown.marked))


def test_only_convolutions(record):
    """53 of them in ResNet-50, projections included."""
    assert 53 == len(resviz.layers(record("resnet50"), only="conv").to_dict())


@pytest.mark.parametrize("options", [{"only": "konv"}, {"depth": 0}])
def test_wrong_choices_are_named(record, options):
    """The message says what there is to choose from."""
    with pytest.raises(SpecError, match="want"):
        resviz.layers(record("resnet18"), **options)


def test_option_a_costs_nothing(record):
    """No shortcut under option A has parameters."""
    rows = resviz.shortcuts(record("resnet(34, shortcut='A')")).to_dict()
    assert 0 == sum(row["params"] + row["macs"] for row in rows)


def test_the_share_of_projections(record):
    """Four projections are 359,661,568 of ResNet-50's 4,089,184,256 MACs."""
    rows = resviz.shortcuts(record("resnet50"), only="projection").to_dict()
    assert (4, 359_661_568) == (len(rows), sum(row["macs"] for row in rows))
    assert 359_661_568 / 4_089_184_256 == pytest.approx(
        sum(r["macs_share"] for r in rows)
    )


@pytest.mark.parametrize(("spec", "depth"), [("resnet50", 50), ("cifar110", 110)])
def test_the_depth_is_the_networks_number(record, spec, depth):
    """Weighted layers on the main path; projections are not counted."""
    assert depth == resviz.summary(record(spec)).to_dict()["depth"]


def test_the_convention_stands_below_every_table(record):
    """No count is printed without saying what it counts."""
    arch = record("resnet18")
    for table in (resviz.layers(arch), resviz.shortcuts(arch), resviz.summary(arch)):
        assert "1 MAC = 2 FLOPs" in str(table)


def test_shortcuts_are_counted_in_words(record):
    """One projection, several projections."""
    notes = resviz.shortcuts(record("resnet50")).notes
    assert notes[0].startswith("4 projections, 12 identity shortcuts: ")
    notes = resviz.shortcuts(record("resnet50"), only="projection").notes
    assert notes[0].startswith("4 projections: ")


def test_a_dataframe_has_the_same_numbers(record):
    """Pandas gets values, not text."""
    frame = resviz.shortcuts(record("resnet50")).to_pandas()
    assert 2_776_576 == int(frame["params"].sum())


def test_tables_show_themselves_in_a_notebook(record):
    """As HTML, and as text where there is none."""
    bundle = resviz.table(record("resnet18"))._repr_mimebundle_()
    assert {"text/plain", "text/html"} == set(bundle)
    assert "<math>" in bundle["text/html"]
