"""Other sizes of an input: what they give, cost and waste, and what fails."""

import pytest
from torch import nn

import resviz
from resviz.errors import SpecError


class ChannelsLast(nn.Module):
    """Patches, then layers that see channels last, as of a ConvNeXt."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.norm = nn.LayerNorm(8)
        self.downsample = nn.Conv2d(8, 16, 2, stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        x = self.norm(self.stem(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.pool(self.downsample(x))


def upsample():
    """Return a network that halves a map, enlarges it again, and does not shrink it."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1),
        nn.Upsample(scale_factor=4),
        nn.Conv2d(8, 8, 3, padding=1),
    )


def test_a_pixel_more_costs_a_row_of_positions():
    """At 225 ResNet-50's last map is 8×8, of which 225² in 256² lie on the image."""
    rows = resviz.sizes("resnet50", [224, 225]).to_dict()["sizes"]
    assert [[7, 7], [8, 8]] == [row["map"] for row in rows]
    assert [0, 1 - (225 / 256) ** 2] == [row["beyond"] for row in rows]
    assert [4_089_184_256, resviz.trace(50, (3, 225, 225)).macs] == [
        row["macs"] for row in rows
    ]
    uneven = rows[1]["uneven"]
    names = ["conv1", "maxpool", *(f"layer{n}.0.conv2" for n in (2, 3, 4))]
    assert names == [step["layer"] for step in uneven]
    assert {"before": [225, 225], "after": [113, 113]}.items() <= uneven[0].items()
    assert all(step["reads_padding"] for step in uneven)


def test_a_stride_over_a_single_position_is_waste():
    """At 16 the last stage strides over one position, and reads three that are none."""
    (row,) = resviz.sizes("resnet50", 16).to_dict()["sizes"]
    assert ([1, 1], 0.75) == (row["map"], row["beyond"])


def test_what_no_window_reads():
    """Of 31 pixels windows of 4 read 28, and of 7 positions windows of 2 read 6."""
    (row,) = resviz.sizes(ChannelsLast(), 31, input_size=(3, 32, 32)).to_dict()["sizes"]
    assert [[3, 3], [1, 1]] == [step["cut"] for step in row["uneven"]]
    assert 1 - (28 / 31 * 6 / 7) ** 2 == pytest.approx(row["cut"])
    assert not row["beyond"]


def test_padding_before_the_first_window_is_no_pixel():
    """Two windows of 3 from the padding on, four apart, read six of eight pixels."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4, padding=1), nn.ReLU())
    (row,) = resviz.sizes(net, 8, input_size=(3, 12, 12)).to_dict()["sizes"]
    assert [[2, 2]] == [step["cut"] for step in row["uneven"]]


def test_a_map_that_grows_wastes_nothing():
    """What is made four times as large strides over no position."""
    data = resviz.sizes(upsample(), [16, 17], input_size=(3, 16, 16)).to_dict()
    even, odd = data["sizes"]
    assert (0, 0, []) == (even["beyond"], even["cut"], even["uneven"])
    assert 1 - (17 / 18) ** 2 == pytest.approx(odd["beyond"])


@pytest.mark.parametrize(
    ("model", "sizes"),
    [
        ("resnet18", "64,65,97x130,17"),
        ("cifar20", "24..36:3"),
        (ChannelsLast(), "8..70:7"),
        (upsample(), "9,16x20"),
    ],
)
def test_a_record_tells_what_traces_do(model, sizes):
    """Worked out from one record, or traced at each size."""
    arch = resviz.trace(model, None if isinstance(model, str) else (3, 32, 32))
    traced = resviz.sizes(model, sizes, input_size=arch.input_shape[1:])
    told = resviz.sizes(arch, sizes)
    assert traced.to_dict()["sizes"] == told.to_dict()["sizes"]
    assert any("worked out" in note for note in told.notes)


def test_sizes_that_do_not_work():
    """Each says why; what is said of one is not said again of the next."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 2))
    arch = resviz.trace(net, (3, 32, 32))
    for source in (arch, net):
        table = resviz.sizes(source, [2, 32, 33, 40], input_size=(3, 32, 32))
        data = table.to_dict()["sizes"]
        assert [False, True, False, False] == [row["works"] for row in data]
        first, _, second, third = table["where"]
        assert first.startswith("does not work: 0 (Conv2d)" if source is net else "")
        assert second.startswith("does not work: 2")
        assert "does not work: as at 33×33" == third


def test_what_a_record_does_not_tell():
    """A size that the code works out is refused of a record, and traced of a model."""

    class Cut(nn.Module):
        def forward(self, x):
            return x[:, :, : x.shape[2] // 3]

    arch = resviz.trace(Cut(), (3, 12, 12))
    table = resviz.sizes(arch, [15])
    assert table.to_dict()["sizes"][0]["works"] is None
    assert any("not told" in note for note in table.notes)
    (row,) = resviz.sizes(Cut(), [15], input_size=(3, 12, 12)).to_dict()["sizes"]
    assert row["works"]


def test_the_usual_sizes():
    """Steps of the total stride around the recorded one, and one pixel more."""
    table = resviz.sizes("cifar20")
    assert ["16×16", "20×20", "24×24"] == table["input"][:3]
    assert {"32×32", "33×33", "64×64"} <= {*table["input"]}
    assert "32×32" == table["input"][min(table.marked)]
    sides = resviz.sizes(18, input_size=(3, 96, 192)).to_dict()["sizes"]
    assert all(2 * h - 1 <= w <= 2 * h + 1 for h, w in (row["input"] for row in sides))


@pytest.mark.parametrize(
    "sizes", ["0", "abc", "8..4", "8..16:0", "1x2x3", [True], [(224,) * 3], [-1], [1.5]]
)
def test_wrong_sizes(sizes):
    """The message says what is wanted."""
    with pytest.raises(SpecError, match=r"sizes: got .*, want 160, 320x480"):
        resviz.sizes("resnet18", sizes)


def test_how_many_sizes():
    """None is a mistake; of too many no wrong number is told."""
    for none in ([], "", ()):
        with pytest.raises(SpecError, match=r"sizes: got .*, want 160"):
            resviz.sizes("resnet18", none)
    with pytest.raises(SpecError, match="sizes: more are named, want at most 4096"):
        resviz.sizes("resnet18", "1..100000")


def test_inputs_that_are_no_maps():
    """Neither vectors nor several inputs have sizes to try."""
    with pytest.raises(SpecError, match=r"its input is 1×8"):
        resviz.sizes(nn.Linear(8, 2), input_size=(8,))
    with pytest.raises(SpecError, match="it has 2"):
        resviz.sizes(nn.Bilinear(8, 8, 2), input_size=[(8,), (8,)])
    with pytest.raises(SpecError, match="at most 4096"):
        resviz.sizes("resnet18", "1..9999")


def test_waves_and_volumes():
    """Maps of one axis or three are written by as many sides."""
    line = nn.Sequential(nn.Conv1d(2, 4, 4, stride=4), nn.Conv1d(4, 4, 3, padding=1))
    table = resviz.sizes(line, [18], input_size=(2, 16))
    assert [("18", "4")] == [(row["input"], row["map"]) for row in table]
    cube = nn.Sequential(nn.Conv3d(1, 2, 2, stride=2), nn.ReLU())
    table = resviz.sizes(cube, "4x8x8", input_size=(1, 8, 8, 8))
    assert ["2×4×4"] == table["map"]
