"""Which network a detector's weights are of, and what strays beside a network's."""

import pytest

from resviz.checkpoints import identify_tensors
from resviz.checkpoints.pickles import TensorEntry
from tests.checkpoints.networks import CAFFE2, DETECTRON2, build, rename

HEADS = {
    "roi_heads.box_predictor.cls_score.weight": TensorEntry((81, 2048), "float32"),
    "proposal_generator.rpn_head.conv.weight": TensorEntry((1024,) * 2 + (3, 3), "f"),
    "pixel_mean": TensorEntry((3, 1, 1), "float32"),
}

SHARED = ((r"^layer4", "roi_head.shared_head.layer4"), (r"^(?!roi)", "backbone."))
"""A detector of mmdetection whose heads share the last stage."""

C4 = (*DETECTRON2, (r"^backbone.bottom_up.res5", "roi_heads.res5"),
      (r"^backbone.bottom_up.", "backbone."))  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "far"), [(C4, "roi_heads."), (SHARED, "roi_head.shared_head.")]
)
@pytest.mark.parametrize("wrapper", ["", "module."])
@pytest.mark.parametrize("name", ["resnet50", "resnet101", "resnext101_32x8d"])
def test_the_last_stage_may_be_in_the_heads(name, rules, far, wrapper):
    """A C4 detector's ResNet is whole; its stage is named where it is."""
    entries = rename(build(name, num_classes=0), *rules) | HEADS
    found = identify_tensors({"model": rename(entries, (r"^", wrapper))})
    expected = identify_tensors({"": build(name, num_classes=0)})
    assert (expected.spec, "part") == (found.spec, found.sure)
    assert (expected.params, expected.downsample) == (found.params, found.downsample)
    assert f"its last stage behind {wrapper + far!r}" in found.words
    assert len(HEADS) == found.beside
    assert [f"model.{wrapper}pixel_mean: of no layer, got [3, 1, 1]"] == [
        *found.misfits
    ]


@pytest.mark.parametrize(("width", "classes"), [(512, 80), (256, 0)])
def test_a_head_beside_a_backbone_reads_its_last_map(width, classes):
    """One of another width stands behind a neck, and is not the network's."""
    entries = rename(build("resnet18", num_classes=0), (r"^", "backbone."))
    entries["bbox_head.fc.weight"] = TensorEntry((80, width), "float32")
    entries["bbox_head.fc.bias"] = TensorEntry((80,), "float32")
    found = identify_tensors({"": entries})
    assert (f"resnet(18, num_classes={classes})", ()) == (found.spec, found.misfits)
    assert (0 if classes else 2) == found.beside


def test_another_stage_elsewhere_is_not_its_last():
    """One that reads another width is another network's."""
    entries = build("resnet18", num_classes=0)
    entries = {k: e for k, e in entries.items() if not k.startswith("layer4")}
    other = TensorEntry((64, 64, 3, 3), "float32")
    entries |= {"aux.layer4.0.conv1.weight": other}
    found = identify_tensors({"": rename(entries, (r"^(?!aux)", "backbone."))})
    assert ("resnet(block='basic', layers=[2, 2, 2], num_classes=0)", "part") == (
        found.spec, found.sure
    )  # fmt: skip


def test_a_detector_is_named_by_its_backbone_however_large_its_heads_are():
    """As one of key points, whose heads weigh more; not what is no detector."""
    entries = rename(build("resnet18", num_classes=0), (r"^", "backbone.body."))
    large = TensorEntry((4096, 4096, 3, 3), "float32")
    found = identify_tensors({"": entries | {"roi_heads.keypoint.0.weight": large}})
    assert ("resnet(18, num_classes=0)", "part") == (found.spec, found.sure)
    found = identify_tensors({"": entries | {"decoder.0.weight": large}})
    assert (None, None) == (found.spec, found.sure)


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("name", ["resnet50", "resnext101_32x8d"])
def test_names_of_caffe2(name, statistics):
    """With statistics, or folded to scale and bias; beside others in one list."""
    entries = rename(build(name), *CAFFE2)
    entries = {
        key: entry
        for key, entry in entries.items()
        if "tracked" not in key and (statistics or not key.endswith(("_rm", "_riv")))
    }
    entries["conv1_b"] = TensorEntry((64,), "float32")
    momenta = {f"{key}_momentum": entry for key, entry in entries.items()}
    found = identify_tensors({"blobs": entries | momenta})
    assert (name, "exact", "Caffe2") == (found.spec, found.sure, found.naming)
    assert (("blobs", len(entries)),) == found.optimiser
    folded = ("norms: no statistics, they are folded into scale and bias",)
    stray = "conv1.bias: of no layer, got [64]"
    assert (stray, *(() if statistics else folded)) == found.misfits
    neck = {"fpn_inner_res5_2_sum_w": TensorEntry((256, 2048, 1, 1), "float32")}
    found = identify_tensors({"blobs": entries | neck})
    assert (name, "part", 1) == (found.spec, found.sure, found.beside)
    entries.pop("res4_1_branch2b_w")
    assert identify_tensors({"blobs": entries}).spec is None


def test_a_momentum_without_its_weight_is_no_optimisers():
    """As a rate of updates that a model keeps: it strays."""
    rate = {"update_momentum": TensorEntry((2,), "float32")}
    found = identify_tensors({"": build("cifar20") | rate})
    assert ("cifar20", ()) == (found.spec, found.optimiser)
    assert ("update_momentum: of no layer, got [2]",) == found.misfits


@pytest.mark.parametrize("prefix", ["", "module.", "backbone."])
@pytest.mark.parametrize(
    "stray",
    ["normalize.mean", "queue", "prototypes", "n_averaged", "layer1.0.conv1.total_ops",
     "total_params", "layer4.total_ops"],
)  # fmt: skip
@pytest.mark.parametrize("beside", [False, True])
def test_what_is_of_no_layer_is_a_misfit_and_no_part(prefix, stray, beside):
    """A mean, a queue, a counter: the network is exact all the same."""
    entries = rename(build("resnet18"), (r"^", prefix))
    name = f"other.{stray}" if beside else f"{prefix}{stray}"
    entries[name] = TensorEntry((3, 1, 1), "float32")
    found = identify_tensors({"": entries})
    assert ("resnet18", "exact") == (found.spec, found.sure)
    (misfit,) = found.misfits
    assert stray in misfit
    assert "of no layer, got [3, 1, 1]" in misfit
    assert identify_tensors({"": build("resnet18")}).params == found.params


@pytest.mark.parametrize(
    "name", ["extra.weight", "extra.bias", "decoder.in_proj_weight"]
)
def test_a_layer_more_is_a_part_or_another_network(name):
    """Beside a prefix it is a part; behind it there is another network."""
    more = {name: TensorEntry((8, 8), "float32")}
    found = identify_tensors({"": build("resnet18") | more})
    assert found.spec is None
    found = identify_tensors({"": rename(build("resnet18"), (r"^", "net.")) | more})
    assert ("resnet18", "part") == (found.spec, found.sure)


def test_a_convolution_called_classifier_is_no_head():
    """As in a segmenter: the backbone has no head, and none is wrong."""
    entries = rename(build("resnet18", num_classes=0), (r"^", "backbone."))
    entries["classifier.1.weight"] = TensorEntry((256, 512, 3, 3), "float32")
    entries["classifier.1.bias"] = TensorEntry((256,), "float32")
    found = identify_tensors({"": entries})
    assert ("resnet(18, num_classes=0)", "part") == (found.spec, found.sure)
    assert () == found.misfits
