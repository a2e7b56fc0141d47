"""Reading an ONNX file: its graph, its shapes and its constants, never a weight.

Floating initialisers are parameters, as torch writes them; statistics of batch norms
are buffers. A file is data, and runs no code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import BuildError, describe_error
from resviz.extras import import_extra
from resviz.inputs import InputSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from resviz.source.onnx_graph import OnnxGraph, OnnxNode, OpenShape

DOMAINS = {"", "ai.onnx"}
"""Names of the domain whose operators are known."""

WEIGHTED = {"Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"}
"""Operators whose weights some exporters write as nodes of constants."""

STATISTICS = {3, 4}
"""Inputs of a batch norm that are its running mean and variance."""

FOLDED_NAME = re.compile(r"onnx::Conv_\d+")
"""What torch calls weights that it made from others, as by folding a norm into them."""

SCOPES, CLASSES, REWRITES = (
    "pkg.torch.onnx.name_scopes",
    "pkg.torch.onnx.class_hierarchy",
    "pkg.onnxscript.rewriter.rule_name",
)
"""What torch's newer exporter notes at a node: paths of the modules around it, their
classes, and how its optimiser rewrote it."""

QUOTED = re.compile(r"'([^']*)'")
"""An item of such a list."""


class OnnxNetwork(NamedTuple):
    """The network of an ONNX file.

    Attributes:
        module: that does what the graph does.
        inputs: that it takes; a size that the file leaves open is None.
        remark: what the file does not hold as the network had it, "" for nothing.
    """

    module: OnnxGraph
    inputs: list[InputSpec]
    remark: str


def read_onnx_file(path: Path) -> OnnxNetwork:
    """Read the network of a file.

    Raises:
        ResvizError: if onnx is not installed.
        BuildError: if the file cannot be read, or has operators without a rule.
    """
    onnx = import_extra("onnx", "onnx")
    if path.stat().st_size == 0:
        raise BuildError("is empty")
    try:
        model = onnx.load(str(path), format="protobuf", load_external_data=False)
        if model.functions:
            model = import_extra("onnx.inliner", "onnx").inline_local_functions(model)
        inference = import_extra("onnx.shape_inference", "onnx")
        inferred = inference.infer_shapes(model, data_prop=True).graph
    except Exception as error:
        reason = describe_error(error)
        raise BuildError(f"is truncated, or no ONNX file: {reason}") from error
    check_operators(model.graph)
    check_names(model.graph)
    return make_network(model, inferred)


def check_operators(graph: Any) -> None:
    """Check that all operators are known.

    Raises:
        BuildError: with the names of those that are not.
    """
    from resviz.source.onnx_graph import CONSTANT_OPERATORS
    from resviz.source.onnx_operators import OPERATORS, REMEDY

    known = {*OPERATORS, *CONSTANT_OPERATORS, "Constant"}
    unknown = {
        node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"
        for node in graph.node
        if node.domain not in DOMAINS or node.op_type not in known
    }
    if unknown:
        raise BuildError(f"no rule for {', '.join(sorted(unknown))}; {REMEDY}")


def check_names(graph: Any) -> None:
    """Check that each value that is read was made before.

    Raises:
        BuildError: if one was not, as in a file that was cut.
    """
    made = {"", *(value.name for value in (*graph.input, *graph.initializer))}
    for node in graph.node:
        for name in node.input:
            if name not in made:
                raise BuildError(f"is truncated: nothing gives {name!r}")
        made |= set(node.output)
    missing = [value.name for value in graph.output if value.name not in made]
    if missing or not graph.output or not graph.node:
        raise BuildError(f"is truncated, or no ONNX file: {missing or 'no output'}")


def make_network(model: Any, inferred: Any) -> OnnxNetwork:
    """Make the module of a model, with the shapes that were inferred."""
    import torch
    from torch import nn

    from resviz.source.onnx_graph import OnnxGraph
    from resviz.source.onnx_operators import DTYPES_BY_NUMBER

    graph = model.graph
    dropped = drop_identities(graph)
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    sizes = drop_shapes(graph, tensors)
    written = list_constant_nodes(graph)
    uses = list_uses(graph)
    weights = {
        name: is_parameter
        for name, tensor in {**tensors, **written}.items()
        if (is_parameter := tell_parameter(name, tensor, uses.get(name, []), written))
        is not None
    }
    constants = {
        name: read_constant(tensor)
        for name, tensor in {**tensors, **written}.items()
        if name not in weights and name in uses
    }
    constants |= sizes
    inputs = [value for value in graph.input if value.name not in tensors]
    network = OnnxGraph(
        [make_node(node, weights) for node in graph.node if node.op_type != "Constant"],
        [value.name for value in inputs],
        [value.name for value in graph.output],
        constants,
        {
            value.name: list_open_sizes(value)
            for value in (*inferred.value_info, *inferred.output)
            if value.type.tensor_type.HasField("shape")
        },
        max(
            (each.version for each in model.opset_import if each.domain in DOMAINS),
            default=1,
        ),
    )
    for name, is_parameter in weights.items():
        tensor = tensors.get(name) or written[name]
        dtype = DTYPES_BY_NUMBER[tensor.data_type]
        value = torch.empty(tuple(tensor.dims), device="meta", dtype=dtype)
        network.hold_weight(name, nn.Parameter(value) if is_parameter else value)
    return OnnxNetwork(
        network.eval(),
        [make_input(value) for value in inputs],
        describe_missing(network.nodes, tensors, dropped),
    )


def list_uses(graph: Any) -> dict[str, list[tuple[str, int]]]:
    """List the operators that read each value, and at which of their inputs."""
    uses: dict[str, list[tuple[str, int]]] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            uses.setdefault(name, []).append((node.op_type, place))
    return uses


def drop_identities(graph: Any) -> int:
    """Read an initialiser itself in the place of its identities; return their number.

    Torch writes tensors of equal values once, and an Identity for each of the others.
    """
    kept = {value.name for value in graph.output}
    first = {value.name: value.name for value in graph.initializer}
    nodes = []
    for node in graph.node:
        node.input[:] = [first.get(name, name) for name in node.input]
        same = node.op_type == "Identity" and node.input[0] in first
        if same and node.output[0] not in kept:
            first[node.output[0]] = node.input[0]
        else:
            nodes.append(node)
    dropped = len(graph.node) - len(nodes)
    del graph.node[:]
    graph.node.extend(nodes)
    return dropped


def drop_shapes(graph: Any, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the nodes that give shapes of initialisers; return these, by name."""
    import numpy as np

    shapes: dict[str, Any] = {}
    nodes = []
    for node in graph.node:
        tensor = tensors.get(node.input[0]) if node.op_type == "Shape" else None
        if tensor is None:
            nodes.append(node)
            continue
        ends = {attribute.name: attribute.i for attribute in node.attribute}
        sizes = list(tensor.dims)[ends.get("start", 0) : ends.get("end")]
        shapes[node.output[0]] = np.array(sizes, dtype="int64")
    del graph.node[:]
    graph.node.extend(nodes)
    return shapes


def tell_parameter(
    name: str, tensor: Any, uses: list[tuple[str, int]], written: dict[str, Any]
) -> bool | None:
    """Tell whether a tensor is a parameter, or a buffer; None for a constant."""
    onnx = import_extra("onnx", "onnx")
    from resviz.source.onnx_graph import CONSTANT_PLACES

    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    floats |= {onnx.TensorProto.DOUBLE, onnx.TensorProto.BFLOAT16}
    says_how = all(place in CONSTANT_PLACES.get(kind, ()) for kind, place in uses)
    is_scalar = not tensor.dims and (name in written or not name.isidentifier())
    if tensor.data_type not in floats or says_how or is_scalar:
        return None
    if all(
        kind == "BatchNormalization" and place in STATISTICS for kind, place in uses
    ):
        return False
    return name not in written or any(kind in WEIGHTED for kind, _ in uses)


def list_constant_nodes(graph: Any) -> dict[str, Any]:
    """List the tensors that nodes of constants give."""
    import numpy as np

    onnx = import_extra("onnx", "onnx")
    tensors: dict[str, Any] = {}
    for node in graph.node:
        if node.op_type == "Constant":
            (attribute,) = node.attribute
            value = onnx.helper.get_attribute_value(attribute)
            if attribute.name != "value":
                dtype = "int64" if "int" in attribute.name else "float32"
                value = onnx.numpy_helper.from_array(np.array(value, dtype=dtype))
            tensors[node.output[0]] = value
    return tensors


def read_constant(tensor: Any) -> Any:
    """Return a constant as an array.

    Raises:
        BuildError: if it lies in another file.
    """
    onnx = import_extra("onnx", "onnx")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise BuildError(
            f"the constant {tensor.name!r} lies in another file, which is not read; "
            "want it in one, torch.onnx.export(…, external_data=False)"
        )
    return onnx.numpy_helper.to_array(tensor)


def make_node(node: Any, weights: Mapping[str, bool]) -> OnnxNode:
    """Return a node of the graph in plain types.

    Args:
        node: of the graph.
        weights: names of parameters and buffers.
    """
    onnx = import_extra("onnx", "onnx")
    from resviz.source.onnx_graph import OnnxNode

    attributes = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        attributes[attribute.name] = (
            value.decode() if isinstance(value, bytes) else value
        )
    attributes["outputs"] = len(node.output)
    return OnnxNode(
        node.op_type,
        name_node(node, weights) or node.op_type,
        tuple(node.input),
        tuple(node.output),
        attributes,
        is_folded(node),
        lacks_zero_bias(node),
        node.SerializeToString(),
    )


def name_node(node: Any, weights: Mapping[str, bool]) -> str:
    """Name a node by the module that it was, `/layer1.0.conv1/Conv`.

    Torch's older exporter says that in the name. For its newer one, a weight has the
    name of its module, also where a norm is folded into it; other nodes have a note.
    """
    if "/" in node.name:
        return node.name
    for name in node.input[1:]:
        if name in weights and (path := name.rpartition(".")[0]):
            return f"/{path}/{node.op_type}"
    path = "".join(QUOTED.findall(read_note(node, SCOPES))[:-1][-1:])
    return f"/{path}/{node.op_type}" if path else node.name


def read_note(node: Any, key: str) -> str:
    """Read what an exporter notes at a node, "" for nothing."""
    return next((note.value for note in node.metadata_props if note.key == key), "")


def is_folded(node: Any) -> bool:
    """Tell whether a batch norm was folded into a node.

    By torch's older exporter, both weights have names of its making then; the newer one
    says so, and calls a bias by the weight.
    """
    if node.op_type not in WEIGHTED or len(node.input) != 3:
        return False
    _, weight, bias = node.input
    if all(FOLDED_NAME.fullmatch(name) for name in (weight, bias)):
        return True
    notes = read_note(node, REWRITES) + read_note(node, CLASSES)
    return bias == f"{weight}_bias" or "BatchNorm" in notes


def lacks_zero_bias(node: Any) -> bool:
    """Tell whether a bias of zeros, if there was one, was left out of a node."""
    is_plain = node.op_type in WEIGHTED and len(node.input) == 2
    return is_plain and "RemoveOptionalBias" in read_note(node, REWRITES)


def list_open_sizes(value: Any) -> OpenShape:
    """List the sizes of a value; None for one that is open."""
    return tuple(
        size.dim_value if size.HasField("dim_value") else None
        for size in value.type.tensor_type.shape.dim
    )


def make_input(value: Any) -> InputSpec:
    """Describe an input of the graph."""
    from resviz.source.onnx_operators import DTYPES_BY_NUMBER

    dtype = DTYPES_BY_NUMBER.get(value.type.tensor_type.elem_type)
    if dtype is None:
        raise BuildError(f"input {value.name!r}: is no tensor of a type that is known")
    return InputSpec(list_open_sizes(value), str(dtype).removeprefix("torch."))


def describe_missing(
    nodes: tuple[OnnxNode, ...], tensors: dict[str, Any], dropped: int
) -> str:
    """Say what a file does not hold as the network had it: norms, and equal tensors.

    Args:
        nodes: of the graph.
        tensors: initialisers by name.
        dropped: how many tensors were written once with others.
    """
    folded = [node for node in nodes if node.folded]
    biases = [tensors.get(node.inputs[2]) for node in folded]
    channels = sum(bias.dims[0] for bias in biases if bias is not None)
    words = []
    if folded:
        what = "convolutions"
        if any("Conv" not in node.kind for node in folded):
            what = "layers"
        words.append(
            f"batch norms folded into {len(folded)} {what} ({channels:,} biases)"
        )
    bare = sum(node.lacks_bias for node in nodes)
    if bare:
        words.append(f"{bare} layers without the bias, if they had one of zeros")
    if dropped:
        words.append(f"{dropped} tensors written once with others of equal values")
    return ", ".join(words)
