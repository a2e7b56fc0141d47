"""The summary's rows: every parameter and every MAC stands in one of them."""

import pytest
import torch
from torch import nn

import resviz
from resviz.figures.overview.sentences import describe_network
from resviz.record.storage import load
from tests.readings.structure.golden.networks import record_file
from tests.readings.structure.toys import Basic, conv


class Spare(nn.Module):
    """Two stages, a convolution between them, and a layer that nothing calls."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 3)
        self.fine = nn.Sequential(Basic(8, 8), Basic(8, 8))
        self.between = conv(3, 8, 16, stride=2)
        self.coarse = nn.Sequential(Basic(16, 16), Basic(16, 16))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Conv2d(16, 10, 1)
        self.spare = nn.Linear(4, 5)

    def forward(self, x):
        y = self.coarse(self.between(self.fine(self.stem(x))))
        return self.classifier(self.pool(y))


def rows_of(module):
    """The rows of a module's summary by their name, and its record."""
    arch = resviz.trace(module, (3, 16, 16))
    return {row["name"]: row for row in resviz.summary(arch).rows}, arch


def test_all_that_is_no_stage_has_a_row():
    """Stem, head, what runs between stages, and what nothing calls."""
    rows, _ = rows_of(Spare())
    names = ["stem", "fine", "coarse", "head", "other layers", "never called"]
    assert names == list(rows)
    assert [224, 1168, 170, 25] == [
        rows[name]["params"]
        for name in ("stem", "other layers", "head", "never called")
    ]


@pytest.mark.parametrize("column", ["params", "macs", "elements"])
def test_the_rows_sum_to_the_network(column):
    """Nothing is left out, nothing stands twice."""
    rows, arch = rows_of(Spare())
    total = resviz.summary(arch).to_dict()[column]
    assert total == sum(row[column] for row in rows.values())


def test_shares_are_those_of_the_whole():
    """They sum to it, of parameters also with what is never called."""
    rows, arch = rows_of(Spare())
    for column in ("params_share", "macs_share"):
        assert pytest.approx(1) == sum(row[column] for row in rows.values())
    assert 1168 / arch.params == rows["other layers"]["params_share"]


def test_a_network_without_weights_has_no_share():
    """Nothing is divided by nothing."""
    rows, _ = rows_of(nn.Sequential(nn.ReLU(), nn.ReLU()))
    shares = [(row["params_share"], row["macs_share"]) for row in rows.values()]
    assert [(0.0, 0.0)] == shares


def test_a_layer_of_weights_alone_has_a_row():
    """An embedding of positions, which costs nothing and which no input reaches."""

    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(3, 3), Basic(8, 8))
            self.places = nn.Embedding(16, 8)

        def forward(self, x):
            places = self.places(torch.arange(16, device=x.device))
            return self.body(x) + places.T[:, :, None]

    rows, _ = rows_of(Placed())
    assert (128, 0, 0) == tuple(
        rows["other layers"][key] for key in ("params", "macs", "elements")
    )


def test_layers_that_cost_nothing_have_no_row():
    """A constant that is made on the way is no part of the network."""

    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(conv(3, 3), Basic(8, 8))

        def forward(self, x):
            return self.body(x) * x.new_zeros(())

    rows, _ = rows_of(Constant())
    assert ["stem", "body", "head"] == list(rows)


def test_a_network_without_stages_has_one_row():
    """Its layers are no stem of anything."""
    rows, _ = rows_of(nn.Sequential(conv(3, 3), nn.ReLU()))
    assert ["layers"] == list(rows)


class Conditioned(nn.Module):
    """A stem, two blocks and a head; a time's embedding is added in the blocks.

    Of three kinds: "late" makes the embedding after the stem, "early" before it, "bare"
    has no stem but it; each has an auxiliary output that is made last.
    """

    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.stem = nn.Identity() if kind == "bare" else nn.Conv2d(8, 8, 2, 2)
        self.time = nn.Sequential(nn.Linear(5, 8), nn.SiLU(), nn.Linear(8, 8))
        self.into = nn.ModuleList(conv(3, 8) for _ in range(2))
        self.out = nn.ModuleList(conv(3, 8) for _ in range(2))
        self.head, self.aux = nn.Linear(8, 3), nn.Linear(8, 4)

    def forward(self, x, t):
        if self.kind == "early":
            t = self.time(t)
        x = self.stem(x)
        if self.kind != "early":
            t = self.time(t)
        for a, b in zip(self.into, self.out, strict=True):
            x = x + b((a(x) + t[:, :, None, None]).relu())
        pooled = x.mean((2, 3))
        first = self.head(pooled.relu() + self.aux.weight.mean())
        return first, self.aux(pooled)


@pytest.mark.parametrize(
    ("kind", "stem"), [("late", (8, 4, 4)), ("early", (8, 4, 4)), ("bare", (8, 8, 8))]
)
def test_the_stem_gives_what_the_first_block_reads(kind, stem):
    """It is no matter what its last layer is, as one of a time's embedding."""
    arch = resviz.trace(
        Conditioned(kind), inputs=(torch.zeros(1, 8, 8, 8), torch.zeros(1, 5))
    )
    rows = {row["name"]: row for row in resviz.summary(arch).rows}
    shapes = [rows[name]["output_shape"] for name in ("stem", "head")]
    assert [[1, *stem], [1, 3]] == shapes
    sizes = "×".join(map(str, (*stem[1:], stem[0])))
    assert f"giving {sizes}. Stage" in describe_network(arch)


def test_shapes_with_channels_last_are_told_as_others():
    """Of a stem that puts them last, as Swin's, and of the mean over channels."""

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.patch, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
            self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 8)

        def forward(self, x):
            x = self.norm(self.patch(x).permute(0, 2, 3, 1))
            x = x + self.b(self.a(x).relu())
            return x.mean(3, keepdim=True)

    arch = resviz.trace(Last().eval(), (3, 24, 16))
    (stem,) = [row for row in resviz.summary(arch).rows if row["name"] == "stem"]
    assert (6, 4, 8) == stem["output_shape"].sizes
    assert "giving 6×4×8" in resviz.describe(arch)
    assert (6, 4, 1) == resviz.layers(arch).rows[-1]["output_shape"].sizes


def test_a_flow_beside_which_blocks_work_is_of_one_path():
    """HRNet's branches run at four sizes at once, of which a row tells one."""
    notes = resviz.summary(load(record_file("hrnet_w18_small"))).notes
    assert (
        "shape flow: along the path with the most weights; 15 of 23 blocks work beside "
        "it, at sizes of their own"
    ) in notes
    assert not [n for n in resviz.summary("18").notes if n.startswith("shape flow:")]
