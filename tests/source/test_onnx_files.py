"""Networks that lie in ONNX files, which are data and run nothing."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

import resviz
from resviz.errors import BuildError, ResvizError
from tests.source.exported import NETS, SIDE, build_net, export_net
from tests.source.onnx_graphs import write_graph

onnx = pytest.importorskip("onnx")
helper = onnx.helper


def list_facts(arch):
    """What a file has to tell as the network does: stages and MACs."""
    stages = [[block.type for block in stage.blocks] for stage in arch.stages]
    return stages, arch.macs


def trace_net(name):
    """Trace the network that a file is of."""
    return resviz.trace(build_net(name), (3, SIDE, SIDE))


@pytest.mark.parametrize("name", NETS)
def test_a_file_tells_what_its_network_does(name):
    """Stages, MACs, parameters and names of layers; the file says its input."""
    arch, expected = resviz.trace(str(export_net(name, ".onnx"))), trace_net(name)
    assert list_facts(expected) == list_facts(arch)
    assert expected.params == arch.params
    assert (1, 3, SIDE, SIDE) == arch.input_shape
    assert (f"{name}.onnx", "") == (arch.name, arch.title)
    convolutions = [layer.name for layer in expected.layers if "conv" in layer.name]
    named = {layer.name for layer in arch.layers}
    assert convolutions
    assert named >= set(convolutions)


@pytest.mark.parametrize("name", NETS)
def test_folded_norms_are_told(name):
    """Their channels are the parameters that are fewer; the title names both."""
    arch = resviz.trace(str(export_net(name, ".folded.onnx")))
    expected = trace_net(name)
    norms = [
        module
        for module in build_net(name).modules()
        if isinstance(module, torch.nn.BatchNorm2d)
    ]
    channels = sum(norm.num_features for norm in norms)
    assert list_facts(expected) == list_facts(arch)
    assert channels == expected.params - arch.params
    words = f"norms folded into {len(norms)} convolutions ({channels:,} biases)"
    assert words in arch.title


def test_sizes_that_are_fixed_are_refused_in_words():
    """Those that the file leaves open are anyone's choice."""
    path = str(export_net("basic", ".onnx"))
    with pytest.raises(ResvizError, match=r"exported for \(1, 3, 64, 64\); export it"):
        resviz.trace(path, (3, 32, 32))
    with pytest.raises(ResvizError, match="with dynamic axes for other sizes"):
        resviz.trace(path, batch=2)
    model = build_net("basic")
    path = str(export_net("basic", ".any.onnx"))
    assert (1, 3, 224, 224) == resviz.trace(path).input_shape
    arch = resviz.trace(path, (3, 96, 40), batch=3)
    assert resviz.trace(model, (3, 96, 40), batch=3).macs == arch.macs


@pytest.mark.parametrize(
    ("axis", "shape"), [(0, (1, 256)), (2, (4, 64)), (-1, (32, 8)), (-4, (1, 256))]
)
def test_flatten_counts_axes_from_either_end(tmp_path, axis, shape):
    """The last axis is −1, as onnx's reference has it: (1 · 4 · 8, 8)."""
    nodes = [(("Flatten", ["x"], ["y"]), {"axis": axis})]
    arch = resviz.trace(write_graph(tmp_path / "a.onnx", nodes))
    assert shape == tuple(arch.layers[-1].outputs[0].shape)


def test_unknown_operators_are_refused_by_name(tmp_path):
    """All of them, before anything is followed."""
    nodes = [
        (("NonZero", ["x"], ["a"]), {}),
        (("Magic", ["a"], ["y"]), {"domain": "own"}),
    ]
    path = write_graph(tmp_path / "a.onnx", nodes)
    want = r"a\.onnx: no rule for NonZero, own\.Magic; want what builds"
    with pytest.raises(BuildError, match=want):
        resviz.trace(path)


class Attending(nn.Module):
    """A convolution, and attention over its positions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 32, 3)
        self.attend = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x):
        rows = self.conv(x).flatten(2).transpose(1, 2)
        return rows + self.attend(rows, rows, rows, need_weights=False)[0]


@pytest.mark.filterwarnings("ignore")
def test_attention_of_torch_works_out_its_sizes(tmp_path):
    """Heads and widths come of divisions, whose rests are constants."""
    net, path = Attending().eval(), str(tmp_path / "a.onnx")
    torch.onnx.export(net, (torch.zeros(1, 3, 16, 16),), path, dynamo=False)
    assert "Mod" in {node.op_type for node in onnx.load(path).graph.node}
    arch, expected = resviz.trace(path), resviz.trace(net, (3, 16, 16))
    assert (expected.macs, expected.depth) == (arch.macs, arch.depth)


def test_a_result_is_held_against_what_the_file_infers(tmp_path):
    """A file that contradicts itself is not followed."""
    nodes = [(("Relu", ["x"], ["y"]), {"name": "act"})]
    path = write_graph(tmp_path / "a.onnx", nodes, out=(1, 4, 8, 9))
    with pytest.raises(ResvizError, match=r"\(1, 4, 8, 8\), the file infers|no ONNX"):
        resviz.trace(path)


def test_constants_are_worked_out_and_are_no_parameters(tmp_path):
    """A shape made from a shape; the scale of a group norm, which is a constant."""
    ones = helper.make_tensor("ones", 1, [2], [1.0, 1.0])
    zeros = helper.make_tensor("zeros", 1, [2], [0.0, 0.0])
    nodes = [
        (("Shape", ["x"], ["s"]), {}),
        (("Constant", [], ["w"]), {"value": ones}),
        (("Constant", [], ["b"]), {"value": zeros}),
        (("Reshape", ["x", "to"], ["g"]), {}),
        (("InstanceNormalization", ["g", "w", "b"], ["n"]), {}),
        (("Reshape", ["n", "s"], ["r"]), {}),
        (("Conv", ["r", "net.weight"], ["c"]), {"auto_pad": "SAME_UPPER"}),
        (("Relu", ["c"], ["y"]), {}),
    ]
    tensors = [
        ("to", 7, [3], [0, 2, -1]),
        ("net.weight", 1, [6, 4, 2, 2], [0.0] * 96),
    ]
    arch = resviz.trace(write_graph(tmp_path / "a.onnx", nodes, tensors))
    assert 96 == arch.params
    assert 64 * 96 == arch.macs
    assert (1, 6, 8, 8) == tuple(arch.layers[-1].outputs[0].shape)


def test_constants_in_other_files_are_not_read(tmp_path):
    """A document's file could name any; weights are not read at all."""
    tensors = [("to", 7, [2], [1, -1])]
    nodes = [(("Reshape", ["x", "to"], ["y"]), {})]
    path = write_graph(tmp_path / "a.onnx", nodes, tensors)
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.raw_data = b"\0" * 16
    onnx.external_data_helper.set_external_data(tensor, "other.bin")
    tensor.ClearField("int64_data")
    tensor.ClearField("raw_data")
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(BuildError, match="constant 'to' lies in another file"):
        resviz.trace(path)


def test_wrong_files_are_refused_on_one_line(tmp_path):
    """Empty, foreign, cut anywhere, not there."""
    whole = export_net("basic", ".onnx").read_bytes()
    wrong = {
        "empty": (b"", "is empty"),
        "text": (b"hello world", "is truncated, or no ONNX file"),
        "half": (whole[: len(whole) // 2], "is truncated"),
        "head": (whole[:40], "is truncated"),
    }
    for name, (data, reason) in wrong.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(data)
        with pytest.raises(BuildError, match=reason) as caught:
            resviz.trace(str(path))
        assert "\n" not in str(caught.value)
    with pytest.raises(ResvizError, match=r"none\.onnx: No such file"):
        resviz.trace(str(tmp_path / "none.onnx"))


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    """The extra brings it."""
    monkeypatch.delitem(sys.modules, "onnx")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ResvizError, match=r"pip install 'resviz\[onnx\]'"):
        resviz.trace(str(export_net("basic", ".onnx")))
