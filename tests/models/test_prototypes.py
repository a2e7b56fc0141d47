"""Networks without weights: equal blocks are copied, and are as if each were built."""

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

import resviz
from resviz.models import BasicBlock, ResNet, blocks, prototypes, stages
from resviz.models.catalogue import build_network

NETWORKS = {
    "resnet50": {},
    "cifar56": {},
    "resnext50_32x4d": {},
    "resnet34": {"shortcut": "A"},
    "resnet101": {"output_stride": 8, "avg_down": True, "stem": "deep"},
}


def empty(name, **options):
    """A network without weights."""
    with torch.device("meta"):
        return build_network(name, **options)


def built_anew(make, dtype, layers, *args):
    """In the place of a prototype, the module that it would be made from."""
    return make(*args)


@pytest.mark.parametrize(("name", "options"), NETWORKS.items())
def test_copies_are_as_if_built(name, options, monkeypatch):
    """In modules, names, shapes, training flags, and in all that a trace says."""
    copied = empty(name, **options)
    monkeypatch.setattr(stages, "BLOCK_PROTOTYPES", built_anew)
    monkeypatch.setattr(blocks, "LAYER_PROTOTYPES", built_anew)
    monkeypatch.setattr(prototypes, "copy_prototype", lambda prototype: prototype)
    built = empty(name, **options)
    assert repr(built) == repr(copied)
    shapes = [
        {
            key: (tensor.shape, tensor.dtype, tensor.requires_grad)
            for key, tensor in net.state_dict(keep_vars=True).items()
        }
        for net in (built, copied)
    ]
    assert shapes[0] == shapes[1]
    for one, other in zip(built.modules(), copied.modules(), strict=True):
        assert vars(one).keys() == vars(other).keys()
    assert resviz.trace(built) == resviz.trace(copied)


def test_a_copy_shares_nothing():
    """No parameter, buffer, module or dictionary of hooks."""
    net = empty("resnet50")
    assert 161 == len({id(parameter) for parameter in net.parameters()})
    assert 159 == len({id(buffer) for buffer in net.buffers()})
    storages = {tensor.untyped_storage()._cdata for tensor in net.state_dict().values()}
    assert 161 + 159 == len(storages)
    one, other = net.layer1[1].conv1, net.layer1[2].conv1
    one.register_forward_hook(lambda *_: None)
    assert (1, 0) == (len(one._forward_hooks), len(other._forward_hooks))


def test_blocks_with_weights_are_built():
    """Each has values of its own."""
    net = build_network("resnet50", base_channels=8)
    one, other = net.layer1[1].conv1.weight, net.layer1[2].conv1.weight
    assert not torch.equal(one, other)


def test_a_norm_of_the_users_is_called_for_each_block():
    """It may give another one each time."""
    made = []

    def norm(channels):
        made.append(channels)
        return nn.GroupNorm(len(made) % 2 + 1, channels)

    with torch.device("meta"):
        ResNet(BasicBlock, [3], norm_layer=norm)
    assert 7 == len(made)


def test_variants_share_their_blocks():
    """A second network with blocks that were built before copies them."""
    empty("resnet50", num_classes=3)
    before = prototypes.BLOCK_PROTOTYPES.cache_info().misses
    empty("resnet101", num_classes=5)
    assert before == prototypes.BLOCK_PROTOTYPES.cache_info().misses
    empty("resnet50", width_per_group=96)
    assert before + 8 == prototypes.BLOCK_PROTOTYPES.cache_info().misses


@pytest.mark.parametrize("layer", ["Conv2d", "BatchNorm2d", "ReLU", "AvgPool2d"])
def test_a_layer_that_was_replaced_is_built(layer, monkeypatch):
    """As quantisers and other patches do; what was built before is not for it."""
    empty("resnet18", avg_down=True)
    patched = type(layer, (getattr(nn, layer),), {})
    monkeypatch.setattr(nn, layer, patched)
    net = empty("resnet18", avg_down=True)
    assert any(type(module) is patched for module in net.layer2.modules())


def test_arguments_that_cannot_be_hashed_are_built():
    """As torch takes a list for a stride."""
    with torch.device("meta"):
        assert (2, 2) == tuple(blocks.conv3x3(3, 4, [2, 2]).stride)


class Halves(TorchFunctionMode):
    """Makes tensors of another dtype."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        made = func(*args, **kwargs or {})
        return made.half() if func is torch.empty else made


def test_what_a_mode_makes_is_no_prototype():
    """Neither with a device beside it nor later is it copied."""
    blocks.LAYER_PROTOTYPES.cache_clear()
    with torch.device("meta"), Halves():
        assert torch.float16 == blocks.conv3x3(5, 7).weight.dtype
    with torch.device("meta"):
        assert torch.float32 == blocks.conv3x3(5, 7).weight.dtype


def test_another_default_dtype_is_built():
    """Its parameters are of that."""
    empty("resnet18")
    torch.set_default_dtype(torch.float64)
    try:
        net = empty("resnet18")
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.float64 == net.layer2[1].conv1.weight.dtype
