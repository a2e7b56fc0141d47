"""Output formats: one file each, found by scanning, imported on demand.

A table format has `SUFFIXES` and `render(table, **options) -> str | bytes`; a picture
format has `SUFFIXES` and `render(picture, **options) -> str | bytes`. `KIND` says
which of both it is, and `NAME` what it is called if not as its file. The first line
of its docstring is its help.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from resviz.errors import RenderError

if TYPE_CHECKING:
    from types import ModuleType


def format_named(name: str) -> ModuleType | None:
    """The format called `name`, if there is one."""
    if name not in {info.name for info in iter_modules(__path__)}:
        return None
    module = import_module(f"{__name__}.{name}")
    return module if hasattr(module, "KIND") else None


def of_kind(kind: str) -> dict[str, ModuleType]:
    """The formats of one kind, "table" or "picture", by name."""
    found = {info.name: format_named(info.name) for info in iter_modules(__path__)}
    return {
        getattr(it, "NAME", name): it
        for name, it in found.items()
        if it and kind == it.KIND
    }


def tables() -> tuple[str, ...]:
    """Names of the table formats."""
    return tuple(of_kind("table"))


def pictures() -> tuple[str, ...]:
    """Names of the picture formats."""
    return tuple(of_kind("picture"))


def table_format(name: str) -> ModuleType:
    """The table format called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    module = format_named(name)
    if module is not None and module.KIND == "table" and not hasattr(module, "NAME"):
        return module
    found = of_kind("table")
    if name not in found:
        raise RenderError(f"format: got {name!r}, want one of {', '.join(found)}")
    return found[name]


def from_suffix(path: str | Path, kind: str) -> str:
    """The format of one kind that a file's suffix stands for.

    Raises:
        RenderError: if it stands for none; lists those that do.
    """
    suffix = Path(path).suffix.lower()
    suffixes = {s: name for name, it in of_kind(kind).items() for s in it.SUFFIXES}
    if suffix not in suffixes:
        listed = ", ".join(suffixes)
        raise RenderError(
            f"{path}: no format for suffix {suffix!r}, want one of {listed}"
        )
    return suffixes[suffix]
