"""Operations on integers: what they are, and what their packed weights tell."""

import copy

import msgspec
import pytest
import torch
from torch import nn
from torch.ao import quantization
from torch.ao.nn.quantized import FloatFunctional
from torch.ao.nn.quantized.dynamic import Conv2d
from torch.ao.quantization.qconfig import default_qconfig
from torch.utils.flop_counter import FlopCounterMode

import resviz
from resviz.readings.costs import is_cost_known
from tests.forwards import Forward

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # torch has moved its quantisation elsewhere
    pytest.mark.skipif(
        not torch.backends.quantized.supported_engines, reason="this torch has none"
    ),
]

CONVOLUTIONS = {
    "1-D": (nn.Conv1d(4, 6, 5, 2, 2, groups=2), (4, 16)),
    "2-D": (nn.Conv2d(4, 6, (3, 5), (1, 2), (1, 2), groups=2), (4, 8, 8)),
    "3-D": (nn.Conv3d(4, 6, 3, 1, 1), (4, 4, 6, 6)),
    "dilated": (nn.Conv2d(4, 6, 3, 1, 2, 2), (4, 8, 8)),
    "transposed": (nn.ConvTranspose2d(4, 6, 2, 2, groups=2), (4, 8, 8)),
}


def convert(layer, size):
    """Make a net of integers of a copy of a layer."""
    net = quantization.QuantWrapper(copy.deepcopy(layer)).eval()
    net.qconfig = default_qconfig  # pyright: ignore[reportArgumentType]
    quantization.prepare(net, inplace=True)
    net(torch.rand(2, *size))
    return quantization.convert(net)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_packed_convolution_has_a_window(name):
    """That of its twin, and as many MACs as torch's own counter finds there."""
    layer, size = CONVOLUTIONS[name]
    x = torch.rand(2, *size)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    arch = resviz.trace(convert(layer, size), inputs=x)
    twin = resviz.trace(layer, inputs=x)
    (packed,) = (each for each in arch if each.window)
    assert (counter.get_total_flops(), ()) == (2 * arch.macs, arch.uncounted)
    assert twin.layers[-1].window == packed.window
    assert twin.layers[-1].activations == packed.activations
    assert twin.depth == arch.depth == 1


def test_a_convolution_that_quantises_what_it_reads():
    """Its weight alone is packed, and its values are of floating point."""
    dynamic = Conv2d(4, 6, 3, padding=1)
    arch = resviz.trace(Forward(lambda m, x: m.conv(x), conv=dynamic), (4, 8, 8))
    assert (6 * 64 * 4 * 9, ()) == (arch.macs, arch.uncounted)


def test_a_record_without_the_window_leaves_its_cost_out():
    """As those of before windows were unpacked: never nought."""
    arch = resviz.trace(convert(nn.Conv2d(4, 6, 3), (4, 8, 8)), (4, 8, 8))
    (layer,) = (each for each in arch if each.window)
    (op,) = layer.operations
    bare = msgspec.structs.replace(op, window=None)
    assert (True, False) == (is_cost_known(op), is_cost_known(bare))


def test_weights_are_counted_and_no_sums():
    """The note on packed weights tells how many layers have them."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.sum = nn.Conv2d(4, 4, 1), FloatFunctional()

        def forward(self, x):
            return self.sum.add_relu(x, self.conv(x))

    arch = resviz.trace(convert(Net(), (4, 8, 8)), (4, 8, 8))
    note = "quantised weights are packed, and no parameters: 1×, first at module.conv"
    assert note in resviz.summary(arch).notes


@torch.library.custom_op("resviz_test::avg_pool2d", mutates_args=())
def average(x: torch.Tensor) -> torch.Tensor:
    """Average, under a name of torch's own."""
    return x.mean((2, 3))


@average.register_fake
def _(x):
    return x.new_empty(x.shape[:2])


def test_an_operation_of_another_library_is_not_torchs():
    """Its name alone says nothing: that of torch has a window."""
    arch = resviz.trace(Forward(lambda m, x: average(x)), (4, 8, 8))
    (layer,) = arch
    assert layer.window is None
    assert "resviz_test.avg_pool2d" == layer.operations[0].name
