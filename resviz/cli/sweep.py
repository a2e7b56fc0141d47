"""`resviz sweep`: many variants at once, one row a variant."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from resviz.cli.shared import (
    NumberRange,
    add_options,
    lazy_choice,
    terminal_options,
    trace_options,
    write_output,
)
from resviz.errors import SpecError
from resviz.options import TABLE_OPTIONS
from resviz.units import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resviz.sweeps.sweep import SweepResult

SWEEP_FORMAT_CHOICE = lazy_choice("resviz.sweeps.outputs:sweep_format_names")

SECONDS_BETWEEN_LINES = 10.0
"""Seconds between two lines of progress, where stderr is no terminal."""

WINDOW_SECONDS = 30.0
"""Seconds over which the rate is taken: it follows a space whose networks grow."""

MIN_SECONDS = 3.0
"""Seconds from the first row until a rate is shown."""

SECONDS_BETWEEN_COUNTS = 0.1
"""Seconds between two counts that are kept; rows of a batch come at once."""


EMPTY = 1
"""The exit code of `--fail-empty` where no row is left."""


class ByteSize(click.ParamType):
    """Bytes, as `2GiB` or `500M`."""

    name = "SIZE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Read the size."""
        try:
            return parse_bytes(value)
        except SpecError as error:
            self.fail(str(error), param, ctx)


@click.command
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("-o", "--output", default="-", help="File; its suffix tells the format.")
@click.option(
    "--format", "form", type=SWEEP_FORMAT_CHOICE, help="Default: by suffix, text."
)
@click.option("--where", metavar="CONDITION", help="Rows to keep: 'macs < 4e9'.")
@click.option("--baseline", metavar="SPEC", help="Tell differences from this one.")
@click.option(
    "--with", "joined", metavar="CSV", help="Columns of a file, joined by name."
)
@click.option("--fail-empty", is_flag=True, help="Exit with 1 where no row is left.")
@click.option("--pareto", metavar="COLUMNS", help="Keep the front: params,-depth.")
@click.option("--limit", type=NumberRange(int, 1), help="Trace the first so many.")
@click.option("--resume", is_flag=True, help="Go on where -o was cut off.")
@click.option("--jobs", "-j", type=NumberRange(int, 1), help="Default: one a core.")
@click.option("--scheduler", metavar="ADDRESS", help="Of Dask: tcp://host:8786.")
@click.option(
    "--timeout", type=NumberRange(float, 0), default=60.0, show_default=True,
    help="Seconds for one variant; 0 for no end.",
)  # fmt: skip
@click.option(
    "--memory", type=ByteSize(), help="Bytes for one variant; default: a core's share."
)
@add_options(TABLE_OPTIONS[name] for name in ("sort", "top", "reverse"))
@trace_options
def sweep(
    specs: tuple[str, ...],
    output: str,
    form: str | None,
    where: str | None,
    fail_empty: bool,
    tracing: dict[str, Any],
    timeout: float,
    sort: str | None,
    top: int | None,
    reverse: bool | None,
    **options: Any,
) -> None:
    """Trace many variants, and print a row for each.

    Rows stand in the order of the SPECs, unless sorted.

    Braces stand for several: 'resnet({18,34,50}, width_per_group={64,128},
    input={160,224})', also {1..8} and {64..256..64}; input= and batch= are the
    trace's. 'timm:*resnet*' are all models of that name, space.txt a file of SPECs.

    Columns: spec, the arguments that vary, params, macs, activations (output elements
    of convolutions), inference_peak_bytes, receptive_field (pixels of the input, the
    largest axis), final_shape, depth (weighted layers), not_counted (operations),
    seconds, error. --where takes them, and, or, not, and arithmetic; what is not known
    meets no < and no >, what is at least so many no upper bound. With --baseline there
    are also macs_diff and baseline_macs, of each number: 'macs < 1.02 * baseline_macs'.

    --with accuracy.csv adds its columns to the rows, by a column of SPECs, and by those
    of arguments that vary; --where, --pareto and --sort take them: params,-accuracy.

    A variant that fails, hangs or crashes is a row with its reason. While it runs, rows
    are kept in OUTPUT.journal. As .html the table is a page to explore, as .svg a
    picture; both mark the front, all else has the front alone. Exit code 3: all failed;
    4: weights of some are not counted.
    """
    from resviz.sweeps import outputs
    from resviz.sweeps.order import RowOrder
    from resviz.sweeps.sweep import run_sweep

    if form is None:
        form = "text" if output == "-" else outputs.find_sweep_format(output)
    outputs.check_libraries(form)
    with tell_kept_rows(output), show_progress() as started:
        result = run_sweep(
            specs,
            condition=where,
            order=RowOrder(sort, top, bool(reverse)),
            timeout=timeout or None,
            output=None if output == "-" else output,
            on_start=started,
            **tracing,
            **options,
        )
    if output == "-":
        text_options = terminal_options(output) if form == "text" else {}
        rendered = outputs.render_sweep(result, form, **text_options)
        write_output(rendered, output, binary=form == outputs.PARQUET)
    else:
        outputs.write_sweep(result, output, form)
    report_outcome(result)
    if fail_empty and not result.rows:
        click.echo("no row is left, and --fail-empty wants one", err=True)
        sys.exit(EMPTY)


@contextmanager
def tell_kept_rows(output: str) -> Iterator[None]:
    """Say after Ctrl-C where the rows are that were made so far."""
    from resviz.sweeps.journal import journal_path

    try:
        yield
    except KeyboardInterrupt:
        path = journal_path(output)
        if path.exists():
            click.echo(f"rows are kept in {path}: --resume goes on", err=True)
        raise


def report_outcome(result: SweepResult) -> None:
    """Say on stderr what became of the variants."""
    if result.failed:
        click.echo(f"{result.failed:,} of {result.traced:,} failed", err=True)
    if sys.stderr.isatty() and result.timing.variants:
        click.echo(describe_timing(result), err=True)
    if result.traced and result.failed == result.traced:
        sys.exit(3)
    click.get_current_context().obj.gaps += [
        f"{row['spec']}: weights are not counted, {row['not_counted']}"
        for row in result.rows
        if row.get("lacks_weights")
    ]


def describe_timing(result: SweepResult) -> str:
    """Say where the time went, in words."""
    cost = result.timing.to_dict()
    seconds_each = ", ".join(
        f"{s} {1e3 * t:.1f}" for s, t in cost["seconds_each"].items()
    )
    rate = cost["variants"] / max(cost["seconds"], 1e-9)
    return (
        f"{cost['variants']:,} variants in {cost['seconds']:.1f} s on "
        f"{cost['workers']} workers, {rate:.0f} a second; ms each: {seconds_each}"
    )


@contextmanager
def show_progress() -> Iterator[
    Callable[[int], Callable[[dict[str, Any], bool], None]]
]:
    """Give what is told of each row, and shows how far a sweep is."""
    if not sys.stderr.isatty():
        yield ProgressLines
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("sweep"),
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[progress]}"),
        console=Console(stderr=True),
        transient=True,
    )

    def start_bar(total: int) -> Callable[[dict[str, Any], bool], None]:
        pace = Pace(total)
        task = bar.add_task("", total=total, progress="")

        def advance(row: dict[str, Any], fresh: bool) -> None:
            pace.count(row, fresh)
            bar.update(task, advance=1, progress=pace.in_words)

        return advance

    with bar:
        yield start_bar


class Pace:
    """Counts rows. Those of a run before are done, and say nothing of this one's pace.

    Workers start before the first row, so time runs from that one.

    Args:
        total: how many rows there will be.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.fresh = 0
        self.failed = 0
        self.counts = deque[tuple[float, int]]()

    def count(self, row: dict[str, Any], fresh: bool) -> None:
        """Count one row."""
        self.done += 1
        self.failed += row["error"] is not None
        if not fresh:
            return
        self.fresh += 1
        now = monotonic()
        if not self.counts or now - self.counts[-1][0] >= SECONDS_BETWEEN_COUNTS:
            self.counts.append((now, self.fresh))
        self.counts[-1] = (self.counts[-1][0], self.fresh)
        while len(self.counts) > 2 and now - self.counts[1][0] >= WINDOW_SECONDS:
            self.counts.popleft()

    @property
    def rate(self) -> float | None:
        """Rows a second in the last `WINDOW_SECONDS`; None until it is known."""
        if not self.counts:
            return None
        start, count_before = self.counts[0]
        seconds, rows = monotonic() - start, self.fresh - count_before
        return rows / seconds if rows and seconds >= MIN_SECONDS else None

    @property
    def speed(self) -> str:
        """The rate in words; nothing as long as it is not known."""
        if (rate := self.rate) is None:
            return ""
        return f"{rate:.0f} a second" if rate >= 1 else f"{60 * rate:.2g} a minute"

    @property
    def left(self) -> str:
        """The time for the rest in words; nothing as long as it is not known."""
        if (rate := self.rate) is None:
            return ""
        seconds = (self.total - self.done) / rate
        if seconds < 100:
            return f"{seconds:.0f} s left"
        minutes = round(seconds / 60)
        return f"{minutes} min left" if minutes < 100 else f"{minutes / 60:.1f} h left"

    @property
    def in_words(self) -> str:
        """The rate, the time that is left, and how many failed, as far as known."""
        failed = f"{self.failed:,} failed" if self.failed else ""
        return ", ".join(filter(None, (self.speed, self.left, failed)))

    def __str__(self) -> str:
        return f"{self.done:,} of {self.total:,}, {self.in_words}".removesuffix(", ")


class ProgressLines:
    """Progress as a line now and then."""

    def __init__(self, total: int) -> None:
        self.pace = Pace(total)
        self.last_shown = monotonic()

    def __call__(self, row: dict[str, Any], fresh: bool) -> None:
        """Count one row, and say so if it is time."""
        self.pace.count(row, fresh)
        if monotonic() - self.last_shown > SECONDS_BETWEEN_LINES:
            self.last_shown = monotonic()
            click.echo(f"sweep: {self.pace}", err=True)
