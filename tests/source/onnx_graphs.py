"""ONNX files of a few nodes, written for a test."""

import pytest

onnx = pytest.importorskip("onnx")
helper = onnx.helper


def write_graph(path, nodes, tensors=(), shape=(1, 4, 8, 8), out=None):
    """Write a graph that takes x and gives y."""
    tensors = [
        helper.make_tensor(name, kind, dims, values)
        for name, kind, dims, values in tensors
    ]
    graph = helper.make_graph(
        [helper.make_node(*args, **options) for args, options in nodes],
        "net",
        [helper.make_tensor_value_info("x", 1, shape)],
        [helper.make_tensor_value_info("y", 1, out)],
        tensors,
    )
    opset = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opset), str(path))
    return str(path)
