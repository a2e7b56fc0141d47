"""Records by the content of what they come from, so that nothing is traced twice."""

from __future__ import annotations

import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from resviz import __version__, source
from resviz.embed.permissions import Permissions, folder_permissions
from resviz.errors import RecordError, RenderError, ResvizError, TraceError
from resviz.files import write_atomically
from resviz.record.storage import load
from resviz.source.spec import IMPORT_PATTERN, Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from resviz.record import Architecture

Result = TypeVar("Result")

RECORDS_IN_MEMORY: dict[str, Architecture] = {}
"""Records of this process by key."""


class RecordCache:
    """Keeps the records of a document's networks, so none is traced twice.

    The key of a record is a hash of the SPEC, how it is traced, the files that the
    SPEC names, and the versions of resviz and torch. So another commit of a model is
    traced again, and a second build of the same is not.

    Args:
        folder: where to keep records from one build to the next; None keeps them for
            this process alone.
        resolve_path: where a path that a SPEC holds leads to.
        permissions: of the document; by default it may read what lies in the working
            folder's repository, and import what the `pyproject.toml` there allows.
    """

    def __init__(
        self,
        folder: Path | None = None,
        resolve_path: Callable[[str], Path] = Path,
        permissions: Permissions | None = None,
    ) -> None:
        self.folder = folder
        self.resolve_path = resolve_path
        self.permissions = permissions or folder_permissions(Path.cwd())

    def load_or_trace(self, text: str, tracing: Mapping[str, Any]) -> Architecture:
        """Return the record of a SPEC, traced if it is not in the cache.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        spec = self.resolve_spec(text)
        if spec.record:
            return source.resolve_architecture(spec, **tracing)
        key = self.cache_key(spec, tracing)
        if key not in RECORDS_IN_MEMORY:
            RECORDS_IN_MEMORY[key] = self.load_cached(key) or self.trace_and_store(
                spec, tracing, key
            )
        arch = RECORDS_IN_MEMORY[key]
        # A file's place on this machine is nobody else's business.
        return msgspec.structs.replace(
            arch, name=record_name(spec, arch), title=spec.heading or arch.title
        )

    def dependency_files(self, text: str) -> tuple[Path, ...]:
        """List the files on which the record of a SPEC depends, as far as known."""
        with suppress(ResvizError):
            return tuple(find_source_files(self.resolve_spec(text)))
        return ()

    def find_files(self, options: Mapping[str, Any]) -> dict[str, str]:
        """Return the options that name a file, each where the document may have it.

        Raises:
            SpecError: for a file outside the document's root, or another kind of file.
        """
        return self.permissions.find_files(options, self.resolve_path)

    def resolve_spec(self, text: str) -> Spec:
        """Read a SPEC that the document may have, its paths found from anywhere.

        Raises:
            SpecError: if it cannot be read, or the document may not have it.
        """
        return self.permissions.check(text, self.resolve_path)

    def cache_key(self, spec: Spec, tracing: Mapping[str, Any]) -> str:
        """Hash all that a record depends on."""
        parts = [
            __version__,
            installed_version("torch"),
            spec.text,
            str(spec.module),
            repr(spec.options.get("weights")),
            repr(sorted(tracing.items())),
        ]
        if spec.module and not spec.module.endswith(".py") and is_hub(spec.module):
            parts.append(installed_version(spec.module))
        parts += [hash_file(path) for path in find_source_files(spec)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def load_cached(self, key: str) -> Architecture | None:
        """Load the record from the folder, if one is there and whole."""
        if self.folder is not None:
            with suppress(RecordError):
                return load(self.folder / f"{key}.json")
        return None

    def trace_and_store(
        self, spec: Spec, tracing: Mapping[str, Any], key: str
    ) -> Architecture:
        """Trace a record and put it into the cache.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        try:
            arch = call_in_python_thread(
                source.resolve_architecture, replace(spec, heading=""), **tracing
            )
        except SystemExit as error:
            message = f"{spec.text}: its code called sys.exit({error.code!r})"
            raise TraceError(message) from error
        if self.folder is not None:
            # Two processes may write the same; each writes it whole.
            with suppress(OSError, RenderError):
                self.folder.mkdir(parents=True, exist_ok=True)
                write_atomically(self.folder / f"{key}.json", arch.to_json())
        return arch


def call_in_python_thread(
    call: Callable[..., Result], *arguments: Any, **options: Any
) -> Result:
    """Call in a thread that Python has started, and return what the call returns.

    Zensical renders pages in threads of its own, whose state Python makes anew each
    time; torch 2.9 waits for ever there, as soon as it lets go of the interpreter.
    """
    if threading.current_thread() is threading.main_thread():
        return call(*arguments, **options)
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(call, *arguments, **options).result()


def record_name(spec: Spec, arch: Architecture) -> str:
    """Return a record's name: its SPEC, with only the last part of a path."""
    match = IMPORT_PATTERN.fullmatch(spec.text)
    if match is None or spec.module is None or not spec.module.endswith(".py"):
        return arch.name
    return f"{Path(match[1]).name}:{match[2]}"


def find_source_files(spec: Spec) -> Iterator[Path]:
    """Find the files of a SPEC's own code: a record, a file's folder, a package's tree.

    Packages that are installed are known by what they hold, too; hubs by version.
    """
    if spec.record or spec.file:
        yield from filter(None, (spec.record, spec.file))
    elif spec.module and spec.module.endswith(".py"):
        yield from sorted(Path(spec.module).resolve().parent.glob("*.py"))
    elif spec.module and not is_hub(spec.module):
        yield from find_package_files(spec.module.partition(".")[0])


def is_hub(module: str) -> bool:
    """Tell whether a module publishes models; that imports torch."""
    from resviz.source.hubs import HUBS

    return module in HUBS


def find_package_files(name: str) -> Iterator[Path]:
    """Find the Python files of a top-level module or package without importing it."""
    for folder in (Path.cwd(), *map(Path, sys.path)):
        if (folder / name).is_dir():
            yield from sorted((folder / name).rglob("*.py"))
            return
        if (folder / f"{name}.py").is_file():
            yield folder / f"{name}.py"
            return


def hash_file(path: Path) -> str:
    """Hash a file's content; "" if it cannot be read."""
    with suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


def installed_version(package: str) -> str:
    """Return the installed version of a package, "" if there is none."""
    with suppress(PackageNotFoundError):
        return version(package)
    return ""
