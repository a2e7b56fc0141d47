"""What the networks of a document may read, import and fetch.

Records in the document's root, names and literal options are data. All else runs code
or asks a server, and is the owner's to allow: in `conf.py`, in `pyproject.toml` of the
repository's top, in the options of a fence, or on the command line. Nothing that a
document says is read for that.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz.embed.paths import check_path, check_spelling, document_root
from resviz.errors import SpecError
from resviz.options import FILE_OPTIONS
from resviz.project import read_section, repository_top
from resviz.source.hubs import HUBS
from resviz.source.spec import Spec, list_nested_specs, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

WEIGHTS = (".pth", ".pt", ".bin", ".ckpt", ".pkl", ".safetensors")
"""Suffixes of files that hold weights, whoever reads them."""

FETCHING = re.compile(r"weights|pretrain|checkpoint|trust|hub", re.IGNORECASE)
"""In the name of an option that has a builder fetch or read something."""

PLAIN = re.compile(r"[^/\\:~]*")
"""A string in a call that names neither a path nor an address."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """What an owner allows in one place.

    Attributes:
        folder: from which its patterns name files.
        patterns: of `fnmatch`.
        remedy: how to allow something there, with {} for it.
    """

    folder: Path
    patterns: tuple[str, ...]
    remedy: str

    def name(self, kind: str, target: str) -> str:
        """Return what a pattern here has to match: a file is named from the folder."""
        if kind not in {"file", "trusted file"}:
            return target
        trust = "trust:" if kind == "trusted file" else ""
        try:
            return trust + Path(os.path.relpath(target, self.folder)).as_posix()
        except ValueError:  # on another drive of Windows
            return trust + Path(target).as_posix()

    def allows(self, kind: str, target: str) -> bool:
        """Tell whether one of the patterns of this kind matches."""
        name = self.name(kind, target)
        return any(
            fnmatchcase(name, pattern)
            for pattern in self.patterns
            if pattern == "*" or pattern_kind(pattern) == kind
        )


def pattern_kind(pattern: str) -> str:
    """Return what a pattern speaks of, so that none allows more than it says.

    Example:
        >>> [pattern_kind(pattern) for pattern in ("zoo.*", "net.py", "https://a.org/*")]
        ['module', 'file', 'value']
    """
    if pattern.startswith("trust:"):
        return "trusted file"
    if pattern.endswith(".py"):
        return "file"
    value = "/" in pattern or "=" in pattern or pattern.endswith(WEIGHTS)
    return "value" if value else "module"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a document may do.

    Attributes:
        roots: folders, resolved, that hold all files that it may name.
        allowed: what its owner allows beyond that.
        reader: what it is called that may do so.
        home: what it is called where its paths start.
    """

    roots: tuple[Path, ...]
    allowed: tuple[AllowList, ...] = ()
    reader: str = "a document"
    home: str = "the document"

    def check(self, text: str, place: Callable[[str], Path]) -> Spec:
        """Read a SPEC, and check that the document may have it.

        Args:
            text: as the document writes it.
            place: where a path that it holds leads to.

        Returns:
            The SPEC with paths that are whole and have no links. It is what has to
            be traced: its text, read once more, might mean something else.

        Raises:
            SpecError: if it cannot be read, leads out of the root, or imports or
                fetches what nobody allowed; the message says how to.
        """

        def resolve_path(path: str) -> Path:
            check_spelling(path, self.home)
            return place(path)

        spec = parse_spec(text, resolve_path)
        if spec.record:
            return replace(spec, record=self.find(str(spec.record), place))
        if spec.file:
            path = self.find(str(spec.file), place)
            if spec.trusted:
                self.require("trusted file", str(path), f"{spec.text} runs code")
            return replace(spec, file=path, own=True)
        if not spec.module:
            return self.check_weights(spec, place)
        if spec.module.endswith(".py"):
            path = str(self.find(spec.module, place, [".py"]))
            self.require("file", path, f"{spec.text} runs code")
            spec = replace(spec, module=path)
        else:
            self.require("module", spec.module, f"{spec.text} imports code")
            if spec.module in HUBS:
                check_hub_names(spec)
        self.check_arguments(spec, place)
        return replace(spec, own=True)

    def find(
        self, text: str, place: Callable[[str], Path], suffixes: Sequence[str] = ()
    ) -> Path:
        """Return where a path leads to, which is inside the root.

        Raises:
            SpecError: if it is not.
        """
        check_spelling(text, self.home)
        return check_path(text, place(text), self.roots, suffixes, self.home)

    def find_files(
        self, options: Mapping[str, Any], place: Callable[[str], Path]
    ) -> dict[str, str]:
        """Return the options that name a file, each where the document may have it.

        Raises:
            SpecError: for a file outside the document's root, or another kind of file.
        """
        return {
            name: str(self.find(options[name], place, suffixes))
            for name, suffixes in FILE_OPTIONS.items()
            if options.get(name)
        }

    def require(self, kind: str, target: str, does: str) -> None:
        """Check that one thing is allowed.

        Raises:
            SpecError: if it is not; it says how it can be.
        """
        if any(allowed.allows(kind, target) for allowed in self.allowed):
            return
        ways = [
            allowed.remedy.format(repr(allowed.name(kind, target)))
            for allowed in self.allowed
        ]
        how = " or ".join(ways) or "nobody can allow it here"
        raise SpecError(f"{does}, which {self.reader} may only if it is allowed: {how}")

    def check_weights(self, spec: Spec, place: Callable[[str], Path]) -> Spec:
        """Check the weights of one of resviz' own networks: its only option to fetch.

        Raises:
            SpecError: for an address or a file outside the root that nobody allowed.
            WeightsError: for what is neither.
        """
        weights = spec.options.get("weights")
        if weights is None:
            return spec
        if not isinstance(weights, str):
            raise SpecError(f"{spec.text}: weights: got {weights!r}, want a string")
        from resviz.models.catalogue import resolve_network
        from resviz.models.weights import find_origin, make_missing_error

        own = resolve_network(spec.name, *spec.args, **spec.options).name
        source = find_origin(weights, network=own)
        if "://" in source:
            self.require("value", source, f"{spec.text} fetches {source}")
            return spec
        try:
            path = self.find(source, place)
        except SpecError:
            path = self.find_outside(source, place, f"{spec.text} reads {source!r}")
        if not path.is_file():
            raise make_missing_error(weights, own)
        return replace(spec, options={**spec.options, "weights": str(path)})

    def find_outside(self, text: str, place: Callable[[str], Path], does: str) -> Path:
        """Return where a path leads to that the owner allows, before links and after.

        Raises:
            SpecError: if it is not allowed.
        """
        near = Path(text).expanduser()
        try:
            check_spelling(text)
            near = place(text)
        except SpecError:
            pass
        # No link is followed yet, since on Windows that may ask a server.
        self.require("value", Path(os.path.abspath(near)).as_posix(), does)  # noqa: PTH100 - follows no link
        self.require("value", near.resolve().as_posix(), does)
        return near.resolve()

    def check_arguments(self, spec: Spec, place: Callable[[str], Path]) -> None:
        """Check what a document gives to code that its owner allowed.

        That is the owner's code, but the arguments are the document's: no address, no
        path, and nothing that has a builder fetch weights.

        Raises:
            SpecError: naming what is to be allowed.
        """
        calls = [spec, *list_nested_specs([spec.args, spec.options])]
        for name, value in (pair for call in calls for pair in call.options.items()):
            if FETCHING.search(name) and value not in (None, False):
                address = isinstance(value, str) and "://" in value
                target = value if address else f"{name}={value}"
                self.require("value", target, f"{spec.text} may fetch {target}")
        for value in strings([[call.args, call.options] for call in calls]):
            plain = PLAIN.fullmatch(value) and not value.lower().endswith(WEIGHTS)
            if not plain or any(map(is_file, (Path(value), place(value)))):
                self.require("value", value, f"{spec.text} may read {value!r}")
                if ".." in re.split(r"[/\\]", value):
                    raise SpecError(f"{spec.text}: {value!r} leads upwards")


def check_hub_names(spec: Spec) -> None:
    """Check that a document has a package of models build one, and call nothing else.

    Raises:
        SpecError: for a function that may fetch, in place of a class.
    """
    nested = list_nested_specs([spec.args, spec.options])
    calls = [call for call in nested if call.has_call]
    if spec.module != "transformers":
        if calls:
            want = "want literals, and names that are not called"
            raise SpecError(f"{spec.text}: got {calls[0].text!r}, {want}")
        return
    if not re.fullmatch(r"[A-Z]\w*", spec.name):
        calls.append(spec)
    for call in calls:
        if not re.fullmatch(r"[A-Z]\w*Config", call.name):
            want = "want a configuration, as transformers:ResNetConfig()"
            raise SpecError(f"{spec.text}: got {call.name!r}, {want}")


def strings(value: Any) -> Iterator[str]:
    """Yield every string in a literal, however deep; bytes are read as Latin-1."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes):
            yield value.decode("latin-1")
        elif isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            pending += value


def is_file(path: Path) -> bool:
    """Tell whether something is there; no for what can be no path."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def folder_permissions(folder: Path, *allowed: AllowList) -> Permissions:
    """Return what the documents of one folder may do.

    Args:
        folder: theirs; the top of its repository is the root.
        allowed: what the owner allows besides `pyproject.toml` of the root.

    Raises:
        SpecError: if that file cannot be read.
    """
    root = document_root(folder)
    if owns_project(folder):
        allowed = (*allowed, project_allow_list(root))
    return Permissions((root,), allowed)


def owns_project(folder: Path) -> bool:
    """Tell whether the `pyproject.toml` of a folder's root is its owner's word.

    That of a repository is, or of the working folder where there is none. All other
    folders may be a stranger's who brought the document too; so may a repository
    inside the one in which the command runs.
    """
    root, here = document_root(folder), document_root(Path.cwd())
    if repository_top(folder) is None:
        return root == Path.cwd().resolve()
    nested = root != here and root.is_relative_to(here)
    return not (nested and repository_top(Path.cwd()))


def project_allow_list(root: Path) -> AllowList:
    """Return `allow` of `[tool.resviz]` in the root's `pyproject.toml`.

    Raises:
        SpecError: if the file cannot be read, or has something else there.
    """
    remedy = "allow = [{}] below [tool.resviz] in " + f"{root.name}/pyproject.toml"
    path = root / "pyproject.toml"
    settings = read_section(path)
    patterns = checked_patterns(settings.get("allow", []), f"{path}: allow")
    return AllowList(root, patterns, remedy)


def checked_patterns(patterns: Any, where: str) -> tuple[str, ...]:
    """Return the patterns of an option.

    Raises:
        SpecError: if it is no list of strings.
    """
    legal = isinstance(patterns, (list, tuple))
    if not legal or not all(isinstance(pattern, str) for pattern in patterns):
        want = 'want a list, as ["zoo.*", "net.py"]'
        raise SpecError(f"{where}: got {patterns!r}, {want}")
    return tuple(patterns)
