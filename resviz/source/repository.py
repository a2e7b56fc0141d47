"""A file of a repository: its package, what it imports, and running it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from resviz.errors import LIBRARY_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

INIT = "__init__.py"
"""The file that makes a package of a folder."""

MAX_FOLDERS_UP = 5
"""How far above a file its imports are looked for."""


@contextmanager
def bare_command_line(program: str) -> Iterator[None]:
    """Give code that parses the command line at its import none of ours."""
    before, sys.argv = sys.argv, [program]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def without_namesakes(folders: Sequence[Path]) -> Iterator[None]:
    """Set aside modules of other repositories that some folders have too.

    Two repositories may both have a package `models`; whoever comes second would get
    the first one's. What is imported meanwhile is set aside in turn.
    """
    namesakes = find_namesakes(folders)
    before = {name: sys.modules.pop(name) for name in namesakes}
    tops = {name.partition(".")[0] for name in namesakes}
    try:
        yield
    finally:
        for name in [*sys.modules]:
            if name.partition(".")[0] in tops:
                del sys.modules[name]
        sys.modules.update(before)


def find_namesakes(folders: Sequence[Path]) -> list[str]:
    """Find modules that were imported from elsewhere than these folders have them."""
    tops: dict[str, bool] = {}
    for name, module in [*sys.modules.items()]:
        place = find_place(getattr(module, "__spec__", None))
        if "." in name or place is None or name == "resviz":
            continue
        here = next((folder for folder in folders if has_module(folder, name)), None)
        tops[name] = here is not None and not place.is_relative_to(here)
    return [name for name in sys.modules if tops.get(name.partition(".")[0])]


def find_place(spec: ModuleSpec | None) -> Path | None:
    """Find where a module lies; None for one of Python or of an installed package."""
    if spec is None or spec.origin in {"built-in", "frozen"}:
        return None
    place = spec.origin or next(iter(spec.submodule_search_locations or ()), None)
    if place is None:
        return None
    path, python = Path(place), Path(ast.__file__).parent
    is_installed = not LIBRARY_FOLDERS.isdisjoint(path.parts)
    return None if is_installed or path.is_relative_to(python) else path


def has_module(folder: Path, name: str) -> bool:
    """Tell whether a folder holds a module or a package of a name."""
    return (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def find_package_module(path: Path, imports: FileImports) -> tuple[Path, str]:
    """Find the folder to import a file from, and its dotted name there.

    A file without relative imports is taken alone, and has no name. One with them is
    imported by its package, whose root is above the last folder that has an
    `__init__.py`; without any it is the working folder, or as far up as they lead.

    Raises:
        ImportError: if a folder of its package has a name that no package can have.
    """
    level, path = imports.level, path.resolve()
    if not level:
        return path.parent, ""
    names, depth = [parent.name for parent in path.parents], 0
    while names[depth].isidentifier() and (path.parents[depth] / INIT).is_file():
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


class FileImports(NamedTuple):
    """What a file imports.

    Attributes:
        level: how many folders up its relative imports lead; 0 without any.
        names: of the modules and packages that it imports by whole names.
    """

    level: int = 0
    names: tuple[str, ...] = ()


def read_imports(path: Path) -> FileImports:
    """Read what a file imports, but for what only a type checker reads."""
    try:
        nodes = [*ast.walk(ast.parse(path.read_bytes()))]
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return FileImports()  # running it says what is wrong
    never_run = {
        inner
        for node in nodes
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    level, names = 0, dict[str, None]()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node not in never_run:
            level = max(level, node.level)
            if not node.level:
                names[str(node.module).partition(".")[0]] = None
        elif isinstance(node, ast.Import) and node not in never_run:
            names |= dict.fromkeys(each.name.partition(".")[0] for each in node.names)
    return FileImports(level, tuple(names))


def find_import_roots(path: Path, names: Iterable[str]) -> list[Path]:
    """Find the folders, a file's or above, that have what it imports.

    A file of a repository is run from its top, and named from anywhere.
    """
    roots: list[Path] = []
    for name in names:
        module_spec = None
        with suppress(ImportError, ValueError):
            module_spec = importlib.util.find_spec(name)
        if module_spec is not None and find_place(module_spec) is None:
            continue
        for folder in path.resolve().parents[:MAX_FOLDERS_UP]:
            if has_module(folder, name):
                roots.append(folder)
                break
    return [*dict.fromkeys(roots)]


class FreshLoader(SourceFileLoader):
    """A loader that compiles a file as it is now.

    Python takes the cached code of a file that was written again within a second, in
    the same size.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source, whatever is cached."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class FreshFinder:
    """Finds modules of no library, and remembers in which state it found their files.

    It stands before Python's own finder. Cached code is left to Python unless it is
    about as old as its file, which may have been written again since.
    """

    SECONDS = 2.0
    """The coarsest time of a file that a file system keeps."""

    def __init__(self) -> None:
        self.states: dict[str, tuple[str, FileState | None]] = {}

    def find_spec(self, fullname: str, *places: Any) -> ModuleSpec | None:
        """Find a module's file; None leaves it to the finders behind."""
        found = PathFinder.find_spec(fullname, *places)
        if (
            found is None
            or not isinstance(found.loader, SourceFileLoader)
            or find_place(found) is None
            or fullname.partition(".")[0] == "resviz"
        ):
            return None
        path = found.loader.path
        state = self.states[fullname] = (path, read_state(path))
        cached = read_state(found.cached or "")
        if cached and state[1] and cached.seconds - state[1].seconds < self.SECONDS:
            found.loader = FreshLoader(fullname, path)
        return found

    def forget_changed(self) -> None:
        """Forget the modules that it found if the file of one has changed since."""
        if any(read_state(path) != state for path, state in self.states.values()):
            for name in self.states:
                sys.modules.pop(name, None)
            self.states.clear()


class FileState(NamedTuple):
    """When a file was written, and how large it is."""

    seconds: float
    size: int


def read_state(path: str) -> FileState | None:
    """Read the state of a file; None if there is none."""
    with suppress(OSError):
        status = Path(path).stat()
        return FileState(status.st_mtime, status.st_size)
    return None


FINDER = FreshFinder()
"""What finds the modules of users' repositories, for all SPECs of a process."""


@contextmanager
def fresh_modules() -> Iterator[None]:
    """Import modules meanwhile as their files are now, also if they were before."""
    importlib.invalidate_caches()
    FINDER.forget_changed()
    sys.meta_path.insert(0, FINDER)
    try:
        yield
    finally:
        if FINDER in sys.meta_path:
            sys.meta_path.remove(FINDER)


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
    """Search folders first for modules."""
    added = [str(folder) for folder in folders]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            with suppress(ValueError):  # the module may have changed it too
                sys.path.remove(folder)
