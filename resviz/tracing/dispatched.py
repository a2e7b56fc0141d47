"""What is kept of an operation that torch dispatches: name, window, arguments."""

from __future__ import annotations

import gc
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.parameter import is_lazy

from resviz.errors import TraceError
from resviz.operations.table import OPERATIONS
from resviz.tracing.tensors import EAGER_CLASSES, NESTED_REFUSAL, PLAIN_CLASSES

if TYPE_CHECKING:
    from resviz.operations.kind import WindowReader

NamedArguments = dict[str, Any]

OPERATION_ALIASES = {
    alias: row.name for row in OPERATIONS.values() for alias in row.aliases
}
"""What an operation is another name of."""


class Overload(NamedTuple):
    """The facts of one ATen overload that tracing needs.

    Attributes:
        name: "convolution", also of what works in place.
        argument_names: names of its arguments, in order.
        tensor_positions: positions of those that may hold tensors.
        defaults: of those that have one.
        read_numbers: reads a sliding window's off its arguments, if it has one.
        recorded_names: names of the arguments that the record keeps.
        writes: whether it writes to one of its operands.
        written_names: arguments to which an extension's operation writes that returns
            nothing; they are its results.
    """

    name: str
    argument_names: tuple[str, ...]
    tensor_positions: tuple[int, ...]
    defaults: NamedArguments
    read_numbers: WindowReader | None
    recorded_names: tuple[str, ...]
    writes: bool
    written_names: tuple[str, ...] = ()

    def find_results(
        self, output: Any, args: tuple[Any, ...], kwargs: NamedArguments
    ) -> list[torch.Tensor]:
        """Return the tensors that it gives, or writes to if it returns nothing."""
        if type(output) in EAGER_CLASSES:
            return [output]
        results = list_tensors(output)
        if self.written_names and not results:
            bound = self.bind_arguments(args, kwargs)
            results = list_tensors([bound.get(name) for name in self.written_names])
        return results

    def find_operands(
        self, args: tuple[Any, ...], kwargs: NamedArguments
    ) -> list[torch.Tensor]:
        """Return the tensors among its arguments, in order, but for lazy ones."""
        operands: list[torch.Tensor] = []
        for position in self.tensor_positions:
            if position >= len(args):
                break
            value = args[position]
            if type(value) in EAGER_CLASSES:
                operands.append(value)
            elif value is not None:
                append_tensors(value, operands)
        for value in kwargs.values():
            if type(value) not in PLAIN_CLASSES:
                append_tensors(value, operands)
        if EAGER_CLASSES.issuperset(map(type, operands)):
            return operands
        return [operand for operand in operands if not is_lazy(operand)]

    def bind_arguments(
        self, args: tuple[Any, ...], kwargs: NamedArguments
    ) -> NamedArguments:
        """Return the arguments by name, with defaults filled in."""
        bound = dict(zip(self.argument_names, args, strict=False))
        return (
            bound
            if len(bound) == len(self.argument_names)
            else {**self.defaults, **bound, **kwargs}
        )


@cache
def describe_overload(overload: Any) -> Overload:
    """Return the facts of an overload, as `torch.ops.aten.add_.Tensor`.

    Raises:
        TraceError: if it is one of nested tensors.
    """
    schema = overload._schema  # noqa: SLF001 - torch names no other way
    namespace, _, name = str(schema.name).partition("::")
    if namespace == "aten" and "nested" in name:
        raise TraceError(f"{name}: {NESTED_REFUSAL}")
    if name.endswith("_") and not name.startswith("__"):
        name = name[:-1]
    if namespace != "aten":
        name = f"{namespace}.{name}"
    name = OPERATION_ALIASES.get(name, name)
    row = OPERATIONS.get(name)
    return Overload(
        name,
        tuple(argument.name for argument in schema.arguments),
        tuple(
            n for n, a in enumerate(schema.arguments) if may_hold_tensors(str(a.type))
        ),
        {a.name: a.default_value for a in schema.arguments if a.has_default_value()},
        row.window if row else None,
        row.arguments if row else list_plain_arguments(schema),
        schema.is_mutable,
        () if namespace == "aten" else list_written_arguments(schema),
    )


def list_written_arguments(schema: Any) -> tuple[str, ...]:
    """List the arguments to which an operation writes."""
    return tuple(
        argument.name
        for argument in schema.arguments
        if argument.alias_info is not None and argument.alias_info.is_write
    )


def list_tensors(value: Any) -> list[torch.Tensor]:
    """List the tensors in a nest of tuples, lists and dictionaries."""
    if type(value) is tuple and EAGER_CLASSES.issuperset(map(type, value)):
        return list(value)
    tensors: list[torch.Tensor] = []
    append_tensors(value, tensors)
    return tensors


def append_tensors(value: Any, tensors: list[torch.Tensor]) -> None:
    """Append the tensors in a nest of tuples, lists and dictionaries to `tensors`."""
    if isinstance(value, torch.Tensor):
        tensors.append(value)
    elif isinstance(value, (tuple, list)):
        for member in value:
            if type(member) not in PLAIN_CLASSES:
                append_tensors(member, tensors)
    elif isinstance(value, dict):
        for member in value.values():
            append_tensors(member, tensors)


TENSORLESS_TYPE_WORDS = frozenset(
    {"Optional", "List", "int", "float", "bool", "number", "str"}
)
"""What types of arguments are made of that hold no tensor."""


def list_plain_arguments(schema: Any) -> tuple[str, ...]:
    """List the arguments that are numbers or words, which a rule of one's own reads."""
    plain = {*TENSORLESS_TYPE_WORDS, "SymInt"}
    return tuple(
        argument.name
        for argument in schema.arguments
        if plain.issuperset(re.findall(r"\w+", str(argument.real_type)))
    )


def may_hold_tensors(type_name: str) -> bool:
    """Tell whether a type of argument, as "Optional[Tensor]", holds tensors."""
    return not TENSORLESS_TYPE_WORDS.issuperset(re.findall(r"\w+", type_name))


def run_by_torch(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation in torch and return its result.

    Some of its meta kernels import torch._dynamo when they first run. Errors that are
    caught in an import leave frames behind, which hold the operands: they are collected
    at once, or it would seem that the forward never lets go of those.
    """
    module_count = len(sys.modules)
    output = func(*args, **kwargs)
    if len(sys.modules) > module_count:
        gc.collect()
    return output


def is_created_tensor(tensor: torch.Tensor) -> bool:
    """Tell whether a created tensor is more than a norm's empty reserve."""
    return tensor.dtype.is_floating_point or tensor.numel() > 0


def is_evaluation_norm(overload: Overload, args: tuple[Any, ...]) -> bool:
    """Tell whether a batch norm runs in evaluation, without statistics.

    Kernels leave them empty; torch's meta kernel says otherwise.
    """
    return overload.name == "native_batch_norm" and len(args) > 5 and not args[5]


def name_product(name: str, args: tuple[Any, ...]) -> str:
    """Return the name of a product: another one where a factor of it is sparse."""
    layouts = {arg.layout for arg in args if isinstance(arg, torch.Tensor)}
    if layouts <= {torch.strided}:
        return name
    return "_sparse_addmm" if len(args) > 2 else "_sparse_mm"
