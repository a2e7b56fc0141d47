"""Output formats: one file each, found by scanning, imported on demand.

`formats/tables/` holds what writes tables, `formats/pictures/` what writes figures.
A format is called as its file, and fulfils the protocol of its kind; the first line of
its docstring is its help.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from resviz.errors import RenderError

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style
    from resviz.tables.table import Table

Kind = Literal["table", "picture"]
"""What a format writes."""

PACKAGES = {"table": "tables", "picture": "pictures"}
"""Which folder holds the formats of each kind."""


class TableFormat(Protocol):
    """A module that writes tables in one syntax."""

    SUFFIXES: tuple[str, ...]
    """Suffixes of files in this format, with their dot."""

    def render(self, table: Table, **options: Any) -> str | bytes:
        """Write a table, as text or as the bytes of a file."""
        ...


class PictureFormat(Protocol):
    """A module that writes placed pictures in one syntax."""

    SUFFIXES: tuple[str, ...]
    """Suffixes of files in this format, with their dot."""

    def render(self, picture: Picture, style: Style, **options: Any) -> str | bytes:
        """Write a picture, as text or as the bytes of a file."""
        ...


def list_formats(kind: Kind) -> dict[str, TableFormat | PictureFormat]:
    """Return the formats of one kind by name."""
    package = f"{__name__}.{PACKAGES[kind]}"
    folder = [str(Path(__file__).parent / PACKAGES[kind])]
    names = sorted(info.name for info in iter_modules(folder))
    modules = {name: import_module(f"{package}.{name}") for name in names}
    return {
        name: cast("TableFormat | PictureFormat", module)
        for name, module in modules.items()
        if hasattr(module, "SUFFIXES")
    }


def table_format_names() -> tuple[str, ...]:
    """Return the names of the table formats."""
    return tuple(list_formats("table"))


def picture_format_names() -> tuple[str, ...]:
    """Return the names of the picture formats."""
    return tuple(list_formats("picture"))


def find_table_format(name: str) -> TableFormat:
    """Return the table format called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    return cast("TableFormat", find_format("table", name))


def picture_format(name: str) -> PictureFormat:
    """Return the picture format called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    return cast("PictureFormat", find_format("picture", name))


def find_format(kind: Kind, name: str) -> TableFormat | PictureFormat:
    """Import the format of one kind that is called `name`, and no other.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    folder = [str(Path(__file__).parent / PACKAGES[kind])]
    if name in {info.name for info in iter_modules(folder)}:
        module = import_module(f"{__name__}.{PACKAGES[kind]}.{name}")
        if hasattr(module, "SUFFIXES"):
            return cast("TableFormat | PictureFormat", module)
    legal = ", ".join(list_formats(kind))
    raise RenderError(f"format: got {name!r}, want one of {legal}")


def format_of_suffix(path: str | Path, kind: Kind) -> str:
    """Return the name of the format that a file's suffix stands for.

    Raises:
        RenderError: if it stands for none; lists those that do.
    """
    suffix = Path(path).suffix.lower()
    suffixes = {
        ending: name
        for name, module in list_formats(kind).items()
        for ending in module.SUFFIXES
    }
    if suffix not in suffixes:
        listed = ", ".join(suffixes)
        raise RenderError(
            f"{path}: no format for suffix {suffix!r}, want one of {listed}"
        )
    return suffixes[suffix]
