"""Write a sweep in every table format, as Parquet, a page, or a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from resviz import formats
from resviz.errors import RenderError
from resviz.extras import import_extra
from resviz.files import write_atomically

if TYPE_CHECKING:
    from resviz.sweeps.sweep import SweepResult

PARQUET = "parquet"


def sweep_format_names() -> tuple[str, ...]:
    """List the names of all formats."""
    return (*formats.table_format_names(), PARQUET)


def find_sweep_format(output: str | Path) -> str:
    """Find the format that a file's suffix stands for.

    Raises:
        RenderError: if it stands for none; lists those that do.
    """
    if Path(output).suffix.lower() == f".{PARQUET}":
        return PARQUET
    try:
        return formats.format_of_suffix(output, "table")
    except RenderError as error:
        raise RenderError(f"{error}, .{PARQUET}") from None


def check_libraries(form: str) -> None:
    """Check that what a format needs is there, before a long run and not after it.

    Raises:
        ResvizError: if a library is missing.
    """
    if form == "svg":
        import_extra("altair", "sweep")
        import_extra("vl_convert", "sweep")
    elif form == PARQUET:
        import_extra("pyarrow", "sweep")


def render_sweep(result: SweepResult, form: str, **options: Any) -> str | bytes:
    """Write a sweep in one format.

    Raises:
        ResvizError: if there is no such format, or a library is missing.
    """
    from resviz.sweeps.table import sweep_dataframe, sweep_table

    if form == PARQUET:
        import_extra("pyarrow", "sweep")
        return sweep_dataframe(result).to_parquet(index=False)
    if form == "html":
        from resviz.sweeps.page import render_sweep_page

        return render_sweep_page(result)
    if form == "svg":
        from resviz.sweeps.chart import render_chart_svg

        return render_chart_svg(result)
    table = sweep_table(result, error_column=form == "csv")
    return formats.find_table_format(form).render(table, **options)


def write_sweep(
    result: SweepResult, output: str | Path, form: str | None = None
) -> None:
    """Write a sweep to a file, whole; its journal is done with then.

    Raises:
        RenderError: if it cannot be written.
    """
    content = render_sweep(result, form or find_sweep_format(output))
    write_atomically(output, content.encode() if isinstance(content, str) else content)
    result.journal.drop()
