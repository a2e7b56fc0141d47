"""Importing what a SPEC names: a module or a file, and names in it."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from contextlib import ExitStack, contextmanager
from difflib import get_close_matches
from functools import partial
from inspect import isfunction
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from resviz.errors import BuildError, describe_error, suggest_nearest
from resviz.source.repository import (
    bare_command_line,
    check_same_file,
    find_import_roots,
    find_package_module,
    folders_on_path,
    fresh_modules,
    read_imports,
    run_file,
    without_namesakes,
)
from resviz.source.spec import Spec
from resviz.units import format_names

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    A file's own folders are searched first, its package's root before all, then the
    working folder, as `python -m` does; all also by what is called meanwhile.

    Raises:
        BuildError: if the module cannot be imported, or does not have it.
    """
    name = spec.module or ""
    path, folders = Path(name), [Path.cwd()]
    is_file = path.suffix == ".py"
    if is_file and not path.exists():
        raise make_file_error(spec, path)
    with ExitStack() as stack:
        try:
            if is_file:
                imports = read_imports(path)
                root, name = find_package_module(path, imports)
                own = [
                    root,
                    path.resolve().parent,
                    *find_import_roots(path, imports.names),
                ]
                folders = [*dict.fromkeys((*own, *folders))]
                stack.enter_context(without_namesakes(own))
            stack.enter_context(folders_on_path(folders))
            stack.enter_context(fresh_modules())
            stack.enter_context(bare_command_line(spec.module or ""))
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


def make_file_error(spec: Spec, path: Path) -> BuildError:
    """Return the error for a file that does not exist, with those that are near."""
    place = "in this folder" if path.parent == Path() else f"in {str(path.parent)!r}"
    if not path.parent.is_dir():
        place = f"nor a folder {str(path.parent)!r}"
    text = f"{spec.text}: there is no file {path.name!r} {place}"
    if spec.own:
        return BuildError(text)
    files = {file.name: str(file) for file in sorted(path.parent.glob("*.py"))}
    near = [files[name] for name in get_close_matches(path.name, files, n=1)]
    for pattern in ("*/*/", "*/", ""):  # one of this name, in the next folder first
        near = [*map(str, sorted(Path().glob(f"{pattern}{path.name}"))), *near]
    if near:
        return BuildError(f"{text}, did you mean {f'{near[0]}:{spec.name}'!r}")
    listed = f", only {format_names([*files.values()], 3)}" if files else ""
    return BuildError(f"{text}{listed}; want the path of one, path/to/net.py")


def suggest_module(error: BaseException, spec: Spec) -> str:
    """Suggest what to name in place of a file or a module that is not there."""
    name = spec.module or ""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing and f"{name}.".startswith(f"{missing}."):
        files = () if spec.own else Path().glob("*.py")
        for near in get_close_matches(name, [file.stem for file in files], n=1):
            return f", did you mean {f'{near}:{spec.name}'!r}"
        return (
            "; neither this folder nor this Python has it: install it, or name its "
            f"file, path/to/{name.replace('.', '/')}.py:{spec.name}"
        )
    if isinstance(error, SystemExit):
        return "; it ends the process when it is imported: build the network elsewhere"
    return ""


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
    if not near and (isinstance(inner, type) or isfunction(inner)):
        near = f", a part stands behind the call: {outer}().{last}"
    is_argument = len(places) > 1
    own = [] if is_argument else list_own_names(owners[0])
    listed = f", only {format_names(own, 8)}" if own and not near else ""
    return BuildError(f"{text}: {spec.module!r} has no {spec.name!r}{near}{listed}")


def list_own_names(module: object) -> list[str]:
    """List the classes and functions that a module itself defines, in their order."""
    home = getattr(module, "__name__", None)
    return [
        name
        for name, value in getattr(module, "__dict__", {}).items()
        if name[0] != "_"
        and (isinstance(value, type) or isfunction(value))
        and getattr(value, "__module__", None) == home
    ]


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
