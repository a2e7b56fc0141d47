"""From a SPEC to a module, without allocating or filling its weights."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager, nullcontext, suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

from resviz.errors import (
    BuildError,
    ResvizError,
    describe_error,
    first_error_line,
    suggest_nearest,
)
from resviz.models import catalogue
from resviz.source.hubs import HUBS, import_hub_module
from resviz.tracing.process import PreservedProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from resviz.source.spec import Spec

INITIALISERS = frozenset(
    function
    for name, function in vars(nn.init).items()
    if name.endswith("_") and not name.startswith("_")
) | {
    torch.Tensor.uniform_,
    torch.Tensor.normal_,
    torch.Tensor.fill_,
    torch.Tensor.zero_,
}
"""What fills a fresh parameter; on meta tensors it only takes time."""


class WeightlessMode(TorchFunctionMode):
    """A mode in which new tensors are made on meta and stay unfilled.

    Building ResNet-152 takes 20 ms this way, and 100 ms with initialisers.

    Attributes:
        copies_prototypes: whether blocks that were built before are copied, which
            `resviz.models.prototypes` asks for.
    """

    constructors = _device_constructors()

    def __init__(self, *, copies_prototypes: bool = True) -> None:
        super().__init__()
        self.copies_prototypes = copies_prototypes

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Answer an initialiser with its tensor; send a constructor to meta."""
        kwargs = kwargs or {}
        if func in INITIALISERS:
            return args[0] if args else kwargs["tensor"]
        if func in self.constructors and kwargs.get("device") is None:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def build_own_network(
    spec: Spec, *, filled: bool = False, fast: bool = True
) -> nn.Module:
    """Build one of resviz' own networks, on the meta device unless it is `filled`.

    Raises:
        SpecError: for a name, depth or option that cannot be built.
        BuildError: if torch refuses, as a width that no tensor can have.
    """
    weights = "weights" in spec.options
    try:
        with (
            seeded_weights()
            if filled
            else nullcontext()
            if weights
            else WeightlessMode(copies_prototypes=fast)
        ):
            return catalogue.build_network(spec.name, *spec.args, **spec.options)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, ResvizError):
            raise
        raise BuildError(
            f"{spec.text}: torch refuses, {first_error_line(error)}"
        ) from error


def make_spec_title(spec: Spec) -> str:
    """Return the title of one of resviz' own networks, with its options."""
    named_apart = {"depth", "block", "layers"}
    title = catalogue.resolve_network(spec.name, *spec.args, **spec.options).title
    other_options = [
        f"{k}={v!r}" for k, v in spec.options.items() if k not in named_apart
    ]
    return ", ".join((title, *other_options))


def find_published_input(spec: Spec) -> tuple[int, int, int]:
    """Return the input that one of resviz' networks was published for."""
    channels = spec.options.get("in_channels", 3)
    side = 32 if spec.name.startswith("cifar") else 224
    return channels, side, side


def import_model(spec: Spec) -> nn.Module:
    """Import a callable and call it with the literal arguments of the SPEC.

    The working folder is searched first, as `python -m` does. A module that stands
    where a callable is expected is taken as it is, if no arguments were given.

    Raises:
        BuildError: if the import or the call fails, or gives no module.
    """
    path, folder = Path(spec.module or ""), Path.cwd()
    code_folder = path.resolve().parent if path.suffix == ".py" else folder
    with folder_on_path(folder), folder_on_path(code_folder):
        target = import_attribute(spec)
        if spec.own:
            check_own(target, spec)
        if isinstance(target, nn.Module) and not spec.has_call:
            return target
        if not callable(target):
            raise BuildError(
                f"{spec.text}: {spec.name!r} is no callable, got {target!r:.80}"
            )
        return call_for_module(target, spec)


@contextmanager
def seeded_weights() -> Iterator[None]:
    """Fill weights with the same values each time, and leave the generators alone."""
    with PreservedProcess(0):
        torch.default_generator.manual_seed(0)
        yield


def build_hub_model(spec: Spec, *, filled: bool = False) -> nn.Module:
    """Build a hub's model: without values, or `filled` with seeded ones.

    Raises:
        BuildError: if the package is not there, or cannot build it.
    """
    hub = HUBS[spec.module or ""]

    def build_from_hub(*args: Any, **options: Any) -> Any:
        if args:
            raise BuildError(f"{spec.text}: want options by name, got {args!r}")
        module = import_hub_module(spec.module or "")
        if not filled:
            with suppress(Exception), WeightlessMode():  # some cannot be built so
                return hub.build_model(module, spec.name, options)
        with seeded_weights():
            return hub.build_model(module, spec.name, options)

    return call_for_module(build_from_hub, spec)


def import_attribute(spec: Spec) -> Any:
    """Return the object that a SPEC names in its module.

    Raises:
        BuildError: if the module cannot be imported, or does not have it.
    """
    try:
        target = import_module_or_file(spec.module or "")
    except (Exception, SystemExit) as error:
        raise BuildError(
            f"{spec.text}: cannot import {spec.module!r}, {describe_error(error)}"
        ) from error
    for part in spec.name.split("."):
        if not hasattr(target, part):
            near = suggest_nearest(part, (n for n in dir(target) if n[0] != "_"))
            raise BuildError(f"{spec.text}: {spec.module!r} has no {spec.name!r}{near}")
        target = getattr(target, part)
    return target


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


class FreshLoader(SourceFileLoader):
    """A loader that compiles a file as it is now.

    Python takes the cached code of a file that was written again within a second, in
    the same size.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, whatever is cached."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def import_module_or_file(name: str) -> Any:
    """Import the module of a dotted name, or of a file that ends in .py."""
    if not name.endswith(".py"):
        return importlib.import_module(name)
    path = Path(name)
    module_spec = importlib.util.spec_from_file_location(
        path.stem, path, loader=FreshLoader(path.stem, str(path))
    )
    if module_spec is None or module_spec.loader is None:
        raise ImportError(f"no module in {name!r}")
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module


def call_for_module(target: Any, spec: Spec) -> nn.Module:
    """Call the target with the SPEC's arguments and return the module that it makes.

    Raises:
        BuildError: with the reason if the call raises, or makes no module.
    """
    try:
        result = target(*spec.args, **spec.options)
    except ResvizError:
        raise
    except (Exception, SystemExit) as error:
        reason = describe_error(error)
        raise BuildError(f"{spec.text}: the call failed, {reason}") from error
    if not isinstance(result, nn.Module):
        got = type(result).__name__
        raise BuildError(f"{spec.text}: want a torch.nn.Module, the call gave {got}")
    return result


@contextmanager
def folder_on_path(folder: Path) -> Iterator[None]:
    """Search a folder first for modules, for the time of an import."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
