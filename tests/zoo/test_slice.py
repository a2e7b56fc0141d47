"""A slice of the zoo: 60 models of as many kinds, and real forwards of a dozen."""

import pytest
from torch import nn

import resviz
from resviz.tracing import trace

from .forward import check
from .packages import build
from .tree import compared
from .verdict import verdict

TORCHVISION = """
    alexnet convnext_tiny densenet121 efficientnet_b0 googlenet inception_v3
    lraspp_mobilenet_v3_large maxvit_t mnasnet0_5 mobilenet_v2 mvit_v1_b
    quantized_resnet18 r2plus1d_18 raft_small regnet_x_400mf resnet50 s3d
    shufflenet_v2_x0_5 squeezenet1_0 ssdlite320_mobilenet_v3_large swin_t swin_v2_t
    vgg11 vit_b_32
"""

TIMM = """
    resnet10t resnetv2_50 seresnet33ts ecaresnet26t resnetblur50 res2net50_14w_8s
    resnest14d skresnet18 resnext26ts regnety_002 nf_regnet_b0 hrnet_w18_small
    dpn48b dla46_c vovnet39a cspresnet50 darknet17 rexnet_100 ghostnet_050
    mobilenetv3_small_050 efficientvit_b0 efficientformer_l1 fastvit_t8 repvgg_a0
    levit_128s coatnet_nano_rw_224 botnet26t_256 halonet26t lambda_resnet26t
    sehalonet33ts vit_tiny_patch16_224 deit_tiny_distilled_patch16_224
    cait_xxs24_224 xcit_nano_12_p16_224 mixer_s32_224 convnext_atto
"""

SLICE = [
    *(f"torchvision:{name}" for name in TORCHVISION.split()),
    *(f"timm:{name}" for name in TIMM.split()),
]

REAL = """
    timm:resnet10t timm:resnetv2_50 timm:regnety_002 timm:dla46_c timm:rexnet_100
    timm:ghostnet_050 timm:mobilenetv3_small_050 timm:efficientvit_b0 timm:repvgg_a0
    timm:vit_tiny_patch16_224 timm:xcit_nano_12_p16_224 timm:convnext_atto
"""


@pytest.mark.parametrize("name", SLICE)
def test_it_is_traced_and_counted(name):
    """Parameters as torch has them, MACs as torch counts them."""
    assert [] == verdict(name).faults


@pytest.mark.parametrize("name", REAL.split())
def test_its_calls_are_those_of_a_real_forward(name):
    """The same leaf calls in the same order, with the same output shapes."""
    assert check(name) == ""


def plainly(model, size, **options):
    """A record as JSON, or what a trace says that fails."""
    try:
        return trace(model, size, **options).to_json()
    except resviz.TraceError as error:
        return str(error)


@pytest.mark.parametrize("name", SLICE)
def test_the_plain_tracer_writes_the_same_record(name):
    """Byte for byte, though it runs every module and every operation."""
    built = build(name)
    if built.real:
        pytest.skip("its forward looks at values: both ways it is run for real")
    options = {"mode": "shapes", "fast": False}
    plain = plainly(built.model, built.size, **options)
    assert plain == plainly(built.model, built.size, mode="shapes")


def test_the_slice_has_sixty():
    """Each once."""
    assert 60 == len(set(SLICE))


def test_a_wrong_tree_is_noticed():
    """The comparison with the module tree can fail: in counts, and in shortcuts."""
    arch = resviz.trace(build("torchvision:resnet18").model)
    other = build("torchvision:resnet34").model
    found = [compared("other", model, arch) for model in (other, swapped())]
    counts = "blocks [2, 2, 2, 2], tree [3, 4, 6, 3]"
    assert [counts, "shortcuts of layer1.0"] == found


def swapped():
    """A ResNet-18 whose first block seems to keep weights for its shortcut."""
    model = build("torchvision:resnet18").model
    model.layer1[0].downsample = nn.Conv2d(64, 64, 1)
    return model
