"""Output formats: one file each, found by scanning, imported on demand.

`formats/tables/` holds what writes tables, `formats/pictures/` what writes figures.
A format is called as its file, and fulfils the protocol of its kind; the first line of
its docstring is its help.
"""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal, Protocol

from resviz.errors import OptionError, RenderError, suggest
from resviz.files import check_path
from resviz.options import DPI_LIMITS

if TYPE_CHECKING:
    from resviz.figures.drawing.elements import Picture
    from resviz.figures.drawing.styles import Style
    from resviz.tables.table import Table

Kind = Literal["table", "picture"]
"""What a format writes; its folder is called as several of these."""


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


def list_format_names(kind: Kind) -> tuple[str, ...]:
    """Return the names of the formats of one kind, in order."""
    folder = str(Path(__file__).parent / f"{kind}s")
    return tuple(sorted(info.name for info in iter_modules([folder])))


def table_format_names() -> tuple[str, ...]:
    """Return the names of the table formats."""
    return list_format_names("table")


def picture_format_names() -> tuple[str, ...]:
    """Return the names of the picture formats."""
    return list_format_names("picture")


def find_table_format(name: str) -> TableFormat:
    """Return the table format called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    return import_format("table", name)


def picture_format(name: str) -> PictureFormat:
    """Return the picture format called `name`.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    return import_format("picture", name)


def import_format(kind: Kind, name: str) -> Any:
    """Import the format of one kind that is called `name`, and no other.

    Raises:
        RenderError: if there is none; lists those there are.
    """
    legal = list_format_names(kind)
    if name not in legal:
        raise RenderError(f"format: got {name!r}, {suggest(name, legal)}")
    return import_module(f"{__name__}.{kind}s.{name}")


def render_table(form: str, table: Table, **options: Any) -> str | bytes:
    """Render a table in one of the table formats.

    Raises:
        RenderError: if there is no such format, with those there are.
        OptionError: for an option that the format does not have.
    """
    check_dpi(form, **options)
    render = find_table_format(form).render
    legal = [*signature(render).parameters][1:]
    stray = next((name for name in options if name not in legal), None)
    if stray is not None:
        words = suggest(stray, legal) if legal else "it has none"
        raise OptionError(f"{form}: unknown option {stray!r}: {words}")
    width = options.get("width")
    if width is not None and not isinstance(width, int):
        raise OptionError(f"{form}: width: got {width!r}, want a number of letters")
    return render(table, **options)


def check_dpi(form: str, *, dpi: float | None = None, **_: Any) -> None:
    """Check that a format has pixels, if so many an inch are wanted.

    Raises:
        RenderError: if it has none, or they are too few or too many.
    """
    if dpi is None:
        return
    if form != "png":
        raise RenderError(f"dpi: got {dpi!r} for {form}, only png has pixels")
    least, most = DPI_LIMITS
    if not least <= dpi <= most:
        raise RenderError(f"dpi: got {dpi!r}, want {least} to {most}")


def format_of_suffix(path: str | Path, kind: Kind) -> str:
    """Return the name of the format that a file's suffix stands for.

    Raises:
        RenderError: if it stands for none; lists those that do.
        OptionError: for what is no path.
    """
    check_path(path)
    if not str(path).strip():
        raise RenderError(f"output: got {str(path)!r}, want the name of a file")
    suffix = Path(path).suffix.lower()
    suffixes: dict[str, str] = {}
    # Most are called as their suffix, and then no other needs to be imported.
    for name in sorted(list_format_names(kind), key=lambda name: f".{name}" != suffix):
        suffixes |= dict.fromkeys(import_format(kind, name).SUFFIXES, name)
        if suffix in suffixes:
            break
    else:
        raise RenderError(
            f"{path}: no format for suffix {suffix!r}, {suggest(suffix, suffixes)}"
        )
    return suffixes[suffix]
