"""Functions that reach past their arguments: closures, defaults, attributes, globals.

A hook that keeps features writes to what it closes over, or to a dictionary beside it.
Such a function is made again around copies; one that reaches nothing of the kind stands
for itself.
"""

from __future__ import annotations

import sys
from collections import deque
from copy import copy
from dis import get_instructions
from functools import cache, lru_cache, partial
from opcode import opmap
from types import (
    BuiltinMethodType,
    CellType,
    CodeType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    SimpleNamespace,
)
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import torch
from torch import nn

from resviz.tracing.function_modes import CONSTANT_MAKER_NAMES
from resviz.tracing.tensors import MAPPING_CLASSES, PLAIN_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTAINER_CLASSES = MAPPING_CLASSES | {list, set, deque}
"""Classes of containers that a function may write to."""

CACHED_FUNCTION = type(lru_cache(len))
"""The class of functions that remember what they gave."""

FUNCTION_CLASSES = frozenset({FunctionType, CACHED_FUNCTION})
"""Classes of functions that become methods in a class."""

METHOD_CLASSES = (MethodType, BuiltinMethodType, MethodWrapperType)
"""Classes of functions that are bound to a value, those of containers too."""

HOLDER_CLASSES = CONTAINER_CLASSES | {
    tuple, partial, ref, SimpleNamespace, CACHED_FUNCTION, *METHOD_CLASSES
}  # fmt: skip
"""Classes of values that hold others, whoever made them."""

FIXED_CLASSES = PLAIN_CLASSES | {type, ModuleType, bytes, complex}
"""Classes of values that are never copied."""

FOREIGN_PACKAGES = frozenset(sys.stdlib_module_names) | {"torch", "numpy", "resviz"}
"""Packages whose objects are no plain holders: locks, loggers, streams, optimisers.

Their functions keep nothing of a model in their globals.
"""

WRITES_TO_CELLS = frozenset({opmap["STORE_DEREF"], opmap["DELETE_DEREF"]})
WRITES_TO_GLOBALS = frozenset({opmap["STORE_GLOBAL"], opmap["DELETE_GLOBAL"]})
WRITES_TO_ATTRIBUTES = frozenset({opmap["STORE_ATTR"], opmap["DELETE_ATTR"]})
"""Instructions by which a function writes past its arguments."""

NOTHING = object()
"""In the place of an attribute that is not there."""


def find_package(kind: type) -> str:
    """Return the top package that a class is defined in."""
    return str(getattr(kind, "__module__", "")).partition(".")[0]


class CodeReach(NamedTuple):
    """What a function reaches past its arguments, as its code says.

    Attributes:
        names: of what it may read from globals, and of attributes.
        writes_globals: whether it writes to any.
        written_cells: names of variables of functions around it that it writes to.
        written_attributes: names of attributes that it writes to, of whatever.
    """

    names: frozenset[str]
    writes_globals: bool
    written_cells: frozenset[str]
    written_attributes: frozenset[str]


@cache
def read_code(code: CodeType) -> CodeReach:
    """Read off what a function reaches, with the functions inside of it."""
    inner = [read_code(const) for const in code.co_consts if type(const) is CodeType]
    operations = {*code.co_code[::2]}
    written_cells = list_written_names(code, operations, WRITES_TO_CELLS)
    written_attributes = list_written_names(code, operations, WRITES_TO_ATTRIBUTES)
    return CodeReach(
        frozenset(code.co_names).union(*(reach.names for reach in inner)),
        bool(operations & WRITES_TO_GLOBALS) or any(r.writes_globals for r in inner),
        written_cells.union(*(reach.written_cells for reach in inner))
        & frozenset(code.co_freevars),
        written_attributes.union(*(reach.written_attributes for reach in inner)),
    )


def list_written_names(
    code: CodeType, operations: set[int], writes: frozenset[int]
) -> frozenset[str]:
    """Return the names that some instructions of a code write to."""
    if operations.isdisjoint(writes):
        return frozenset()
    return frozenset(
        str(instruction.argval)
        for instruction in get_instructions(code)
        if instruction.opcode in writes
    )


def restore_attributes(owner: Any, before: dict[str, Any]) -> None:
    """Put back attributes of a module, or all those of a class, as they were before."""
    now = vars(owner)
    for name in {*before, *(now if isinstance(owner, type) else ())}:
        value = before.get(name, NOTHING)
        if now.get(name, NOTHING) is value or name[:2] == "__":  # those are Python's
            continue
        if value is NOTHING:
            delattr(owner, name)
        else:
            setattr(owner, name, value)


def restore_guarded(pairs: Iterable[tuple[Any, Any]]) -> None:
    """Put back what containers, classes and modules held, given a copy from before."""
    for container, content in pairs:
        if isinstance(container, (type, ModuleType)):
            restore_attributes(container, content)
        elif list_members(container) != list_members(content):
            container.clear()
            fill = getattr(container, "extend", None) or container.update
            fill(content)


def list_members(container: Any) -> list[int]:
    """List the members of a container by `id`, keys too."""
    values = container.values() if isinstance(container, dict) else ()
    return [*map(id, container), *map(id, values)]


class FunctionCopies:
    """Copies of functions around copies of what they reach.

    Attributes:
        makes_constants: whether a function may make tensors from numbers.
        functions: the copy of each, or the function itself, or what stands for it.
        cells: each cell of a closure with its copy, by `id`.
        class_copies: what copies of a class's modules have in the place of its own.
        guarded: containers, classes and modules that are put back after the forward,
            with their contents.
        shields: the globals of copied functions, by the `id` of their module's.
    """

    def __init__(self) -> None:
        self.makes_constants = False
        self.functions: dict[FunctionType, Any] = {}
        self.cells: dict[int, tuple[CellType, CellType]] = {}
        self.shields: dict[int, dict[str, Any]] = {}
        self.guarded: dict[int, tuple[Any, Any]] = {}
        self.class_copies: dict[type, list[tuple[str, Any, bool]]] = {}

    def release_functions(self) -> None:
        """Release the copies."""
        for memo in (self.functions, self.cells, self.shields, self.class_copies):
            memo.clear()

    def copy_value(self, value: Any, path: str) -> Any:
        """Return the copy of a value, made once."""
        raise NotImplementedError  # copies know how

    def copy_python_function(self, function: FunctionType) -> Any:
        """Return a function around copies; the function itself if all stay the same."""
        known = self.functions.get(function)
        if known is not None:
            return known
        module_globals, cells = function.__globals__, function.__closure__ or ()
        package = str(module_globals.get("__name__", "")).partition(".")[0]
        is_foreign = package in FOREIGN_PACKAGES
        if is_foreign and not cells:
            return function
        code = function.__code__
        reach = read_code(code)
        self.makes_constants |= not CONSTANT_MAKER_NAMES.isdisjoint(reach.names)
        changed = bool(reach.written_cells or (reach.writes_globals and not is_foreign))
        shield = self.shields.setdefault(id(module_globals), module_globals.copy())
        copies = tuple(map(self.copy_cell, cells))
        twin = FunctionType(code, shield, function.__name__, None, copies or None)
        self.functions[function] = twin  # it may reach itself
        for name, cell, cell_copy in zip(code.co_freevars, cells, copies, strict=True):
            changed |= self.fill_cell(name, cell, cell_copy, function)
        if not is_foreign:
            changed |= self.fill_shield(shield, function, reach.names, package)
            self.guard_members(function, reach)
        own = (function.__defaults__, function.__kwdefaults__, vars(function))
        own_copies = [self.copy_function_attributes(values) for values in own]
        changed |= any(a is not b for a, b in zip(own, own_copies, strict=True))
        if not changed:
            self.functions[function] = function
            return function
        twin.__defaults__, twin.__kwdefaults__, attributes = own_copies
        twin.__dict__.update(attributes)
        twin.__qualname__, twin.__module__ = function.__qualname__, function.__module__
        return twin

    def fill_shield(
        self,
        shield: dict[str, Any],
        function: FunctionType,
        names: frozenset[str],
        package: str,
    ) -> bool:
        """Fill copied globals with copies, and return whether any differs."""
        changed = False
        for name in names & function.__globals__.keys():
            value = function.__globals__[name]
            if shield[name] is value:
                shield[name] = self.copy_reached_value(value, name, package)
            changed |= shield[name] is not value and value is not function
        return changed

    def guard_members(self, function: FunctionType, reach: CodeReach) -> None:
        """Note what own classes and modules hold, which cannot be shadowed."""
        module_globals, names = function.__globals__, reach.names
        owners = [module_globals[name] for name in names & module_globals.keys()]
        if reach.written_attributes:  # it may import what it writes to
            owners += [sys.modules[name] for name in names & sys.modules.keys()]
        for owner in owners:
            if not isinstance(owner, (type, ModuleType)):
                continue
            is_class = isinstance(owner, type)
            if not is_class:
                self.guard_attributes(owner, reach.written_attributes)
            home = find_package(owner) if is_class else owner.__name__.partition(".")[0]
            if home in FOREIGN_PACKAGES:
                continue
            # A class has methods that write to it under names of their own.
            if is_class:
                self.guard_attributes(owner, vars(owner))
            for key in vars(owner) if is_class else names & vars(owner).keys():
                container = vars(owner)[key]
                if type(container) in CONTAINER_CLASSES:
                    self.guarded[id(container)] = container, copy(container)

    def guard_attributes(self, owner: Any, names: Iterable[str]) -> None:
        """Note what some attributes of a class or a module are before the forward."""
        _, before = self.guarded.setdefault(id(owner), (owner, {}))
        before.update({name: vars(owner).get(name, NOTHING) for name in names})

    def copy_class_members(self, module_class: type) -> list[tuple[str, Any, bool]]:
        """Copy members of a class to shadow them: name, copy, whether a method.

        Those are methods that reach past their arguments, and containers.
        """
        members: dict[str, Any] = {}
        for base in reversed(module_class.__mro__):
            if find_package(base) not in FOREIGN_PACKAGES:
                members.update(vars(base))
                self.guard_attributes(base, vars(base))
        copies = self.class_copies[module_class] = []
        for name, member in members.items():
            is_static = type(member) is staticmethod
            value = member.__func__ if is_static else member
            if type(value) in CONTAINER_CLASSES | FUNCTION_CLASSES:
                is_special = name[:2] == "__"
                twin = value if is_special else self.copy_value(value, name)
                if twin is not value:
                    copies.append((name, twin, type(member) in FUNCTION_CLASSES))
        return copies

    def copy_cell(self, cell: CellType) -> CellType:
        """Return the copy of a cell, empty as yet, which functions may share."""
        return self.cells.setdefault(id(cell), (cell, CellType()))[1]

    def fill_cell(
        self, name: str, cell: CellType, twin: CellType, function: FunctionType
    ) -> bool:
        """Fill the copy of a cell, once, and return whether it may come to differ.

        So it does where another function writes to it, which puts no class there.
        """
        try:
            value = cell.cell_contents
        except ValueError:  # nothing is assigned to it yet
            return True
        try:
            value_copy = twin.cell_contents
        except ValueError:
            twin.cell_contents = value  # for what leads back here
            twin.cell_contents = value_copy = self.copy_reached_value(value, name)
        is_plain = type(value) in PLAIN_CLASSES or isinstance(value, torch.Tensor)
        return is_plain or (value_copy is not value and value is not function)

    def copy_function_attributes(self, values: Any) -> Any:
        """Copy a function's defaults or attributes; return them if none changes."""
        if not values:
            return values
        if isinstance(values, tuple):
            copies = [self.copy_reached_value(value, "default") for value in values]
            same = all(a is b for a, b in zip(values, copies, strict=True))
            return values if same else tuple(copies)
        twin = {
            name: self.copy_reached_value(value, name) for name, value in values.items()
        }
        return values if all(twin[name] is values[name] for name in values) else twin

    def copy_reached_value(self, value: Any, name: str, package: str = "") -> Any:
        """Copy what a function reaches under a name, of a global in a `package`.

        A tensor stands for itself: a recorder turns writes to it aside, and a forward
        may look at a constant. So do global objects of other packages' classes.
        """
        kind = type(value)
        if kind in FIXED_CLASSES or kind is torch.Tensor:
            return value
        if kind is FunctionType:
            return self.copy_python_function(value)
        if kind is nn.Parameter:
            return self.copy_value(value, name)
        is_holder = kind in HOLDER_CLASSES or isinstance(value, nn.Module)
        is_own = not package or package == find_package(kind)
        return self.copy_value(value, name) if is_holder or is_own else value
