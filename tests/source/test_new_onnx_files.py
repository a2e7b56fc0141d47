"""ONNX files as torch's newer exporter writes them, whose nodes carry notes."""

import importlib.util
import logging

import onnx
import pytest
import torch
from onnx import helper

import resviz
from tests.source import exported_every
from tests.source.exported import NETS, SIDE, build_net

CONV = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}


def make_noted_node(kind, reads, gives, scopes, note=("", ""), **options):
    """Make a node with the paths around it, as torch 2.13 notes them."""
    node = helper.make_node(kind, reads, [gives], name=f"node_{gives}", **options)
    notes = {
        "pkg.torch.onnx.name_scopes": repr(["", *scopes, f"call_{gives}"]),
        note[0]: note[1],
    }
    helper.set_model_props(holder := onnx.ModelProto(), notes)
    node.metadata_props.extend(holder.metadata_props)
    return node


def write_noted(path, nodes, weights):
    """Write a graph that takes x and gives y, with some floating weights."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", 1, (1, 4, 8, 8))],
        [helper.make_tensor_value_info("y", 1, (1, 4, 8, 8))],
        [
            helper.make_tensor(name, 1, dims, [1.0] * torch.Size(dims).numel())
            for name, dims in weights.items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    onnx.save(model, str(path))
    return resviz.trace(str(path))


WEIGHTS = {"a.0.conv.weight": (4, 4, 3, 3)}
NORM = {f"a.0.norm.{word}": (4,) for word in ("weight", "bias", "mean", "var")}


def test_a_bias_of_zeros_and_shapes_of_weights_are_no_layers(tmp_path):
    """What stands around a convolution without a bias, as it writes that."""
    scopes = ["a", "a.0", "a.0.conv"]
    nodes = [
        make_noted_node("Shape", ["a.0.conv.weight"], "s", scopes, start=0, end=1),
        helper.make_node(
            "Constant", [], ["zero"], value=helper.make_tensor("", 1, [], [0.0])
        ),
        make_noted_node("CastLike", ["zero", "x"], "cast", scopes),
        make_noted_node("Expand", ["cast", "s"], "bias", scopes),
        make_noted_node("Conv", ["x", "a.0.conv.weight", "bias"], "c", scopes, **CONV),
        make_noted_node("BatchNormalization", ["c", *NORM], "n", ["a", "a.0.norm"]),
        make_noted_node("Relu", ["n"], "y", ["a", "a.0", "a.0.act"]),
    ]
    arch = write_noted(tmp_path / "a.onnx", nodes, WEIGHTS | NORM)
    assert ["a.0.conv", "a.0.norm", "a.0.act"] == [layer.path for layer in arch.layers]
    assert (144 + 8, 64 * 144) == (arch.params, arch.macs)
    assert 0 == len([p for p in arch.layers[0].parameters if p.name == "bias"])
    assert "" == arch.title


@pytest.mark.parametrize(
    ("bias", "scopes", "note"),
    [
        ("a.0.conv.weight_bias", [], ("", "")),
        ("a.0.conv.bias", ["a", "a.0", "a.0.norm"],
         ("pkg.onnxscript.rewriter.rule_name", "FuseBatchNormIntoConv")),
        ("a.0.conv.bias", ["a", "a.0", "a.0.norm"],
         ("pkg.torch.onnx.class_hierarchy", "['torch.nn.BatchNorm2d', 'aten.x']")),
        ("a.0.conv.bias", ["a", "a.0", "a.0.conv"], ("", "")),
    ],
)  # fmt: skip
def test_a_folded_norm_is_told_by_name_and_by_note(tmp_path, bias, scopes, note):
    """The layer keeps the convolution's name; a bias of its own folds nothing."""
    reads = ["x", "a.0.conv.weight", bias]
    nodes = [make_noted_node("Conv", reads, "y", scopes, note, **CONV)]
    arch = write_noted(tmp_path / "a.onnx", nodes, WEIGHTS | {bias: (4,)})
    assert ["a.0.conv"] == [layer.path for layer in arch.layers]
    is_own = bias.endswith(".bias") and not note[0]
    words = "batch norms folded into 1 convolutions (4 biases)"
    assert ("" if is_own else words) in arch.title
    assert is_own == (arch.title == "")


def test_a_bias_of_zeros_that_was_left_out_is_told(tmp_path):
    """The optimiser of the exporter notes it, whether there was one or not."""
    note = ("pkg.onnxscript.rewriter.rule_name", "RemoveOptionalBiasFromConv")
    reads = ["x", "a.0.conv.weight"]
    nodes = [make_noted_node("Conv", reads, "y", [], note, **CONV)]
    arch = write_noted(tmp_path / "a.onnx", nodes, WEIGHTS)
    assert "1 layers without the bias, if they had one of zeros" in arch.title


@pytest.mark.skipif(
    importlib.util.find_spec("onnxscript") is None, reason="onnxscript is missing"
)
@pytest.mark.parametrize("form", ["new", "new-folded", "new-open"])
@pytest.mark.parametrize("name", NETS)
def test_a_file_of_the_newer_exporter_tells_what_its_network_does(
    tmp_path, monkeypatch, name, form
):
    """Stages, MACs, parameters, names of layers; folding is told."""
    logging.disable(logging.WARNING)
    image = torch.zeros(1, 3, SIDE, SIDE)
    monkeypatch.setattr(exported_every, "IMAGE", image)
    model = build_net(name)
    suffix, save, options = exported_every.FORMS[form]
    save(model, tmp_path / f"net{suffix}", **options)
    expected = resviz.trace(model, (3, SIDE, SIDE))
    words = exported_every.compare_file(
        expected, model, tmp_path / f"net{suffix}", (3, SIDE, SIDE)
    )
    assert "" == words
