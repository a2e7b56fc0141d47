"""Which network tensors are of: ours, ours by other names, none of ours."""

import pytest

from resviz.checkpoints import identify_tensors
from resviz.checkpoints.pickles import TensorEntry
from resviz.checkpoints.plans import list_entries
from resviz.models import catalogue
from resviz.source import resolve_architecture
from tests.checkpoints.networks import (
    CAFFE2,
    DETECTRON2,
    MMDETECTION,
    TRANSFORMERS,
    build,
    rename,
)

NAMES = [n for n in catalogue.list_network_names() if not n.startswith("cifar1202")]
OPTIONS = [
    ("resnet50", {"num_classes": 10}, "resnet(50, num_classes=10)"),
    ("resnet18", {"stem": "cifar"}, "resnet(18, stem='cifar')"),
    ("resnet26", {"stem": "deep", "avg_down": True},
     "resnet(26, stem='deep', avg_down=True)"),
    ("resnet18", {"shortcut": "A"}, "resnet(18, shortcut='A')"),
    ("resnet18", {"shortcut": "C"}, "resnet(18, shortcut='C')"),
    ("cifar20", {"shortcut": "B"}, "cifar(20, shortcut='B')"),
    ("resnet18", {"projection": "first_block"}, "resnet(18, projection='first_block')"),
    ("resnet26", {"in_channels": 1}, "resnet(26, in_channels=1)"),
    ("resnet26", {"groups": 32, "width_per_group": 4},
     "resnet(26, groups=32, width_per_group=4)"),
    ("resnet50", {"base_channels": 48, "width_per_group": 6},  # 4.5 channels, cut off
     "resnet(50, width_per_group=6, base_channels=48)"),
    ("resnet50", {"base_channels": 48, "width_per_group": 5},  # 3.75, 7.5, 15 and 30
     "resnet(50, width_per_group=5, base_channels=48)"),
    ("resnet50", {"base_channels": 24, "width_per_group": 47, "groups": 3},
     "resnet(50, groups=3, width_per_group=47, base_channels=24)"),
    ("resnet50", {"base_channels": 40, "width_per_group": 64, "groups": 2},
     "resnet(50, groups=2, base_channels=40)"),
    ("resnet50", {"base_channels": 8, "width_per_group": 9},
     "resnet(50, width_per_group=9, base_channels=8)"),
    ("resnet50", {"num_stages": 3}, "resnet(block='bottleneck', layers=[3, 4, 6])"),
    ("resnet18", {"out_indices": (1, 3)}, "resnet(18, num_classes=0)"),
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_network_of_ours(name):
    """The SPEC lists the same names and shapes; its plan those that torch builds."""
    entries = build(name)
    found = identify_tensors({"state_dict": rename(entries, (r"^", "module."))})
    assert ("exact", "module.", "state_dict") == (
        found.sure, found.prefix, found.place
    )  # fmt: skip
    assert found.plan
    shapes = {key: entry.shape for key, entry in entries.items()}
    assert shapes == list_entries(found.plan)
    family = name.removeprefix("paper")
    if name not in {"resnet270", "resnet420", "paper18", "paper34"}:
        assert (f"resnet{family}" if "paper" in name else name) == found.spec


@pytest.mark.parametrize(("name", "options", "spec"), OPTIONS)
def test_options_of_ours(name, options, spec):
    """And what the SPEC builds has these tensors."""
    entries = build(name, **options)
    found = identify_tensors({"": entries})
    assert (spec, "exact") == (found.spec, found.sure)
    built = resolve_architecture(spec, (3 if "in_ch" not in spec else 1, 64, 64))
    assert built.params == found.params
    assert found.buffers == sum(
        e.numel for k, e in entries.items() if "running" in k or "tracked" in k
    )


@pytest.mark.parametrize("prefix", ["backbone.", "encoder_q.", "model.", "module.a.b."])
def test_prefixes_are_taken_off(prefix):
    """What a wrapper put before each name, head or none."""
    found = identify_tensors({"": rename(build("resnet18"), (r"^", prefix))})
    assert (prefix, "resnet18", 0) == (found.prefix, found.spec, found.beside)


@pytest.mark.parametrize(
    ("rules", "naming", "prefix", "options"),
    [
        (DETECTRON2, "detectron2", "backbone.bottom_up.", {"num_classes": 0}),
        (TRANSFORMERS, "transformers", "resnet.", {}),
        (MMDETECTION, "torchvision", "backbone.", {"stem": "deep", "avg_down": True}),
        ([(r"^fc", "linear"), ("downsample", "shortcut")], "torchvision", "", {}),
        ([(r"^fc\.", "head.fc."), (r"^(?!head)", "backbone.")], "torchvision",
         "backbone.", {"num_classes": 7}),
        (
            [(r"^conv1", "0"), (r"^bn1", "1"), (r"^fc", "9"),
             *[(f"^layer{k}", str(k + 3)) for k in range(1, 5)]],
            "torchvision, in a Sequential", "", {},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["resnet34", "resnext50_32x4d"])
def test_names_of_other_code_bases(name, rules, naming, prefix, options):
    """Those of detectron2, transformers, mmdetection, CIFAR repositories, wrappers."""
    entries = build(name, **options)
    found = identify_tensors({"": rename(entries, *rules)})
    assert (naming, prefix, "exact") == (found.naming, found.prefix, found.sure)
    assert found.plan
    shapes = {key: entry.shape for key, entry in entries.items()}
    assert shapes == list_entries(found.plan)


HEAD_BESIDE = ((r"^fc\.", "head.fc."), (r"^(?!head)", "backbone."))
"""Names of mmpretrain, whose head stands beside the backbone."""


@pytest.mark.parametrize("name", NAMES)
def test_every_network_by_every_naming_and_prefix(name):
    """The SPEC is that by torchvision's names, whatever wraps the network."""
    whole, bare = build(name), build(name, num_classes=0)
    for entries, rules in (
        (bare, ()),
        (bare, DETECTRON2),
        (whole, TRANSFORMERS),
        (whole, CAFFE2),
        (whole, HEAD_BESIDE),
    ):
        spec = identify_tensors({"": entries}).spec
        renamed = rename(entries, *rules)
        for key in [key for key in renamed if rules is CAFFE2 and "tracked" in key]:
            renamed.pop(key)
        for prefix in ("", "module.", "encoder_q.", "model.net."):
            found = identify_tensors({"": rename(renamed, (r"^", prefix))})
            assert spec
            assert (spec, "exact") == (found.spec, found.sure)


def test_foreign_names_are_told_by_shapes():
    """In order, with the projection before the block or behind it."""
    for name in ("resnet50", "wide_resnet50_2", "resnet18"):
        numbered = {f"p{k}": e for k, e in enumerate(build(name).values())}
        found = identify_tensors({"": numbered})
        assert (name, "shapes", None) == (found.spec, found.sure, found.naming)
    swapped = [*numbered.values()]
    swapped[0], swapped[6] = swapped[6], swapped[0]
    changed = {str(k): entry for k, entry in enumerate(swapped)}
    assert identify_tensors({"": changed}).spec is None
    plain = {f"p{k}": e for k, e in enumerate(build("cifar20").values())}
    assert identify_tensors({"": plain}).spec is None  # a plain net has these shapes


def test_copies_and_optimisers_are_told():
    """A moving average and a teacher follow, an optimiser's tensors are none."""
    entries = build("cifar20")
    groups = {
        "teacher": rename(entries, (r"^", "backbone.")),
        "student": rename(entries, (r"^", "backbone.")),
        "optimizer.state.0": {"momentum_buffer": TensorEntry((16, 3, 3, 3), "float32")},
    }
    found = identify_tensors(groups)
    assert ("cifar20", "student") == (found.spec, found.place)
    assert (("teacher", "backbone.", True),) == found.copies
    assert (("optimizer", 1),) == found.optimiser
    both = rename(entries, (r"^", "encoder_k.")) | rename(entries, (r"^", "encoder_q."))
    assert "encoder_q." == identify_tensors({"": both}).prefix
    alone = {"optimizer.state.0": groups["optimizer.state.0"]}
    assert identify_tensors(alone).spec is None


def test_what_lies_beside_is_weighed():
    """A detector is named by its backbone; not what a backbone is a small part of."""
    entries = rename(build("resnet18", num_classes=0), (r"^", "backbone."))
    neck = TensorEntry((256, 512, 3, 3), "float32")
    found = identify_tensors({"": entries | {"neck.conv.weight": neck}})
    assert ("resnet(18, num_classes=0)", "part", 1) == (
        found.spec, found.sure, found.beside
    )  # fmt: skip
    blocks = {f"blocks.{k}.weight": neck for k in range(20)}
    found = identify_tensors({"": entries | blocks})
    assert (None, True) == (found.spec, "is a part" in found.words)


def test_a_head_of_another_kind_is_a_misfit():
    """Stem and stages tell the network; the misfit is named."""
    entries = rename(build("resnet18"), (r"^fc\.", "fc.0."))
    found = identify_tensors({"": entries})
    assert ("resnet(18, num_classes=0)", "body") == (found.spec, found.sure)
    assert "fc.0.weight: not expected, got [1000, 512]" in found.misfits


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: e.pop("layer3.1.conv2.weight"),
        lambda e: e.update({"layer2.0.se.fc1.weight": TensorEntry((8, 128), "f")}),
        lambda e: e.update({"decoder.0.weight": TensorEntry((8, 512, 3, 3), "f")}),
        lambda e: e.update({"layer2.0.conv2.weight": TensorEntry((128, 128, 5), "f")}),
        lambda e: e.pop("layer4.0.downsample.0.weight"),
        lambda e: [e.pop(k) for k in [*e] if "running" in k],
        lambda e: e.update({"layer2.0.conv1.bias": TensorEntry((128,), "f")}),
        lambda e: [e.pop(k) for k in [*e] if k.startswith("layer2.")],
    ],
)  # fmt: skip
def test_one_thing_amiss_and_it_has_no_name(spoil):
    """A ResNet's name is for a ResNet, to the last tensor of its body."""
    entries = build("resnet18")
    spoil(entries)
    found = identify_tensors({"": entries})
    assert found.spec is None
    assert found.words.startswith("none of our networks: ")
