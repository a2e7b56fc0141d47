"""The shape flow passes by pads and crops that lead only to the next window."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resviz import trace
from resviz.readings.shape_flow import read_flow


class PadThenSlide(nn.Module):
    """A convolution that pads by reflection; it reads the padded signal through."""

    def __init__(self, a, b, kernel, stride, relay):
        super().__init__()
        self.conv, self.relay = nn.Conv1d(a, b, kernel, stride), relay

    def forward(self, x):
        x = F.pad(x, (self.conv.kernel_size[0] - self.conv.stride[0], 0), "reflect")
        return self.conv(self.relay(x))


class GrowThenCrop(nn.Module):
    """A transposed convolution, whose ends are cut off after an activation."""

    def __init__(self, a, b, kernel, stride):
        super().__init__()
        self.conv, self.cut = nn.ConvTranspose1d(a, b, kernel, stride), kernel - stride

    def forward(self, x):
        return self.conv(x).relu()[..., : -self.cut]


RELAYS = {
    "nothing": lambda x: x,
    "a slice of all": lambda x: x[..., : x.shape[-1]],
    "a view": lambda x: x.reshape(-1, 2, x.shape[-1]),
    "a fold": lambda x: x.reshape(-1, x.shape[-1])[None],
}


@pytest.mark.parametrize("relay", RELAYS)
def test_a_line_that_is_padded_and_cropped(relay):
    """Pads lead to windows, and what a transposed window grows too far is cropped."""
    net = nn.Sequential(
        PadThenSlide(2, 4, 7, 1, RELAYS[relay]),
        PadThenSlide(4, 8, 4, 2, nn.Identity()),
        PadThenSlide(8, 8, 16, 8, nn.Identity()),
        GrowThenCrop(8, 8, 16, 8),
        PadThenSlide(8, 8, 3, 1, nn.Identity()),
        GrowThenCrop(8, 4, 4, 2),
    )
    flow = read_flow(trace(net, (2, 800)))
    assert [800, 400, 50, 400, 800] == [step.size[0] for step in flow]
    words = "ConvTranspose1d makes 408 of 50, then slice makes 400 of 408"
    assert ("3.conv", words, (1, 8, 400)) == (
        flow[3].name,
        flow[3].arithmetic,
        flow[3].output_shape,
    )


def test_a_crop_below_what_was_before_it_stays():
    """It takes away more than a transposed convolution grew."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv1d(2, 4, 2, 2), nn.ConvTranspose1d(4, 4, 2, 2)

        def forward(self, x):
            return self.b(self.a(x))[..., :15]

    sizes = [step.size[0] for step in read_flow(trace(Net(), (2, 64)))]
    assert [64, 32, 64, 15] == sizes


def test_a_map_is_cropped_along_an_axis_as_long_as_its_channels():
    """It is cropped, not regrouped."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(2, 32, (8, 1), (4, 1), (2, 0))
            self.b = nn.ConvTranspose2d(32, 32, (8, 1), (4, 1))
            self.c = nn.ConvTranspose2d(32, 2, (8, 1), (4, 1))

        def forward(self, x):
            return self.c(self.b(self.a(x))[..., 2:-2, :])[..., 2:-2, :]

    flow = read_flow(trace(Net(), (2, 32, 5)))
    assert [32, 8, 32, 128] == [step.size[0] for step in flow]
    assert not [step for step in flow if "regrouped" in step.arithmetic]


class Timed(nn.Module):
    """Steps of an ODE, whose layers read the time as a channel of its own.

    How long a step is, a norm of the last one says, or the samples' own norms.
    """

    def __init__(self, axes):
        super().__init__()
        self.down, self.axes = nn.Conv2d(3, 8, 2, 2), axes
        self.slope = nn.Conv2d(9, 8, 3, padding=1)

    def forward(self, x):
        x = self.down(x)
        time = torch.zeros_like(x[:, :1])
        for _ in range(3):
            change = self.slope(torch.cat([time, x], 1))
            norm = change.pow(2).mean(self.axes, keepdim=True).sqrt()
            time = torch.ones_like(x[:, :1]) * norm + time
            x = x + change
        return x


@pytest.mark.parametrize("axes", [(0, 1, 2, 3), (1, 2, 3)])
def test_a_number_that_is_spread_beside_a_map_is_a_condition(axes):
    """As the time of an ODE, which an error's norm has told."""
    arch = trace(Timed(axes), (3, 8, 8), batch=2)
    assert [8, 4] == [step.size[0] for step in read_flow(arch)]


def test_a_feature_of_all_points_that_is_repeated_is_none():
    """Source: Qi et al. 2017, PointNet, figure 2, the segmentation network."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv1d(3, 8, 1), nn.Conv1d(8, 16, 1)
            self.c = nn.Conv1d(24, 4, 1)

        def forward(self, x):
            x = self.a(x)
            whole = self.b(x).amax(2, keepdim=True).expand(-1, -1, x.shape[2])
            return self.c(torch.cat([whole, x], 1))

    arch = trace(Net(), (3, 20), batch=2)
    assert ["a", "b", "c"] == [la.name for la in arch.main_path if la.window]
