"""The blocks and the network's class, used directly."""

import copy
import inspect

import pytest
import torch
from torch import nn

from resviz.errors import SpecError
from resviz.models import BasicBlock, BlockError, Bottleneck, ResNet, conv1x1, conv3x3

POSITIONAL = [
    "block",
    "layers",
    "num_classes",
    "zero_init_residual",
    "groups",
    "width_per_group",
    "replace_stride_with_dilation",
    "norm_layer",
]
"""torchvision's ResNet arguments in order."""


def small(**options):
    """A network of one basic block in each of two stages of 4 and 8 channels."""
    options = {"num_classes": 5, "base_channels": 4, **options}
    return ResNet(BasicBlock, [1, 1], **options)


def test_positional_arguments():
    """The positional arguments are torchvision's; all others are keyword-only."""
    parameters = inspect.signature(ResNet).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == POSITIONAL


def test_conv3x3_pads_for_its_dilation():
    """A dilated 3x3 of stride 1 keeps the size."""
    assert conv3x3(2, 4, dilation=3)(torch.zeros(1, 2, 9, 9)).shape == (1, 4, 9, 9)


def test_conv1x1_strides():
    """A 1x1 of stride 2 rounds up."""
    assert conv1x1(2, 4, 2)(torch.zeros(1, 2, 9, 9)).shape == (1, 4, 5, 5)


@pytest.mark.parametrize(("block", "times"), [(BasicBlock, 1), (Bottleneck, 4)])
def test_expansion(block, times):
    """A basic block puts out its planes, a bottleneck four times as many."""
    assert block.expansion == times


def test_the_width_of_a_group_is_rounded_down():
    """8·12/64 channels are 1, and two groups of them 2. Source: torchvision."""
    block = Bottleneck(16, 8, groups=2, base_width=12)
    assert (2, 1, 3, 3) == block.conv2.weight.shape


@pytest.mark.parametrize("option", [{"groups": 2}, {"base_width": 128}])
def test_basic_block_has_no_groups(option):
    """A basic block with groups or another width is a ValueError."""
    with pytest.raises(ValueError, match="basic block: got"):
        BasicBlock(64, 64, **option)


@pytest.mark.parametrize("option", [{"groups": 2}, {"width_per_group": 128}])
def test_basic_net_has_no_groups(option):
    """So is a network of them."""
    with pytest.raises(ValueError, match="basic block: got"):
        ResNet(BasicBlock, [2, 2, 2, 2], **option)


@pytest.mark.parametrize(
    "option",
    [{"replace_stride_with_dilation": [False, False, True]}, {"output_stride": 16}],
    ids=str,
)
def test_basic_net_does_not_dilate(option):
    """Trading strides of basic blocks is a NotImplementedError, and a SpecError."""
    with pytest.raises(NotImplementedError) as caught:
        ResNet(BasicBlock, [2, 2, 2, 2], **option)
    assert isinstance(caught.value, BlockError)
    assert isinstance(caught.value, SpecError)


@pytest.mark.parametrize("flags", [[False, True], [False] * 4, True])
def test_replace_stride_with_dilation_has_three_flags(flags):
    """Another number of flags than three is a ValueError."""
    with pytest.raises(ValueError, match="replace_stride_with_dilation: got"):
        ResNet(Bottleneck, [1, 1, 1, 1], replace_stride_with_dilation=flags)


@pytest.mark.parametrize("layers", [[], [2, 0, 2, 2], [2, -1, 2, 2], 4, "2222", None])
def test_layers_are_counts(layers):
    """Counts of blocks are positive whole numbers, at least one of them."""
    with pytest.raises(SpecError, match="layers: got"):
        ResNet(Bottleneck, layers)


def test_block_adds_its_shortcut():
    """With the last norm at zero, a block is the ReLU of its shortcut."""
    net = small(zero_init_residual=True).eval()
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(x.relu(), net.layer1[0](x.clone()))


@pytest.mark.parametrize(("block", "last"), [(BasicBlock, "bn2"), (Bottleneck, "bn3")])
def test_zero_init_residual(block, last):
    """The last norm of each block starts at zero, its others at one."""
    net = ResNet(block, [1], zero_init_residual=True)
    norm = getattr(net.layer1[0], last)
    assert not norm.weight.any()
    assert net.layer1[0].bn1.weight.eq(1).all()


def test_norms_start_at_one_by_default():
    """Without zero_init_residual every norm starts at one."""
    norms = [each for each in small().modules() if isinstance(each, nn.BatchNorm2d)]
    assert all(norm.weight.eq(1).all() for norm in norms)


def test_convolutions_start_by_fan_out():
    """He initialisation: the deviation is sqrt(2 / fan-out)."""
    torch.manual_seed(0)
    weight = ResNet(BasicBlock, [1, 1, 1, 1]).layer4[0].conv1.weight
    assert weight.shape == (512, 256, 3, 3)
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)


@pytest.mark.parametrize(
    "norm",
    [
        lambda channels: nn.GroupNorm(2, channels),
        lambda channels: nn.BatchNorm2d(channels, affine=False),
        nn.InstanceNorm2d,
    ],
    ids=["group", "not affine", "instance"],
)
def test_norm_layer(norm):
    """Any maker of a norm will do, with or without parameters."""
    net = small(norm_layer=norm, zero_init_residual=True)
    assert net.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


def test_own_block():
    """A class that knows torchvision's arguments alone will do as a block."""

    class Own(BasicBlock):
        def __init__(
            self,
            inplanes,
            planes,
            stride=1,
            downsample=None,
            groups=1,
            base_width=64,
            dilation=1,
            norm_layer=None,
        ):
            args = (groups, base_width, dilation, norm_layer)
            super().__init__(inplanes, planes, stride, downsample, *args)

    assert isinstance(ResNet(Own, [1, 1]).layer2[0], Own)


def test_no_classes():
    """Without classes the network gives pooled features, flat."""
    net = small(num_classes=0)
    assert net.fc is None
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, net.num_features)


def test_features_are_no_probabilities():
    """Softmax is of classes; without any, features are as without it."""
    torch.manual_seed(0)
    plain = small(num_classes=0).eval()
    net = small(num_classes=0, softmax=True).eval()
    net.load_state_dict(plain.state_dict())
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(plain(x), net(x))


def test_in_channels():
    """The image may have any number of channels."""
    assert small(in_channels=1)(torch.zeros(2, 1, 32, 32)).shape == (2, 5)


def test_fixed_head():
    """The fixed head pools 7x7 once, and a map of 8x8 gives too many features."""
    net = small(head="fixed").eval()
    assert (net.avgpool.kernel_size, net.avgpool.stride) == (7, 1)
    assert net(torch.zeros(1, 3, 56, 56)).shape == (1, 5)
    with pytest.raises(RuntimeError, match="too small"):
        net(torch.zeros(1, 3, 32, 32))
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        net(torch.zeros(1, 3, 64, 64))


def test_strided_head():
    """The strided one leaves out what its only window does not reach."""
    net = small(head="strided").eval()
    assert (net.avgpool.kernel_size, net.avgpool.stride) == (7, 7)
    assert net(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


def test_any_number_of_stages():
    """Widths double from stage to stage, however many there are."""
    net = ResNet(Bottleneck, [1] * 6, base_channels=4)
    assert net.layer6[0].conv3.out_channels == 4 * 2**5 * 4


def test_meta_device():
    """On the meta device nothing is allocated."""
    with torch.device("meta"):
        net = ResNet(Bottleneck, [3, 4, 6, 3])
    assert all(each.is_meta for each in net.parameters())


def test_copies():
    """A network can be copied, and gives the same as its copy."""
    net = small().eval()
    x = torch.randn(1, 3, 32, 32)
    assert torch.equal(net(x), copy.deepcopy(net)(x))


def test_traced_by_fx():
    """torch.fx traces the network symbolically."""
    net = small().eval()
    x = torch.randn(1, 3, 32, 32)
    assert torch.allclose(net(x), torch.fx.symbolic_trace(net)(x))


def test_learns():
    """Gradients reach the stem through every block."""
    net = small()
    net(torch.randn(2, 3, 32, 32)).sum().backward()
    assert net.conv1.weight.grad.abs().sum() > 0
