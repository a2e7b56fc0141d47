"""An ONNX graph as a module: what its operators do, torch does, for a trace to see.

Each node is a module at the place that its name tells, `/layer1/layer1.0/conv1/Conv`
is `layer1.0.conv1`. What hangs on constants and shapes alone is worked out by onnx's
own reference, and each result is held against the shape that onnx infers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn

from resviz.errors import TraceError, describe_error
from resviz.source import onnx_layers
from resviz.source.onnx_operators import OPERATORS, REMEDY, UnfollowedError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from resviz.source.onnx_operators import OnnxAttributes

    OpenShape = tuple[int | None, ...]

assert onnx_layers  # importing it fills OPERATORS

CONSTANT_OPERATORS = {"ConstantOfShape", "Mod", "Range", "Tile"}
"""Operators that are worked out where all that they take is known, and only there."""

SHAPES_ALONE = {"CastLike": {1}, "Shape": {0}}
"""Inputs of operators of which no value is read."""

CONSTANT_PLACES = {
    "Clip": {1, 2},
    "ConstantOfShape": {0},
    "Expand": {1},
    "Pad": {1, 2, 3},
    "Range": {0, 1, 2},
    "ReduceMax": {1},
    "ReduceMean": {1},
    "ReduceSum": {1},
    "Reshape": {1},
    "Resize": {1, 2, 3},
    "Slice": {1, 2, 3, 4},
    "Split": {1},
    "Squeeze": {1},
    "Tile": {1},
    "Unsqueeze": {1},
    "Upsample": {1},
}
"""Inputs of operators that say how, and are no weights."""

MAX_CONSTANT = 10_000_000
"""Values of a constant that is worked out; more are no sizes, and fill the memory."""


class OnnxNode(NamedTuple):
    """A node of the graph.

    Attributes:
        kind: of its operator.
        name: for messages.
        inputs: names of values, "" for what is left out.
        outputs: names of its results.
        attributes: of the operator.
        folded: whether a batch norm was folded into it.
        lacks_bias: whether a bias of zeros may have been left out of it.
        source: the node itself, in bytes.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: OnnxAttributes
    folded: bool
    lacks_bias: bool
    source: bytes


class OnnxStep(nn.Module):
    """What one node does, with the weights that it reads first.

    Attributes:
        held: the name of the weight at each place of its inputs, None for a value.
    """

    def __init__(self, node: OnnxNode) -> None:
        super().__init__()
        self.kind, self.attributes = node.kind, node.attributes
        self.held: list[str | None] = [None] * len(node.inputs)

    def forward(self, *values: Any) -> Any:
        """Apply the operator to values; they have None in the places of weights."""
        operands = [
            value if name is None else getattr(self, name)
            for name, value in zip(self.held, values, strict=True)
        ]
        return OPERATORS[self.kind](self.attributes, *operands)


class OnnxGraph(nn.Module):
    """The steps of a graph, one after another.

    Attributes:
        nodes: in their order.
        paths: of the steps that do them, None for what is worked out.
        releases: names of the values that no later node reads, for each node.
        input_names: of the graph, in their order.
        output_names: of the graph.
        constants: by name, as arrays.
        shapes: that onnx infers, by name; None for a size that is open.
        opset: the version of operators.
    """

    def __init__(
        self,
        nodes: Sequence[OnnxNode],
        input_names: Sequence[str],
        output_names: Sequence[str],
        constants: Mapping[str, Any],
        shapes: Mapping[str, OpenShape],
        opset: int,
    ) -> None:
        super().__init__()
        self.nodes, self.constants = tuple(nodes), dict(constants)
        self.input_names, self.output_names = tuple(input_names), tuple(output_names)
        self.shapes, self.opset = dict(shapes), opset
        fixed = find_fixed(self.nodes, self.constants)
        self.paths = name_steps(self.nodes, fixed)
        for node, path in zip(self.nodes, self.paths, strict=True):
            if path is not None:
                add_at_path(self, path, OnnxStep(node))
        self.releases = find_releases(self.nodes, self.output_names)

    def hold_weight(self, name: str, weight: torch.Tensor) -> None:
        """Give a weight to all steps that read it."""
        for node, path in zip(self.nodes, self.paths, strict=True):
            for place, read in enumerate(node.inputs):
                if read == name and path is not None:
                    hold_in_step(self.get_submodule(path), place, name, weight)

    def forward(self, *inputs: torch.Tensor) -> Any:
        """Follow the graph.

        Raises:
            TraceError: if it is followed in training, or a result is not as inferred.
        """
        if self.training:
            raise TraceError("an ONNX file holds the forward of inference alone")
        values: dict[str, Any] = {
            **self.constants,
            **dict(zip(self.input_names, inputs, strict=True)),
        }
        for node, path, released in zip(
            self.nodes, self.paths, self.releases, strict=True
        ):
            operands = [values.get(name) for name in node.inputs]
            if path is None:
                results = self.work_out(node, operands)
            else:
                results = self.apply_step(node, path, operands)
            if not isinstance(results, (tuple, list)):
                results = (results,)
            # what is not made, a mask of dropout, has no reader
            for name, value in zip(node.outputs, results, strict=False):
                self.check_shape(node, name, value)
                values[name] = value
            for name in released:
                values.pop(name, None)
            del operands, results
        outputs = tuple(values[name] for name in self.output_names)
        return outputs[0] if len(outputs) == 1 else outputs

    def apply_step(self, node: OnnxNode, path: str, operands: list[Any]) -> Any:
        """Do what a node does.

        Raises:
            TraceError: if it wants what its operator does not do here, or lacks what
                an operator of this version has.
        """
        step: Any = self.get_submodule(path)
        try:
            return step(*operands)
        except UnfollowedError as error:
            raise refuse_node(node, str(error)) from error
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"{node.kind} as operators of version {self.opset} have it"
            words = f"{reason} is not followed, {describe_error(error)}"
            raise refuse_node(node, words) from error

    def work_out(self, node: OnnxNode, operands: list[Any]) -> Any:
        """Work out a constant.

        Raises:
            TraceError: if it hangs on values, or is too large.
        """
        if node.kind in SHAPES_ALONE:
            return OPERATORS[node.kind](node.attributes, *operands)
        import numpy as np
        import onnx
        from onnx.reference import ReferenceEvaluator

        if any(isinstance(operand, torch.Tensor) for operand in operands):
            raise refuse_node(node, f"{node.kind} of values is not followed")
        sizes = self.shapes.get(node.outputs[0], ())
        if node.kind == "ConstantOfShape":
            sizes = operands[0].tolist()
        if np.prod([size or 1 for size in sizes], dtype=float) > MAX_CONSTANT:
            raise TraceError(f"{node.name}: a constant of {sizes} is too large")
        run = ReferenceEvaluator(
            onnx.NodeProto.FromString(node.source), opsets={"": self.opset}
        )
        named = zip(node.inputs, operands, strict=True)
        return run.run(None, {name: value for name, value in named if name})

    def check_shape(self, node: OnnxNode, name: str, value: Any) -> None:
        """Check a result against what onnx infers.

        Raises:
            TraceError: if it has another shape.
        """
        got, want = tuple(value.shape), self.shapes.get(name)
        if want is None:
            return
        fits = len(want) == len(got) and all(
            size in {None, other} for size, other in zip(want, got, strict=True)
        )
        if not fits:
            wanted = ", ".join(str(size or "any") for size in want)
            raise TraceError(
                f"{node.name} ({node.kind}): gives {got}, the file infers ({wanted})"
            )


def refuse_node(node: OnnxNode, reason: str) -> TraceError:
    """Return the refusal of a node, with its name and what to give instead."""
    return TraceError(f"{node.name}: {reason}; {REMEDY}")


def find_fixed(nodes: Sequence[OnnxNode], constants: Iterable[str]) -> set[int]:
    """Find the nodes that hang on constants and shapes alone, by their numbers."""
    known = {"", *constants}
    fixed: set[int] = set()
    for number, node in enumerate(nodes):
        unread = SHAPES_ALONE.get(node.kind, ())
        read = [name for place, name in enumerate(node.inputs) if place not in unread]
        if node.kind in CONSTANT_OPERATORS or known.issuperset(read):
            fixed.add(number)
            known.update(node.outputs)
    return fixed


def hold_in_step(step: Any, place: int, name: str, weight: torch.Tensor) -> None:
    """Give a weight to a step, under the last part of its name or that of its role."""
    leaf = name.rpartition(".")[2]
    if not leaf.isidentifier() or not name.isascii():
        leaf = {1: "weight", 2: "bias"}.get(place, f"weight_{place}")
    while hasattr(step, leaf):
        leaf += "_"
    if isinstance(weight, nn.Parameter):
        step.register_parameter(leaf, weight)
    else:
        step.register_buffer(leaf, weight)
    step.held[place] = leaf


def add_at_path(root: nn.Module, path: str, module: nn.Module) -> None:
    """Put a module at a path, with the modules that lead there."""
    *parts, leaf = path.split(".")
    for part in parts:
        if part not in dict(root.named_children()):
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    root.add_module(leaf, module)


def name_steps(
    nodes: Iterable[OnnxNode], fixed: Container[int] = ()
) -> list[str | None]:
    """Name the step of each node by the scope of the module that it was.

    A module of one node is called as the module; of several, as their operators.

    Args:
        nodes: of the graph.
        fixed: numbers of those that are no steps.

    Example:
        >>> name = "/layer1/layer1.0/conv1/Conv"
        >>> node = OnnxNode("Conv", name, ("x",), ("y",), {}, False, False, b"")
        >>> name_steps([node, node._replace(name="/layer1/layer1.0/Add", kind="Add")])
        ['layer1.0.conv1', 'layer1.0.Add']
    """
    split = [
        None if place in fixed else split_name(node, place)
        for place, node in enumerate(nodes)
    ]
    scopes = [each[0] for each in split if each]
    inner = {".".join(scope[:end]) for scope in scopes for end in range(len(scope))}
    joined = [".".join(scope) for scope in scopes]
    paths: list[str | None] = []
    taken = set(dir(OnnxGraph)) | {"nodes", "paths", "constants", "shapes", "releases"}
    taken |= {"input_names", "output_names", "opset"} | inner | set(joined)
    for each in split:
        if each is None:
            paths.append(None)
            continue
        scope, leaf = each
        path = whole = ".".join(scope)
        if not scope or whole in inner or joined.count(whole) > 1:
            path = ".".join((*scope, leaf))
            while path in taken or f"{path}_" in taken:
                path += "_"
        taken.add(path)
        paths.append(path)
    return paths


def split_name(node: OnnxNode, place: int) -> tuple[tuple[str, ...], str]:
    """Split a node's name into the parts of its module's path, and its own."""
    *folders, leaf = [part for part in node.name.split("/") if part] or [""]
    scope: list[str] = []
    previous = ""
    for folder in folders:
        inner = folder.removeprefix(f"{previous}.") if previous else folder
        scope += [re.sub(r"\W+", "_", part) for part in inner.split(".") if part]
        previous = folder
    return tuple(scope), re.sub(r"\W+", "_", leaf) or f"{node.kind}_{place}"


def find_releases(
    nodes: Sequence[OnnxNode], kept: Sequence[str]
) -> list[tuple[str, ...]]:
    """Find for each node what no later one reads."""
    last = {name: place for place, node in enumerate(nodes) for name in node.inputs}
    return [
        tuple(
            name
            for name in sorted({*node.inputs})
            if last[name] == place and name not in kept
        )
        for place, node in enumerate(nodes)
    ]
