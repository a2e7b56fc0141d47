"""What commands share: options, input and output."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

import click

from resviz.errors import RenderError, SpecError, TraceError
from resviz.options import DPI_LIMITS, SPELT_TRACE_OPTIONS, Option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from resviz.formats import Kind
    from resviz.record import Architecture
    from resviz.tables.table import Table

CommandFunction = Callable[..., Any]


class NumberRange(click.ParamType):
    """A number from one bound to another, or up to any where there is no other."""

    name = "number"

    def __init__(
        self, kind: type[int | float], least: float, most: float | None = None
    ) -> None:
        self.kind, self.least, self.most = kind, least, most

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return what stands for a number in help."""
        del param, ctx
        return METAVARS["number"]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Read the number."""
        number = None
        with suppress(ValueError):
            number = self.kind(value)
        most = float("inf") if self.most is None else self.most
        if number is None or not self.least <= number <= most:
            bounds = "on" if self.most is None else f"to {self.most}"
            kind = "a whole number" if self.kind is int else "a number"
            self.fail(
                f"got {value!r}, want {kind} from {self.least} {bounds}", param, ctx
            )
        return number


DPI_RANGE = NumberRange(int, *DPI_LIMITS)
"""Dots an inch that pixels can be asked for."""

METAVARS = {"number": "N", "inputs": "C,H,W", "words": "NAMES", "length": "LENGTH"}
"""What help shows for a value, by the kind of its option."""

SILENT_SECONDS = 1.0
"""Seconds after which a terminal is told what takes so long."""


class OptionType(click.ParamType):
    """The value of an option that `resviz.options` or a registry declares."""

    def __init__(self, option: Option) -> None:
        self.option = option
        free = option.kind in {"text", "words"} and not option.choices
        self.name = "text" if free else "choice" if option.choices else option.kind

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return the legal words, as help shows them, or what else is wanted."""
        del param, ctx
        words = self.option.legal_words()
        if words:
            return f"[{'|'.join(words)}]"
        return METAVARS.get(self.option.kind, "TEXT")

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete a legal word."""
        from click.shell_completion import CompletionItem

        del ctx, param
        words = self.option.legal_words()
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Read the value."""
        if not isinstance(value, str):
            return value
        try:
            return self.option.parse(value)
        except SpecError as error:
            self.fail(str(error).removeprefix("input: "), param, ctx)


def lazy_choice(registry: str) -> OptionType:
    """Return the type of a word out of a registry, "module:attribute"."""
    return OptionType(Option("", choices=registry))


def add_options(
    options: Iterable[Option | click.Option],
) -> Callable[[CommandFunction], Any]:
    """Return a decorator that gives a command some options, declared or click's."""
    params = [
        option if isinstance(option, click.Option) else make_click_option(option)
        for option in options
    ]

    def decorate(command: Any) -> CommandFunction:
        # Where click.option keeps them, the last one first.
        earlier = getattr(command, "__click_params__", [])
        command.__click_params__ = [*earlier, *reversed(params)]
        return command

    return decorate


def make_click_option(option: Option) -> click.Option:
    """Return a declared option as click has it."""
    flags = [f"--{spelling}" for spelling in option.spellings]
    if option.kind == "switch":
        off = f"/--{option.opposite}" if option.opposite else ""
        return click.Option(
            [f"{flags[0]}{off}", *flags[1:], option.name],
            is_flag=True,
            default=None,
            help=option.help,
        )
    return click.Option(
        [*flags, option.name],
        type=OptionType(option),
        default=option.default,
        show_default=option.default is not None,
        multiple=option.kind == "inputs" or option.several,
        callback=join_values if option.several else None,
        help=option.help,
    )


def join_values(
    ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]
) -> tuple[str, ...] | None:
    """Join the values of an option that may be given several times; None for none."""
    del ctx, param
    return tuple(chain.from_iterable(value)) or None


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
    """Add the options of a trace, which reach a command as `tracing`, and `--debug`."""

    @wraps(command)
    def with_tracing(*args: Any, **options: Any) -> Any:
        tracing = {
            option.name: options.pop(option.name) or None
            for option in SPELT_TRACE_OPTIONS
        }
        return command(*args, tracing=tracing, **options)

    return add_options(SPELT_TRACE_OPTIONS)(debug_option(with_tracing))


def read_records(
    sources: Sequence[str], tracing: dict[str, Any], *, shown: int | None = 8
) -> list[Architecture]:
    """Read the records of some SPECs.

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
    note_weight_gaps(archs)
    return archs


def note_weight_gaps(archs: Iterable[Architecture]) -> None:
    """Note for the end of the command which weights no total counts."""
    from resviz.readings.costs import find_uncounted_weights

    ctx = click.get_current_context(silent=True)
    for arch in archs:
        for gap in find_uncounted_weights(arch):
            if ctx is not None:
                ctx.obj.gaps.append(
                    f"{arch.label}: {gap.operation} has weights and is not counted, "
                    f"{gap.count}×, first at {gap.first}"
                )


def print_partial_layers(error: TraceError, shown: int | None) -> None:
    """Print on stderr the last layers that ran before a forward failed."""
    if error.partial is None or not error.partial.layers:
        return
    from resviz.formats.tables.text import render
    from resviz.tables.layers import layers_before_failure

    table = layers_before_failure(error.partial, shown)
    click.echo(render(table, width=terminal_width(sys.stderr)), err=True, nl=False)


def write_table(table: Table, form: str, output: str, dpi: int | None) -> None:
    """Print a table, or write it to a file.

    Raises:
        RenderError: as `dpi_option`.
    """
    from resviz import formats

    options = terminal_options(output) if form == "text" else {}
    options |= dpi_option(dpi, form)
    rendered = formats.find_table_format(form).render(table, **options)
    write_output(rendered, output, binary=isinstance(rendered, bytes))


def dpi_option(dpi: int | None, form: str) -> dict[str, int]:
    """Return a format's option for so many dots an inch, {} if none are wanted.

    Raises:
        RenderError: if the format has no pixels.
    """
    from resviz.formats import check_dpi

    check_dpi(form, dpi=dpi)
    return {} if dpi is None else {"dpi": dpi}


def choose_format(form: str | None, output: str, kind: Kind, usual: str) -> str:
    """Choose the format, by `--format` or the suffix of `-o`.

    Args:
        form: of `--format`, None if that was left out.
        output: of `-o`.
        kind: "table" or "picture".
        usual: the format on stdout.

    Raises:
        SpecError: if the suffix is that of another format.
    """
    from resviz import formats

    if output == "-":
        return form or usual
    if form is None:
        return formats.format_of_suffix(output, kind)
    with suppress(RenderError):
        suffix_format = formats.format_of_suffix(output, kind)
        if suffix_format != form:
            raise SpecError(
                f"-o {output!r} is the name of {suffix_format}, got --format {form}: "
                "leave out one, or give another name"
            )
    return form


def terminal_options(output: str) -> dict[str, Any]:
    """Return width and colour of text: the terminal's, none for a file or pipe.

    COLUMNS sets the width of a pipe too. Source for NO_COLOR: no-color.org.
    """
    if output != "-":
        return {}
    colourless = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    colour = sys.stdout.isatty() and not colourless
    return {"width": terminal_width(sys.stdout), "colour": colour}


def terminal_width(stream: TextIO) -> int | None:
    """Count the characters of a line of a terminal; None for what is none."""
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
