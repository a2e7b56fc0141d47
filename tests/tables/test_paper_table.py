"""Table 1 of He et al. 2015, cell by cell."""

import csv
from pathlib import Path

import pytest
import torch
from torch import nn

import resviz
from resviz import SpecError
from resviz.models import resnet, resnet18
from resviz.record import Operation, Window
from resviz.tables.paper_cells import describe_convolution
from tests.readings.structure.toys import Basic

PRINTED = Path(__file__).parent.parent / "data" / "he2015_table1.csv"
PAPER = list(csv.DictReader(PRINTED.read_text().splitlines()))


@pytest.fixture(scope="module")
def paper():
    """The table without any argument, as JSON has it."""
    return resviz.table().to_dict()


@pytest.mark.parametrize("row", PAPER[:-1], ids=lambda row: row["layer"])
def test_every_cell_is_the_papers(paper, row):
    """Names, output sizes and cells are those that were printed in 2015."""
    mine = next(r for r in paper["rows"] if r["name"] == row["layer"])
    cells = [cell.replace("×", "x") for cell in mine["cells"]]
    assert row["output"] == "x".join(map(str, mine["output"]))
    assert [row[f"d{depth}"] for depth in (18, 34, 50, 101, 152)] == cells


def test_the_flops_row_is_the_papers(paper):
    """Within 0.06 G: no convention rounds to all five printed values."""
    mine = next(r for r in paper["rows"] if r["name"].startswith("FLOPs"))
    printed = [float(PAPER[-1][f"d{depth}"]) for depth in (18, 34, 50, 101, 152)]
    assert printed == pytest.approx(mine["cells"], abs=0.06e9)


def test_the_rows_stand_in_the_papers_order(paper):
    """conv1, the pool, conv2_x … conv5_x, head, FLOPs."""
    names = [row["name"] for row in paper["rows"]]
    assert [*(row["layer"] for row in PAPER), "parameters"] == names


def test_columns_hold_stages_and_totals(paper):
    """The promised keys, numbers as numbers."""
    column = paper["columns"][2]
    assert {"name", "stages", "params", "macs"} <= column.keys()
    assert ("paper50", 3_857_973_248) == (column["name"], column["macs"])
    assert [3, 4, 6, 3] == [stage["blocks"] for stage in column["stages"]]


def test_todays_networks_have_the_same_blocks():
    """The stride's place and the shortcuts change no cell of the blocks."""
    rows = resviz.table([18, 34, 50, 101, 152]).to_dict()["rows"]
    blocks = {row["layer"]: row for row in PAPER if row["layer"].endswith("_x")}
    for row in rows:
        if row["name"] in blocks:
            theirs = [blocks[row["name"]][f"d{d}"] for d in (18, 34, 50, 101, 152)]
            assert theirs == [cell.replace("×", "x") for cell in row["cells"]]


def test_cifar_networks_have_three_stages_and_no_pool():
    """Rows are the union of what the columns have."""
    rows = resviz.table(["cifar20", "cifar56"]).to_dict()["rows"]
    names = ["conv1", "conv2_x", "conv3_x", "conv4_x", "head"]
    assert names == [row["name"] for row in rows[:5]]
    assert ["[3×3, 32; 3×3, 32] ×3", "[3×3, 32; 3×3, 32] ×9"] == rows[2]["cells"]


def test_networks_of_different_input_say_the_size_in_each_cell():
    """One output column would be true of only one of them."""
    rows = resviz.table(["cifar20", "resnet18"]).to_dict()["rows"]
    stage = next(row for row in rows if row["name"] == "conv2_x")
    assert None is stage["output"]
    assert "32×32: [3×3, 16; 3×3, 16] ×3" == stage["cells"][0]


def test_a_network_without_a_stage_has_an_empty_cell():
    """A CIFAR net has no conv5_x."""
    rows = resviz.table(["cifar20", "resnet18"]).to_dict()["rows"]
    assert [None] == [r["cells"][0] for r in rows if r["name"] == "conv5_x"]


def test_groups_and_dilation_are_named():
    """What changes a convolution stands in its line."""
    dilated = "resnet(50, replace_stride_with_dilation=[False, False, True])"
    rows = resviz.table(["resnext50_32x4d", dilated]).to_dict()["rows"]
    last = next(row for row in rows if row["name"] == "conv5_x")
    assert "3×3, 1024, 32 groups" in last["cells"][0]
    assert last["cells"][1].startswith(
        "14×14: [1×1, 512; 3×3, 512; 1×1, 2048] ×1, [1×1"
    )
    assert "3×3, 512, d2" in last["cells"][1]


def test_a_deep_stem_is_a_list():
    """Three convolutions of a stem stand in one cell."""
    rows = resviz.table("resnet(50, deep_stem=True)").to_dict()["rows"]
    assert ["[3×3, 32, stride 2; 3×3, 32; 3×3, 64]"] == rows[0]["cells"]


def test_conv1_gives_the_size_of_its_last_convolution():
    """A stem that strides twice, without a pool."""
    net = resnet(18)
    net.conv1 = nn.Sequential(net.conv1, nn.Conv2d(64, 64, 3, 2, 1))
    (row,) = [
        row for row in resviz.table(net).to_dict()["rows"] if row["name"] == "conv1"
    ]
    assert [56, 56] == row["output"]


def test_models_and_records_are_taken_too():
    """A column may be a SPEC, a model or a record."""
    columns = resviz.table([18, resnet18(), resviz.trace("resnet18")]).to_dict()[
        "columns"
    ]
    assert [1_814_073_344] * 3 == [column["macs"] for column in columns]


def test_a_network_without_stages_is_refused():
    """The paper's table has a row a stage."""
    from torch import nn

    with pytest.raises(
        SpecError,
        match=r"Conv2d: no residual stages found.*resviz layers.*--figure lanes",
    ):
        resviz.table(nn.Conv2d(3, 3, 1))


def test_no_network_at_all_is_refused():
    """An empty list is no table."""
    with pytest.raises(SpecError, match="at least one network"):
        resviz.table([])


class Squeeze(nn.Module):
    """A gate of two fully connected layers; of one where `width` is None."""

    def __init__(self, channels, width):
        super().__init__()
        widths = [channels, *([width] if width else []), channels]
        self.layers = nn.ModuleList(map(nn.Linear, widths, widths[1:]))

    def forward(self, x):
        y = x.mean((2, 3))
        for layer in self.layers:
            y = layer(torch.relu(y))
        return x * y.sigmoid()[:, :, None, None]


class Efficient(nn.Module):
    """A gate of one convolution over the channels. Wang et al. 2020, ECA-Net."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 5, padding=2)

    def forward(self, x):
        y = self.conv(x.mean((2, 3))[:, None])
        return x * y.sigmoid()[:, 0, :, None, None]


class SideBySide(nn.Module):
    """A gate of two linear layers that both read the mean and the maximum."""

    def __init__(self, channels):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(2 * channels, channels) for _ in range(2))

    def forward(self, x):
        y = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        first, second = (layer(y) for layer in self.layers)
        return x * (first * second).sigmoid()[:, :, None, None]


def gated(depth, gate):
    """A ResNet with a gate before each addition."""
    net = resnet(depth)
    for module in net.modules():
        if hasattr(module, "bn3"):
            bn = module.bn3
            module.bn3 = nn.Sequential(bn, gate(bn.num_features))
    return net


def stages(table):
    """The cells of the blocks, one row a stage."""
    return [row["cells"] for row in table.to_dict()["rows"] if "_x" in row["name"]]


def test_squeeze_and_excitation_is_the_papers():
    """SE-ResNet-50, cell by cell. Source: Hu et al. 2018, table 1."""
    net = gated(50, lambda channels: Squeeze(channels, channels // 16))
    cells = [cell for (cell,) in stages(resviz.table(net)) if "pool" not in cell]
    assert [
        "[1×1, 64; 3×3, 64; 1×1, 256; fc, [16, 256]] ×3",
        "[1×1, 128; 3×3, 128; 1×1, 512; fc, [32, 512]] ×4",
        "[1×1, 256; 3×3, 256; 1×1, 1024; fc, [64, 1024]] ×6",
        "[1×1, 512; 3×3, 512; 1×1, 2048; fc, [128, 2048]] ×3",
    ] == cells


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (lambda channels: Squeeze(channels, None), "gate, fc [256]"),
        (lambda _: Efficient(), "gate, k=5 conv over channels"),
    ],
)
def test_other_gates_are_said_in_words(gate, said):
    """One fully connected layer, or a convolution over the channels."""
    (cell,) = stages(resviz.table(gated(26, gate)))[1]
    assert f"[1×1, 64; 3×3, 64; 1×1, 256; {said}] ×2" == cell


def test_two_weights_side_by_side_are_no_squeeze_and_excitation():
    """The second reads the pooled map too, not what the first made of it."""
    (cell,) = stages(resviz.table(gated(26, SideBySide)))[1]
    assert "[1×1, 64; 3×3, 64; 1×1, 256; gate, fc [256, 256]] ×2" == cell


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("text", "fc, [16, 256]"),
        ("markdown", "⎣fc, [16, 256]⎦"),
        ("latex", r"\text{fc, {[}16, 256{]}}"),
        ("html", "<mtext>fc, [16, 256]</mtext>"),
        ("svg", ">fc, [16, 256]<"),
    ],
)
def test_gates_stand_in_every_format(form, said):
    """As a line of the block's matrix, and what it means below."""
    net = gated(26, lambda channels: Squeeze(channels, channels // 16))
    shown = resviz.table(net).render(form)
    assert said in shown
    assert "squeeze-and-excitation" in " ".join(shown.split())


@pytest.mark.parametrize("groups", [2, 32])
def test_groups_stand_behind_the_width(groups):
    """From two on; the 1×1 convolutions beside them have one."""
    (cell,) = stages(resviz.table(f"resnet(50, groups={groups})"))[1]
    width = 64 * groups
    assert f"[1×1, {width}; 3×3, {width}, {groups} groups; 1×1, 256] ×3" == cell


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({}, "3×3, 8"),
        ({"dilation": (2, 2)}, "3×3, 8, d2"),
        ({"dilation": (1, 2)}, "3×3, 8, d1×2"),
        ({"stride": (2, 2)}, "3×3, 8, stride 2"),
        ({"stride": (1, 2)}, "3×3, 8, stride 1×2"),
    ],
)
def test_what_is_unusual_of_a_convolution_on_one_axis_is_said(numbers, said):
    """One axis that strides or is dilated is enough."""
    fields = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)} | numbers
    window = Window((3, 3), **fields)
    op = Operation(
        "convolution", ((1, 4, 9, 9), (8, 4, 3, 3)), (True, False),
        ((1, 8, 7, 7),), window,
    )  # fmt: skip
    assert said == describe_convolution(op, strided=True)


def test_less_than_a_giga_is_not_written_as_a_part_of_one():
    """ResNet-20 has 41 million, and ResNet-18 not quite two thousand."""
    table = resviz.table(["cifar20", "resnet18"])
    (flops,) = (row for row in table if row["name"].startswith("FLOPs"))
    assert ["40.55 M", "1.814 G"] == [*flops.values()][2:]


def test_gates_are_explained_only_where_there_are_any():
    """A plain ResNet-50 has none."""
    assert "excitation" not in resviz.table(50).render("text")


def strides(networks):
    """What stands below the table about where it strides."""
    return [note for note in resviz.table(networks).notes if "downsampling" in note]


def test_the_stride_is_the_papers():
    """Its sentence, and the place. Source: He et al. 2016, below table 1."""
    by = "downsampling is performed by conv3_1, conv4_1 and conv5_1 with a stride of 2"
    assert [f"{by}, at their first 1×1"] == strides("paper50")
    assert [f"{by}, at their first 3×3"] == strides(18)


def test_v1_and_v15_differ_in_the_table():
    """Which network strides where is said by name."""
    first, second = strides({"v1": "paper50", "v1.5": 50})
    assert (first[:4], first[-9:]) == ("v1: ", "first 1×1")
    assert (second[:6], second[-9:]) == ("v1.5: ", "their 3×3")


def test_other_strides_are_said_in_their_words():
    """A dilated net strides once; between stages it is no block that does."""

    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(Basic(3, 3), nn.MaxPool2d(2), Basic(3, 3))

        def forward(self, x):
            return self.body(x)

    (dilated,) = strides("resnet(50, output_stride=8)")
    assert dilated.endswith("by conv3_1 with a stride of 2, at its 3×3")
    (between,) = strides(resviz.trace(Between(), (3, 8, 8)))
    assert "by a 2×2 max pool with a stride of 2 before body.2" in between


def test_the_strides_are_data_too():
    """A layer each, with its block."""
    (column,) = resviz.table("paper50").to_dict()["columns"]
    assert {
        "layer": "layer2.0.conv1",
        "block": "conv3_1",
        "inside": True,
        "place": "first 1×1",
        "kernel": [1, 1],
        "stride": [2, 2],
    } == column["downsampling"][0]


def test_sources_are_named():
    """The table stands in other people's papers."""
    assert "as He et al. 2016 count them" in " ".join(resviz.table(18).notes)


@pytest.mark.parametrize("rank", [1, 2])
def test_a_gate_over_positions_is_said_as_such(rank):
    """Woo et al. 2018, CBAM: of the mean and the maximum over channels."""

    class Places(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = (nn.Conv1d if rank == 1 else nn.Conv2d)(2, 1, 7, padding=3)

        def forward(self, x):
            both = torch.stack([x.mean(1), x.amax(1)], 1)
            return x * self.conv(both).sigmoid()

    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            make = nn.Conv1d if rank == 1 else nn.Conv2d
            self.stem = make(3, 8, 3, padding=1)
            convs = (make(8, 8, 3, padding=1) for _ in range(2))
            first, second = convs
            self.body = nn.Sequential(first, nn.ReLU(), second, Places())

        def forward(self, x):
            x = self.stem(x)
            return x + self.body(x)

    arch = resviz.trace(Gated(), (3, *[16] * rank))
    kernel = "×".join("7" * rank) if rank > 1 else "k=7"
    cells = [str(row["cells"][0]) for row in resviz.table(arch).to_dict()["rows"]]
    assert any(f"gate, {kernel} conv over positions" in cell for cell in cells)


def test_a_block_without_lines_has_its_type():
    """As one whose only product is of a matrix and a vector."""

    class Vector(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(8))

        def forward(self, x):
            return torch.addmv(x[:, 0], x, self.weight)

    arch = resviz.trace(Vector(), inputs=torch.zeros(4, 8))
    assert "residual" in str(resviz.table(arch))


@pytest.mark.parametrize("hidden", [0, 32])
def test_a_product_that_its_sum_does_is_a_line(hidden):
    """A block of `addmm` has the width of what that multiplies, as its last line."""

    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(16, hidden) if hidden else nn.Identity()
            self.weight = nn.Parameter(torch.zeros(hidden or 16, 16))

        def forward(self, x):
            return torch.addmm(x, self.first(x).relu(), self.weight)

    net = nn.Sequential(nn.Linear(8, 16), Product(), Product(), nn.Linear(16, 2))
    (cell,) = resviz.table(resviz.trace(net, (8,))).to_dict()["rows"][1]["cells"]
    lines = "32-d fc; 16-d fc" if hidden else "16-d fc"
    assert f"[{lines}] ×2" == cell


def test_only_resnets_are_called_so():
    """A transformer's table is headed otherwise, and so is one of both."""
    layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    arch = resviz.trace(encoder, (12, 16))
    titles = [resviz.table(networks).title for networks in ([18], [arch], [18, arch])]
    assert ["ResNet architectures", "Architectures", "Architectures"] == titles


def test_kernels_of_one_axis_are_no_widths():
    """In cells, and where the stride sits."""
    make = [nn.Conv1d(3, 8, 7, padding=3), nn.MaxPool1d(3, 2, 1)]
    net = nn.Sequential(*make, Line(8, 8, 1), Line(8, 16, 2)).eval()
    table = resviz.table(resviz.trace(net, (3, 32)))
    cells = [str(row["cells"][0]) for row in table.to_dict()["rows"]]
    assert ["k=7, 8", "k=3 max pool, stride 2", "[k=5, 8; k=5, 8] ×1"] == cells[:3]
    assert "at its first k=5" in " ".join(table.notes)


class Line(nn.Module):
    """A residual block of two convolutions along one axis."""

    def __init__(self, width, width_after, stride):
        super().__init__()
        self.a = nn.Conv1d(width, width_after, 5, stride, 2)
        self.b = nn.Conv1d(width_after, width_after, 5, 1, 2)
        self.down = nn.Conv1d(width, width_after, 1, stride) if stride > 1 else None

    def forward(self, x):
        out = self.b(torch.relu(self.a(x)))
        return torch.relu(out + (x if self.down is None else self.down(x)))


def test_a_stride_between_branches_stands_before_the_block_that_reads_it():
    """Which is that on the main path, not the next to run, of another resolution."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), Basic(8, 8, 1))
            self.down, self.last = (nn.Conv2d(8, 16, 3, 2, 1) for _ in range(2))
            self.fine = nn.Sequential(*[Basic(8, 8, 1) for _ in range(2)])
            self.coarse = nn.Sequential(*[Basic(16, 16, 1) for _ in range(3)])

        def forward(self, x):
            x = self.stem(x)
            low = self.down(x)
            x = self.last(self.fine(x))
            return self.coarse(low) + x

    table = resviz.table(resviz.trace(Two().eval(), (3, 16, 16)))
    assert "by a 3×3 with a stride of 2 before coarse.0" in " ".join(table.notes)


def test_an_mlp_that_a_gate_calls_twice_has_two_widths():
    """CBAM's, of the mean and of the maximum: Woo et al. 2018."""

    class Gate(nn.Module):
        def __init__(self):
            super().__init__()
            self.mlp = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8))

        def forward(self, x):
            both = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
            return x * both.sigmoid()[..., None, None]

    block = Basic(8, 8, 1)
    block.b = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), Gate())
    net = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), block, block)
    rows = resviz.table(resviz.trace(net.eval(), (3, 16, 16))).to_dict()["rows"]
    assert any("gate, fc [2, 8]]" in str(row["cells"]) for row in rows), rows
