"""The cost table: promised keys, terms that sum up, words that say why."""

import torch
from torch import nn

import resviz
from resviz.models.catalogue import build_network
from resviz.readings.costs.conventions import CONVENTIONS

KEYS = [
    "name", "title", "input_shape", "batch", "macs", "elements", "conventions",
    "variants", "not_counted", "convention", "elements_convention",
]  # fmt: skip


def test_promised_keys_come_first(record):
    """Other programs read them; more may follow."""
    data = resviz.costs_table(record("resnet50")).to_dict()
    assert KEYS == list(data)[: len(KEYS)]
    keys = ["tools", "calls_it", "total", "terms", "unknown", "source", "total_gi"]
    assert keys == list(data["conventions"][0])
    assert ["name", "published", "macs", "difference", "blocks"] == list(
        data["variants"][0]
    )


def test_terms_sum_to_the_total(record):
    """Each term is so many elements, counted so often."""
    for spec in ("resnet50", "cifar20", "resnet(50, stem='deep', avg_down=True)"):
        for one in resviz.costs_table(record(spec)).to_dict()["conventions"]:
            amounts = [term["each"] * term["elements"] for term in one["terms"]]
            assert amounts == [term["amount"] for term in one["terms"]]
            assert one["total"] == sum(amounts)


def test_totals_by_1024_cubed(record):
    """4.134 G of thop is 3.850 there, beside the 3.858 G of the paper's own network."""
    table = resviz.costs_table(record("resnet50"))
    thop = next(row for row in table.rows if row["counter"].startswith("thop"))
    assert (4_133_742_592, "3.850") == (thop["total"], thop["gi"])
    data = table.to_dict()["conventions"]
    assert [one["total"] / 2**30 for one in data] == [one["total_gi"] for one in data]
    assert "in Gi" in table.render("text", width=120)


def test_why_they_differ(record):
    """4.09, 4.11, 8.18 G and the paper's 3.86 G of one ResNet-50, in words."""
    rows = resviz.costs_table(record("resnet50")).rows
    said = {(row["counter"], row["calls_it"]): row for row in rows}
    assert "MACs" == said["torchvision 0.28.0", "GFLOPS"]["terms"]
    fvcore = said["fvcore 0.1.5, mmengine 0.10.7, timm", "flops"]
    assert 4_111_512_576 == fvcore["total"]
    assert (
        "MACs\n+ 2 × 11,113,984 batch norm\n+ 100,352 global-pool inputs"
        == fvcore["terms"]
    )
    assert "2 × MACs" == said["torch FlopCounterMode 2.13.0", "FLOP"]["terms"]
    assert 3_857_973_248 == said["He et al. 2015", "MACs"]["total"]


def test_other_networks_are_set_off(record):
    """The last row of ResNet-50 is no convention."""
    table = resviz.costs_table(record("resnet50"))
    assert {len(CONVENTIONS)} == table.marked
    assert not resviz.costs_table(record("resnet(50, strides=(1, 1, 1, 1))")).marked


def test_every_convention_has_a_version_and_a_source():
    """But timm, which runs another's."""
    assert [] == [
        one.tool_names
        for one in CONVENTIONS
        if not one.source
        or not all(version or name == "timm" for name, version in one.tools)
    ]


def test_what_is_not_known_is_said():
    """ELU, which SELU runs too, was compared with none; no number is given then."""
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.LayerNorm(8), nn.ELU())
    data = resviz.costs_table(resviz.trace(net, (3, 8, 8))).to_dict()
    unknown = {one["tools"][0]["name"]: one["unknown"] for one in data["conventions"]}
    assert [] == unknown["torch FlopCounterMode"]
    assert ["elu"] == unknown["fvcore"] == unknown["thop"]
    assert ["layer norm", "elu"] == unknown["pycls"]


def totals(net, *size):
    """What each tool gives for a network, by its name for the number."""
    data = resviz.costs_table(resviz.trace(net, size)).to_dict()["conventions"]
    return {(one["tools"][0]["name"], one["calls_it"]): one["total"] for one in data}


def test_torchinfo_over_positions():
    """It forgets the positions of a linear layer, so no number is claimed."""
    given = totals(nn.Linear(8, 4), 3, 8)
    assert None is given["torchinfo", "mult-adds"]
    assert 3 * 8 * 4 + 3 * 4 == given["ptflops (aten)", "MACs"]


def test_a_transposed_convolution():
    """Some tools visit its output instead of its input, and no number is claimed."""
    given = totals(nn.ConvTranspose2d(4, 6, 2), 4, 3, 3)
    wrong = {
        *("thop", "torchinfo", "torchprofile", "torchscan", "pycls"),
        *("calflops", "DeepSpeed"),
    }
    assert wrong == {name for (name, _), total in given.items() if total is None}


def test_functions_are_not_modules():
    """A tool with hooks misses them; where it counts such work, no number is given."""

    class Functions(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)

        def forward(self, x):
            return torch.relu(self.norm(self.conv(x)))

    given = totals(nn.Sequential(Functions()), 3, 2, 2)
    assert None is given["ptflops (pytorch)", "MACs"]
    assert 4 * (4 * 3) + 4 * 16 == given["thop", "MACs"]


def test_training_mode_is_not_known():
    """Tools were compared in evaluation; only sums of MACs stay."""
    data = resviz.costs_table(resviz.trace("resnet18", training=True)).to_dict()
    totals = {one["total"] for one in data["conventions"]}
    assert {1_814_073_344, 2 * 1_814_073_344, None} == totals


def test_gaps_stand_below_every_table_with_a_total():
    """An operation without a rule is named once, with its count and place."""

    class Odd(nn.Module):
        def forward(self, maps):
            return torch.matrix_exp(maps[0]) + torch.matrix_exp(maps[0])

    model = nn.Sequential(build_network("resnet18", out_indices=[3]), Odd())
    arch = resviz.trace(model, (3, 64, 64))
    line = "not counted: linalg_matrix_exp, 2×, first at 1"
    for table in (
        resviz.table(arch),
        resviz.costs_table(arch),
        resviz.layers(arch),
        resviz.summary(arch),
        resviz.shortcuts(arch),
    ):
        assert 1 == table.render("text").count(line)


def test_the_batch_scales_the_terms():
    """Twice the samples, twice the total of what is counted for each."""
    one, two = (
        resviz.costs_table(resviz.trace("resnet18", batch=batch)).to_dict()
        for batch in (1, 2)
    )
    assert 2 == two["batch"]
    for once, twice in zip(one["conventions"], two["conventions"], strict=True):
        per_layer = [t for t in once["terms"] if t["name"] == "batch-norm channels"]
        extra = sum(term["amount"] for term in per_layer)
        assert 2 * once["total"] == twice["total"] + extra


def test_it_reads_well_at_eighty_columns(record):
    """No line is longer, and no term of ResNet-50 is cut."""
    text = resviz.costs_table(record("resnet50")).render("text", width=80)
    assert 80 >= max(map(len, text.splitlines()))
    assert "+ 2 × 11,113,984 batch norm\n" in text


def test_attention_says_when_its_numbers_hold():
    """And a network without it does not."""
    said = [
        "torch.no_grad()" in str(resviz.costs(resviz.trace(net, (16, 64))))
        for net in (nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), nn.ReLU())
    ]
    assert [True, False] == said
