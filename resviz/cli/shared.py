"""What commands share: options, input and output."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from functools import wraps
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any, TextIO

import click

from resviz.errors import RenderError, SpecError, TraceError
from resviz.inputs import TRACE_MODES, InputSpec, parse_input

if TYPE_CHECKING:
    from resviz.formats import Kind
    from resviz.record import Architecture
    from resviz.tables import Table

CommandFunction = Callable[..., Any]

DPI_RANGE = click.IntRange(16, 2400)
"""Dots an inch that pixels can be asked for."""

SILENT_SECONDS = 1.0
"""Seconds after which a terminal is told what takes so long."""


class LazyChoice(click.ParamType):
    """A word out of a registry that is imported only when it is needed.

    `registry` names the registry, "module:attribute", or a function that gives it.
    """

    def __init__(self, name: str, registry: str) -> None:
        self.name = name
        self.registry = registry

    def legal_words(self) -> tuple[str, ...]:
        """The words that there are."""
        module, _, attribute = self.registry.partition(":")
        registered: Any = getattr(import_module(module), attribute)
        return tuple(
            registered() if isinstance(registered, FunctionType) else registered
        )

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The legal words, as help shows them."""
        del param, ctx
        return f"[{'|'.join(self.legal_words())}]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Check the word."""
        if value not in self.legal_words():
            legal_list = ", ".join(self.legal_words())
            self.fail(f"got {value!r}, want one of {legal_list}", param, ctx)
        return value


class InputType(click.ParamType):
    """One tensor, as `3,224,224` or `ids=int64:N,128`."""

    name = "C,H,W"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> InputSpec:
        """Read the sizes."""
        if isinstance(value, InputSpec):
            return value
        try:
            return parse_input(str(value))
        except SpecError as error:
            self.fail(str(error).removeprefix("input: "), param, ctx)


def debug_option(command: CommandFunction) -> CommandFunction:
    """Add `--debug`."""

    def set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        del param
        ctx.obj.debug = ctx.obj.debug or value

    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=set_debug,
        help="Show the traceback of an error.",
    )(command)


def trace_options(command: CommandFunction) -> CommandFunction:
    """Add `--input`, `--batch`, `--training`, `--mode` and `--debug`.

    All but the last reach the command as one dictionary, `tracing`.
    """

    @wraps(command)
    def with_tracing(
        *args: Any,
        input_size: Any,
        batch: Any,
        training: Any,
        mode: Any,
        **options: Any,
    ) -> Any:
        tracing = {
            "input_size": input_size or None,
            "batch": batch,
            "training": training,
            "mode": mode,
        }
        return command(*args, tracing=tracing, **options)

    decorated: CommandFunction = with_tracing
    shape_help = "Sizes of one sample; default: what it was made for. Or a whole "
    shape_help += "shape with a name, a dtype, N for the batch: ids=int64:N,128."
    for option in (
        debug_option,
        click.option("--mode", type=click.Choice(TRACE_MODES), help="Default: auto."),
        click.option("--training", is_flag=True, default=None, help="Not evaluation."),
        click.option("--batch", type=click.IntRange(1), help="Samples; default: 1."),
        click.option(
            "--input", "input_size", type=InputType(), multiple=True, help=shape_help
        ),
    ):
        decorated = option(decorated)
    return decorated


def keep_in_context(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep an option with the call of the command, for what the command calls."""
    ctx.meta[f"resviz.{param.name}"] = value


def output_options(command: CommandFunction) -> CommandFunction:
    """Add `--format`, `-o`, `--columns` and `--dpi`, the last for `write_table`."""
    kind = LazyChoice("format", "resviz.formats:table_format_names")
    columns = "Only these, by key or heading: name,params."
    for option in (
        click.option(
            "--dpi",
            type=DPI_RANGE,
            expose_value=False,
            callback=keep_in_context,
            help="Of PNG; default: 192, for long tables less.",
        ),
        click.option(
            "--columns",
            default="",
            expose_value=False,
            callback=keep_in_context,
            help=columns,
        ),
        click.option("-o", "--output", default="-", help="File; - is stdout."),
        click.option("--format", "form", type=kind, help="Default: by suffix, text."),
    ):
        command = option(command)
    return command


def read_records(
    sources: Sequence[str], tracing: dict[str, Any], *, shown: int | None = 8
) -> list[Architecture]:
    """The records of some SPECs.

    What a model's own code prints goes to stderr, for stdout is for data; so do the
    last `shown` layers before one that failed, or all.

    Raises:
        TraceError: if a model's code ends the process, and as `source.architecture`.
    """
    from resviz import source

    archs = []
    for spec in sources:
        try:
            with tell_if_slow(f"reading {spec}"), redirect_stdout(sys.stderr):
                archs.append(source.resolve_architecture(spec, **tracing))
        except SystemExit as error:
            raise TraceError(
                f"{spec}: its code called sys.exit({error.code!r})"
            ) from error
        except TraceError as error:
            print_partial_layers(error, shown)
            raise
    return archs


def print_partial_layers(error: TraceError, shown: int | None) -> None:
    """Print on stderr the last layers that ran before a forward failed."""
    if error.partial is None or not error.partial.layers:
        return
    from resviz.formats.tables.text import render
    from resviz.tables.layers import layers_before_failure

    table = layers_before_failure(error.partial, shown)
    click.echo(render(table, width=terminal_width(sys.stderr)), err=True, nl=False)


def write_table(table: Table, form: str | None, output: str) -> None:
    """Print a table, or write it to a file whose suffix may tell the format.

    Raises:
        SpecError: for a column that it does not have, and as `choose_format` and
            `dpi_option`.
    """
    from resviz import formats

    form = choose_format(form, output, "table", "text")
    context_values = click.get_current_context().meta
    column_names = context_values.get("resviz.columns", "")
    if column_names and form == "json":
        raise SpecError("--columns: JSON has keys of its own, want another --format")
    if column_names:
        table = table.narrowed([column_names])
    options = terminal_options(output) if form == "text" else {}
    options |= dpi_option(context_values.get("resviz.dpi"), form)
    rendered = formats.find_table_format(form).render(table, **options)
    write_output(rendered, output, binary=isinstance(rendered, bytes))


def dpi_option(dpi: int | None, form: str) -> dict[str, int]:
    """The option of a format for so many dots an inch, {} if none are asked for.

    Raises:
        SpecError: if the format has no pixels.
    """
    if dpi is not None and form != "png":
        raise SpecError(f"--dpi: got {dpi} for {form}, only png has pixels")
    return {} if dpi is None else {"dpi": dpi}


def choose_format(form: str | None, output: str, kind: Kind, usual: str) -> str:
    """The format that is asked for, by `--format` or the suffix of `-o`.

    Args:
        form: of `--format`, None if that was left out.
        output: of `-o`.
        kind: "table" or "picture".
        usual: the format on stdout.

    Raises:
        SpecError: if the suffix is that of another format.
    """
    from resviz import formats

    if form is None:
        return usual if output == "-" else formats.format_of_suffix(output, kind)
    with suppress(RenderError):
        suffix_format = (
            form if output == "-" else formats.format_of_suffix(output, kind)
        )
        if suffix_format != form:
            raise SpecError(
                f"-o {output!r} is the name of {suffix_format}, got --format {form}: "
                "leave out one, or give another name"
            )
    return form


def terminal_options(output: str) -> dict[str, Any]:
    """Width and colour of text: those of the terminal, none for a file or pipe.

    COLUMNS sets the width of a pipe too. Source for NO_COLOR: no-color.org.
    """
    if output != "-":
        return {}
    colourless = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    colour = sys.stdout.isatty() and not colourless
    return {"width": terminal_width(sys.stdout), "colour": colour}


def terminal_width(stream: TextIO) -> int | None:
    """Characters of a line of a terminal; None for what is none."""
    has_width = stream.isatty() or os.environ.get("COLUMNS", "").isdecimal()
    return shutil.get_terminal_size().columns if has_width else None


def write_output(data: str | bytes, output: str, *, binary: bool = False) -> None:
    """Write text or bytes to stdout, or to a file whole.

    Raises:
        RenderError: if the file cannot be written, or a terminal would get binary data.
    """
    from resviz.files import write_atomically

    raw = data.encode() if isinstance(data, str) else data
    if output != "-":
        write_atomically(output, raw)
        return
    if binary and sys.stdout.isatty():
        raise RenderError("stdout is a terminal, want a file: -o name, or a pipe")
    try:
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise RenderError(f"stdout: cannot be written, {error.strerror}") from error


@contextmanager
def tell_if_slow(activity: str) -> Iterator[None]:
    """Say on a terminal's stderr what is being done, if it takes over a second."""
    if not sys.stderr.isatty():
        yield
        return
    shown = threading.Event()

    def show_activity() -> None:
        shown.set()
        click.echo(f"\r{activity} …", err=True, nl=False)

    timer = threading.Timer(SILENT_SECONDS, show_activity)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if shown.is_set():
            click.echo("\r\x1b[K", err=True, nl=False)
