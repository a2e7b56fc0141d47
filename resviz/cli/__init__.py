"""The `resviz` command: one file a subcommand, and one for all that print tables."""

from __future__ import annotations

import atexit
import gc
import re
import shutil
import sys
import warnings
from contextlib import suppress
from functools import partial
from importlib import import_module
from shlex import quote
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click

from resviz import __version__
from resviz.cli.streams import drop_unwritten, is_of_a_stream, open_closed_streams
from resviz.errors import (
    FontWarning,
    LetterWarning,
    RenderError,
    ResvizError,
    SpecError,
)
from resviz.tables import TABLES
from resviz.units import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = {
    "check": "Check the budgets of networks in pyproject.toml.",
    "compare": "Print what changed from one network to another, and what it costs.",
    "describe": "Say a figure in sentences: for screen readers, and as alt text.",
    "diagram": "Draw a network: an overview, one block, or another figure.",
    "embed": "Fill the marked regions of Markdown files.",
    "identify": "Say which network a file of weights is of, by names and shapes alone.",
    "mcp": "Answer agents on stdin and stdout, by the Model Context Protocol.",
    "report": "Write summary, table, figures and layers to one HTML file.",
    "sweep": "Trace many variants, and print a row for each.",
    "trace": "Trace a SPEC and save its record as JSON.",
}
"""The commands that have a module here, and the first line of their help.

It stands here too, so that `resviz --help` imports none of them.
"""


UNCOUNTED_WEIGHTS = 4
"""The exit code of a command whose totals leave out operations with weights."""


LONGEST_NUMBER = 400
"""Digits of a number in the command line: those of the largest float, and more."""


def is_spec(text: str) -> bool:
    """Tell whether a word is a SPEC with a depth or something to call."""
    from resviz.source.spec import parse_spec

    with suppress(ResvizError):
        return bool(parse_spec(text)) and any(c in ":(" or c.isdigit() for c in text)
    return False


class CommandGroup(click.Group):
    """The commands above, and one for every table; each is made when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted({*COMMANDS, *TABLES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of one module; its function is called as the module."""
        del ctx
        if cmd_name in TABLES:
            from resviz.cli.tables import make_table_command

            return make_table_command(cmd_name)
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List all commands by their help alone."""
        helps = COMMANDS | {name: table.help for name, table in TABLES.items()}
        commands = [click.Command(name, help=text) for name, text in helps.items()]
        click.Group(commands=commands).format_commands(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; near names are offered for an unknown one."""
        from difflib import get_close_matches

        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            near = get_close_matches(args[0], known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            if not near and is_spec(args[0]):
                hint = f" Say what to print of it: resviz summary {quote(args[0])}."
            ctx.fail(
                f"No such command {args[0]!r}.{hint} Commands: {', '.join(known)}."
            )
        return super().resolve_command(ctx, args)


@click.command(
    cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="resviz")
def resviz_command() -> None:
    """See what a residual network is: shapes, costs, shortcuts.

    A SPEC is a name or depth (resnet50, 50, cifar110), a call with literal options
    ("resnet(50, stride_in='1x1')"), a saved record (r50.json), a file that holds a
    network (trust:net.pt2, net.onnx, w.pth), or something to import:
    package.module:callable, file.py:callable, timm:resnet50d, torchvision:resnet50.
    Only the forms with a colon run foreign code; their arguments may name what the
    module defines, "net.py:ResNet(BasicBlock, [2, 2])". "Ours=SPEC" gives it a name of
    your own.

    Exit codes: 0 done, 1 a check failed or a file is of no known network, 2 wrong
    usage or input, 3 the model could not be built or traced, 4 done, but operations
    with weights are not counted.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A command lives for a second; the collector would spend a quarter of that walking
    # through all of torch, while it runs and once more when it ends.
    gc.disable()
    atexit.register(gc.freeze)
    open_closed_streams()
    settings = SimpleNamespace(debug=False, gaps=[])
    warnings.showwarning = partial(show_warning, warnings.showwarning)
    try:
        code = run_command(sys.argv[1:] if args is None else args, settings)
    except OSError as error:
        if settings.debug or not is_of_a_stream(error):
            raise
        code = RenderError.exit_code  # stderr cannot be written either
    drop_unwritten()
    if code:
        sys.exit(code)


def run_command(args: Sequence[str], settings: SimpleNamespace) -> int:
    """Run the command line, print what went wrong, and return the exit code."""
    try:
        check_numbers(args)
        resviz_command.main(
            args, prog_name="resviz", standalone_mode=False, obj=settings
        )
    except click.ClickException as error:
        error.show()
        usage = isinstance(error, click.UsageError)
        if remedy := suggest_usage(error, args) if usage else "":
            click.echo(remedy, err=True)
        return error.exit_code
    except click.Abort:
        return 130
    except BrokenPipeError:
        return 0  # whoever read our output has had enough
    except Exception as error:
        if settings.debug:
            raise
        return report_error(error)
    return report_gaps(settings.gaps) if settings.gaps else 0


def check_numbers(words: Sequence[str]) -> None:
    """Refuse numbers that are longer than any that is meant, and than Python reads.

    Raises:
        SpecError: naming the first.
    """
    for word in words:
        if number := re.search(rf"\d{{{LONGEST_NUMBER + 1},}}", word):
            raise SpecError(
                f"{word[:20]}…: got a number of {len(number[0])} digits, want at most "
                f"{LONGEST_NUMBER}"
            )


def suggest_usage(error: click.UsageError, words: Sequence[str]) -> str:
    """Suggest what to write where a command was given too few or too many words."""
    command = error.ctx.info_name if error.ctx else ""
    if isinstance(error, click.MissingParameter):
        name = str(error.param.name) if error.param else ""
        examples = {
            "files": "README.md",
            "output": "-o report.html",
            "second": "resnet101",
        }
        given = " ".join(map(quote, words))
        return f"Give it: resviz {given} {examples.get(name, 'resnet50')}"
    if isinstance(error, click.NoSuchOption):
        name = error.option_name.lstrip("-").replace("-", "_")
        others = [other for other in TABLES if name in TABLES[other].options]
        listed = join_words(f"resviz {other}" for other in others)
        return f"{error.option_name} is an option of {listed}." if others else ""
    if "unexpected extra argument" not in error.message:
        return ""
    first = next((k for k, word in enumerate(words) if "(" in word), None)
    if first is not None and words[first].count("(") > words[first].count(")"):
        last = next((k for k, word in enumerate(words) if ")" in word), len(words))
        spec = " ".join(words[first : last + 1])
        return f"Put a SPEC with spaces into quotes: resviz {command} {quote(spec)}"
    return f"{command} takes one SPEC; resviz table and resviz diagram take several."


def show_warning(
    show_other: Callable[..., None],
    message: Warning | str,
    category: type[Warning],
    *where: Any,
) -> None:
    """Print a warning of our own as one line; another as Python does."""
    from resviz.escape import replace_unsafe

    if issubclass(category, (FontWarning, LetterWarning)):
        spelt = message
        if isinstance(message, LetterWarning):
            spelt = message.spell("--{} {}")
        click.echo(wrap_for_terminal(f"warning: {replace_unsafe(spelt)}"), err=True)
    else:
        show_other(message, category, *where)


def report_gaps(gaps: list[str]) -> int:
    """Print which weights no total counts, and give the exit code."""
    from resviz.escape import replace_unsafe

    for gap in gaps:
        click.echo(wrap_for_terminal(f"warning: {replace_unsafe(gap)}"), err=True)
    return UNCOUNTED_WEIGHTS


def report_error(error: Exception) -> int:
    """Print what went wrong, one line of stderr each, and give the exit code."""
    from resviz.escape import replace_unsafe

    if isinstance(error, ResvizError):
        for each in (error, *error.others):
            message = replace_unsafe(each)
            click.echo(wrap_for_terminal(f"error: {message}"), err=True)
        return error.exit_code
    if isinstance(error, OSError) and is_of_a_stream(error):
        click.echo(f"error: stdout: cannot be written, {error.strerror}", err=True)
        return RenderError.exit_code
    text = f"{type(error).__name__}: {replace_unsafe(error)}"
    click.echo(f"error: {text} (unforeseen; --debug shows the traceback)", err=True)
    return 3


def wrap_for_terminal(line: str) -> str:
    """Break a long line into several of a terminal's; not where stderr is none."""
    from textwrap import fill

    if not sys.stderr.isatty():
        return line
    return fill(
        line,
        shutil.get_terminal_size().columns,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
