"""The shape flow and its arithmetic."""

import pytest
import torch
from torch import nn

from resviz import load, trace
from resviz.readings.shape_flow import read_flow
from tests.readings.structure.golden.networks import FOLDER


def steps(arch):
    """The flow of a record."""
    return read_flow(arch)


def test_the_flow_of_resnet50(record):
    """224→112→56→28→14→7→1, as every tutorial says."""
    sizes = [step.size[0] for step in steps(record("resnet50"))]
    assert [224, 112, 56, 28, 14, 7, 1] == sizes


def test_the_arithmetic_of_the_stem(record):
    """The 7×7 convolution with stride 2 and padding 3."""
    step = steps(record("resnet50"))[1]
    assert ("conv1", "floor((224 + 2·3 − 7)/2) + 1 = 112") == (
        step.name,
        step.arithmetic,
    )


def test_a_window_over_a_turned_map_has_no_arithmetic():
    """It reads another size than the one that is told before it."""

    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 4, 3, stride=2, padding=1)
            self.b = nn.Conv2d(4, 4, 3, stride=2, padding=1)

        def forward(self, x):
            return self.b(self.a(x).transpose(2, 3))

    step = steps(trace(Turned(), (3, 16, 8)))[-1]
    assert ("b", "Conv2d makes 2×4 of 8×4") == (step.name, step.arithmetic)


def test_shortcuts_are_no_part_of_the_flow(record):
    """A projection halves the map too, but beside the main path."""
    assert not [s.name for s in steps(record("resnet50")) if "downsample" in s.name]


@pytest.mark.parametrize("side", [31, 97, 224, 513])
def test_the_arithmetic_is_true_at_any_size(record, side):
    """What each line says is what it evaluates to."""
    for step in steps(record("resnet18", (3, side, side)))[1:-1]:
        formula, result = step.arithmetic.split(" = ")
        python = formula.replace("·", "*").replace("−", "-").replace("floor", "int")
        assert int(result) == eval(python)


def test_both_axes_of_a_map_that_is_not_square(record):
    """Height and width have a line each."""
    step = steps(record("resnet18", (3, 224, 320)))[1]
    assert "floor((320 + 2·3 − 7)/2) + 1 = 160" in step.arithmetic
    assert "floor((224 + 2·3 − 7)/2) + 1 = 112" in step.arithmetic


def test_a_dilated_window():
    """A dilated kernel reaches over d·(k − 1) + 1 positions."""
    arch = trace(nn.Sequential(nn.Conv2d(3, 4, 3, dilation=2)), (3, 10, 10))
    assert "floor((10 + 2·0 − (2·(3 − 1) + 1))/1) + 1 = 6" == steps(arch)[1].arithmetic


def test_ceil_mode_is_said():
    """A pool in ceil mode rounds up."""
    arch = trace(nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True)), (3, 10, 10))
    assert "ceil((10 + 2·0 − 3)/2) + 1 = 5" == steps(arch)[1].arithmetic


def test_an_input_without_a_map_has_no_flow():
    """A vector has no resolution."""
    assert () == steps(trace(nn.Linear(4, 2), (4,)))


def test_a_function_that_resizes_is_named():
    """What has no window says what it does."""

    class Shrink(nn.Module):
        def forward(self, x):
            return torch.nn.functional.interpolate(x, size=(5, 5))

    arch = trace(nn.Sequential(nn.Conv2d(3, 3, 1), Shrink()), (3, 10, 10))
    assert "makes 5×5 of 10×10" in steps(arch)[1].arithmetic


def test_a_mean_over_a_maps_axes_ends_the_flow():
    """As `x.mean((2, 3))` in a forward."""

    class Head(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    arch = trace(nn.Sequential(nn.Conv2d(3, 3, 1), Head()), (3, 10, 10))
    assert steps(arch)[-1].arithmetic == "mean over 10×10 = 1"


HEADS = {
    "amax": lambda x: x.amax((2, 3)),
    "max": lambda x: x.flatten(2).max(-1)[0],
    "median": lambda x: x.flatten(2).median(-1)[0],
    "sum": lambda x: x.sum((2, 3)),
    "logsumexp": lambda x: x.logsumexp((2, 3)),
    "std": lambda x: x.std((2, 3)),
    "norm": lambda x: x.norm(dim=(2, 3)),
    "amin": lambda x: x.amin(3).amin(2),
    "mean": lambda x: x.mean((2, 3), keepdim=True).flatten(1),
}


@pytest.mark.parametrize("name", HEADS)
def test_what_gathers_a_map_ends_the_flow(name):
    """Whatever it takes of all positions, at once or one axis after the other."""

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.linear = nn.Conv2d(3, 8, 3), nn.Linear(8, 2)

        def forward(self, x):
            return self.linear(HEADS[name](self.conv(x)))

    *_, last = steps(trace(Head(), (3, 12, 12)))
    assert ((1, 1), f"{name} over 10×10 = 1") == (last.size, last.arithmetic)


def test_features_are_no_resolution():
    """Tokens through linear layers have none."""
    assert steps(trace(nn.Sequential(nn.Linear(8, 4)), (5, 8))) == ()


def test_a_transposed_window_has_no_arithmetic_of_its_own():
    """That of a window that slides would be false of it."""
    arch = trace(nn.Sequential(nn.ConvTranspose2d(3, 4, 2, stride=2)), (3, 8, 8))
    assert "ConvTranspose2d makes 16×16 of 8×8" == steps(arch)[1].arithmetic


def test_a_map_with_its_channels_last_has_its_two_sizes():
    """As between the stages of Swin, where every second row and column is taken."""

    class Thin(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1)[:, ::2, ::3]

    arch = trace(nn.Sequential(nn.Conv2d(3, 4, 1), Thin()), (3, 10, 12))
    assert (5, 4) == steps(arch)[-1].size


def test_a_map_that_is_turned_keeps_its_resolution():
    """Rows that become columns are as many as they were."""

    class Turn(nn.Module):
        def forward(self, x):
            return x.transpose(2, 3)

    arch = trace(nn.Sequential(nn.Conv2d(3, 4, 1), Turn()), (3, 10, 12))
    assert ["input"] == [step.name for step in steps(arch)]


class Padded(nn.Module):
    """Borders of its own before each window, as where padding is "same"."""

    def __init__(self, make, pad, **options):
        super().__init__()
        self.first, self.second = make(3, 8, 3, **options), make(8, 8, 3, **options)
        self.pad = pad

    def forward(self, x):
        pad = nn.functional.pad
        return self.second(pad(self.first(pad(x, self.pad)), self.pad))


def test_a_pad_belongs_to_the_window_that_it_serves():
    """Its own size is no resolution; the arithmetic says it."""
    arch = trace(Padded(nn.Conv2d, (0, 1, 0, 1), stride=2), (3, 32, 32))
    assert [(32, 32), (16, 16), (8, 8)] == [step.size for step in steps(arch)]
    words = "pad makes 33×33 of 32×32, then floor((33 + 2·0 − 3)/2) + 1 = 16"
    assert words == steps(arch)[1].arithmetic


def test_what_a_pad_makes_good_is_no_step():
    """A causal convolution keeps the length of its line."""
    arch = trace(Padded(nn.Conv1d, (2, 0)), (3, 64))
    assert [(64,)] == [step.size for step in steps(arch)]


def test_what_is_cropped_after_a_window_is_no_step():
    """The other way to make a convolution causal."""

    class Chomped(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(3, 8, 3, padding=4, dilation=2)
            self.last = nn.Conv1d(8, 8, 3, stride=2, padding=1)

        def forward(self, x):
            return self.last(self.conv(x)[..., :-4])

    arch = trace(Chomped(), (3, 64))
    assert [(64,), (32,)] == [step.size for step in steps(arch)]


def test_a_pad_inside_a_layer_is_in_its_arithmetic():
    """Else the formula would be false."""

    class Same(nn.Conv2d):
        def forward(self, x):
            return super().forward(nn.functional.pad(x, (2, 3, 2, 3)))

    arch = trace(nn.Sequential(Same(3, 8, 7, stride=2)), (3, 32, 32))
    words = "pad makes 37×37 of 32×32, then floor((37 + 2·0 − 7)/2) + 1 = 16"
    assert words == steps(arch)[1].arithmetic


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_pad_that_serves_no_window_is_a_step(where):
    """At the end, or before an interpolation."""

    class Bordered(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)

        def forward(self, x):
            x = nn.functional.pad(self.conv(x), (1, 1, 1, 1))
            return nn.functional.interpolate(x, scale_factor=2) if where > "b" else x

    sizes = [step.size[0] for step in steps(trace(Bordered(), (3, 8, 8)))]
    assert [8, 10, 20][: len(sizes)] == sizes
    assert len(sizes) > 1


LAYOUTS = {
    "without channels": ((28, 20), lambda x: x.unsqueeze(1), nn.Conv2d, (28, 20)),
    "channels last": (
        (28, 20, 1),
        lambda x: x.permute(0, 3, 1, 2),
        nn.Conv2d,
        (28, 20),
    ),
    "a line without channels": ((64,), lambda x: x[:, None], nn.Conv1d, (64,)),
    "a sequence": ((64, 1), lambda x: x.transpose(1, 2), nn.Conv1d, (64,)),
    "a flat image": ((64,), lambda x: x.view(-1, 1, 8, 8), nn.Conv2d, (8, 8)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_input_of_another_layout_has_a_flow(name):
    """It begins with the sizes that the first window sees."""
    shape, lay, make, sizes = LAYOUTS[name]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = make(1, 8, 3, stride=2, padding=1)

        def forward(self, x):
            return self.conv(lay(x))

    first, second = steps(trace(Net(), shape))
    assert sizes == first.size
    assert tuple((size + 1) // 2 for size in sizes) == second.size
    assert "floor" in second.arithmetic


def test_a_map_that_is_made_is_named_for_its_maker():
    """The input has no such sizes."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 8, 3, stride=2, padding=1)

        def forward(self, x):
            return self.conv(x.unfold(1, 16, 8).unsqueeze(1))

    names = [step.name for step in steps(trace(Net(), (64,)))]
    assert "input" not in names


def test_slices_of_tokens_are_no_resolution():
    """As where attention leaves out its class token."""

    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.linear = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 8)

        def forward(self, x):
            x = self.linear(self.conv(x).flatten(2).transpose(1, 2))
            return x.view(len(x), -1, 2, 4).transpose(1, 2)[:, :, 1:] * 2

    assert (8, 8) == steps(trace(Heads(), (3, 32, 32)))[-1].size


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("pvt_v2_b0", [224, 56, 28, 14, 7, 1]),
        ("coat_lite_tiny", [224, 56, 28, 14, 7]),
        ("swin_tiny_patch4_window7_224", [224, 56, 28, 14, 7, 1]),
        ("vit_tiny_r_s16_p8_224", [224, 112, 56, 7]),
    ],
)
def test_transformers_have_the_flow_of_their_stages(name, sizes):
    """Keys of a smaller map, class tokens and pads are no steps."""
    arch = load(FOLDER / "records" / f"{name}.json.gz")
    assert sizes == [step.size[0] for step in steps(arch)]


@pytest.mark.parametrize(
    ("make", "pool", "sizes"),
    [
        (nn.Conv1d, nn.AdaptiveAvgPool1d, (64,)),
        (nn.Conv2d, nn.AdaptiveAvgPool2d, (32, 48)),
        (nn.Conv3d, nn.AdaptiveAvgPool3d, (8, 32, 48)),
    ],
)
def test_an_input_without_a_batch_has_the_flow_of_one_with(make, pool, sizes):
    """Its sizes stand behind the channels, which are its first axis."""
    conv = make(3, 8, 3, stride=2, padding=1)
    model = nn.Sequential(conv, nn.ReLU(), pool(1), nn.Flatten(0))
    with_batch = steps(trace(model[:3], (3, *sizes), batch=5))
    found = steps(trace(model, inputs=(torch.zeros(3, *sizes),)))
    assert sizes == found[0].size
    assert [(step.name, step.size, step.arithmetic) for step in with_batch] == [
        (step.name, step.size, step.arithmetic) for step in found
    ]
    functional = steps(
        trace(MeanOf(conv, len(sizes)), inputs=(torch.zeros(3, *sizes),))
    )
    assert [step.size for step in with_batch] == [step.size for step in functional]


class MeanOf(nn.Module):
    """The mean over the positions of what a convolution gives."""

    def __init__(self, conv, axes):
        super().__init__()
        self.conv, self.axes = conv, [*range(-axes, 0)]

    def forward(self, x):
        return self.conv(x).mean(self.axes)


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize(
    ("make", "sizes"), [(nn.Conv1d, (8,)), (nn.Conv2d, (8, 4)), (nn.Conv3d, (4, 8, 6))]
)
def test_a_layer_that_turns_its_input_itself_reads_positions(make, sizes, batch):
    """The channels, which are last in the input, are no size of it."""

    class Turning(make):
        def forward(self, x):
            return super().forward(x.movedim(-1, 1))

    model = nn.Sequential(Turning(3, 8, 3, stride=2, padding=1), nn.ReLU())
    first, second = steps(trace(model, (*sizes, 3), batch=batch))
    assert ("input", sizes) == (first.name, first.size)
    assert f"floor(({sizes[0]} + 2·1 − 3)/2) + 1" in second.arithmetic


@pytest.mark.parametrize(
    ("lay", "shape"),
    [
        (lambda x: torch.stack([x[..., 2], x[..., 0]], 1), (1, 8, 6, 3)),
        (lambda x: x.permute(2, 0, 1), (8, 6, 2)),
        (lambda x: nn.functional.pad(x, (0, 0)), (2, 8, 6)),
    ],
)
def test_the_first_map_is_what_the_first_window_slides_over(lay, shape):
    """Also where channels were picked, or a map without a batch was turned."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 8, 3, stride=2, padding=1)

        def forward(self, x):
            return self.conv(lay(x))

    first, second = steps(trace(Net(), inputs=(torch.zeros(shape),)))
    assert ("input", (8, 6), (4, 3)) == (first.name, first.size, second.size)
    assert "floor((8 + 2·1 − 3)/2) + 1 = 4" in second.arithmetic
