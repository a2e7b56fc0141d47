"""The networks whose structure is frozen, by the name of their files."""

from pathlib import Path

import msgspec
from torch import fx

import resviz
from tests.readings.structure import toys
from tests.zoo import packages

FOLDER = Path(__file__).parent

NAMED = """
    cifar20 cifar56 paper34 paper50 resnet18 resnet34 resnet50 resnet101
    resnext50_32x4d wide_resnet50_2
"""

OWN = {name: name for name in NAMED.split()} | {
    "resnet50_d": "resnet(50, deep_stem=True, avg_down=True)",
    "resnet34_c": "resnet(34, shortcut='C')",
    "resnet50_dilated": "resnet(50, output_stride=8)",
}
"""Our own networks: file and SPEC."""

TIMM = """
    botnet26t_256 cait_xxs24_224 coat_lite_tiny coatnet_nano_rw_224 convnext_atto
    crossvit_tiny_240 cspdarknet53 cspresnet50 deit_tiny_distilled_patch16_224
    densenet121 dla34 dpn68 eca_nfnet_l0 ecaresnet26t edgenext_xx_small
    efficientformerv2_s0 efficientnet_b0 fastvit_t8 focalnet_tiny_srf gcresnext26ts
    ghostnet_050 hiera_tiny_224 hrnet_w18_small inception_resnet_v2 lambda_resnet26t
    legacy_xception levit_128s mixer_s32_224 mobilenetv2_050 mobilenetv3_small_050
    mobileone_s0 mobilevit_xxs mvitv2_tiny nextvit_small nf_regnet_b0 poolformer_s12
    pvt_v2_b0 regnety_002 regnetz_b16 repvgg_a0 res2net50_14w_8s resnest14d
    resnetv2_50 rexnet_100 seresnet50 shvit_s1 skresnet18 swiftformer_xs
    swin_tiny_patch4_window7_224 tnt_s_patch16_224 vit_tiny_patch16_224
    vit_tiny_r_s16_p8_224 xcit_nano_12_p16_224
"""

TORCHVISION = """
    deeplabv3_resnet50 lraspp_mobilenet_v3_large mvit_v1_b r2plus1d_18 r3d_18
"""

FOREIGN = (
    {name: f"timm:{name}" for name in TIMM.split()}
    | {name: f"torchvision:{name}" for name in TORCHVISION.split()}
    | {
        "cbamresnet18": "timm:resnet18(block_args={'attn_layer': 'cbam'})",
        "googlenet": "torchvision:googlenet(init_weights=False)",
    }
)
"""Those of other packages: file and SPEC."""


def flattened(spec):
    """A network of ours as one flat graph."""
    from resviz.models.catalogue import build_network

    return fx.symbolic_trace(build_network(spec).eval())


TOYS = {
    "toy_flat_resnet18": (lambda: flattened("resnet18"), (3, 224, 224)),
    "toy_flat_mobilenet": (lambda: fx.symbolic_trace(toys.mobile()), (3, 32, 32)),
    "toy_mobilenet": (toys.mobile, (3, 32, 32)),
    "toy_unet": (toys.UNet, (3, 32, 32)),
    "toy_late_stride": (toys.late_stride, (3, 32, 32)),
    "toy_pyramid": (toys.pyramid, (3, 32, 32)),
    "toy_preactivation": (toys.preactivation, (3, 16, 16)),
    "toy_transformer": (toys.transformer, (9, 16)),
    "toy_lstm": (toys.Recurrent, (9, 16)),
    "toy_projecting": (toys.projecting, (3, 16, 16)),
}
"""Small networks written by hand, without and with what others lack: how each is
made, and the size of one sample."""


def names():
    """The files' names, in order."""
    return sorted((*OWN, *FOREIGN, *TOYS))


def record(name):
    """The record of a network, traced now; one of another package wants that."""
    if name in TOYS:
        make, size = TOYS[name]
        arch = resviz.trace(make().eval(), size)
    else:
        if name in FOREIGN:
            packages.ready()
        arch = resviz.trace(OWN[name] if name in OWN else FOREIGN[name])
    return msgspec.structs.replace(arch, name=name, title="")


def record_file(name):
    """Where the record of a network is kept."""
    return FOLDER / "records" / f"{name}.json.gz"


def text_file(name):
    """Where the frozen structure of a network is kept."""
    return FOLDER / f"{name}.txt"
