"""Networks by name."""

import inspect
from functools import partial

import pytest
import torch
from torch import nn

from resviz.errors import OptionError, ResvizError, SpecError, WeightsError
from resviz.models import ResNet, catalogue, resnet, resnet50
from resviz.models.namesakes import explain_foreign_name
from resviz.models.network_families import NamedNetwork
from resviz.source.spec import parse_spec


@pytest.mark.parametrize("name", catalogue.list_network_names())
def test_every_name_has_a_row(name):
    """What is listed can be found and titled."""
    assert catalogue.find_network(name).name == name
    assert catalogue.resolve_network(name) == catalogue.find_network(name)


@pytest.mark.parametrize(
    "name", [name for name in catalogue.list_network_names() if "cifar" not in name]
)
def test_every_name_builds(meta, name):
    """What is listed can be built (the CIFAR nets are in their own tests)."""
    net = meta(name)
    blocks = [len(stage) for key, stage in net.named_children() if "layer" in key]
    assert list(catalogue.find_network(name).counts) == blocks


def test_names_are_unique():
    """No name is listed twice."""
    assert len(set(catalogue.list_network_names())) == len(
        catalogue.list_network_names()
    )


@pytest.mark.parametrize(
    ("args", "options", "expected"),
    [
        (("resnet50",), {}, "ResNet-50"),
        (("resnet", 50), {}, "ResNet-50"),
        (("resnet",), {"depth": 50}, "ResNet-50"),
        (("50",), {}, "ResNet-50"),
        (("resnet26",), {}, "ResNet-26 bottleneck 2-2-2-2"),
        (("resnet14",), {}, "ResNet-14 bottleneck 1-1-1-1"),
        (("resnet12",), {}, "ResNet-12 basic 2-1-1-1"),
        (("resnet38",), {}, "ResNet-38 bottleneck 3-3-3-3"),
        (("resnet200",), {}, "ResNet-200"),
        (("resnet59",), {}, "ResNet-59 bottleneck 3-4-9-3 (unpublished)"),
        (("resnet77",), {}, "ResNet-77 bottleneck 3-4-15-3 (unpublished)"),
        (("resnet22",), {}, "ResNet-22 basic 2-2-4-2 (unpublished)"),
        (
            ("resnet50",),
            {"block": "basic"},
            "ResNet-50 basic 3-4-14-3 (unpublished)",
        ),
        (
            ("resnet56",),
            {"stem": "imagenet"},
            "ResNet-56 bottleneck 3-4-8-3 (unpublished)",
        ),
        (
            ("resnet",),
            {"layers": [3, 4, 9, 3], "block": "bottleneck"},
            "ResNet-59",
        ),
        (("cifar74",), {}, "ResNet-74 (CIFAR)"),
        (("resnet10",), {}, "ResNet-10"),
        (("resnet26",), {"block": "basic"}, "ResNet-26 basic 3-3-3-3"),
        (("resnet",), {"layers": [3, 4, 6, 3], "block": "bottleneck"}, "ResNet-50"),
        (("resnet50",), {"num_classes": 3}, "ResNet-50"),
        (("resnext50_32x4d",), {}, "ResNeXt-50 32×4d"),
        (("resnext101_64x4d",), {}, "ResNeXt-101 64×4d"),
        (("wide_resnet101_2",), {}, "Wide ResNet-101-2"),
        (("cifar110",), {}, "ResNet-110 (CIFAR)"),
        (("cifar_resnet", 110), {}, "ResNet-110 (CIFAR)"),
        (("cifar_resnet110",), {}, "ResNet-110 (CIFAR)"),
        (("paper50",), {}, "ResNet-50 (paper)"),
        (("paper", 34), {}, "ResNet-34 (paper)"),
    ],
)
def test_title(args, options, expected):
    """A title is what the field calls the network."""
    assert expected == catalogue.resolve_network(*args, **options).title


@pytest.mark.parametrize("ask", [catalogue.build_network, catalogue.resolve_network])
@pytest.mark.parametrize(
    ("name", "near"),
    [("resnet50x", "'resnet50'"), ("rsnet34", "'resnet34'"), ("wide_resnet", "'wide")],
)
def test_unknown_name(ask, name, near):
    """An unknown name is refused with near ones."""
    with pytest.raises(SpecError, match=f"unknown network '{name}', did you mean") as e:
        ask(name)
    assert near in str(e.value)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("resnext51", "'resnext50_32x4d' or"),
        ("resnext", "'resnext50_32x4d' or"),
        ("wide_resnet53", "'wide_resnet50_2' or 'wide_resnet101_2';"),
        ("ResNet53", "'resnet53';"),
        ("resnet56_cifar", "'cifar56';"),
        ("cifar10_resnet20", "'cifar20';"),
    ],
)
def test_the_family_counts_for_more_than_the_depth(name, near):
    """A near name of another family is not suggested before those of this one."""
    with pytest.raises(SpecError, match=f"did you mean {near}"):
        catalogue.find_network(name)


def test_a_model_of_a_package_is_told_how_it_is_named():
    """DenseNet is no ResNet misspelt."""
    with pytest.raises(SpecError) as caught:
        catalogue.find_network("densenet121")
    assert "did you mean" not in str(caught.value)
    assert str(caught.value).endswith("timm:densenet121 or torchvision:densenet121")


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110, 164, 1001, 1202])
@pytest.mark.parametrize(
    "ask",
    [
        lambda depth: catalogue.resolve_network(f"resnet{depth}"),
        lambda depth: catalogue.resolve_network("resnet", depth, num_classes=10),
        lambda depth: catalogue.build_network(str(depth)),
        resnet,
        lambda depth: resnet(depth=depth, block="basic" if depth % 6 == 2 else None),
    ],
)
def test_a_depth_of_cifar_names_both_networks(ask, depth):
    """Nobody who names ResNet-56 gets a net for ImageNet without having asked."""
    both = rf"want cifar{depth}, .*deliberately, resnet\({depth}, stem='imagenet'\)$"
    with pytest.raises(SpecError, match=both):
        ask(depth)


def test_a_depth_of_cifar_with_a_stem_or_counts(meta):
    """Either says that the network for ImageNet is meant."""
    assert len(meta("resnet", 56, stem="imagenet").layer3) == 8
    assert len(meta("resnet56", layers=[3, 4, 17, 3]).layer3) == 17
    assert catalogue.resolve_network("cifar56").title == "ResNet-56 (CIFAR)"


@pytest.mark.parametrize(
    ("args", "block"),
    [(("resnet", 50), "bottleneck"), (("resnet34",), "basic")],
)
def test_depth_and_counts_tell_the_block(args, block):
    """3, 4, 6 and 3 blocks are 34 layers of the one kind and 50 of the other."""
    assert catalogue.resolve_network(*args, layers=[3, 4, 6, 3]).block == block


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "18 layers with block='basic' or 26 .*want the block as well$"),
        ({"depth": 50}, "got depth 50: leave out the depth and name the block, or"),
        ({"depth": 50, "block": "basic"}, "gives 18 .*: leave out the depth, or"),
    ],
)
def test_counts_that_do_not_tell_it(options, words):
    """Both depths are said, and what to leave out."""
    with pytest.raises(SpecError, match=words):
        catalogue.resolve_network("resnet", layers=[2, 2, 2, 2], **options)


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("pretrained", "weights='IMAGENET1K_V1', or neither"),
        ("in_chans", "in_channels$"),
        ("classes", "num_classes$"),
        ("input", "--input 3,64,64 beside the SPEC"),
        ("base_width", "width_per_group$"),
        ("zero_init_last", "zero_init_residual$"),
        ("dilation", "replace_stride_with_dilation or dil"),
        ("drop_rate", "it left out: it changes neither"),
        ("global_pool", "head='adaptive'"),
        ("features_only", r"out_indices=\[0, 1, 2\]"),
        ("stem_width", "stem_channels, twice as much"),
    ],
)
@pytest.mark.parametrize(
    "ask", [resnet50, partial(catalogue.resolve_network, "cifar20")]
)
def test_what_an_option_of_others_is_called_here(ask, option, meant):
    """In Python it is a TypeError too, as any unknown keyword."""
    with pytest.raises(OptionError, match=f"unknown option '{option}', want {meant}"):
        ask(**{option: True})


def test_what_only_others_have():
    """Where to have it is said."""
    words = "which timm's ResNets have: want such a network, timm:resnet50.act_layer=…"
    with pytest.raises(OptionError, match=words):
        resnet50(act_layer=nn.GELU)


def test_a_norm_that_makes_none():
    """A name in quotes is not called."""
    with pytest.raises(SpecError, match="norm_layer: got 'GroupNorm', want what makes"):
        resnet50(norm_layer="GroupNorm")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet8", "is a network for CIFAR, want cifar8, .*nearest is 10"),
        ("resnet9", "the network of DAWNBench, .*net.py:build$"),
        ("resnet29", "want cifar29, "),
        ("resnet74", "want cifar74, .*deliberately, resnet.74, stem='imagenet'"),
        ("wrn28_10", "a Wide ResNet for CIFAR .*net.py:build"),
        ("WideResNet-40-2", "a Wide ResNet for CIFAR"),
        ("wrn50_2", "want wide_resnet50_2"),
        ("preresnet110", "a pre-activation network .*timm:resnetv2_50"),
        ("preact_resnet18", "a pre-activation network"),
        ("resnet50v2", "a pre-activation network"),
        ("resnet101_v1b", "want resnet101, which strides in the 3×3"),
        ("resnet50c", r"want resnet\(50, deep_stem=True\)$"),
        ("se_resnet50", "want timm:seresnet50$"),
    ],
)
def test_namesakes(name, words):
    """What the literature calls so is named, and where to have it."""
    with pytest.raises(SpecError, match=words):
        catalogue.resolve_network(name)


@pytest.mark.parametrize(
    ("name", "options", "params"),
    [
        ("resnet50d", {}, 25_576_264),
        ("resnet8x4", {"num_classes": 100}, 1_233_540),
    ],
)
def test_what_a_namesake_is_here(name, options, params):
    """As many parameters as timm's and RepDistiller's have."""
    meant = explain_foreign_name(name).removeprefix("want ").partition("), ")[0]
    spec = parse_spec(meant.removesuffix(")") + ")")
    with torch.device("meta"):
        net = catalogue.build_network(spec.name, *spec.args, **spec.options, **options)
    assert params == sum(p.numel() for p in net.parameters())


def test_an_unknown_name_comes_before_its_options():
    """Not the width is unknown."""
    with pytest.raises(SpecError, match="unknown network 'foo'"):
        catalogue.resolve_network("foo", width=3)


@pytest.mark.parametrize("name", ["", "vgg16", "resnet-", "50x", "ResNet 50", "٥٠"])
def test_foreign_name(name):
    """So is one that is near to none, with the legal ones."""
    with pytest.raises(SpecError, match="want one of resnet, cifar, paper"):
        catalogue.build_network(name)


def test_huge_depth_in_a_name():
    """A depth of thousands of digits is an unknown name, not a crash."""
    with pytest.raises(SpecError, match="unknown network"):
        catalogue.resolve_network("resnet" + "9" * 5000)


@pytest.mark.parametrize("ask", [catalogue.build_network, catalogue.resolve_network])
def test_unknown_option(ask):
    """An unknown option is refused with a near one and the legal ones."""
    with pytest.raises(SpecError) as caught:
        ask("resnet50", num_clases=10)
    assert "unknown option 'num_clases', did you mean 'num_classes'" in str(
        caught.value
    )
    assert "out_indices" in str(caught.value)


@pytest.mark.parametrize(
    ("args", "options"),
    [
        (("resnet50", 26), {}),
        (("resnet", 50, 3), {}),
        (("resnet", 50), {"depth": 50}),
        (("resnext50_32x4d", 50), {}),
        (("wide_resnet50_2",), {"block": "basic"}),
        (("resnet",), {}),
        (("paper",), {"layers": [3, 3, 3, 3], "block": "basic"}),
        (("resnet50",), {"norm_layer": 3}),
        (("resnet50",), {"weights": 3}),
        (("resnet50",), {"replace_stride_with_dilation": 3}),
        (("resnet18",), {"output_stride": 8}),
        (("resnet18",), {"groups": 2}),
    ],
    ids=str,
)
def test_no_bare_error(args, options):
    """Whatever cannot be built is a SpecError in one line, never a TypeError."""
    with torch.device("meta"), pytest.raises(SpecError) as caught:
        catalogue.build_network(*args, **options)
    assert "\n" not in str(caught.value)


def test_unknown_weights():
    """Weights that a network does not have are refused with those that it has."""
    with torch.device("meta"), pytest.raises(WeightsError) as caught:
        catalogue.build_network("resnet50", weights="IMAGENET1K_V3")
    assert "'IMAGENET1K_V2'" in str(caught.value)
    assert isinstance(caught.value, ResvizError)


def test_option_names():
    """The options are ResNet's, after block and layers, and those of the weights."""
    own = list(inspect.signature(ResNet).parameters)[2:]
    assert [*own, "weights", "progress"] == list(catalogue.list_option_names())


def test_a_network_is_one_row(monkeypatch, meta):
    """A row is all that a new network takes."""
    row = NamedNetwork("tiny", "Tiny", "basic", (1, 1), {"num_classes": 3})
    monkeypatch.setitem(catalogue.NAMED_NETWORKS, "tiny", row)
    assert meta("tiny").fc.out_features == 3
    assert catalogue.resolve_network("tiny").title == "Tiny"
    assert "tiny" in catalogue.list_network_names()


def test_options_of_the_call_win(meta):
    """An option of the call stands over that of the row."""
    assert meta("cifar20", num_classes=100).fc.out_features == 100


def test_published_weights_belong_to_the_usual_counts():
    """resnet50 with other counts does not carry the name its weights go by."""
    assert catalogue.find_network("resnet50").name == "resnet50"
    assert catalogue.find_network(
        "resnet", layers=[1, 9, 3, 3], block="bottleneck"
    ).name == ("resnet")


def test_is_a_module(meta):
    """What is built is an nn.Module of the usual kind."""
    assert isinstance(meta("resnet50"), nn.Module)
