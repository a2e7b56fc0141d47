"""Importing what a SPEC names: a module or a file, and names in it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from argparse import Namespace
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from resviz.errors import BuildError, describe_error, suggest_nearest
from resviz.source.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

COMMON_NAMES = SimpleNamespace(
    torch=torch,
    nn=nn,
    partial=partial,
    dict=dict,
    float=float,
    range=range,
    Namespace=Namespace,
    SimpleNamespace=SimpleNamespace,
)
"""What arguments of a SPEC may name though its module does not define it."""

MISSING = object()
"""What stands for a name that nothing defines."""


@contextmanager
def import_target(spec: Spec) -> Iterator[tuple[ModuleType, Any]]:
    """Import the module of a SPEC, and yield it and what the SPEC names in it.

    The working folder is searched first, as `python -m` does, then that of a file;
    both also by what is called meanwhile.

    Raises:
        BuildError: if the module cannot be imported, or does not have it.
    """
    name = spec.module or ""
    path, folders = Path(name), [Path.cwd()]
    is_file = path.suffix == ".py"
    with ExitStack() as stack:
        try:
            if is_file:
                root, name = find_package_module(path)
                folders += dict.fromkeys((root, path.resolve().parent))
            stack.enter_context(folders_on_path(folders))
            if name:
                module = importlib.import_module(name)
            else:
                module = stack.enter_context(run_file(path))
            if is_file and name:
                check_same_file(module, path, name)
            target = find_attribute(spec.name, module)
        except (Exception, SystemExit) as error:
            as_module = f" as {name!r}" if name not in {"", spec.module} else ""
            raise BuildError(
                f"{spec.text}: cannot import {spec.module!r}{as_module}, "
                f"{describe_error(error)}{suggest_module(error, spec)}"
            ) from error
        if target is MISSING:
            raise make_name_error(spec, spec.text, [module])
        if spec.own:
            check_own(target, spec)
        yield module, target


def suggest_module(error: BaseException, spec: Spec) -> str:
    """Suggest what to name in place of a file or a module that is not there."""
    name = spec.module or ""
    if isinstance(error, FileNotFoundError) and not Path(name).exists():
        near_files = () if spec.own else Path(name).parent.glob("*.py")
        return suggest_nearest(Path(name).name, (file.name for file in near_files))
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and f"{name}.".startswith(f"{missing}."):
        remedy = f"from another folder a file is named, {name.replace('.', '/')}.py"
        return f"; {remedy}:{spec.name}"
    return ""


def find_package_module(path: Path) -> tuple[Path, str]:
    """Find the folder to import a file from, and its dotted name there.

    A file without relative imports is taken alone, and has no name. One with them is
    imported by its package, whose root is above the last folder that has an
    `__init__.py`; without any it is the working folder, or as far up as they lead.

    Raises:
        ImportError: if a folder of its package has a name that no package can have.
    """
    level, path = find_relative_level(path), path.resolve()
    if not level:
        return path.parent, ""
    names, depth = [parent.name for parent in path.parents], 0
    while (path.parents[depth] / "__init__.py").is_file():
        depth += 1
    if depth < level:
        depth = level
        if Path.cwd() in path.parents[level:]:
            above = path.parents.index(Path.cwd())
            depth = above if all(map(str.isidentifier, names[:above])) else level
    wrong = [name for name in (path.stem, *names[:depth]) if not name.isidentifier()]
    if wrong or depth >= len(names):
        raise ImportError(
            f"it has relative imports, and {wrong[0] if wrong else '/'!r} is no name "
            "of a package: rename it, or import by whole names"
        )
    root = path.parents[depth]
    parts = path.relative_to(root).with_suffix("").parts
    return root, ".".join(parts).removesuffix(".__init__")


def find_relative_level(path: Path) -> int:
    """Find how many folders up the relative imports of a file lead; 0 without any."""
    try:
        nodes = [*ast.walk(ast.parse(path.read_bytes()))]
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return 0  # running it says what is wrong
    never_run = {
        inner
        for node in nodes
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    levels = [
        node.level
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node not in never_run
    ]
    return max(levels, default=0)


class FreshLoader(SourceFileLoader):
    """A loader that compiles a file as it is now.

    Python takes the cached code of a file that was written again within a second, in
    the same size.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, whatever is cached."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


@contextmanager
def run_file(path: Path) -> Iterator[ModuleType]:
    """Run a file that is no part of a package, and yield it as a module of its own.

    Meanwhile it stands among all modules, where dataclasses look for theirs, unless
    another one of its name does. Later imports of that name may mean another file.
    """
    loader = FreshLoader(path.stem, str(path))
    module_spec = importlib.util.spec_from_file_location(path.stem, path, loader=loader)
    if module_spec is None:
        raise ImportError(f"no module in {str(path)!r}")
    module = importlib.util.module_from_spec(module_spec)
    sys.modules.setdefault(path.stem, module)
    try:
        loader.exec_module(module)
        yield module
    finally:
        if sys.modules.get(path.stem) is module:
            del sys.modules[path.stem]


def check_same_file(module: ModuleType, path: Path, name: str) -> None:
    """Check that a dotted name led to the file that it was made for.

    Raises:
        ImportError: if another package of that name was found.
    """
    file = getattr(module, "__file__", None)
    if not file or Path(file).resolve() != path.resolve():
        raise ImportError(
            f"it has relative imports, and {name!r} is {file}: another package has "
            f"the name {name.partition('.')[0]!r}, rename one"
        )


@contextmanager
def folders_on_path(folders: list[Path]) -> Iterator[None]:
    """Search folders first for modules, the last one before the others."""
    added = [str(folder) for folder in folders]
    sys.path[:0] = reversed(added)
    try:
        yield
    finally:
        for folder in added:
            with suppress(ValueError):  # the module may have changed it too
                sys.path.remove(folder)


def find_attribute(name: str, place: Any) -> Any:
    """Find what a dotted name means in a module; `MISSING` if nothing."""
    for part in name.split("."):
        place = getattr(place, part, MISSING)
    return place


def make_name_error(spec: Spec, text: str, places: list[Any]) -> BuildError:
    """Return the error for a name that no place defines, with those that are near."""
    outer, _, last = spec.name.rpartition(".")
    inner = find_attribute(outer, places[0]) if outer else MISSING
    owners = places if inner is MISSING else [inner]
    public = {name for owner in owners for name in dir(owner) if name[0] != "_"}
    near = suggest_nearest(last, sorted(public))
    return BuildError(f"{text}: {spec.module!r} has no {spec.name!r}{near}")


class ArgumentResolver:
    """Gives the arguments of a SPEC values for the names in them.

    A name is looked up in the SPEC's module, then in that of what it calls.
    """

    def __init__(self, spec: Spec, module: ModuleType, target: Any) -> None:
        self.spec = spec
        home = sys.modules.get(str(getattr(target, "__module__", None)), module)
        self.places = [module, home, COMMON_NAMES]

    def call(self, spec: Spec, target: Any) -> Any:
        """Call something with the arguments of a SPEC, or of a call in one."""
        return target(*self.resolve(spec.args), **self.resolve(spec.options))

    def resolve(self, value: Any) -> Any:
        """Return a value without names, however deep they stand.

        Raises:
            BuildError: if a name means nothing, or a call of it fails.
        """
        if isinstance(value, Spec):
            return self.resolve_name(value)
        if isinstance(value, (list, tuple)):
            return type(value)(map(self.resolve, value))
        if isinstance(value, dict):
            return {key: self.resolve(each) for key, each in value.items()}
        return value

    def resolve_name(self, inner: Spec) -> Any:
        """Return what a name means, or a call of it gives."""
        found = (find_attribute(inner.name, place) for place in self.places)
        value = next((each for each in found if each is not MISSING), MISSING)
        if value is MISSING:
            error = make_name_error(inner, self.spec.text, self.places)
            error.args = (f"{error}; text wants quotes, {inner.name!r}",)
            raise error
        if self.spec.own:
            check_own_argument(value, inner)
        if not inner.has_call:
            return value
        try:
            return self.call(inner, value)
        except BuildError:
            raise
        except (Exception, SystemExit) as error:
            raise BuildError(
                f"{self.spec.text}: the call {inner.text} failed, "
                f"{describe_error(error)}"
            ) from error


def check_own(target: Any, spec: Spec) -> None:
    """Check that a callable is of the module that a SPEC names.

    Whoever is allowed to call what a module defines could else call all that it
    imported: `net.py:os.system("…")`.

    Raises:
        BuildError: if it is another module's, or an attribute that begins with "_".
    """
    if any(part.startswith("_") for part in spec.name.split(".")):
        raise BuildError(f"{spec.text}: {spec.name!r} is private to {spec.module!r}")
    value = not hasattr(target, "__qualname__") and "." not in spec.name
    if value or isinstance(target, nn.Module):
        return  # as a partial function; whose it is cannot be told
    home = str(getattr(target, "__module__", None))
    module = spec.module or ""
    if not module.endswith(".py"):
        own = home.partition(".")[0] == module.partition(".")[0]
    else:
        path = Path(module).resolve()
        file = getattr(sys.modules.get(home), "__file__", None)
        # Not below it: an environment may lie there, with all of Python.
        beside = bool(file) and Path(str(file)).resolve().parent == path.parent
        own = home == path.stem or beside
    if not own:
        raise BuildError(f"{spec.text}: {spec.name!r} is not its own, but {home}'s")


def check_own_argument(value: Any, spec: Spec) -> None:
    """Check that what an argument names is the module's own, or a layer or dtype.

    Raises:
        BuildError: as `check_own`.
    """
    if isinstance(value, ModuleType):
        raise BuildError(f"{spec.text}: {spec.name!r} is a module, want what is in it")
    is_layer = isinstance(value, type) and issubclass(value, nn.Module)
    if isinstance(value, torch.dtype) or (
        is_layer and value.__module__.startswith("torch.nn.modules.")
    ):
        return
    check_own(value, spec)
