"""Records by the content of what they come from, so that nothing is traced twice."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from resviz import __version__, source
from resviz.embed.permissions import Permissions, folder_permissions
from resviz.errors import RecordError, RenderError, ResvizError, TraceError
from resviz.files import write_whole
from resviz.source.spec import Spec, parse
from resviz.storage import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from resviz.record import Architecture

HELD: dict[str, Architecture] = {}
"""Records of this process by key."""


class Shelf:
    """Where the records of a document's networks are kept.

    The key of a record is a hash of the SPEC, how it is traced, the files that the
    SPEC names, and the versions of resviz and torch. So another commit of a model is
    traced again, and a second build of the same is not.

    Args:
        folder: where to keep records from one build to the next; None keeps them for
            this process alone.
        place: where a path that a SPEC holds leads to.
        permissions: of the document; by default it may read what lies in the working
            folder's repository, and import what the `pyproject.toml` there allows.
    """

    def __init__(
        self,
        folder: Path | None = None,
        place: Callable[[str], Path] = Path,
        permissions: Permissions | None = None,
    ) -> None:
        self.folder = folder
        self.place = place
        self.permissions = permissions or folder_permissions(Path.cwd())

    def record(self, text: str, tracing: Mapping[str, Any]) -> Architecture:
        """The record of a SPEC, traced if it is not on the shelf.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        spec = self.placed(text)
        if spec.record:
            return source.architecture(spec, **tracing)
        key = self.key(spec, tracing)
        if key not in HELD:
            HELD[key] = self.kept(key) or self.traced(spec, tracing, key)
        # A file's place on this machine is nobody else's business.
        return msgspec.structs.replace(HELD[key], name=named(text, HELD[key]))

    def files(self, text: str) -> tuple[Path, ...]:
        """The files on which the record of a SPEC depends, as far as can be told."""
        with suppress(ResvizError):
            return tuple(origins(self.placed(text)))
        return ()

    def placed(self, text: str) -> Spec:
        """A SPEC that the document may have, its paths found from anywhere.

        Raises:
            SpecError: if it cannot be read, or the document may not have it.
        """
        return self.permissions.check(text, self.place)

    def key(self, spec: Spec, tracing: Mapping[str, Any]) -> str:
        """A hash of all that a record depends on."""
        parts = [
            __version__,
            release("torch"),
            spec.text,
            str(spec.module),
            repr(spec.options.get("weights")),
            repr(sorted(tracing.items())),
        ]
        if spec.module and not spec.module.endswith(".py") and hub(spec.module):
            parts.append(release(spec.module))
        parts += [hashed(path) for path in origins(spec)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def kept(self, key: str) -> Architecture | None:
        """The record in the folder, if one is there and whole."""
        if self.folder is None:
            return None
        with suppress(RecordError):
            return load(self.folder / f"{key}.json")
        return None

    def traced(self, spec: Spec, tracing: Mapping[str, Any], key: str) -> Architecture:
        """The record, traced and put on the shelf.

        Raises:
            ResvizError: as `resviz.trace`.
        """
        try:
            arch = source.architecture(spec, **tracing)
        except SystemExit as error:
            said = f"{spec.text}: its code called sys.exit({error.code!r})"
            raise TraceError(said) from error
        if self.folder is not None:
            # Two processes may write the same; each writes it whole.
            with suppress(OSError, RenderError):
                self.folder.mkdir(parents=True, exist_ok=True)
                write_whole(self.folder / f"{key}.json", arch.to_json())
        return arch


def named(text: str, arch: Architecture) -> str:
    """What a record is called: the SPEC, of a path in it the last part."""
    spec = parse(text)
    if not spec.module or not spec.module.endswith(".py"):
        return arch.name
    return Path(spec.module).name + spec.text[len(spec.module) :]


def origins(spec: Spec) -> Iterator[Path]:
    """Files of the SPEC's own code: a record, a file's folder, a package's tree.

    Packages that are installed are known by what they hold, too; hubs by version.
    """
    if spec.record:
        yield spec.record
    elif spec.module and spec.module.endswith(".py"):
        yield from sorted(Path(spec.module).resolve().parent.glob("*.py"))
    elif spec.module and not hub(spec.module):
        yield from package_files(spec.module.partition(".")[0])


def hub(module: str) -> bool:
    """Whether a SPEC names a package that publishes models; asking imports torch."""
    from resviz.source.hubs import HUBS

    return module in HUBS


def package_files(name: str) -> Iterator[Path]:
    """The Python files of a top-level module or package, which is not imported."""
    for folder in (Path.cwd(), *map(Path, sys.path)):
        if (folder / name).is_dir():
            yield from sorted((folder / name).rglob("*.py"))
            return
        if (folder / f"{name}.py").is_file():
            yield folder / f"{name}.py"
            return


def hashed(path: Path) -> str:
    """A hash of a file's content; "" if it cannot be read."""
    with suppress(OSError):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


def release(package: str) -> str:
    """The installed version of a package, "" if there is none."""
    with suppress(PackageNotFoundError):
        return version(package)
    return ""
