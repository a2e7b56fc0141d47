"""What operators of ONNX compute, against the reference that onnx itself has."""

from functools import partial

import numpy as np
import pytest
import torch

import resviz
from resviz.errors import TraceError
from resviz.source import onnx_layers
from resviz.source.onnx_operators import OPERATORS
from tests.source.onnx_graphs import write_graph

onnx = pytest.importorskip("onnx")
assert onnx_layers  # importing it fills OPERATORS

OLD_REFERENCE = tuple(map(int, onnx.__version__.split(".")[:2])) < (1, 23)
needs_reference = pytest.mark.skipif(
    OLD_REFERENCE,
    reason="before 1.23 onnx's own reference is not as its operators are written: "
    "SAME of 9 positions by 2 gives 4, and an empty list of axes was all of them",
)


def draw(*shape):
    """Numbers that are the same each time."""
    return np.random.default_rng(7).standard_normal(shape).astype("float32")


def list_reference(kind, attributes, inputs, opset, outputs=1):
    """What onnx's reference gives, all of it."""
    from onnx.reference import ReferenceEvaluator

    names = [f"in{k}" if value is not None else "" for k, value in enumerate(inputs)]
    given = [f"out{k}" for k in range(outputs)]
    node = onnx.helper.make_node(kind, names, given, **attributes)
    named = {name: value for name, value in zip(names, inputs, strict=True) if name}
    make = onnx.helper.make_tensor_value_info
    numbers = {
        n: onnx.helper.np_dtype_to_tensor_dtype(v.dtype) for n, v in named.items()
    }
    taken = [make(name, numbers[name], value.shape) for name, value in named.items()]
    graph = onnx.helper.make_graph(
        [node], kind, taken, [make(g, 0, None) for g in given]
    )
    opsets = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=opsets)
    inferred = onnx.shape_inference.infer_shapes(model)
    return [*map(np.asarray, ReferenceEvaluator(inferred).run(None, named))]


def run_reference(kind, attributes, inputs, opset):
    """What onnx's reference gives."""
    (result,) = list_reference(kind, attributes, inputs, opset)
    return result


def list_ours(kind, attributes, inputs):
    """What the operator of ours gives, all of it; constants stay arrays."""
    first, *others = inputs
    weights = kind in {"Conv", "ConvTranspose", "Gemm", "MatMul"}
    values = [
        torch.tensor(value) if weights and value is not None else value
        for value in others
    ]
    result = OPERATORS[kind](attributes, torch.tensor(first), *values)
    return [*map(np.asarray, result if isinstance(result, tuple) else [result])]


def run_ours(kind, attributes, inputs):
    """What the operator of ours gives."""
    (result,) = list_ours(kind, attributes, inputs)
    return result


IMAGE = draw(2, 4, 9, 12)
KERNEL = draw(6, 4, 3, 4)

PADDED = [
    (kind, {"auto_pad": mode, "strides": strides, **more})
    for mode in ("SAME_UPPER", "SAME_LOWER", "VALID")
    for kind, strides, more in (
        ("Conv", [1, 1], {}),
        ("Conv", [2, 3], {}),
        ("Conv", [2, 2], {"dilations": [2, 1]}),
    )
]


@needs_reference
@pytest.mark.parametrize(("kind", "attributes"), PADDED)
def test_paddings_of_their_own_are_on_the_right_side(kind, attributes):
    """What is odd is behind for SAME_UPPER, before for SAME_LOWER."""
    inputs = [IMAGE, KERNEL] if kind == "Conv" else [IMAGE]
    found = run_ours(kind, attributes, inputs)
    wanted = run_reference(kind, attributes, inputs, 17)
    assert wanted.shape == found.shape
    assert np.allclose(wanted, found, atol=1e-4)


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize(
    ("mode", "pads"), [("SAME_UPPER", [0, 1, 1, 1]), ("SAME_LOWER", [1, 1, 0, 1])]
)
def test_pools_pad_as_convolutions_do(kind, mode, pads):
    """9 positions to 3 by windows of 4, 12 to 4 by windows of 5; written out."""
    how = {"kernel_shape": [4, 5], "strides": [3, 3], "count_include_pad": 1}
    found = run_ours(kind, {**how, "auto_pad": mode}, [IMAGE])
    if kind == "MaxPool":
        del how["count_include_pad"]
    wanted = run_reference(kind, {**how, "pads": pads}, [IMAGE], 17)
    assert wanted.shape == found.shape
    assert np.allclose(wanted, found, atol=1e-5)


def array(*values, dtype="int64"):
    """A constant of one axis."""
    return np.array(values, dtype=dtype)


REDUCTIONS = [
    ({"keepdims": 0}, [array(1, 2)]),
    ({"keepdims": 1}, [array(-1)]),
    ({"keepdims": 0}, []),
    ({"keepdims": 1, "noop_with_empty_axes": 0}, []),
    ({"keepdims": 1, "noop_with_empty_axes": 1}, []),
    ({"keepdims": 0, "noop_with_empty_axes": 1}, [array()]),
    ({"keepdims": 0, "noop_with_empty_axes": 1}, [array(3)]),
]


@needs_reference
@pytest.mark.parametrize("kind", ["ReduceMean", "ReduceSum", "ReduceMax"])
@pytest.mark.parametrize(("attributes", "axes"), REDUCTIONS)
def test_no_axes_are_all_of_them_or_none_as_the_node_says(kind, attributes, axes):
    """An empty list of axes is as if there was none."""
    found = run_ours(kind, attributes, [IMAGE, *axes])
    wanted = run_reference(kind, attributes, [IMAGE, *axes], 18)
    assert wanted.shape == found.shape
    assert np.allclose(wanted, found, atol=1e-4)


ROW = draw(4)
MATRIX = draw(5, 3)
ABOVE = np.abs(IMAGE) + 0.5
COLUMN = draw(2, 1, 9, 1)

CASES = {
    **{
        kind: [({}, [ABOVE])]
        for kind in (
            "Abs", "Ceil", "Dropout", "Erf", "Exp", "Floor", "GlobalAveragePool",
            "GlobalMaxPool", "HardSwish", "Identity", "Log", "Mish", "Neg",
            "Reciprocal", "Relu", "Sigmoid", "Softplus", "Sqrt", "Tanh",
        )
    },
    **{
        kind: [({}, [IMAGE, COLUMN]), ({}, [IMAGE, np.array(2.0, dtype="float32")])]
        for kind in ("Add", "Sub", "Mul", "Div", "Equal", "Greater", "Less")
    },
    "Pow": [({}, [ABOVE, np.array(2.0, dtype="float32")])],
    "PRelu": [({}, [IMAGE, slopes]) for slopes in (draw(4, 1, 1), draw(1, 1, 1))],
    "MatMul": [({}, [IMAGE, draw(12, 7)]), ({}, [IMAGE, draw(2, 1, 12, 7)])],
    "Where": [({}, [IMAGE > 0, IMAGE, COLUMN])],
    "Clip": [
        ({}, [IMAGE, np.array(-0.5, dtype="float32"), np.array(0.5, dtype="float32")]),
        ({}, [IMAGE, np.array(0.0, dtype="float32"), np.array(6.0, dtype="float32")]),
    ],
    "HardSigmoid": [({}, [IMAGE]), ({"alpha": 1 / 6}, [IMAGE])],
    "LeakyRelu": [({}, [IMAGE]), ({"alpha": 0.2}, [IMAGE])],
    "Elu": [({}, [IMAGE]), ({"alpha": 0.2}, [IMAGE])],
    "Gelu": [({}, [IMAGE]), ({"approximate": "tanh"}, [IMAGE])],
    "Softmax": [({}, [IMAGE]), ({"axis": 1}, [IMAGE])],
    "Transpose": [({}, [IMAGE]), ({"perm": [0, 2, 3, 1]}, [IMAGE])],
    "Concat": [({"axis": axis}, [IMAGE, IMAGE]) for axis in (1, -1)],
    "Flatten": [({"axis": axis}, [IMAGE]) for axis in (0, 1, 2, 4, -1)],
    "Reshape": [
        ({}, [IMAGE, array(*sizes)])
        for sizes in ((0, -1), (0, 0, -1), (0, 4, 3, 3, 12), (-1, 12), (2, 0, 12, 9))
    ]
    + [({"allowzero": 1}, [IMAGE[:, :0], array(0, 3)])],
    "Squeeze": [({}, [COLUMN]), ({}, [COLUMN, array(1)]), ({}, [COLUMN, array(-1, 1)])],
    "Unsqueeze": [({}, [MATRIX, array(*axes)]) for axes in ((0,), (-1, 0), (3, 1))],
    "Slice": [
        ({}, [IMAGE, array(1, 2), array(9, 99), array(2, 3)]),
        ({}, [IMAGE, array(1), array(-1), array(-2)]),
        ({}, [IMAGE, array(-5, 0), array(99, 4), array(-1, 1), array(2, 3)]),
        ({}, [IMAGE, array(1, 1), array(2, 3)]),
    ],
    "Split": [
        ({"axis": 1, "num_outputs": 2, "outputs": 2}, [IMAGE]),
        ({"axis": 2, "num_outputs": 2, "outputs": 2}, [IMAGE]),
        ({"axis": -1, "outputs": 2}, [IMAGE, array(5, 7)]),
    ],
    "Expand": [({}, [COLUMN, array(2, 3, 1, 5)]), ({}, [ROW, array(3, 1)])],
    "Gather": [
        ({}, [IMAGE, array(1, 0, 1)]),
        ({"axis": 1}, [IMAGE, np.array(2)]),
        ({"axis": -1}, [IMAGE, np.array([[1, 2], [0, 11]])]),
    ],
    "Cast": [({"to": 7}, [IMAGE]), ({"to": 11}, [IMAGE])],
    "CastLike": [({}, [IMAGE, torch.zeros(1, dtype=torch.float64)])],
    "Shape": [({}, [IMAGE]), ({"start": 1, "end": -1}, [IMAGE])],
    "Gemm": [
        ({}, [MATRIX, draw(3, 4)]),
        ({"alpha": 0.5}, [MATRIX, draw(3, 4)]),
        ({"transB": 1}, [MATRIX, draw(4, 3), ROW]),
        ({"transA": 1, "alpha": 0.5, "beta": 2.0}, [MATRIX, draw(5, 4), ROW]),
    ],
    "BatchNormalization": [
        ({}, [IMAGE, ROW, ROW, ROW, np.abs(ROW)]),
        ({"epsilon": 0.1}, [IMAGE, ROW, ROW, ROW, np.abs(ROW)]),
    ],
    "InstanceNormalization": [({"epsilon": 0.1}, [IMAGE, ROW, ROW])],
    "LayerNormalization": [
        ({}, [IMAGE, draw(12)]),
        ({"axis": 2, "epsilon": 0.1}, [IMAGE, draw(9, 12), draw(9, 12)]),
    ],
    "Pad": [
        ({}, [IMAGE, array(0, 0, 1, 2, 0, 0, 3, 4)]),
        ({}, [IMAGE, array(1, 0, 0, 0, 0, 1, 0, 0), np.array(2.0, dtype="float32")]),
        ({}, [IMAGE, array(1, 2), None, array(-1)]),
        ({"mode": "reflect"}, [IMAGE, array(0, 0, 1, 2, 0, 0, 3, 4)]),
        ({"mode": "edge"}, [IMAGE, array(0, 0, 1, 2, 0, 0, 3, 4)]),
    ],
    "ConvTranspose": [
        ({"strides": [2, 3]}, [IMAGE, draw(4, 5, 3, 4)]),
        ({"pads": [1, 2, 1, 2], "output_padding": [1, 0], "strides": [2, 2]},
         [IMAGE, draw(4, 5, 3, 4), draw(5)]),
        ({"dilations": [2, 1]}, [IMAGE, draw(4, 5, 3, 4)]),
    ],
}  # fmt: skip
"""Attributes and inputs of each operator; the reference knows no "outputs"."""

ELSEWHERE = {
    "AveragePool", "Conv", "MaxPool", "ReduceMax", "ReduceMean", "ReduceSum", "Resize",
    "Upsample",
}  # fmt: skip
"""Operators that tests around this one compare."""


def test_every_operator_is_compared():
    """A new one is found here."""
    assert {*OPERATORS} == {*CASES} | ELSEWHERE


@needs_reference
@pytest.mark.parametrize("kind", CASES)
def test_operators_give_what_the_reference_gives(kind):
    """Axes from either end, constants beside tensors, sizes that keep an axis."""
    for attributes, inputs in CASES[kind]:
        read = {name: v for name, v in attributes.items() if name != "outputs"}
        count = attributes.get("outputs", 1)
        arrays = [value if value is None else np.asarray(value) for value in inputs]
        wanted = list_reference(kind, read, arrays, 22, count)
        found = list_ours(kind, attributes, inputs)
        assert [(a.shape, a.dtype) for a in wanted] == [
            (b.shape, b.dtype) for b in found
        ]
        assert all(map(partial(np.allclose, atol=1e-4), wanted, found))


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize(
    ("scale", "sizes"),
    [
        (0.7, {7: 4, 10: 7, 13: 9, 20: 14, 30: 21, 39: 27, 60: 42, 80: 56, 101: 70}),
        (0.9, {7: 6, 10: 9, 13: 11, 20: 18, 30: 27, 39: 35, 60: 54, 80: 72, 101: 90}),
        (1.3, {7: 9, 10: 13, 13: 16, 20: 26, 39: 50, 60: 78, 80: 104, 101: 131}),
        (1.1, {7: 7, 13: 14, 39: 42, 101: 111}),
        (2.99, {7: 20, 13: 38, 39: 116, 101: 301}),
        (0.5, {7: 3, 8: 4, 101: 50}),
    ],
)
def test_sizes_by_a_scale_are_those_of_a_runtime(mode, scale, sizes):
    """Measured with ONNX Runtime 1.32; onnx 1.23 infers one less at tens by 0.7."""
    for side, wanted in sizes.items():
        x = np.zeros((1, 1, side, side), dtype="float32")
        scales = array(1, 1, scale, scale, dtype="float32")
        found = run_ours("Resize", {"mode": mode}, [x, None, scales])
        assert found.shape == (1, 1, wanted, wanted)


def scale(*values):
    """Scales as an input."""
    return array(*values, dtype="float32")


@pytest.mark.parametrize(
    ("kind", "attributes", "inputs"),
    [
        ("Upsample", {"scales": [1.0, 1.0, 2.0, 1.5]}, []),
        ("Upsample", {}, [scale(1, 1, 2, 1.5)]),
        ("Resize", {}, [scale(1, 1, 2, 1.5)]),
        ("Resize", {}, [scale(), scale(1, 1, 2, 1.5)]),
        ("Resize", {}, [None, None, array(2, 4, 18, 18)]),
        ("Resize", {}, [None, scale(), array(2, 4, 18, 18)]),
        ("Resize", {"axes": [2, 3]}, [None, scale(2, 1.5)]),
        ("Resize", {"axes": [3, -2]}, [None, None, array(18, 18)]),
    ],
)
def test_every_version_says_another_size_its_own_way(kind, attributes, inputs):
    """By an attribute, the first input, the second or the third."""
    assert (2, 4, 18, 18) == run_ours(kind, attributes, [IMAGE, *inputs]).shape


@pytest.mark.parametrize(
    ("kind", "attributes", "constants", "words"),
    [
        ("Resize", {}, ["", "channels"], "Resize of samples or channels is not"),
        ("Resize", {}, ["", "", ""], "Resize by scales that hang on values is not"),
        ("Resize", {"keep_aspect_ratio_policy": "not_larger"}, ["", "", "sizes"],
         "Resize that keeps the ratio of sides is not followed"),
        ("AveragePool", {"kernel_shape": [2, 2], "dilations": [2, 2]}, [],
         "AveragePool with a dilation is not followed"),
        ("MaxPool", {}, [], "MaxPool as operators of version 17 have it"),
    ],
)  # fmt: skip
def test_what_is_not_followed_is_refused_with_a_remedy(
    tmp_path, kind, attributes, constants, words
):
    """By the name of the node, and never by an error of Python alone."""
    nodes = [((kind, ["x", *constants], ["y"]), {**attributes, "name": "step"})]
    tensors = [("channels", 1, [4], [1, 2, 1, 1]), ("sizes", 7, [4], [1, 4, 16, 9])]
    path = write_graph(tmp_path / "a.onnx", nodes, tensors)
    with pytest.raises(TraceError, match=f"step: {words}.*; want what builds the"):
        resviz.trace(path)
