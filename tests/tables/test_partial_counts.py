"""Layers of which a part is counted: what is known counts, and says "at least"."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.figures import draw_diagram
from resviz.units import AtLeast


class GraphConvolution(nn.Module):
    """A dense product beside a sparse one in one leaf, as pygcn has it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(12, 6))
        self.register_buffer("adjacency", torch.eye(20).to_sparse())

    def forward(self, x):
        return torch.spmm(self.adjacency, torch.mm(x, self.weight))


class ConvThenSvd(nn.Module):
    """A convolution and factors of what it gives in one leaf."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, channels, 1, 1))

    def forward(self, x):
        return torch.linalg.svd(F.conv2d(x, self.weight).relu())[0]


class LinearThenEigenvalues(nn.Module):
    """A linear layer and eigenvectors of what it gives in one leaf."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 8))

    def forward(self, x):
        return torch.linalg.eigh(F.linear(x, self.weight))[1]


class GroupedThenExponential(nn.Module):
    """A grouped convolution and an exponential of matrices in one leaf."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 2, 3, 3))

    def forward(self, x):
        return torch.matrix_exp(F.conv2d(x, self.weight, padding=1, groups=2))


LEAVES = {
    "sparse": (GraphConvolution(), (20, 12)),
    "svd": (ConvThenSvd(3), (1, 3, 8, 8)),
    "eigh": (LinearThenEigenvalues(), (1, 8, 8)),
    "grouped": (GroupedThenExponential(), (1, 4, 8, 8)),
}

COUNTED_AS_DENSE = {"sparse": 20 * 20 * 6}
"""What torch's counter takes for products of whole matrices."""


class Block(nn.Module):
    """A block whose shortcut is a leaf of which a part is counted."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 1, bias=False)
        self.body = nn.Sequential(
            nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)
        )
        self.short = ConvThenSvd(4)

    def forward(self, x):
        x = self.stem(x)
        return self.body(x) + self.short(x)


@pytest.fixture(scope="module")
def block():
    """Return the record of such a block on 8×8."""
    return resviz.trace(Block(), (3, 8, 8))


@pytest.mark.parametrize("kind", LEAVES)
def test_known_products_of_a_leaf_count_as_torch_counts_them(kind):
    """Products beside an operation without a rule are in totals, and say a bound."""
    model, shape = LEAVES[kind]
    x = torch.randn(shape)
    with FlopCounterMode(display=False) as counter:
        model(x)
    expected = counter.get_total_flops() // 2 - COUNTED_AS_DENSE.get(kind, 0)
    arch = resviz.trace(nn.Sequential(model), inputs=x)
    (layer,) = arch.layers
    assert expected == arch.macs == layer.macs_at_least > 0
    assert layer.macs is None
    assert f"≥ {expected:,}" in str(resviz.layers(arch))
    assert f"MACs         at least {expected:,}" in str(resviz.summary(arch))


def test_known_elements_of_a_leaf_count():
    """A ReLU beside factors counts what it writes."""
    arch = resviz.trace(nn.Sequential(ConvThenSvd(3)), (3, 8, 8))
    (layer,) = arch.layers
    assert (None, 4 * 8 * 8) == (layer.elements, layer.elements_at_least)
    assert arch.elements == 4 * 8 * 8


def test_every_place_that_shows_the_costs_says_that_they_are_a_bound(block):
    """Tables, figures and their sentences of a block mark what leaves something out."""
    body = 2 * 9 * 4 * 4 * 64
    total = 3 * 4 * 64 + body + 4 * 4 * 64
    assert total == block.macs
    shortcuts = resviz.shortcuts(block)
    assert "≥ 1,024" in str(shortcuts)
    assert "at least 1.02 k MACs, 5.1% of all known MACs" in str(shortcuts)
    assert f"≥ {body + 1024:,}" in str(resviz.summary(block))
    assert f"at least {total:,}" in str(resviz.costs(block))
    figure = draw_diagram(block, "block").to_svg()
    assert "≥ 19.5 k multiply-adds" in figure
    assert "at least 19.5 k multiply-adds" in draw_diagram(block, "block").description
    report = resviz.report(block)
    assert "≥ 1,024" in report
    assert "Layers whose MACs are not wholly known: 1" in report
    assert f"≥ {total:,}</td>" in report


def test_data_keep_an_unknown_count_and_say_what_is_known(block):
    """JSON, CSV and data frames have no number for it, and its bound under a key."""
    table = resviz.layers(block)
    data = {row["name"]: row for row in json.loads(table.to_json())}
    assert (None, 1024) == (data["short"]["macs"], data["short"]["macs_at_least"])
    assert data["stem"]["macs"] == data["stem"]["macs_at_least"] == 768
    chosen = table.select_columns("name,macs,macs_at_least")
    assert "short,,1024\n" in chosen.to_csv()
    assert None is dict(zip(table["name"], table["macs"], strict=True))["short"]
    assert chosen.to_pandas()["macs"].isna().sum() == 1
    (stage,) = json.loads(resviz.summary(block).to_json())["stages"]
    gap = {"operation": "_linalg_svd", "count": 1, "first": "short"}
    assert [gap] == stage["not_counted"]
    (shortcut,) = json.loads(resviz.shortcuts(block).to_json())
    assert ([gap], 1024) == (shortcut["not_counted"], shortcut["macs"])


def test_what_is_known_of_a_row_gives_it_its_place(block):
    """Rows stand by what is known of them; that counts for what is left out, too."""
    table = resviz.layers(block, sort="macs")
    assert "short" == table["name"][2]
    shown = resviz.layers(block, top=2)
    assert f"{(1024 + 768) / block.macs:.1%} of MACs" in "\n".join(shown.notes)
    folded = resviz.layers(block, depth=1)
    assert (None, 1024) == next(
        (row["macs"], row["macs_at_least"])
        for row in folded.data
        if row["name"] == "short"
    )


def test_another_network_with_an_unknown_shortcut_has_no_count(block):
    """A padded shortcut is no known change for one that is not wholly counted."""
    assert "option A" not in str(resviz.costs(block))


def test_sums_of_bounds_are_bounds():
    """What is added to a number that leaves something out leaves it out as well."""
    for total in (sum([1, AtLeast(2)]), AtLeast(2) + 1, 1 + AtLeast(2)):
        assert "≥ 3" == f"{total:,}"


class OrthogonalLinear(nn.Module):
    """A linear layer whose weight is an exponential, as parametrizations make it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, 8))

    def forward(self, x):
        return F.linear(x, torch.matrix_exp(self.weight - self.weight.mT))


class FactoredLinear(OrthogonalLinear):
    """A linear layer whose weight is a factor of its parameter."""

    def forward(self, x):
        return F.linear(x, torch.linalg.svd(self.weight)[0])


@pytest.mark.parametrize("model", [OrthogonalLinear(), FactoredLinear()])
def test_what_is_done_with_parameters_alone_is_not_counted_as_nothing(model):
    """An operation without a rule on weights is named, and makes totals a bound."""
    from resviz.readings.costs import find_uncounted_weights

    arch = resviz.trace(model, (8, 8))
    assert len(find_uncounted_weights(arch)) == 1
    assert "at least 512" in str(resviz.summary(arch))


def test_an_index_made_of_constants_needs_no_rule():
    """What makes an index out of a few numbers hides no weights."""

    class Indexed(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8, 8)

        def forward(self, x):
            return self.linear(x)[:, torch.arange(8).flip(0)]

    assert () == resviz.trace(Indexed(), (8,)).uncounted
