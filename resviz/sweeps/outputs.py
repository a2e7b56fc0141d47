"""What a sweep is written as: every table format, Parquet, a page, a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import formats
from resviz.errors import RenderError
from resviz.files import write_whole
from resviz.sweeps.extras import needed

if TYPE_CHECKING:
    from resviz.sweeps.survey import Survey

PARQUET = "parquet"


def names() -> tuple[str, ...]:
    """Names of all formats."""
    return (*formats.tables(), PARQUET)


def named(output: str | Path) -> str:
    """The format that a file's suffix stands for.

    Raises:
        RenderError: if it stands for none; lists those that do.
    """
    if Path(output).suffix.lower() == f".{PARQUET}":
        return PARQUET
    try:
        return formats.from_suffix(output, "table")
    except RenderError as error:
        raise RenderError(f"{error}, .{PARQUET}") from None


def check(form: str) -> None:
    """Check that what a format needs is there, before a long run and not after it.

    Raises:
        ResvizError: if a library is missing.
    """
    if form in {"html", "svg"}:
        needed("altair")
        needed("vl_convert")
    elif form == PARQUET:
        needed("pyarrow")


def rendered(found: Survey, form: str, **options: Any) -> str | bytes:
    """A sweep in one format.

    Raises:
        ResvizError: if there is no such format, or a library is missing.
    """
    from resviz.sweeps.table import frame, table

    if form == PARQUET:
        needed("pyarrow")
        return frame(found).to_parquet(index=False)
    if form == "html":
        from resviz.sweeps.page import page

        return page(found)
    if form == "svg":
        from resviz.sweeps.chart import picture

        return picture(found)
    made = table(found, whole=form == "csv")
    return formats.table_format(form).render(made, **options)


def write(found: Survey, output: str | Path, form: str | None = None) -> None:
    """Write a sweep to a file, whole; its journal is done with then.

    Raises:
        RenderError: if it cannot be written.
    """
    made = rendered(found, form or named(output))
    write_whole(output, made.encode() if isinstance(made, str) else made)
    found.journal.drop()
